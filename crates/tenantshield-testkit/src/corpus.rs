//! Escape cases: statements with the verdict that each must get.

use serde::Deserialize;

use crate::error::Error;

/// The database that a case is written for.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum CaseDialect {
    /// `MySQL` and `MariaDB`, which the guard does not judge yet.
    Mysql,
    /// `PostgreSQL`.
    Postgres,
    /// `SQLite`.
    Sqlite,
}

/// What must become of a statement.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
#[expect(
    clippy::exhaustive_enums,
    reason = "a third expectation would need a third judge"
)]
pub enum Expectation {
    /// It is refused.
    Deny,
    /// It runs, and gives what it would give if the tenant were alone.
    Isolated,
}

/// A value that the application binds.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(untagged)]
#[non_exhaustive]
pub enum CaseBind {
    /// A truth value.
    Boolean(bool),
    /// A 64-bit integer.
    Integer(i64),
    /// A text.
    Text(String),
    /// NULL, sent as a text.
    Null(()),
}

/// One line of a corpus.
///
/// # Shape
///
/// `{"id", "dialect", "sql", "expect", "deny_ok", "category", "why", "differs", "binds"}`; the
/// last five may be absent, unknown fields are ignored. `deny_ok` says that refusing is right as
/// well, `differs` why the answer is not what the tenant alone would get.
///
/// # Security
///
/// `differs` explains a difference, never a canary in an answer or a changed foreign row.
#[derive(Clone, Debug, Deserialize)]
pub struct Case {
    id: String,
    dialect: CaseDialect,
    sql: String,
    expect: Expectation,
    #[serde(default)]
    deny_ok: bool,
    #[serde(default)]
    category: String,
    #[serde(default)]
    why: String,
    #[serde(default)]
    differs: Option<String>,
    #[serde(default)]
    binds: Vec<CaseBind>,
}

impl Case {
    /// The case's name, unique in its corpus.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The database it is written for.
    pub const fn dialect(&self) -> CaseDialect {
        self.dialect
    }

    /// The statement.
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// What must become of it.
    pub const fn expect(&self) -> Expectation {
        self.expect
    }

    /// Whether refusing is right as well.
    pub const fn may_be_refused(&self) -> bool {
        self.deny_ok
    }

    /// The group it belongs to.
    pub fn category(&self) -> &str {
        &self.category
    }

    /// What it tries.
    pub fn why(&self) -> &str {
        &self.why
    }

    /// Why it gives something else than its tenant alone would get, without being a leak.
    pub fn differs(&self) -> Option<&str> {
        self.differs.as_deref()
    }

    /// The values that the application binds.
    pub fn binds(&self) -> &[CaseBind] {
        &self.binds
    }
}

/// Reads a corpus: one JSON object a line, blank lines skipped.
///
/// # Errors
///
/// [`Error::Corpus`] with the number of the first line that is not a case. A corpus that is read
/// in part would prove in part.
///
/// # Examples
///
/// ```
/// let line = r#"{"id": "a", "dialect": "sqlite", "sql": "SELECT 1", "expect": "isolated"}"#;
/// assert_eq!(tenantshield_testkit::corpus::read(line).unwrap().len(), 1);
/// ```
pub fn read(text: &str) -> Result<Vec<Case>, Error> {
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(index, line)| {
            serde_json::from_str(line).map_err(|source| Error::corpus(index + 1, source))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{CaseBind, Error, read};

    #[test]
    fn a_broken_line_is_named_and_nothing_is_read() {
        let text = "{\"id\":\"a\",\"dialect\":\"sqlite\",\"sql\":\"\",\"expect\":\"deny\"}\n\n{}\n";
        match read(text) {
            Err(Error::Corpus(broken)) => assert_eq!(broken.line(), 3),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn binds_keep_their_types() {
        let line =
            r#"{"id":"a","dialect":"postgres","sql":"","expect":"deny","binds":[1,"x",null,true]}"#;
        let case = read(line).unwrap().remove(0);
        assert_eq!(
            case.binds(),
            [
                CaseBind::Integer(1),
                CaseBind::Text("x".to_owned()),
                CaseBind::Null(()),
                CaseBind::Boolean(true)
            ]
        );
    }
}
