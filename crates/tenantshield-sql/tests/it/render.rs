//! Texts that a parser can be made to render as something else.

use tenantshield_sql::Dialect::{Postgres, Sqlite};

use crate::harness::{code, judge, postgres, sqlite};

/// Notes F1: the literal is `x\') OR 1=1 --`.
#[test]
fn literal_with_backslash_and_doubled_quote_renders_byte_for_byte() {
    let literal = r"'x\'') OR 1=1 --'";
    let sql = format!("SELECT id FROM orders WHERE note = {literal}");
    assert_eq!(
        postgres(&sql),
        format!(
            r#"SELECT id FROM orders WHERE orders."tenant_id" = $1::BIGINT AND (note = {literal})"#
        )
    );
    assert_eq!(
        sqlite(&sql),
        format!(r#"SELECT id FROM orders WHERE orders."tenant_id" = ?1 AND (note = {literal})"#)
    );
}

/// Notes F1, for identifiers.
#[test]
fn quoted_name_with_backslash_does_not_break_out() {
    let sql = r#"SELECT o.id AS "x\"" FROM secrets --" FROM orders o"#;
    let rendered = postgres(sql);
    assert!(rendered.contains(r#""x\"" FROM secrets --""#), "{rendered}");
    assert!(rendered.ends_with(r#"FROM orders o WHERE o."tenant_id" = $1::BIGINT"#));
}

/// Notes F1: escape strings keep their own escapes.
/// Notes F1: an escape string is rendered in its own escapes, and means the same.
#[test]
fn escape_string_stays_one_literal() {
    let rendered = postgres(r"SELECT id FROM orders WHERE note = E'x\\'' OR 1=1 --'");
    assert!(
        rendered.ends_with(r"AND (note = E'x\\\' OR 1=1 --')"),
        "{rendered}"
    );
}

#[test]
fn dollar_string_and_lone_backslash_render_byte_for_byte() {
    for literal in ["$$x' OR 1=1 --$$", "$q$ $$ ' -- $q$", r"'\'"] {
        let rendered = postgres(&format!("SELECT id FROM orders WHERE note = {literal}"));
        assert!(
            rendered.ends_with(&format!("AND (note = {literal})")),
            "{rendered}"
        );
    }
}

/// Notes F1b: `- -x` would be rendered as a comment.
#[test]
fn two_unary_operators_never_render_as_a_comment() {
    for sql in [
        "SELECT - - total FROM orders",
        "SELECT - - length('\n v FROM secrets --') FROM orders",
        "UPDATE orders SET total = - - length('\n 0 --')",
        "DELETE FROM orders WHERE id = - - length('\n 1 OR true --')",
    ] {
        for dialect in [Postgres, Sqlite] {
            let rendered = judge(dialect, sql).sql().to_string();
            assert!(rendered.contains("-(-"), "{rendered}");
            assert!(rendered.contains("\"tenant_id\""), "{rendered}");
        }
    }
    assert!(postgres("SELECT @ @ id FROM orders").contains("@(@"));
}

#[test]
fn only_is_not_read_as_a_table_with_an_alias() {
    assert_eq!(
        code(Postgres, "SELECT * FROM ONLY orders"),
        "TS-SQL-RELATION"
    );
}

#[test]
fn union_table_shorthand_is_refused() {
    assert_eq!(
        code(Postgres, "SELECT id FROM plans UNION TABLE orders"),
        "TS-SQL-TABLE"
    );
    assert_eq!(code(Postgres, "TABLE orders"), "TS-SQL-TABLE");
}

#[test]
fn backquoted_upper_case_name_is_the_same_table_to_sqlite() {
    let rendered = sqlite("SELECT * FROM `ORDERS`");
    assert_eq!(
        rendered,
        r#"SELECT * FROM `ORDERS` WHERE `ORDERS`."tenant_id" = ?1"#
    );
    assert!(sqlite("SELECT * FROM \"ORDERS\"").contains("tenant_id"));
    assert!(sqlite("SELECT * FROM [orders]").contains("tenant_id"));
    assert_eq!(
        code(Postgres, "SELECT * FROM \"Orders\""),
        "TS-SQL-RELATION"
    );
}

#[test]
fn trailing_trace_comment_is_appended_again_and_others_are_dropped() {
    let rendered = sqlite("SELECT /* a */ id FROM orders -- b\n /*traceparent='00-ab-01'*/");
    assert_eq!(
        rendered,
        r#"SELECT id FROM orders WHERE orders."tenant_id" = ?1 /*traceparent='00-ab-01'*/"#
    );
    for hidden in ["/*! x */", "/*+ x */", "/* ; */", "/*M!100 x */"] {
        assert!(!sqlite(&format!("SELECT id FROM orders {hidden}")).contains("/*"));
    }
}
