//! A database handle without a tenant runs nothing.

async fn read(db: tenantshield_sqlx::Db<sqlx::Sqlite>) {
    let _rows = sqlx::query("SELECT id FROM orders").fetch_all(&db).await;
}

fn main() {}
