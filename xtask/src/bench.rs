//! The bench command: every number beside its floor, measured by `tenantshield-bench` in
//! release; the cold start is measured here, since only a build can tell it.

use std::{path::PathBuf, time::Duration};

use clap::Args;
use serde::{Deserialize, Serialize};

use crate::{
    error::Error,
    interrupt::Interrupt,
    metadata::Workspace,
    outcome::{Format, Outcome},
    process::{Captured, capture, cargo, now, run as run_program},
    servers::Servers,
};

const BENCH: &str = "tenantshield-bench";
const COLD: &str = "cold start";
const COLD_BUDGET: Duration = Duration::from_mins(5);

/// What `cargo xtask bench` takes.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Runs each bench once for life and judges no time.
    #[arg(long)]
    check: bool,
    /// Also measures the cold start: a build from nothing, offline, and one tour of the demo.
    #[arg(long, conflicts_with = "check")]
    cold: bool,
}

/// One number; the shape is the stable contract of the bench command.
#[derive(Debug, Serialize)]
struct Row {
    name: String,
    value: f64,
    unit: &'static str,
    beside: Option<String>,
    beside_value: Option<f64>,
    ratio: Option<f64>,
    budget: f64,
    ok: bool,
}

/// `cargo xtask bench`.
pub(crate) fn run(
    workspace: &Workspace,
    interrupt: &Interrupt,
    options: &Options,
) -> Result<Outcome, Error> {
    let program = build(workspace, interrupt)?;
    let servers = Servers::start(interrupt)?;
    let mut command = std::process::Command::new(program);
    if options.check {
        command.arg("--check");
    }
    if options.format == Format::Json {
        command.args(["--format", "json"]);
    }
    servers.name_to(&mut command);
    command.current_dir(&workspace.root);
    let measured = capture(command, interrupt)?;
    drop(servers);
    let cold = if options.cold {
        Some(cold_start(workspace, interrupt)?)
    } else {
        eprintln!("xtask: left out: {COLD} (measure it with --cold)");
        None
    };
    let is_cold_ok = cold.as_ref().is_none_or(|row| row.ok);
    print(&measured, cold, options.format)?;
    Ok(Outcome::of(measured.status.success() && is_cold_ok))
}

/// Runs each bench once; its rows are nobody's to judge here.
pub(crate) fn check(
    workspace: &Workspace,
    interrupt: &Interrupt,
    servers: &Servers,
) -> Result<Outcome, Error> {
    let mut command = std::process::Command::new(build(workspace, interrupt)?);
    command.arg("--check").current_dir(&workspace.root);
    servers.name_to(&mut command);
    Ok(Outcome::of(run_program(command, interrupt)?.success()))
}

fn build(workspace: &Workspace, interrupt: &Interrupt) -> Result<PathBuf, Error> {
    eprintln!("xtask: building {BENCH} in release");
    let mut command = cargo(["build", "--release", "--locked", "-p", BENCH]);
    command
        .arg("--message-format=json-render-diagnostics")
        .current_dir(&workspace.root);
    let built = capture(command, interrupt)?;
    if !built.status.success() {
        return Err(Error::Status {
            program: format!("cargo build -p {BENCH}"),
            status: built.status.to_string(),
        });
    }
    executables(&built.stdout)
        .into_iter()
        .find(|(name, _)| name == BENCH)
        .map(|(_, path)| path)
        .ok_or_else(|| Error::output("cargo build", format!("no program `{BENCH}` was built")))
}

/// Names and paths of the programs in cargo's own report of a build.
pub(crate) fn executables(messages: &str) -> Vec<(String, PathBuf)> {
    #[derive(Deserialize)]
    struct Message {
        executable: Option<PathBuf>,
        target: Option<Built>,
    }
    #[derive(Deserialize)]
    struct Built {
        name: String,
    }
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Message>(line).ok())
        .filter_map(|message| Some((message.target?.name, message.executable?)))
        .collect()
}

fn cold_start(workspace: &Workspace, interrupt: &Interrupt) -> Result<Row, Error> {
    let fetched = run_program(in_root(cargo(["fetch", "--locked"]), workspace), interrupt)?;
    if !fetched.success() {
        return Err(Error::Status {
            program: "cargo fetch".to_owned(),
            status: fetched.to_string(),
        });
    }
    let folder = tempfile::tempdir().map_err(Error::file("make", std::env::temp_dir()))?;
    eprintln!("xtask: measuring the {COLD}, a build from nothing");
    let mut command = cargo(["run", "--release", "--locked", "--offline"]);
    command
        .args(["--", "demo", "--once", "--format", "json"])
        .env("CARGO_TARGET_DIR", folder.path());
    let begun = now();
    let toured = capture(in_root(command, workspace), interrupt)?;
    let took = begun.elapsed();
    if !toured.status.success() {
        return Err(Error::Status {
            program: "cargo run --release -- demo --once".to_owned(),
            status: toured.status.to_string(),
        });
    }
    Ok(cold_row(took))
}

fn cold_row(took: Duration) -> Row {
    let value = took.as_secs_f64() * 1e6;
    let budget = COLD_BUDGET.as_secs_f64() * 1e6;
    Row {
        name: COLD.to_owned(),
        value,
        // Micros, for a budget in seconds would bound the ratio and there is none.
        unit: "µs",
        beside: None,
        beside_value: None,
        ratio: None,
        budget,
        ok: value <= budget,
    }
}

fn print(measured: &Captured, cold: Option<Row>, format: Format) -> Result<(), Error> {
    let Some(cold) = cold else {
        print!("{}", measured.stdout);
        return Ok(());
    };
    match format {
        Format::Json => println!("{}", with_row(&measured.stdout, &cold)?),
        Format::Text => {
            print!("{}", measured.stdout);
            let verdict = if cold.ok { "ok" } else { "over" };
            let (value, budget) = (cold.value / 1e6, cold.budget / 1e6);
            println!("{COLD}: {value:.1} s (budget {budget:.0} s): {verdict}");
        }
    }
    Ok(())
}

/// The bench program's rows and one more, in the form in which they came: an array or lines.
fn with_row(rows: &str, row: &Row) -> Result<String, Error> {
    let row = serde_json::to_value(row).map_err(|error| Error::output(BENCH, error))?;
    let text = rows.trim();
    if text.starts_with('[') {
        let mut all: Vec<serde_json::Value> =
            serde_json::from_str(text).map_err(|error| Error::output(BENCH, error))?;
        all.push(row);
        return Ok(serde_json::Value::Array(all).to_string());
    }
    for line in text.lines() {
        serde_json::from_str::<serde_json::Value>(line)
            .map_err(|error| Error::output(BENCH, error))?;
    }
    Ok(format!("{text}\n{row}").trim_start().to_owned())
}

fn in_root(mut command: std::process::Command, workspace: &Workspace) -> std::process::Command {
    command.current_dir(&workspace.root);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cold_start_is_judged_in_micros_against_five_minutes() {
        let within = cold_row(Duration::from_secs(299));
        assert!(within.ok && within.unit == "µs");
        assert!(!cold_row(Duration::from_secs(301)).ok);
    }

    #[test]
    fn one_more_row_keeps_the_form_of_the_others() {
        let row = cold_row(Duration::from_secs(2));
        let all: Vec<serde_json::Value> =
            serde_json::from_str(&with_row("[{\"name\":\"a\"}]\n", &row).unwrap()).unwrap();
        assert_eq!((all.len(), &all[1]["name"]), (2, &COLD.into()));
        let lines = with_row("{\"name\":\"a\"}\n{\"name\":\"b\"}\n", &row).unwrap();
        assert_eq!(lines.lines().count(), 3);
        assert!(with_row("a table\n", &row).is_err());
    }

    #[test]
    fn programs_are_read_from_cargos_report() {
        let report = "{\"reason\":\"compiler-artifact\",\"target\":{\"name\":\"a\"},\
                      \"executable\":\"/t/a\"}\n\
                      {\"reason\":\"compiler-artifact\",\"target\":{\"name\":\"b\"},\
                      \"executable\":null}\n{\"reason\":\"build-finished\",\"success\":true}\n";
        assert_eq!(
            executables(report),
            [("a".to_owned(), PathBuf::from("/t/a"))]
        );
    }
}
