//! What a struct of the application says about its table.
//!
//! The constants are what `#[derive(TenantAware)]` writes; a catalogue takes them over when the
//! model is registered by name. Nothing is collected behind the program's back.

use crate::id::TenantType;

/// A struct whose rows each belong to one tenant.
///
/// # Shape
/// Usually derived. Names are those of the database, exactly as stored.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a tenant-aware model",
    label = "not a tenant-aware model",
    note = "add `#[derive(TenantAware)]` to `{Self}`, or declare its table shared or platform"
)]
pub trait TenantAware {
    /// The model's name, as evidence writes it.
    const MODEL: &'static str;
    /// The table.
    const TABLE: &'static str;
    /// The schema, where it is not the catalogue's first.
    const SCHEMA: Option<&'static str> = None;
    /// The column that holds the tenant.
    const TENANT_COLUMN: &'static str;
    /// The type of that column.
    const TENANT_TYPE: TenantType = TenantType::Text;
    /// All columns of the table that the model knows.
    const COLUMNS: &'static [&'static str];
    /// Every unique key including the primary one; empty where the model does not say.
    const UNIQUE: &'static [&'static [&'static str]] = &[];
    /// The rows that a row of this model belongs to.
    const PARENTS: &'static [ModelParent] = &[];
}

/// A reference from a model's columns to its parent's.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ModelParent {
    columns: &'static [&'static str],
    table: &'static str,
    references: &'static [&'static str],
}

impl ModelParent {
    /// `columns` of this model refer to `references` of `table`.
    #[must_use]
    pub const fn new(
        columns: &'static [&'static str],
        table: &'static str,
        references: &'static [&'static str],
    ) -> Self {
        Self {
            columns,
            table,
            references,
        }
    }

    /// The referring columns.
    #[must_use]
    pub const fn columns(&self) -> &'static [&'static str] {
        self.columns
    }

    /// The parent's table.
    #[must_use]
    pub const fn table(&self) -> &'static str {
        self.table
    }

    /// The columns referred to, in the same order.
    #[must_use]
    pub const fn references(&self) -> &'static [&'static str] {
        self.references
    }
}
