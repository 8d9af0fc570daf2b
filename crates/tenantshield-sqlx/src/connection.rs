//! One connection, inside one tenant.

use std::fmt;

use tenantshield_core::{Error as CoreError, TenantContext, TenantId};

use crate::backend::Backend;
use crate::gate::Gate;
use crate::held::Held;
use crate::lane::{Lane, Source, impl_executor};
use crate::transaction::ScopedTransaction;

/// A connection that runs every statement as one tenant, until it is dropped.
///
/// # Security
/// There is no way to the driver's connection. Session state cannot be set through the guard, so
/// a connection that goes back to the pool carries nothing of this tenant; one whose transaction
/// state is not known is closed instead.
pub struct ScopedConnection<DB: Backend> {
    held: Held<DB>,
    gate: Gate<DB>,
}

impl<DB: Backend> ScopedConnection<DB> {
    pub(crate) fn new(held: Held<DB>, gate: Gate<DB>) -> Self {
        Self { held, gate }
    }

    /// The tenant as which statements run.
    pub fn tenant(&self) -> &TenantId {
        self.gate.context().tenant()
    }

    /// Opens a transaction on this connection.
    ///
    /// # Errors
    /// The driver's; [`Error::Torn`](crate::Error::Torn) after a boundary that was cancelled.
    pub async fn begin(&mut self) -> Result<ScopedTransaction<'_, DB>, sqlx::Error> {
        ScopedTransaction::nested(&mut self.held, self.gate.clone(), 0).await
    }

    /// Asks for this connection in the name of a context; it is given to its own tenant only.
    ///
    /// # Errors
    /// `AmbiguousContext` for any other tenant: a connection does not change hands.
    pub fn scope(&mut self, context: &TenantContext) -> Result<&mut Self, CoreError> {
        self.gate.same_tenant(context)?;
        Ok(self)
    }

    fn lane(&mut self) -> Lane<'_, DB> {
        Lane {
            source: Source::Held(&mut self.held, 0),
            rule: &self.gate,
        }
    }
}

impl<DB: Backend> fmt::Debug for ScopedConnection<DB> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ScopedConnection")
            .field("tenant", self.tenant())
            .field("held", &self.held)
            .finish_non_exhaustive()
    }
}

impl_executor!(['c] 'c, &'c mut ScopedConnection<DB>);
