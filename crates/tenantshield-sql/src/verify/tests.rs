//! The second pass against texts that the walk would never write.

use std::collections::BTreeSet;
use std::sync::Arc;

use tenantshield_core::Catalog;

use super::*;
use crate::mode::Barrier;
use crate::parse;
use crate::relation::Index;

const CATALOG: &str = r#"
tenant_type = "integer"
[tables.orders]
kind = "tenant"
[tables.items]
kind = "tenant"
[tables.plans]
kind = "shared"
[tables.notices]
kind = "shared"
writable = true
[tables.tenants]
kind = "platform"
"#;

fn rules(dialect: Dialect) -> Rules {
    let catalog = Catalog::from_toml(CATALOG).unwrap();
    Rules {
        dialect,
        index: Index::new(&catalog, dialect).unwrap(),
        functions: BTreeSet::new(),
        barrier: Barrier::Auto,
        transactions: true,
    }
}

fn passes(text: &str, filters: &Filters) -> bool {
    let statement = parse::one(text, Dialect::Sqlite, 64).unwrap();
    let slots = [
        Slot::Tenant(TenantType::Integer),
        Slot::Filter {
            table: Arc::from("orders"),
            action: Action::Read,
            column: Arc::from("total"),
            kind: FilterKind::Integer,
        },
        Slot::Filter {
            table: Arc::from("orders"),
            action: Action::Write,
            column: Arc::from("total"),
            kind: FilterKind::Integer,
        },
    ];
    covered(&statement, &rules(Dialect::Sqlite), filters, 0, &slots).is_ok()
}

fn narrowed(action: Action) -> Filters {
    Filters::new().with(
        Arc::from("orders"),
        action,
        vec![(Arc::from("total"), FilterKind::Integer)],
    )
}

#[test]
fn covered_reads_pass() {
    for text in [
        r#"SELECT 1 FROM orders WHERE orders."tenant_id" = ?1"#,
        r#"SELECT 1 FROM orders o WHERE id = 1 AND (o."tenant_id" = ?1 AND id = 2)"#,
        r#"SELECT 1 FROM orders o WHERE (o."tenant_id" IS NOT DISTINCT FROM ?1)"#,
        r#"SELECT 1 FROM plans p LEFT JOIN orders o ON o."tenant_id" = ?1"#,
        r#"SELECT 1 FROM orders o RIGHT JOIN plans p ON o."tenant_id" = ?1"#,
        r#"SELECT 1 FROM orders o JOIN plans p ON o."tenant_id" = ?1"#,
        r#"SELECT 1 FROM plans p LEFT JOIN (orders o JOIN items i ON true) ON o."tenant_id" = ?1 AND i."tenant_id" = ?1"#,
        "WITH orders AS (SELECT 1 AS id) SELECT id FROM orders",
        "SELECT 1 FROM plans",
        "BEGIN",
    ] {
        assert!(passes(text, Filters::NONE), "{text}");
    }
}

#[test]
fn uncovered_reads_fail() {
    for text in [
        "SELECT 1 FROM orders",
        r#"SELECT 1 FROM orders WHERE items."tenant_id" = ?1"#,
        r#"SELECT 1 FROM orders WHERE orders."id" = ?1"#,
        r#"SELECT 1 FROM orders WHERE orders."tenant_id" = ?2"#,
        r#"SELECT 1 FROM orders WHERE orders."tenant_id" = 1"#,
        r#"SELECT 1 FROM orders WHERE orders."tenant_id" <> ?1"#,
        r#"SELECT 1 FROM orders WHERE orders."tenant_id" = ?1 OR true"#,
        r#"SELECT 1 FROM orders WHERE NOT (orders."tenant_id" = ?1)"#,
        r#"SELECT 1 FROM orders HAVING orders."tenant_id" = ?1"#,
        r#"SELECT 1 FROM orders o LEFT JOIN plans p ON o."tenant_id" = ?1"#,
        r#"SELECT 1 FROM plans p RIGHT JOIN orders o ON o."tenant_id" = ?1"#,
        r#"SELECT 1 FROM plans p FULL JOIN orders o ON o."tenant_id" = ?1"#,
        r#"SELECT 1 FROM orders o FULL JOIN plans p ON o."tenant_id" = ?1"#,
        r#"SELECT 1 FROM orders o, plans p LEFT JOIN plans q ON o."tenant_id" = ?1"#,
        r#"SELECT 1 FROM orders o LEFT JOIN items i ON i."tenant_id" = ?1"#,
        "SELECT 1 FROM plans WHERE EXISTS (SELECT 1 FROM orders)",
        "SELECT (SELECT 1 FROM orders)",
        "SELECT 1 FROM (SELECT 1 FROM orders) o",
        "SELECT 1 FROM plans ORDER BY (SELECT 1 FROM orders)",
        "SELECT 1 FROM plans LIMIT (SELECT 1 FROM orders)",
        "SELECT 1 FROM plans GROUP BY (SELECT 1 FROM orders)",
        "SELECT 1 FROM plans HAVING (SELECT 1 FROM orders)",
        "SELECT 1 FROM plans p JOIN plans q ON (SELECT 1 FROM orders)",
        "SELECT sum(1) OVER (ORDER BY (SELECT 1 FROM orders)) FROM plans",
        "SELECT 1 FROM plans UNION SELECT 1 FROM orders",
        "SELECT 1 FROM orders UNION SELECT 1 FROM plans",
        "VALUES ((SELECT 1 FROM orders))",
        "WITH o AS (SELECT 1 FROM orders) SELECT 1 FROM o",
        "SELECT 1 FROM (WITH orders AS (SELECT 1) SELECT 1 FROM orders) x, orders",
        "SELECT 1 FROM main.orders",
        "SELECT 1 FROM other.orders",
        "SELECT 1 FROM tenants",
        "SELECT 1 FROM unknown",
        "SELECT 1 FROM plans p, json_each((SELECT 1 FROM orders)) j",
        "DROP TABLE orders",
    ] {
        assert!(!passes(text, Filters::NONE), "{text}");
    }
}

#[test]
fn covered_writes_pass() {
    for text in [
        r#"INSERT INTO orders (id, "tenant_id") VALUES (1, ?1), (2, ?1)"#,
        "INSERT INTO orders (id, tenant_id) SELECT id, ?1 FROM plans",
        "INSERT INTO orders (id, tenant_id) SELECT p.*, ?1 FROM plans p",
        r#"INSERT INTO orders (tenant_id) VALUES (?1) ON CONFLICT (id) DO UPDATE SET id = 1 WHERE orders."tenant_id" = ?1"#,
        r#"UPDATE orders SET id = 1, tenant_id = ?1 WHERE orders."tenant_id" = ?1"#,
        r#"DELETE FROM orders AS o WHERE o."tenant_id" = ?1"#,
        "INSERT INTO notices (id) VALUES (1)",
    ] {
        assert!(passes(text, Filters::NONE), "{text}");
    }
}

#[test]
fn uncovered_writes_fail() {
    for text in [
        "INSERT INTO orders (id) VALUES (1)",
        "INSERT INTO orders (id, tenant_id) VALUES (1, 2)",
        "INSERT INTO orders (id, tenant_id) VALUES (1, ?1), (2, 2)",
        "INSERT INTO orders (id, tenant_id) VALUES (?1, 1)",
        "INSERT INTO orders (id, tenant_id) VALUES (1)",
        "INSERT INTO orders (tenant_id, id, tenant_id) VALUES (?1, 1, 2)",
        "INSERT INTO orders (id, tenant_id) SELECT ?1, id FROM plans",
        "INSERT INTO orders (tenant_id, id) SELECT ?1, p.* FROM plans p",
        "INSERT INTO orders (id, tenant_id) SELECT 1, ?1 UNION SELECT 1, 2",
        "INSERT INTO orders (id, tenant_id) SELECT 1, ?1 FROM orders",
        "INSERT INTO orders (id, tenant_id) VALUES ((SELECT 1 FROM items), ?1)",
        "INSERT INTO orders (tenant_id) VALUES (?1) RETURNING (SELECT 1 FROM items)",
        "INSERT INTO orders DEFAULT VALUES",
        "INSERT INTO orders (tenant_id) VALUES (CASE WHEN ?2 = ?1 THEN ?1 ELSE ?2 END)",
        "INSERT INTO orders (tenant_id) VALUES (?1) ON CONFLICT (id) DO UPDATE SET id = 1",
        r#"INSERT INTO orders (tenant_id) VALUES (?1) ON CONFLICT (id) DO UPDATE SET tenant_id = 2 WHERE orders."tenant_id" = ?1"#,
        r#"INSERT INTO orders (tenant_id) VALUES (?1) ON CONFLICT (id) DO UPDATE SET id = (SELECT 1 FROM items) WHERE orders."tenant_id" = ?1"#,
        r#"INSERT INTO orders (tenant_id) VALUES (?1) ON CONFLICT (id) DO UPDATE SET id = 1 WHERE orders."tenant_id" = ?1 AND EXISTS (SELECT 1 FROM items)"#,
        "INSERT INTO plans (id) VALUES (1)",
        "INSERT INTO tenants (id) VALUES (1)",
        "INSERT INTO notices (id) SELECT id FROM orders",
        "UPDATE orders SET id = 1",
        r#"UPDATE orders SET tenant_id = 2 WHERE orders."tenant_id" = ?1"#,
        r#"UPDATE orders SET (id, tenant_id) = (1, ?1) WHERE orders."tenant_id" = ?1"#,
        r#"UPDATE orders SET id = (SELECT 1 FROM items) WHERE orders."tenant_id" = ?1"#,
        r#"UPDATE orders SET id = 1 FROM items WHERE orders."tenant_id" = ?1"#,
        r#"UPDATE orders SET id = 1 FROM (SELECT 1 FROM items) i WHERE orders."tenant_id" = ?1"#,
        r#"UPDATE orders SET id = 1 WHERE orders."tenant_id" = ?1 AND id IN (SELECT 1 FROM items)"#,
        r#"UPDATE orders SET id = 1 WHERE orders."tenant_id" = ?1 RETURNING (SELECT 1 FROM items)"#,
        "UPDATE plans SET id = 1",
        "DELETE FROM orders",
        r#"DELETE FROM orders WHERE orders."tenant_id" = ?1 AND id IN (SELECT 1 FROM items)"#,
        r#"DELETE FROM orders WHERE orders."tenant_id" = ?1 RETURNING (SELECT 1 FROM items)"#,
        r#"DELETE FROM orders USING items WHERE orders."tenant_id" = ?1"#,
        r#"DELETE FROM orders USING (SELECT 1 FROM items) i WHERE orders."tenant_id" = ?1"#,
        "DELETE FROM plans",
    ] {
        assert!(!passes(text, Filters::NONE), "{text}");
    }
}

#[test]
fn filter_of_a_policy_is_demanded() {
    let read = r#"SELECT 1 FROM orders WHERE orders."tenant_id" = ?1"#;
    let kept = format!(r#"{read} AND orders."total" = ?2"#);
    assert!(!passes(read, &narrowed(Action::Read)));
    assert!(passes(&kept, &narrowed(Action::Read)));
    assert!(passes(read, &narrowed(Action::Write)));
    let update = r#"UPDATE orders SET id = 1 WHERE orders."tenant_id" = ?1"#;
    assert!(!passes(update, &narrowed(Action::Write)));
    assert!(passes(
        &format!(r#"{update} AND orders."total" = ?3"#),
        &narrowed(Action::Write)
    ));
    for (values, wanted) in [("?1, ?3", true), ("?1, 3", false), ("?3, ?1", false)] {
        let insert = format!("INSERT INTO orders (tenant_id, total) VALUES ({values})");
        assert_eq!(
            passes(&insert, &narrowed(Action::Write)),
            wanted,
            "{insert}"
        );
    }
    assert!(!passes(
        "INSERT INTO orders (tenant_id) VALUES (?1)",
        &narrowed(Action::Write)
    ));
}
