//! The test command: servers up, all tests and doc tests, servers down.

use std::process::Command;

use clap::Args;

use crate::{
    error::Error,
    interrupt::Interrupt,
    metadata::Workspace,
    outcome::{Format, Outcome},
    process::{cargo, described, run as run_program},
    servers::Servers,
};

const SELECTIONS: [&str; 5] = ["-p", "--all", "--manifest-path", "--package", "--workspace"];

/// What `cargo xtask test` takes.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Keeps the servers up after the tests, and prints their URLs, until Ctrl-C.
    #[arg(long)]
    keep: bool,
    /// Goes to `cargo test` instead of the usual selection; the whole workspace unless it
    /// names packages.
    #[arg(last = true)]
    arguments: Vec<String>,
}

/// `cargo xtask test`.
pub(crate) fn run(
    workspace: &Workspace,
    interrupt: &Interrupt,
    options: &Options,
) -> Result<Outcome, Error> {
    let servers = Servers::start(interrupt)?;
    let runs = if options.arguments.is_empty() {
        whole(&[])
    } else {
        vec![narrowed(&options.arguments)]
    };
    let outcome = run_tests(workspace, interrupt, &servers, runs)?;
    if options.keep {
        servers.hold(interrupt, Format::Text);
    }
    Ok(outcome)
}

/// All tests of the workspace, then its doc tests, in two runs of cargo.
pub(crate) fn whole(more: &[&str]) -> Vec<Command> {
    // Doc tests are no target, so that `--all-targets` alone leaves them out.
    [
        ["--all-targets", "--no-fail-fast"],
        ["--doc", "--no-fail-fast"],
    ]
    .into_iter()
    .map(|selection| {
        let mut command = cargo(["test", "--workspace"]);
        command.args(selection).args(more);
        command
    })
    .collect()
}

/// Runs each command, also when an earlier one failed: all failures of a run are wanted.
pub(crate) fn run_tests(
    workspace: &Workspace,
    interrupt: &Interrupt,
    servers: &Servers,
    commands: Vec<Command>,
) -> Result<Outcome, Error> {
    let mut outcome = Outcome::Passed;
    for mut command in commands {
        servers.name_to(&mut command);
        command.current_dir(&workspace.root);
        eprintln!("xtask: {}", described(&command));
        if !run_program(command, interrupt)?.success() {
            outcome = Outcome::Failed;
        }
    }
    Ok(outcome)
}

fn narrowed(arguments: &[String]) -> Command {
    let mut command = cargo(["test"]);
    if !selects(arguments) {
        // The default member alone would be a silent skip of all others.
        command.arg("--workspace");
    }
    command.args(arguments);
    command
}

fn selects(arguments: &[String]) -> bool {
    arguments
        .iter()
        .take_while(|argument| *argument != "--")
        .any(|argument| {
            SELECTIONS.contains(&argument.as_str())
                || argument.starts_with("--package=")
                || argument.starts_with("--manifest-path=")
                || (argument.starts_with("-p") && !argument.starts_with("--"))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(arguments: &[&str]) -> String {
        let arguments: Vec<String> = arguments.iter().map(|&one| one.to_owned()).collect();
        let described = described(&narrowed(&arguments));
        described.trim_start_matches("cargo ").to_owned()
    }

    #[test]
    fn a_bare_filter_runs_in_the_whole_workspace() {
        assert_eq!(
            line(&["join_is_refused"]),
            "test --workspace join_is_refused"
        );
        assert_eq!(line(&["--", "-p"]), "test --workspace -- -p");
    }

    #[test]
    fn named_packages_are_left_as_they_are() {
        assert_eq!(line(&["-p", "xtask"]), "test -p xtask");
        assert_eq!(line(&["-pxtask"]), "test -pxtask");
        assert_eq!(line(&["--package=xtask"]), "test --package=xtask");
    }

    #[test]
    fn the_usual_runs_are_all_targets_and_then_the_doc_tests() {
        let lines: Vec<String> = whole(&["--locked"]).iter().map(described).collect();
        assert_eq!(
            lines,
            [
                "cargo test --workspace --all-targets --no-fail-fast --locked",
                "cargo test --workspace --doc --no-fail-fast --locked",
            ]
        );
    }
}
