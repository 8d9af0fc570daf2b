//! Names as the database stores them.

use sqlparser::ast::{Ident, ObjectName, ObjectNamePart};

use crate::code;
use crate::dialect::Dialect;
use crate::refusal::Refusal;

/// `NAMEDATALEN` of Postgres, less its terminator.
const MAX_NAME_BYTES: usize = 63;

/// The stored name that `ident` stands for: un-doubled, and folded as the dialect folds.
///
/// `SQLite` compares all names without case, quoted ones too; Postgres folds unquoted ones.
pub(crate) fn stored(ident: &Ident, dialect: Dialect) -> String {
    let raw = match ident.quote_style {
        Some(quote @ ('"' | '`' | '\'')) if ident.value.contains(quote) => {
            let doubled: String = [quote, quote].iter().collect();
            ident.value.replace(&doubled, &quote.to_string())
        }
        Some(_) | None => ident.value.clone(),
    };
    match (dialect, ident.quote_style) {
        (Dialect::Postgres, Some(_)) => truncated(raw),
        (Dialect::Postgres, None) => truncated(raw.to_ascii_lowercase()),
        (Dialect::Sqlite, _) => raw.to_ascii_lowercase(),
    }
}

/// Postgres cuts names after 63 bytes: a longer spelling of a column is that column.
fn truncated(mut name: String) -> String {
    if name.len() <= MAX_NAME_BYTES {
        return name;
    }
    let end = (0..=MAX_NAME_BYTES)
        .rev()
        .find(|end| name.is_char_boundary(*end))
        .unwrap_or(0);
    name.truncate(end);
    name
}

/// `name` as the catalogue's spelling is compared in this dialect.
pub(crate) fn folded(name: &str, dialect: Dialect) -> String {
    match dialect {
        Dialect::Postgres => name.to_owned(),
        Dialect::Sqlite => name.to_ascii_lowercase(),
    }
}

/// The parts of a dotted name; parts that are calls are refused.
pub(crate) fn parts(name: &ObjectName) -> Result<Vec<&Ident>, Refusal> {
    let ObjectName(parts) = name;
    parts
        .iter()
        .map(|part| match part {
            ObjectNamePart::Identifier(ident) => Ok(ident),
            ObjectNamePart::Function(_) => {
                Err(Refusal::new(code::RELATION, "a name that is computed"))
            }
        })
        .collect()
}

/// An identifier of ours, always quoted, so that it means exactly the catalogue's name.
pub(crate) fn quoted(name: &str) -> Ident {
    Ident::with_quote('"', name.replace('"', "\"\""))
}

/// A set of names.
pub(crate) trait Names: std::fmt::Debug {
    /// Whether `name`, as stored, is among them.
    fn has(&self, name: &str) -> bool;
}
