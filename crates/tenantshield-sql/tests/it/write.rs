//! Writes: the tenant is filled in, checked and never changed.

use tenantshield_sql::Dialect::{Postgres, Sqlite};

use crate::harness::{code, code_for, postgres, refusal, sqlite};

#[test]
fn insert_gets_the_tenant_in_every_row() {
    assert_eq!(
        sqlite("INSERT INTO orders (id, note) VALUES (?, 'a'), (?, 'b')"),
        r#"INSERT INTO orders (id, note, "tenant_id") VALUES (?1, 'a', ?3), (?2, 'b', ?3)"#
    );
}

#[test]
fn insert_select_filters_the_source_and_fills_the_tenant() {
    assert_eq!(
        sqlite("INSERT INTO orders (id, note) SELECT id + 2000, note FROM orders"),
        r#"INSERT INTO orders (id, note, "tenant_id") SELECT id + 2000, note, ?1 FROM orders WHERE orders."tenant_id" = ?1"#
    );
    let set = sqlite("INSERT INTO orders (id) SELECT id FROM items UNION SELECT id FROM secrets");
    assert!(
        set.contains(r#"SELECT "tenantshield_source".*, ?1 FROM (SELECT id FROM items WHERE"#),
        "{set}"
    );
}

#[test]
fn insert_without_column_list_is_expanded_from_the_catalogue() {
    let rendered = sqlite("INSERT INTO items VALUES (1, NULL, 2, 'x', 3)");
    assert_eq!(
        rendered,
        r#"INSERT INTO items ("id", "tenant_id", "order_id", "sku", "qty") VALUES (1, ?1, 2, 'x', 3)"#
    );
    assert_eq!(
        code(Sqlite, "INSERT INTO bare VALUES (1)"),
        "TS-SQL-COLUMNS"
    );
    assert_eq!(
        code(Sqlite, "INSERT INTO items VALUES (1, 2)"),
        "TS-SQL-VALUES"
    );
    assert_eq!(
        code(Sqlite, "INSERT INTO orders SELECT * FROM orders"),
        "TS-SQL-TENANT-COMPUTED"
    );
}

/// FLAW-14: a mismatch is an error, never an overwrite.
#[test]
fn tenant_literal_on_insert_must_be_the_own_one() {
    let sql = "INSERT INTO orders (id, tenant_id, note) VALUES (1, 1, 'x')";
    assert_eq!(code_for(Postgres, sql, "1"), None);
    assert_eq!(code_for(Postgres, sql, "2"), Some("TS-SQL-TENANT-FOREIGN"));
    let two = "INSERT INTO orders (id, TENANT_ID) VALUES (1, 1), (2, 2)";
    assert_eq!(code_for(Postgres, two, "1"), Some("TS-SQL-TENANT-FOREIGN"));
    assert!(postgres(sql).contains("VALUES (1, $1::BIGINT, 'x')"));
}

#[test]
fn null_is_filled_in_and_default_or_computed_values_are_refused() {
    assert!(
        sqlite("INSERT INTO orders (id, tenant_id) VALUES (1, NULL)").contains("VALUES (1, ?1)")
    );
    for value in ["DEFAULT", "1 + 1", "(SELECT 1)", "abs(1)", "id"] {
        let sql = format!("INSERT INTO orders (id, tenant_id) VALUES (1, {value})");
        let refusal = refusal(Postgres, &sql);
        assert_eq!(refusal.code(), "TS-SQL-TENANT-COMPUTED", "{value}");
        assert_eq!(refusal.violation().unwrap().model(), "orders");
    }
    assert_eq!(
        code(Postgres, "INSERT INTO orders DEFAULT VALUES"),
        "TS-SQL-INSERT-FORM"
    );
}

#[test]
fn bound_tenant_is_checked_by_the_statement_itself() {
    assert_eq!(
        sqlite("INSERT INTO orders (id, tenant_id) VALUES (?, ?)"),
        "INSERT INTO orders (id, tenant_id) VALUES (?1, CASE WHEN ?2 IS NULL THEN ?3 WHEN ?2 = ?3 THEN ?3 ELSE json_extract('{}', 'TS-TENANT-MISMATCH') END)"
    );
    let rendered = postgres("INSERT INTO orders (id, tenant_id) VALUES ($1, $2)");
    assert!(
        rendered.contains("'TS-TENANT-MISMATCH' || left(coalesce(($2)::TEXT, ''), 0)"),
        "{rendered}"
    );
}

#[test]
fn tenant_column_cannot_be_assigned_another_value() {
    for sql in [
        "UPDATE orders SET tenant_id = tenant_id + 1",
        "UPDATE orders SET tenant_id = NULL",
        "UPDATE orders SET tenant_id = DEFAULT",
        "UPDATE orders SET (note, tenant_id) = (SELECT 'x', 2)",
        "UPDATE orders SET \"tenant_id\" = (SELECT 2)",
        "INSERT INTO orders (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET tenant_id = excluded.tenant_id",
    ] {
        assert_eq!(code(Postgres, sql), "TS-SQL-TENANT-SET", "{sql}");
    }
    let literal = "UPDATE orders SET TENANT_ID = 2, note = 'x' WHERE id = 2";
    assert_eq!(code_for(Postgres, literal, "1"), Some("TS-SQL-TENANT-SET"));
    assert_eq!(code_for(Postgres, literal, "2"), None);
    assert!(
        sqlite("UPDATE orders SET tenant_id = ?1")
            .contains("CASE WHEN ?1 = ?2 THEN ?2 ELSE json_extract(")
    );
}

/// Postgres cuts names after 63 bytes, so a longer spelling still means the tenant column.
#[test]
fn over_long_spelling_of_the_tenant_column_is_recognised() {
    use std::sync::Arc;
    use tenantshield_core::Catalog;
    use tenantshield_sql::{Filters, Guard};
    let column = "t".repeat(63);
    let toml = format!("tenant_column = \"{column}\"\n[tables.orders]\nkind = \"tenant\"");
    let guard = Guard::new(Arc::new(Catalog::from_toml(&toml).unwrap()), Postgres).unwrap();
    let refused = guard.judge(
        &format!("UPDATE orders SET {column}x = 'b' || 'c'"),
        Filters::NONE,
    );
    assert_eq!(refused.unwrap_err().code(), "TS-SQL-TENANT-SET");
}

#[test]
fn update_and_delete_without_where_touch_own_rows_only() {
    assert_eq!(
        sqlite("UPDATE orders SET note = 'x'"),
        r#"UPDATE orders SET note = 'x' WHERE orders."tenant_id" = ?1"#
    );
    assert_eq!(
        sqlite("DELETE FROM orders AS o WHERE 1 = 1 OR o.id = 3"),
        r#"DELETE FROM orders AS o WHERE o."tenant_id" = ?1 AND (1 = 1 OR o.id = 3)"#
    );
}

#[test]
fn update_from_and_delete_using_guard_target_and_sources() {
    assert_eq!(
        sqlite(
            "UPDATE orders SET note = i.sku FROM items i LEFT JOIN secrets s ON s.id = i.id WHERE i.order_id = orders.id"
        ),
        r#"UPDATE orders SET note = i.sku FROM items i LEFT JOIN secrets s ON s."tenant_id" = ?1 AND (s.id = i.id) WHERE orders."tenant_id" = ?1 AND i."tenant_id" = ?1 AND (i.order_id = orders.id)"#
    );
    assert_eq!(
        postgres("DELETE FROM orders USING orders o2 WHERE orders.id = o2.id"),
        r#"DELETE FROM orders USING orders o2 WHERE orders."tenant_id" = $1::BIGINT AND o2."tenant_id" = $1::BIGINT AND (orders.id = o2.id)"#
    );
}

#[test]
fn upsert_never_updates_a_row_of_another_tenant() {
    assert_eq!(
        sqlite(
            "INSERT INTO orders (id, note) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET note = excluded.note WHERE orders.total > 1"
        ),
        r#"INSERT INTO orders (id, note, "tenant_id") VALUES (1, 'x', ?1) ON CONFLICT(id) DO UPDATE SET note = excluded.note WHERE orders."tenant_id" = ?1 AND (orders.total > 1)"#
    );
    assert!(
        postgres(
            "INSERT INTO orders AS o (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET note = 's'"
        )
        .ends_with(r#"WHERE o."tenant_id" = $1::BIGINT"#)
    );
    assert!(
        sqlite("INSERT INTO orders (id) VALUES (1) ON CONFLICT DO NOTHING").ends_with("DO NOTHING")
    );
}

#[test]
fn replace_needs_the_tenant_in_every_unique_key() {
    for sql in [
        "INSERT OR REPLACE INTO orders (id) VALUES (1)",
        "REPLACE INTO orders (id) VALUES (1)",
        "UPDATE OR REPLACE orders SET id = 1",
        "INSERT OR REPLACE INTO bare (id) VALUES (1)",
        "INSERT OR REPLACE INTO items (rowid, id) VALUES (5, 1)",
        "UPDATE OR REPLACE items SET _rowid_ = 5",
    ] {
        assert_eq!(code(Sqlite, sql), "TS-SQL-REPLACE", "{sql}");
    }
    assert!(sqlite("INSERT OR REPLACE INTO items (id) VALUES (1)").contains("VALUES (1, ?1)"));
}

#[test]
fn shared_tables_are_read_only_unless_the_catalogue_says_otherwise() {
    assert_eq!(
        code(
            Postgres,
            "INSERT INTO plans (id, name) SELECT id, v FROM secrets"
        ),
        "TS-SQL-READ-ONLY"
    );
    assert_eq!(code(Postgres, "DELETE FROM plans"), "TS-SQL-READ-ONLY");
    assert!(postgres("INSERT INTO notices (id) VALUES (1)").ends_with("(1)"));
    assert_eq!(
        code(Postgres, "INSERT INTO tenants (id) VALUES (99)"),
        "TS-SQL-PLATFORM"
    );
}

#[test]
fn returning_is_walked() {
    let rendered = postgres("DELETE FROM orders o RETURNING o.*, (SELECT max(v) FROM secrets)");
    assert!(
        rendered.contains(r#"FROM secrets WHERE secrets."tenant_id""#),
        "{rendered}"
    );
}
