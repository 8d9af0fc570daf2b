//! The CI command: everything that must hold before a push, in the order in which a failure is
//! cheapest to learn of, each step timed.

mod examples;
mod features;
mod report;

use std::process::Command;

use crate::{
    arch, bench,
    ci::report::{Report, Step},
    demo::{self, Product},
    error::Error,
    interrupt::Interrupt,
    metadata::Workspace,
    outcome::{Format, Outcome},
    process::{capture, cargo, described, now, run as run_program},
    servers::Servers,
    test,
};

/// `cargo xtask ci`.
pub(crate) fn run(workspace: &Workspace, interrupt: &Interrupt) -> Result<Outcome, Error> {
    let mut report = Report::new();
    let result = run_steps(workspace, interrupt, &mut report);
    report.print();
    match result {
        // A step that could not do its work is in the table, and its reason was said.
        Ok(()) | Err(Error::Interrupted) if interrupt.came() => Err(Error::Interrupted),
        Ok(()) => Ok(report.outcome()),
        Err(error) => Err(error),
    }
}

fn run_steps(
    workspace: &Workspace,
    interrupt: &Interrupt,
    report: &mut Report,
) -> Result<(), Error> {
    let mut servers = None;
    for step in Step::ALL {
        eprintln!("xtask: ci: {}", step.name());
        let begun = now();
        let outcome = run_step(step, workspace, interrupt, &mut servers);
        report.note(
            step,
            matches!(outcome, Ok(Outcome::Passed)),
            begun.elapsed(),
        );
        if outcome? == Outcome::Failed {
            break;
        }
    }
    Ok(())
}

fn run_step(
    step: Step,
    workspace: &Workspace,
    interrupt: &Interrupt,
    servers: &mut Option<Servers>,
) -> Result<Outcome, Error> {
    let locked = ["--locked"];
    match step {
        Step::Format => pass(cargo(["fmt", "--all", "--check"]), workspace, interrupt),
        Step::Architecture => arch::run(workspace, Format::Text),
        Step::Lints => {
            let mut command = cargo(["clippy", "--workspace", "--all-targets", "--locked"]);
            command.args(["--", "-D", "warnings"]);
            pass(command, workspace, interrupt)
        }
        Step::Servers => {
            *servers = Some(Servers::start(interrupt)?);
            Ok(Outcome::Passed)
        }
        Step::Tests => {
            let commands = test::whole(&locked);
            test::run_tests(workspace, interrupt, up(servers.as_ref())?, commands)
        }
        Step::Examples => examples::run(workspace, interrupt, up(servers.as_ref())?),
        Step::Documentation => {
            let mut command = cargo(["doc", "--workspace", "--no-deps", "--locked"]);
            command.env("RUSTDOCFLAGS", "-D warnings");
            pass(command, workspace, interrupt)
        }
        Step::Features => features::run(workspace, interrupt),
        Step::Demo => tour(Product::Shielded, workspace, interrupt),
        Step::Naive => tour(Product::Naive, workspace, interrupt),
        Step::Benches => bench::check(workspace, interrupt, up(servers.as_ref())?),
    }
}

fn tour(product: Product, workspace: &Workspace, interrupt: &Interrupt) -> Result<Outcome, Error> {
    let mut command = cargo(["run", "--release", "--locked", "--", "demo", "--once"]);
    command
        .args(["--format", "json"])
        .args((product == Product::Naive).then_some("--naive"))
        .current_dir(&workspace.root);
    eprintln!("xtask: {}", described(&command));
    let toured = capture(command, interrupt)?;
    match demo::judge(product, toured.status.code(), &toured.stdout) {
        Ok(summary) => {
            println!("demo: {summary}");
            Ok(Outcome::Passed)
        }
        Err(reason) => {
            eprintln!("xtask: demo: {reason}");
            Ok(Outcome::Failed)
        }
    }
}

fn pass(
    mut command: Command,
    workspace: &Workspace,
    interrupt: &Interrupt,
) -> Result<Outcome, Error> {
    command.current_dir(&workspace.root);
    Ok(Outcome::of(run_program(command, interrupt)?.success()))
}

fn up(servers: Option<&Servers>) -> Result<&Servers, Error> {
    servers.ok_or_else(|| Error::Server {
        server: "test server",
        reason: "no step started it".to_owned(),
        log: String::new(),
    })
}
