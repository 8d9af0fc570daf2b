//! No handle gives away the driver's connection, pool or transaction.

use sqlx::{Acquire, Sqlite, SqliteConnection, SqlitePool};
use tenantshield_sqlx::{Db, ScopedConnection, ScopedPool, ScopedTransaction};

fn acquires<'c>(_: impl Acquire<'c, Database = Sqlite>) {}

fn pool(handle: &ScopedPool<Sqlite>) {
    acquires(handle);
    let _inner: &SqlitePool = handle;
}

fn connection(mut handle: ScopedConnection<Sqlite>) {
    acquires(&mut handle);
    let _inner: &mut SqliteConnection = &mut handle;
    let _inner: &mut SqliteConnection = handle.as_mut();
}

fn transaction(mut handle: ScopedTransaction<'static, Sqlite>) {
    acquires(&mut handle);
    let _inner: &mut SqliteConnection = &mut *handle;
}

fn database(db: Db<Sqlite>) {
    let _inner: &SqlitePool = &db;
}

fn main() {}
