//! One running product with everything that a tour needs around it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::Response;
use hyper::body::Incoming;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, SqliteConnection, SqlitePool};
use tenantshield_core::AuditBus;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc};

use super::client::{self, Answer, Call};
use super::fault::Fault;
use super::finding::Finding;
use super::journal::Journal;
use super::naive::Naive;
use super::product;
use super::seed;
use super::shielded::Shielded;
use super::shop::{App, Engine};
use super::token::{Credential, Mint, Person};

/// A product that is being served.
#[derive(Debug)]
pub(crate) struct World {
    address: SocketAddr,
    folder: PathBuf,
    database: SqliteConnectOptions,
    admin: Mutex<SqliteConnection>,
    mint: Arc<Mint>,
    engine: Engine,
    journal: Option<Arc<Journal>>,
}

impl World {
    /// Seeds and serves the naive product.
    pub(crate) async fn naive(folder: &Path, mint: Arc<Mint>, port: u16) -> Result<Self, Fault> {
        let database = database(folder, "naive.db");
        let admin = seeded(&database, folder, false).await?;
        let engine = Engine::Naive(Arc::new(Naive::new(pool(&database))));
        let address = serve(routes(&engine), port).await?;
        let (folder, admin) = (folder.to_owned(), Mutex::new(admin));
        Ok(Self {
            address,
            folder,
            database,
            admin,
            mint,
            engine,
            journal: None,
        })
    }

    /// Seeds and serves the shielded product, whose audit events go to `journal`.
    pub(crate) async fn shielded(
        folder: &Path,
        mint: Arc<Mint>,
        port: u16,
        bus: AuditBus,
        journal: Arc<Journal>,
    ) -> Result<Self, Fault> {
        let database = database(folder, "shielded.db");
        let admin = seeded(&database, folder, true).await?;
        let shielded = Shielded::new(pool(&database), bus)?;
        let layer = shielded.layer(&mint)?;
        let engine = Engine::Shielded(shielded);
        let address = serve(routes(&engine).layer(layer), port).await?;
        let (folder, admin) = (folder.to_owned(), Mutex::new(admin));
        Ok(Self {
            address,
            folder,
            database,
            admin,
            mint,
            engine,
            journal: Some(journal),
        })
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn token(&self, credential: Credential) -> Result<String, Fault> {
        self.mint.token(credential)
    }

    /// Puts the product back to its first state.
    pub(crate) async fn reset(&self) -> Result<(), Fault> {
        match &self.engine {
            Engine::Naive(naive) => {
                // An attack may have left a transaction open on the only connection.
                naive.replace_pool(pool(&self.database)).close().await;
            }
            Engine::Shielded(shielded) => shielded.reset()?,
        }
        let mut admin = self.admin.lock().await;
        seed::reset(&mut admin)
            .await
            .map_err(|e| Fault::new("seed the product", e))
    }

    pub(crate) async fn open(&self, call: &Call) -> Result<Response<Incoming>, Fault> {
        let token = self.token(call.credential)?;
        client::open(self.address, &self.folder.to_string_lossy(), &token, call).await
    }

    pub(crate) async fn send(&self, call: &Call) -> Result<Answer, Fault> {
        client::finish(self.open(call).await?).await
    }

    pub(crate) async fn expect_success(&self, call: &Call) -> Result<Answer, Fault> {
        let answer = self.send(call).await?;
        if answer.is_success() {
            Ok(answer)
        } else {
            Err(Fault::said(format!(
                "a legitimate request was answered {}: {}",
                answer.status, answer.body
            )))
        }
    }

    /// Sends the decisive request as an attacker of acme.
    pub(crate) async fn look(&self, call: &Call) -> Result<Finding, Fault> {
        self.look_for(call, &["globex", "initech", "platform"])
            .await
    }

    /// Sends the decisive request and looks for what belongs to `owners`.
    pub(crate) async fn look_for(&self, call: &Call, owners: &[&str]) -> Result<Finding, Fault> {
        self.judged(self.send(call), owners).await
    }

    /// Runs the decisive part of an attack of acme.
    pub(crate) async fn measured(
        &self,
        act: impl Future<Output = Result<Answer, Fault>> + Send,
    ) -> Result<Finding, Fault> {
        self.judged(act, &["globex", "initech", "platform"]).await
    }

    async fn judged(
        &self,
        act: impl Future<Output = Result<Answer, Fault>> + Send,
        owners: &[&str],
    ) -> Result<Finding, Fault> {
        let before = self.others_rows().await?;
        let from = self.last_event();
        let start = tokio::time::Instant::now();
        let answer = act.await?;
        let micros = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
        let until = self.last_event();
        let after = self.others_rows().await?;
        let leak = leaked_text(&answer.body, owners).or_else(|| changed_rows(&before, &after));
        Ok(Finding {
            leak,
            status: answer.status,
            micros,
            events: (from, until),
            ..Finding::default()
        })
    }

    /// Every row that is not of acme, as text.
    pub(crate) async fn others_rows(&self) -> Result<Vec<String>, Fault> {
        let mut admin = self.admin.lock().await;
        seed::others(&mut admin, seed::OWN)
            .await
            .map_err(|e| Fault::new("read the rows", e))
    }

    /// Waits until some transaction of the product has written and not ended.
    pub(crate) async fn write_lock_is_held(&self) -> Result<(), Fault> {
        let patience = Duration::ZERO;
        let options = self.database.clone().busy_timeout(patience);
        let mut probe = options
            .connect()
            .await
            .map_err(|e| Fault::new("probe the lock", e))?;
        for _ in 0..300 {
            if sqlx::raw_sql("BEGIN IMMEDIATE; ROLLBACK")
                .execute(&mut probe)
                .await
                .is_err()
            {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Err(Fault::said("the transaction did not begin"))
    }

    /// The number of the last audit event so far.
    fn last_event(&self) -> u64 {
        self.journal.as_ref().map_or(0, |journal| journal.last())
    }

    /// Takes a person's membership; the naive product never asks for it.
    pub(crate) fn remove_member(&self, person: Person) -> Result<(), Fault> {
        match &self.engine {
            Engine::Naive(_) => Ok(()),
            Engine::Shielded(shielded) => shielded.remove_member(person),
        }
    }

    /// Suspends a tenant; the naive product never asks for its state.
    pub(crate) fn suspend(&self, tenant: &str) -> Result<(), Fault> {
        match &self.engine {
            Engine::Naive(_) => Ok(()),
            Engine::Shielded(shielded) => shielded.suspend(tenant),
        }
    }
}

fn routes(engine: &Engine) -> Router {
    let (jobs, queue) = mpsc::channel(16);
    tokio::spawn(product::background::work(engine.clone(), queue));
    product::routes().with_state(Arc::new(App::new(engine.clone(), jobs)))
}

fn leaked_text(body: &str, owners: &[&str]) -> Option<String> {
    owners.iter().find_map(|owner| {
        let count = body.matches(&seed::canary(owner)).count();
        match count {
            0 => None,
            1 => Some(format!("1 value of {owner}")),
            _ => Some(format!("{count} values of {owner}")),
        }
    })
}

fn changed_rows(before: &[String], after: &[String]) -> Option<String> {
    let gone = before.iter().filter(|row| !after.contains(row)).count();
    let new: Vec<&String> = after.iter().filter(|row| !before.contains(row)).collect();
    let rows = |count: usize| if count == 1 { "row" } else { "rows" };
    match (gone, new.len()) {
        (0, 0) => None,
        (0, _) if new.iter().any(|row| row.starts_with(seed::TIED)) => {
            Some("tied to a foreign row".to_owned())
        }
        (0, count) => Some(format!("{count} {} planted", rows(count))),
        (gone, 0) => Some(format!("{gone} foreign {} deleted", rows(gone))),
        (gone, _) => Some(format!("{gone} foreign {} changed", rows(gone))),
    }
}

async fn seeded(
    database: &SqliteConnectOptions,
    folder: &Path,
    composite: bool,
) -> Result<SqliteConnection, Fault> {
    let seed = async {
        let mut admin = database.connect().await?;
        seed::create(&mut admin, composite).await?;
        seed::reset(&mut admin).await?;
        let export = SqliteConnectOptions::new()
            .filename(folder.join("globex-export.db"))
            .create_if_missing(true);
        seed::export(&mut export.connect().await?).await?;
        Ok(admin)
    };
    seed.await
        .map_err(|e: sqlx::Error| Fault::new("seed the product", e))
}

fn database(folder: &Path, name: &str) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(folder.join(name))
        .create_if_missing(true)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Off)
        .busy_timeout(Duration::from_secs(2))
        .disable_statement_logging()
}

/// One connection: whatever a request leaves on it meets the next request.
fn pool(database: &SqliteConnectOptions) -> SqlitePool {
    SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(Duration::from_secs(3))
        .connect_lazy_with(database.clone())
}

async fn serve(routes: Router, port: u16) -> Result<SocketAddr, Fault> {
    let listener = TcpListener::bind(("127.0.0.1", port))
        .await
        .map_err(|e| Fault::new("listen on the loopback address", e))?;
    let address = listener
        .local_addr()
        .map_err(|e| Fault::new("learn the port", e))?;
    tokio::spawn(async move { axum::serve(listener, routes).await });
    Ok(address)
}
