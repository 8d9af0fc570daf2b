use std::sync::Arc;

use tenantshield_core::policy::{
    Action, Decision, DenyReason, Filter, FilterValue, Operation, Policy,
};
use tenantshield_core::{AuditEventType, DenyByDefault};
use tenantshield_sqlx::{Db, refusal};

use super::{Driver, q};
use crate::fixture::World;

/// Reads of orders are narrowed to one customer, deletes are denied, all else is allowed.
#[derive(Debug)]
struct OwnCustomer(i64);

impl Policy for OwnCustomer {
    fn evaluate(&self, operation: &Operation<'_>) -> Decision {
        match (operation.model(), operation.action()) {
            ("orders", Action::Read | Action::Write) => Decision::RequireScope(
                Filter::new().with("customer_id", FilterValue::Integer(self.0)),
            ),
            (_, Action::Delete) => Decision::Deny(DenyReason::new("nobody deletes")),
            _ => Decision::Allow,
        }
    }
}

fn with_policy(world: &World<Driver>, policy: impl Policy + 'static) -> Db<Driver> {
    world.db.clone().with_policy(Arc::new(policy))
}

#[tokio::test]
async fn a_required_scope_narrows_reads_with_binds_of_its_own() {
    let world = World::<Driver>::new().await;
    for (customer, expected) in [(1, vec![10_i64]), (2, vec![20]), (3, vec![])] {
        let acme = with_policy(&world, OwnCustomer(customer)).scope(&world.acme);
        let seen: Vec<i64> = sqlx::query_scalar(q("SELECT total FROM orders WHERE total > ?1"))
            .bind(0_i64)
            .fetch_all(&acme)
            .await
            .unwrap();
        assert_eq!(seen, expected);
        let joined: Vec<i64> = sqlx::query_scalar(
            "SELECT o.total FROM customers c LEFT JOIN orders o ON o.customer_id = c.id WHERE o.id > 0",
        )
        .fetch_all(&acme)
        .await
        .unwrap();
        assert_eq!(joined, expected);
    }
}

#[tokio::test]
async fn a_denied_action_does_not_run_and_is_recorded() {
    let world = World::<Driver>::new().await;
    let acme = with_policy(&world, OwnCustomer(1)).scope(&world.acme);
    let error = sqlx::query("DELETE FROM items")
        .execute(&acme)
        .await
        .unwrap_err();
    assert!(refusal(&error).is_some(), "{error}");
    assert_eq!(world.events(AuditEventType::PolicyDeny).len(), 1);
    sqlx::query("SELECT id FROM items")
        .fetch_all(&acme)
        .await
        .unwrap();
    assert!(!world.events(AuditEventType::PolicyAllow).is_empty());
    let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM items")
        .fetch_one(&world.raw)
        .await
        .unwrap();
    assert_eq!(kept, 4);
}

#[tokio::test]
async fn deny_by_default_denies_all() {
    let world = World::<Driver>::new().await;
    let acme = with_policy(&world, DenyByDefault).scope(&world.acme);
    for statement in [
        "SELECT id FROM orders",
        "SELECT id FROM plans",
        "UPDATE orders SET total = 0",
    ] {
        let error = sqlx::query(statement).execute(&acme).await.unwrap_err();
        assert!(refusal(&error).is_some(), "{statement}: {error}");
    }
}
