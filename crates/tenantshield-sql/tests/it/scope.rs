//! Common table expressions hide tables lexically.

use tenantshield_sql::Dialect::{Postgres, Sqlite};

use crate::harness::{code, postgres, sqlite};

const OWN: &str = r#""tenant_id" = $1::BIGINT"#;

#[test]
fn cte_named_like_a_tenant_table_hides_it_only_after_its_end() {
    assert_eq!(
        postgres("WITH orders AS (SELECT * FROM secrets) SELECT * FROM orders"),
        format!("WITH orders AS (SELECT * FROM secrets WHERE secrets.{OWN}) SELECT * FROM orders")
    );
    assert_eq!(
        postgres("WITH orders AS (SELECT * FROM orders) SELECT * FROM orders"),
        format!("WITH orders AS (SELECT * FROM orders WHERE orders.{OWN}) SELECT * FROM orders")
    );
}

#[test]
fn cte_of_a_subquery_does_not_unprotect_the_table_outside() {
    assert_eq!(
        postgres(
            "SELECT * FROM orders WHERE id IN (WITH orders AS (SELECT id FROM secrets) SELECT id FROM orders)"
        ),
        format!(
            "SELECT * FROM orders WHERE orders.{OWN} AND (id IN (WITH orders AS (SELECT id FROM secrets WHERE secrets.{OWN}) SELECT id FROM orders))"
        )
    );
}

#[test]
fn forward_reference_means_the_table() {
    assert_eq!(
        code(
            Postgres,
            "WITH a AS (SELECT * FROM b), b AS (SELECT 1) SELECT * FROM a"
        ),
        "TS-SQL-RELATION"
    );
    let rendered = postgres("WITH a AS (SELECT * FROM items), items AS (SELECT 1) SELECT * FROM a");
    assert!(rendered.contains(&format!("items.{OWN}")), "{rendered}");
}

#[test]
fn qualified_name_is_never_a_cte() {
    let rendered = postgres("WITH orders AS (SELECT 1) SELECT * FROM public.orders");
    assert!(
        rendered.ends_with(&format!("FROM public.orders WHERE orders.{OWN}")),
        "{rendered}"
    );
}

#[test]
fn sqlite_refuses_the_references_about_which_databases_disagree() {
    assert_eq!(
        code(
            Sqlite,
            "WITH orders AS (SELECT * FROM orders) SELECT * FROM orders"
        ),
        "TS-SQL-CTE"
    );
    assert!(
        sqlite("WITH orders AS (SELECT * FROM secrets) SELECT * FROM orders")
            .ends_with("SELECT * FROM orders")
    );
}

#[test]
fn recursive_cte_filters_both_arms_and_not_the_self_reference() {
    let rendered = postgres(
        "WITH RECURSIVE t AS (SELECT id FROM items WHERE id = 1 UNION ALL SELECT i.id FROM items i JOIN t ON i.order_id = t.id) SELECT * FROM t",
    );
    assert_eq!(rendered.matches(OWN).count(), 2, "{rendered}");
}

#[test]
fn writing_cte_is_admitted_at_the_top_only() {
    let rendered = postgres("WITH d AS (DELETE FROM items RETURNING *) SELECT count(*) FROM d");
    assert!(
        rendered.contains(&format!("DELETE FROM items WHERE items.{OWN}")),
        "{rendered}"
    );
    assert_eq!(
        code(
            Postgres,
            "SELECT * FROM (WITH d AS (DELETE FROM items RETURNING *) SELECT * FROM d) x"
        ),
        "TS-SQL-STATEMENT"
    );
}
