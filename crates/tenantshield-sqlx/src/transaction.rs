//! Transactions and savepoints, inside one tenant.
//!
//! sqlx's own transaction derefs to the connection, so it cannot be handed out. This one keeps
//! its place in the nesting and tells the connection at every boundary; a boundary that does not
//! come to its end leaves a connection that is closed rather than reused.

use std::fmt;

use tenantshield_core::{Error as CoreError, TenantContext, TenantId};

use crate::backend::Backend;
use crate::gate::Gate;
use crate::held::Held;
use crate::lane::{Lane, Source, impl_executor};

/// A transaction or a savepoint that runs every statement as one tenant.
///
/// # Shape
/// Dropped without [`commit`](Self::commit), it is rolled back: a savepoint to where it began. A
/// savepoint borrows the transaction around it, so it ends first.
///
/// # Security
/// The tenant cannot change inside. A transaction that is leaked (`mem::forget`) keeps those
/// around it from committing.
pub struct ScopedTransaction<'c, DB: Backend> {
    held: Place<'c, DB>,
    gate: Gate<DB>,
    level: usize,
    open: bool,
}

impl<DB: Backend> ScopedTransaction<'static, DB> {
    pub(crate) async fn open(mut held: Held<DB>, gate: Gate<DB>) -> Result<Self, sqlx::Error> {
        let level = held.begin(0, None).await?;
        Ok(Self {
            held: Place::Owned(held),
            gate,
            level,
            open: true,
        })
    }
}

impl<'c, DB: Backend> ScopedTransaction<'c, DB> {
    pub(crate) async fn nested(
        held: &'c mut Held<DB>,
        gate: Gate<DB>,
        outer: usize,
    ) -> Result<Self, sqlx::Error> {
        let level = held.begin(outer, None).await?;
        Ok(Self {
            held: Place::Borrowed(held),
            gate,
            level,
            open: true,
        })
    }

    /// The tenant as which statements run.
    pub fn tenant(&self) -> &TenantId {
        self.gate.context().tenant()
    }

    /// Sets a savepoint.
    ///
    /// # Errors
    /// The driver's; [`Error::Aborted`](crate::Error::Aborted) when a statement has already failed.
    pub async fn begin(&mut self) -> Result<ScopedTransaction<'_, DB>, sqlx::Error> {
        let level = self.level;
        ScopedTransaction::nested(self.held.get(), self.gate.clone(), level).await
    }

    /// Commits the transaction, or releases the savepoint.
    ///
    /// # Errors
    /// The driver's. [`Error::Aborted`](crate::Error::Aborted) when a statement had failed: all has
    /// been rolled back then, where the database alone would have answered with success.
    pub async fn commit(mut self) -> Result<(), sqlx::Error> {
        let level = self.level;
        self.held.get().commit(level).await?;
        self.open = false;
        Ok(())
    }

    /// Rolls the transaction back, or returns to the savepoint.
    ///
    /// # Errors
    /// The driver's; the connection is closed then.
    pub async fn rollback(mut self) -> Result<(), sqlx::Error> {
        let level = self.level;
        self.held.get().rollback(level).await?;
        self.open = false;
        Ok(())
    }

    /// Asks for this transaction in the name of a context; it is given to its own tenant only.
    ///
    /// # Errors
    /// `AmbiguousContext` for any other tenant: a transaction does not change hands.
    pub fn scope(&mut self, context: &TenantContext) -> Result<&mut Self, CoreError> {
        self.gate.same_tenant(context)?;
        Ok(self)
    }

    fn lane(&mut self) -> Lane<'_, DB> {
        Lane {
            source: Source::Held(self.held.get(), self.level),
            rule: &self.gate,
        }
    }
}

impl<DB: Backend> Drop for ScopedTransaction<'_, DB> {
    fn drop(&mut self) {
        if self.open {
            let level = self.level;
            self.held.get().abandon(level);
        }
    }
}

impl<DB: Backend> fmt::Debug for ScopedTransaction<'_, DB> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ScopedTransaction")
            .field("tenant", self.tenant())
            .field("level", &self.level)
            .finish_non_exhaustive()
    }
}

impl_executor!(['t, 'c] 't, &'t mut ScopedTransaction<'c, DB>);

/// A connection that the transaction brought along, or that of what is around it.
enum Place<'c, DB: Backend> {
    Borrowed(&'c mut Held<DB>),
    Owned(Held<DB>),
}

impl<DB: Backend> Place<'_, DB> {
    fn get(&mut self) -> &mut Held<DB> {
        match self {
            Self::Borrowed(held) => held,
            Self::Owned(held) => held,
        }
    }
}
