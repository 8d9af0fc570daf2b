//! A statement on its way: as the application sent it, and as it may run.

use sqlx::error::BoxDynError;
use sqlx::{Execute, SqlStr};

use crate::backend::Backend;
use crate::evidence::Trail;

/// Decides whether a statement runs, and as what.
pub(crate) trait Judge<DB: Backend>: Send + Sync {
    fn judge(&self, statement: Statement<DB>) -> Result<Job<DB>, sqlx::Error>;

    /// Judges a text that is to be prepared or described, not run.
    fn inspect(&self, sql: &str) -> Result<(), sqlx::Error>;
}

/// A statement that may run, and what is needed to understand its failure.
pub(crate) struct Job<DB: Backend> {
    pub(crate) statement: Statement<DB>,
    pub(crate) trail: Trail,
    /// Whether the connection must not serve anybody else afterwards.
    pub(crate) retire: bool,
}

/// A text with its binds: the application's before it is judged, and then also the tenant's.
pub(crate) struct Statement<DB: Backend> {
    pub(crate) sql: SqlStr,
    pub(crate) arguments: Option<DB::Arguments>,
    pub(crate) persistent: bool,
}

impl<DB: Backend> Statement<DB> {
    pub(crate) fn new<'q, E: Execute<'q, DB>>(mut query: E) -> Result<Self, sqlx::Error> {
        let arguments = query.take_arguments().map_err(sqlx::Error::Encode)?;
        let persistent = query.persistent();
        Ok(Self {
            sql: query.sql(),
            arguments,
            persistent,
        })
    }
}

#[deny(clippy::missing_trait_methods)]
impl<DB: Backend> Execute<'_, DB> for Statement<DB> {
    fn sql(self) -> SqlStr {
        self.sql
    }

    /// Metadata of the text before rewriting would describe other binds than those that are sent.
    fn statement(&self) -> Option<&DB::Statement> {
        None
    }

    fn take_arguments(&mut self) -> Result<Option<DB::Arguments>, BoxDynError> {
        Ok(self.arguments.take())
    }

    fn persistent(&self) -> bool {
        self.persistent
    }
}
