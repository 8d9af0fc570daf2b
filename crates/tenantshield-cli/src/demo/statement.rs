//! One statement of the product: as if there were one customer, and as a team writes it by hand.

use std::borrow::Cow;

use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{AssertSqlSafe, Column as _, Row as _, Sqlite, TypeInfo as _, ValueRef as _};

use serde_json::{Map, Value};

/// A bound value.
#[derive(Clone, Debug)]
pub(crate) enum Bind {
    Integer(i64),
    Text(String),
}

impl From<i64> for Bind {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<&str> for Bind {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

/// A statement with its values.
///
/// The shielded product runs `plain`. The naive one runs `by_hand`, in which `:tenant` stands for
/// the tenant it believes in; where nobody remembered the tenant the two are the same.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    plain: Cow<'static, str>,
    by_hand: Option<Cow<'static, str>>,
    frozen: Option<&'static str>,
    binds: Vec<Bind>,
}

impl Statement {
    pub(crate) fn new(plain: impl Into<Cow<'static, str>>) -> Self {
        Self {
            plain: plain.into(),
            by_hand: None,
            frozen: None,
            binds: Vec::new(),
        }
    }

    pub(crate) fn by_hand(mut self, text: impl Into<Cow<'static, str>>) -> Self {
        self.by_hand = Some(text.into());
        self
    }

    /// Lets the naive product keep the finished text of the first caller under `name`.
    pub(crate) fn frozen_as(mut self, name: &'static str) -> Self {
        self.frozen = Some(name);
        self
    }

    pub(crate) fn bind(mut self, value: impl Into<Bind>) -> Self {
        self.binds.push(value.into());
        self
    }

    pub(crate) fn plain(&self) -> &str {
        &self.plain
    }

    pub(crate) fn hand_written(&self) -> &str {
        self.by_hand.as_deref().unwrap_or(&self.plain)
    }

    pub(crate) const fn frozen(&self) -> Option<&'static str> {
        self.frozen
    }

    /// The driver's query for `text` with this statement's values.
    pub(crate) fn query(&self, text: String) -> Query<'static, Sqlite, SqliteArguments> {
        // SECURITY: some texts do carry user input, unescaped: that is what the demo is about.
        self.binds
            .iter()
            .fold(sqlx::query(AssertSqlSafe(text)), |query, bind| match bind {
                Bind::Integer(value) => query.bind(*value),
                Bind::Text(value) => query.bind(value.clone()),
            })
    }
}

/// Turns a row of any shape into a JSON object.
pub(crate) fn object(row: &SqliteRow) -> sqlx::Result<Value> {
    let mut object = Map::new();
    for (at, column) in row.columns().iter().enumerate() {
        let raw = row.try_get_raw(at)?;
        let value = match raw.type_info().name() {
            _ if raw.is_null() => Value::Null,
            "INTEGER" | "BOOLEAN" => Value::from(row.try_get_unchecked::<i64, _>(at)?),
            "REAL" => Value::from(row.try_get_unchecked::<f64, _>(at)?),
            _ => Value::from(row.try_get_unchecked::<String, _>(at)?),
        };
        object.insert(column.name().to_owned(), value);
    }
    Ok(Value::Object(object))
}
