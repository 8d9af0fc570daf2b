//! Which columns an expression may mention.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, FunctionArguments, Query, Select, SelectItem, Visit,
    Visitor,
};

use crate::allow;
use crate::dialect::Dialect;
use crate::name;
use crate::relation::Relation;

/// The names in an expression, those inside its subqueries included.
#[derive(Debug)]
pub(super) struct Mentions {
    dialect: Dialect,
    qualifiers: BTreeSet<String>,
    bare: BTreeSet<String>,
    /// A wildcard stands for every column.
    everything: bool,
}

impl Mentions {
    pub(super) fn of(expr: &Expr, dialect: Dialect) -> Self {
        let mut mentions = Self {
            dialect,
            qualifiers: BTreeSet::new(),
            bare: BTreeSet::new(),
            everything: false,
        };
        let _done = expr.visit(&mut mentions);
        mentions
    }

    /// Whether all of `aliases` have to be taken for mentioned: there is a wildcard, no name at
    /// all, or a bare name that none of the `relations` is known to have.
    pub(super) fn may_mean_any<'r, R>(&self, relations: &R) -> bool
    where
        R: Iterator<Item = (&'r str, &'r Relation)> + Clone,
    {
        // What names nothing and is evaluated on each row would count foreign ones by its error.
        self.everything
            || self.qualifiers.is_empty() && self.bare.is_empty()
            || self.bare.iter().any(|name| {
                !relations
                    .clone()
                    .any(|(alias, relation)| self.is_of(name, alias, relation))
            })
    }

    /// Whether a column of `relation`, known as `alias`, may be among them. In doubt it is: one
    /// guard too many costs a comparison, one too few leaks.
    pub(super) fn may_mean(&self, alias: &str, relation: &Relation) -> bool {
        self.qualifiers.contains(alias)
            || self
                .bare
                .iter()
                .any(|name| self.is_of(name, alias, relation))
    }

    /// Whether `column` is named, whatever it belongs to.
    pub(super) fn name(&self, column: &str) -> bool {
        self.everything || self.bare.contains(column) || self.qualifiers.contains(column)
    }

    /// Whether a column of something whose columns are not known may be among them.
    pub(super) fn may_mean_rows(&self, alias: &str) -> bool {
        self.everything || !self.bare.is_empty() || self.qualifiers.contains(alias)
    }

    fn is_of(&self, name: &str, alias: &str, relation: &Relation) -> bool {
        name == alias
            || relation.has_column(name, self.dialect).unwrap_or(true)
            || allow::is_system_column(name)
            || allow::is_row_number(name)
    }
}

/// Whether an aggregate is computed in `expr` itself, not in a subquery of it.
pub(super) fn aggregates(expr: &Expr) -> bool {
    expr.visit(&mut Aggregates { depth: 0 }).is_break()
}

struct Aggregates {
    depth: usize,
}

impl Visitor for Aggregates {
    type Break = ();

    fn pre_visit_query(&mut self, _query: &Query) -> ControlFlow<()> {
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _query: &Query) -> ControlFlow<()> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        match expr {
            Expr::Function(function)
                if self.depth == 0
                    && function.over.is_none()
                    && allow::is_aggregate(&function.name) =>
            {
                ControlFlow::Break(())
            }
            _ => ControlFlow::Continue(()),
        }
    }
}

impl Visitor for Mentions {
    type Break = ();

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        self.everything |= select
            .projection
            .iter()
            .any(|item| matches!(item, SelectItem::QualifiedWildcard(..)));
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        match expr {
            Expr::Identifier(ident) => {
                self.bare.insert(name::stored(ident, self.dialect));
            }
            Expr::CompoundIdentifier(parts) => {
                for part in parts {
                    self.qualifiers.insert(name::stored(part, self.dialect));
                }
            }
            Expr::Function(function) => {
                if let FunctionArguments::List(list) = &function.args {
                    self.everything |= list.args.iter().any(|arg| {
                        matches!(
                            arg,
                            FunctionArg::Unnamed(FunctionArgExpr::QualifiedWildcard(_))
                        )
                    });
                }
            }
            Expr::Wildcard(_) | Expr::QualifiedWildcard(..) => self.everything = true,
            _ => {}
        }
        ControlFlow::Continue(())
    }
}
