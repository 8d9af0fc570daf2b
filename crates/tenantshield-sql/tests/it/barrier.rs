//! Raising expressions are evaluated on own rows only.

use tenantshield_sql::{Barrier, Dialect, Filters};

use crate::harness::{judge, with_barrier};

fn auto(dialect: Dialect, sql: &str) -> String {
    judge(dialect, sql).sql().to_string()
}

#[test]
fn raising_conjunct_is_wrapped_and_simple_ones_stay_indexable() {
    assert_eq!(
        auto(
            Dialect::Postgres,
            "SELECT id FROM secrets WHERE v::int = 1 AND id = $1"
        ),
        r#"SELECT id FROM secrets WHERE secrets."tenant_id" = $2::BIGINT AND (id = $1) AND CASE WHEN secrets."tenant_id" = $2::BIGINT THEN (v::INT = 1) END"#
    );
}

#[test]
fn division_regex_json_and_functions_are_raising_in_where_and_on() {
    for conjunct in [
        "1 / (length(v) - 11) = 0",
        "'x' ~ v",
        "v::jsonb ->> 'a' = 'b'",
        "to_date(v, 'YYYY') = now()",
        "v LIKE $1",
        r"v LIKE 'ab\'",
        "(SELECT qty FROM items WHERE items.order_id = secrets.id) = 1",
    ] {
        for sql in [
            format!("SELECT id FROM secrets WHERE {conjunct}"),
            format!("UPDATE secrets SET v = 'x' WHERE {conjunct}"),
            format!("DELETE FROM secrets WHERE {conjunct}"),
            format!("SELECT p.id FROM plans p LEFT JOIN secrets ON {conjunct}"),
        ] {
            let rendered = auto(Dialect::Postgres, &sql);
            assert!(
                rendered.contains("CASE WHEN secrets.\"tenant_id\" = $")
                    || rendered.contains("CASE WHEN (secrets.\"tenant_id\" = $"),
                "{rendered}"
            );
        }
    }
}

#[test]
fn harmless_conjuncts_stay_outside() {
    for conjunct in [
        "id = $1 OR id IN (1, 2) AND v IS NOT NULL",
        "id BETWEEN 1 AND 2 AND NOT (v = 'x')",
        "lower(v) = 'x'",
        "v LIKE 'ab%'",
        "id = $1::int AND id > 1 + 2",
        "id IN (SELECT order_id FROM items WHERE qty > 3)",
        "EXISTS (SELECT 1 FROM items WHERE items.order_id = secrets.id)",
        "id = ANY($1)",
        "id = (SELECT max(id) FROM items)",
    ] {
        let sql = format!("SELECT id FROM secrets WHERE {conjunct}");
        assert!(!auto(Dialect::Postgres, &sql).contains("CASE"), "{sql}");
    }
}

#[test]
fn nullable_side_of_an_outer_join_keeps_its_null_rows() {
    let sql =
        "SELECT o.id FROM orders o LEFT JOIN items i ON i.order_id = o.id WHERE i.qty + 1 > 0";
    assert!(auto(Dialect::Postgres, sql).contains(
        r#"CASE WHEN (i."tenant_id" = $1::BIGINT OR i."tenant_id" IS NULL) THEN (i.qty + 1 > 0) END"#
    ));
}

#[test]
fn derived_query_with_raising_columns_is_closed_off() {
    let sql = "SELECT * FROM (SELECT v::int AS n FROM secrets) s WHERE s.n = 1";
    assert!(auto(Dialect::Postgres, sql).contains("OFFSET 0) s WHERE"));
    let cte = "WITH s AS (SELECT v::int AS n FROM secrets) SELECT * FROM s WHERE n = 1";
    assert!(auto(Dialect::Postgres, cte).contains("OFFSET 0)"));
    assert!(
        auto(
            Dialect::Sqlite,
            "SELECT * FROM (SELECT hex(v) AS n FROM secrets) s"
        )
        .contains("LIMIT -1 OFFSET 0")
    );
    let plain =
        "SELECT * FROM (SELECT customer_id, sum(total) AS n FROM orders GROUP BY customer_id) s";
    assert!(!auto(Dialect::Postgres, plain).contains("OFFSET"));
}

#[test]
fn recursive_query_is_never_given_an_offset() {
    let sql = "WITH RECURSIVE t AS (SELECT id + 1 AS n FROM items UNION ALL SELECT n + 1 FROM t WHERE n < 5) SELECT * FROM t";
    assert!(!auto(Dialect::Postgres, sql).contains("OFFSET"));
}

#[test]
fn upsert_condition_is_behind_the_predicate() {
    let sql = "INSERT INTO secrets (id, v) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET v = 'y' WHERE secrets.v::int = 1";
    assert!(auto(Dialect::Postgres, sql).ends_with(
        r#"WHERE secrets."tenant_id" = $1::BIGINT AND CASE WHEN secrets."tenant_id" = $1::BIGINT THEN (secrets.v::INT = 1) END"#
    ));
}

#[test]
fn always_mode_derives_every_table_that_may_be() {
    let guard = with_barrier(Dialect::Postgres, Barrier::Always);
    let judged = guard
        .judge("SELECT o.id FROM orders o WHERE o.id = $1", Filters::NONE)
        .unwrap();
    assert!(
        judged.sql().contains("OFFSET 0) o WHERE"),
        "{}",
        judged.sql()
    );
    let locked = guard
        .judge(
            "SELECT o.id FROM orders o WHERE o.id = $1 FOR UPDATE",
            Filters::NONE,
        )
        .unwrap();
    assert!(!locked.sql().contains("OFFSET"));
}
