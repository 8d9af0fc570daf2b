//! A guarded text of one tenant cannot be run on another tenant's handle, nor on any.

async fn run(
    guarded: tenantshield_sql::GuardedSql,
    other: tenantshield_sqlx::ScopedPool<sqlx::Sqlite>,
) {
    let _rows = sqlx::Executor::fetch_all(&other, guarded).await;
}

fn main() {}
