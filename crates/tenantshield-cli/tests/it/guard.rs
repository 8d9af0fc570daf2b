//! The black-box contract of `guard`: verdicts, binds, options, exit codes.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};

use crate::run::{CatalogFile, ORDERS, answer, answers, command, guard, text};

#[test]
fn each_answer_has_exactly_the_members_of_the_contract() {
    let output = guard(
        ORDERS,
        &["--dialect", "postgres", "--tenant", "acme"],
        b"{\"id\":1,\"sql\":\"SELECT 1\"}\n{\"id\":2,\"sql\":\"DROP TABLE orders\"}\n",
    );
    for line in text(&output.stdout).lines() {
        let answer: Value = serde_json::from_str(line).unwrap();
        let mut names: Vec<_> = answer
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        names.sort_unstable();
        assert_eq!(names, ["binds", "code", "id", "reason", "sql", "verdict"]);
        assert!(
            line.starts_with("{\"id\":"),
            "members come in the order of the contract: {line}"
        );
    }
}

#[test]
fn a_statement_on_a_tenant_table_is_rewritten_and_its_bind_comes_last() {
    let got = answer(
        "postgres",
        &[],
        "SELECT id FROM orders WHERE total > $1 AND note = $2",
    );
    assert_eq!(got["verdict"], "rewrite");
    assert_eq!(got["binds"], json!([{ "index": 3, "value": "acme" }]));
    assert!(got["sql"].as_str().unwrap().contains("$3"));
    assert_eq!(got["code"], Value::Null);
    assert_eq!(got["reason"], Value::Null);
}

#[test]
fn a_statement_that_touches_no_tenant_table_is_admitted_without_binds() {
    let got = answer("postgres", &[], "SELECT name FROM plans WHERE id = $1");
    assert_eq!(got["verdict"], "admit");
    assert_eq!(got["binds"], json!([]));
    assert!(got["sql"].is_string());
}

#[test]
fn a_refusal_has_a_code_and_a_reason_and_no_sql() {
    for sql in [
        "SELECT * FROM jobs",
        "SELECT * FROM nowhere",
        "DROP TABLE orders",
        "SELECT (",
    ] {
        for dialect in ["postgres", "sqlite"] {
            let got = answer(dialect, &[], sql);
            assert_eq!(got["verdict"], "refuse", "{sql}");
            assert_eq!(got["sql"], Value::Null);
            assert_eq!(got["binds"], json!([]));
            assert!(
                got["code"].as_str().unwrap().starts_with("TS-SQL-"),
                "{got}"
            );
            assert!(!got["reason"].as_str().unwrap().is_empty());
        }
    }
}

#[test]
fn sqlite_placeholders_of_all_three_kinds_leave_room_for_the_tenant() {
    for sql in [
        "SELECT id FROM orders WHERE total > ? AND note = ?",
        "SELECT id FROM orders WHERE total > ?1 AND note = ?2",
        "SELECT id FROM orders WHERE total > :total AND note = :note",
    ] {
        let got = answer("sqlite", &[], sql);
        assert_eq!(got["verdict"], "rewrite", "{got}");
        assert_eq!(
            got["binds"],
            json!([{ "index": 3, "value": "acme" }]),
            "{sql}"
        );
    }
}

#[test]
fn an_insert_gets_the_tenant_and_another_tenants_value_is_refused() {
    for dialect in ["postgres", "sqlite"] {
        let filled = answer(dialect, &[], "INSERT INTO orders (id, total) VALUES (1, 2)");
        assert_eq!(filled["verdict"], "rewrite", "{filled}");
        assert_eq!(filled["binds"], json!([{ "index": 1, "value": "acme" }]));
        let own = "INSERT INTO orders (id, tenant_id) VALUES (1, 'acme')";
        assert_eq!(answer(dialect, &[], own)["verdict"], "rewrite");
        let foreign = "INSERT INTO orders (id, tenant_id) VALUES (1, 'globex')";
        let got = answer(dialect, &[], foreign);
        assert_eq!(got["verdict"], "refuse", "{got}");
        assert!(!got["reason"].as_str().unwrap().contains("globex"));
    }
}

#[test]
fn the_bind_is_a_number_for_an_integer_column_and_a_string_for_the_others() {
    for (kind, tenant, value) in [
        ("integer", "42", json!(42)),
        ("text", "42", json!("42")),
        (
            "uuid",
            "6f1c0a52-3b3e-4a3e-9c7e-0d6a1b2c3d4e",
            json!("6f1c0a52-3b3e-4a3e-9c7e-0d6a1b2c3d4e"),
        ),
    ] {
        let catalog = ORDERS.replace(
            "tenant_type = \"text\"",
            &format!("tenant_type = \"{kind}\""),
        );
        let arguments = ["--dialect", "postgres", "--tenant", tenant];
        let output = guard(
            &catalog,
            &arguments,
            br#"{"id":1,"sql":"SELECT id FROM orders"}"#,
        );
        let got: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(
            got["binds"],
            json!([{ "index": 1, "value": value }]),
            "{kind}"
        );
    }
}

#[test]
fn inline_gives_text_that_runs_as_it_stands_and_no_binds() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let got = answer(
        "sqlite",
        &["--inline"],
        "SELECT id FROM orders WHERE total > 5 ORDER BY id",
    );
    assert_eq!(got["binds"], json!([]));
    let sql = got["sql"].as_str().unwrap().to_owned();
    let ids: Vec<i64> = runtime.block_on(async {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        sqlx::raw_sql(
            "CREATE TABLE orders (id INTEGER, tenant_id TEXT, total INTEGER);\
             INSERT INTO orders VALUES (1, 'acme', 10), (2, 'globex', 10), (3, 'acme', 1)",
        )
        .execute(&mut connection)
        .await
        .unwrap();
        sqlx::query_scalar(AssertSqlSafe(sql))
            .fetch_all(&mut connection)
            .await
            .unwrap()
    });
    assert_eq!(ids, [1]);
}

#[test]
fn transaction_control_is_refused_and_with_transactions_admitted() {
    for sql in [
        "BEGIN",
        "COMMIT",
        "ROLLBACK",
        "SAVEPOINT a",
        "RELEASE SAVEPOINT a",
    ] {
        for dialect in ["postgres", "sqlite"] {
            assert_eq!(answer(dialect, &[], sql)["code"], "TS-SQL-TXN", "{sql}");
            assert_eq!(
                answer(dialect, &["--transactions"], sql)["verdict"],
                "admit",
                "{sql}"
            );
        }
    }
}

#[test]
fn the_barrier_stands_before_raising_conditions_by_default_and_never_when_told_so() {
    for (dialect, condition) in [
        ("postgres", "10 / total = 1"),
        ("sqlite", "json_extract(note, '$.a') = 1"),
    ] {
        let sql = &format!("SELECT id FROM orders WHERE {condition}");
        let auto = answer(dialect, &[], sql);
        assert!(
            auto["sql"].as_str().unwrap().contains("CASE WHEN"),
            "{auto}"
        );
        assert_eq!(answer(dialect, &["--barrier", "auto"], sql), auto);
        let never = answer(dialect, &["--barrier", "never"], sql);
        assert!(
            !never["sql"].as_str().unwrap().contains("CASE WHEN"),
            "{never}"
        );
        assert_eq!(
            answer(dialect, &["--barrier", "always"], sql)["verdict"],
            "rewrite"
        );
    }
}

#[test]
fn every_mysql_statement_is_refused_until_there_is_a_guard_for_it() {
    let input = "{\"id\":1,\"sql\":\"SELECT 1\"}\n{\"id\":2,\"sql\":\"SELECT * FROM orders\"}\n";
    let got = answers("mysql", &[], input.as_bytes());
    assert_eq!(got.len(), 2);
    assert!(
        got.iter()
            .all(|a| a["verdict"] == "refuse" && a["code"] == "TS-SQL-DIALECT")
    );
}

#[test]
fn each_answer_is_flushed_before_the_next_line_is_asked() {
    let file = CatalogFile::new(ORDERS);
    let mut child = command()
        .args([
            "guard",
            "--dialect",
            "sqlite",
            "--tenant",
            "acme",
            "--catalog",
            file.path(),
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    for id in 0..3 {
        // Nothing else is written until the answer is there: buffering would hang the test.
        writeln!(input, "{{\"id\":{id},\"sql\":\"SELECT id FROM orders\"}}").unwrap();
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let answer: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(answer["id"], id);
    }
    drop(input);
    assert!(child.wait().unwrap().success());
}

#[test]
fn unusable_arguments_and_catalogues_exit_with_2_and_judge_nothing() {
    let line = br#"{"id":1,"sql":"SELECT 1"}"#;
    let integers = ORDERS.replace("tenant_type = \"text\"", "tenant_type = \"integer\"");
    for (catalog, arguments) in [
        (ORDERS, vec!["--dialect", "oracle", "--tenant", "acme"]),
        (ORDERS, vec!["--dialect", "postgres"]),
        (ORDERS, vec!["--dialect", "postgres", "--tenant", ""]),
        (ORDERS, vec!["--dialect", "postgres", "--tenant", "a b"]),
        (
            ORDERS,
            vec![
                "--dialect",
                "postgres",
                "--tenant",
                "acme",
                "--barrier",
                "some",
            ],
        ),
        (&integers, vec!["--dialect", "postgres", "--tenant", "acme"]),
        (&integers, vec!["--dialect", "mysql", "--tenant", "007"]),
        (
            "[tables.orders]\nkind = \"nobody\"",
            vec!["--dialect", "sqlite", "--tenant", "acme"],
        ),
        (
            "unknown_key = 1",
            vec!["--dialect", "sqlite", "--tenant", "acme"],
        ),
        ("not toml", vec!["--dialect", "sqlite", "--tenant", "acme"]),
    ] {
        let output = guard(catalog, &arguments, line);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        assert!(!output.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_catalogue_that_is_not_there_exits_with_2() {
    let output = command()
        .args(["guard", "--catalog", "/nowhere/tenants.toml"])
        .args(["--dialect", "sqlite", "--tenant", "acme"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
}
