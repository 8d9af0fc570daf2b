//! What only Postgres can do.

use sqlx::Postgres;
use tenantshield_core::danger::Bypass;
use tenantshield_sqlx::{Db, client_code, refusal};

use crate::fixture::{World, postgres_url};

/// How often a begin must have been cancelled in the middle, so that a test proves anything.
pub(crate) const MIN_CUTS: usize = 4;

/// How often each cancellation is tried again.
pub(crate) const ROUNDS: usize = 1;

/// The type of a column of uuids.
pub(crate) const UUID: &str = "UUID";

/// No backend of this world is inside a transaction, once what is closing has closed.
pub(crate) async fn assert_idle(world: &World<Postgres>, what: &str) {
    const OPEN: &str = "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1 \
                        AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%'";
    let name = world
        .pool
        .connect_options()
        .get_application_name()
        .unwrap()
        .to_owned();
    for _attempt in 0..50 {
        let open: i64 = sqlx::query_scalar(OPEN)
            .bind(&name)
            .fetch_one(&world.raw)
            .await
            .unwrap();
        if open == 0 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("a backend stays in a transaction: {what}");
}

/// leaks 14: backends are killed in the middle of transactions.
#[tokio::test]
async fn killed_backends_leave_isolation_intact() {
    let world = World::<Postgres>::with_connections(2).await;
    const KILL: &str = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                        WHERE application_name = $1 AND pid <> pg_backend_pid() \
                        AND state LIKE 'idle in transaction%'";
    let name = world
        .pool
        .connect_options()
        .get_application_name()
        .unwrap()
        .to_owned();
    let acme = world.db.scope(&world.acme);
    for round in 0..5_i64 {
        let mut transaction = acme.begin().await.unwrap();
        sqlx::query("INSERT INTO orders (id, total) VALUES ($1, 1)")
            .bind(800 + round)
            .execute(&mut transaction)
            .await
            .unwrap();
        let killed: i64 = sqlx::query_scalar(KILL)
            .bind(&name)
            .fetch_one(&world.raw)
            .await
            .unwrap();
        assert_eq!(killed, 1);
        let after = sqlx::query("SELECT id FROM orders")
            .fetch_all(&mut transaction)
            .await;
        assert!(after.is_err());
        if round % 2 == 0 {
            assert!(transaction.commit().await.is_err());
        } else {
            drop(transaction);
        }
        let seen: i64 = sqlx::query_scalar("SELECT count(*) FROM orders")
            .fetch_one(&world.db.scope(&world.globex))
            .await
            .unwrap();
        assert_eq!(seen, 3);
    }
    let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM orders WHERE id >= 800")
        .fetch_one(&world.raw)
        .await
        .unwrap();
    assert_eq!(kept, 0);
}

/// leaks 64.
#[tokio::test]
async fn what_a_client_is_told_holds_no_database_text() {
    let world = World::<Postgres>::new().await;
    let acme = world.db.scope(&world.acme);
    let taken = sqlx::query("INSERT INTO items (id, sku) VALUES (101, 'x')")
        .execute(&acme)
        .await;
    let taken = taken.unwrap_err();
    assert_eq!(client_code(&taken), "TS-DB-002");
    let broken = sqlx::query("SELECT 1 / (total - total) FROM orders")
        .fetch_all(&acme)
        .await;
    let broken = broken.unwrap_err();
    assert_eq!(client_code(&broken), "TS-DB-004");
    let refused = sqlx::query("SELECT * FROM secrets")
        .fetch_all(&acme)
        .await
        .unwrap_err();
    assert_eq!(client_code(&refused), refusal(&refused).unwrap().code());
    assert_eq!(client_code(&sqlx::Error::PoolTimedOut), "TS-DB-003");
}

/// A commit that the server answers with a rollback is not a success.
#[tokio::test]
async fn committing_an_aborted_transaction_is_an_error() {
    let world = World::<Postgres>::with_connections(1).await;
    let acme = world.db.scope(&world.acme);
    let mut transaction = acme.begin().await.unwrap();
    sqlx::query("INSERT INTO orders (id, total) VALUES (900, 1)")
        .execute(&mut transaction)
        .await
        .unwrap();
    sqlx::query("SELECT 1 / (total - total) FROM orders")
        .fetch_all(&mut transaction)
        .await
        .unwrap_err();
    assert_eq!(
        client_code(&transaction.begin().await.unwrap_err()),
        "TS-TXN-002"
    );
    assert_eq!(
        client_code(&transaction.commit().await.unwrap_err()),
        "TS-TXN-002"
    );
    assert_idle(&world, "after the refused commit").await;
    let mut transaction = acme.begin().await.unwrap();
    let mut savepoint = transaction.begin().await.unwrap();
    sqlx::query("SELECT 1 / (total - total) FROM orders")
        .fetch_all(&mut savepoint)
        .await
        .unwrap_err();
    savepoint.rollback().await.unwrap();
    sqlx::query("INSERT INTO orders (id, total) VALUES (901, 1)")
        .execute(&mut transaction)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    let kept: Vec<i64> = sqlx::query_scalar("SELECT id FROM orders WHERE id >= 900")
        .fetch_all(&world.raw)
        .await
        .unwrap();
    assert_eq!(kept, [901]);
}

/// SEED-B7: the server refuses what the guard might have overlooked.
#[tokio::test]
async fn unscoped_reads_run_in_a_read_only_transaction() {
    let world = World::<Postgres>::with_connections(1).await;
    let unscoped = world
        .db
        .unscoped(Bypass::new("looking at what the server says").unwrap());
    let state: String = sqlx::query_scalar("SHOW transaction_read_only")
        .fetch_one(&world.raw)
        .await
        .unwrap();
    assert_eq!(state, "off");
    let locked = sqlx::query("SELECT id FROM orders FOR UPDATE")
        .fetch_all(&unscoped)
        .await;
    let error = locked.unwrap_err();
    assert!(
        refusal(&error).is_some()
            || error
                .as_database_error()
                .and_then(sqlx::error::DatabaseError::code)
                .as_deref()
                == Some("25006"),
        "{error}"
    );
    assert_idle(&world, "after a refused lock").await;
    let rows = sqlx::query("SELECT id FROM orders")
        .fetch_all(&unscoped)
        .await
        .unwrap();
    assert_eq!(rows.len(), 5);
    assert_idle(&world, "after an unscoped read").await;
}

/// The settings on which the guard relies are pinned at connect.
#[tokio::test]
async fn a_connected_pool_has_its_session_settings_pinned() {
    let world = World::<Postgres>::new().await;
    let guard = std::sync::Arc::clone(&world.guard);
    let db = Db::<Postgres>::connect(&postgres_url(), guard)
        .await
        .unwrap();
    let acme = db.scope(&world.acme);
    let seen: i64 = sqlx::query_scalar("SELECT count(*) FROM orders")
        .fetch_one(&acme)
        .await
        .unwrap();
    assert_eq!(seen, 2, "the catalogue's schema is on the path");
    let mut raw = db
        .unsafe_unscoped(Bypass::new("looking at the session settings").unwrap())
        .connection()
        .await
        .unwrap();
    let path: String = sqlx::query_scalar("SHOW search_path")
        .fetch_one(&mut *raw)
        .await
        .unwrap();
    assert!(
        path.starts_with("pg_catalog") && path.ends_with("pg_temp"),
        "{path}"
    );
    sqlx::raw_sql("CREATE TEMP TABLE orders (id BIGINT)")
        .execute(&mut *raw)
        .await
        .unwrap();
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM orders")
        .fetch_one(&mut *raw)
        .await
        .unwrap();
    assert_eq!(count, 5, "a temporary table does not hide a tenant's");
}
