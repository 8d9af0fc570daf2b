use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt};
use sqlx::Executor;
use tenantshield_core::Error as CoreError;
use tenantshield_core::danger::Bypass;

use super::{Driver, MIN_CUTS, ROUNDS, assert_idle, q};
use crate::fixture::{CANARY, World};

const INSERT: &str = "INSERT INTO orders (id, total) VALUES (?1, 1)";

/// Polls a future `polls` times and drops it, at once or when its answer has had time to come.
///
/// Gives whether the future came to its end before that.
async fn cancelled_after<F: Future>(polls: usize, linger: bool, future: F) -> bool {
    let mut left = polls;
    let mut future = pin!(future);
    let finished = poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(false);
        }
        left -= 1;
        match future.as_mut().poll(context) {
            Poll::Ready(_) => Poll::Ready(true),
            Poll::Pending if left == 0 => Poll::Ready(false),
            Poll::Pending => Poll::Pending,
        }
    })
    .await;
    if linger && !finished {
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
    finished
}

async fn count(world: &World<Driver>, id: i64) -> i64 {
    sqlx::query_scalar(q("SELECT count(*) FROM orders WHERE id = ?1"))
        .bind(id)
        .fetch_one(&world.raw)
        .await
        .unwrap()
}

/// The next borrower is another tenant: it sees itself alone, and its acknowledged write stays.
async fn assert_clean(world: &World<Driver>, id: i64, what: &str) {
    let globex = world.db.scope(&world.globex);
    let notes: Vec<Option<String>> = sqlx::query_scalar("SELECT note FROM orders WHERE id < 4")
        .fetch_all(&globex)
        .await
        .unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(notes, vec![Some(CANARY.to_owned()); 3], "{what}");
    sqlx::query(q(INSERT))
        .bind(id)
        .execute(&globex)
        .await
        .unwrap();
    assert_eq!(
        count(world, id).await,
        1,
        "the acknowledged write is gone: {what}"
    );
    assert_idle(world, what).await;
}

/// TST-08, TST-31, owasp finding 1: a `begin` dropped at every poll.
#[tokio::test]
async fn begin_cancelled_at_every_poll_leaves_no_open_transaction() {
    let world = World::<Driver>::with_connections(1).await;
    let acme = world.db.scope(&world.acme);
    let mut next = 1_000;
    let mut cut = 0;
    for linger in [false, true].repeat(ROUNDS) {
        let mut polls = 0;
        loop {
            let finished = cancelled_after(polls, linger, async { drop(acme.begin().await) }).await;
            next += 1;
            assert_clean(
                &world,
                next,
                &format!("begin, {polls} polls, linger {linger}"),
            )
            .await;
            if finished {
                break;
            }
            cut += usize::from(polls > 0);
            polls += 1;
        }
    }
    assert!(cut >= MIN_CUTS, "cancelled in the middle {cut} times");
}

/// TST-08: the whole life of a transaction, dropped at every poll of it.
#[tokio::test]
async fn a_transaction_cancelled_at_every_poll_is_all_or_nothing() {
    let world = World::<Driver>::with_connections(1).await;
    let acme = world.db.scope(&world.acme);
    let mut next = 10_000;
    let mut cut = 0;
    for linger in [false, true].repeat(ROUNDS) {
        let mut polls = 0;
        loop {
            let (first, second) = (next + 1, next + 2);
            next += 3;
            let life = async {
                let mut transaction = acme.begin().await.unwrap();
                sqlx::query(q(INSERT))
                    .bind(first)
                    .execute(&mut transaction)
                    .await
                    .unwrap();
                let mut savepoint = transaction.begin().await.unwrap();
                sqlx::query(q(INSERT))
                    .bind(second)
                    .execute(&mut savepoint)
                    .await
                    .unwrap();
                savepoint.commit().await.unwrap();
                let mut dropped = transaction.begin().await.unwrap();
                sqlx::query("DELETE FROM customers")
                    .execute(&mut dropped)
                    .await
                    .unwrap();
                dropped.rollback().await.unwrap();
                transaction.commit().await.unwrap();
            };
            let finished = cancelled_after(polls, linger, life).await;
            let what = format!("transaction, {polls} polls, linger {linger}");
            assert_clean(&world, next, &what).await;
            assert_eq!(
                count(&world, first).await,
                count(&world, second).await,
                "{what}"
            );
            let customers: i64 = sqlx::query_scalar("SELECT count(*) FROM customers")
                .fetch_one(&world.raw)
                .await
                .unwrap();
            assert_eq!(customers, 4, "{what}");
            if finished {
                assert_eq!(count(&world, first).await, 1);
                break;
            }
            cut += usize::from(polls > 0);
            polls += 1;
        }
    }
    assert!(cut >= 3 * MIN_CUTS, "cancelled in the middle {cut} times");
}

/// TST-08: a savepoint whose begin is cancelled must not throw the transaction open.
#[tokio::test]
async fn a_savepoint_cancelled_at_every_poll_never_lets_writes_escape_the_transaction() {
    let world = World::<Driver>::with_connections(1).await;
    let acme = world.db.scope(&world.acme);
    let mut next = 30_000;
    for linger in [false, true].repeat(ROUNDS) {
        let mut polls = 0;
        loop {
            next += 3;
            let mut transaction = acme.begin().await.unwrap();
            let finished =
                cancelled_after(polls, linger, async { drop(transaction.begin().await) }).await;
            // Whatever happened, this write is inside of the transaction or refused.
            let written = sqlx::query(q(INSERT))
                .bind(next + 1)
                .execute(&mut transaction)
                .await;
            drop(transaction);
            let what = format!("savepoint, {polls} polls, linger {linger}, {written:?}");
            assert_clean(&world, next + 2, &what).await;
            assert_eq!(count(&world, next + 1).await, 0, "{what}");
            if finished {
                break;
            }
            polls += 1;
        }
    }
}

/// TST-08: single statements, streams, preparing and describing.
#[tokio::test]
async fn a_statement_cancelled_at_every_poll_leaves_nothing_to_the_next_borrower() {
    let world = World::<Driver>::with_connections(1).await;
    let acme = world.db.scope(&world.acme);
    let bypass = Bypass::new("counting rows for the monthly report").unwrap();
    let unscoped = world.db.unscoped(bypass);
    let mut next = 50_000;
    for form in 0..8 {
        for linger in [false, true] {
            let mut polls = 0;
            loop {
                next += 2;
                let future = async {
                    match form {
                        0 => drop(sqlx::query(q(INSERT)).bind(next).execute(&acme).await),
                        1 => drop(sqlx::query("SELECT * FROM orders").fetch_all(&acme).await),
                        2 => drop(
                            (&acme)
                                .prepare(q("SELECT id FROM orders WHERE id = ?1"))
                                .await,
                        ),
                        3 => drop(
                            (&acme)
                                .describe(q("SELECT id FROM orders WHERE id = ?1"))
                                .await,
                        ),
                        4 => drop(
                            sqlx::query("SELECT * FROM orders")
                                .fetch(&acme)
                                .next()
                                .await,
                        ),
                        5 => drop(acme.acquire().await),
                        6 => drop(
                            sqlx::query("SELECT * FROM orders")
                                .fetch_all(&unscoped)
                                .await,
                        ),
                        _ => drop(sqlx::raw_sql("SELECT * FROM orders").fetch_all(&acme).await),
                    }
                };
                let finished = cancelled_after(polls, linger, future).await;
                assert_clean(&world, next + 1, &format!("form {form}, {polls} polls")).await;
                if finished {
                    break;
                }
                polls += 1;
            }
        }
    }
}

/// leaks 1, 7, 12: one connection, many borrowers.
#[tokio::test]
async fn the_next_borrower_of_the_only_connection_finds_nothing() {
    let world = World::<Driver>::with_connections(1).await;
    let acme = world.db.scope(&world.acme);
    for residue in [
        "SET search_path = pg_catalog",
        "SET app.tenant = 'acme'",
        "SELECT set_config('app.tenant', 'acme', false)",
        "CREATE TEMP TABLE orders (id BIGINT)",
        "CREATE TEMPORARY VIEW orders AS SELECT 1",
        "DECLARE c CURSOR WITH HOLD FOR SELECT * FROM orders",
        "PREPARE p AS SELECT * FROM orders",
        "LISTEN orders",
        "SELECT pg_advisory_lock(1)",
        "SELECT pg_try_advisory_lock(1)",
        "PRAGMA query_only = 1",
        "PRAGMA case_sensitive_like = 1",
        "ATTACH DATABASE ':memory:' AS other",
        "SELECT load_extension('x')",
    ] {
        for handle in [0, 1] {
            let refused = if handle == 0 {
                sqlx::query(residue).execute(&acme).await
            } else {
                let mut connection = acme.acquire().await.unwrap();
                sqlx::raw_sql(residue).execute(&mut connection).await
            };
            let error = refused.expect_err(residue);
            assert!(
                tenantshield_sqlx::refusal(&error).is_some(),
                "{residue}: {error}"
            );
        }
    }
    assert_clean(&world, 70_000, "after refused session state").await;
    drop(acme);
    let outside = world.db.current().unwrap_err();
    assert!(matches!(outside, CoreError::MissingContext(_)));
    assert_eq!(outside.code(), "TS-CTX-001");
}

/// leaks 10: many scopes at once on few connections.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_scopes_do_not_mix() {
    let world = World::<Driver>::with_connections(3).await;
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..64_i64 {
        let (context, expected) = if task % 2 == 0 {
            (&world.acme, 30_i64)
        } else {
            (&world.globex, 6_000)
        };
        let handle = world.db.scope(context);
        tasks.spawn(context.clone().scope(async move {
            for round in 0..8 {
                let statement = "SELECT total FROM orders ORDER BY id";
                let totals: Vec<i64> = match (task + round) % 3 {
                    0 => sqlx::query_scalar(statement)
                        .fetch_all(&handle)
                        .await
                        .unwrap(),
                    1 => {
                        let rows = sqlx::query_scalar::<Driver, i64>(statement).fetch(&handle);
                        rows.try_collect().await.unwrap()
                    }
                    _ => {
                        let mut transaction = handle.begin().await.unwrap();
                        sqlx::query_scalar(statement)
                            .fetch_all(&mut transaction)
                            .await
                            .unwrap()
                    }
                };
                assert_eq!(totals.iter().sum::<i64>(), expected);
            }
        }));
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
}

/// leaks 9, 12: a thousand scopes on one connection leave no hook and no tenant behind.
#[tokio::test]
async fn a_thousand_scopes_on_one_connection_leave_no_tenant_behind() {
    let world = World::<Driver>::with_connections(1).await;
    for round in 0..1_000 {
        let (context, expected) = if round % 2 == 0 {
            (&world.acme, 2_i64)
        } else {
            (&world.globex, 3)
        };
        let handle = world.db.scope(context);
        let seen: i64 = sqlx::query_scalar("SELECT count(*) FROM orders")
            .fetch_one(&handle)
            .await
            .unwrap();
        assert_eq!(seen, expected);
    }
    assert!(world.db.current().is_err());
}

/// leaks 3: a half-read stream holds rows of one tenant in its buffers.
#[tokio::test]
async fn a_half_read_stream_gives_no_row_to_the_next_borrower() {
    let world = World::<Driver>::with_connections(1).await;
    let acme = world.db.scope(&world.acme);
    let globex = world.db.scope(&world.globex);
    for _round in 0..20 {
        {
            let mut rows = sqlx::query("SELECT note FROM orders ORDER BY id").fetch(&globex);
            rows.next().await.unwrap().unwrap();
        }
        let own: Vec<String> = sqlx::query_scalar("SELECT note FROM orders ORDER BY id")
            .fetch_all(&acme)
            .await
            .unwrap();
        assert_eq!(own, ["a", "a"]);
    }
}
