//! Where predicates go in joins.

use crate::harness::{postgres, sqlite};

#[test]
fn inner_cross_and_comma_joins_are_filtered_in_where() {
    for from in [
        "orders o JOIN customers c ON c.id = o.customer_id",
        "orders o CROSS JOIN customers c",
        "orders o, customers c",
        "(orders o JOIN customers c ON c.id = o.customer_id)",
        "orders o NATURAL JOIN customers c",
        "orders o JOIN customers c USING (id)",
    ] {
        let rendered = postgres(&format!("SELECT * FROM {from}"));
        assert!(
            rendered
                .ends_with(r#"WHERE o."tenant_id" = $1::BIGINT AND c."tenant_id" = $1::BIGINT"#),
            "{rendered}"
        );
    }
}

#[test]
fn left_join_filters_the_left_side_in_where_and_the_right_side_in_on() {
    assert_eq!(
        sqlite(
            "SELECT * FROM orders o LEFT JOIN customers c ON c.id = o.customer_id WHERE o.id = 1 OR 1 = 1"
        ),
        r#"SELECT * FROM orders o LEFT JOIN customers c ON c."tenant_id" = ?1 AND (c.id = o.customer_id) WHERE o."tenant_id" = ?1 AND (o.id = 1 OR 1 = 1)"#
    );
}

#[test]
fn right_join_mirrors_left_join() {
    assert_eq!(
        sqlite("SELECT * FROM orders o RIGHT JOIN customers c ON c.id = o.customer_id"),
        r#"SELECT * FROM orders o RIGHT JOIN customers c ON o."tenant_id" = ?1 AND (c.id = o.customer_id) WHERE c."tenant_id" = ?1"#
    );
}

#[test]
fn full_join_derives_both_sides() {
    assert_eq!(
        sqlite("SELECT * FROM secrets s FULL JOIN plans p ON s.id = p.id"),
        r#"SELECT * FROM (SELECT "id", "tenant_id", "v" FROM secrets WHERE secrets."tenant_id" = ?1) s FULL JOIN plans p ON s.id = p.id"#
    );
}

#[test]
fn nullable_side_without_on_is_derived() {
    for join in [
        "NATURAL LEFT JOIN secrets s",
        "LEFT JOIN secrets s USING (id)",
    ] {
        let rendered = sqlite(&format!("SELECT * FROM plans p {join}"));
        assert!(
            rendered.contains(r#"(SELECT "id", "tenant_id", "v" FROM secrets WHERE"#),
            "{rendered}"
        );
        assert!(!rendered.ends_with("= ?1"), "{rendered}");
    }
}

#[test]
fn joined_tree_with_an_alias_derives_the_tables_it_hides() {
    let rendered =
        postgres("SELECT j.* FROM (orders o JOIN customers c ON c.id = o.customer_id) j");
    assert_eq!(rendered.matches("(SELECT").count(), 2, "{rendered}");
}

#[test]
fn nested_outer_joins_use_the_innermost_on() {
    assert_eq!(
        sqlite(
            "SELECT 1 FROM plans p LEFT JOIN (orders o LEFT JOIN items i ON i.order_id = o.id) ON p.id = o.id"
        ),
        r#"SELECT 1 FROM plans p LEFT JOIN (orders o LEFT JOIN items i ON i."tenant_id" = ?1 AND (i.order_id = o.id)) ON o."tenant_id" = ?1 AND (p.id = o.id)"#
    );
}

#[test]
fn column_aliases_derive_the_table_before_it_is_renamed() {
    assert_eq!(
        postgres("SELECT * FROM orders AS o(a, b, c, d, e)"),
        r#"SELECT * FROM (SELECT "id", "tenant_id", "customer_id", "total", "note" FROM orders WHERE orders."tenant_id" = $1::BIGINT) AS o (a, b, c, d, e)"#
    );
}

#[test]
fn lateral_subquery_filters_its_own_table_only() {
    let rendered = postgres(
        "SELECT * FROM orders o LEFT JOIN LATERAL (SELECT qty FROM items i WHERE i.order_id = o.id) x ON true",
    );
    assert_eq!(
        rendered.matches(r#"i."tenant_id" ="#).count(),
        1,
        "{rendered}"
    );
    assert!(
        rendered.ends_with(r#"WHERE o."tenant_id" = $1::BIGINT"#),
        "{rendered}"
    );
}

#[test]
fn lock_keeps_its_alias() {
    assert!(
        postgres("SELECT * FROM orders o JOIN customers c ON true FOR UPDATE OF o SKIP LOCKED")
            .ends_with("FOR UPDATE OF o SKIP LOCKED")
    );
}
