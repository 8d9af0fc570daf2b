//! The black-box contract of `guard`: what a line of input may look like.

use serde_json::{Value, json};

use crate::run::{ORDERS, answers, guard, text};

#[test]
fn answers_come_in_order_and_echo_ids_of_any_kind() {
    let ids = [
        json!("a"),
        json!(7),
        json!(null),
        json!([1, { "b": true }]),
        json!({ "x": 1.5 }),
    ];
    let input: String = ids
        .iter()
        .map(|id| json!({ "id": id, "sql": "SELECT 1" }).to_string() + "\n")
        .collect();
    let got = answers("sqlite", &[], input.as_bytes());
    let echoed: Vec<Value> = got.iter().map(|answer| answer["id"].clone()).collect();
    assert_eq!(echoed, ids);
}

#[test]
fn blank_lines_are_skipped_and_unknown_fields_ignored() {
    let input = "\n  \t\r\n{\"sql\":\"SELECT 1\",\"more\":{\"sql\":2},\"id\":1}\r\n\n";
    let got = answers("sqlite", &[], input.as_bytes());
    assert_eq!(got.len(), 1);
    assert_eq!(
        (&got[0]["id"], &got[0]["verdict"]),
        (&json!(1), &json!("admit"))
    );
}

#[test]
fn a_line_without_an_id_is_judged_and_answered_with_null() {
    let got = answers("sqlite", &[], b"{\"sql\":\"SELECT 1\"}");
    assert_eq!(
        (&got[0]["id"], &got[0]["verdict"]),
        (&Value::Null, &json!("admit"))
    );
}

#[test]
fn an_unreadable_line_is_refused_and_the_lines_around_it_are_judged() {
    for bad in [
        &b"{"[..],
        b"null",
        b"[]",
        b"\"SELECT 1\"",
        b"{}",
        b"{\"id\":1}",
        b"{\"id\":1,\"sql\":null}",
        b"{\"id\":1,\"sql\":[\"SELECT 1\"]}",
        b"{\"id\":1,\"sql\":\"SELECT 1\"} trailing",
        b"{\"id\":1,\"sql\":\"SELECT 1\"}{\"id\":2,\"sql\":\"SELECT 1\"}",
        b"{\"id\":1,\"sql\":\"SELECT 1\",\"sql\":\"SELECT 2\"}",
        b"{\"id\":1,\"id\":2,\"sql\":\"SELECT 1\"}",
        b"{\"id\":1,\"s\\u0071l\":\"SELECT 1\",\"sql\":\"SELECT 2\"}",
        b"{\"id\":1,\"sql\":\"SELECT 1\",\"x\":1,\"x\":2}",
        b"\xff\xfe",
        b"{\"id\":\"\xff\",\"sql\":\"SELECT 1\"}",
        b"{\"id\":1,\"sql\":\"SELECT \xc3\x28\"}",
        b"{\"id\":1,\"sql\":\"\\ud800\"}",
        b"\xef\xbb\xbf{\"id\":1,\"sql\":\"SELECT 1\"}",
        b"{'id':1,'sql':'SELECT 1'}",
    ] {
        let mut input = b"{\"id\":\"before\",\"sql\":\"SELECT 1\"}\n".to_vec();
        input.extend_from_slice(bad);
        input.extend_from_slice(b"\n{\"id\":\"after\",\"sql\":\"SELECT 1\"}\n");
        let got = answers("postgres", &[], &input);
        let shown = String::from_utf8_lossy(bad);
        assert_eq!(got.len(), 3, "{shown}");
        assert_eq!(got[0]["id"], "before");
        assert_eq!(got[1]["id"], Value::Null, "{shown}");
        assert_eq!(got[1]["verdict"], "refuse", "{shown}");
        assert_eq!(got[1]["code"], "TS-IN-001", "{shown}");
        assert_eq!(got[1]["sql"], Value::Null, "{shown}");
        assert_eq!(got[2]["id"], "after");
    }
}

#[test]
fn the_last_line_needs_no_newline_and_no_input_needs_no_answer() {
    assert_eq!(answers("sqlite", &[], b"{\"sql\":\"SELECT 1\"}").len(), 1);
    assert_eq!(answers("sqlite", &[], b"").len(), 0);
}

#[test]
fn a_very_long_line_is_refused_and_the_next_one_judged() {
    let mut input =
        format!("{{\"id\":1,\"sql\":\"{}\"}}\n", "x".repeat(9 * 1024 * 1024)).into_bytes();
    input.extend_from_slice(b"{\"id\":2,\"sql\":\"SELECT 1\"}\n");
    let got = answers("sqlite", &[], &input);
    assert_eq!(got.len(), 2);
    assert_eq!(
        (&got[0]["id"], &got[0]["code"]),
        (&Value::Null, &json!("TS-IN-001"))
    );
    assert_eq!(got[1]["verdict"], "admit");
}

#[test]
fn deep_nesting_in_a_line_is_survived() {
    let id = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let deep = format!("{{\"id\":{id},\"sql\":\"SELECT 1\"}}\n{{\"sql\":\"SELECT 1\"}}\n");
    let output = guard(
        ORDERS,
        &["--dialect", "sqlite", "--tenant", "acme"],
        deep.as_bytes(),
    );
    let lines: Vec<&str> = text(&output.stdout).lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].starts_with(&format!("{{\"id\":{id},\"verdict\":\"admit\"")));
    let sql = format!("SELECT {}1{}", "(".repeat(50_000), ")".repeat(50_000));
    let line = json!({ "id": 3, "sql": sql }).to_string();
    assert_eq!(
        answers("postgres", &[], line.as_bytes())[0]["verdict"],
        "refuse"
    );
}
