//! The sqlx adapter under the laws of the kit, on both databases.

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::TryStreamExt as _;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Postgres, Row as _, Sqlite};
use tenantshield_core::TenantContext;
use tenantshield_sql::{Dialect, Guard};
use tenantshield_sqlx::{Db, refusal};
use tenantshield_testkit::conformance::{self, Adapter, AdapterError, End, Law, Step, Value};
use tenantshield_testkit::fixture;

use crate::postgres_url;

struct Under<DB: tenantshield_sqlx::Backend> {
    db: Db<DB>,
    admin: sqlx::Pool<DB>,
}

fn guard(dialect: Dialect) -> Arc<Guard> {
    Arc::new(Guard::new(fixture::catalog().unwrap(), dialect).unwrap())
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "stands where map_err wants it"
)]
fn judged(error: sqlx::Error) -> AdapterError {
    let code = refusal(&error).map(tenantshield_core::Error::code);
    AdapterError::new(code, format!("{error:?} {error}"))
}

macro_rules! adapter {
    ($database:ty, $dialect:expr) => {
        #[async_trait]
        impl Adapter for Under<$database> {
            fn dialect(&self) -> Dialect {
                $dialect
            }

            async fn administer(&self, sql: &str) -> Result<(), AdapterError> {
                sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
                    .execute(&self.admin)
                    .await
                    .map(|_| ())
                    .map_err(judged)
            }

            async fn execute(
                &self,
                context: &TenantContext,
                sql: &str,
                binds: &[Value],
            ) -> Result<u64, AdapterError> {
                let mut query = sqlx::query(AssertSqlSafe(sql.to_owned()));
                for bind in binds {
                    query = match bind {
                        Value::Integer(number) => query.bind(*number),
                        Value::Null => query.bind(None::<i64>),
                        Value::Text(text) => query.bind(text.clone()),
                    };
                }
                let done = query
                    .execute(&self.db.scope(context))
                    .await
                    .map_err(judged)?;
                Ok(done.rows_affected())
            }

            async fn fetch(
                &self,
                context: &TenantContext,
                sql: &str,
                binds: &[Value],
            ) -> Result<Vec<Vec<Value>>, AdapterError> {
                let mut query = sqlx::query(AssertSqlSafe(sql.to_owned()));
                for bind in binds {
                    query = match bind {
                        Value::Integer(number) => query.bind(*number),
                        Value::Null => query.bind(None::<i64>),
                        Value::Text(text) => query.bind(text.clone()),
                    };
                }
                let rows = query
                    .fetch_all(&self.db.scope(context))
                    .await
                    .map_err(judged)?;
                rows.iter().map(Self::values).collect()
            }

            async fn stream_elsewhere(
                &self,
                context: &TenantContext,
                elsewhere: &TenantContext,
                sql: &str,
            ) -> Result<Vec<Vec<Value>>, AdapterError> {
                let handle = self.db.scope(context);
                let rows = sqlx::query(AssertSqlSafe(sql.to_owned())).fetch(&handle);
                let rows: Vec<_> = elsewhere.scope(rows.try_collect()).await.map_err(judged)?;
                rows.iter().map(Self::values).collect()
            }

            async fn transaction(
                &self,
                context: &TenantContext,
                steps: &[Step],
                end: End,
            ) -> Result<(), AdapterError> {
                let mut outer = self.db.scope(context).begin().await.map_err(judged)?;
                let mut steps = steps.iter();
                while let Some(step) = steps.next() {
                    match step {
                        Step::Execute(sql) => {
                            sqlx::query(AssertSqlSafe(sql.clone()))
                                .execute(&mut outer)
                                .await
                                .map_err(judged)?;
                        }
                        Step::Open => {
                            let mut inner = outer.begin().await.map_err(judged)?;
                            loop {
                                match steps.next() {
                                    Some(Step::Execute(sql)) => {
                                        sqlx::query(AssertSqlSafe(sql.clone()))
                                            .execute(&mut inner)
                                            .await
                                            .map_err(judged)?;
                                    }
                                    Some(Step::Keep) => {
                                        inner.commit().await.map_err(judged)?;
                                        break;
                                    }
                                    Some(Step::Undo) => {
                                        inner.rollback().await.map_err(judged)?;
                                        break;
                                    }
                                    Some(Step::Open) | None => {
                                        return Err(AdapterError::new(None, "steps do not nest"));
                                    }
                                }
                            }
                        }
                        Step::Keep | Step::Undo => {
                            return Err(AdapterError::new(None, "no savepoint is open"));
                        }
                    }
                }
                match end {
                    End::Commit => outer.commit().await.map_err(judged),
                    End::Rollback => outer.rollback().await.map_err(judged),
                    End::Drop => {
                        drop(outer);
                        Ok(())
                    }
                }
            }

            async fn fetch_ambient(&self, sql: &str) -> Result<Vec<Vec<Value>>, AdapterError> {
                let handle = self
                    .db
                    .current()
                    .map_err(|error| AdapterError::new(Some(error.code()), error.to_string()))?;
                let rows = sqlx::query(AssertSqlSafe(sql.to_owned()))
                    .fetch_all(&handle)
                    .await
                    .map_err(judged)?;
                rows.iter().map(Self::values).collect()
            }
        }

        impl Under<$database> {
            /// Integers of both widths, texts, and NULL.
            fn values(
                row: &<$database as sqlx::Database>::Row,
            ) -> Result<Vec<Value>, AdapterError> {
                (0..row.columns().len())
                    .map(|index| {
                        if let Ok(number) = row.try_get::<Option<i64>, _>(index) {
                            return Ok(number.map_or(Value::Null, Value::Integer));
                        }
                        if let Ok(number) = row.try_get::<Option<i32>, _>(index) {
                            return Ok(number.map_or(Value::Null, |n| Value::Integer(i64::from(n))));
                        }
                        row.try_get::<Option<String>, _>(index)
                            .map(|text| text.map_or(Value::Null, Value::Text))
                            .map_err(judged)
                    })
                    .collect()
            }
        }
    };
}

adapter!(Postgres, Dialect::Postgres);
adapter!(Sqlite, Dialect::Sqlite);

async fn conforms(adapter: &dyn Adapter) {
    let outcome = conformance::run(adapter).await.unwrap();
    println!("{outcome}");
    assert!(outcome.broken().is_empty(), "{outcome}");
    assert_eq!(outcome.kept().len(), Law::ALL.len());
}

#[tokio::test]
async fn the_sqlx_adapter_keeps_every_law_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let options = SqliteConnectOptions::new()
        .filename(folder.path().join("kit.db"))
        .create_if_missing(true);
    let admin = SqlitePoolOptions::new()
        .max_connections(1)
        .connect_with(options.clone())
        .await;
    let pool = SqlitePoolOptions::new()
        .max_connections(2)
        .connect_with(options)
        .await
        .unwrap();
    let db = Db::new(pool, guard(Dialect::Sqlite)).unwrap();
    conforms(&Under {
        db,
        admin: admin.unwrap(),
    })
    .await;
}

#[tokio::test]
async fn the_sqlx_adapter_keeps_every_law_on_postgres() {
    let server: PgConnectOptions = postgres_url().parse().unwrap();
    let name = format!("ts_kit_conformance_{}", std::process::id());
    let mut root = server.connect().await.unwrap();
    for sql in [
        format!("DROP DATABASE IF EXISTS {name}"),
        format!("CREATE DATABASE {name}"),
    ] {
        sqlx::raw_sql(AssertSqlSafe(sql))
            .execute(&mut root)
            .await
            .unwrap();
    }
    let options = server.database(&name);
    let admin = PgPoolOptions::new()
        .max_connections(1)
        .connect_with(options.clone())
        .await;
    let pool = PgPoolOptions::new()
        .max_connections(2)
        .connect_with(options)
        .await
        .unwrap();
    let db = Db::new(pool, guard(Dialect::Postgres)).unwrap();
    conforms(&Under {
        db,
        admin: admin.unwrap(),
    })
    .await;
    let drop = format!("DROP DATABASE {name} WITH (FORCE)");
    sqlx::raw_sql(AssertSqlSafe(drop))
        .execute(&mut root)
        .await
        .unwrap();
}
