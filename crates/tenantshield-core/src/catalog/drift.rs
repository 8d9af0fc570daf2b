//! Differences between two catalogues: the written one, the models', the live database's.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use crate::catalog::content::Catalog;
use crate::catalog::table::{Key, Table, TableKind, UniqueKey};

/// One difference between two catalogues.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Drift {
    table: String,
    kind: DriftKind,
    ours: String,
    theirs: String,
}

/// In what two catalogues differ.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum DriftKind {
    /// The lists of columns.
    Columns,
    /// Tenant, shared or platform.
    Kind,
    /// The table is only in the other one.
    MissingHere,
    /// The table is only in this one.
    MissingThere,
    /// A parent of this one that the other one does not have.
    Parents,
    /// The tenant column.
    TenantColumn,
    /// The type of the tenant column.
    TenantType,
    /// The unique keys.
    Unique,
}

impl Drift {
    /// The table, with its schema where that is not the first.
    #[must_use]
    pub fn table(&self) -> &str {
        &self.table
    }

    /// In what they differ.
    #[must_use]
    pub const fn kind(&self) -> DriftKind {
        self.kind
    }

    /// What this catalogue says.
    #[must_use]
    pub fn ours(&self) -> &str {
        &self.ours
    }

    /// What the other one says.
    #[must_use]
    pub fn theirs(&self) -> &str {
        &self.theirs
    }
}

impl fmt::Display for Drift {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            DriftKind::Columns => "columns",
            DriftKind::Kind => "kind",
            DriftKind::MissingHere => "is in the other catalogue only",
            DriftKind::MissingThere => "is in this catalogue only",
            DriftKind::Parents => "parents",
            DriftKind::TenantColumn => "tenant column",
            DriftKind::TenantType => "tenant type",
            DriftKind::Unique => "unique keys",
        };
        match self.kind {
            DriftKind::MissingHere | DriftKind::MissingThere => {
                write!(formatter, "the table `{}` {what}", self.table)
            }
            _ => {
                let (table, ours, theirs) = (&self.table, &self.ours, &self.theirs);
                write!(
                    formatter,
                    "the table `{table}`: {what} `{ours}` here, `{theirs}` there"
                )
            }
        }
    }
}

impl Catalog {
    /// Compares with another catalogue, usually the live database's.
    ///
    /// # Shape
    /// Empty when they agree. Lists that one side does not give (`columns`, `unique`) are not
    /// compared, their order does not count; functions and model names are not compared. A parent
    /// that only the other one has is no difference.
    #[must_use]
    pub fn drift(&self, other: &Self) -> Vec<Drift> {
        let mut found = Vec::new();
        for (key, table) in &self.tables {
            let name = full_name(key.0.as_deref(), &key.1);
            match other.tables.get(key) {
                Some(theirs) => compare(&name, table, theirs, &mut found),
                None => found.push(drift(
                    &name,
                    DriftKind::MissingThere,
                    table.kind.as_str(),
                    "",
                )),
            }
        }
        for (key, table) in &other.tables {
            if !self.tables.contains_key(key) {
                let name = full_name(key.0.as_deref(), &key.1);
                found.push(drift(
                    &name,
                    DriftKind::MissingHere,
                    "",
                    table.kind.as_str(),
                ));
            }
        }
        found
    }
}

fn compare(name: &str, ours: &Table, theirs: &Table, found: &mut Vec<Drift>) {
    match (&ours.kind, &theirs.kind) {
        (TableKind::Tenant { column: a, kind: x }, TableKind::Tenant { column: b, kind: y }) => {
            if a != b {
                found.push(drift(name, DriftKind::TenantColumn, a, b));
            }
            if x != y {
                found.push(drift(name, DriftKind::TenantType, x.as_str(), y.as_str()));
            }
        }
        (a, b) if a != b => found.push(drift(name, DriftKind::Kind, kind(a), kind(b))),
        _ => {}
    }
    if let (Some(a), Some(b)) = (&ours.columns, &theirs.columns) {
        let (a, b): (BTreeSet<_>, BTreeSet<_>) = (a.iter().collect(), b.iter().collect());
        if a != b {
            let list = |all: &BTreeSet<&Arc<str>>, known: &BTreeSet<&Arc<str>>| {
                let only: Vec<&str> = all.difference(known).map(|column| &***column).collect();
                only.join(", ")
            };
            found.push(drift(
                name,
                DriftKind::Columns,
                &list(&a, &b),
                &list(&b, &a),
            ));
        }
    }
    if let (Some(a), Some(b)) = (&ours.unique, &theirs.unique) {
        let keys = |keys: &[UniqueKey]| -> BTreeSet<String> {
            keys.iter().map(|key| key_text(&key.0)).collect()
        };
        let (a, b) = (keys(a), keys(b));
        if a != b {
            let list = |all: BTreeSet<String>| all.into_iter().collect::<Vec<_>>().join(" ");
            found.push(drift(name, DriftKind::Unique, &list(a), &list(b)));
        }
    }
    for parent in &ours.parents {
        if !theirs.parents.contains(parent) {
            let to = full_name(parent.schema(), parent.table());
            found.push(drift(name, DriftKind::Parents, &to, ""));
        }
    }
}

const fn kind(kind: &TableKind) -> &'static str {
    match kind {
        TableKind::Shared { writable: true } => "shared, writable",
        TableKind::Platform | TableKind::Shared { .. } | TableKind::Tenant { .. } => kind.as_str(),
    }
}

/// The columns of a key in sorted order: their order decides about an index, not about uniqueness.
fn key_text(key: &Key) -> String {
    match key {
        Key::Columns(columns) => format!("({})", sorted(columns)),
        Key::Expression(_) => "(expression)".to_owned(),
        Key::Partial(columns) => format!("(partial {})", sorted(columns)),
    }
}

fn sorted(columns: &[Arc<str>]) -> String {
    let columns: BTreeSet<&str> = columns.iter().map(|column| &**column).collect();
    columns.into_iter().collect::<Vec<_>>().join(", ")
}

fn full_name(schema: Option<&str>, table: &str) -> String {
    schema.map_or_else(|| table.to_owned(), |schema| format!("{schema}.{table}"))
}

fn drift(table: &str, kind: DriftKind, ours: &str, theirs: &str) -> Drift {
    Drift {
        table: table.to_owned(),
        kind,
        ours: ours.to_owned(),
        theirs: theirs.to_owned(),
    }
}
