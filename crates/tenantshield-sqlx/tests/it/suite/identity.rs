use std::sync::Arc;

use sqlx::AssertSqlSafe;
use tenantshield_core::{
    AuditBus, Catalog, Decision, Filter, FilterValue, Operation, Policy, TenantId,
};
use tenantshield_sql::Guard;
use tenantshield_sqlx::{Db, refusal};

use super::{Driver, UUID, q};
use crate::fixture::{World, context};

const FIRST: &str = "018f3c5e-0000-7000-8000-000000000001";
const SECOND: &str = "018f3c5e-0000-7000-8000-000000000002";

/// A table whose tenant column has another type, filled for two tenants.
async fn invoices(
    world: &World<Driver>,
    column: &str,
    kind: &str,
    tenants: [&str; 2],
) -> Db<Driver> {
    let table = format!(
        "CREATE TABLE invoices (id BIGINT NOT NULL, org {column} NOT NULL, amount BIGINT, \
         is_paid BOOLEAN NOT NULL DEFAULT false)"
    );
    sqlx::raw_sql(AssertSqlSafe(table))
        .execute(&world.raw)
        .await
        .unwrap();
    for (id, tenant) in (1..).zip(tenants) {
        let quoted = if kind == "integer" {
            tenant.to_owned()
        } else {
            format!("'{tenant}'")
        };
        let row = format!(
            "INSERT INTO invoices VALUES ({id}, {quoted}, {id}00, {})",
            id == 1
        );
        sqlx::raw_sql(AssertSqlSafe(row))
            .execute(&world.raw)
            .await
            .unwrap();
    }
    let listed = world.guard.catalog().schemas();
    let listed: Vec<String> = listed.iter().map(|name| format!("{name:?}")).collect();
    let schemas = match listed.len() {
        0 => String::new(),
        _ => format!("schemas = [{}]\n", listed.join(", ")),
    };
    let catalog = Catalog::from_toml(&format!(
        "{schemas}[tables.invoices]\nkind = \"tenant\"\ntenant_column = \"org\"\n\
         tenant_type = \"{kind}\"\ncolumns = [\"id\", \"org\", \"amount\", \"is_paid\"]"
    ));
    let guard = Guard::new(Arc::new(catalog.unwrap()), world.guard.dialect()).unwrap();
    Db::new(world.pool.clone(), Arc::new(guard)).unwrap()
}

/// leaks 84: the tenant is bound in the column's own type.
#[tokio::test]
async fn tenants_may_be_integers_of_any_width_and_uuids() {
    for (column, kind, tenants) in [
        ("BIGINT", "integer", ["7", "8"]),
        ("INTEGER", "integer", ["7", "8"]),
        ("SMALLINT", "integer", ["7", "8"]),
        (UUID, "uuid", [FIRST, SECOND]),
        ("TEXT", "text", ["Ab", "ab"]),
    ] {
        let world = World::<Driver>::new().await;
        let db = invoices(&world, column, kind, tenants).await;
        let bus = AuditBus::new();
        for (expected, tenant) in (1..).zip(tenants) {
            let handle = db.scope(&context(tenant, &bus).await);
            let own: Vec<i64> = sqlx::query_scalar("SELECT id FROM invoices")
                .fetch_all(&handle)
                .await
                .unwrap();
            assert_eq!(own, [expected], "{column}");
            sqlx::query(q("INSERT INTO invoices (id, amount) VALUES (?1, 5)"))
                .bind(10 * expected)
                .execute(&handle)
                .await
                .unwrap();
            let paid = "UPDATE invoices SET is_paid = true";
            let done = sqlx::query(paid).execute(&handle).await.unwrap();
            assert_eq!(done.rows_affected(), 2, "{column}");
        }
        let strange = db.scope(&context("not.a.number", &bus).await);
        let read = sqlx::query("SELECT id FROM invoices")
            .fetch_all(&strange)
            .await;
        match kind {
            "text" => assert!(read.unwrap().is_empty()),
            _ => assert!(
                refusal(&read.unwrap_err()).is_some(),
                "never coerced: {column}"
            ),
        }
    }
}

/// leaks 6, 48.
#[tokio::test]
async fn there_is_no_empty_tenant() {
    for nothing in ["", " ", "null\0", "a b", "ä"] {
        assert!(TenantId::new(nothing).is_err(), "{nothing:?}");
    }
    let world = World::<Driver>::new().await;
    let error = world.db.current().unwrap_err();
    assert_eq!(error.code(), "TS-CTX-001");
}

/// Narrows by every kind of value.
#[derive(Debug)]
struct Narrow(FilterValue);

impl Policy for Narrow {
    fn evaluate(&self, _operation: &Operation<'_>) -> Decision {
        let column = match self.0 {
            FilterValue::Boolean(_) => "is_paid",
            FilterValue::Integer(_) => "amount",
            FilterValue::Text(_) | FilterValue::Uuid(_) => "org",
        };
        Decision::RequireScope(Filter::new().with(column, self.0.clone()))
    }
}

#[tokio::test]
async fn filters_of_every_kind_are_bound_in_their_own_type() {
    let bytes = |last: u8| {
        [
            0x01, 0x8f, 0x3c, 0x5e, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, last,
        ]
    };
    for (column, kind, tenants, filters) in [
        (
            "TEXT",
            "text",
            ["acme", "globex"],
            vec![
                (FilterValue::Boolean(true), 1),
                (FilterValue::Boolean(false), 0),
                (FilterValue::Integer(100), 1),
                (FilterValue::Integer(200), 0),
                (FilterValue::Text("acme".into()), 1),
                (FilterValue::Text("globex".into()), 0),
            ],
        ),
        (
            UUID,
            "uuid",
            [FIRST, SECOND],
            vec![
                (FilterValue::Uuid(bytes(1)), 1),
                (FilterValue::Uuid(bytes(2)), 0),
            ],
        ),
    ] {
        let world = World::<Driver>::new().await;
        let db = invoices(&world, column, kind, tenants).await;
        let first = context(tenants[0], &AuditBus::new()).await;
        for (filter, expected) in filters {
            let what = format!("{filter:?}");
            let handle = db
                .clone()
                .with_policy(Arc::new(Narrow(filter)))
                .scope(&first);
            let seen = sqlx::query("SELECT id FROM invoices")
                .fetch_all(&handle)
                .await
                .unwrap();
            assert_eq!(seen.len(), expected, "{what}");
        }
    }
}
