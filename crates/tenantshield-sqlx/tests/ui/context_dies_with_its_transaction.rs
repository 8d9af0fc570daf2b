//! A transaction is consumed by its end, and a savepoint ends before what is around it.

use sqlx::Sqlite;
use tenantshield_sqlx::ScopedTransaction;

async fn after_commit(mut transaction: ScopedTransaction<'static, Sqlite>) {
    transaction.commit().await.unwrap();
    let _rows = sqlx::query("SELECT id FROM orders").fetch_all(&mut transaction).await;
}

async fn out_of_order(mut transaction: ScopedTransaction<'static, Sqlite>) {
    let savepoint = transaction.begin().await.unwrap();
    transaction.commit().await.unwrap();
    savepoint.commit().await.unwrap();
}

fn main() {}
