//! Where statements cross tenants, on purpose and with evidence.
//!
//! Three handles live here and nowhere else. Each needs a written reason before it exists, and
//! each statement on it emits `enforcement_bypass` with that reason, the place in the code where
//! it was given and the kind of the statement, never its text. No configuration silences that.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use sqlx::pool::PoolConnection;
use tenantshield_core::audit::{self, Violation};
use tenantshield_core::danger::{AccessMode, Bypass, FallThrough};
use tenantshield_core::{Error as CoreError, MissingContext, UnscopedQuery, try_current_tenant};
use tenantshield_sql::StatementKind;

use crate::backend::Backend;
use crate::db::Db;
use crate::error::refused;
use crate::evidence::{Trail, explain};
use crate::gate::{Gate, Shared};
use crate::job::{Job, Judge, Statement};
use crate::lane::{Lane, Source, impl_executor};

impl<DB: Backend> Db<DB> {
    /// Gives a handle that reads across tenants.
    ///
    /// # Security
    /// The guard lets plain reads through and refuses all else, writing common table expressions
    /// included; the database, too, refuses writes meanwhile: Postgres in a read-only transaction of
    /// its own, `SQLite` by `query_only`.
    pub fn unscoped(&self, bypass: Bypass) -> Unscoped<DB> {
        Unscoped {
            bypassed: Bypassed::new(self, Reason::Read(bypass)),
        }
    }

    /// Gives a handle that reads and writes across tenants, with no check at all.
    ///
    /// # Security
    /// A statement that is not plain SQL data manipulation costs its connection, which is closed
    /// afterwards, so that session state does not reach the next borrower.
    pub fn unsafe_unscoped(&self, bypass: Bypass) -> UnsafeUnscoped<DB> {
        UnsafeUnscoped {
            bypassed: Bypassed::new(self, Reason::Write(bypass)),
        }
    }

    /// Gives a handle of the current tenant or, outside of any scope, one that reads across all.
    ///
    /// # Security
    /// Without a context, reads emit `tenant.read.fallthrough` beside the bypass, and a write is
    /// refused as blocked.
    pub fn current_or_fall_through(&self, allowed: &FallThrough) -> FallThroughReader<DB> {
        let way = match try_current_tenant() {
            Some(context) => Way::Scoped(Gate::new(context, Arc::clone(self.shared()))),
            None => Way::Through(Bypassed::new(self, Reason::FallThrough(allowed.clone()))),
        };
        FallThroughReader { way }
    }
}

/// A handle that reads across tenants; see [`Db::unscoped`].
#[derive(Debug)]
pub struct Unscoped<DB: Backend> {
    bypassed: Bypassed<DB>,
}

impl<DB: Backend> Unscoped<DB> {
    fn lane(&self) -> Lane<'_, DB> {
        Lane {
            source: Source::ReadOnly(&self.bypassed.shared.pool),
            rule: &self.bypassed,
        }
    }
}

impl_executor!(['p] 'p, &'p Unscoped<DB>);

/// A handle that reads and writes across tenants; see [`Db::unsafe_unscoped`].
#[derive(Debug)]
pub struct UnsafeUnscoped<DB: Backend> {
    bypassed: Bypassed<DB>,
}

impl<DB: Backend> UnsafeUnscoped<DB> {
    /// Takes a connection for what no executor can do: migrations, COPY, listening.
    ///
    /// # Errors
    /// The driver's, when the pool gives none.
    ///
    /// # Security
    /// One bypass is recorded, for whatever is then done. The connection is closed when it is
    /// dropped and never returns to the pool.
    pub async fn connection(&self) -> Result<UnsafeConnection<DB>, sqlx::Error> {
        self.bypassed.record("connection");
        let mut connection = self.bypassed.shared.pool.acquire().await?;
        connection.close_on_drop();
        Ok(UnsafeConnection { connection })
    }

    fn lane(&self) -> Lane<'_, DB> {
        Lane {
            source: Source::Own(&self.bypassed.shared.pool),
            rule: &self.bypassed,
        }
    }
}

impl_executor!(['p] 'p, &'p UnsafeUnscoped<DB>);

/// The driver's own connection, with no guard before it; see [`UnsafeUnscoped::connection`].
pub struct UnsafeConnection<DB: Backend> {
    connection: PoolConnection<DB>,
}

impl<DB: Backend> Deref for UnsafeConnection<DB> {
    type Target = DB::Connection;

    fn deref(&self) -> &DB::Connection {
        &self.connection
    }
}

impl<DB: Backend> DerefMut for UnsafeConnection<DB> {
    fn deref_mut(&mut self) -> &mut DB::Connection {
        &mut self.connection
    }
}

impl<DB: Backend> fmt::Debug for UnsafeConnection<DB> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("UnsafeConnection")
            .finish_non_exhaustive()
    }
}

/// A handle that reads across tenants where nobody has set one; see
/// [`Db::current_or_fall_through`].
#[derive(Debug)]
pub struct FallThroughReader<DB: Backend> {
    way: Way<DB>,
}

impl<DB: Backend> FallThroughReader<DB> {
    fn lane(&self) -> Lane<'_, DB> {
        match &self.way {
            Way::Scoped(gate) => Lane {
                source: Source::Pool(gate.pool()),
                rule: gate,
            },
            Way::Through(bypassed) => Lane {
                source: Source::ReadOnly(&bypassed.shared.pool),
                rule: bypassed,
            },
        }
    }
}

impl_executor!(['p] 'p, &'p FallThroughReader<DB>);

#[derive(Debug)]
enum Way<DB: Backend> {
    Scoped(Gate<DB>),
    Through(Bypassed<DB>),
}

/// What judges a statement where no tenant does.
struct Bypassed<DB: Backend> {
    reason: Reason,
    shared: Arc<Shared<DB>>,
}

#[derive(Debug)]
enum Reason {
    FallThrough(FallThrough),
    Read(Bypass),
    Write(Bypass),
}

impl<DB: Backend> Bypassed<DB> {
    fn new(db: &Db<DB>, reason: Reason) -> Self {
        Self {
            reason,
            shared: Arc::clone(db.shared()),
        }
    }

    /// Records the bypass, or refuses; gives whether the connection must not be used again.
    fn admit(&self, sql: &str) -> Result<bool, sqlx::Error> {
        let kind = self.shared.guard.classify(sql);
        match (&self.reason, kind) {
            (Reason::Write(_), Ok(kind)) => {
                self.record(verb(kind));
                Ok(kind == StatementKind::Transaction)
            }
            (Reason::Write(_), Err(_)) => {
                self.record("other");
                Ok(true)
            }
            (_, Ok(kind)) if kind.is_read_only() => {
                self.record(verb(kind));
                Ok(false)
            }
            (Reason::FallThrough(_), Ok(kind)) => Err(self.blocked(kind)),
            (Reason::Read(_), Ok(kind)) => Err(refused(
                UnscopedQuery::new(format!("`{}` on a handle that only reads", verb(kind)))
                    .with_rule("TS-DNG-001")
                    .with_hint("write through `unsafe_unscoped`, with a reason of its own")
                    .into(),
            )),
            (_, Err(refusal)) => Err(refused(explain(&refusal, None, &self.shared.bus))),
        }
    }

    fn record(&self, operation: &str) {
        let bus = &self.shared.bus;
        match &self.reason {
            Reason::FallThrough(allowed) => allowed.record(bus, EVERY_MODEL, operation),
            Reason::Read(bypass) => {
                bypass.record(bus, AccessMode::Unscoped, EVERY_MODEL, operation);
            }
            Reason::Write(bypass) => {
                bypass.record(bus, AccessMode::UnsafeUnscoped, EVERY_MODEL, operation);
            }
        }
    }

    /// A write without a context is a blocked write, wherever it would have gone.
    fn blocked(&self, kind: StatementKind) -> sqlx::Error {
        let missing = CoreError::from(MissingContext::new());
        let reason = missing.to_string();
        let violation = Violation::new(EVERY_MODEL, verb(kind), missing.code(), reason);
        audit::blocked_write(&self.shared.bus, None, &violation);
        refused(missing)
    }
}

impl<DB: Backend> Judge<DB> for Bypassed<DB> {
    fn judge(&self, statement: Statement<DB>) -> Result<Job<DB>, sqlx::Error> {
        let retire = self.admit(statement.sql.as_str())?;
        Ok(Job {
            statement,
            trail: Trail::Unscoped,
            retire,
        })
    }

    fn inspect(&self, sql: &str) -> Result<(), sqlx::Error> {
        self.admit(sql).map(drop)
    }
}

impl<DB: Backend> fmt::Debug for Bypassed<DB> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Bypassed")
            .field("reason", &self.reason)
            .finish_non_exhaustive()
    }
}

/// What stands for the model where a statement reaches across all of them.
const EVERY_MODEL: &str = "*";

fn verb(kind: StatementKind) -> &'static str {
    match kind {
        StatementKind::Delete => "delete",
        StatementKind::Insert => "insert",
        StatementKind::Select => "select",
        StatementKind::SelectWithWrites => "select with writes",
        StatementKind::Transaction => "transaction",
        StatementKind::Update => "update",
    }
}
