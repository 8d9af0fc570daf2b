use sqlx::AssertSqlSafe;
use tenantshield_core::{AuditEventType, Error as CoreError};
use tenantshield_sqlx::refusal;

use super::{Driver, q};
use crate::fixture::World;

type Owned = (String, i64, i64);

/// All orders, past the guard.
async fn orders(world: &World<Driver>) -> Vec<Owned> {
    sqlx::query_as("SELECT tenant_id, id, total FROM orders ORDER BY tenant_id, id")
        .fetch_all(&world.raw)
        .await
        .unwrap()
}

/// What the second tenant owns in the table with global ids.
async fn foreign_items(world: &World<Driver>) -> Vec<(i64, String, String, i64)> {
    sqlx::query_as("SELECT id, tenant_id, sku, qty FROM items WHERE id > 100 ORDER BY id")
        .fetch_all(&world.raw)
        .await
        .unwrap()
}

/// The guard's own code of a refusal.
fn rule(error: &sqlx::Error) -> &'static str {
    match refusal(error) {
        Some(CoreError::UnscopedQuery(query)) => query.rule().unwrap(),
        other => panic!("not refused as unscoped: {other:?}"),
    }
}

/// leaks 18.
#[tokio::test]
async fn update_and_delete_without_where_touch_only_their_own_tenant() {
    let world = World::<Driver>::new().await;
    let acme = world.db.scope(&world.acme);
    let done = sqlx::query("UPDATE orders SET total = 7")
        .execute(&acme)
        .await
        .unwrap();
    assert_eq!(done.rows_affected(), 2);
    let done = sqlx::query("UPDATE orders SET total = 8 WHERE id = 1 OR 1 = 1")
        .execute(&acme)
        .await;
    assert_eq!(done.unwrap().rows_affected(), 2);
    let done = sqlx::query("DELETE FROM items")
        .execute(&acme)
        .await
        .unwrap();
    assert_eq!(done.rows_affected(), 2);
    let left = orders(&world).await;
    assert_eq!(
        left.iter()
            .filter(|row| row.0 == "acme")
            .map(|row| row.2)
            .collect::<Vec<_>>(),
        [8, 8]
    );
    let theirs: Vec<_> = left
        .iter()
        .filter(|row| row.0 == "globex")
        .map(|row| row.2)
        .collect();
    assert_eq!(theirs, [1_000, 2_000, 3_000]);
    assert_eq!(foreign_items(&world).await.len(), 2);
}

/// leaks 22, OW-3.1.
#[tokio::test]
async fn update_by_the_key_of_another_tenant_changes_nothing() {
    let world = World::<Driver>::new().await;
    let acme = world.db.scope(&world.acme);
    for statement in [
        "UPDATE items SET qty = 0 WHERE id = ?1",
        "DELETE FROM items WHERE id = ?1",
        "UPDATE orders SET total = 0 WHERE customer_id IN (SELECT id FROM items WHERE id = ?1)",
    ] {
        let done = sqlx::query(q(statement))
            .bind(101_i64)
            .execute(&acme)
            .await
            .unwrap();
        assert_eq!(done.rows_affected(), 0, "{statement}");
    }
    assert_eq!(foreign_items(&world).await[0].3, 100);
    assert!(
        world
            .events(AuditEventType::EnforcementViolation)
            .is_empty(),
        "a miss is no violation"
    );
}

/// leaks 20, 21.
#[tokio::test]
async fn an_upsert_that_conflicts_with_another_tenant_never_changes_its_row() {
    let world = World::<Driver>::new().await;
    let acme = world.db.scope(&world.acme);
    let before = foreign_items(&world).await;
    for statement in [
        "INSERT INTO items (id, sku, qty) VALUES (?1, 'mine', 1) ON CONFLICT (id) DO UPDATE SET sku = excluded.sku, qty = excluded.qty",
        "INSERT INTO items (id, sku, qty) VALUES (?1, 'mine', 1) ON CONFLICT (id) DO UPDATE SET qty = items.qty + 1 WHERE items.qty > 0",
        "INSERT INTO items (id, sku, qty) VALUES (?1, 'mine', 1) ON CONFLICT (id) DO NOTHING",
        "INSERT INTO items (id, sku, qty) VALUES (?1, 'mine', 1) ON CONFLICT DO NOTHING",
        "INSERT OR REPLACE INTO items (id, sku, qty) VALUES (?1, 'mine', 1)",
        "REPLACE INTO items (id, sku, qty) VALUES (?1, 'mine', 1)",
    ] {
        match sqlx::query(q(statement)).bind(101_i64).execute(&acme).await {
            Ok(done) => assert_eq!(done.rows_affected(), 0, "{statement}"),
            Err(error) => assert!(refusal(&error).is_some(), "{statement}: {error}"),
        }
        assert_eq!(foreign_items(&world).await, before, "{statement}");
    }
    let own = sqlx::query(q(
        "INSERT INTO items (id, sku, qty) VALUES (?1, 'x', 5) ON CONFLICT (id) DO UPDATE SET qty = excluded.qty",
    ));
    assert_eq!(
        own.bind(1_i64)
            .execute(&acme)
            .await
            .unwrap()
            .rows_affected(),
        1
    );
}

/// leaks 23.
#[tokio::test]
async fn the_tenant_column_is_never_assignable_to_another_tenant() {
    let world = World::<Driver>::new().await;
    let acme = world.db.scope(&world.acme);
    let before = orders(&world).await;
    for statement in [
        "UPDATE orders SET tenant_id = 'globex' WHERE id = 1",
        "UPDATE orders SET total = 1, tenant_id = 'globex'",
        "UPDATE orders SET (total, tenant_id) = (1, 'globex') WHERE id = 1",
        "UPDATE orders SET tenant_id = upper('globex')",
        "UPDATE orders SET tenant_id = (SELECT 'globex')",
        "UPDATE orders SET tenant_id = DEFAULT",
        "INSERT INTO orders (id, tenant_id, total) VALUES (9, 'globex', 1)",
        "INSERT INTO orders (id, tenant_id, total) VALUES (9, DEFAULT, 1)",
        "INSERT INTO orders (id, tenant_id, total) SELECT id, 'globex', 1 FROM plans",
        "INSERT INTO orders (id, total) VALUES (1, 1) ON CONFLICT (tenant_id, id) DO UPDATE SET tenant_id = 'globex'",
    ] {
        let error = sqlx::query(statement).execute(&acme).await.unwrap_err();
        assert!(refusal(&error).is_some(), "{statement}: {error}");
        assert_eq!(orders(&world).await, before, "{statement}");
    }
}

/// leaks 43.
#[tokio::test]
async fn every_form_of_insert_is_filled_or_refused() {
    let world = World::<Driver>::new().await;
    let acme = world.db.scope(&world.acme);
    for statement in [
        "INSERT INTO orders (id, total) VALUES (11, 1)",
        "INSERT INTO orders (id, total) VALUES (12, 1), (13, 1), (14, 1)",
        "INSERT INTO orders (id, total) SELECT id + 20, total FROM orders",
        "INSERT INTO orders (id, tenant_id, total) VALUES (41, 'acme', 1)",
        "INSERT INTO orders (id, tenant_id, total) VALUES (42, NULL, 1)",
    ] {
        sqlx::query(statement)
            .execute(&acme)
            .await
            .unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
    let own: Vec<i64> = orders(&world)
        .await
        .into_iter()
        .filter(|row| row.0 == "acme")
        .map(|row| row.1)
        .collect();
    assert_eq!(own, [1, 2, 11, 12, 13, 14, 21, 22, 31, 32, 33, 34, 41, 42]);
    assert_eq!(
        orders(&world).await.len(),
        own.len() + 3,
        "every new row is the tenant's own"
    );
    for statement in [
        "INSERT INTO orders DEFAULT VALUES",
        "COPY orders FROM STDIN",
    ] {
        let error = sqlx::query(statement).execute(&acme).await.unwrap_err();
        assert!(refusal(&error).is_some(), "{statement}: {error}");
    }
}

/// SEED-A12, FLAW-14, FLAW-15 (mass assignment): the value is bound, so only the database can see it.
#[tokio::test]
async fn a_bound_value_of_another_tenant_is_refused_and_audited_once() {
    let world = World::<Driver>::new().await;
    let acme = world.db.scope(&world.acme);
    let before = orders(&world).await;
    const INSERT: &str = "INSERT INTO orders (id, tenant_id, total) VALUES (?1, ?2, 1)";
    const TWO: &str =
        "INSERT INTO orders (id, tenant_id, total) VALUES (50, 'acme', 1), (?1, ?2, 1)";
    for statement in [
        INSERT,
        TWO,
        "UPDATE orders SET tenant_id = ?2 WHERE id < ?1",
    ] {
        world.sink.clear();
        let error = sqlx::query(q(statement))
            .bind(51_i64)
            .bind("globex")
            .execute(&acme)
            .await;
        let error = error.unwrap_err();
        let refused = refusal(&error).unwrap_or_else(|| panic!("{statement}: {error}"));
        assert_eq!(refused.code(), "TS-XT-001", "{statement}");
        assert!(!error.to_string().contains("globex"), "{error}");
        let violations = world.events(AuditEventType::EnforcementViolation);
        assert_eq!(violations.len(), 1, "{statement}");
        let payload = serde_json::to_value(&*violations[0]).unwrap();
        assert_eq!(payload["tenant_id"], "acme");
        assert_eq!(payload["model_class"], "orders");
        assert_eq!(orders(&world).await, before, "{statement}");
    }
    for value in [Some("acme"), None] {
        let id = 60 + i64::from(value.is_some());
        sqlx::query(q(INSERT))
            .bind(id)
            .bind(value)
            .execute(&acme)
            .await
            .unwrap();
    }
    assert_eq!(
        orders(&world)
            .await
            .iter()
            .filter(|row| row.0 == "acme")
            .count(),
        4
    );
}

/// SEED-A12.
#[tokio::test]
async fn a_refused_cross_tenant_write_is_audited_once_in_every_form() {
    let world = World::<Driver>::new().await;
    let acme = world.db.scope(&world.acme);
    for statement in [
        "INSERT INTO orders (id, tenant_id, total) VALUES (9, 'globex', 1)",
        "INSERT INTO orders (id, tenant_id, total) VALUES (9, DEFAULT, 1)",
        "INSERT INTO orders (id, tenant_id, total) VALUES (9, lower('GLOBEX'), 1)",
        "UPDATE orders SET tenant_id = 'globex'",
        "UPDATE orders SET tenant_id = lower('GLOBEX')",
    ] {
        for _again in 0..2 {
            world.sink.clear();
            let error = sqlx::query(statement).execute(&acme).await.unwrap_err();
            assert_eq!(refusal(&error).unwrap().code(), "TS-XT-001", "{statement}");
            let violations = world.events(AuditEventType::EnforcementViolation);
            assert_eq!(
                violations.len(),
                1,
                "{statement}: cached or not, each attempt is evidence"
            );
            assert_eq!(violations[0].tenant(), Some(world.acme.tenant()));
        }
    }
    world.sink.clear();
    let error = sqlx::query("SELECT value FROM secrets")
        .fetch_all(&acme)
        .await
        .unwrap_err();
    assert_eq!(rule(&error), "TS-SQL-RELATION");
    assert!(
        world
            .events(AuditEventType::EnforcementViolation)
            .is_empty(),
        "no write, no violation"
    );
}

/// SEED-A12: in transactions, streams and prepared statements as well.
#[tokio::test]
async fn a_mismatch_inside_a_transaction_is_audited_once_and_spoils_nothing_else() {
    let world = World::<Driver>::new().await;
    let acme = world.db.scope(&world.acme);
    let mut transaction = acme.begin().await.unwrap();
    sqlx::query("INSERT INTO orders (id, total) VALUES (70, 1)")
        .execute(&mut transaction)
        .await
        .unwrap();
    let mut savepoint = transaction.begin().await.unwrap();
    let error = sqlx::query(q(
        "INSERT INTO orders (id, tenant_id, total) VALUES (71, ?1, 1)",
    ))
    .bind("globex")
    .execute(&mut savepoint)
    .await
    .unwrap_err();
    assert_eq!(refusal(&error).unwrap().code(), "TS-XT-001");
    drop(savepoint);
    transaction.commit().await.unwrap();
    assert_eq!(world.events(AuditEventType::EnforcementViolation).len(), 1);
    let ids: Vec<i64> = orders(&world).await.into_iter().map(|row| row.1).collect();
    assert!(ids.contains(&70) && !ids.contains(&71));
}

/// The tenant's bind must not land in a slot of the application.
#[tokio::test]
async fn more_or_fewer_binds_than_declared_are_refused_before_sending() {
    let world = World::<Driver>::new().await;
    let acme = world.db.scope(&world.acme);
    const TWO: &str = "SELECT id FROM orders WHERE total = ?1 AND note = ?2";
    let codes = [
        sqlx::query(q(TWO))
            .bind(1_i64)
            .fetch_all(&acme)
            .await
            .unwrap_err(),
        sqlx::query(q(TWO)).fetch_all(&acme).await.unwrap_err(),
        sqlx::query(q(TWO))
            .bind(1_i64)
            .bind("x")
            .bind("acme")
            .fetch_all(&acme)
            .await
            .unwrap_err(),
        sqlx::query("SELECT id FROM orders")
            .bind("globex")
            .fetch_all(&acme)
            .await
            .unwrap_err(),
        sqlx::query("SELECT id FROM plans")
            .bind("globex")
            .fetch_all(&acme)
            .await
            .unwrap_err(),
        sqlx::raw_sql(AssertSqlSafe(q(TWO).as_str().to_owned()))
            .fetch_all(&acme)
            .await
            .unwrap_err(),
    ];
    for error in codes {
        assert_eq!(rule(&error), "TS-BND-001", "{error}");
    }
    let own = sqlx::query(q(TWO))
        .bind(10_i64)
        .bind("a")
        .fetch_all(&acme)
        .await
        .unwrap();
    assert_eq!(own.len(), 1);
}

/// OW-3.3.
#[tokio::test]
async fn shared_tables_are_read_only_to_tenants() {
    let world = World::<Driver>::new().await;
    let acme = world.db.scope(&world.acme);
    assert_eq!(
        sqlx::query("SELECT id FROM plans")
            .fetch_all(&acme)
            .await
            .unwrap()
            .len(),
        2
    );
    for statement in [
        "UPDATE plans SET name = 'x'",
        "DELETE FROM plans",
        "INSERT INTO plans VALUES (3, 'x')",
    ] {
        let error = sqlx::query(statement).execute(&acme).await.unwrap_err();
        assert!(refusal(&error).is_some(), "{statement}: {error}");
    }
}
