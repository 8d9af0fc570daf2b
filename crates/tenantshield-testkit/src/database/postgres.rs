//! The fixture in two databases of a Postgres server.

use std::str::FromStr as _;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::TryStreamExt as _;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgRow};
use sqlx::{
    AssertSqlSafe, Column as _, ConnectOptions as _, Connection as _, Either, PgConnection,
    Row as _, ValueRef as _,
};
use tenantshield_sql::Dialect;

use crate::database::{Answer, Bind, Cell, Dump, Failure, Trial, Which, dump_statement};
use crate::error::Error;
use crate::fixture::{self, Keys, Population, TABLES};

#[derive(Debug)]
pub(crate) struct PostgresPair {
    admin: PgConnection,
    names: [String; 2],
    both: PgConnection,
    alone: PgConnection,
}

impl PostgresPair {
    pub(crate) async fn create(url: &str, keys: Keys) -> Result<Self, Error> {
        let options = PgConnectOptions::from_str(url)
            .map_err(|source| Error::server("the URL is not one of Postgres", source))?;
        let mut admin = open(&options).await?;
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = |which: &str| format!("ts_kit_{}_{number}_{which}", std::process::id());
        let names = [name("both"), name("alone")];
        for name in &names {
            command(
                &mut admin,
                &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
            )
            .await?;
            command(
                &mut admin,
                &format!("CREATE DATABASE {name} TEMPLATE template0"),
            )
            .await?;
        }
        let both = fill(&options.clone().database(&names[0]), keys, Population::Both).await?;
        let alone = fill(&options.database(&names[1]), keys, Population::Alone).await?;
        Ok(Self {
            admin,
            names,
            both,
            alone,
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
        let result = run(connection, sql, binds).await?;
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
            mut admin,
            names,
            both,
            alone,
        } = self;
        for connection in [both, alone] {
            connection
                .close()
                .await
                .map_err(|source| Error::server("a connection did not close", source))?;
        }
        for name in names {
            command(
                &mut admin,
                &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
            )
            .await?;
        }
        Ok(())
    }

    const fn connection(&mut self, which: Which) -> &mut PgConnection {
        match which {
            Which::Alone => &mut self.alone,
            Which::Both => &mut self.both,
        }
    }
}

static NEXT: AtomicU64 = AtomicU64::new(0);

async fn open(options: &PgConnectOptions) -> Result<PgConnection, Error> {
    options
        .connect()
        .await
        .map_err(|source| Error::server("Postgres does not answer", source))
}

async fn fill(
    options: &PgConnectOptions,
    keys: Keys,
    population: Population,
) -> Result<PgConnection, Error> {
    let mut connection = open(options).await?;
    command(&mut connection, "SET statement_timeout = '20s'").await?;
    let schema = fixture::schema(Dialect::Postgres, population);
    for statement in schema.iter().chain(&fixture::rows(keys, population)) {
        command(&mut connection, statement).await?;
    }
    command(&mut connection, "ANALYZE").await?;
    Ok(connection)
}

async fn command(connection: &mut PgConnection, sql: &str) -> Result<(), Error> {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .execute(connection)
        .await
        .map(|_| ())
        .map_err(|source| Error::server(format!("`{sql}` failed"), source))
}

async fn dump(connection: &mut PgConnection) -> Result<Dump, Error> {
    let mut dump = Dump::default();
    for table in TABLES {
        let answer = run(connection, &dump_statement(table), None)
            .await?
            .map_err(|failure| Error::server(format!("no dump of {table}"), failure.text))?;
        dump.0.insert(table, answer);
    }
    Ok(dump)
}

/// The server's answer or its error; a broken connection is an error of the run.
async fn run(
    connection: &mut PgConnection,
    sql: &str,
    binds: Option<&[Bind]>,
) -> Result<Result<Answer, Failure>, Error> {
    let text = AssertSqlSafe(sql.to_owned());
    let collected = match binds {
        None => collect(sqlx::raw_sql(text).fetch_many(connection)).await,
        Some(binds) => {
            let mut query = sqlx::query_with(text, PgArguments::default());
            for bind in binds {
                query = match bind {
                    Bind::Boolean(value) => query.bind(*value),
                    Bind::Integer(value) => query.bind(*value),
                    Bind::Null => query.bind(None::<String>),
                    Bind::Text(value) => query.bind(value.clone()),
                };
            }
            #[expect(
                deprecated,
                reason = "rows and counts of one statement come from one stream"
            )]
            let stream = query.fetch_many(connection);
            collect(stream).await
        }
    };
    match collected {
        Ok(answer) => Ok(Ok(answer)),
        Err(sqlx::Error::Database(error)) => Ok(Err(Failure {
            class: error.code().unwrap_or_default().into_owned(),
            text: format!("{error:?}"),
        })),
        Err(other) => Err(Error::server(format!("`{sql}` could not be run"), other)),
    }
}

async fn collect<S>(mut stream: S) -> Result<Answer, sqlx::Error>
where
    S: futures_util::Stream<
            Item = Result<Either<sqlx::postgres::PgQueryResult, PgRow>, sqlx::Error>,
        > + Unpin
        + Send,
{
    let mut answer = Answer::default();
    while let Some(item) = stream.try_next().await? {
        match item {
            Either::Left(done) => answer.affected += done.rows_affected(),
            Either::Right(row) => {
                if answer.columns.is_empty() {
                    answer.columns = row.columns().iter().map(|c| c.name().to_owned()).collect();
                }
                answer.rows.push(cells(&row)?);
            }
        }
    }
    Ok(answer)
}

fn cells(row: &PgRow) -> Result<Vec<Cell>, sqlx::Error> {
    (0..row.columns().len())
        .map(|index| {
            let value = row.try_get_raw(index)?;
            if value.is_null() {
                return Ok(None);
            }
            value
                .as_bytes()
                .map(|bytes| Some(bytes.to_vec()))
                .map_err(sqlx::Error::Decode)
        })
        .collect()
}
