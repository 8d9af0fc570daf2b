//! What is refused, with its code.

use tenantshield_sql::Dialect::{Postgres, Sqlite};

use crate::harness::{code, postgres, refusal};

#[test]
fn functions_that_reach_outside_are_refused_wherever_they_stand() {
    for sql in [
        "SELECT set_config('app.tenant_id', '2', false)",
        "SELECT * FROM set_config('app.tenant_id', '2', false)",
        "SELECT \"query_to_xml\"('select 1', true, true, '')",
        "SELECT QUERY_TO_XML('select 1', true, true, '')",
        "SELECT count(*) FILTER (WHERE pg_notify('a', 'b') IS NULL) FROM orders",
        "SELECT (SELECT set_config('a.b', '2', true)) FROM orders",
        "SELECT pg_advisory_lock(1)",
        "SELECT nextval('items_id_seq')",
        "SELECT public.lower('x')",
    ] {
        assert_eq!(code(Postgres, sql), "TS-SQL-FUNCTION", "{sql}");
    }
    assert_eq!(
        code(Sqlite, "SELECT load_extension('x')"),
        "TS-SQL-FUNCTION"
    );
    assert!(postgres("SELECT pg_catalog.lower('x')").contains("pg_catalog.lower"));
}

/// In Postgres `row.name` calls the function `name` with the row.
#[test]
fn call_in_column_notation_is_refused() {
    for sql in [
        "SELECT t.pg_read_file FROM unnest(ARRAY['PG_VERSION']) t",
        "SELECT 1 FROM unnest(ARRAY['PG_VERSION']) t ORDER BY t.pg_read_file",
        "SELECT ('PG_VERSION'::text).pg_read_file",
        "SELECT (t).pg_read_file FROM unnest(ARRAY['PG_VERSION']) t",
        "SELECT o.pg_typeof FROM orders o",
        "SELECT (o).my_function FROM orders o",
    ] {
        assert_eq!(code(Postgres, sql), "TS-SQL-COLUMN", "{sql}");
    }
    assert!(postgres("SELECT (o).note, o.ctid FROM orders o").contains("(o).note"));
    assert!(postgres("SELECT e.value FROM json_each('{}') e").contains("e.value"));
}

#[test]
fn types_operators_and_collations_of_others_are_refused() {
    assert_eq!(code(Postgres, "SELECT 'secrets'::regclass"), "TS-SQL-TYPE");
    assert_eq!(code(Postgres, "SELECT 'x'::evil_type"), "TS-SQL-TYPE");
    assert_eq!(
        code(Postgres, "SELECT CAST('x' AS public.text)"),
        "TS-SQL-TYPE"
    );
    assert_eq!(
        code(Postgres, "SELECT 1 OPERATOR(public.+) 2"),
        "TS-SQL-OPERATOR"
    );
    assert_eq!(
        code(Postgres, "SELECT 'a' COLLATE public.mine"),
        "TS-SQL-COLLATION"
    );
    assert!(postgres("SELECT 'a' COLLATE \"C\"").contains("COLLATE"));
}

#[test]
fn unknown_relations_schemas_and_catalogs_are_refused() {
    for sql in [
        "SELECT * FROM unknown_table",
        "SELECT * FROM pg_stats",
        "SELECT * FROM \"public\".\"pg_stats\"",
        "SELECT last_value FROM items_id_seq",
        "SELECT * FROM tenants_v",
    ] {
        assert_eq!(code(Postgres, sql), "TS-SQL-RELATION", "{sql}");
    }
    for sql in [
        "SELECT * FROM information_schema.columns",
        "SELECT * FROM pg_catalog.pg_class",
        "SELECT * FROM db.public.orders",
    ] {
        assert_eq!(code(Postgres, sql), "TS-SQL-SCHEMA", "{sql}");
    }
    assert_eq!(code(Sqlite, "SELECT * FROM temp.orders"), "TS-SQL-SCHEMA");
    assert_eq!(
        code(Sqlite, "SELECT * FROM sqlite_master"),
        "TS-SQL-RELATION"
    );
    assert_eq!(code(Postgres, "SELECT id FROM tenants"), "TS-SQL-PLATFORM");
}

#[test]
fn other_statements_are_refused() {
    for sql in [
        "TRUNCATE orders",
        "DROP TABLE orders",
        "SET app.tenant_id = '2'",
        "EXPLAIN SELECT * FROM orders",
        "COPY orders TO STDOUT",
        "CREATE TABLE leak AS SELECT * FROM secrets",
        "SELECT * INTO leak FROM secrets",
        "PREPARE s AS SELECT * FROM secrets",
    ] {
        assert_eq!(code(Postgres, sql), "TS-SQL-STATEMENT", "{sql}");
    }
    for sql in [
        "BEGIN",
        "COMMIT",
        "ROLLBACK",
        "SAVEPOINT a",
        "RELEASE SAVEPOINT a",
    ] {
        assert_eq!(code(Postgres, sql), "TS-SQL-TXN", "{sql}");
    }
}

#[test]
fn refusal_text_holds_no_literal_of_the_statement() {
    for sql in [
        "SELECT * FROM orders WHERE note = 'hush-hush",
        "SELECT * FROM orders WHERE 'hush-hush' AND",
        "SELECT \"hush-hush\"('x')",
        "INSERT INTO orders (id, tenant_id) VALUES (1, 'hush-hush' || 'x')",
    ] {
        let refusal = refusal(Postgres, sql);
        assert!(!refusal.to_string().contains("hush"), "{refusal}");
        assert!(!refusal.hint().is_empty());
    }
}

#[test]
fn unscoped_read_must_be_a_plain_read() {
    use tenantshield_sql::StatementKind;
    let guard = crate::harness::guard(Postgres);
    let kind = |sql: &str| guard.classify(sql).map_err(|refusal| refusal.code());
    assert_eq!(kind("SELECT * FROM tenants"), Ok(StatementKind::Select));
    assert_eq!(
        kind("SELECT * FROM a UNION SELECT lower(b) FROM c"),
        Ok(StatementKind::Select)
    );
    for sql in [
        "WITH d AS (DELETE FROM a RETURNING *) SELECT * FROM d",
        "SELECT * FROM (WITH d AS (UPDATE a SET b = 1 RETURNING *) SELECT * FROM d) x",
        "SELECT * INTO leak FROM a",
        "SELECT * FROM a FOR UPDATE",
    ] {
        assert_eq!(kind(sql), Ok(StatementKind::SelectWithWrites), "{sql}");
    }
    assert_eq!(kind("SELECT nextval('s')"), Err("TS-SQL-FUNCTION"));
    assert_eq!(
        kind("SELECT * FROM dblink('x') AS t(a int)"),
        Err("TS-SQL-FUNCTION")
    );
    assert_eq!(kind("SELECT ('s').nextval"), Err("TS-SQL-EXPRESSION"));
    assert_eq!(kind("TRUNCATE a"), Err("TS-SQL-STATEMENT"));
    assert_eq!(kind("SELECT 1; DELETE FROM a"), Err("TS-SQL-ENV-MULTIPLE"));
    assert_eq!(kind("DELETE FROM a"), Ok(StatementKind::Delete));
}

#[test]
fn same_alias_twice_is_refused() {
    assert_eq!(
        code(Sqlite, "SELECT * FROM orders o, secrets o"),
        "TS-SQL-ALIAS"
    );
}

#[test]
fn codes_are_unique_and_grouped() {
    use tenantshield_sql::code::{DEFERRED, ENVELOPE, RULES};
    let mut all: Vec<_> = DEFERRED
        .iter()
        .chain(ENVELOPE)
        .chain(RULES)
        .map(|code| code.as_str())
        .collect();
    let count = all.len();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), count);
}
