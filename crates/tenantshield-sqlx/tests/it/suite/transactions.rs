use futures_util::FutureExt;
use tenantshield_core::Error as CoreError;
use tenantshield_sqlx::refusal;

use super::{Driver, q};
use crate::fixture::World;

async fn count(world: &World<Driver>, id: i64) -> i64 {
    sqlx::query_scalar(q("SELECT count(*) FROM orders WHERE id = ?1"))
        .bind(id)
        .fetch_one(&world.raw)
        .await
        .unwrap()
}

const INSERT: &str = "INSERT INTO orders (id, total) VALUES (?1, 1)";

/// FLAW-10, leaks 16: what a transaction wrote is seen on its own connection only, until commit.
#[tokio::test]
async fn all_statements_of_a_transaction_share_its_connection() {
    let world = World::<Driver>::new().await;
    let acme = world.db.scope(&world.acme);
    let mut transaction = acme.begin().await.unwrap();
    sqlx::query(q(INSERT))
        .bind(80_i64)
        .execute(&mut transaction)
        .await
        .unwrap();
    let inside: i64 = sqlx::query_scalar("SELECT count(*) FROM orders")
        .fetch_one(&mut transaction)
        .await
        .unwrap();
    assert_eq!(inside, 3);
    assert_eq!(count(&world, 80).await, 0);
    transaction.commit().await.unwrap();
    assert_eq!(count(&world, 80).await, 1);
}

/// FLAW-11, leaks 4, 11: each transaction is bound anew, and a rollback revives nobody.
#[tokio::test]
async fn each_transaction_belongs_to_the_handle_that_opened_it() {
    let world = World::<Driver>::with_connections(1).await;
    for round in 0..20_i64 {
        let context = if round % 2 == 0 {
            &world.acme
        } else {
            &world.globex
        };
        let own = if round % 2 == 0 { 2 } else { 3 };
        let mut transaction = world.db.scope(context).begin().await.unwrap();
        let seen: i64 = sqlx::query_scalar("SELECT count(*) FROM orders")
            .fetch_one(&mut transaction)
            .await
            .unwrap();
        assert_eq!(seen, own);
        sqlx::query(q(INSERT))
            .bind(200 + round)
            .execute(&mut transaction)
            .await
            .unwrap();
        if round % 3 == 0 {
            transaction.rollback().await.unwrap();
        } else {
            drop(transaction);
        }
        assert_eq!(count(&world, 200 + round).await, 0);
    }
}

#[tokio::test]
async fn a_dropped_transaction_is_rolled_back_and_its_connection_serves_on() {
    let world = World::<Driver>::with_connections(1).await;
    let acme = world.db.scope(&world.acme);
    let mut transaction = acme.begin().await.unwrap();
    sqlx::query(q(INSERT))
        .bind(81_i64)
        .execute(&mut transaction)
        .await
        .unwrap();
    drop(transaction);
    let globex = world.db.scope(&world.globex);
    sqlx::query(q(INSERT))
        .bind(82_i64)
        .execute(&globex)
        .await
        .unwrap();
    assert_eq!((count(&world, 81).await, count(&world, 82).await), (0, 1));
}

#[tokio::test]
async fn savepoints_roll_back_to_where_they_began() {
    let world = World::<Driver>::new().await;
    let acme = world.db.scope(&world.acme);
    let mut outer = acme.begin().await.unwrap();
    sqlx::query(q(INSERT))
        .bind(90_i64)
        .execute(&mut outer)
        .await
        .unwrap();
    let mut first = outer.begin().await.unwrap();
    sqlx::query(q(INSERT))
        .bind(91_i64)
        .execute(&mut first)
        .await
        .unwrap();
    let mut second = first.begin().await.unwrap();
    sqlx::query(q(INSERT))
        .bind(92_i64)
        .execute(&mut second)
        .await
        .unwrap();
    second.rollback().await.unwrap();
    sqlx::query(q(INSERT))
        .bind(93_i64)
        .execute(&mut first)
        .await
        .unwrap();
    first.commit().await.unwrap();
    let mut third = outer.begin().await.unwrap();
    sqlx::query(q(INSERT))
        .bind(94_i64)
        .execute(&mut third)
        .await
        .unwrap();
    drop(third);
    sqlx::query(q(INSERT))
        .bind(95_i64)
        .execute(&mut outer)
        .await
        .unwrap();
    outer.commit().await.unwrap();
    let mut kept = Vec::new();
    for id in 90..96 {
        kept.push(count(&world, id).await);
    }
    assert_eq!(kept, [1, 1, 0, 1, 0, 1]);
}

#[tokio::test]
async fn transactions_on_one_connection_follow_each_other() {
    let world = World::<Driver>::with_connections(1).await;
    let acme = world.db.scope(&world.acme);
    let mut connection = acme.acquire().await.unwrap();
    let mut transaction = connection.begin().await.unwrap();
    sqlx::query(q(INSERT))
        .bind(96_i64)
        .execute(&mut transaction)
        .await
        .unwrap();
    drop(transaction);
    sqlx::query(q(INSERT))
        .bind(97_i64)
        .execute(&mut connection)
        .await
        .unwrap();
    let mut transaction = connection.begin().await.unwrap();
    sqlx::query(q(INSERT))
        .bind(98_i64)
        .execute(&mut transaction)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    drop(connection);
    assert_eq!(
        (
            count(&world, 96).await,
            count(&world, 97).await,
            count(&world, 98).await
        ),
        (0, 1, 1)
    );
}

/// leaks 5: a nested scope cannot change the tenant of a transaction.
#[tokio::test]
async fn a_transaction_does_not_change_tenant() {
    let world = World::<Driver>::new().await;
    let acme = world.db.scope(&world.acme);
    let mut transaction = acme.begin().await.unwrap();
    let asked = transaction.scope(&world.globex).unwrap_err();
    assert!(matches!(asked, CoreError::AmbiguousContext(_)), "{asked:?}");
    assert_eq!(asked.code(), "TS-CTX-002");
    assert!(!asked.to_string().contains("globex"));
    transaction.scope(&world.acme).unwrap();
    let sum: i64 = world
        .globex
        .scope(sqlx::query_scalar("SELECT max(total) FROM orders").fetch_one(&mut transaction))
        .await
        .unwrap();
    assert_eq!(
        sum, 20,
        "the scope around a statement does not move its transaction"
    );
    let mut savepoint = transaction.begin().await.unwrap();
    assert!(savepoint.scope(&world.globex).is_err());
    assert_eq!(savepoint.tenant(), world.acme.tenant());
    let mut connection = acme.acquire().await.unwrap();
    assert!(connection.scope(&world.globex).is_err());
}

/// leaks 15.
#[tokio::test]
async fn a_transaction_with_a_failed_statement_harms_no_other_borrower() {
    let world = World::<Driver>::with_connections(1).await;
    let acme = world.db.scope(&world.acme);
    let globex = world.db.scope(&world.globex);
    for (round, how) in ["drop", "rollback", "commit"].into_iter().enumerate() {
        let id = 300 + i64::try_from(round).unwrap();
        let mut transaction = acme.begin().await.unwrap();
        sqlx::query(q(INSERT))
            .bind(id)
            .execute(&mut transaction)
            .await
            .unwrap();
        let error = sqlx::query(q(INSERT))
            .bind(1_i64)
            .execute(&mut transaction)
            .await
            .unwrap_err();
        assert!(
            refusal(&error).is_none(),
            "a duplicate key is the database's answer"
        );
        match how {
            "drop" => drop(transaction),
            "rollback" => transaction.rollback().await.unwrap(),
            _ => {
                let committed = transaction.commit().await.is_ok();
                assert_eq!(
                    count(&world, id).await,
                    i64::from(committed),
                    "what is acknowledged is there, and what is not is not"
                );
            }
        }
        sqlx::query(q(INSERT))
            .bind(400 + id)
            .execute(&globex)
            .await
            .unwrap();
        assert_eq!(count(&world, 400 + id).await, 1, "after {how}");
    }
}

#[tokio::test]
async fn a_panic_inside_a_transaction_leaves_nothing_behind() {
    let world = World::<Driver>::with_connections(1).await;
    let acme = world.db.scope(&world.acme);
    let panicked = std::panic::AssertUnwindSafe(async {
        let mut transaction = acme.begin().await.unwrap();
        sqlx::query(q(INSERT))
            .bind(500_i64)
            .execute(&mut transaction)
            .await
            .unwrap();
        let _savepoint = transaction.begin().await.unwrap();
        panic!("in the middle of a transaction");
    })
    .catch_unwind()
    .await;
    assert!(panicked.is_err());
    let globex = world.db.scope(&world.globex);
    sqlx::query(q(INSERT))
        .bind(501_i64)
        .execute(&globex)
        .await
        .unwrap();
    assert_eq!((count(&world, 500).await, count(&world, 501).await), (0, 1));
}

#[tokio::test]
async fn a_leaked_savepoint_keeps_the_transaction_around_it_from_committing() {
    let world = World::<Driver>::with_connections(1).await;
    let acme = world.db.scope(&world.acme);
    let mut transaction = acme.begin().await.unwrap();
    sqlx::query(q(INSERT))
        .bind(502_i64)
        .execute(&mut transaction)
        .await
        .unwrap();
    std::mem::forget(transaction.begin().await.unwrap());
    let error = transaction.commit().await.unwrap_err();
    assert_eq!(tenantshield_sqlx::client_code(&error), "TS-TXN-001");

    let mut connection = acme.acquire().await.unwrap();
    std::mem::forget(connection.begin().await.unwrap());
    let after = sqlx::query(q(INSERT))
        .bind(504_i64)
        .execute(&mut connection)
        .await
        .unwrap_err();
    assert_eq!(
        tenantshield_sqlx::client_code(&after),
        "TS-TXN-001",
        "it would never be committed"
    );
    drop(connection);

    let globex = world.db.scope(&world.globex);
    sqlx::query(q(INSERT))
        .bind(503_i64)
        .execute(&globex)
        .await
        .unwrap();
    assert_eq!((count(&world, 502).await, count(&world, 503).await), (0, 1));
}
