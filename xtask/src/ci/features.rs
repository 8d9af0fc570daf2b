//! Each feature of each published crate builds alone, and each crate builds with none.

use std::process::Command;

use crate::{
    error::Error,
    interrupt::Interrupt,
    metadata::{Package, Workspace},
    outcome::Outcome,
    process::{cargo, described, run as run_program},
};

pub(crate) fn run(workspace: &Workspace, interrupt: &Interrupt) -> Result<Outcome, Error> {
    let mut outcome = Outcome::Passed;
    for mut command in workspace.packages.iter().flat_map(commands) {
        eprintln!("xtask: {}", described(&command));
        command.current_dir(&workspace.root);
        if !run_program(command, interrupt)?.success() {
            outcome = Outcome::Failed;
        }
    }
    Ok(outcome)
}

fn commands(package: &Package) -> Vec<Command> {
    if !package.is_published() {
        return Vec::new();
    }
    let bare = || {
        cargo([
            "check",
            "--quiet",
            "--locked",
            "-p",
            &package.name,
            "--no-default-features",
        ])
    };
    let mut all = vec![bare()];
    for feature in package
        .features
        .keys()
        .filter(|feature| *feature != "default")
    {
        let mut command = bare();
        command.args(["--features", feature]);
        all.push(command);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::Workspace;

    fn lines(publish: &str) -> Vec<String> {
        let json = format!(
            r#"{{"packages": [{{"name": "a", "manifest_path": "/w/a/Cargo.toml",
                "publish": {publish}, "dependencies": [], "targets": [],
                "features": {{"default": ["x"], "x": [], "y": ["x"]}}}}], "workspace_root": "/w"}}"#
        );
        let workspace = Workspace::read(&json).unwrap();
        workspace
            .packages
            .iter()
            .flat_map(commands)
            .map(|one| described(&one))
            .collect()
    }

    #[test]
    fn every_feature_but_the_default_is_built_alone() {
        let bare = "cargo check --quiet --locked -p a --no-default-features";
        let expected = [
            bare.to_owned(),
            format!("{bare} --features x"),
            format!("{bare} --features y"),
        ];
        assert_eq!(lines("null"), expected);
    }

    #[test]
    fn what_is_not_published_is_not_built_by_features() {
        assert_eq!(lines("[]"), [""; 0]);
    }
}
