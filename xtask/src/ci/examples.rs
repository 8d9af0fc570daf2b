//! Every example runs to its end by itself; one that hangs has failed.

use std::{collections::BTreeSet, process::Command, time::Duration};

use crate::{
    bench::executables,
    error::Error,
    interrupt::Interrupt,
    metadata::Workspace,
    outcome::Outcome,
    process::{capture, cargo, run_within},
    servers::Servers,
};

/// The member whose programs are examples, too.
const MEMBER: &str = "tenantshield-examples";
const LIMIT: Duration = Duration::from_mins(2);

pub(crate) fn run(
    workspace: &Workspace,
    interrupt: &Interrupt,
    servers: &Servers,
) -> Result<Outcome, Error> {
    let wanted = names(workspace);
    if wanted.is_empty() {
        eprintln!("xtask: there is no example to run");
        return Ok(Outcome::Failed);
    }
    let mut command = cargo(["build", "--workspace", "--examples", "--bins", "--locked"]);
    command
        .arg("--message-format=json-render-diagnostics")
        .current_dir(&workspace.root);
    let built = capture(command, interrupt)?;
    if !built.status.success() {
        return Ok(Outcome::Failed);
    }
    let programs: Vec<_> = executables(&built.stdout)
        .into_iter()
        .filter(|(name, _)| wanted.contains(name.as_str()))
        .collect();
    let mut outcome = Outcome::Passed;
    for name in &wanted {
        if !programs.iter().any(|(built, _)| built == name) {
            eprintln!("xtask: example `{name}` was not built");
            outcome = Outcome::Failed;
        }
    }
    for (name, program) in programs {
        eprintln!("xtask: example {name}");
        let mut command = Command::new(program);
        command.current_dir(&workspace.root);
        servers.name_to(&mut command);
        match run_within(command, interrupt, LIMIT)? {
            Some(status) if status.success() => {}
            Some(status) => {
                eprintln!("xtask: example `{name}` failed ({status})");
                outcome = Outcome::Failed;
            }
            None => {
                eprintln!(
                    "xtask: example `{name}` did not end within {} s",
                    LIMIT.as_secs()
                );
                outcome = Outcome::Failed;
            }
        }
    }
    Ok(outcome)
}

fn names(workspace: &Workspace) -> BTreeSet<&str> {
    workspace
        .packages
        .iter()
        .flat_map(|package| package.targets.iter().map(move |target| (package, target)))
        .filter(|(package, target)| {
            target.is("example") || (package.name == MEMBER && target.is("bin"))
        })
        .map(|(_, target)| target.name.as_str())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_of_all_members_and_programs_of_the_examples_member_are_run() {
        let target = |name: &str, kind: &str| {
            format!(r#"{{"name": "{name}", "kind": ["{kind}"], "src_path": "/w/{name}.rs"}}"#)
        };
        let member = |name: &str, targets: &[String]| {
            format!(
                r#"{{"name": "{name}", "manifest_path": "/w/Cargo.toml", "publish": null,
                    "dependencies": [], "features": {{}}, "targets": [{}]}}"#,
                targets.join(",")
            )
        };
        let json = format!(
            r#"{{"packages": [{}, {}], "workspace_root": "/w"}}"#,
            member(
                "tenantshield-cli",
                &[target("cli", "bin"), target("one", "example")]
            ),
            member(MEMBER, &[target("two", "bin"), target("lib", "lib")]),
        );
        let workspace = Workspace::read(&json).unwrap();
        assert_eq!(names(&workspace), BTreeSet::from(["one", "two"]));
    }
}
