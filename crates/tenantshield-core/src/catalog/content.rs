//! The catalogue itself, and finding things in it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::catalog::error::{CatalogError, Origin};
use crate::catalog::table::{Key, Table, TableKind};
use crate::id::TenantType;

/// Which tables belong to tenants, and how.
///
/// # Shape
/// Immutable. Names are those of the database, compared bytewise; folding is the guard's.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Catalog {
    pub(super) schemas: Vec<Arc<str>>,
    pub(super) tables: BTreeMap<(Option<Arc<str>>, Arc<str>), Table>,
    pub(super) functions: BTreeSet<String>,
    pub(super) fingerprint: u64,
}

impl Catalog {
    /// The schemas that it names, in order; the first one holds unqualified names.
    ///
    /// # Shape
    /// Empty where it names none: then the first schema is the database's own default (`public`,
    /// `main`), and further ones are those of [`Catalog::tables`].
    #[must_use]
    pub fn schemas(&self) -> &[Arc<str>] {
        &self.schemas
    }

    /// A table by its exact name.
    ///
    /// # Shape
    /// No schema, or the name of the first one, is the first schema.
    #[must_use]
    pub fn table(&self, schema: Option<&str>, name: &str) -> Option<&Table> {
        let schema = schema.filter(|schema| self.schemas.first().map(|s| &**s) != Some(*schema));
        self.tables.get(&(schema.map(Arc::from), Arc::from(name)))
    }

    /// All tables, sorted; the schema is none for the first one.
    pub fn tables(&self) -> impl Iterator<Item = (Option<&str>, &Table)> {
        self.tables
            .iter()
            .map(|((schema, _), table)| (schema.as_deref(), table))
    }

    /// The functions that are allowed beyond the built-in ones.
    #[must_use]
    pub const fn functions(&self) -> &BTreeSet<String> {
        &self.functions
    }

    /// The types of the tenant columns.
    #[must_use]
    pub fn tenant_types(&self) -> BTreeSet<TenantType> {
        let kinds = self.tables.values().map(Table::kind);
        kinds
            .filter_map(|kind| match kind {
                TableKind::Tenant { kind, .. } => Some(*kind),
                TableKind::Platform | TableKind::Shared { .. } => None,
            })
            .collect()
    }

    /// The one type of all tenant columns; text where there are none.
    ///
    /// # Errors
    /// [`CatalogError`] when tables disagree.
    pub fn tenant_type(&self) -> Result<TenantType, CatalogError> {
        let types = self.tenant_types();
        match types.first() {
            Some(_) if types.len() > 1 => Err(CatalogError::new(
                Origin::Program,
                "tenant_type",
                "tenant columns have different types",
                "give all tenant columns one type, or bind the tenant per table",
            )),
            Some(only) => Ok(*only),
            None => Ok(TenantType::Text),
        }
    }

    /// A number that is the same for the same content, on every run and machine.
    ///
    /// # Security
    /// For cache keys; it is not a cryptographic hash.
    #[must_use]
    pub const fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    pub(super) fn seal(mut self) -> Self {
        self.fingerprint = fingerprint(&self);
        self
    }
}

/// FNV-1a over length-prefixed fields, so that moving a boundary changes the number.
struct Fnv(u64);

impl Fnv {
    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    fn text(&mut self, text: &str) {
        self.bytes(&(text.len() as u64).to_le_bytes());
        self.bytes(text.as_bytes());
    }

    fn texts(&mut self, texts: &[Arc<str>]) {
        self.bytes(&(texts.len() as u64).to_le_bytes());
        for text in texts {
            self.text(text);
        }
    }

    fn optional(&mut self, text: Option<&str>) {
        self.bytes(&[u8::from(text.is_some())]);
        self.text(text.unwrap_or_default());
    }
}

fn fingerprint(catalog: &Catalog) -> u64 {
    let mut hash = Fnv(0xcbf2_9ce4_8422_2325);
    hash.texts(&catalog.schemas);
    for ((schema, name), table) in &catalog.tables {
        hash.text("table");
        hash.optional(schema.as_deref());
        hash.text(name);
        hash.text(table.kind.as_str());
        match &table.kind {
            TableKind::Platform => {}
            TableKind::Shared { writable } => hash.bytes(&[u8::from(*writable)]),
            TableKind::Tenant { column, kind } => {
                hash.text(column);
                hash.text(kind.as_str());
            }
        }
        hash.bytes(&[u8::from(table.columns.is_some())]);
        hash.texts(table.columns.as_deref().unwrap_or_default());
        hash.bytes(&[u8::from(table.unique.is_some())]);
        for key in table.unique.as_deref().unwrap_or_default() {
            hash.text("key");
            match &key.0 {
                Key::Columns(columns) => {
                    hash.text("columns");
                    hash.texts(columns);
                }
                Key::Expression(expression) => {
                    hash.text("expression");
                    hash.text(expression);
                }
                Key::Partial(columns) => {
                    hash.text("partial");
                    hash.texts(columns);
                }
            }
        }
        for parent in &table.parents {
            hash.text("parent");
            hash.texts(&parent.columns);
            hash.optional(parent.schema.as_deref());
            hash.text(&parent.table);
            hash.texts(&parent.references);
        }
        hash.optional(table.model.as_deref());
    }
    for function in &catalog.functions {
        hash.text("function");
        hash.text(function);
    }
    hash.0
}
