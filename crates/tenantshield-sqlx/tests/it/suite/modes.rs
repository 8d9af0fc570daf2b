use tenantshield_core::danger::{Bypass, FallThrough};
use tenantshield_core::{AuditEventType, Error as CoreError};
use tenantshield_sqlx::refusal;

use super::{Driver, q};
use crate::fixture::World;

const REASON: &str = "counting rows for the monthly report";

async fn snapshot(world: &World<Driver>) -> Vec<(String, i64, i64)> {
    sqlx::query_as("SELECT tenant_id, id, total FROM orders ORDER BY tenant_id, id")
        .fetch_all(&world.raw)
        .await
        .unwrap()
}

/// SEED-B7.
#[tokio::test]
async fn unscoped_reads_see_all_tenants_and_each_leaves_evidence() {
    let world = World::<Driver>::new().await;
    let line = line!() + 1;
    let bypass = Bypass::new(REASON).unwrap();
    let unscoped = world.db.unscoped(bypass);
    for round in 1..=3 {
        let total: i64 = sqlx::query_scalar("SELECT count(*) FROM orders")
            .fetch_one(&unscoped)
            .await
            .unwrap();
        assert_eq!(total, 5);
        assert_eq!(world.events(AuditEventType::EnforcementBypass).len(), round);
    }
    let event = serde_json::to_value(&*world.events(AuditEventType::EnforcementBypass)[0]).unwrap();
    assert_eq!(event["reason"], REASON);
    let location = event["location"].as_str().unwrap();
    assert!(
        location.contains("modes.rs") && location.contains(&line.to_string()),
        "{location}"
    );
    assert!(
        !event.to_string().contains("count(*)"),
        "no statement text in evidence"
    );
}

/// SEED-B7.
#[tokio::test]
async fn unscoped_refuses_every_write() {
    let world = World::<Driver>::new().await;
    let before = snapshot(&world).await;
    let unscoped = world.db.unscoped(Bypass::new(REASON).unwrap());
    for statement in [
        "DELETE FROM orders",
        "UPDATE orders SET total = 0",
        "INSERT INTO orders (id, tenant_id, total) VALUES (9, 'acme', 1)",
        "WITH gone AS (DELETE FROM orders RETURNING id) SELECT * FROM gone",
        "WITH o AS (SELECT 1 AS id) DELETE FROM orders WHERE id IN (SELECT id FROM o)",
        "SELECT 1; DELETE FROM orders",
        "CREATE TABLE copy AS SELECT * FROM orders",
        "SELECT * INTO copy FROM orders",
        "BEGIN",
        "COMMIT",
        "SET search_path = pg_catalog",
        "PRAGMA query_only = 0",
        "EXPLAIN ANALYZE DELETE FROM orders",
        "REPLACE INTO orders (id, tenant_id, total) VALUES (1, 'globex', 0)",
    ] {
        let error = sqlx::query(statement).execute(&unscoped).await.unwrap_err();
        assert!(refusal(&error).is_some(), "{statement}: {error}");
        assert_eq!(snapshot(&world).await, before, "{statement}");
    }
}

/// SEED-B7.
#[tokio::test]
async fn unsafe_unscoped_writes_across_tenants_and_each_leaves_evidence() {
    let world = World::<Driver>::new().await;
    let admin = world
        .db
        .unsafe_unscoped(Bypass::new("closing the books of all tenants").unwrap());
    let done = sqlx::query(q("UPDATE orders SET total = ?1"))
        .bind(5_i64)
        .execute(&admin)
        .await
        .unwrap();
    assert_eq!(done.rows_affected(), 5);
    sqlx::query("DELETE FROM jobs")
        .execute(&admin)
        .await
        .unwrap();
    assert_eq!(world.events(AuditEventType::EnforcementBypass).len(), 2);
    assert!(snapshot(&world).await.iter().all(|row| row.2 == 5));
}

/// SEED-B7: what a bypass leaves on its connection does not reach the next borrower.
#[tokio::test]
async fn session_state_of_unsafe_statements_dies_with_its_connection() {
    let world = World::<Driver>::with_connections(1).await;
    let admin = world
        .db
        .unsafe_unscoped(Bypass::new("trying to leave something behind").unwrap());
    for residue in ["BEGIN", "CREATE TEMP TABLE orders (id BIGINT, note TEXT)"] {
        sqlx::query(residue).execute(&admin).await.unwrap();
        let acme = world.db.scope(&world.acme);
        let seen: i64 = sqlx::query_scalar("SELECT count(*) FROM orders")
            .fetch_one(&acme)
            .await
            .unwrap();
        assert_eq!(seen, 2, "{residue}");
    }
    {
        let mut raw = admin.connection().await.unwrap();
        sqlx::raw_sql("BEGIN").execute(&mut *raw).await.unwrap();
    }
    let acme = world.db.scope(&world.acme);
    sqlx::query("INSERT INTO orders (id, total) VALUES (600, 1)")
        .execute(&acme)
        .await
        .unwrap();
    assert_eq!(
        snapshot(&world)
            .await
            .iter()
            .filter(|row| row.1 == 600)
            .count(),
        1
    );
    assert_eq!(world.events(AuditEventType::EnforcementBypass).len(), 3);
}

#[tokio::test]
async fn without_a_context_there_is_no_handle() {
    let world = World::<Driver>::new().await;
    let error = world.db.current().unwrap_err();
    assert!(matches!(error, CoreError::MissingContext(_)));
    let inside = world.acme.sync_scope(|| world.db.current().unwrap());
    assert_eq!(inside.tenant(), world.acme.tenant());
}

#[tokio::test]
async fn falling_through_reads_and_never_writes() {
    let world = World::<Driver>::new().await;
    let allowed = FallThrough::new("the sign-up page shows totals").unwrap();
    let reader = world.db.current_or_fall_through(&allowed);
    let all: i64 = sqlx::query_scalar("SELECT count(*) FROM orders")
        .fetch_one(&reader)
        .await
        .unwrap();
    assert_eq!(all, 5);
    assert_eq!(world.events(AuditEventType::EnforcementBypass).len(), 1);
    let before = snapshot(&world).await;
    let error = sqlx::query("DELETE FROM orders")
        .execute(&reader)
        .await
        .unwrap_err();
    assert!(
        matches!(refusal(&error), Some(CoreError::MissingContext(_))),
        "{error}"
    );
    assert_eq!(snapshot(&world).await, before);
    assert_eq!(
        world.events(AuditEventType::EnforcementViolation).len(),
        1,
        "a write without context is a blocked write"
    );

    world.sink.clear();
    let reader = world
        .acme
        .sync_scope(|| world.db.current_or_fall_through(&allowed));
    let own: i64 = sqlx::query_scalar("SELECT count(*) FROM orders")
        .fetch_one(&reader)
        .await
        .unwrap();
    assert_eq!(own, 2, "with a context there is nothing to fall through");
    assert!(world.events(AuditEventType::EnforcementBypass).is_empty());
}
