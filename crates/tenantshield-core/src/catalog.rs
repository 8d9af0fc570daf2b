//! Which tables belong to tenants, and how.
//!
//! The guard and the database's own fence are both rendered from this one value, so they cannot
//! disagree by an edit. Whatever is not in it does not exist for a tenant. It is written by hand,
//! read from models or from a live database; all three can be compared.
//!
//! ```toml
//! tenant_column = "tenant_id"            # default for all tables
//! tenant_type = "text"                   # text | uuid | integer
//! schemas = ["public"]                   # the first one holds [tables.…]
//! [tables.orders]
//! kind = "tenant"                        # or "shared" (writable = true), "platform"
//! columns = ["id", "tenant_id", "customer_id"]
//! unique = [["id"]]                      # every unique key, including the primary one
//! parents = { customer_id = "customers.id" }
//! [functions]
//! allow = ["my_pure_function"]
//! ```
//!
//! Per table, `tenant_column`, `tenant_type` and `model` (the name in evidence) can be set. A
//! unique key that is partial or on an expression is `{ columns = […], partial = true }` or
//! `{ expression = "…" }`; it makes an upsert that needs it impossible. Parents have the long form
//! `[{ columns = […], table = "customers", references = […], schema = "crm" }]`; without a schema
//! the parent is looked for beside the table, then in the first schema.
//!
//! `schemas` is either the list of names or, for tables in further schemas, a table of them:
//! `[schemas.billing.tables.invoice]`. Then `default_schema = "public"` names the first one. Where
//! neither names it, it is the database's own default.

mod builder;
mod content;
mod drift;
mod error;
mod file;
mod table;
mod text;

pub use self::builder::CatalogBuilder;
pub use self::content::Catalog;
pub use self::drift::{Drift, DriftKind};
pub use self::error::CatalogError;
pub use self::table::{Parent, Table, TableKind, TableSpec, UniqueKey};
