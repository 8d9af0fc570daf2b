//! What the examples share: a shop of two tenants in memory, and a client of a few lines.
//!
//! Each example is a program that checks what it claims and ends by itself:
//! `cargo run -p tenantshield-examples --bin axum_sqlx_jwt`, `--bin worker`, `--bin observability`.

use std::fmt::Write;
use std::net::SocketAddr;
use std::sync::Arc;

use sqlx::SqlitePool;
use sqlx::sqlite::SqlitePoolOptions;
use tenantshield::sql::{Dialect, Guard};
use tenantshield::sqlx::Db;
use tenantshield::{
    Catalog, MemoryDirectory, Principal, PrincipalId, TenantAware, TenantId, TenantRoles,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Whatever can go wrong in an example.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// An order; the derive declares its table.
#[derive(Debug, TenantAware)]
#[tenant(table = "orders")]
#[expect(clippy::exhaustive_structs, reason = "a row has the columns it has")]
pub struct Order {
    /// The key.
    pub id: i64,
    /// The tenant that owns the row.
    pub tenant_id: String,
    /// In cents.
    pub total: i64,
}

/// A pool with three orders of acme and one of globex.
///
/// # Errors
/// The database's.
pub async fn shop() -> Result<SqlitePool, BoxError> {
    // Each connection to `:memory:` is a database of its own, so there is one.
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .connect("sqlite::memory:")
        .await?;
    for statement in [
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, tenant_id TEXT NOT NULL, total INTEGER NOT NULL)",
        "INSERT INTO orders VALUES (1, 'acme', 100), (2, 'acme', 250), (3, 'acme', 50), (4, 'globex', 9000)",
    ] {
        sqlx::query(statement).execute(&pool).await?;
    }
    Ok(pool)
}

/// The guarded database over `pool`.
///
/// # Errors
/// The catalogue's or the guard's.
pub fn guarded(pool: SqlitePool) -> Result<Db<sqlx::Sqlite>, BoxError> {
    let catalog = Catalog::builder().model::<Order>().build()?;
    let guard = Guard::new(Arc::new(catalog), Dialect::Sqlite)?;
    Ok(Db::new(pool, Arc::new(guard))?)
}

/// Both tenants, each with `member` of the same name.
///
/// # Errors
/// When `member` is not a name.
pub fn directory(member: &Principal) -> Result<MemoryDirectory, BoxError> {
    let directory = MemoryDirectory::new();
    for tenant in ["acme", "globex"] {
        directory.insert_tenant(TenantId::new(tenant)?);
    }
    directory.add_member(&TenantId::new("acme")?, member.clone(), TenantRoles::new());
    Ok(directory)
}

/// A service of this program.
///
/// # Errors
/// When `name` is not a name.
pub fn service(name: &str) -> Result<Principal, BoxError> {
    Ok(Principal::service(PrincipalId::new(name)?))
}

/// Status and body of a GET over a socket of its own.
///
/// # Errors
/// The socket's, or an answer that is no HTTP.
pub async fn get(
    server: SocketAddr,
    path: &str,
    headers: &[(&str, &str)],
) -> Result<(u16, String), BoxError> {
    let mut request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n");
    for (name, value) in headers {
        write!(request, "{name}: {value}\r\n")?;
    }
    request.push_str("\r\n");
    let mut stream = TcpStream::connect(server).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let status = answer
        .split_ascii_whitespace()
        .nth(1)
        .ok_or("no status line")?
        .parse()?;
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    Ok((status, body.to_owned()))
}
