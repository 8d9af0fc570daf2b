//! A real database with the fixture in it, in which statements are tried and undone.
//!
//! *Why:* an oracle needs the exact rows, the number of rows changed and the state afterwards, for
//! both engines in one shape. Each trial runs in a transaction that is rolled back.

mod postgres;
mod sqlite;

use std::collections::BTreeMap;

pub(crate) use postgres::PostgresPair;
pub(crate) use sqlite::SqlitePair;

use crate::error::Error;
use crate::fixture::Keys;

/// A value that is bound to a placeholder.
#[derive(Clone, Debug)]
pub(crate) enum Bind {
    Boolean(bool),
    Integer(i64),
    Null,
    Text(String),
}

/// One value of a row: its bytes as the server sent them, none for NULL.
pub(crate) type Cell = Option<Vec<u8>>;

/// What a statement gave.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Answer {
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Vec<Cell>>,
    pub(crate) affected: u64,
}

/// How a statement failed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Failure {
    /// The SQLSTATE, or the primary result code of `SQLite`.
    pub(crate) class: String,
    /// Everything that the server said.
    pub(crate) text: String,
}

/// The rows of every table, in the order of their keys.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Dump(pub(crate) BTreeMap<&'static str, Answer>);

/// One statement, tried and undone.
#[derive(Clone, Debug)]
pub(crate) struct Trial {
    pub(crate) result: Result<Answer, Failure>,
    /// The state that the statement left; none where it failed, as it then left the state alone.
    pub(crate) after: Option<Dump>,
}

/// A database in which both tenants live, and its twin in which tenant 1 is alone.
#[derive(Debug)]
pub(crate) enum Pair {
    Postgres(Box<PostgresPair>),
    Sqlite(Box<SqlitePair>),
}

/// Which database of the pair.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Which {
    Alone,
    Both,
}

impl Pair {
    pub(crate) async fn postgres(url: &str, keys: Keys) -> Result<Self, Error> {
        Ok(Self::Postgres(Box::new(
            PostgresPair::create(url, keys).await?,
        )))
    }

    pub(crate) async fn sqlite(keys: Keys) -> Result<Self, Error> {
        Ok(Self::Sqlite(Box::new(SqlitePair::create(keys).await?)))
    }

    /// Runs `sql` in a transaction, reads the state after it, and rolls back.
    ///
    /// Without `binds` the text goes through the simple protocol, where the server has one.
    pub(crate) async fn attempt(
        &mut self,
        which: Which,
        sql: &str,
        binds: Option<&[Bind]>,
    ) -> Result<Trial, Error> {
        match self {
            Self::Postgres(pair) => pair.attempt(which, sql, binds).await,
            Self::Sqlite(pair) => pair.attempt(which, sql, binds).await,
        }
    }

    pub(crate) async fn dump(&mut self, which: Which) -> Result<Dump, Error> {
        match self {
            Self::Postgres(pair) => pair.dump(which).await,
            Self::Sqlite(pair) => pair.dump(which).await,
        }
    }

    pub(crate) async fn close(self) -> Result<(), Error> {
        match self {
            Self::Postgres(pair) => pair.close().await,
            Self::Sqlite(pair) => pair.close().await,
        }
    }
}

impl Dump {
    /// The rows that are tenant 1's, by table.
    pub(crate) fn own(&self) -> BTreeMap<&'static str, Vec<Vec<Cell>>> {
        self.split(true)
    }

    /// All other rows: tenant 2's, shared ones, and whatever belongs to nobody.
    pub(crate) fn others(&self) -> BTreeMap<&'static str, Vec<Vec<Cell>>> {
        self.split(false)
    }

    fn split(&self, own: bool) -> BTreeMap<&'static str, Vec<Vec<Cell>>> {
        self.0
            .iter()
            .map(|(table, answer)| {
                let tenant = answer
                    .columns
                    .iter()
                    .position(|column| column == "tenant_id");
                let rows = answer.rows.iter().filter(|row| {
                    let value = tenant.and_then(|at| row.get(at)).and_then(Option::as_deref);
                    (value == Some(b"1".as_slice())) == own
                });
                (*table, rows.cloned().collect())
            })
            .collect()
    }
}

fn dump_statement(table: &str) -> String {
    format!("SELECT * FROM {table} ORDER BY id")
}
