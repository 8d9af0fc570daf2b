//! The barrier: what can raise or leak on row data is evaluated on own rows only.
//!
//! *Why:* databases choose the order of conjuncts. A cast or a division in WHERE may run on another
//! tenant's row before the tenant predicate rejects it, and its error tells what the row holds. The
//! form that holds and keeps every index: the tenant predicate first, simple conjuncts beside it,
//! each raising conjunct inside `CASE WHEN <tenant predicate> THEN … END`.

mod mention;
mod raising;

use std::sync::Arc;

use sqlparser::ast::{
    BinaryOperator, Expr, LimitClause, Query, SetExpr, TableFactor, TableWithJoins, UnaryOperator,
};

pub(crate) use self::raising::Reader;
use crate::derived;
use crate::dialect::Dialect;
use crate::name;
use crate::predicate;
use crate::relation::{Kind, Relation};
use crate::scope::TenantRef;

use self::mention::Mentions;

/// The conditions under which columns of each tenant relation may be evaluated.
#[derive(Debug, Default)]
pub(crate) struct Guards {
    tenants: Vec<Guard>,
    /// Sources without a predicate of their own: subqueries, common table expressions, joined trees.
    rows: Vec<String>,
}

#[derive(Debug)]
struct Guard {
    name: String,
    relation: Arc<Relation>,
    condition: Expr,
}

impl Guards {
    pub(crate) fn add(&mut self, tenant: &TenantRef, condition: Expr) {
        self.tenants.push(Guard {
            name: tenant.name.clone(),
            relation: Arc::clone(&tenant.relation),
            condition,
        });
    }

    pub(crate) fn add_rows(&mut self, name: &str) {
        self.rows.push(name.to_owned());
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.tenants.is_empty() && self.rows.is_empty()
    }

    /// Whether what mentions this may pin a tenant column.
    fn is_pinned_by(&self, mentions: &Mentions, dialect: Dialect) -> bool {
        self.tenants.iter().any(|guard| match &guard.relation.kind {
            Kind::Tenant { column, .. } => mentions.name(&name::folded(column, dialect)),
            Kind::Platform | Kind::Shared { .. } => false,
        })
    }

    /// The condition for what mentions this: that of every relation whose columns may be meant.
    fn condition(&self, mentions: &Mentions) -> Option<Expr> {
        let relations = self
            .tenants
            .iter()
            .map(|guard| (guard.name.as_str(), &*guard.relation));
        let any = mentions.may_mean_any(&relations);
        predicate::all(
            self.tenants
                .iter()
                .filter(|guard| any || mentions.may_mean(&guard.name, &guard.relation))
                .map(|guard| guard.condition.clone()),
        )
    }
}

/// A condition with what keeps it in the tenant.
#[derive(Debug)]
pub(crate) struct Fenced {
    pub(crate) condition: Option<Expr>,
    /// Whether a raising conjunct reads subqueries, which then have to be closed.
    pub(crate) reads_rows: bool,
}

/// `own AND (original)`, with the raising conjuncts of `original` behind their barrier; if `strict`
/// those that name a tenant column as well.
pub(crate) fn conjoin(
    own: Vec<Expr>,
    original: Option<Expr>,
    guards: &Guards,
    strict: bool,
    reader: Reader<'_>,
) -> Fenced {
    let mut reads_rows = false;
    let Some(original) = original else {
        return Fenced {
            condition: predicate::all(own),
            reads_rows,
        };
    };
    if guards.is_empty() || !(strict || reader.raises(&original)) {
        let condition = if own.is_empty() {
            Some(original)
        } else {
            predicate::all(own.into_iter().chain([predicate::nested(original)]))
        };
        return Fenced {
            condition,
            reads_rows,
        };
    }
    let mut conjuncts = Vec::new();
    split(original, &mut conjuncts);
    let mut simple = own;
    let mut raising = Vec::new();
    for conjunct in conjuncts {
        let raises = reader.raises(&conjunct);
        if !raises && !strict {
            simple.push(predicate::nested(conjunct));
            continue;
        }
        let mentions = Mentions::of(&conjunct, reader.dialect());
        if !raises && !guards.is_pinned_by(&mentions, reader.dialect()) {
            simple.push(predicate::nested(conjunct));
            continue;
        }
        reads_rows |= guards.rows.iter().any(|name| mentions.may_mean_rows(name));
        match guards.condition(&mentions) {
            Some(condition) => raising.push(predicate::barrier(condition, conjunct)),
            None => simple.push(predicate::nested(conjunct)),
        }
    }
    simple.extend(raising);
    Fenced {
        condition: predicate::all(simple),
        reads_rows,
    }
}

/// `having` with its raising conjuncts tied to their group: those without an aggregate planners move
/// beside the tenant predicate.
pub(crate) fn grouped(having: Expr, reader: Reader<'_>) -> Expr {
    if !reader.raises(&having) {
        return having;
    }
    let mut conjuncts = Vec::new();
    split(having, &mut conjuncts);
    let tied = conjuncts.into_iter().map(|conjunct| {
        if reader.raises(&conjunct) && !mention::aggregates(&conjunct) {
            predicate::barrier(predicate::any_group(), conjunct)
        } else {
            predicate::nested(conjunct)
        }
    });
    predicate::all(tied).unwrap_or_else(predicate::any_group)
}

fn split(expr: Expr, conjuncts: &mut Vec<Expr>) {
    match expr {
        Expr::BinaryOp {
            left,
            op: BinaryOperator::And,
            right,
        } => {
            split(*left, conjuncts);
            split(*right, conjuncts);
        }
        Expr::Nested(inner) => split(*inner, conjuncts),
        other => conjuncts.push(other),
    }
}

/// Closes every subquery of `trees`.
pub(crate) fn close_sources(trees: &mut [TableWithJoins], dialect: Dialect) {
    for tree in trees {
        let TableWithJoins { relation, joins } = tree;
        let factors = std::iter::once(relation).chain(joins.iter_mut().map(|j| &mut j.relation));
        for factor in factors {
            match factor {
                TableFactor::Derived { subquery, .. } => close(subquery, dialect),
                TableFactor::NestedJoin {
                    table_with_joins, ..
                } => close_sources(std::slice::from_mut(&mut **table_with_joins), dialect),
                _ => {}
            }
        }
    }
}

/// Gives `query` an offset of zero, which planners do not look through.
pub(crate) fn close(query: &mut Query, dialect: Dialect) {
    // Rows that are written out belong to nobody.
    if query.fetch.is_some() || matches!(&*query.body, SetExpr::Values(_)) {
        return;
    }
    let limit = match dialect {
        Dialect::Postgres => None,
        Dialect::Sqlite => Some(Expr::UnaryOp {
            op: UnaryOperator::Minus,
            expr: Box::new(predicate::number("1")),
        }),
    };
    let bounded = match &query.limit_clause {
        None => false,
        Some(LimitClause::LimitOffset { limit, offset, .. }) => limit.is_some() || offset.is_some(),
        Some(LimitClause::OffsetCommaLimit { .. }) => true,
    };
    if !bounded {
        query.limit_clause = Some(derived::offset_zero(limit, predicate::number("0")));
    }
}
