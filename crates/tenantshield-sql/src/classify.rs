//! What a statement is, for the two modes that cross tenants.
//!
//! *Why:* unscoped reads see every relation, so the catalogue does not apply; that they change
//! nothing has to be shown all the same, and a SELECT can write: by a common table expression, by
//! INTO, by a function.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{
    Expr, ObjectName, ObjectNamePart, Query, Select, SetExpr, Statement, TableFactor, Visit,
    Visitor,
};

use crate::allow;
use crate::code;
use crate::dialect::Dialect;
use crate::judgement::StatementKind;
use crate::name;
use crate::refusal::Refusal;

/// The kind of `statement`; of the SELECT kinds only those that call harmless functions.
pub(crate) fn kind(
    statement: &Statement,
    dialect: Dialect,
    functions: &BTreeSet<String>,
) -> Result<StatementKind, Refusal> {
    match statement {
        Statement::Insert(_) => Ok(StatementKind::Insert),
        Statement::Update(_) => Ok(StatementKind::Update),
        Statement::Delete(_) => Ok(StatementKind::Delete),
        Statement::Query(query) => {
            let mut reader = Reader {
                dialect,
                functions,
                writes: false,
            };
            match query.visit(&mut reader) {
                ControlFlow::Break(refusal) => Err(refusal),
                ControlFlow::Continue(()) if reader.writes => Ok(StatementKind::SelectWithWrites),
                ControlFlow::Continue(()) => Ok(StatementKind::Select),
            }
        }
        _ => Err(Refusal::new(
            code::STATEMENT,
            "a kind of statement that is neither read nor row write",
        )),
    }
}

struct Reader<'f> {
    dialect: Dialect,
    functions: &'f BTreeSet<String>,
    writes: bool,
}

impl Reader<'_> {
    fn call(&self, function: &ObjectName) -> ControlFlow<Refusal> {
        let parts: Vec<String> = function
            .0
            .iter()
            .map(|part| match part {
                ObjectNamePart::Identifier(ident) => name::stored(ident, self.dialect),
                ObjectNamePart::Function(_) => String::new(),
            })
            .collect();
        let harmless = match parts.as_slice() {
            [bare] => allow::function(bare, self.dialect),
            [schema, bare] => schema == "pg_catalog" && allow::function(bare, self.dialect),
            _ => false,
        };
        if harmless || self.functions.contains(&parts.join(".")) {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(Refusal::new(
                code::FUNCTION,
                "a function that is not on the allow-list",
            ))
        }
    }
}

impl Visitor for Reader<'_> {
    type Break = Refusal;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Refusal> {
        self.writes |= !query.locks.is_empty()
            || matches!(
                &*query.body,
                SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_)
            );
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<Refusal> {
        self.writes |= select.into.is_some();
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<Refusal> {
        match expr {
            Expr::Function(function) => self.call(&function.name),
            // In Postgres a field of a row may be a call, see the walk.
            Expr::CompoundFieldAccess { .. } => ControlFlow::Break(Refusal::new(
                code::EXPRESSION,
                "a field access outside tenant scope",
            )),
            _ => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<Refusal> {
        match factor {
            TableFactor::Table {
                name,
                args: Some(_),
                ..
            }
            | TableFactor::Function { name, .. } => self.call(name),
            _ => ControlFlow::Continue(()),
        }
    }
}
