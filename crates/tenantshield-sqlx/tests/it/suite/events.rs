use tenantshield_core::danger::FallThrough;
use tenantshield_core::{AuditEventType, observability};

use super::{Driver, q};
use crate::fixture::{World, recorded};

/// SEED-A5: one event per statement and tenant relation.
#[tokio::test]
async fn each_statement_tells_of_each_tenant_relation_once() {
    let world = World::<Driver>::new().await;
    observability::configure(true);
    let acme = world.db.scope(&world.acme);
    for (statement, expected) in [
        (
            "SELECT id FROM orders",
            vec!["tenant.read.filtered acme orders read"],
        ),
        (
            "SELECT o.id FROM orders o JOIN customers c ON c.id = o.customer_id JOIN orders p ON p.id = o.id, plans",
            vec![
                "tenant.read.filtered acme customers read",
                "tenant.read.filtered acme orders read",
            ],
        ),
        ("SELECT id FROM plans", vec![]),
        (
            "INSERT INTO orders (id, total) VALUES (71, 1)",
            vec!["tenant.write.injected acme orders write"],
        ),
        (
            "UPDATE orders SET total = 3 WHERE id = 1",
            vec!["tenant.read.filtered acme orders write"],
        ),
        (
            "DELETE FROM items WHERE id = 1",
            vec!["tenant.read.filtered acme items delete"],
        ),
    ] {
        let (result, mut events) = recorded(sqlx::query(statement).execute(&acme)).await;
        result.unwrap();
        events.sort_unstable();
        assert_eq!(events, expected, "{statement}");
    }
}

/// SEED-A12: both paths, once each, for what the guard refuses and for what the database raises.
#[tokio::test]
async fn a_blocked_write_is_told_on_the_observability_path_as_well() {
    let world = World::<Driver>::new().await;
    observability::configure(true);
    let acme = world.db.scope(&world.acme);
    let literal = sqlx::query("INSERT INTO orders (id, tenant_id, total) VALUES (9, 'globex', 1)");
    let (result, events) = recorded(literal.execute(&acme)).await;
    result.unwrap_err();
    assert_eq!(events, ["tenant.write.blocked acme orders write"]);
    let bound = sqlx::query(q(
        "INSERT INTO orders (id, tenant_id, total) VALUES (9, ?1, 1)",
    ))
    .bind("globex");
    let (result, events) = recorded(bound.execute(&acme)).await;
    result.unwrap_err();
    let blocked = events
        .iter()
        .filter(|event| event.starts_with("tenant.write.blocked"))
        .count();
    assert_eq!(blocked, 1, "{events:?}");
}

#[tokio::test]
async fn a_read_that_falls_through_is_told_on_the_observability_path() {
    let world = World::<Driver>::new().await;
    observability::configure(true);
    let reader = world
        .db
        .current_or_fall_through(&FallThrough::new("totals for sign-up").unwrap());
    let read = sqlx::query("SELECT count(*) FROM orders").fetch_all(&reader);
    let (result, events) = recorded(read).await;
    result.unwrap();
    assert_eq!(events, ["tenant.read.fallthrough * select"]);
}

/// A denial is evidence too, not only a crossing: the statement is told by its code alone.
#[tokio::test]
async fn a_refused_statement_and_a_missing_context_are_recorded_once_each() {
    let world = World::<Driver>::new().await;
    let before = world.events(AuditEventType::PolicyDeny).len();
    let acme = world.db.scope(&world.acme);
    sqlx::query("SELECT 'hush' FROM nowhere")
        .execute(&acme)
        .await
        .unwrap_err();
    world.db.current().unwrap_err();
    let denials = world.events(AuditEventType::PolicyDeny);
    let told: Vec<_> = denials
        .iter()
        .skip(before)
        .map(|event| (event.tenant().is_some(), event.payload().code()))
        .collect();
    assert_eq!(
        told,
        [
            (true, Some("TS-SQL-RELATION")),
            (false, Some("TS-CTX-001")),
        ]
    );
    assert!(!serde_json::to_string(&denials).unwrap().contains("hush"));
}
