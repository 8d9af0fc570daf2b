//! The small trees that the guard adds.

use sqlparser::ast::helpers::attached_token::AttachedToken;
use sqlparser::ast::{
    BinaryOperator, CaseWhen, CastKind, DataType, Expr, Function, FunctionArg, FunctionArgExpr,
    FunctionArgumentList, FunctionArguments, Ident, ObjectName, Value, ValueWithSpan,
};
use sqlparser::tokenizer::Span;
use tenantshield_core::TenantType;

use crate::dialect::Dialect;
use crate::filter::FilterKind;
use crate::name;

pub(crate) fn value(value: Value) -> Expr {
    Expr::Value(ValueWithSpan {
        value,
        span: Span::empty(),
    })
}

pub(crate) fn number(digits: &str) -> Expr {
    value(Value::Number(digits.to_owned(), false))
}

fn cast(expr: Expr, data_type: DataType) -> Expr {
    Expr::Cast {
        kind: CastKind::DoubleColon,
        expr: Box::new(expr),
        data_type,
        format: None,
    }
}

pub(crate) const fn tenant_type(kind: TenantType) -> DataType {
    match kind {
        TenantType::Integer => DataType::BigInt(None),
        TenantType::Text => DataType::Text,
        TenantType::Uuid => DataType::Uuid,
    }
}

/// The bound value with this index. In Postgres it carries its type, so that no context infers
/// another; the column beside it stays bare and keeps its index.
pub(crate) fn typed_bind(dialect: Dialect, index: usize, data_type: DataType) -> Expr {
    let bind = value(Value::Placeholder(dialect.placeholder(index)));
    match dialect {
        Dialect::Postgres => cast(bind, data_type),
        Dialect::Sqlite => bind,
    }
}

pub(crate) const fn filter_type(kind: FilterKind) -> DataType {
    match kind {
        FilterKind::Boolean => DataType::Boolean,
        FilterKind::Integer => DataType::BigInt(None),
        FilterKind::Text => DataType::Text,
        FilterKind::Uuid => DataType::Uuid,
    }
}

/// `alias."column"`, qualified always.
pub(crate) fn column(alias: &Ident, column: &str) -> Expr {
    Expr::CompoundIdentifier(vec![alias.clone(), name::quoted(column)])
}

pub(crate) fn binary(left: Expr, op: BinaryOperator, right: Expr) -> Expr {
    Expr::BinaryOp {
        left: Box::new(left),
        op,
        right: Box::new(right),
    }
}

pub(crate) fn equals(left: Expr, right: Expr) -> Expr {
    binary(left, BinaryOperator::Eq, right)
}

/// `(left IS NOT DISTINCT FROM right)`: an equality that planners do not carry elsewhere.
pub(crate) fn same(left: Expr, right: Expr) -> Expr {
    nested(Expr::IsNotDistinctFrom(Box::new(left), Box::new(right)))
}

pub(crate) fn nested(expr: Expr) -> Expr {
    match expr {
        Expr::Nested(_) => expr,
        other => Expr::Nested(Box::new(other)),
    }
}

/// All of `conjuncts` joined by AND; none for an empty list.
pub(crate) fn all(conjuncts: impl IntoIterator<Item = Expr>) -> Option<Expr> {
    conjuncts
        .into_iter()
        .reduce(|left, right| binary(left, BinaryOperator::And, right))
}

/// `(expr OR column IS NULL)`: true for own rows and for rows that an outer join filled with NULL.
pub(crate) fn or_null(predicate: Expr, column: Expr) -> Expr {
    nested(binary(
        predicate,
        BinaryOperator::Or,
        Expr::IsNull(Box::new(column)),
    ))
}

pub(crate) fn case(whens: Vec<(Expr, Expr)>, otherwise: Option<Expr>) -> Expr {
    Expr::Case {
        case_token: AttachedToken::empty(),
        end_token: AttachedToken::empty(),
        operand: None,
        conditions: whens
            .into_iter()
            .map(|(condition, result)| CaseWhen { condition, result })
            .collect(),
        else_result: otherwise.map(Box::new),
    }
}

/// `count(*) >= 0`: true for every group, and known of none before it is formed.
pub(crate) fn any_group() -> Expr {
    let count = call("count", vec![FunctionArgExpr::Wildcard]);
    binary(count, BinaryOperator::GtEq, number("0"))
}

/// A call of a built-in function.
pub(crate) fn call(function: &str, args: Vec<FunctionArgExpr>) -> Expr {
    Expr::Function(Function {
        name: ObjectName::from(vec![Ident::new(function)]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args: args.into_iter().map(FunctionArg::Unnamed).collect(),
            clauses: Vec::new(),
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}

/// `CASE WHEN guard THEN (conjunct) END`: the conjunct is not evaluated on foreign rows.
pub(crate) fn barrier(guard: Expr, conjunct: Expr) -> Expr {
    case(vec![(guard, nested(conjunct))], None)
}
