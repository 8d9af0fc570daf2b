//! The sqlx adapter: every statement that sqlx can run, held inside one tenant or refused.
//!
//! ```no_run
//! # use std::sync::Arc;
//! # use tenantshield_core::{Catalog, TenantContext};
//! # use tenantshield_sql::{Dialect, Guard};
//! # async fn orders(context: TenantContext) -> Result<(), Box<dyn std::error::Error>> {
//! let catalog = Catalog::from_toml("[tables.orders]\nkind = \"tenant\"")?;
//! let guard = Guard::new(Arc::new(catalog), Dialect::Sqlite)?;
//! let pool = sqlx::SqlitePool::connect("sqlite://shop.db").await?;
//! let db = tenantshield_sqlx::Db::new(pool, Arc::new(guard))?.scope(&context);
//! let totals: Vec<i64> = sqlx::query_scalar("SELECT total FROM orders").fetch_all(&db).await?;
//! let mut transaction = db.begin().await?;
//! sqlx::query("DELETE FROM orders WHERE id = ?").bind(7).execute(&mut transaction).await?;
//! transaction.commit().await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Modules
//! * [`Db`] is a pool with a guard; [`Db::scope`] and [`Db::current`] give the handle of a tenant.
//! * [`ScopedPool`], [`ScopedConnection`], [`ScopedTransaction`] are sqlx executors of one tenant.
//! * [`danger`] reads and writes across tenants, with a reason and evidence.
//! * [`Error`], [`refusal`] and [`client_code`] say what went wrong, to the program and to clients.
//!
//! # Codes
//! | code | meaning |
//! |---|---|
//! | `TS-BND-001` | more or fewer values bound than the statement declares (rule of `TS-XT-003`) |
//! | `TS-DNG-001` | a write on a handle that only reads (rule of `TS-XT-003`) |
//! | `TS-TXN-001` | the transaction state of the connection is unknown |
//! | `TS-TXN-002` | the transaction was aborted by an earlier error |
//! | `TS-DB-001` | no such row, foreign or absent |
//! | `TS-DB-002` | a constraint of the database |
//! | `TS-DB-003` | the database cannot be reached |
//! | `TS-DB-004` | any other error of the database or the driver |
//!
//! # Not supported
//! `sqlx::Acquire` and what needs it (migrations, `PgListener`, COPY) works on
//! [`danger::UnsafeConnection`] only. `begin_with` and `Connection::transaction` are not offered.
//! `MySQL` is not a [`Backend`] yet.
//!
//! # Security
//! Holds against a forgotten filter (T1) on Postgres and `SQLite`. Each statement passes the guard;
//! a connection whose transaction state is not known is closed, never reused. A `SQLite` transaction
//! that the database ends by itself (a trigger's or a table's conflict clause) lets later
//! statements run outside of it until the commit fails; they stay inside the tenant.
//!
//! # Features
//! None.

mod backend;
mod connection;
pub mod danger;
mod db;
mod error;
mod evidence;
mod gate;
mod held;
mod job;
mod lane;
mod pool;
mod transaction;

pub use crate::backend::Backend;
pub use crate::connection::ScopedConnection;
pub use crate::db::Db;
pub use crate::error::{Aborted, Error, Torn, client_code, refusal};
pub use crate::pool::ScopedPool;
pub use crate::transaction::ScopedTransaction;
