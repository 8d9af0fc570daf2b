//! A guarded statement beside the same one written by hand, on real databases.

use std::str::FromStr as _;

use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, SqliteConnection};
use tenantshield::TenantContext;
use tenantshield::sql::Dialect;

use crate::failure::BoxError;
use crate::guard;
use crate::measure::{Effort, Watch, median};
use crate::row::Row;

/// The rows of a cached statement.
pub(crate) async fn rows(effort: Effort, context: &TenantContext) -> Result<Vec<Row>, BoxError> {
    let mut rows = Vec::new();
    let cached = guard::cached(effort, context, Dialect::Sqlite)?;
    let p50 = sqlite(effort).await?;
    rows.push(Row::bounded_micros(
        "guard, cached statement",
        cached,
        ON_SQLITE,
        p50,
        0.6,
    ));
    rows.push(Row::times(
        "guard, cached statement, on a round trip to SQLite",
        p50 + cached,
        ON_SQLITE,
        p50,
        1.02,
    ));
    if let Some(url) = postgres_url() {
        let cached = guard::cached(effort, context, Dialect::Postgres)?;
        let p50 = postgres(effort, &url).await?;
        rows.push(Row::times(
            "guard, cached statement, on a round trip to Postgres",
            p50 + cached,
            ON_POSTGRES,
            p50,
            1.02,
        ));
    }
    Ok(rows)
}

const ON_SQLITE: &str = "hand-written WHERE on SQLite, p50";
const ON_POSTGRES: &str = "hand-written WHERE on Postgres, p50";
const ROUND_TRIPS: u32 = 4_000;
const ROWS: u32 = 2_000;
const TABLE: &str = "CREATE TEMP TABLE orders (id bigint PRIMARY KEY, tenant_id bigint NOT NULL, \
     customer_id bigint, total bigint, note text)";

#[expect(
    clippy::disallowed_methods,
    reason = "the test command hands the server over this way"
)]
fn postgres_url() -> Option<String> {
    std::env::var("TENANTSHIELD_TEST_POSTGRES_URL").ok()
}

fn fill() -> String {
    let rows: Vec<String> = (0..ROWS)
        .map(|id| format!("({id}, {}, {id}, {id}, 'note {id}')", id % 2))
        .collect();
    let rows = rows.join(", ");
    format!("INSERT INTO orders (id, tenant_id, customer_id, total, note) VALUES {rows}")
}

async fn sqlite(effort: Effort) -> Result<f64, BoxError> {
    let folder = tempfile::tempdir()?;
    let mut connection: SqliteConnection = SqliteConnectOptions::new()
        .filename(folder.path().join("bench.db"))
        .create_if_missing(true)
        .connect()
        .await?;
    sqlx::raw_sql(AssertSqlSafe(TABLE.replace("TEMP ", "")))
        .execute(&mut connection)
        .await?;
    sqlx::raw_sql(AssertSqlSafe(fill()))
        .execute(&mut connection)
        .await?;
    let mut samples = Vec::new();
    for round in 0..effort.times(ROUND_TRIPS) {
        let id = i64::from((round * 7 + 1) % ROWS) | 1;
        let watch = Watch::start();
        let row: (i64, i64, String) = sqlx::query_as(
            "SELECT id, total, note FROM orders WHERE id = ?1 AND orders.tenant_id = ?2",
        )
        .bind(id)
        .bind(1_i64)
        .fetch_one(&mut connection)
        .await?;
        samples.push(watch.stop());
        if row.0 != id {
            return Err("another row was read".into());
        }
    }
    connection.close().await?;
    folder.close()?;
    Ok(median(samples))
}

async fn postgres(effort: Effort, url: &str) -> Result<f64, BoxError> {
    let mut connection: PgConnection = PgConnectOptions::from_str(url)?.connect().await?;
    sqlx::raw_sql(TABLE).execute(&mut connection).await?;
    sqlx::raw_sql(AssertSqlSafe(fill()))
        .execute(&mut connection)
        .await?;
    let mut samples = Vec::new();
    for round in 0..effort.times(ROUND_TRIPS) {
        let id = i64::from((round * 7 + 1) % ROWS) | 1;
        let watch = Watch::start();
        let row: (i64, i64, String) = sqlx::query_as(
            "SELECT id, total, note FROM orders WHERE id = $1 AND orders.tenant_id = $2",
        )
        .bind(id)
        .bind(1_i64)
        .fetch_one(&mut connection)
        .await?;
        samples.push(watch.stop());
        if row.0 != id {
            return Err("another row was read".into());
        }
    }
    connection.close().await?;
    Ok(median(samples))
}
