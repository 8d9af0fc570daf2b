//! The catalogue as the guard looks it up.
//!
//! *Why:* the catalogue keeps names as the database stores them; a statement spells them as it
//! likes. This index folds once, when the guard is built, so that a lookup is one hash.

use std::collections::HashMap;
use std::sync::Arc;

use tenantshield_core::{Catalog, Table, TableKind, TenantType};

use crate::dialect::Dialect;
use crate::name;

/// What a relation is to a tenant.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Platform,
    Shared { writable: bool },
    Tenant { column: Arc<str>, value: TenantType },
}

/// One relation of the catalogue.
#[derive(Debug)]
pub(crate) struct Relation {
    pub(crate) table: Arc<str>,
    pub(crate) model: Arc<str>,
    pub(crate) kind: Kind,
    /// All columns as stored, none where the catalogue does not list them.
    pub(crate) columns: Option<Vec<Arc<str>>>,
    /// The columns of each unique key; none where one of them is unknown, partial or an expression.
    pub(crate) unique: Option<Vec<Vec<Arc<str>>>>,
}

impl Relation {
    fn new(schema: &str, default: bool, table: &Table) -> Self {
        let kind = match table.kind() {
            TableKind::Platform => Kind::Platform,
            TableKind::Shared { writable } => Kind::Shared {
                writable: *writable,
            },
            TableKind::Tenant { column, kind } => Kind::Tenant {
                column: Arc::clone(column),
                value: *kind,
            },
        };
        let full = if default {
            table.name().to_owned()
        } else {
            format!("{schema}.{}", table.name())
        };
        let model = if table.model() == table.name() {
            full.clone()
        } else {
            table.model().to_owned()
        };
        Self {
            table: full.into(),
            model: model.into(),
            kind,
            columns: table.columns().map(<[Arc<str>]>::to_vec),
            unique: table.unique().and_then(|keys| {
                keys.iter()
                    .map(|key| key.columns().map(<[Arc<str>]>::to_vec))
                    .collect()
            }),
        }
    }

    /// Whether the catalogue lists `column` for this relation; none where it lists no columns.
    pub(crate) fn has_column(&self, column: &str, dialect: Dialect) -> Option<bool> {
        let columns = self.columns.as_ref()?;
        Some(
            columns
                .iter()
                .any(|known| name::folded(known, dialect) == column),
        )
    }

    pub(crate) const fn is_tenant(&self) -> bool {
        matches!(self.kind, Kind::Tenant { .. })
    }
}

/// All relations by folded schema and name.
#[derive(Debug)]
pub(crate) struct Index {
    by_name: HashMap<(String, String), Arc<Relation>>,
    schemas: Vec<String>,
}

impl Index {
    /// The index, none when two names of the catalogue are one to the dialect.
    pub(crate) fn new(catalog: &Catalog, dialect: Dialect) -> Option<Self> {
        let mut schemas: Vec<String> = catalog
            .schemas()
            .iter()
            .map(|schema| name::folded(schema, dialect))
            .collect();
        if schemas.is_empty() {
            schemas.push(dialect.default_schema().to_owned());
        }
        let default = schemas.first().cloned().unwrap_or_default();
        let by_name = catalog
            .tables()
            .map(|(schema, table)| {
                let schema = schema.map_or_else(|| default.clone(), |s| name::folded(s, dialect));
                let relation = Relation::new(&schema, schema == default, table);
                (
                    (schema, name::folded(table.name(), dialect)),
                    Arc::new(relation),
                )
            })
            .collect::<HashMap<_, _>>();
        if by_name.len() != catalog.tables().count() {
            return None;
        }
        for (schema, _) in by_name.keys() {
            if !schemas.contains(schema) {
                schemas.push(schema.clone());
            }
        }
        Some(Self { by_name, schemas })
    }

    /// The relation behind an unqualified name: it lies in the first listed schema.
    pub(crate) fn unqualified(&self, table: &str) -> Option<&Arc<Relation>> {
        let schema = self.schemas.first()?;
        self.by_name.get(&(schema.clone(), table.to_owned()))
    }

    pub(crate) fn qualified(&self, schema: &str, table: &str) -> Option<&Arc<Relation>> {
        self.by_name.get(&(schema.to_owned(), table.to_owned()))
    }

    pub(crate) fn has_schema(&self, schema: &str) -> bool {
        self.schemas.iter().any(|known| known == schema)
    }
}
