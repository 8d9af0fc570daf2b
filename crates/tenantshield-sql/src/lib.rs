//! The SQL guard: turns a statement into one that can only touch its tenant, or refuses it.
//!
//! ```
//! # use std::sync::Arc;
//! use tenantshield_core::{Catalog, TenantId};
//! use tenantshield_sql::{Dialect, Filters, Guard};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let catalog = Catalog::from_toml("[tables.orders]\nkind = \"tenant\"")?;
//! let guard = Guard::new(Arc::new(catalog), Dialect::Sqlite)?;
//! let judged = guard.judge("SELECT id FROM orders WHERE total > ?", Filters::NONE)?;
//! assert_eq!(&**judged.sql(), "SELECT id FROM orders WHERE orders.\"tenant_id\" = ?2 AND (total > ?1)");
//! assert_eq!(judged.tenant_binds(&TenantId::new("acme")?)?.len(), 1);
//! assert_eq!(guard.judge("SELECT * FROM users", Filters::NONE).unwrap_err().code(), "TS-SQL-RELATION");
//! # Ok(())
//! # }
//! ```
//!
//! # Modules
//! * [`Guard`] judges texts and makes [`GuardedSql`] for a tenant; [`Judgement`] is the tenant-free,
//!   cached outcome, [`Refusal`] the "no".
//! * [`code`] lists every code with its mend.
//! * Inside, in the order of the pipeline: `envelope` (what a text must look like), `parse` (raw),
//!   `walk` (decide and rewrite each node), `place` and `barrier` (where predicates go), `verify`
//!   (the second pass over the text that leaves).
//!
//! # Security
//! Holds by itself against forgotten filters (T1) on every database, and with the barrier against
//! hostile expressions (T2) on `SQLite`; on Postgres T2 also wants row-level security beneath.
//!
//! # Features
//! None.

mod allow;
mod barrier;
mod classify;
pub mod code;
mod derived;
mod dialect;
mod envelope;
mod error;
mod filter;
mod guard;
mod guarded;
mod judge;
mod judgement;
mod lexer;
mod mode;
mod name;
mod parse;
mod place;
mod predicate;
mod refusal;
mod relation;
mod scope;
mod verify;
mod walk;

pub use crate::dialect::Dialect;
pub use crate::error::{Error, FoldedNames};
pub use crate::filter::{FilterKind, Filters};
pub use crate::guard::{Guard, GuardOptions};
pub use crate::guarded::GuardedSql;
pub use crate::judgement::{Addition, Judgement, Slot, StatementKind, Touch, Verdict};
pub use crate::mode::Barrier;
pub use crate::refusal::{Refusal, Violation};
pub use crate::walk::MISMATCH;
