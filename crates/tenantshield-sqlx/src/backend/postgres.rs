//! Postgres: `$n` binds, aborted transactions, pinned session settings.

use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;
use sqlx::encode::{Encode, IsNull};
use sqlx::error::{BoxDynError, DatabaseError};
use sqlx::postgres::types::Oid;
use sqlx::postgres::{
    PgArgumentBuffer, PgArguments, PgConnectOptions, PgConnection, PgPoolOptions, PgQueryResult,
    PgRow, PgStatement, PgTypeInfo,
};
use sqlx::{Arguments, Either, Execute, Executor, Pool, Postgres, SqlStr, Type};
use sqlx_core::describe::Describe;

use tenantshield_core::{Catalog, FilterValue, TenantValue};
use tenantshield_sql::{Dialect, MISMATCH};

use super::sealed::{BindValue, Damage, Driver, ReadOnly};

impl Driver for Postgres {
    const DIALECT: Dialect = Dialect::Postgres;

    const READ_ONLY: ReadOnly = ReadOnly::Transaction("BEGIN READ ONLY");

    fn push(arguments: &mut PgArguments, value: BindValue) -> Result<(), BoxDynError> {
        match value {
            BindValue::Filter(FilterValue::Boolean(value)) => arguments.add(value),
            BindValue::Filter(FilterValue::Integer(value))
            | BindValue::Tenant(TenantValue::Integer(value)) => arguments.add(value),
            BindValue::Filter(FilterValue::Text(value))
            | BindValue::Tenant(TenantValue::Text(value)) => arguments.add(&*value),
            BindValue::Filter(FilterValue::Uuid(value))
            | BindValue::Tenant(TenantValue::Uuid(value)) => arguments.add(UuidBind(value)),
        }
    }

    fn is_mismatch(error: &dyn DatabaseError) -> bool {
        error.code().is_some_and(|code| code == "22P02") && error.message().contains(MISMATCH)
    }

    fn damage(error: &sqlx::Error) -> Damage {
        match error {
            sqlx::Error::Database(_) => Damage::Aborted,
            sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::Tls(_) => Damage::Lost,
            _ => Damage::Unharmed,
        }
    }

    fn connect<'a>(
        url: &'a str,
        catalog: &'a Catalog,
    ) -> BoxFuture<'a, Result<Pool<Self>, sqlx::Error>> {
        Box::pin(async move {
            let path = search_path(catalog);
            let options: PgConnectOptions = url.parse()?;
            let options = options.options([
                ("search_path", path.as_str()),
                ("standard_conforming_strings", "on"),
                ("backslash_quote", "off"),
            ]);
            PgPoolOptions::new()
                .after_connect(|connection, _| Box::pin(check_session(connection)))
                .connect_with(options)
                .await
        })
    }

    fn fetch_many<'e, 'c: 'e, 'q: 'e, E: 'q + Execute<'q, Self>>(
        connection: &'c mut PgConnection,
        query: E,
    ) -> BoxStream<'e, Result<Either<PgQueryResult, PgRow>, sqlx::Error>> {
        connection.fetch_many(query)
    }

    fn fetch_optional<'e, 'c: 'e, 'q: 'e, E: 'q + Execute<'q, Self>>(
        connection: &'c mut PgConnection,
        query: E,
    ) -> BoxFuture<'e, Result<Option<PgRow>, sqlx::Error>> {
        connection.fetch_optional(query)
    }

    fn prepare_with<'e, 'c: 'e>(
        connection: &'c mut PgConnection,
        sql: SqlStr,
        parameters: &'e [PgTypeInfo],
    ) -> BoxFuture<'e, Result<PgStatement, sqlx::Error>> {
        connection.prepare_with(sql, parameters)
    }

    fn describe<'e, 'c: 'e>(
        connection: &'c mut PgConnection,
        sql: SqlStr,
    ) -> BoxFuture<'e, Result<Describe<Self>, sqlx::Error>> {
        connection.describe(sql)
    }
}

/// Binds a tenant's uuid without the optional uuid support of sqlx.
struct UuidBind([u8; 16]);

impl Type<Postgres> for UuidBind {
    fn type_info() -> PgTypeInfo {
        const UUID: Oid = Oid(2950);
        PgTypeInfo::with_oid(UUID)
    }
}

impl Encode<'_, Postgres> for UuidBind {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        buffer.extend_from_slice(&self.0);
        Ok(IsNull::No)
    }
}

/// The catalogue's first schema, with temporary objects last.
///
/// The guard takes a name without a qualifier for a table of that schema, so that no other may be
/// searched. `pg_temp` is searched first unless it is named, and a temporary table would then
/// stand in front of a tenant's.
fn search_path(catalog: &Catalog) -> String {
    let first = catalog.schemas().first().map_or("public", |schema| schema);
    format!("pg_catalog, \"{}\", pg_temp", first.replace('"', "\"\""))
}

/// Refuses a connection on which the settings that the guard relies on did not take, as behind a
/// pooler that drops start-up options.
async fn check_session(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    const PINNED: &str = "SELECT current_setting('standard_conforming_strings') = 'on' \
        AND current_setting('client_encoding') = 'UTF8' \
        AND current_setting('search_path') LIKE 'pg_catalog, %, pg_temp'";
    let pinned: bool = sqlx::query_scalar(PINNED).fetch_one(connection).await?;
    if pinned {
        return Ok(());
    }
    Err(sqlx::Error::Configuration(
        "the server did not keep the pinned session settings".into(),
    ))
}
