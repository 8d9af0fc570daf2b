//! The handle that handlers query with: a plain pool in the naive product, a scoped one here.

use std::sync::Arc;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use sqlx::error::DatabaseError;
use sqlx::pool::PoolConnection;
use sqlx::{Sqlite, SqlitePool};
use tenantshield_core::Error as CoreError;
use tenantshield_sqlx::{ScopedPool, ScopedTransaction};
use tenantshield_tower::Problem;

use super::naive::Naive;
use super::statement::{Statement, object};

/// Runs statements for one tenant.
#[derive(Clone, Debug)]
pub(crate) enum Store {
    Naive {
        naive: Arc<Naive>,
        pool: SqlitePool,
        tenant: String,
    },
    Shielded(ScopedPool<Sqlite>),
}

/// A transaction of one tenant.
#[derive(Debug)]
pub(crate) enum Work {
    Naive {
        naive: Arc<Naive>,
        connection: PoolConnection<Sqlite>,
        tenant: String,
    },
    Shielded {
        transaction: ScopedTransaction<'static, Sqlite>,
    },
}

/// What a handler answers when it cannot do its work.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The naive product shows the database's words to whoever asks.
    Database(String),
    Refused(Problem),
    Said(StatusCode, &'static str),
}

impl Failure {
    pub(crate) const NOT_FOUND: Self = Self::Said(StatusCode::NOT_FOUND, "no such row");
    pub(crate) const CONFLICT: Self = Self::Said(StatusCode::CONFLICT, "already exists");
}

impl Store {
    pub(crate) async fn rows(&self, statement: Statement) -> Result<Vec<Value>, Failure> {
        match self {
            Self::Naive {
                naive,
                pool,
                tenant,
            } => {
                let text = naive.text(statement.hand_written(), statement.frozen(), tenant);
                let rows = statement
                    .query(text)
                    .fetch_all(pool)
                    .await
                    .map_err(naive_failure)?;
                rows.iter()
                    .map(|row| object(row).map_err(naive_failure))
                    .collect()
            }
            Self::Shielded(pool) => {
                let query = statement.query(statement.plain().to_owned());
                let rows = query.fetch_all(pool).await.map_err(shielded_failure)?;
                rows.iter()
                    .map(|row| object(row).map_err(shielded_failure))
                    .collect()
            }
        }
    }

    /// The first row, or "no such row".
    pub(crate) async fn row(&self, statement: Statement) -> Result<Value, Failure> {
        self.rows(statement)
            .await?
            .into_iter()
            .next()
            .ok_or(Failure::NOT_FOUND)
    }

    /// Runs a write and gives the number of rows it touched.
    pub(crate) async fn run(&self, statement: Statement) -> Result<u64, Failure> {
        match self {
            Self::Naive {
                naive,
                pool,
                tenant,
            } => {
                let text = naive.text(statement.hand_written(), statement.frozen(), tenant);
                let done = statement
                    .query(text)
                    .execute(pool)
                    .await
                    .map_err(naive_failure)?;
                Ok(done.rows_affected())
            }
            Self::Shielded(pool) => {
                let query = statement.query(statement.plain().to_owned());
                let done = query.execute(pool).await.map_err(shielded_failure)?;
                Ok(done.rows_affected())
            }
        }
    }

    pub(crate) async fn begin(&self) -> Result<Work, Failure> {
        match self {
            Self::Naive {
                naive,
                pool,
                tenant,
            } => {
                let mut connection = pool.acquire().await.map_err(naive_failure)?;
                sqlx::query("BEGIN")
                    .execute(&mut *connection)
                    .await
                    .map_err(naive_failure)?;
                Ok(Work::Naive {
                    naive: Arc::clone(naive),
                    connection,
                    tenant: tenant.clone(),
                })
            }
            Self::Shielded(pool) => {
                let transaction = pool.begin().await.map_err(shielded_failure)?;
                Ok(Work::Shielded { transaction })
            }
        }
    }
}

impl Work {
    pub(crate) async fn run(&mut self, statement: Statement) -> Result<u64, Failure> {
        match self {
            Self::Naive {
                naive,
                connection,
                tenant,
            } => {
                let text = naive.text(statement.hand_written(), statement.frozen(), tenant);
                let done = statement.query(text).execute(&mut **connection).await;
                Ok(done.map_err(naive_failure)?.rows_affected())
            }
            Self::Shielded { transaction } => {
                let query = statement.query(statement.plain().to_owned());
                let done = query.execute(transaction).await;
                let done = done.map_err(shielded_failure)?;
                Ok(done.rows_affected())
            }
        }
    }

    pub(crate) async fn commit(self) -> Result<(), Failure> {
        match self {
            Self::Naive { mut connection, .. } => {
                sqlx::query("COMMIT")
                    .execute(&mut *connection)
                    .await
                    .map_err(naive_failure)?;
                Ok(())
            }
            Self::Shielded { transaction } => transaction.commit().await.map_err(shielded_failure),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        match self {
            Self::Database(text) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                Json(json!({ "error": text })),
            )
                .into_response(),
            Self::Refused(problem) => problem.into_response(),
            Self::Said(status, text) => (status, Json(json!({ "error": text }))).into_response(),
        }
    }
}

/// What both products say of a constraint: a taken key, and a parent that is not there.
fn constraint(error: &sqlx::Error) -> Option<Failure> {
    let database = error.as_database_error()?;
    if database.is_unique_violation() {
        Some(Failure::CONFLICT)
    } else if database.is_foreign_key_violation() {
        Some(Failure::NOT_FOUND)
    } else {
        None
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is given to map_err")]
fn naive_failure(error: sqlx::Error) -> Failure {
    constraint(&error).unwrap_or_else(|| Failure::Database(error.to_string()))
}

fn shielded_failure(error: sqlx::Error) -> Failure {
    if let Some(failure) = constraint(&error) {
        return failure;
    }
    if error
        .as_database_error()
        .is_some_and(DatabaseError::is_check_violation)
    {
        return Failure::Said(StatusCode::BAD_REQUEST, "not acceptable");
    }
    let Some(CoreError::UnscopedQuery(refusal)) = tenantshield_sqlx::refusal(&error) else {
        return Failure::Refused(Problem::from(error));
    };
    let code = refusal.rule().unwrap_or("TS-XT-003");
    // The statement's text came from the caller, so that it is the caller's mistake.
    Failure::Refused(Problem::bad_request(code))
}
