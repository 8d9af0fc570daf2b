//! Which databases the adapter speaks, and what it must know about each.
//!
//! sqlx itself is generic over `Database`. The adapter is generic over a smaller, sealed set: a
//! database counts only when its guard dialect, its tenant binds, the way in which it reports a
//! refused tenant value and the way in which it gives up a transaction are all known.

use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;
use futures_util::TryStreamExt;
use sqlx::{Database, Either, Execute, Pool, SqlStr};
use sqlx_core::describe::Describe;
use sqlx_core::error::{BoxDynError, DatabaseError};
use tenantshield_core::{Catalog, FilterValue, TenantValue};
use tenantshield_sql::Dialect;

mod postgres;
mod sqlite;

/// A database that the adapter can hold inside one tenant; sealed, for Postgres and `SQLite`.
pub trait Backend: sealed::Driver {}

impl Backend for sqlx::Postgres {}

impl Backend for sqlx::Sqlite {}

pub(crate) mod sealed {
    use super::{
        BoxDynError, BoxFuture, BoxStream, Catalog, Database, DatabaseError, Describe, Dialect,
        Either, Execute, FilterValue, Pool, SqlStr, TenantValue, TryStreamExt,
    };

    #[expect(
        unnameable_types,
        reason = "the seal: nobody outside may name it, so nobody can implement `Backend`"
    )]
    pub trait Driver: Database {
        const DIALECT: Dialect;

        /// How the database itself is told to refuse writes for a while.
        const READ_ONLY: ReadOnly;

        fn push(arguments: &mut Self::Arguments, value: BindValue) -> Result<(), BoxDynError>;

        /// Whether the tenant check that the guard rendered into the statement raised.
        fn is_mismatch(error: &dyn DatabaseError) -> bool;

        /// What an error inside a transaction has done to that transaction.
        fn damage(error: &sqlx::Error) -> Damage;

        fn connect<'a>(
            url: &'a str,
            catalog: &'a Catalog,
        ) -> BoxFuture<'a, Result<Pool<Self>, sqlx::Error>>;

        #[expect(clippy::type_complexity, reason = "the type is that of sqlx's trait")]
        fn fetch_many<'e, 'c: 'e, 'q: 'e, E: 'q + Execute<'q, Self>>(
            connection: &'c mut Self::Connection,
            query: E,
        ) -> BoxStream<'e, Result<Either<Self::QueryResult, Self::Row>, sqlx::Error>>;

        fn fetch_optional<'e, 'c: 'e, 'q: 'e, E: 'q + Execute<'q, Self>>(
            connection: &'c mut Self::Connection,
            query: E,
        ) -> BoxFuture<'e, Result<Option<Self::Row>, sqlx::Error>>;

        /// Runs a text of our own, without binds.
        fn run<'c>(
            connection: &'c mut Self::Connection,
            sql: &'static str,
        ) -> BoxFuture<'c, Result<(), sqlx::Error>> {
            Box::pin(async move {
                let mut steps = Self::fetch_many(connection, sql);
                while steps.try_next().await?.is_some() {}
                Ok(())
            })
        }

        fn prepare_with<'e, 'c: 'e>(
            connection: &'c mut Self::Connection,
            sql: SqlStr,
            parameters: &'e [Self::TypeInfo],
        ) -> BoxFuture<'e, Result<Self::Statement, sqlx::Error>>;

        fn describe<'e, 'c: 'e>(
            connection: &'c mut Self::Connection,
            sql: SqlStr,
        ) -> BoxFuture<'e, Result<Describe<Self>, sqlx::Error>>;
    }

    /// How a database is told to refuse writes.
    #[derive(Debug)]
    #[expect(unnameable_types, reason = "part of the seal")]
    pub enum ReadOnly {
        /// A setting of the session that has to be taken back.
        Setting { on: &'static str, off: &'static str },
        /// A transaction that begins with this.
        Transaction(&'static str),
    }

    /// A value that the adapter appends to the application's own.
    #[derive(Debug)]
    #[expect(unnameable_types, reason = "part of the seal")]
    pub enum BindValue {
        Filter(FilterValue),
        Tenant(TenantValue),
    }

    /// What an error has done to the transaction in which it arose.
    #[derive(Clone, Copy, Debug, Eq, PartialEq)]
    #[expect(unnameable_types, reason = "part of the seal")]
    pub enum Damage {
        /// The database will refuse all but a rollback (Postgres).
        Aborted,
        /// The transaction is gone, and what follows would run outside of it (`SQLite`).
        Lost,
        /// The transaction may be gone; a queued rollback cannot be trusted (`SQLite`).
        Unsure,
        /// Nothing: the transaction goes on.
        Unharmed,
    }
}
