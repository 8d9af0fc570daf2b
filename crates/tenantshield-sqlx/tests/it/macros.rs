//! The checked macros: they are checked against the text as written and run through the guard.

use sqlx::Sqlite;

use crate::fixture::World;

#[tokio::test]
async fn the_checked_macros_run_inside_of_the_tenant() {
    let world = World::<Sqlite>::new().await;
    let acme = world.db.scope(&world.acme);
    let rows = sqlx::query!("SELECT id, note FROM orders WHERE total > ?", 0_i64)
        .fetch_all(&acme)
        .await
        .unwrap();
    assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), [1, 2]);
    let total = sqlx::query_scalar!("SELECT total FROM orders WHERE id = ?", 3_i64)
        .fetch_optional(&acme)
        .await
        .unwrap();
    assert!(total.is_none());
    let mut transaction = acme.begin().await.unwrap();
    let done = sqlx::query!("DELETE FROM orders")
        .execute(&mut transaction)
        .await
        .unwrap();
    assert_eq!(done.rows_affected(), 2);
}
