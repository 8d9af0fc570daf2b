//! The second pass over writes.

use sqlparser::ast::{
    Assignment, AssignmentTarget, Delete, DoUpdate, Expr, FromTable, Ident, Insert, ObjectName,
    OnConflictAction, OnInsert, SelectItem, SetExpr, TableFactor, TableObject, TableWithJoins,
    Update, UpdateTableFromKind,
};
use tenantshield_core::{Action, TenantType};

use super::{Pass, Wanted, split, uncovered};
use crate::name;
use crate::refusal::Refusal;
use crate::relation::{Kind, Relation};
use crate::walk::own_or_raise;

/// A written tenant table.
struct Target<'r> {
    relation: &'r Relation,
    /// The tenant column, folded.
    column: String,
    value: TenantType,
    /// What the written rows have to satisfy.
    predicates: Vec<Wanted>,
}

impl<'p> Pass<'p> {
    pub(super) fn insert(&mut self, insert: &Insert) -> Result<(), Refusal> {
        let TableObject::TableName(table) = &insert.table else {
            return Err(uncovered());
        };
        let alias = insert.table_alias.as_ref().map(|alias| &alias.alias);
        let wanted = self.written(table, alias, Action::Write)?;
        if let Some(target) = &wanted {
            let at = self.position(&insert.columns, &target.column)?;
            for value in inserted(insert, at)? {
                self.own_value(value, target.value, true)?;
            }
            for (column, kind) in self.filters.columns(&target.relation.table, Action::Write) {
                let folded = name::folded(column, self.rules.dialect);
                let at = self.position(&insert.columns, &folded)?;
                let own = self.filter(target.relation, Action::Write, column, *kind)?;
                if inserted(insert, at)?.iter().any(|value| **value != own) {
                    return Err(uncovered());
                }
            }
        }
        if let Some(source) = &insert.source {
            self.query(source)?;
        }
        match (&insert.on, &wanted) {
            (Some(OnInsert::OnConflict(conflict)), wanted) => {
                if let OnConflictAction::DoUpdate(DoUpdate {
                    assignments,
                    selection,
                }) = &conflict.action
                {
                    if let Some(target) = wanted {
                        filtered(selection.as_ref(), &target.predicates)?;
                        self.assigned(assignments, &target.column, target.value)?;
                    }
                    self.nested(assignments)?;
                    self.nested(selection)?;
                }
            }
            (Some(_), _) => return Err(uncovered()),
            (None, _) => {}
        }
        self.nested(&insert.returning)
    }

    pub(super) fn update(&mut self, update: &Update) -> Result<(), Refusal> {
        let (table, alias) = single(&update.table)?;
        if let Some(target) = self.written(table, alias, Action::Write)? {
            filtered(update.selection.as_ref(), &target.predicates)?;
            self.assigned(&update.assignments, &target.column, target.value)?;
        }
        match &update.from {
            None => {}
            Some(UpdateTableFromKind::AfterSet(trees)) => {
                self.sources(trees, update.selection.as_ref())?;
                self.nested(trees)?;
            }
            Some(UpdateTableFromKind::BeforeSet(_)) => return Err(uncovered()),
        }
        self.nested(&update.assignments)?;
        self.nested(&update.selection)?;
        self.nested(&update.returning)
    }

    pub(super) fn delete(&mut self, delete: &Delete) -> Result<(), Refusal> {
        let FromTable::WithFromKeyword(trees) = &delete.from else {
            return Err(uncovered());
        };
        let [tree] = trees.as_slice() else {
            return Err(uncovered());
        };
        let (table, alias) = single(tree)?;
        if let Some(target) = self.written(table, alias, Action::Delete)? {
            filtered(delete.selection.as_ref(), &target.predicates)?;
        }
        if let Some(trees) = &delete.using {
            self.sources(trees, delete.selection.as_ref())?;
            self.nested(trees)?;
        }
        self.nested(&delete.selection)?;
        self.nested(&delete.returning)
    }

    /// What has to hold for a written tenant table; shared ones must be writable.
    fn written(
        &self,
        table: &ObjectName,
        alias: Option<&Ident>,
        action: Action,
    ) -> Result<Option<Target<'p>>, Refusal> {
        let relation = self.relation(table)?.ok_or_else(uncovered)?;
        match &relation.kind {
            Kind::Tenant { column, value } => Ok(Some(Target {
                relation,
                column: name::folded(column, self.rules.dialect),
                value: *value,
                predicates: self.wanted(table, alias, action)?,
            })),
            Kind::Shared { writable: true } => Ok(None),
            Kind::Shared { writable: false } | Kind::Platform => Err(uncovered()),
        }
    }

    fn sources(&self, trees: &[TableWithJoins], selection: Option<&Expr>) -> Result<(), Refusal> {
        let mut conjuncts = Vec::new();
        if let Some(selection) = selection {
            split(selection, &mut conjuncts);
        }
        self.trees(trees, &conjuncts)
    }

    /// The one position of `column` in an insert's list.
    fn position(&self, columns: &[ObjectName], column: &str) -> Result<usize, Refusal> {
        let mut found = columns.iter().enumerate().filter(|(_, name)| {
            name::parts(name).is_ok_and(|parts| {
                parts
                    .last()
                    .is_some_and(|part| name::stored(part, self.rules.dialect) == column)
            })
        });
        match (found.next(), found.next()) {
            (Some((at, _)), None) => Ok(at),
            _ => Err(uncovered()),
        }
    }

    /// `expr` is the tenant's bind, or the check that raises on any other value.
    fn own_value(&self, expr: &Expr, value: TenantType, fill: bool) -> Result<(), Refusal> {
        let own = self.own(value)?;
        let checked = match expr {
            Expr::Case { conditions, .. } => conditions.iter().any(|when| {
                compared(&when.condition).is_some_and(|bind| {
                    *expr == own_or_raise(self.rules.dialect, bind, &own, value, fill)
                })
            }),
            _ => false,
        };
        if *expr == own || checked {
            Ok(())
        } else {
            Err(uncovered())
        }
    }

    fn assigned(
        &self,
        assignments: &[Assignment],
        column: &str,
        value: TenantType,
    ) -> Result<(), Refusal> {
        let is_tenant = |target: &ObjectName| {
            name::parts(target).map_or(true, |parts| {
                parts
                    .iter()
                    .any(|part| name::stored(part, self.rules.dialect) == column)
            })
        };
        for assignment in assignments {
            match &assignment.target {
                AssignmentTarget::ColumnName(target) if is_tenant(target) => {
                    self.own_value(&assignment.value, value, false)?;
                }
                AssignmentTarget::ColumnName(_) => {}
                AssignmentTarget::Tuple(targets) => {
                    if targets.iter().any(is_tenant) {
                        return Err(uncovered());
                    }
                }
            }
        }
        Ok(())
    }
}

fn filtered(selection: Option<&Expr>, wanted: &[Wanted]) -> Result<(), Refusal> {
    let mut conjuncts = Vec::new();
    if let Some(selection) = selection {
        split(selection, &mut conjuncts);
    }
    if wanted.iter().all(|wanted| wanted.is_among(&conjuncts)) {
        Ok(())
    } else {
        Err(uncovered())
    }
}

/// What each new row gets in the column at this position of the list.
fn inserted(insert: &Insert, at: usize) -> Result<Vec<&Expr>, Refusal> {
    let source = insert.source.as_deref().ok_or_else(uncovered)?;
    match &*source.body {
        SetExpr::Values(values) => values
            .rows
            .iter()
            .map(|row| row.content.get(at).ok_or_else(uncovered))
            .collect(),
        SetExpr::Select(select) => {
            let is_one = |item: &SelectItem| {
                matches!(
                    item,
                    SelectItem::UnnamedExpr(_) | SelectItem::ExprWithAlias { .. }
                )
            };
            // Behind a wildcard only the distance from the end is known.
            let index = if select.projection.iter().all(is_one) {
                Some(at)
            } else {
                (select.projection.len() + at).checked_sub(insert.columns.len())
            };
            let rest = index.and_then(|index| select.projection.get(index..));
            match rest {
                Some(
                    [
                        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. },
                        behind @ ..,
                    ],
                ) if behind.iter().all(is_one) => Ok(vec![expr]),
                _ => Err(uncovered()),
            }
        }
        _ => Err(uncovered()),
    }
}

/// The application's bind in `bind = own`, without the cast that the check adds.
fn compared(condition: &Expr) -> Option<&Expr> {
    let Expr::BinaryOp { left, .. } = condition else {
        return None;
    };
    match &**left {
        Expr::Cast { expr, .. } => match &**expr {
            Expr::Nested(inner) => Some(inner),
            _ => None,
        },
        other => Some(other),
    }
}

fn single(tree: &TableWithJoins) -> Result<(&ObjectName, Option<&Ident>), Refusal> {
    match (&tree.relation, tree.joins.is_empty()) {
        (
            TableFactor::Table {
                name,
                alias,
                args: None,
                ..
            },
            true,
        ) => Ok((name, alias.as_ref().map(|alias| &alias.name))),
        _ => Err(uncovered()),
    }
}
