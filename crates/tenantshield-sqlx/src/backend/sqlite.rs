//! `SQLite`: numbered binds, transactions that an error can end behind the driver's back.

use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;
use sqlx::error::{BoxDynError, DatabaseError};
use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteConnection, SqlitePoolOptions, SqliteQueryResult,
    SqliteRow, SqliteStatement, SqliteTypeInfo,
};
use sqlx::{Arguments, Either, Execute, Executor, Pool, SqlStr, Sqlite};
use sqlx_core::describe::Describe;

use tenantshield_core::{Catalog, FilterValue, TenantValue};
use tenantshield_sql::{Dialect, MISMATCH};

use super::sealed::{BindValue, Damage, Driver, ReadOnly};

impl Driver for Sqlite {
    const DIALECT: Dialect = Dialect::Sqlite;

    const READ_ONLY: ReadOnly = ReadOnly::Setting {
        on: "PRAGMA query_only = 1",
        off: "PRAGMA query_only = 0",
    };

    fn push(arguments: &mut SqliteArguments, value: BindValue) -> Result<(), BoxDynError> {
        match value {
            BindValue::Filter(FilterValue::Boolean(value)) => arguments.add(value),
            BindValue::Filter(FilterValue::Integer(value))
            | BindValue::Tenant(TenantValue::Integer(value)) => arguments.add(value),
            BindValue::Filter(FilterValue::Text(value))
            | BindValue::Tenant(TenantValue::Text(value)) => arguments.add(value),
            BindValue::Filter(FilterValue::Uuid(value))
            | BindValue::Tenant(TenantValue::Uuid(value)) => arguments.add(hyphenated(value)),
        }
    }

    fn is_mismatch(error: &dyn DatabaseError) -> bool {
        error.message().contains(MISMATCH)
    }

    /// `SQLite` ends a transaction by itself on some errors, and a table's conflict clause or a
    /// trigger can end it on a constraint. The driver does not see that.
    fn damage(error: &sqlx::Error) -> Damage {
        let sqlx::Error::Database(error) = error else {
            return match error {
                sqlx::Error::WorkerCrashed => Damage::Lost,
                _ => Damage::Unharmed,
            };
        };
        let code = error.code().and_then(|code| code.parse::<u32>().ok());
        match code.map(|code| code & 0xff) {
            Some(ERROR) => Damage::Unharmed,
            Some(NO_MEMORY | INTERRUPT | IO_ERROR | CORRUPT | FULL) | None => Damage::Lost,
            Some(_) => Damage::Unsure,
        }
    }

    fn connect<'a>(
        url: &'a str,
        _catalog: &'a Catalog,
    ) -> BoxFuture<'a, Result<Pool<Self>, sqlx::Error>> {
        Box::pin(async move {
            let options: SqliteConnectOptions = url.parse()?;
            let options = options.foreign_keys(true).pragma("trusted_schema", "OFF");
            SqlitePoolOptions::new().connect_with(options).await
        })
    }

    fn fetch_many<'e, 'c: 'e, 'q: 'e, E: 'q + Execute<'q, Self>>(
        connection: &'c mut SqliteConnection,
        query: E,
    ) -> BoxStream<'e, Result<Either<SqliteQueryResult, SqliteRow>, sqlx::Error>> {
        connection.fetch_many(query)
    }

    fn fetch_optional<'e, 'c: 'e, 'q: 'e, E: 'q + Execute<'q, Self>>(
        connection: &'c mut SqliteConnection,
        query: E,
    ) -> BoxFuture<'e, Result<Option<SqliteRow>, sqlx::Error>> {
        connection.fetch_optional(query)
    }

    fn prepare_with<'e, 'c: 'e>(
        connection: &'c mut SqliteConnection,
        sql: SqlStr,
        parameters: &'e [SqliteTypeInfo],
    ) -> BoxFuture<'e, Result<SqliteStatement, sqlx::Error>> {
        connection.prepare_with(sql, parameters)
    }

    fn describe<'e, 'c: 'e>(
        connection: &'c mut SqliteConnection,
        sql: SqlStr,
    ) -> BoxFuture<'e, Result<Describe<Self>, sqlx::Error>> {
        connection.describe(sql)
    }
}

// Primary result codes, see <https://www.sqlite.org/rescode.html>.
const ERROR: u32 = 1;
const NO_MEMORY: u32 = 7;
const INTERRUPT: u32 = 9;
const IO_ERROR: u32 = 10;
const CORRUPT: u32 = 11;
const FULL: u32 = 13;

/// The canonical text of a uuid, which is how a tenant's uuid is stored in `SQLite`.
fn hyphenated(uuid: [u8; 16]) -> String {
    let mut text = String::with_capacity(36);
    for (at, byte) in uuid.into_iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        for nibble in [byte >> 4, byte & 0x0f] {
            text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
        }
    }
    text
}
