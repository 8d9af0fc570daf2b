//! What can break when a guard is made.

use thiserror::Error;

/// A guard could not be made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The catalogue does not fit the dialect.
    #[error(transparent)]
    Catalog(#[from] FoldedNames),
}

impl Error {
    pub(crate) const fn folded_names() -> Self {
        Self::Catalog(FoldedNames { _private: () })
    }

    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Catalog(_) => "TS-CFG-003",
        }
    }

    /// What to do about it, in one sentence.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Catalog(_) => "list each table once, as the database compares names",
        }
    }
}

/// Two tables of the catalogue bear the same name as the dialect compares names.
#[derive(Debug, Error)]
#[error("two tables of the catalogue have the same name in this dialect")]
pub struct FoldedNames {
    _private: (),
}
