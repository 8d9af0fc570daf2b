//! Collects tables and checks that they make sense together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::catalog::content::Catalog;
use crate::catalog::error::{CatalogError, Origin};
use crate::catalog::table::{Key, Parent, Table, TableKind, TableSpec, names};
use crate::model::TenantAware;

/// Collects tables into a [`Catalog`].
///
/// # Shape
/// The same table twice is fine if both say the same.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct CatalogBuilder {
    origin: Origin,
    schemas: Vec<Arc<str>>,
    tables: Vec<TableSpec>,
    functions: BTreeSet<String>,
}

type Tables = BTreeMap<(Option<Arc<str>>, Arc<str>), Table>;

impl Catalog {
    /// Starts an empty catalogue.
    pub fn builder() -> CatalogBuilder {
        CatalogBuilder::default()
    }
}

impl CatalogBuilder {
    pub(super) fn of_file() -> Self {
        Self {
            origin: Origin::File,
            ..Self::default()
        }
    }

    /// Names the schemas; the first one holds tables that name none.
    pub fn schemas<S: AsRef<str>>(mut self, schemas: impl IntoIterator<Item = S>) -> Self {
        self.schemas = names(schemas);
        self
    }

    /// Registers the table of a model.
    pub fn model<M: TenantAware>(self) -> Self {
        self.table(TableSpec::of_model::<M>())
    }

    /// Registers a table that all tenants read.
    pub fn shared(self, name: &str) -> Self {
        self.table(TableSpec::shared(name))
    }

    /// Registers a table that no tenant sees.
    pub fn platform(self, name: &str) -> Self {
        self.table(TableSpec::platform(name))
    }

    /// Registers a table of tenants.
    pub fn tenant_table(self, spec: TableSpec) -> Self {
        self.table(spec)
    }

    /// Registers a table of any kind.
    pub fn table(mut self, spec: TableSpec) -> Self {
        self.tables.push(spec);
        self
    }

    /// Allows a function beyond the built-in ones.
    ///
    /// # Security
    /// It runs with the statement's rights: only a function that reads nothing of other tenants
    /// belongs here.
    pub fn allow_function(mut self, name: impl Into<String>) -> Self {
        self.functions.insert(name.into());
        self
    }

    /// Checks everything together.
    ///
    /// # Errors
    /// [`CatalogError`]: a table registered twice with different content, a tenant table without
    /// its tenant column, keys or parents of columns that are not there, an empty name, a schema
    /// that is not listed.
    pub fn build(self) -> Result<Catalog, CatalogError> {
        self.check_names()?;
        let mut tables = Tables::new();
        for spec in &self.tables {
            let schema = self.schema(spec)?;
            let place = place(schema.as_deref(), &spec.table.name);
            self.check_table(&spec.table, &place)?;
            let key = (schema, Arc::clone(&spec.table.name));
            let table = spec.table.clone();
            if let Some(known) = tables
                .insert(key, table)
                .filter(|known| *known != spec.table)
            {
                return Err(self.twice(&known, &spec.table, &place));
            }
        }
        let resolved = self.resolve_parents(&tables)?;
        let (schemas, functions) = (self.schemas, self.functions);
        Ok(Catalog {
            schemas,
            tables: resolved,
            functions,
            fingerprint: 0,
        }
        .seal())
    }

    fn error(
        &self,
        place: impl Into<String>,
        problem: impl Into<String>,
        hint: &'static str,
    ) -> CatalogError {
        CatalogError::new(self.origin, place, problem, hint)
    }

    fn check_names(&self) -> Result<(), CatalogError> {
        let usable = |name: &str| !name.is_empty() && !name.contains('\0');
        let mut seen = BTreeSet::new();
        for schema in &self.schemas {
            if !usable(schema) || !seen.insert(schema) {
                let problem = format!("the schema name `{schema}` is empty or repeated");
                return Err(self.error("schemas", problem, "name each schema once"));
            }
        }
        for function in &self.functions {
            if !usable(function) {
                return Err(self.error(
                    "functions.allow",
                    "a function has no name",
                    "write the function's name as statements call it",
                ));
            }
        }
        for TableSpec { schema, table } in &self.tables {
            let mut columns = table.columns.iter().flatten();
            if !usable(&table.name)
                || schema.as_ref().is_some_and(|schema| !usable(schema))
                || !columns.all(|column| usable(column))
            {
                return Err(self.error(
                    place(schema.as_deref(), &table.name),
                    "a schema, table or column has an empty name",
                    "write names as the database stores them",
                ));
            }
        }
        Ok(())
    }

    /// The first schema is kept as none, however it was written.
    fn schema(&self, spec: &TableSpec) -> Result<Option<Arc<str>>, CatalogError> {
        let Some(schema) = &spec.schema else {
            return Ok(None);
        };
        if self.schemas.first() == Some(schema) {
            return Ok(None);
        }
        if !self.schemas.is_empty() && !self.schemas.contains(schema) {
            return Err(self.error(
                place(Some(schema), &spec.table.name),
                format!("the schema `{schema}` is not listed"),
                "add the schema to `schemas`",
            ));
        }
        Ok(Some(Arc::clone(schema)))
    }

    fn check_table(&self, table: &Table, place: &str) -> Result<(), CatalogError> {
        if let Some(twice) = table.columns.as_deref().and_then(repeated) {
            let problem = format!("the column `{twice}` is listed twice");
            let place = format!("{place}.columns");
            return Err(self.error(place, problem, "list each column once"));
        }
        if let TableKind::Tenant { column, .. } = &table.kind
            && (column.is_empty()
                || table
                    .columns
                    .as_ref()
                    .is_some_and(|all| !all.contains(column)))
        {
            return Err(self.error(
                format!("{place}.columns"),
                format!("the tenant column `{column}` is not among the columns"),
                "add the tenant column, name the right one with `tenant_column`, or declare the \
                 table shared or platform",
            ));
        }
        for key in table.unique.iter().flatten() {
            match &key.0 {
                Key::Columns(columns) | Key::Partial(columns) => {
                    self.check_columns(table, columns, &format!("{place}.unique"))?;
                }
                Key::Expression(expression) if expression.is_empty() => {
                    return Err(self.error(
                        format!("{place}.unique"),
                        "an expression is empty",
                        "write the expression, or list the key's columns",
                    ));
                }
                Key::Expression(_) => {}
            }
        }
        for parent in &table.parents {
            let place = format!("{place}.parents");
            self.check_columns(table, &parent.columns, &place)?;
            let fits = parent.columns.len() == parent.references.len();
            if !fits || parent.table.is_empty() || parent.references.iter().any(|c| c.is_empty()) {
                return Err(self.error(
                    place,
                    "a parent needs a table and one referenced column for each column",
                    "write { columns = [..], table = \"..\", references = [..] } of equal length",
                ));
            }
        }
        Ok(())
    }

    fn check_columns(
        &self,
        table: &Table,
        columns: &[Arc<str>],
        place: &str,
    ) -> Result<(), CatalogError> {
        if columns.is_empty() || columns.iter().any(|column| column.is_empty()) {
            return Err(self.error(place, "it names no column", "name at least one column"));
        }
        if let Some(twice) = repeated(columns) {
            let problem = format!("the column `{twice}` is named twice");
            return Err(self.error(place, problem, "name each column once"));
        }
        let Some(all) = &table.columns else {
            return Ok(());
        };
        match columns.iter().find(|column| !all.contains(column)) {
            None => Ok(()),
            Some(unknown) => {
                let problem = format!("the column `{unknown}` is not among the table's columns");
                Err(self.error(place, problem, "add it to `columns` or correct its name"))
            }
        }
    }

    fn twice(&self, known: &Table, other: &Table, place: &str) -> CatalogError {
        let problem = match (&known.kind, &other.kind) {
            (TableKind::Tenant { column: a, .. }, TableKind::Tenant { column: b, .. })
                if a != b =>
            {
                format!("it is registered with the tenant column `{a}` and with `{b}`")
            }
            _ => "it is registered twice with different content".to_owned(),
        };
        self.error(
            place,
            problem,
            "register each table once, or the same way each time",
        )
    }

    fn resolve_parents(&self, tables: &Tables) -> Result<Tables, CatalogError> {
        let mut resolved = tables.clone();
        for ((schema, name), table) in &mut resolved {
            for parent in &mut table.parents {
                let (of, path) = self.find_parent(tables, schema.as_ref(), parent);
                parent.schema = of;
                parent.table = path;
                let key = (parent.schema.clone(), Arc::clone(&parent.table));
                let columns = tables.get(&key).and_then(|parent| parent.columns.as_ref());
                let unknown = parent
                    .references
                    .iter()
                    .find(|column| columns.is_some_and(|all| !all.contains(column)));
                if let Some(unknown) = unknown {
                    return Err(self.error(
                        format!("{}.parents", place(schema.as_deref(), name)),
                        format!("the parent `{}` has no column `{unknown}`", parent.table),
                        "refer to a column of the parent's `columns`",
                    ));
                }
            }
        }
        Ok(resolved)
    }

    fn find_parent(
        &self,
        tables: &Tables,
        beside: Option<&Arc<str>>,
        parent: &Parent,
    ) -> (Option<Arc<str>>, Arc<str>) {
        let first = |schema: &Arc<str>| self.schemas.first() == Some(schema);
        let keyed = |schema: &Arc<str>| (!first(schema)).then(|| Arc::clone(schema));
        if let Some(schema) = &parent.schema {
            return (keyed(schema), Arc::clone(&parent.table));
        }
        let is_there = |schema: Option<&Arc<str>>, name: &Arc<str>| {
            tables.contains_key(&(schema.cloned(), Arc::clone(name)))
        };
        for schema in [beside, None] {
            if is_there(schema, &parent.table) {
                return (schema.cloned(), Arc::clone(&parent.table));
            }
        }
        if let Some((schema, name)) = parent.table.split_once('.') {
            let schema: Arc<str> = Arc::from(schema);
            let named = tables
                .keys()
                .any(|(known, _)| known.as_ref() == Some(&schema));
            if named || self.schemas.contains(&schema) {
                return (keyed(&schema), Arc::from(name));
            }
        }
        (beside.cloned(), Arc::clone(&parent.table))
    }
}

fn place(schema: Option<&str>, table: &str) -> String {
    match schema {
        None => format!("tables.{table}"),
        Some(schema) => format!("schemas.{schema}.tables.{table}"),
    }
}

fn repeated(columns: &[Arc<str>]) -> Option<&Arc<str>> {
    let mut seen = BTreeSet::new();
    columns.iter().find(|column| !seen.insert(*column))
}
