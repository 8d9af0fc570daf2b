//! Built-in types. A cast runs the input function of its type, which for a foreign type may be
//! anybody's; `regclass` and its kin look relations up by name.

use sqlparser::ast::{ArrayElemTypeDef, DataType};

use crate::dialect::Dialect;

/// Whether a type that the parser knows is harmless; `inner` decides the element of an array.
pub(crate) fn data_type(
    data_type: &DataType,
    dialect: Dialect,
    inner: &dyn Fn(&DataType) -> bool,
) -> bool {
    match data_type {
        DataType::BigInt(_)
        | DataType::Blob(_)
        | DataType::Boolean
        | DataType::Char(_)
        | DataType::Character(_)
        | DataType::CharacterVarying(_)
        | DataType::CharVarying(_)
        | DataType::Date
        | DataType::Dec(_)
        | DataType::Decimal(_)
        | DataType::Double(_)
        | DataType::DoublePrecision
        | DataType::Float(_)
        | DataType::Int(_)
        | DataType::Int2(_)
        | DataType::Int4(_)
        | DataType::Int8(_)
        | DataType::Integer(_)
        | DataType::JSON
        | DataType::JSONB
        | DataType::Numeric(_)
        | DataType::Real
        | DataType::SmallInt(_)
        | DataType::Text
        | DataType::Time(..)
        | DataType::Timestamp(..)
        | DataType::Varchar(_) => true,
        DataType::Bit(_)
        | DataType::BitVarying(_)
        | DataType::Bool
        | DataType::Bytea
        | DataType::Float4
        | DataType::Float8
        | DataType::GeometricType(_)
        | DataType::Interval { .. }
        | DataType::TsQuery
        | DataType::TsVector
        | DataType::Uuid
        | DataType::VarBit(_) => matches!(dialect, Dialect::Postgres),
        DataType::Array(ArrayElemTypeDef::SquareBracket(element, _)) => {
            matches!(dialect, Dialect::Postgres) && inner(element)
        }
        _ => false,
    }
}

/// Whether a type that the parser takes for a custom one, folded, is built in.
pub(crate) fn named_type(parts: &[String], dialect: Dialect) -> bool {
    let name = match parts {
        [name] => name,
        [schema, name] if schema == "pg_catalog" => name,
        _ => return false,
    };
    dialect == Dialect::Postgres
        && matches!(
            name.as_str(),
            "bpchar"
                | "cidr"
                | "citext"
                | "daterange"
                | "datemultirange"
                | "inet"
                | "int4range"
                | "int8range"
                | "jsonpath"
                | "macaddr"
                | "macaddr8"
                | "money"
                | "numrange"
                | "timestamptz"
                | "timetz"
                | "tsrange"
                | "tstzrange"
        )
}
