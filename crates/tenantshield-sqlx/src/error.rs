//! What leaves the adapter when something is refused or breaks.
//!
//! sqlx's traits force `sqlx::Error` on every method. A refusal travels inside of it as a boxed
//! core error in the variant `Encode` (the statement could not be encoded for this tenant), where
//! [`refusal`] and any walk along `source()` finds it.

use std::error::Error as StdError;

use sqlx::Error as SqlxError;

/// What can go wrong in the adapter itself, beside refusals and the database's own errors.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The transaction was aborted by an earlier error; it has been rolled back, not committed.
    #[error("the transaction was aborted by an earlier error and cannot go on")]
    Aborted(Aborted),
    /// A begin, commit or rollback was cancelled or went wrong, so that nobody can say whether
    /// the connection is inside a transaction; it serves nothing more and is closed when dropped.
    #[error("the connection's transaction state is unknown, so it serves no more statements")]
    Torn(Torn),
}

impl Error {
    pub(crate) fn aborted() -> Self {
        Self::Aborted(Aborted { _private: () })
    }

    pub(crate) fn torn() -> Self {
        Self::Torn(Torn { _private: () })
    }

    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Aborted(_) => "TS-TXN-002",
            Self::Torn(_) => "TS-TXN-001",
        }
    }

    /// How to mend it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Aborted(_) => {
                "start the transaction again, or put the statement that may fail into a savepoint"
            }
            Self::Torn(_) => "drop the handle and start again on a new one",
        }
    }
}

impl From<Error> for SqlxError {
    fn from(error: Error) -> Self {
        Self::Encode(Box::new(error))
    }
}

/// Details of [`Error::Aborted`].
#[derive(Debug)]
pub struct Aborted {
    _private: (),
}

/// Details of [`Error::Torn`].
#[derive(Debug)]
pub struct Torn {
    _private: (),
}

/// Finds the refusal inside of a driver error.
///
/// # Shape
/// `None` means that the database or the driver failed, or that a row was not found; a foreign
/// row and an absent row are both the latter.
pub fn refusal(error: &SqlxError) -> Option<&tenantshield_core::Error> {
    find(error)
}

/// Says what a client may be told about a driver error: a code, and nothing that a database wrote.
///
/// # Security
/// The text is static, so neither row content nor constraint names nor another tenant's id can be
/// in it. All broken constraints share one code: whether a value is taken, and by whom, is not
/// for a client to learn from an error.
///
/// # Examples
/// ```
/// assert_eq!(tenantshield_sqlx::client_code(&sqlx::Error::RowNotFound), "TS-DB-001");
/// ```
pub fn client_code(error: &SqlxError) -> &'static str {
    if let Some(refused) = refusal(error) {
        return refused.code();
    }
    if let Some(own) = find::<Error>(error) {
        return own.code();
    }
    match error {
        SqlxError::RowNotFound => "TS-DB-001",
        SqlxError::Database(error) => match error.kind() {
            sqlx::error::ErrorKind::Other => "TS-DB-004",
            _ => "TS-DB-002",
        },
        SqlxError::Io(_)
        | SqlxError::PoolClosed
        | SqlxError::PoolTimedOut
        | SqlxError::Tls(_)
        | SqlxError::WorkerCrashed => "TS-DB-003",
        _ => "TS-DB-004",
    }
}

/// Puts a refusal into the error type that the driver's traits ask for.
pub(crate) fn refused(error: tenantshield_core::Error) -> SqlxError {
    SqlxError::Encode(Box::new(error))
}

fn find<T: StdError + 'static>(error: &SqlxError) -> Option<&T> {
    let mut next: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<T>() {
            return Some(found);
        }
        next = error.source();
    }
    None
}
