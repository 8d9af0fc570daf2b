//! Help: every verb has an example, and nothing is listed that does not exist.

use crate::run::{run, text};

#[test]
fn every_verb_that_help_lists_runs_and_has_an_example() {
    let output = run(&["--help"]);
    assert!(output.status.success());
    let help = text(&output.stdout);
    let (_, verbs) = help.split_once("Commands:").unwrap();
    let listed: Vec<&str> = verbs
        .lines()
        .skip(1)
        .take_while(|line| !line.trim().is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert_eq!(listed, ["demo", "guard", "explain", "catalog"]);
    for arguments in [
        &["demo"][..],
        &["guard"],
        &["explain"],
        &["catalog", "check"],
    ] {
        let mut arguments = arguments.to_vec();
        arguments.push("--help");
        let output = run(&arguments);
        assert!(output.status.success(), "{arguments:?}");
        let help = text(&output.stdout);
        assert!(help.contains("Example"), "{arguments:?}");
        assert!(help.contains("Exit code"), "{arguments:?}");
    }
}

#[test]
fn an_unknown_verb_exits_with_2() {
    assert_eq!(run(&["doctor"]).status.code(), Some(2));
    assert_eq!(run(&[]).status.code(), Some(2));
}

#[test]
fn the_version_is_told() {
    let output = run(&["--version"]);
    assert_eq!(
        text(&output.stdout).trim(),
        concat!("tenantshield ", env!("CARGO_PKG_VERSION"))
    );
}
