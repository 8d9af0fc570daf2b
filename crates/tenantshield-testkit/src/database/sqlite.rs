//! The fixture in two `SQLite` files.

use futures_util::TryStreamExt as _;
use sqlx::sqlite::{SqliteArguments, SqliteConnectOptions, SqliteRow};
use sqlx::{
    AssertSqlSafe, Column as _, ConnectOptions as _, Connection as _, Either, Row as _,
    SqliteConnection, TypeInfo as _, ValueRef as _,
};
use tempfile::TempDir;
use tenantshield_sql::Dialect;

use crate::database::{Answer, Bind, Cell, Dump, Failure, Trial, Which, dump_statement};
use crate::error::Error;
use crate::fixture::{self, Keys, Population, TABLES};

#[derive(Debug)]
pub(crate) struct SqlitePair {
    both: SqliteConnection,
    alone: SqliteConnection,
    /// Removed last, when both files are closed.
    folder: TempDir,
}

impl SqlitePair {
    pub(crate) async fn create(keys: Keys) -> Result<Self, Error> {
        let folder = TempDir::new()
            .map_err(|source| Error::server("no temporary folder can be made", source))?;
        let both = fill(&folder, "both.db", keys, Population::Both).await?;
        let alone = fill(&folder, "alone.db", keys, Population::Alone).await?;
        Ok(Self {
            both,
            alone,
            folder,
        })
    }

    pub(crate) async fn attempt(
        &mut self,
        which: Which,
        sql: &str,
        binds: Option<&[Bind]>,
    ) -> Result<Trial, Error> {
        let connection = self.connection(which);
        command(connection, "BEGIN").await?;
        let before = changes(connection).await?;
        let mut result = run(connection, sql, binds.unwrap_or_default()).await?;
        if let Ok(answer) = &mut result {
            answer.affected = changes(connection).await?.saturating_sub(before);
        }
        let after = match result {
            Ok(_) => Some(dump(connection).await?),
            Err(_) => None,
        };
        command(connection, "ROLLBACK").await?;
        Ok(Trial { result, after })
    }

    pub(crate) async fn dump(&mut self, which: Which) -> Result<Dump, Error> {
        dump(self.connection(which)).await
    }

    pub(crate) async fn close(self) -> Result<(), Error> {
        let Self {
            both,
            alone,
            folder,
        } = self;
        for connection in [both, alone] {
            connection
                .close()
                .await
                .map_err(|source| Error::server("a file did not close", source))?;
        }
        folder
            .close()
            .map_err(|source| Error::server("the temporary folder stays behind", source))
    }

    const fn connection(&mut self, which: Which) -> &mut SqliteConnection {
        match which {
            Which::Alone => &mut self.alone,
            Which::Both => &mut self.both,
        }
    }
}

async fn fill(
    folder: &TempDir,
    file: &str,
    keys: Keys,
    population: Population,
) -> Result<SqliteConnection, Error> {
    let mut connection = SqliteConnectOptions::new()
        .filename(folder.path().join(file))
        .create_if_missing(true)
        .connect()
        .await
        .map_err(|source| Error::server("the file cannot be opened", source))?;
    let schema = fixture::schema(Dialect::Sqlite, population);
    for statement in schema.iter().chain(&fixture::rows(keys, population)) {
        command(&mut connection, statement).await?;
    }
    Ok(connection)
}

async fn command(connection: &mut SqliteConnection, sql: &str) -> Result<(), Error> {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .execute(connection)
        .await
        .map(|_| ())
        .map_err(|source| Error::server(format!("`{sql}` failed"), source))
}

async fn dump(connection: &mut SqliteConnection) -> Result<Dump, Error> {
    let mut dump = Dump::default();
    for table in TABLES {
        let answer = run(connection, &dump_statement(table), &[])
            .await?
            .map_err(|failure| Error::server(format!("no dump of {table}"), failure.text))?;
        dump.0.insert(table, answer);
    }
    Ok(dump)
}

/// Rows changed since the file was opened: a statement's own count repeats that of the last write.
async fn changes(connection: &mut SqliteConnection) -> Result<u64, Error> {
    sqlx::query_scalar::<_, i64>("SELECT total_changes()")
        .fetch_one(connection)
        .await
        .map(i64::unsigned_abs)
        .map_err(|source| Error::server("changes cannot be counted", source))
}

/// The engine's answer or its error; a broken connection is an error of the run.
async fn run(
    connection: &mut SqliteConnection,
    sql: &str,
    binds: &[Bind],
) -> Result<Result<Answer, Failure>, Error> {
    let text = AssertSqlSafe(sql.to_owned());
    let mut query = sqlx::query_with(text, SqliteArguments::default()).persistent(false);
    for bind in binds {
        query = match bind {
            Bind::Boolean(value) => query.bind(*value),
            Bind::Integer(value) => query.bind(*value),
            Bind::Null => query.bind(None::<String>),
            Bind::Text(value) => query.bind(value.clone()),
        };
    }
    let mut answer = Answer::default();
    #[expect(
        deprecated,
        reason = "rows and counts of one statement come from one stream"
    )]
    let mut stream = query.fetch_many(connection);
    loop {
        match stream.try_next().await {
            Ok(None) => return Ok(Ok(answer)),
            Ok(Some(Either::Left(_))) => {}
            Ok(Some(Either::Right(row))) => {
                if answer.columns.is_empty() {
                    answer.columns = row.columns().iter().map(|c| c.name().to_owned()).collect();
                }
                answer.rows.push(
                    cells(&row).map_err(|source| Error::server("a row cannot be read", source))?,
                );
            }
            Err(sqlx::Error::Database(error)) => {
                return Ok(Err(Failure {
                    class: error.code().unwrap_or_default().into_owned(),
                    text: format!("{error:?}"),
                }));
            }
            Err(other) => return Err(Error::server(format!("`{sql}` could not be run"), other)),
        }
    }
}

fn cells(row: &SqliteRow) -> Result<Vec<Cell>, sqlx::Error> {
    (0..row.columns().len())
        .map(|index| {
            let value = row.try_get_raw(index)?;
            if value.is_null() {
                return Ok(None);
            }
            let bytes = match value.type_info().name() {
                "BLOB" => row.try_get_unchecked::<Vec<u8>, _>(index)?,
                "REAL" => row
                    .try_get_unchecked::<f64, _>(index)?
                    .to_string()
                    .into_bytes(),
                "TEXT" => row.try_get_unchecked::<String, _>(index)?.into_bytes(),
                _ => row
                    .try_get_unchecked::<i64, _>(index)?
                    .to_string()
                    .into_bytes(),
            };
            Ok(Some(bytes))
        })
        .collect()
}
