//! The adapter against real databases: the same suite on `SQLite` and on Postgres, what only one of
//! them can do, and the promises that the compiler keeps.

#![expect(
    clippy::expect_used,
    clippy::items_after_statements,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests fail like tests, and a text stands beside what reads it"
)]

mod fixture;
mod macros;
mod postgres;
mod sqlite;
mod types;

/// The suite for one backend: each file is compiled once for each.
macro_rules! suite {
    ($backend:ident, $driver:ident, $only:ident) => {
        mod $backend {
            type Driver = sqlx::$driver;

            use crate::$only::{MIN_CUTS, ROUNDS, UUID, assert_idle};

            /// Writes `?1` as the backend does.
            fn q(text: &str) -> sqlx::SqlStr {
                crate::fixture::marked::<Driver>(text)
            }

            mod events {
                include!("suite/events.rs");
            }
            mod hygiene {
                include!("suite/hygiene.rs");
            }
            mod identity {
                include!("suite/identity.rs");
            }
            mod modes {
                include!("suite/modes.rs");
            }
            mod policies {
                include!("suite/policies.rs");
            }
            mod reads {
                include!("suite/reads.rs");
            }
            mod transactions {
                include!("suite/transactions.rs");
            }
            mod writes {
                include!("suite/writes.rs");
            }
        }
    };
}

suite!(on_postgres, Postgres, postgres);
suite!(on_sqlite, Sqlite, sqlite);
