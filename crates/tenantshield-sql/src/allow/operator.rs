//! Built-in operators. One with a schema, or of an extension, may be anybody's function.

use sqlparser::ast::{BinaryOperator, UnaryOperator};

use crate::dialect::Dialect;

pub(crate) const fn binary(op: &BinaryOperator, dialect: Dialect) -> bool {
    match op {
        BinaryOperator::And
        | BinaryOperator::BitwiseAnd
        | BinaryOperator::BitwiseOr
        | BinaryOperator::Divide
        | BinaryOperator::Eq
        | BinaryOperator::Gt
        | BinaryOperator::GtEq
        | BinaryOperator::Lt
        | BinaryOperator::LtEq
        | BinaryOperator::Minus
        | BinaryOperator::Modulo
        | BinaryOperator::Multiply
        | BinaryOperator::NotEq
        | BinaryOperator::Or
        | BinaryOperator::Plus
        | BinaryOperator::StringConcat
        | BinaryOperator::PGBitwiseShiftLeft
        | BinaryOperator::PGBitwiseShiftRight
        | BinaryOperator::Arrow
        | BinaryOperator::LongArrow => true,
        BinaryOperator::AndGt
        | BinaryOperator::AndLt
        | BinaryOperator::ArrowAt
        | BinaryOperator::AtArrow
        | BinaryOperator::AtAt
        | BinaryOperator::AtQuestion
        | BinaryOperator::HashArrow
        | BinaryOperator::HashLongArrow
        | BinaryOperator::HashMinus
        | BinaryOperator::Overlaps
        | BinaryOperator::PGBitwiseXor
        | BinaryOperator::PGExp
        | BinaryOperator::PGILikeMatch
        | BinaryOperator::PGLikeMatch
        | BinaryOperator::PGNotILikeMatch
        | BinaryOperator::PGNotLikeMatch
        | BinaryOperator::PGOverlap
        | BinaryOperator::PGRegexIMatch
        | BinaryOperator::PGRegexMatch
        | BinaryOperator::PGRegexNotIMatch
        | BinaryOperator::PGRegexNotMatch
        | BinaryOperator::PGStartsWith
        | BinaryOperator::Question
        | BinaryOperator::QuestionAnd
        | BinaryOperator::QuestionPipe => matches!(dialect, Dialect::Postgres),
        BinaryOperator::Glob => matches!(dialect, Dialect::Sqlite),
        _ => false,
    }
}

pub(crate) const fn unary(op: UnaryOperator, dialect: Dialect) -> bool {
    match op {
        UnaryOperator::BitwiseNot
        | UnaryOperator::Minus
        | UnaryOperator::Not
        | UnaryOperator::Plus => true,
        UnaryOperator::PGAbs | UnaryOperator::PGCubeRoot | UnaryOperator::PGSquareRoot => {
            matches!(dialect, Dialect::Postgres)
        }
        _ => false,
    }
}
