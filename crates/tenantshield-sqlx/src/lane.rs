//! The one road on which a statement reaches the driver.
//!
//! Each handle brings a source (where the connection comes from) and a rule (who judges the
//! statement); everything else, from the bind count to the mapping of errors, is the same for all
//! of them and stands here once. No handle derefs to the driver's connection and none implements
//! `Acquire`: either would let a statement around this file.

use std::future::ready;

use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use sqlx::pool::PoolConnection;
use sqlx::{Either, Execute, Pool, SqlStr};
use sqlx_core::describe::Describe;
use sqlx_core::ext::async_stream::TryAsyncStream;

use crate::backend::Backend;
use crate::held::Held;
use crate::job::{Job, Judge, Statement};

/// Implements `Executor` for a handle that has a method `lane(self) -> Lane<'_, DB>`.
macro_rules! impl_executor {
    ([$($generics:tt)*] $lifetime:lifetime, $handle:ty) => {
        #[deny(clippy::missing_trait_methods)]
        impl<$($generics)*, DB: $crate::backend::Backend> sqlx::Executor<$lifetime> for $handle {
            type Database = DB;

            fn execute<'e, 'q: 'e, E>(
                self,
                query: E,
            ) -> futures_core::future::BoxFuture<'e, Result<DB::QueryResult, sqlx::Error>>
            where
                $lifetime: 'e,
                E: 'q + sqlx::Execute<'q, DB>,
            {
                self.lane().run(query).execute()
            }

            fn execute_many<'e, 'q: 'e, E>(
                self,
                query: E,
            ) -> futures_core::stream::BoxStream<'e, Result<DB::QueryResult, sqlx::Error>>
            where
                $lifetime: 'e,
                E: 'q + sqlx::Execute<'q, DB>,
            {
                self.lane().run(query).execute_many()
            }

            fn fetch<'e, 'q: 'e, E>(
                self,
                query: E,
            ) -> futures_core::stream::BoxStream<'e, Result<DB::Row, sqlx::Error>>
            where
                $lifetime: 'e,
                E: 'q + sqlx::Execute<'q, DB>,
            {
                self.lane().run(query).fetch()
            }

            fn fetch_many<'e, 'q: 'e, E>(
                self,
                query: E,
            ) -> futures_core::stream::BoxStream<
                'e,
                Result<sqlx::Either<DB::QueryResult, DB::Row>, sqlx::Error>,
            >
            where
                $lifetime: 'e,
                E: 'q + sqlx::Execute<'q, DB>,
            {
                self.lane().run(query).fetch_many()
            }

            fn fetch_all<'e, 'q: 'e, E>(
                self,
                query: E,
            ) -> futures_core::future::BoxFuture<'e, Result<Vec<DB::Row>, sqlx::Error>>
            where
                $lifetime: 'e,
                E: 'q + sqlx::Execute<'q, DB>,
            {
                self.lane().run(query).fetch_all()
            }

            fn fetch_one<'e, 'q: 'e, E>(
                self,
                query: E,
            ) -> futures_core::future::BoxFuture<'e, Result<DB::Row, sqlx::Error>>
            where
                $lifetime: 'e,
                E: 'q + sqlx::Execute<'q, DB>,
            {
                self.lane().run(query).fetch_one()
            }

            fn fetch_optional<'e, 'q: 'e, E>(
                self,
                query: E,
            ) -> futures_core::future::BoxFuture<'e, Result<Option<DB::Row>, sqlx::Error>>
            where
                $lifetime: 'e,
                E: 'q + sqlx::Execute<'q, DB>,
            {
                self.lane().run(query).fetch_optional()
            }

            fn prepare<'e>(
                self,
                query: sqlx::SqlStr,
            ) -> futures_core::future::BoxFuture<'e, Result<DB::Statement, sqlx::Error>>
            where
                $lifetime: 'e,
            {
                self.lane().prepare(query, &[])
            }

            fn prepare_with<'e>(
                self,
                sql: sqlx::SqlStr,
                parameters: &'e [DB::TypeInfo],
            ) -> futures_core::future::BoxFuture<'e, Result<DB::Statement, sqlx::Error>>
            where
                $lifetime: 'e,
            {
                self.lane().prepare(sql, parameters)
            }

            fn describe<'e>(
                self,
                sql: sqlx::SqlStr,
            ) -> futures_core::future::BoxFuture<
                'e,
                Result<sqlx_core::describe::Describe<DB>, sqlx::Error>,
            >
            where
                $lifetime: 'e,
            {
                self.lane().describe(sql)
            }
        }
    };
}
pub(crate) use impl_executor;

/// Where a statement's connection comes from.
pub(crate) enum Source<'c, DB: Backend> {
    /// A connection that is in hand, at this depth of its transactions.
    Held(&'c mut Held<DB>, usize),
    /// A connection that is closed afterwards when the statement asks for that.
    Own(&'c Pool<DB>),
    Pool(&'c Pool<DB>),
    /// A connection on which the database itself refuses writes meanwhile.
    ReadOnly(&'c Pool<DB>),
}

/// A source and a rule: what a handle is, seen from a statement.
pub(crate) struct Lane<'c, DB: Backend> {
    pub(crate) source: Source<'c, DB>,
    pub(crate) rule: &'c dyn Judge<DB>,
}

impl<'c, DB: Backend> Lane<'c, DB> {
    /// Judges the statement at once, so that it belongs to this handle's tenant wherever and
    /// whenever the result is polled.
    pub(crate) fn run<'q, E: Execute<'q, DB>>(self, query: E) -> Run<'c, DB> {
        let job = Statement::new(query).and_then(|statement| self.rule.judge(statement));
        Run {
            job,
            source: self.source,
        }
    }

    /// Prepares the original text: preparing touches no row, and whoever executes the statement
    /// passes the guard again, which must see the text as the application wrote it.
    pub(crate) fn prepare<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [DB::TypeInfo],
    ) -> BoxFuture<'e, Result<DB::Statement, sqlx::Error>>
    where
        'c: 'e,
    {
        let judged = self.rule.inspect(sql.as_str());
        let source = self.source;
        Box::pin(async move {
            judged?;
            let mut lease = source.open(true).await?;
            let prepared = DB::prepare_with(lease.connection()?, sql, parameters).await;
            lease.finish(prepared, |error| error).await
        })
    }

    pub(crate) fn describe<'e>(
        self,
        sql: SqlStr,
    ) -> BoxFuture<'e, Result<Describe<DB>, sqlx::Error>>
    where
        'c: 'e,
    {
        let judged = self.rule.inspect(sql.as_str());
        let source = self.source;
        Box::pin(async move {
            judged?;
            let mut lease = source.open(true).await?;
            let described = DB::describe(lease.connection()?, sql).await;
            lease.finish(described, |error| error).await
        })
    }
}

/// A judged statement with its source; what is left is to run it.
pub(crate) struct Run<'c, DB: Backend> {
    job: Result<Job<DB>, sqlx::Error>,
    source: Source<'c, DB>,
}

impl<'c, DB: Backend> Run<'c, DB> {
    pub(crate) fn execute<'e>(self) -> BoxFuture<'e, Result<DB::QueryResult, sqlx::Error>>
    where
        'c: 'e,
    {
        Box::pin(async move {
            let Job {
                statement,
                trail,
                retire,
            } = self.job?;
            let mut lease = self.source.open(retire).await?;
            let mut steps = DB::fetch_many(lease.connection()?, statement);
            let mut total = DB::QueryResult::default();
            let ended = loop {
                match steps.try_next().await {
                    Ok(Some(Either::Left(result))) => total.extend(Some(result)),
                    Ok(Some(Either::Right(_))) => {}
                    Ok(None) => break Ok(total),
                    Err(error) => break Err(error),
                }
            };
            drop(steps);
            lease.finish(ended, |error| trail.settle::<DB>(error)).await
        })
    }

    pub(crate) fn execute_many<'e>(self) -> BoxStream<'e, Result<DB::QueryResult, sqlx::Error>>
    where
        'c: 'e,
    {
        self.fetch_many()
            .try_filter_map(|step| ready(Ok(step.left())))
            .boxed()
    }

    pub(crate) fn fetch<'e>(self) -> BoxStream<'e, Result<DB::Row, sqlx::Error>>
    where
        'c: 'e,
    {
        self.fetch_many()
            .try_filter_map(|step| ready(Ok(step.right())))
            .boxed()
    }

    #[expect(clippy::type_complexity, reason = "the type is that of sqlx's trait")]
    pub(crate) fn fetch_many<'e>(
        self,
    ) -> BoxStream<'e, Result<Either<DB::QueryResult, DB::Row>, sqlx::Error>>
    where
        'c: 'e,
    {
        let Job {
            statement,
            trail,
            retire,
        } = match self.job {
            Ok(job) => job,
            Err(error) => return stream::once(ready(Err(error))).boxed(),
        };
        let source = self.source;
        Box::pin(TryAsyncStream::new(move |yielder| async move {
            let mut lease = source.open(retire).await?;
            let mut steps = DB::fetch_many(lease.connection()?, statement);
            let ended = loop {
                match steps.try_next().await {
                    Ok(Some(step)) => yielder.r#yield(step).await,
                    Ok(None) => break Ok(()),
                    Err(error) => break Err(error),
                }
            };
            drop(steps);
            lease.finish(ended, |error| trail.settle::<DB>(error)).await
        }))
    }

    pub(crate) fn fetch_all<'e>(self) -> BoxFuture<'e, Result<Vec<DB::Row>, sqlx::Error>>
    where
        'c: 'e,
    {
        Box::pin(async move {
            let Job {
                statement,
                trail,
                retire,
            } = self.job?;
            let mut lease = self.source.open(retire).await?;
            let mut steps = DB::fetch_many(lease.connection()?, statement);
            let mut rows = Vec::new();
            let ended = loop {
                match steps.try_next().await {
                    Ok(Some(Either::Left(_))) => {}
                    Ok(Some(Either::Right(row))) => rows.push(row),
                    Ok(None) => break Ok(rows),
                    Err(error) => break Err(error),
                }
            };
            drop(steps);
            lease.finish(ended, |error| trail.settle::<DB>(error)).await
        })
    }

    pub(crate) fn fetch_one<'e>(self) -> BoxFuture<'e, Result<DB::Row, sqlx::Error>>
    where
        'c: 'e,
    {
        Box::pin(async move { self.optional().await?.ok_or(sqlx::Error::RowNotFound) })
    }

    pub(crate) fn fetch_optional<'e>(self) -> BoxFuture<'e, Result<Option<DB::Row>, sqlx::Error>>
    where
        'c: 'e,
    {
        Box::pin(self.optional())
    }

    async fn optional(self) -> Result<Option<DB::Row>, sqlx::Error> {
        let Job {
            statement,
            trail,
            retire,
        } = self.job?;
        let mut lease = self.source.open(retire).await?;
        let row = DB::fetch_optional(lease.connection()?, statement).await;
        lease.finish(row, |error| trail.settle::<DB>(error)).await
    }
}

impl<'c, DB: Backend> Source<'c, DB> {
    async fn open(self, retire: bool) -> Result<Lease<'c, DB>, sqlx::Error> {
        match self {
            Self::Own(pool) => {
                let mut connection = pool.acquire().await?;
                if retire {
                    connection.close_on_drop();
                }
                Ok(Lease::Pooled(connection))
            }
            Self::Held(held, level) => Ok(Lease::Held(held, level)),
            Self::Pool(pool) => Ok(Lease::Pooled(pool.acquire().await?)),
            Self::ReadOnly(pool) => {
                let mut held = Held::acquire(pool).await?;
                held.reads_only().await?;
                Ok(Lease::ReadOnly(held))
            }
        }
    }
}

/// A connection for the time of one statement.
enum Lease<'c, DB: Backend> {
    Held(&'c mut Held<DB>, usize),
    Pooled(PoolConnection<DB>),
    ReadOnly(Held<DB>),
}

impl<DB: Backend> Lease<'_, DB> {
    fn connection(&mut self) -> Result<&mut DB::Connection, sqlx::Error> {
        match self {
            Self::Held(held, level) => held.usable(*level),
            Self::Pooled(connection) => Ok(connection),
            Self::ReadOnly(held) => held.usable(1),
        }
    }

    async fn finish<T>(
        self,
        ended: Result<T, sqlx::Error>,
        settle: impl FnOnce(sqlx::Error) -> sqlx::Error,
    ) -> Result<T, sqlx::Error> {
        match self {
            Self::Held(held, _) => ended.map_err(|error| {
                held.note(&error);
                settle(error)
            }),
            Self::Pooled(_) => ended.map_err(settle),
            Self::ReadOnly(mut held) => {
                // The read's own error says more than that of the end.
                let over = held.reads_over().await;
                let value = ended.map_err(settle)?;
                over.map(|()| value)
            }
        }
    }
}
