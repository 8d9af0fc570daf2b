//! Two tenants with mirrored rows in a database of their own, once for each backend.
//!
//! Every row of the second tenant carries a canary, so that one look at the rows tells whether
//! anything of it got out.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, Pool, Postgres, SqlSafeStr, SqlStr, Sqlite};
use tempfile::TempDir;
use tenantshield_core::{
    AllowAll, AuditBus, AuditEvent, AuditEventType, Catalog, InMemorySink, MemoryDirectory,
    OpenAdmission, Principal, PrincipalId, Shield, TenantContext, TenantId, TenantRoles,
};
use tenantshield_sql::Guard;
use tenantshield_sqlx::{Backend, Db};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Part of every value that belongs to the second tenant.
pub(crate) const CANARY: &str = "canary-5f0c";

pub(crate) const ACME: &str = "acme";
pub(crate) const GLOBEX: &str = "globex";

const CATALOG: &str = r#"
[tables.customers]
kind = "tenant"
columns = ["id", "tenant_id", "name"]
unique = [["tenant_id", "id"]]
[tables.orders]
kind = "tenant"
columns = ["id", "tenant_id", "customer_id", "total", "note"]
unique = [["tenant_id", "id"]]
[tables.items]
kind = "tenant"
columns = ["id", "tenant_id", "sku", "qty"]
unique = [["id"]]
[tables.tags]
kind = "tenant"
columns = ["id", "tenant_id", "name"]
unique = [["tenant_id", "id"]]
[tables.order_tags]
kind = "tenant"
columns = ["order_id", "tag_id", "tenant_id"]
unique = [["tenant_id", "order_id", "tag_id"]]
[tables.plans]
kind = "shared"
columns = ["id", "name"]
[tables.jobs]
kind = "platform"
columns = ["id", "payload"]
"#;

const TABLES: &[&str] = &[
    "CREATE TABLE customers (id BIGINT NOT NULL, tenant_id TEXT NOT NULL, name TEXT NOT NULL, \
     PRIMARY KEY (tenant_id, id))",
    "CREATE TABLE orders (id BIGINT NOT NULL, tenant_id TEXT NOT NULL, customer_id BIGINT, \
     total BIGINT NOT NULL DEFAULT 0, note TEXT, PRIMARY KEY (tenant_id, id))",
    "CREATE TABLE items (id BIGINT PRIMARY KEY, tenant_id TEXT NOT NULL, sku TEXT NOT NULL, \
     qty BIGINT NOT NULL DEFAULT 0)",
    "CREATE TABLE tags (id BIGINT NOT NULL, tenant_id TEXT NOT NULL, name TEXT NOT NULL, \
     PRIMARY KEY (tenant_id, id))",
    "CREATE TABLE order_tags (order_id BIGINT NOT NULL, tag_id BIGINT NOT NULL, \
     tenant_id TEXT NOT NULL, PRIMARY KEY (tenant_id, order_id, tag_id))",
    "CREATE TABLE plans (id BIGINT PRIMARY KEY, name TEXT NOT NULL)",
    "CREATE TABLE jobs (id BIGINT PRIMARY KEY, payload TEXT NOT NULL)",
    "CREATE TABLE secrets (id BIGINT PRIMARY KEY, tenant_id TEXT NOT NULL, value TEXT NOT NULL)",
];

const ROWS: &[&str] = &[
    "INSERT INTO customers VALUES (1, 'acme', 'a-one'), (2, 'acme', 'a-two'), \
     (1, 'globex', 'canary-5f0c one'), (2, 'globex', 'canary-5f0c two')",
    "INSERT INTO orders VALUES (1, 'acme', 1, 10, 'a'), (2, 'acme', 2, 20, 'a'), \
     (1, 'globex', 1, 1000, 'canary-5f0c'), (2, 'globex', 2, 2000, 'canary-5f0c'), \
     (3, 'globex', 2, 3000, 'canary-5f0c')",
    "INSERT INTO items VALUES (1, 'acme', 'a-sku', 1), (2, 'acme', 'a-sku', 2), \
     (101, 'globex', 'canary-5f0c', 100), (102, 'globex', 'canary-5f0c', 200)",
    "INSERT INTO tags VALUES (1, 'acme', 'a-tag'), (1, 'globex', 'canary-5f0c')",
    "INSERT INTO order_tags VALUES (1, 1, 'acme'), (1, 1, 'globex'), (2, 1, 'globex')",
    "INSERT INTO plans VALUES (1, 'free'), (2, 'pro')",
    "INSERT INTO jobs VALUES (1, 'canary-5f0c')",
    "INSERT INTO secrets VALUES (1, 'globex', 'canary-5f0c')",
];

/// What the suite needs from a backend beside the adapter itself.
pub(crate) trait Store: Backend {
    /// The character before a bind's number.
    const MARK: &'static str;

    /// Gives an empty database: the guarded pool, a pool of its own for looking past the guard,
    /// and the catalogue's schema line.
    async fn empty(connections: u32) -> (Pool<Self>, Pool<Self>, String, Option<TempDir>);
}

impl Store for Sqlite {
    const MARK: &'static str = "?";

    async fn empty(connections: u32) -> (Pool<Self>, Pool<Self>, String, Option<TempDir>) {
        let folder = tempfile::tempdir().unwrap();
        let options = SqliteConnectOptions::new()
            .filename(folder.path().join("test.db"))
            .journal_mode(sqlx::sqlite::SqliteJournalMode::Wal)
            .create_if_missing(true);
        let raw = SqlitePoolOptions::new()
            .max_connections(2)
            .connect_with(options.clone());
        let raw = raw.await.unwrap();
        let pool = SqlitePoolOptions::new()
            .max_connections(connections)
            .connect_with(options);
        (pool.await.unwrap(), raw, String::new(), Some(folder))
    }
}

impl Store for Postgres {
    const MARK: &'static str = "$";

    async fn empty(connections: u32) -> (Pool<Self>, Pool<Self>, String, Option<TempDir>) {
        let schema = fresh_name();
        let options = postgres_options()
            .application_name(&schema)
            .options([("search_path", schema.as_str())]);
        let raw = PgPoolOptions::new()
            .max_connections(2)
            .connect_with(options.clone());
        let raw = raw.await.unwrap();
        let create = format!("CREATE SCHEMA {schema}");
        sqlx::raw_sql(AssertSqlSafe(create))
            .execute(&raw)
            .await
            .unwrap();
        let near = proxy(options.get_host().to_owned(), options.get_port()).await;
        let options = options.host("127.0.0.1").port(near);
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .connect_with(options);
        (
            pool.await.unwrap(),
            raw,
            format!("schemas = [\"{schema}\"]\n"),
            None,
        )
    }
}

/// The server for these tests. That it is not set is a failure, not a reason to skip.
#[expect(
    clippy::disallowed_methods,
    reason = "tests are told their server by the environment"
)]
pub(crate) fn postgres_url() -> String {
    std::env::var("TENANTSHIELD_TEST_POSTGRES_URL")
        .expect("TENANTSHIELD_TEST_POSTGRES_URL names a server for these tests")
}

pub(crate) fn postgres_options() -> PgConnectOptions {
    postgres_url().parse().unwrap()
}

/// Stands between the guarded pool and the server, on the test's own thread: no answer can come
/// before the test has waited for it, so that each round trip is a point of cancellation.
async fn proxy(host: String, port: u16) -> u16 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let near = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut server = tokio::net::TcpStream::connect((host.as_str(), port))
                .await
                .unwrap();
            for stream in [&client, &server] {
                stream.set_nodelay(true).unwrap();
            }
            tokio::spawn(async move {
                // Either side may hang up in the middle; that is the other side's to notice.
                let _ended = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    near
}

fn fresh_name() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let started = std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos();
    format!(
        "t{}_{started}_{}",
        std::process::id(),
        NEXT.fetch_add(1, Ordering::Relaxed)
    )
}

/// A database with two tenants, and everything that looks at it.
pub(crate) struct World<DB: Store> {
    pub(crate) db: Db<DB>,
    pub(crate) raw: Pool<DB>,
    pub(crate) guard: Arc<Guard>,
    pub(crate) pool: Pool<DB>,
    pub(crate) sink: Arc<InMemorySink>,
    pub(crate) acme: TenantContext,
    pub(crate) globex: TenantContext,
    _folder: Option<TempDir>,
}

impl<DB: Store> World<DB>
where
    for<'c> &'c mut DB::Connection: sqlx::Executor<'c, Database = DB>,
{
    pub(crate) async fn new() -> Self {
        Self::with_connections(4).await
    }

    pub(crate) async fn with_connections(connections: u32) -> Self {
        let (pool, raw, schemas, folder) = DB::empty(connections).await;
        for statement in TABLES.iter().chain(ROWS) {
            sqlx::raw_sql(*statement).execute(&raw).await.unwrap();
        }
        let catalog = Catalog::from_toml(&format!("{schemas}{CATALOG}")).unwrap();
        let guard = Arc::new(Guard::new(Arc::new(catalog), DB::DIALECT).unwrap());
        let bus = AuditBus::new();
        let sink = Arc::new(InMemorySink::new());
        bus.register(Arc::<InMemorySink>::clone(&sink));
        let db = Db::new(pool.clone(), Arc::clone(&guard))
            .unwrap()
            .with_bus(bus.clone());
        let acme = context(ACME, &bus).await;
        let globex = context(GLOBEX, &bus).await;
        sink.clear();
        Self {
            db,
            raw,
            guard,
            pool,
            sink,
            acme,
            globex,
            _folder: folder,
        }
    }

    /// The events of one kind, since the world was made or the sink cleared.
    pub(crate) fn events(&self, kind: AuditEventType) -> Vec<Arc<AuditEvent>> {
        self.sink
            .events()
            .into_iter()
            .filter(|event| event.kind() == kind)
            .collect()
    }
}

/// Writes the binds `?1`, `?2` as the backend does.
pub(crate) fn marked<DB: Store>(text: &str) -> SqlStr {
    AssertSqlSafe(text.replace('?', DB::MARK)).into_sql_str()
}

/// A context of one tenant, admitted as any request would be.
pub(crate) async fn context(tenant: &str, bus: &AuditBus) -> TenantContext {
    let id = TenantId::new(tenant).unwrap();
    let principal = Principal::user(PrincipalId::new("u-1").unwrap());
    let directory = MemoryDirectory::new();
    directory.insert_tenant(id.clone());
    directory.add_member(&id, principal.clone(), TenantRoles::new());
    let shield = Shield::builder()
        .directory(directory)
        .policy(AllowAll)
        .admission(OpenAdmission)
        .bus(bus.clone())
        .build()
        .unwrap();
    shield.admit_for(id, principal).await.unwrap()
}

/// Runs a future and gives the observability events of this thread meanwhile, each as its name,
/// tenant, model and operation.
pub(crate) async fn recorded<F: Future>(future: F) -> (F::Output, Vec<String>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let guard = tracing::subscriber::set_default(Recorder(Arc::clone(&seen)));
    let output = future.await;
    drop(guard);
    let events = seen.lock().unwrap().drain(..).collect();
    (output, events)
}

struct Recorder(Arc<Mutex<Vec<String>>>);

impl Subscriber for Recorder {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "tenantshield::observability"
    }

    fn new_span(&self, _span: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _span: &Id, _values: &Record<'_>) {}

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let told: Vec<String> = ["event", "tenant_id", "model_class", "operation"]
            .iter()
            .filter_map(|name| fields.0.remove(*name))
            .collect();
        self.0.lock().unwrap().push(told.join(" "));
    }

    fn enter(&self, _span: &Id) {}

    fn exit(&self, _span: &Id) {}
}

#[derive(Default)]
struct Fields(HashMap<String, String>);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }
}
