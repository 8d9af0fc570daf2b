//! `TenantShield` makes every query run as exactly one tenant, or not at all.
#![cfg_attr(feature = "sqlx", doc = include_str!("_guide/first.md"))]
//!
//! # Where to read on
//!
//! * `_guide::guide`: from the first table to production (features `axum` and `sqlx`)
//! * [`_guide::threat_model`]: against whom it holds, and against whom it does not
//! * [`_guide::leaks`]: how other systems leaked, and what stands against it here
//!
//! # Modules
//!
//! Everything of the core lies at the root and in its modules: [`TenantId`], [`Shield`],
//! [`TenantContext`], [`Catalog`], [`audit`], [`observability`], [`policy`], [`danger`]. Beside it:
//!
//! * [`sql`]: the guard, which turns text into a statement of one tenant or refuses it
//! * `sqlx`: pools, connections and transactions of one tenant (feature `sqlx`)
//! * `tower`: resolvers, the layer and the axum extractors (feature `axum`)
//! * [`derive@TenantAware`]: declares a struct as a model of a tenant table
//!
//! # Features
//!
//! * `axum` (default): the tower layer and the axum extractors
//! * `sqlx` (default): the sqlx adapter for Postgres and `SQLite`
//!
//! No feature weakens a check.

pub mod _guide;
#[cfg(doctest)]
mod docs_compiled;

pub use tenantshield_core::*;
pub use tenantshield_macros::TenantAware;
pub use tenantshield_sql as sql;
#[cfg(feature = "sqlx")]
pub use tenantshield_sqlx as sqlx;
#[cfg(feature = "axum")]
pub use tenantshield_tower as tower;
