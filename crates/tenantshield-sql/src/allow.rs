//! Allow-lists: the functions, operators, types and collations that cannot leave the tenant.
//!
//! *Why:* a function may read a table, run SQL, change the session or talk to another process. What
//! is not known to be harmless is refused; the catalogue can add pure functions of one's own.

mod data_type;
mod function;
mod operator;

use sqlparser::ast::{ObjectName, ObjectNamePart};

use crate::dialect::Dialect;

pub(crate) use self::data_type::{data_type, named_type};
pub(crate) use self::operator::{binary, unary};

/// Whether `name`, folded, is a harmless built-in function.
pub(crate) fn function(name: &str, dialect: Dialect) -> bool {
    let own = match dialect {
        Dialect::Postgres => function::POSTGRES,
        Dialect::Sqlite => function::SQLITE,
    };
    own.binary_search(&name).is_ok() || function::COMMON.binary_search(&name).is_ok()
}

/// Whether the function, given that many arguments, never raises, whatever row they come from.
pub(crate) fn is_total(function: &ObjectName, args: usize) -> bool {
    bare(function).is_some_and(|name| match name.as_str() {
        // With a second argument it decodes bytes, which fails for some.
        "length" => args == 1,
        total => function::TOTAL.binary_search(&total).is_ok(),
    })
}

/// Whether the function is evaluated anew on each row, even where its arguments are constant.
pub(crate) fn is_volatile(function: &ObjectName) -> bool {
    bare(function).is_none_or(|name| function::VOLATILE.binary_search(&name.as_str()).is_ok())
}

/// Whether the function is an aggregate.
pub(crate) fn is_aggregate(function: &ObjectName) -> bool {
    bare(function).is_some_and(|name| function::AGGREGATE.binary_search(&name.as_str()).is_ok())
}

fn bare(function: &ObjectName) -> Option<String> {
    match function.0.as_slice() {
        [ObjectNamePart::Identifier(ident)] if ident.quote_style.is_none() => {
            Some(ident.value.to_ascii_lowercase())
        }
        _ => None,
    }
}

/// Words that read as columns and mean session state in Postgres.
pub(crate) fn is_session_word(word: &str) -> bool {
    matches!(
        word,
        "current_catalog"
            | "current_role"
            | "current_schema"
            | "current_user"
            | "session_user"
            | "system_user"
            | "user"
    )
}

/// The columns that every Postgres table has.
pub(crate) fn is_system_column(column: &str) -> bool {
    matches!(
        column,
        "cmax" | "cmin" | "ctid" | "tableoid" | "xmax" | "xmin"
    )
}

/// The names of the number that every `SQLite` row has.
pub(crate) fn is_row_number(column: &str) -> bool {
    matches!(column, "_rowid_" | "oid" | "rowid")
}

/// Whether the collation, folded, is built in.
pub(crate) fn collation(parts: &[String], dialect: Dialect) -> bool {
    match (dialect, parts) {
        (Dialect::Postgres, [name]) => postgres_collation(name),
        (Dialect::Postgres, [schema, name]) => schema == "pg_catalog" && postgres_collation(name),
        (Dialect::Sqlite, [name]) => matches!(name.as_str(), "binary" | "nocase" | "rtrim"),
        _ => false,
    }
}

fn postgres_collation(name: &str) -> bool {
    matches!(
        name,
        "C" | "POSIX" | "default" | "ucs_basic" | "unicode" | "und-x-icu"
    ) || name.strip_suffix("-x-icu").is_some_and(|locale| {
        locale
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-')
    }) || matches!(name.split_once('_'), Some((language, rest))
            if language.len() == 2
                && language.bytes().all(|b| b.is_ascii_lowercase())
                && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-'))
}
