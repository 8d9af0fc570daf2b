//! Raising conditions are kept from foreign rows where they read something but a table.
//!
//! Each case was an error oracle on a real server once: the planner evaluated the condition beside
//! the tenant predicate, or instead of it, and its error told what a foreign row holds.

use tenantshield_sql::Dialect::{self, Postgres, Sqlite};

use crate::harness::judge;

fn auto(dialect: Dialect, sql: &str) -> String {
    judge(dialect, sql).sql().to_string()
}

/// Planners move a condition into the subquery that it reads.
#[test]
fn subquery_that_a_raising_condition_reads_is_closed() {
    for sql in [
        "SELECT 1 FROM (SELECT v FROM secrets) s WHERE 'x' ~ s.v",
        "SELECT 1 FROM (SELECT v FROM secrets) s WHERE 'x' ~ v",
        "SELECT 1 FROM plans p JOIN (SELECT v FROM secrets) s ON 'x' ~ s.v",
        "SELECT 1 FROM plans p LEFT JOIN (SELECT v FROM secrets) s ON true WHERE 'x' ~ s.v",
        "SELECT 1 FROM (SELECT v FROM secrets UNION SELECT note FROM orders) s WHERE 'x' ~ s.v",
        "SELECT 1 FROM (SELECT v, count(*) FROM secrets GROUP BY v) s WHERE 'x' ~ s.v",
        "SELECT 1 FROM ((SELECT v FROM secrets) s JOIN plans p ON true) j WHERE 'x' ~ j.v",
        "SELECT 1 FROM ((SELECT v FROM secrets) s JOIN plans p ON true) WHERE 'x' ~ s.v",
        "SELECT 1 FROM (SELECT v AS x FROM secrets) s WHERE EXISTS (SELECT 1 FROM plans WHERE 'x' ~ s.x)",
        "SELECT 1 FROM (SELECT v AS x FROM secrets) s WHERE EXISTS (SELECT 1 FROM plans WHERE 'x' ~ x)",
        "UPDATE orders SET total = 0 FROM (SELECT v FROM secrets) s WHERE 'x' ~ s.v",
        "DELETE FROM orders USING (SELECT v FROM secrets) s WHERE 'x' ~ s.v",
    ] {
        let rendered = auto(Postgres, sql);
        assert!(rendered.contains("OFFSET 0) "), "{rendered}");
    }
    let nameless = auto(
        Sqlite,
        "SELECT 1 FROM (SELECT v FROM secrets) WHERE json(v) > 0",
    );
    assert!(nameless.contains("LIMIT -1 OFFSET 0)"), "{nameless}");
}

#[test]
fn subquery_that_no_raising_condition_reads_stays_open() {
    for sql in [
        "SELECT 1 FROM (SELECT v FROM secrets) s WHERE s.v = 'x'",
        "SELECT 1 FROM (SELECT id FROM secrets) s JOIN orders o ON o.id = s.id WHERE o.note::int = 1",
        "WITH s AS (SELECT id FROM secrets) SELECT 1 FROM s, orders o WHERE o.note::int = 1",
    ] {
        assert!(!auto(Postgres, sql).contains("OFFSET"), "{sql}");
    }
}

#[test]
fn common_table_expression_that_a_raising_condition_reads_is_closed() {
    for sql in [
        "WITH s AS (SELECT v FROM secrets) SELECT 1 FROM s WHERE 'x' ~ v",
        "WITH s AS (SELECT v FROM secrets) SELECT 1 FROM plans WHERE EXISTS (SELECT 1 FROM s WHERE 'x' ~ s.v)",
        "WITH s AS (SELECT v FROM secrets) DELETE FROM orders USING s WHERE 'x' ~ s.v",
        "WITH s AS (SELECT v FROM secrets) INSERT INTO orders (note) SELECT v FROM s WHERE 'x' ~ s.v",
        // The inner name is the table: this is no recursion.
        "WITH secrets AS (SELECT v FROM secrets) SELECT 1 FROM secrets WHERE 'x' ~ v",
        "WITH RECURSIVE s AS (WITH s AS (SELECT v FROM secrets) SELECT v FROM s) SELECT 1 FROM s WHERE 'x' ~ v",
        "WITH RECURSIVE t AS (SELECT v FROM s WHERE 'x' ~ v), s AS (SELECT v FROM secrets) SELECT 1 FROM t",
    ] {
        let rendered = auto(Postgres, sql);
        assert!(rendered.contains("OFFSET 0)"), "{rendered}");
    }
    // What recurs is never moved into, and takes no offset.
    let recursive = "WITH RECURSIVE t AS (SELECT v FROM secrets UNION SELECT t.v FROM t) SELECT 1 FROM t WHERE 'x' ~ v";
    assert!(!auto(Postgres, recursive).contains("OFFSET"));
}

/// A HAVING without an aggregate is moved into WHERE.
#[test]
fn raising_having_is_tied_to_its_group() {
    let tied = "HAVING CASE WHEN count(*) >= 0 THEN ('x' ~ v) END";
    for (sql, wanted) in [
        ("SELECT v FROM secrets GROUP BY v HAVING 'x' ~ v", tied),
        (
            "SELECT v FROM secrets GROUP BY v HAVING 'x' ~ v AND count(*) > 1",
            "THEN ('x' ~ v) END AND (count(*) > 1)",
        ),
        (
            "SELECT v FROM (SELECT v FROM secrets) s GROUP BY v HAVING 'x' ~ v",
            tied,
        ),
        (
            "SELECT v FROM secrets GROUP BY v HAVING sum(id) / 2 > 1",
            "HAVING (sum(id) / 2 > 1)",
        ),
        (
            "SELECT v FROM secrets GROUP BY v HAVING count(*) > 1",
            "HAVING count(*) > 1",
        ),
        (
            "SELECT name FROM plans GROUP BY name HAVING 'x' ~ name",
            "HAVING 'x' ~ name",
        ),
    ] {
        let rendered = auto(Postgres, sql);
        assert!(rendered.ends_with(wanted), "{rendered}");
    }
}

/// The conditions of a lateral subquery are evaluated on the tables before it.
#[test]
fn lateral_subquery_with_a_raising_condition_is_closed() {
    for sql in [
        "SELECT 1 FROM secrets s, LATERAL (SELECT 1 WHERE 'x' ~ s.v) l",
        "SELECT 1 FROM secrets s LEFT JOIN LATERAL (SELECT 1 FROM plans WHERE 'x' ~ s.v) l ON true",
        "SELECT 1 FROM (SELECT v FROM secrets) s, LATERAL (SELECT 1 WHERE 'x' ~ s.v) l",
    ] {
        let rendered = auto(Postgres, sql);
        assert!(rendered.contains("OFFSET 0) l"), "{rendered}");
    }
}

#[test]
fn raising_columns_of_an_in_subquery_are_closed_off() {
    for sql in [
        "SELECT 1 FROM plans p WHERE (p.id, p.name) IN (SELECT s.id, s.v::int FROM secrets s)",
        "SELECT 1 FROM plans p WHERE p.id = ANY (SELECT s.v::int FROM secrets s)",
    ] {
        let rendered = auto(Postgres, sql);
        assert!(rendered.contains("OFFSET 0)"), "{rendered}");
    }
}

/// A name that the catalogue does not know, a system column, a row or a wildcard may be a
/// tenant table's, and what names nothing is evaluated on each row all the same.
#[test]
fn raising_condition_is_guarded_whatever_it_names() {
    for conjunct in [
        "'x' ~ unlisted",
        "'x' ~ xmax::text",
        "'x' ~ cmin::text",
        "'x' ~ to_jsonb(s.*)::text",
        "'x' ~ to_jsonb(s)::text",
        "'x' ~ (SELECT to_jsonb(s.*)::text FROM plans LIMIT 1)",
        "1 / (random() * 0)::int > 0",
        "(SELECT id FROM plans ORDER BY 'x' ~ s.v LIMIT 1) = 1",
        "EXISTS (SELECT DISTINCT ON ('x' ~ s.v) 1 FROM plans)",
        "EXISTS (SELECT 1 FROM plans LIMIT length(s.v))",
        "s = (SELECT x FROM secrets x LIMIT 1)",
        "length(s.v, 'UTF8') = 1",
        "v LIKE id",
    ] {
        let sql = format!("SELECT 1 FROM secrets s WHERE {conjunct}");
        let rendered = auto(Postgres, &sql);
        assert!(
            rendered.contains("CASE WHEN s.\"tenant_id\" = $1::BIGINT THEN ("),
            "{rendered}"
        );
    }
    for conjunct in [
        "v || note > 'x'",
        "'x' LIKE v",
        "rowid = json(v)",
        "json(oid) = 1",
    ] {
        let sql = format!("SELECT 1 FROM secrets s WHERE {conjunct}");
        let rendered = auto(Sqlite, &sql);
        assert!(rendered.contains("CASE WHEN"), "{rendered}");
    }
    for conjunct in ["s IS NULL", "random() < 0.5", "v LIKE 'a%'"] {
        let sql = format!("SELECT 1 FROM secrets s WHERE {conjunct}");
        assert!(!auto(Postgres, &sql).contains("CASE"), "{sql}");
    }
    assert!(!auto(Sqlite, "SELECT 1 FROM secrets WHERE v LIKE ?").contains("CASE"));
}

/// `SQLite` carries a constant that a column equals into the guard, which then always holds.
#[test]
fn no_equality_pins_the_tenant_column_beside_a_raising_condition() {
    for sql in [
        "SELECT 1 FROM orders o LEFT JOIN items i ON true WHERE i.id > 5 AND json(i.sku) > 0",
        "SELECT 1 FROM orders o JOIN items i ON i.tenant_id = 1 WHERE json(i.sku) > 0",
        "SELECT 1 FROM orders o JOIN items i ON (tenant_id IN (1) AND true) WHERE json(i.sku) > 0",
        "SELECT 1 FROM items WHERE 1 = tenant_id AND json(sku) > 0",
        "SELECT 1 FROM plans JOIN items i ON json(i.sku) > 0 WHERE i.\"TENANT_ID\" = ?1",
        "UPDATE orders SET note = 'x' FROM items i WHERE i.tenant_id = 1 AND json(i.sku) > 0",
        "DELETE FROM items WHERE tenant_id = 1 AND json(sku) > 0",
    ] {
        let rendered = auto(Sqlite, sql);
        assert!(
            rendered.contains("\"tenant_id\" IS NOT DISTINCT FROM ?"),
            "{rendered}"
        );
        // Every equality stands behind WHEN, as a guard or inside what it guards.
        for (at, _) in rendered.match_indices("= ?") {
            let before = rendered.get(..at).unwrap();
            let open = before.matches("CASE ").count() - before.matches(" END").count();
            assert!(open > 0, "{rendered}");
        }
        assert!(!rendered.contains("AND (i.tenant_id"), "{rendered}");
        assert!(!rendered.contains("AND (1 = tenant_id"), "{rendered}");
    }
    for sql in [
        "SELECT 1 FROM (SELECT tenant_id AS t, v FROM secrets WHERE json(v) > 0) s WHERE s.t = 1",
        "WITH s AS (SELECT tenant_id AS t FROM secrets WHERE json(v) > 0) SELECT 1 FROM s WHERE t = 1",
        "SELECT 1 FROM items i JOIN (SELECT 1 AS tenant_id FROM plans) p USING (tenant_id) WHERE json(i.sku) > 0",
        "WITH p AS (SELECT 1 AS tenant_id FROM plans) SELECT 1 FROM items i NATURAL JOIN p WHERE json(i.sku) > 0",
    ] {
        assert!(auto(Sqlite, sql).contains("LIMIT -1 OFFSET 0)"), "{sql}");
    }
    let plain = "SELECT 1 FROM orders o LEFT JOIN items i ON i.id = o.id WHERE i.tenant_id = 1";
    assert_eq!(
        auto(Sqlite, plain),
        r#"SELECT 1 FROM orders o LEFT JOIN items i ON i."tenant_id" = ?1 AND (i.id = o.id) WHERE o."tenant_id" = ?1 AND (i.tenant_id = 1)"#
    );
}

/// A guard that names a table out of sight would break the statement.
#[test]
fn guards_of_an_on_name_only_what_it_sees() {
    let later = "SELECT 1 FROM orders o JOIN items i ON o.id = i.order_id AND id::int > 0 JOIN secrets s ON true";
    let rendered = auto(Postgres, later);
    let on = rendered.split(" JOIN secrets").next().unwrap();
    assert!(
        on.contains("o.\"tenant_id\" = $1::BIGINT AND i.\"tenant_id\""),
        "{rendered}"
    );
    assert!(!on.contains("s.\"tenant_id\""), "{rendered}");

    let comma = "SELECT 1 FROM orders o, items i JOIN secrets s ON id::int > 0";
    assert!(auto(Postgres, comma).contains("ON CASE WHEN i.\"tenant_id\" = $1::BIGINT AND s."));
    // SQLite sees what stands to the left of a comma, and nothing outside of parentheses.
    let comma = "SELECT 1 FROM orders o, items i JOIN secrets s ON json(id) > 0";
    assert!(auto(Sqlite, comma).contains("ON CASE WHEN o.\"tenant_id\" = ?1 AND i."));
    let nested = "SELECT 1 FROM orders o JOIN (items i JOIN secrets s ON json(id) > 0) ON true";
    assert!(auto(Sqlite, nested).contains("ON CASE WHEN i.\"tenant_id\" = ?1 AND s."));
}
