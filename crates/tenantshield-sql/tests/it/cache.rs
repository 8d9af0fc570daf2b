//! The cache: tenant-free, bounded, and no difference to the outcome.

use std::sync::Arc;

use tenantshield_core::Action;
use tenantshield_sql::{Dialect, FilterKind, Filters, Guard, GuardOptions};

use crate::harness::{catalog, guard};

#[test]
fn same_text_gives_the_same_judgement_object() {
    let guard = guard(Dialect::Sqlite);
    let first = guard.judge("SELECT id FROM orders", Filters::NONE).unwrap();
    let second = guard.judge("SELECT id FROM orders", Filters::NONE).unwrap();
    assert!(Arc::ptr_eq(&first, &second));
    let refused = guard
        .judge("SELECT id FROM nowhere", Filters::NONE)
        .unwrap_err();
    let again = guard
        .judge("SELECT id FROM nowhere", Filters::NONE)
        .unwrap_err();
    assert!(Arc::ptr_eq(&refused, &again));
}

#[test]
fn cache_stays_under_its_bound_with_ever_new_texts() {
    let mut options = GuardOptions::default();
    options.cache_bytes = 256 * 1024;
    let guard = Guard::with_options(catalog(), Dialect::Sqlite, options).unwrap();
    for n in 0..2_000 {
        guard
            .judge(
                &format!("SELECT id FROM orders WHERE id = {n}"),
                Filters::NONE,
            )
            .unwrap();
        assert!(guard.cached_bytes() <= 256 * 1024);
    }
    assert!(guard.cached_bytes() > 0);
}

#[test]
fn policy_filters_take_part_by_column_and_never_by_value() {
    let guard = guard(Dialect::Sqlite);
    let filters = Filters::new().with(
        Arc::from("orders"),
        Action::Read,
        vec![(Arc::from("customer_id"), FilterKind::Integer)],
    );
    let judged = guard
        .judge("SELECT id FROM orders WHERE id = ?", &filters)
        .unwrap();
    assert_eq!(
        &**judged.sql(),
        r#"SELECT id FROM orders WHERE orders."tenant_id" = ?2 AND orders."customer_id" = ?3 AND (id = ?1)"#
    );
    let plain = guard
        .judge("SELECT id FROM orders WHERE id = ?", Filters::NONE)
        .unwrap();
    assert!(!plain.sql().contains("customer_id"));
}

#[test]
fn column_that_a_policy_filters_by_cannot_be_written() {
    let guard = guard(Dialect::Sqlite);
    let filters = Filters::new().with(
        Arc::from("orders"),
        Action::Write,
        vec![(Arc::from("customer_id"), FilterKind::Integer)],
    );
    for sql in [
        "UPDATE orders SET customer_id = 2",
        "INSERT INTO orders (id, customer_id) VALUES (1, 2)",
    ] {
        assert_eq!(
            guard.judge(sql, &filters).unwrap_err().code(),
            "TS-SQL-FILTER"
        );
    }
    let insert = guard
        .judge("INSERT INTO orders (id) VALUES (1)", &filters)
        .unwrap();
    assert_eq!(
        &**insert.sql(),
        r#"INSERT INTO orders (id, "tenant_id", "customer_id") VALUES (1, ?1, ?2)"#
    );
}
