//! The escape corpus through the sqlx adapter: the same statements, the way an application sends
//! them.

use std::sync::Arc;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgRow};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteRow};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Row as _, ValueRef as _};
use tenantshield_sql::{Dialect, Guard};
use tenantshield_sqlx::{Db, refusal};
use tenantshield_testkit::assert_isolated;
use tenantshield_testkit::corpus::{CaseBind, CaseDialect, Expectation};
use tenantshield_testkit::fixture::{self, Keys, Population};

use crate::escape::cases;
use crate::postgres_url;

macro_rules! through {
    ($pool:expr, $dialect:expr, $cases:expr, $text:expr) => {{
        let guard = Guard::new(fixture::catalog().unwrap(), $dialect).unwrap();
        let pool = $pool;
        let schema = fixture::schema($dialect, Population::Both);
        for sql in schema
            .into_iter()
            .chain(fixture::rows(Keys::OwnOdd, Population::Both))
        {
            sqlx::raw_sql(AssertSqlSafe(sql))
                .execute(&pool)
                .await
                .unwrap();
        }
        let db = Db::new(pool, Arc::new(guard)).unwrap();
        let own = db.scope(&fixture::tenant_context(fixture::OWN).await.unwrap());
        let foreign = db.scope(&fixture::tenant_context(fixture::FOREIGN).await.unwrap());
        let (mut ran, mut refused) = (0, 0);
        for case in $cases {
            let mut query = sqlx::query(AssertSqlSafe(case.sql().to_owned()));
            for bind in case.binds() {
                query = match bind {
                    CaseBind::Boolean(value) => query.bind(*value),
                    CaseBind::Integer(value) => query.bind(*value),
                    CaseBind::Text(value) => query.bind(value.clone()),
                    _ => query.bind(None::<i64>),
                };
            }
            let mut transaction = own.begin().await.unwrap();
            let outcome = query.fetch_all(&mut transaction).await;
            transaction.rollback().await.unwrap();
            let canaries: Vec<String> = fixture::canaries()
                .into_iter()
                .filter(|canary| !case.sql().contains(canary.as_str()))
                .collect();
            match outcome {
                Err(error) => {
                    assert_isolated!(format!("{error:?}"), canaries);
                    let is_refusal = refusal(&error).is_some();
                    assert!(
                        is_refusal || case.expect() == Expectation::Isolated,
                        "{} was stopped by the database alone: {error}",
                        case.id()
                    );
                    refused += usize::from(is_refusal);
                }
                Ok(rows) => {
                    assert_eq!(case.expect(), Expectation::Isolated, "{} ran", case.id());
                    let texts: Vec<String> = rows.iter().map($text).collect();
                    assert_isolated!(texts, canaries);
                    ran += 1;
                }
            }
        }
        let left: i64 = sqlx::query_scalar("SELECT count(*) FROM orders")
            .fetch_one(&foreign)
            .await
            .unwrap();
        assert_eq!(left, 4, "tenant 2 has its rows");
        (ran, refused)
    }};
}

fn sqlite_text(row: &SqliteRow) -> String {
    let text = |index| row.try_get_unchecked::<Option<Vec<u8>>, _>(index).unwrap();
    let cells = (0..row.columns().len()).filter_map(text);
    cells
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned() + "\n")
        .collect()
}

fn postgres_text(row: &PgRow) -> String {
    let cells = (0..row.columns().len()).map(|index| row.try_get_raw(index).unwrap());
    let bytes = cells
        .filter(|cell| !cell.is_null())
        .map(|cell| cell.as_bytes().unwrap().to_vec());
    bytes
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned() + "\n")
        .collect()
}

#[tokio::test]
async fn the_corpus_is_refused_or_run_through_the_sqlx_adapter_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let options = SqliteConnectOptions::new()
        .filename(folder.path().join("through.db"))
        .create_if_missing(true);
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .connect_with(options)
        .await
        .unwrap();
    let mut all = cases("adversarial.jsonl", CaseDialect::Sqlite);
    all.extend(cases("own.jsonl", CaseDialect::Sqlite));
    let (ran, refused) = through!(pool, Dialect::Sqlite, &all, sqlite_text);
    println!("through the adapter: {ran} ran, {refused} refused");
    assert!(ran >= 100 && refused >= 80, "{ran} ran, {refused} refused");
}

#[tokio::test]
async fn the_corpus_is_refused_or_run_through_the_sqlx_adapter_on_postgres() {
    let server: PgConnectOptions = postgres_url().parse().unwrap();
    let name = format!("ts_kit_through_{}", std::process::id());
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
    let pool = PgPoolOptions::new()
        .max_connections(2)
        .connect_with(server.database(&name))
        .await;
    let mut all = cases("adversarial.jsonl", CaseDialect::Postgres);
    all.extend(cases("own.jsonl", CaseDialect::Postgres));
    let (ran, refused) = through!(pool.unwrap(), Dialect::Postgres, &all, postgres_text);
    println!("through the adapter: {ran} ran, {refused} refused");
    assert!(ran >= 200 && refused >= 200, "{ran} ran, {refused} refused");
    let drop = format!("DROP DATABASE {name} WITH (FORCE)");
    sqlx::raw_sql(AssertSqlSafe(drop))
        .execute(&mut root)
        .await
        .unwrap();
}
