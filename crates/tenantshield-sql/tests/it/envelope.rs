//! The lexer envelope.

use tenantshield_sql::Dialect::{Postgres, Sqlite};

use crate::harness::{code, judge, sqlite};

#[test]
fn lexical_forms_that_databases_read_differently_are_refused() {
    for (sql, expected) in [
        ("", "TS-SQL-ENV-EMPTY"),
        (" ; ", "TS-SQL-ENV-EMPTY"),
        ("-- only a comment", "TS-SQL-ENV-EMPTY"),
        ("SELECT 1; SELECT 2", "TS-SQL-ENV-MULTIPLE"),
        ("SELECT 1;; DELETE FROM orders", "TS-SQL-ENV-MULTIPLE"),
        ("SELECT 'a' 'b'", "TS-SQL-ENV-ADJACENT"),
        ("SELECT 'a'\n'b'", "TS-SQL-ENV-ADJACENT"),
        ("SELECT 0x1F", "TS-SQL-ENV-NUMBER"),
        ("SELECT 0b11", "TS-SQL-ENV-NUMBER"),
        ("SELECT 123abc", "TS-SQL-ENV-NUMBER"),
        ("SELECT 1_000", "TS-SQL-ENV-NUMBER"),
        ("SELECT U&\"\\0076\" FROM secrets", "TS-SQL-ENV-UNICODE"),
        ("SELECT u&'\\0076'", "TS-SQL-ENV-UNICODE"),
        ("SELECT 1 \0", "TS-SQL-ENV-NUL"),
        ("SELECT \u{a0}1", "TS-SQL-ENV-CHARACTER"),
        ("SELECT 1 \u{b}", "TS-SQL-ENV-CHARACTER"),
        ("SELECT /* a /* b */ */ 1", "TS-SQL-ENV-COMMENT"),
        ("SELECT 1 --a\rFROM orders", "TS-SQL-ENV-COMMENT"),
        ("SELECT 'a", "TS-SQL-ENV-UNTERMINATED"),
        ("SELECT /* a", "TS-SQL-ENV-UNTERMINATED"),
        ("SELECT interval(0) '1 day'", "TS-SQL-ENV-INTERVAL"),
    ] {
        assert_eq!(code(Postgres, sql), expected, "{sql}");
    }
}

#[test]
fn size_and_depth_are_bounded() {
    let long = format!("SELECT '{}'", "x".repeat(300_000));
    assert_eq!(code(Postgres, &long), "TS-SQL-ENV-SIZE");
    let deep = format!("SELECT {}1{}", "(".repeat(200), ")".repeat(200));
    assert_eq!(code(Postgres, &deep), "TS-SQL-ENV-DEPTH");
    let wide = format!("SELECT 1{}", " + 1".repeat(30_000));
    assert_eq!(code(Postgres, &wide), "TS-SQL-ENV-DEPTH");
}

/// A chain of operators nests as deep as it is long; neither walk nor drop may overflow.
#[test]
fn long_operator_chain_is_judged_without_overflow() {
    let chain = format!(
        "SELECT id FROM orders WHERE id = 1{}",
        " OR id = 2".repeat(4_000)
    );
    let judged = std::thread::Builder::new()
        .stack_size(512 * 1024)
        .spawn(move || judge(Sqlite, &chain).sql().len())
        .unwrap()
        .join()
        .unwrap();
    assert!(judged > 40_000);
}

#[test]
fn sqlite_placeholders_are_numbered_as_sqlite_numbers_them() {
    assert!(sqlite("SELECT ?, ?5, ?, :a, :b, :a").starts_with("SELECT ?1, ?5, ?6, ?7, ?8, ?7"));
    assert_eq!(judge(Sqlite, "SELECT ?, ?5, :a").declared_binds(), 6);
    assert!(sqlite("SELECT $2, $1").starts_with("SELECT ?2, ?1"));
    for sql in ["SELECT @a", "SELECT $a", "SELECT ?0", "SELECT ?99999"] {
        assert_eq!(code(Sqlite, sql), "TS-SQL-PLACEHOLDER", "{sql}");
    }
    assert_eq!(code(Postgres, "SELECT :a"), "TS-SQL-PLACEHOLDER");
    assert_eq!(judge(Postgres, "SELECT $3, $1").declared_binds(), 3);
}
