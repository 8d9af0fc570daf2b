//! An adapter that guards nothing, to see that the laws can be broken.

use async_trait::async_trait;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteRow};
use sqlx::{AssertSqlSafe, Row as _, SqlitePool};
use tenantshield_core::TenantContext;
use tenantshield_sql::Dialect;
use tenantshield_testkit::conformance::{self, Adapter, AdapterError, End, Law, Step, Value};

struct Naive(SqlitePool);

#[expect(
    clippy::needless_pass_by_value,
    reason = "stands where map_err wants it"
)]
fn failed(error: sqlx::Error) -> AdapterError {
    AdapterError::new(None, format!("{error:?}"))
}

fn integers(row: &SqliteRow) -> Vec<Value> {
    (0..row.columns().len())
        .map(|index| match row.try_get::<i64, _>(index) {
            Ok(number) => Value::Integer(number),
            Err(_) => Value::Text(row.try_get(index).unwrap_or_default()),
        })
        .collect()
}

impl Naive {
    async fn rows(&self, sql: &str, binds: &[Value]) -> Result<Vec<Vec<Value>>, AdapterError> {
        let mut query = sqlx::query(AssertSqlSafe(sql.to_owned()));
        for bind in binds {
            query = match bind {
                Value::Integer(number) => query.bind(*number),
                Value::Null => query.bind(None::<i64>),
                Value::Text(text) => query.bind(text.clone()),
            };
        }
        let rows = query.fetch_all(&self.0).await.map_err(failed)?;
        Ok(rows.iter().map(integers).collect())
    }
}

#[async_trait]
impl Adapter for Naive {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    async fn administer(&self, sql: &str) -> Result<(), AdapterError> {
        self.execute_text(sql).await.map(|_| ())
    }

    async fn execute(
        &self,
        _context: &TenantContext,
        sql: &str,
        binds: &[Value],
    ) -> Result<u64, AdapterError> {
        self.rows(sql, binds).await.map(|_| 1)
    }

    async fn fetch(
        &self,
        _context: &TenantContext,
        sql: &str,
        binds: &[Value],
    ) -> Result<Vec<Vec<Value>>, AdapterError> {
        self.rows(sql, binds).await
    }

    async fn stream_elsewhere(
        &self,
        _context: &TenantContext,
        _elsewhere: &TenantContext,
        sql: &str,
    ) -> Result<Vec<Vec<Value>>, AdapterError> {
        self.rows(sql, &[]).await
    }

    async fn transaction(
        &self,
        _context: &TenantContext,
        steps: &[Step],
        _end: End,
    ) -> Result<(), AdapterError> {
        for step in steps {
            if let Step::Execute(sql) = step {
                self.execute_text(sql).await?;
            }
        }
        Ok(())
    }

    async fn fetch_ambient(&self, sql: &str) -> Result<Vec<Vec<Value>>, AdapterError> {
        self.rows(sql, &[]).await
    }
}

impl Naive {
    async fn execute_text(&self, sql: &str) -> Result<u64, AdapterError> {
        let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
            .execute(&self.0)
            .await;
        done.map(|done| done.rows_affected()).map_err(failed)
    }
}

#[tokio::test]
async fn an_adapter_that_guards_nothing_breaks_the_laws() {
    let folder = tempfile::tempdir().unwrap();
    let options = SqliteConnectOptions::new()
        .filename(folder.path().join("naive.db"))
        .create_if_missing(true);
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .connect_with(options)
        .await
        .unwrap();
    let outcome = conformance::run(&Naive(pool)).await.unwrap();
    println!("{outcome}");
    // A foreign key that is taken names nothing foreign, guarded or not.
    let kept: Vec<Law> = outcome.kept().to_vec();
    assert!(
        kept.iter().all(|law| *law == Law::ErrorText),
        "{kept:?} cannot be broken"
    );
}
