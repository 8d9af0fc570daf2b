//! One table of the catalogue.

use std::sync::Arc;

use crate::id::TenantType;
use crate::model::TenantAware;

/// What a table is to a tenant.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "who guards tables must handle every kind"
)]
pub enum TableKind {
    /// Never visible to tenants.
    Platform,
    /// The same for all tenants.
    Shared {
        /// Whether tenants may write to it.
        writable: bool,
    },
    /// Each row belongs to one tenant.
    Tenant {
        /// The column that holds it.
        column: Arc<str>,
        /// The type of that column.
        kind: TenantType,
    },
}

impl TableKind {
    /// The name in the catalogue file.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::Shared { .. } => "shared",
            Self::Tenant { .. } => "tenant",
        }
    }
}

/// A table as the catalogue knows it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Table {
    pub(super) name: Arc<str>,
    pub(super) kind: TableKind,
    pub(super) columns: Option<Vec<Arc<str>>>,
    pub(super) unique: Option<Vec<UniqueKey>>,
    pub(super) parents: Vec<Parent>,
    pub(super) model: Option<Arc<str>>,
}

impl Table {
    /// Its name, as the database stores it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is to a tenant.
    #[must_use]
    pub const fn kind(&self) -> &TableKind {
        &self.kind
    }

    /// All its columns; none where the catalogue does not list them.
    #[must_use]
    pub fn columns(&self) -> Option<&[Arc<str>]> {
        self.columns.as_deref()
    }

    /// All its unique keys; none where the catalogue does not list them.
    #[must_use]
    pub fn unique(&self) -> Option<&[UniqueKey]> {
        self.unique.as_deref()
    }

    /// The rows that its rows belong to.
    #[must_use]
    pub fn parents(&self) -> &[Parent] {
        &self.parents
    }

    /// Its name in evidence: the model's, else the table's.
    #[must_use]
    pub fn model(&self) -> &str {
        self.model.as_deref().unwrap_or(&self.name)
    }
}

/// A unique key of a table.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct UniqueKey(pub(super) Key);

#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Key {
    Columns(Vec<Arc<str>>),
    Expression(Arc<str>),
    Partial(Vec<Arc<str>>),
}

impl UniqueKey {
    /// A key on these columns, for every row.
    #[must_use]
    pub fn on<C: AsRef<str>>(columns: impl IntoIterator<Item = C>) -> Self {
        Self(Key::Columns(names(columns)))
    }

    /// A key on these columns, for some rows only.
    #[must_use]
    pub fn partial<C: AsRef<str>>(columns: impl IntoIterator<Item = C>) -> Self {
        Self(Key::Partial(names(columns)))
    }

    /// A key on an expression.
    #[must_use]
    pub fn expression(expression: &str) -> Self {
        Self(Key::Expression(Arc::from(expression)))
    }

    /// Its columns; none where it does not hold for plain columns of every row.
    #[must_use]
    pub fn columns(&self) -> Option<&[Arc<str>]> {
        match &self.0 {
            Key::Columns(columns) => Some(columns),
            Key::Expression(_) | Key::Partial(_) => None,
        }
    }
}

/// A reference to the row that a row belongs to.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Parent {
    pub(super) columns: Vec<Arc<str>>,
    pub(super) schema: Option<Arc<str>>,
    pub(super) table: Arc<str>,
    pub(super) references: Vec<Arc<str>>,
}

impl Parent {
    /// The referring columns.
    #[must_use]
    pub fn columns(&self) -> &[Arc<str>] {
        &self.columns
    }

    /// The parent's schema; none for the first one.
    #[must_use]
    pub fn schema(&self) -> Option<&str> {
        self.schema.as_deref()
    }

    /// The parent's table.
    ///
    /// # Security
    /// It need not be in the catalogue; whoever relies on the parent looks it up and refuses when
    /// it is not there.
    #[must_use]
    pub fn table(&self) -> &str {
        &self.table
    }

    /// The columns referred to, in the same order.
    #[must_use]
    pub fn references(&self) -> &[Arc<str>] {
        &self.references
    }
}

/// A table on its way into a catalogue.
///
/// # Examples
/// ```
/// use tenantshield_core::{Catalog, TableSpec, TenantType, UniqueKey};
///
/// let orders = TableSpec::tenant("orders", "tenant_id", TenantType::Uuid)
///     .with_columns(["id", "tenant_id", "customer_id"])
///     .with_unique([UniqueKey::on(["id"])])
///     .with_parent(["customer_id"], "customers", ["id"]);
/// let catalog = Catalog::builder().tenant_table(orders).build()?;
/// assert!(catalog.table(None, "orders").is_some());
/// # Ok::<(), tenantshield_core::CatalogError>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use]
pub struct TableSpec {
    pub(super) schema: Option<Arc<str>>,
    pub(super) table: Table,
}

impl TableSpec {
    /// A table whose rows each belong to one tenant.
    pub fn tenant(name: &str, column: &str, kind: TenantType) -> Self {
        Self::new(
            name,
            TableKind::Tenant {
                column: Arc::from(column),
                kind,
            },
        )
    }

    /// A table that all tenants read.
    pub fn shared(name: &str) -> Self {
        Self::new(name, TableKind::Shared { writable: false })
    }

    /// A table that all tenants read and write.
    pub fn shared_writable(name: &str) -> Self {
        Self::new(name, TableKind::Shared { writable: true })
    }

    /// A table that no tenant sees.
    pub fn platform(name: &str) -> Self {
        Self::new(name, TableKind::Platform)
    }

    /// The table of a model.
    pub fn of_model<M: TenantAware>() -> Self {
        let mut spec = Self::tenant(M::TABLE, M::TENANT_COLUMN, M::TENANT_TYPE)
            .with_columns(M::COLUMNS)
            .with_model(M::MODEL);
        if let Some(schema) = M::SCHEMA {
            spec = spec.with_schema(schema);
        }
        if !M::UNIQUE.is_empty() {
            spec = spec.with_unique(M::UNIQUE.iter().map(|key| UniqueKey::on(*key)));
        }
        for parent in M::PARENTS {
            spec = spec.with_parent(parent.columns(), parent.table(), parent.references());
        }
        spec
    }

    /// Puts it into another schema than the first.
    pub fn with_schema(mut self, schema: &str) -> Self {
        self.schema = Some(Arc::from(schema));
        self
    }

    /// Lists all its columns.
    pub fn with_columns<C: AsRef<str>>(mut self, columns: impl IntoIterator<Item = C>) -> Self {
        self.table.columns = Some(names(columns));
        self
    }

    /// Lists all its unique keys.
    pub fn with_unique(mut self, keys: impl IntoIterator<Item = UniqueKey>) -> Self {
        self.table.unique = Some(keys.into_iter().collect());
        self
    }

    /// Adds a reference to a parent.
    ///
    /// # Shape
    /// `table` may be preceded by a schema of the catalogue and a dot.
    pub fn with_parent<C: AsRef<str>, R: AsRef<str>>(
        mut self,
        columns: impl IntoIterator<Item = C>,
        table: &str,
        references: impl IntoIterator<Item = R>,
    ) -> Self {
        let (columns, references) = (names(columns), names(references));
        self.table.parents.push(Parent {
            columns,
            schema: None,
            table: table.into(),
            references,
        });
        self
    }

    /// Names it in evidence.
    pub fn with_model(mut self, model: &str) -> Self {
        self.table.model = Some(Arc::from(model));
        self
    }

    fn new(name: &str, kind: TableKind) -> Self {
        let name = Arc::from(name);
        let (columns, unique, parents, model) = (None, None, Vec::new(), None);
        Self {
            schema: None,
            table: Table {
                name,
                kind,
                columns,
                unique,
                parents,
                model,
            },
        }
    }
}

pub(super) fn names<C: AsRef<str>>(names: impl IntoIterator<Item = C>) -> Vec<Arc<str>> {
    names
        .into_iter()
        .map(|name| Arc::from(name.as_ref()))
        .collect()
}
