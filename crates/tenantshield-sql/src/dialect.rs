//! The databases whose SQL the guard understands.
//!
//! *Why:* the same text means different things to different databases: how names fold, how strings
//! end, where a comment stops. Every rule of the guard asks its dialect and nothing else.

use sqlparser::dialect::{Dialect as Grammar, PostgreSqlDialect, SQLiteDialect};

/// A database dialect.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "callers must notice a new dialect, as each needs its own adapter"
)]
pub enum Dialect {
    /// `PostgreSQL` 15 and later.
    Postgres,
    /// `SQLite` 3.45 and later.
    Sqlite,
}

impl Dialect {
    /// The dialect with this name (`postgres` or `sqlite`), none for any other.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "postgres" => Some(Self::Postgres),
            "sqlite" => Some(Self::Sqlite),
            _ => None,
        }
    }

    /// The name as commands and files write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Sqlite => "sqlite",
        }
    }

    /// The schema that an unqualified name lies in when the catalogue lists none.
    pub(crate) const fn default_schema(self) -> &'static str {
        match self {
            Self::Postgres => "public",
            Self::Sqlite => "main",
        }
    }

    pub(crate) fn grammar(self) -> &'static dyn Grammar {
        match self {
            Self::Postgres => &PostgreSqlDialect {},
            Self::Sqlite => &SQLiteDialect {},
        }
    }

    /// The text of a numbered placeholder.
    pub(crate) fn placeholder(self, index: usize) -> String {
        match self {
            Self::Postgres => format!("${index}"),
            Self::Sqlite => format!("?{index}"),
        }
    }
}
