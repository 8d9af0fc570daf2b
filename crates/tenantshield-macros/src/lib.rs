//! Derive macros of `TenantShield`.
//!
//! ```
//! use tenantshield_core::TenantAware as _;
//! use tenantshield_macros::TenantAware;
//!
//! #[derive(TenantAware)]
//! #[tenant(crate = "tenantshield_core", table = "orders", unique(id))]
//! struct Order {
//!     id: i64,
//!     tenant_id: String,
//! }
//! assert_eq!(Order::TABLE, "orders");
//! ```
//!
//! Users of the facade write `use tenantshield::TenantAware;` and need no `crate` key.
//!
//! # Modules
//!
//! * `attribute`: reads `#[tenant(..)]` on the struct and on its fields
//! * `expand`: checks the model and writes the implementation
//! * `infer`: the tenant column's type from the field's type
//! * `name`: the default table name
//!
//! # Features
//!
//! None.

mod attribute;
mod expand;
mod infer;
mod name;

use proc_macro::TokenStream;

/// Implements `TenantAware` for a struct with named fields.
///
/// # Shape
///
/// On the struct, `#[tenant(..)]` with any of:
///
/// | key | meaning | default |
/// |---|---|---|
/// | `table = "orders"` | the table's name as the database stores it | the struct's name in snake case; plurals are not guessed |
/// | `schema = "billing"` | the table's schema | the catalogue's default schema |
/// | `column = "org_id"` | the tenant column | `tenant_id` |
/// | `kind = "text"` | the tenant column's type: `text`, `uuid` or `integer` | inferred from the field's type |
/// | `model = "Order"` | the name that events and refusals carry | the struct's name |
/// | `unique(id)` | one unique key, the primary key included; repeat it for each key | none known |
/// | `parent(customer_id = "customers.id")` | a reference to a tenant-owned parent; several pairs in one `parent` are one composite reference | none |
/// | `crate = "tenantshield_core"` | the crate whose names the code uses | `tenantshield` |
///
/// On a field: `#[tenant(rename = "name_in_the_database")]` or `#[tenant(skip)]` for a field that
/// is not a column. All other fields are columns, in the order they are written. A raw identifier
/// such as `r#type` is the column `type`.
///
/// `kind` is inferred for `i16`, `i32`, `i64` (integer), `String`, `&str`, `TenantId` (text) and
/// `Uuid` (uuid).
///
/// # Errors
///
/// It does not compile when the tenant column is missing or skipped, when its type cannot be
/// inferred and is not given, when a key names a column that the struct does not have, when two
/// fields are one column, and when a key is unknown or given twice. Enums, unions, tuple structs
/// and unit structs are refused.
///
/// # Security
///
/// A struct is no proof of what the database holds: compare the catalogue built from models with
/// the live database at start.
#[proc_macro_derive(TenantAware, attributes(tenant))]
pub fn derive_tenant_aware(input: TokenStream) -> TokenStream {
    let input = syn::parse_macro_input!(input as syn::DeriveInput);
    expand::expand(&input)
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}
