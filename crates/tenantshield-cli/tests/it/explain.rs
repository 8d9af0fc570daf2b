//! What `explain` shows.

use std::process::Output;

use serde_json::Value;

use crate::run::{CatalogFile, ORDERS, command, text};

fn explain(arguments: &[&str]) -> Output {
    let file = CatalogFile::new(ORDERS);
    command()
        .args(["explain", "--catalog", file.path()])
        .args(arguments)
        .output()
        .expect("the binary runs")
}

#[test]
fn an_admitted_statement_is_shown_with_what_was_added() {
    let output = explain(&[
        "SELECT id FROM orders WHERE total > $1",
        "--dialect",
        "postgres",
        "--tenant",
        "acme",
    ]);
    assert_eq!(output.status.code(), Some(0));
    insta::assert_snapshot!(text(&output.stdout));
}

#[test]
fn a_refused_statement_is_shown_with_code_reason_and_mend() {
    let output = explain(&["SELECT * FROM jobs", "--dialect", "sqlite"]);
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!(text(&output.stdout));
}

#[test]
fn json_has_the_verdict_the_additions_and_the_mend() {
    let output = explain(&[
        "SELECT id FROM orders",
        "--dialect",
        "sqlite",
        "--format",
        "json",
    ]);
    let got: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(got["verdict"], "rewrite");
    assert!(!got["added"].as_array().unwrap().is_empty());
    assert_eq!(got["touches"][0]["table"], "orders");
    let output = explain(&[
        "SELECT * FROM jobs",
        "--dialect",
        "sqlite",
        "--format",
        "json",
    ]);
    let got: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(got["verdict"], "refuse");
    assert!(!got["mend"].as_str().unwrap().is_empty());
}

#[test]
fn output_that_is_not_a_terminal_has_no_colour() {
    let output = explain(&["SELECT id FROM orders", "--dialect", "sqlite"]);
    assert!(!output.stdout.contains(&0x1b));
}

#[test]
fn control_characters_of_the_statement_do_not_reach_the_terminal() {
    let output = explain(&["SELECT '\u{1b}[2J' FROM jobs", "--dialect", "sqlite"]);
    assert!(!output.stdout.contains(&0x1b));
}

#[test]
fn a_tenant_that_does_not_fit_exits_with_2() {
    let output = explain(&["SELECT 1", "--dialect", "sqlite", "--tenant", "a b"]);
    assert_eq!(output.status.code(), Some(2));
}
