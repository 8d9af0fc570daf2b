//! The second pass: every tenant relation of the text that leaves is covered.
//!
//! *Why:* the walk adds predicates by clever rules about joins. This pass knows none of them. It
//! asks one thing of each table of each SELECT and of each write: is there a conjunct that rejects
//! foreign rows, in a place where it rejects them? It finds subqueries with the parser's own
//! generated visitor, not with the walk's recursion, so that a node one forgets the other sees.

mod write;

use std::ops::ControlFlow;
use std::sync::Arc;

use sqlparser::ast::{
    BinaryOperator, Cte, DataType, Expr, Ident, JoinConstraint, ObjectName, Query, Select, SetExpr,
    Statement, TableFactor, TableWithJoins, Visit, Visitor,
};
use tenantshield_core::{Action, TenantType};

use crate::code;
use crate::dialect::Dialect;
use crate::filter::{FilterKind, Filters};
use crate::judgement::Slot;
use crate::name;
use crate::place::{self, Side};
use crate::predicate;
use crate::refusal::Refusal;
use crate::relation::{Kind, Relation};
use crate::walk::Rules;

/// Refuses a statement in which some tenant relation is not covered.
pub(crate) fn covered(
    statement: &Statement,
    rules: &Rules,
    filters: &Filters,
    declared: usize,
    slots: &[Slot],
) -> Result<(), Refusal> {
    Pass {
        rules,
        filters,
        declared,
        slots,
        ctes: Vec::new(),
    }
    .statement(statement)
}

/// A conjunct that has to stand somewhere: this column is this bind.
#[derive(Debug)]
struct Wanted {
    column: Expr,
    own: Expr,
}

impl Wanted {
    fn is(&self, conjunct: &Expr) -> bool {
        match conjunct {
            Expr::BinaryOp {
                left,
                op: BinaryOperator::Eq,
                right,
            }
            | Expr::IsNotDistinctFrom(left, right) => **left == self.column && **right == self.own,
            _ => false,
        }
    }

    fn is_among(&self, conjuncts: &[&Expr]) -> bool {
        conjuncts.iter().any(|conjunct| self.is(conjunct))
    }
}

/// One base table and where conjuncts that reject its rows may stand.
struct Table<'t> {
    name: &'t ObjectName,
    alias: Option<&'t Ident>,
    /// Ordinals of the joins whose ON filters this table.
    joins: Vec<usize>,
}

struct Pass<'p> {
    rules: &'p Rules,
    filters: &'p Filters,
    declared: usize,
    slots: &'p [Slot],
    ctes: Vec<String>,
}

impl<'p> Pass<'p> {
    fn statement(&mut self, statement: &Statement) -> Result<(), Refusal> {
        match statement {
            Statement::Query(query) => self.query(query),
            Statement::Insert(insert) => self.insert(insert),
            Statement::Update(update) => self.update(update),
            Statement::Delete(delete) => self.delete(delete),
            Statement::StartTransaction { .. }
            | Statement::Commit { .. }
            | Statement::Rollback { .. }
            | Statement::Savepoint { .. }
            | Statement::ReleaseSavepoint { .. } => Ok(()),
            _ => Err(uncovered()),
        }
    }

    fn query(&mut self, query: &Query) -> Result<(), Refusal> {
        let mark = self.ctes.len();
        if let Some(with) = &query.with {
            let ahead = with.recursive || self.rules.dialect == Dialect::Sqlite;
            if ahead {
                let names: Vec<_> = with
                    .cte_tables
                    .iter()
                    .map(|cte| self.cte_name(cte))
                    .collect();
                self.ctes.extend(names);
            }
            for cte in &with.cte_tables {
                self.query(&cte.query)?;
                if !ahead {
                    let name = self.cte_name(cte);
                    self.ctes.push(name);
                }
            }
        }
        self.body(&query.body)?;
        self.nested(&query.order_by)?;
        self.nested(&query.limit_clause)?;
        self.nested(&query.fetch)?;
        self.ctes.truncate(mark);
        Ok(())
    }

    fn cte_name(&self, cte: &Cte) -> String {
        name::stored(&cte.alias.name, self.rules.dialect)
    }

    fn body(&mut self, body: &SetExpr) -> Result<(), Refusal> {
        match body {
            SetExpr::Select(select) => self.select(select),
            SetExpr::Query(query) => self.query(query),
            SetExpr::SetOperation { left, right, .. } => {
                self.body(left)?;
                self.body(right)
            }
            SetExpr::Values(values) => self.nested(values),
            SetExpr::Insert(statement)
            | SetExpr::Update(statement)
            | SetExpr::Delete(statement) => self.statement(statement),
            SetExpr::Merge(_) | SetExpr::Table(_) => Err(uncovered()),
        }
    }

    fn select(&mut self, select: &Select) -> Result<(), Refusal> {
        let mut conjuncts = Vec::new();
        if let Some(selection) = &select.selection {
            split(selection, &mut conjuncts);
        }
        self.trees(&select.from, &conjuncts)?;
        self.nested(select)
    }

    /// Every tenant table of `trees` is covered by `selection` or by an ON that filters it.
    fn trees(&self, trees: &[TableWithJoins], selection: &[&Expr]) -> Result<(), Refusal> {
        for tree in trees {
            let mut tables = Vec::new();
            let mut conditions = Vec::new();
            collect(tree, &mut tables, &mut conditions)?;
            for table in &tables {
                for wanted in self.wanted(table.name, table.alias, Action::Read)? {
                    let in_join = table.joins.iter().any(|join| {
                        conditions
                            .get(*join)
                            .is_some_and(|condition: &Vec<&Expr>| wanted.is_among(condition))
                    });
                    if !in_join && !wanted.is_among(selection) {
                        return Err(uncovered());
                    }
                }
            }
        }
        Ok(())
    }

    /// The conjuncts that have to stand somewhere for this table: the tenant's and the policy's;
    /// none where the table is no tenant's.
    fn wanted(
        &self,
        table: &ObjectName,
        alias: Option<&Ident>,
        action: Action,
    ) -> Result<Vec<Wanted>, Refusal> {
        let Some(relation) = self.relation(table)? else {
            return Ok(Vec::new());
        };
        let Kind::Tenant { column, value } = &relation.kind else {
            return if relation.kind == Kind::Platform {
                Err(uncovered())
            } else {
                Ok(Vec::new())
            };
        };
        let alias = match alias {
            Some(alias) => alias.clone(),
            None => name::parts(table)?.pop().cloned().ok_or_else(uncovered)?,
        };
        let mut wanted = vec![Wanted {
            column: predicate::column(&alias, column),
            own: self.own(*value)?,
        }];
        for (column, kind) in self.filters.columns(&relation.table, action) {
            wanted.push(Wanted {
                column: predicate::column(&alias, column),
                own: self.filter(relation, action, column, *kind)?,
            });
        }
        Ok(wanted)
    }

    fn relation(&self, table: &ObjectName) -> Result<Option<&'p Relation>, Refusal> {
        let parts: Vec<String> = name::parts(table)?
            .into_iter()
            .map(|part| name::stored(part, self.rules.dialect))
            .collect();
        let index = &self.rules.index;
        let found = match parts.as_slice() {
            [table] if self.ctes.contains(table) => return Ok(None),
            [table] => index.unqualified(table),
            [schema, table] => index.qualified(schema, table),
            _ => None,
        };
        found
            .map(|relation| Some(&**relation))
            .ok_or_else(uncovered)
    }

    /// The tenant's bind, if the walk reserved one of this type.
    fn own(&self, value: TenantType) -> Result<Expr, Refusal> {
        self.bind(&Slot::Tenant(value), predicate::tenant_type(value))
    }

    /// The bind of a policy's filter, if the walk reserved one.
    fn filter(
        &self,
        relation: &Relation,
        action: Action,
        column: &Arc<str>,
        kind: FilterKind,
    ) -> Result<Expr, Refusal> {
        let slot = Slot::Filter {
            table: Arc::clone(&relation.table),
            action,
            column: Arc::clone(column),
            kind,
        };
        self.bind(&slot, predicate::filter_type(kind))
    }

    fn bind(&self, slot: &Slot, data_type: DataType) -> Result<Expr, Refusal> {
        let position = self
            .slots
            .iter()
            .position(|known| known == slot)
            .ok_or_else(uncovered)?;
        let index = self.declared + position + 1;
        Ok(predicate::typed_bind(self.rules.dialect, index, data_type))
    }

    /// Checks every query inside `node` that no other query inside `node` contains.
    fn nested<N: Visit>(&mut self, node: &N) -> Result<(), Refusal> {
        let mut visitor = Outermost {
            pass: self,
            depth: 0,
        };
        match node.visit(&mut visitor) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(refusal) => Err(refusal),
        }
    }
}

/// Hands each outermost query to the pass, which descends by itself.
struct Outermost<'v, 'p> {
    pass: &'v mut Pass<'p>,
    depth: usize,
}

impl Visitor for Outermost<'_, '_> {
    type Break = Refusal;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Refusal> {
        self.depth += 1;
        if self.depth == 1
            && let Err(refusal) = self.pass.query(query)
        {
            return ControlFlow::Break(refusal);
        }
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _query: &Query) -> ControlFlow<Refusal> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }
}

/// Lists the base tables of a tree, and the conjuncts of each ON in reading order.
fn collect<'t>(
    tree: &'t TableWithJoins,
    tables: &mut Vec<Table<'t>>,
    conditions: &mut Vec<Vec<&'t Expr>>,
) -> Result<(), Refusal> {
    let first = tables.len();
    factor(&tree.relation, tables, conditions)?;
    for join in &tree.joins {
        let middle = tables.len();
        factor(&join.relation, tables, conditions)?;
        let (side, constraint) = place::side(&join.join_operator).ok_or_else(uncovered)?;
        let mut conjuncts = Vec::new();
        if let JoinConstraint::On(condition) = constraint {
            split(condition, &mut conjuncts);
        }
        let ordinal = conditions.len();
        conditions.push(conjuncts);
        let end = tables.len();
        // An ON rejects rows of the side that is filled with NULL, and of both sides of an inner
        // join; it rejects none of a preserved side.
        let filtered = match side {
            Side::Neither => first..end,
            Side::Right => middle..end,
            Side::Left => first..middle,
            Side::Both => end..end,
        };
        for table in tables.get_mut(filtered).into_iter().flatten() {
            table.joins.push(ordinal);
        }
    }
    Ok(())
}

fn factor<'t>(
    factor: &'t TableFactor,
    tables: &mut Vec<Table<'t>>,
    conditions: &mut Vec<Vec<&'t Expr>>,
) -> Result<(), Refusal> {
    match factor {
        TableFactor::Table {
            name,
            alias,
            args: None,
            ..
        } => {
            tables.push(Table {
                name,
                alias: alias.as_ref().map(|alias| &alias.name),
                joins: Vec::new(),
            });
            Ok(())
        }
        TableFactor::NestedJoin {
            table_with_joins, ..
        } => collect(table_with_joins, tables, conditions),
        // Their queries are found by the visitor; functions read their arguments only.
        TableFactor::Table { args: Some(_), .. }
        | TableFactor::Derived { .. }
        | TableFactor::Function { .. }
        | TableFactor::UNNEST { .. } => Ok(()),
        _ => Err(uncovered()),
    }
}

/// The conjuncts of a condition, through parentheses.
fn split<'e>(expr: &'e Expr, conjuncts: &mut Vec<&'e Expr>) {
    match expr {
        Expr::BinaryOp {
            left,
            op: BinaryOperator::And,
            right,
        } => {
            split(left, conjuncts);
            split(right, conjuncts);
        }
        Expr::Nested(inner) => split(inner, conjuncts),
        other => conjuncts.push(other),
    }
}

fn uncovered() -> Refusal {
    Refusal::new(
        code::INTERNAL,
        "the second pass found a relation that is not covered",
    )
}

#[cfg(test)]
mod tests;
