//! Which expressions can raise, or be watched, on row data.
//!
//! *Why:* only what is proven harmless may run beside the tenant predicate; all else counts as
//! raising. Constants cannot tell one row from another, so they are harmless whatever they do.

use sqlparser::ast::{
    BinaryOperator, Distinct, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments,
    GroupByExpr, Join, JoinConstraint, LimitClause, OrderByKind, Query, Select, SelectItem,
    SelectItemQualifiedWildcardKind, SetExpr, TableFactor, TableWithJoins, UnaryOperator, Value,
};

use crate::allow;
use crate::dialect::Dialect;
use crate::name::{self, Names};
use crate::place;

/// What evaluating an expression on a row can tell.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Class {
    /// The same on every row, so that it tells nothing about any.
    Constant,
    /// Depends on the row and never raises.
    Harmless,
    /// May raise, or be watched.
    Raising,
}

/// Judges expressions of one dialect, in one scope.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'r> {
    dialect: Dialect,
    /// Names that mean a whole row when they stand alone: comparing rows looks up operators, which
    /// fails for some types.
    rows: &'r dyn Names,
}

impl<'r> Reader<'r> {
    pub(crate) const fn new(dialect: Dialect, rows: &'r dyn Names) -> Self {
        Self { dialect, rows }
    }

    pub(crate) const fn dialect(self) -> Dialect {
        self.dialect
    }

    /// Whether evaluating `expr` on a row can raise or leak.
    pub(crate) fn raises(self, expr: &Expr) -> bool {
        self.class(expr) == Class::Raising
    }

    fn class(self, expr: &Expr) -> Class {
        match expr {
            Expr::Value(_) | Expr::TypedString(_) => Class::Constant,
            Expr::Identifier(ident) => {
                let row = self.dialect == Dialect::Postgres
                    && self.rows.has(&name::stored(ident, self.dialect));
                raising_if(row)
            }
            Expr::CompoundIdentifier(_) => Class::Harmless,
            Expr::IsNull(inner) | Expr::IsNotNull(inner)
                if matches!(&**inner, Expr::Identifier(_)) =>
            {
                Class::Harmless
            }
            Expr::Nested(inner) => self.class(inner),
            Expr::IsFalse(inner)
            | Expr::IsNotFalse(inner)
            | Expr::IsTrue(inner)
            | Expr::IsNotTrue(inner)
            | Expr::IsNull(inner)
            | Expr::IsNotNull(inner)
            | Expr::IsUnknown(inner)
            | Expr::IsNotUnknown(inner)
            | Expr::Collate { expr: inner, .. } => self.class(inner).max(Class::Harmless),
            Expr::UnaryOp { op, expr } => {
                let total = matches!(op, UnaryOperator::Not)
                    || (self.dialect == Dialect::Sqlite
                        && matches!(op, UnaryOperator::Minus | UnaryOperator::Plus));
                operated(total, self.class(expr))
            }
            Expr::Cast { expr, .. } => operated(false, self.class(expr)),
            Expr::Interval(interval) => operated(false, self.class(&interval.value)),
            Expr::BinaryOp { left, op, right } => {
                let operands = self.class(left).max(self.class(right));
                operated(harmless(op, self.dialect), operands)
            }
            Expr::IsDistinctFrom(left, right) | Expr::IsNotDistinctFrom(left, right) => {
                self.each([&**left, &**right]).max(Class::Harmless)
            }
            Expr::Between {
                expr, low, high, ..
            } => self.each([&**expr, &**low, &**high]).max(Class::Harmless),
            Expr::InList { expr, list, .. } => self
                .each(std::iter::once(&**expr).chain(list))
                .max(Class::Harmless),
            Expr::Tuple(list) => self.each(list).max(Class::Harmless),
            Expr::Array(array) => operated(false, self.each(&array.elem)),
            Expr::InSubquery { expr, subquery, .. } => self
                .class(expr)
                .max(raising_if(self.query_raises(subquery))),
            Expr::Exists { subquery, .. } => raising_if(self.query_raises(subquery)),
            Expr::Subquery(subquery) => raising_if(
                (self.dialect == Dialect::Postgres && !one_row(subquery))
                    || self.query_raises(subquery),
            ),
            Expr::AnyOp {
                left,
                compare_op,
                right,
                ..
            }
            | Expr::AllOp {
                left,
                compare_op,
                right,
            } => {
                let right = match &**right {
                    Expr::Subquery(subquery) => raising_if(self.query_raises(subquery)),
                    other => self.class(other),
                };
                let total = harmless(compare_op, self.dialect);
                operated(total, self.class(left).max(right).max(Class::Harmless))
            }
            Expr::Like {
                expr,
                pattern,
                escape_char,
                ..
            }
            | Expr::ILike {
                expr,
                pattern,
                escape_char,
                ..
            } => {
                let total = escape_char.is_none() && self.sound_pattern(pattern);
                operated(total, self.class(expr).max(Class::Harmless))
            }
            Expr::Function(function) => self.function(function),
            _ => Class::Raising,
        }
    }

    fn each<'e>(self, list: impl IntoIterator<Item = &'e Expr>) -> Class {
        list.into_iter()
            .map(|expr| self.class(expr))
            .max()
            .unwrap_or(Class::Constant)
    }

    fn function(self, function: &Function) -> Class {
        let plain = function.filter.is_none()
            && function.over.is_none()
            && function.within_group.is_empty();
        let (args, count) = match &function.args {
            FunctionArguments::List(list) => {
                let classes = list.args.iter().map(|arg| match arg {
                    FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => self.class(expr),
                    FunctionArg::Unnamed(FunctionArgExpr::Wildcard) => Class::Harmless,
                    _ => Class::Raising,
                });
                (classes.max().unwrap_or(Class::Constant), list.args.len())
            }
            FunctionArguments::None => (Class::Constant, 0),
            FunctionArguments::Subquery(_) => (Class::Raising, 1),
        };
        if !plain {
            Class::Raising
        } else if allow::is_volatile(&function.name) {
            // Evaluated anew on each row that is reached: its error would count them.
            raising_if(count > 0 || args == Class::Raising)
        } else {
            operated(allow::is_total(&function.name, count), args)
        }
    }

    /// A literal pattern that does not end in an escape: any other can raise on the rows it reaches.
    fn sound_pattern(self, pattern: &Expr) -> bool {
        match pattern {
            Expr::Value(value) => match &value.value {
                Value::SingleQuotedString(text) => {
                    self.dialect == Dialect::Sqlite || !text.ends_with('\\')
                }
                // SQLite has no default escape; a pattern that is too long raises on every row.
                Value::Placeholder(_) => self.dialect == Dialect::Sqlite,
                _ => false,
            },
            _ => false,
        }
    }

    /// Whether evaluating `query`, perhaps for a row of the query around it, can raise.
    pub(crate) fn query_raises(self, query: &Query) -> bool {
        let constant =
            |expr: &Option<Expr>| expr.iter().all(|expr| self.class(expr) == Class::Constant);
        let bounded = match &query.limit_clause {
            None => true,
            Some(LimitClause::LimitOffset { limit, offset, .. }) => {
                constant(limit)
                    && offset
                        .iter()
                        .all(|offset| self.class(&offset.value) == Class::Constant)
            }
            Some(LimitClause::OffsetCommaLimit { offset, limit }) => {
                self.each([offset, limit]) == Class::Constant
            }
        };
        let sorted = match query.order_by.as_ref().map(|order_by| &order_by.kind) {
            None => true,
            Some(OrderByKind::Expressions(list)) => {
                list.iter().all(|order| !self.raises(&order.expr))
            }
            Some(OrderByKind::All(_)) => false,
        };
        query.with.is_some()
            || query.fetch.is_some()
            || !bounded
            || !sorted
            || self.set_raises(&query.body)
    }

    fn set_raises(self, body: &SetExpr) -> bool {
        match body {
            SetExpr::Select(select) => self.select_raises(select),
            SetExpr::Query(query) => self.query_raises(query),
            SetExpr::SetOperation { left, right, .. } => {
                self.set_raises(left) || self.set_raises(right)
            }
            SetExpr::Values(values) => values
                .rows
                .iter()
                .flat_map(|row| &row.content)
                .any(|expr| self.raises(expr)),
            _ => true,
        }
    }

    fn select_raises(self, select: &Select) -> bool {
        let grouped = match &select.group_by {
            GroupByExpr::Expressions(list, _) => list.iter().any(|expr| self.raises(expr)),
            GroupByExpr::All(_) => true,
        };
        let distinct = match &select.distinct {
            Some(Distinct::On(list)) => list.iter().any(|expr| self.raises(expr)),
            None | Some(Distinct::All | Distinct::Distinct) => false,
        };
        grouped
            || distinct
            || !select.named_window.is_empty()
            || select
                .projection
                .iter()
                .any(|item| item_raises(item, &|expr| self.raises(expr)))
            || select.selection.iter().any(|expr| self.raises(expr))
            || select.having.iter().any(|expr| self.raises(expr))
            || select.from.iter().any(|tree| {
                self.factor_raises(&tree.relation)
                    || tree.joins.iter().any(|join| self.join_raises(join))
            })
    }

    /// Whether an ON of `trees` can raise.
    pub(crate) fn joins_raise(self, trees: &[TableWithJoins]) -> bool {
        let nested = |factor: &TableFactor| match factor {
            TableFactor::NestedJoin {
                table_with_joins, ..
            } => self.joins_raise(std::slice::from_ref(&**table_with_joins)),
            _ => false,
        };
        trees.iter().any(|tree| {
            nested(&tree.relation)
                || tree.joins.iter().any(|join| {
                    nested(&join.relation)
                        || match place::side(&join.join_operator) {
                            Some((_, JoinConstraint::On(expr))) => self.raises(expr),
                            Some(_) | None => false,
                        }
                })
        })
    }

    fn join_raises(self, join: &Join) -> bool {
        self.factor_raises(&join.relation)
            || match place::side(&join.join_operator) {
                Some((_, JoinConstraint::On(expr))) => self.raises(expr),
                Some(_) => false,
                None => true,
            }
    }

    fn factor_raises(self, factor: &TableFactor) -> bool {
        match factor {
            TableFactor::Table { args, .. } => args.is_some(),
            TableFactor::Derived { subquery, .. } => self.query_raises(subquery),
            _ => true,
        }
    }

    /// Whether a column of a derived query can raise when the planner moves it outwards. What an
    /// aggregate or a window computes cannot be moved below it.
    pub(crate) fn projects_raising(self, query: &Query) -> bool {
        self.set_projects_raising(&query.body)
    }

    fn set_projects_raising(self, body: &SetExpr) -> bool {
        match body {
            SetExpr::Select(select) => select
                .projection
                .iter()
                .any(|item| item_raises(item, &|expr| self.movable(expr))),
            SetExpr::Query(query) => self.projects_raising(query),
            SetExpr::SetOperation { left, right, .. } => {
                self.set_projects_raising(left) || self.set_projects_raising(right)
            }
            _ => false,
        }
    }

    fn movable(self, expr: &Expr) -> bool {
        match expr {
            Expr::Function(function)
                if function.over.is_some() || allow::is_aggregate(&function.name) =>
            {
                false
            }
            other => self.raises(other),
        }
    }
}

const fn raising_if(raising: bool) -> Class {
    if raising {
        Class::Raising
    } else {
        Class::Harmless
    }
}

/// The class of an operation on operands of this class. On constants it is one, whatever it does.
const fn operated(total: bool, operands: Class) -> Class {
    match operands {
        Class::Constant => Class::Constant,
        Class::Harmless if total => Class::Harmless,
        Class::Harmless | Class::Raising => Class::Raising,
    }
}

/// Comparisons and logic; in `SQLite` arithmetic as well, which never raises there.
const fn harmless(op: &BinaryOperator, dialect: Dialect) -> bool {
    match op {
        BinaryOperator::And
        | BinaryOperator::Eq
        | BinaryOperator::Gt
        | BinaryOperator::GtEq
        | BinaryOperator::Lt
        | BinaryOperator::LtEq
        | BinaryOperator::NotEq
        | BinaryOperator::Or => true,
        // Concatenation raises where the result grows too long: it would tell lengths.
        BinaryOperator::Minus | BinaryOperator::Multiply | BinaryOperator::Plus => {
            matches!(dialect, Dialect::Sqlite)
        }
        _ => false,
    }
}

/// Whether a scalar subquery can give at most one row: an ungrouped aggregate, or `LIMIT 1`.
fn one_row(query: &Query) -> bool {
    if let Some(LimitClause::LimitOffset {
        limit: Some(Expr::Value(value)),
        ..
    }) = &query.limit_clause
        && matches!(&value.value, Value::Number(digits, _) if digits == "1")
    {
        return true;
    }
    let SetExpr::Select(select) = &*query.body else {
        return false;
    };
    let ungrouped =
        matches!(&select.group_by, GroupByExpr::Expressions(list, _) if list.is_empty());
    ungrouped
        && select.projection.iter().any(|item| {
            matches!(item,
                SelectItem::UnnamedExpr(Expr::Function(function))
                | SelectItem::ExprWithAlias { expr: Expr::Function(function), .. }
                if function.over.is_none() && allow::is_aggregate(&function.name))
        })
}

fn item_raises(item: &SelectItem, rule: &dyn Fn(&Expr) -> bool) -> bool {
    match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => rule(expr),
        SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::Expr(_), _)
        | SelectItem::ExprWithAliases { .. } => true,
        SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(_), _)
        | SelectItem::Wildcard(_) => false,
    }
}
