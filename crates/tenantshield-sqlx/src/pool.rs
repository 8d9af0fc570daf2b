//! A tenant's view of the pool.

use std::fmt;

use tenantshield_core::{TenantContext, TenantId};

use crate::backend::Backend;
use crate::connection::ScopedConnection;
use crate::gate::Gate;
use crate::held::Held;
use crate::lane::{Lane, Source, impl_executor};
use crate::transaction::ScopedTransaction;

/// A pool that runs every statement as one tenant.
///
/// # Shape
/// Cheap to clone and owned, so it can move into tasks and streams. `&ScopedPool` is an
/// `sqlx::Executor`: each statement takes a connection of its own.
///
/// # Errors
/// Every method of the executor gives `sqlx::Error`; [`refusal`](crate::refusal) finds a refusal
/// in it.
///
/// # Security
/// The tenant is that of the context from which the handle was made, not that of the scope in
/// which a result is polled. The inner pool cannot be had from here.
pub struct ScopedPool<DB: Backend> {
    gate: Gate<DB>,
}

impl<DB: Backend> ScopedPool<DB> {
    pub(crate) fn new(gate: Gate<DB>) -> Self {
        Self { gate }
    }

    /// The tenant as which statements run.
    pub fn tenant(&self) -> &TenantId {
        self.gate.context().tenant()
    }

    /// The context from which this handle was made.
    pub fn context(&self) -> &TenantContext {
        self.gate.context()
    }

    /// Takes one connection, on which several statements can run.
    ///
    /// # Errors
    /// The driver's, when the pool gives none.
    pub async fn acquire(&self) -> Result<ScopedConnection<DB>, sqlx::Error> {
        let held = Held::acquire(self.gate.pool()).await?;
        Ok(ScopedConnection::new(held, self.gate.clone()))
    }

    /// Opens a transaction on a connection of its own.
    ///
    /// # Errors
    /// The driver's, when the pool gives no connection or the database refuses to begin.
    ///
    /// # Security
    /// Dropped at whatever point of the begin, the connection is closed and serves nobody else.
    pub async fn begin(&self) -> Result<ScopedTransaction<'static, DB>, sqlx::Error> {
        let held = Held::acquire(self.gate.pool()).await?;
        ScopedTransaction::open(held, self.gate.clone()).await
    }

    fn lane(&self) -> Lane<'_, DB> {
        Lane {
            source: Source::Pool(self.gate.pool()),
            rule: &self.gate,
        }
    }
}

impl<DB: Backend> Clone for ScopedPool<DB> {
    fn clone(&self) -> Self {
        Self {
            gate: self.gate.clone(),
        }
    }
}

impl<DB: Backend> fmt::Debug for ScopedPool<DB> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ScopedPool")
            .field("tenant", self.tenant())
            .finish_non_exhaustive()
    }
}

impl_executor!(['p] 'p, &'p ScopedPool<DB>);
