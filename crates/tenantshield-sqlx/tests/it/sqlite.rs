//! What only `SQLite` can do.

use sqlx::Sqlite;

use crate::fixture::World;

/// How often a begin must have been cancelled in the middle, so that a test proves anything.
pub(crate) const MIN_CUTS: usize = 1;

/// How often each cancellation is tried again.
pub(crate) const ROUNDS: usize = 12;

/// The type of a column of uuids.
pub(crate) const UUID: &str = "TEXT";

/// `SQLite` has no table of sessions; that a write of the next borrower stays is the proof.
pub(crate) async fn assert_idle(world: &World<Sqlite>, what: &str) {
    sqlx::raw_sql("BEGIN IMMEDIATE; ROLLBACK")
        .execute(&world.raw)
        .await
        .unwrap_or_else(|error| panic!("somebody holds the database: {what}: {error}"));
}

/// An error that makes `SQLite` roll back by itself must not leave the driver counting wrongly.
#[tokio::test]
async fn a_transaction_that_sqlite_ended_by_itself_harms_no_other_borrower() {
    let world = World::<Sqlite>::with_connections(1).await;
    sqlx::raw_sql(
        "CREATE TRIGGER ended BEFORE UPDATE ON orders WHEN new.total = 13 \
         BEGIN SELECT RAISE(ROLLBACK, 'ended by a trigger'); END",
    )
    .execute(&world.raw)
    .await
    .unwrap();
    let acme = world.db.scope(&world.acme);
    let globex = world.db.scope(&world.globex);
    for (id, how) in [(700_i64, "drop"), (701, "commit"), (702, "rollback")] {
        let mut transaction = acme.begin().await.unwrap();
        sqlx::query("UPDATE orders SET total = 13")
            .execute(&mut transaction)
            .await
            .unwrap_err();
        match how {
            "drop" => drop(transaction),
            "commit" => assert!(transaction.commit().await.is_err()),
            _ => assert!(transaction.rollback().await.is_err()),
        }
        for round in 0..2 {
            let mut dropped = globex.begin().await.unwrap();
            sqlx::query("DELETE FROM orders")
                .execute(&mut dropped)
                .await
                .unwrap();
            drop(dropped);
            sqlx::query("INSERT INTO orders (id, total) VALUES (?, 1)")
                .bind(id * 10 + round)
                .execute(&globex)
                .await
                .unwrap();
        }
        let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM orders WHERE id >= ?")
            .bind(id * 10)
            .fetch_one(&world.raw)
            .await
            .unwrap();
        assert_eq!(kept, 2, "acknowledged writes stay after {how}");
    }
}
