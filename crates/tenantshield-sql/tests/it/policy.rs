//! A policy's filters are kept, or the statement is refused.

use std::sync::Arc;

use tenantshield_core::Action;
use tenantshield_sql::Dialect::{Postgres, Sqlite};
use tenantshield_sql::{FilterKind, Filters};

use crate::harness::guard;

fn filters(table: &str, action: Action, column: &str) -> Filters {
    Filters::new().with(
        Arc::from(table),
        action,
        vec![(Arc::from(column), FilterKind::Integer)],
    )
}

#[test]
fn filters_of_one_table_add_up() {
    let both = filters("orders", Action::Read, "customer_id").with(
        Arc::from("orders"),
        Action::Read,
        vec![(Arc::from("total"), FilterKind::Integer)],
    );
    let judged = guard(Sqlite).judge("SELECT id FROM orders", &both).unwrap();
    assert_eq!(
        &**judged.sql(),
        r#"SELECT id FROM orders WHERE orders."tenant_id" = ?1 AND orders."customer_id" = ?2 AND orders."total" = ?3"#
    );
    assert_eq!(judged.slots().len(), 3);
}

#[test]
fn filter_on_a_shared_table_is_refused() {
    let guard = guard(Postgres);
    for (sql, table, action) in [
        ("SELECT name FROM plans", "plans", Action::Read),
        (
            "SELECT 1 FROM orders o JOIN plans p ON true",
            "plans",
            Action::Read,
        ),
        (
            "INSERT INTO notices (id) VALUES (1)",
            "notices",
            Action::Write,
        ),
        ("UPDATE notices SET id = 1", "notices", Action::Write),
        ("DELETE FROM notices", "notices", Action::Delete),
    ] {
        let refusal = guard.judge(sql, &filters(table, action, "id")).unwrap_err();
        assert_eq!(refusal.code(), "TS-SQL-FILTER", "{sql}");
        assert!(guard.judge(sql, Filters::NONE).is_ok(), "{sql}");
    }
}

/// The key of filters and a text cannot be mistaken for one another.
#[test]
fn text_that_looks_like_a_key_poisons_nothing() {
    let guard = guard(Postgres);
    let narrowed = filters("orders", Action::Read, "total");
    let key = "6:ordersRead1;5:totalInteger;";
    let text = format!("\0{}:{key}SELECT id FROM orders", key.len());
    assert_eq!(
        guard.judge(&text, Filters::NONE).unwrap_err().code(),
        "TS-SQL-ENV-NUL"
    );
    assert_eq!(guard.cached_bytes(), 0);
    let judged = guard.judge("SELECT id FROM orders", &narrowed).unwrap();
    assert_eq!(judged.slots().len(), 2);
    assert!(guard.cached_bytes() > 0);
    assert!(guard.judge(&text, Filters::NONE).is_err());
}
