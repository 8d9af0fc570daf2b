//! Law `purity`: `core` and `sql` have no I/O and no runtime, neither in their sources nor
//! through anything they depend on.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use serde::Deserialize;

use crate::{
    arch::{
        law::{Finding, Law},
        paths::outline,
        tree::Tree,
    },
    metadata::Package,
};

const PURE: [&str; 2] = ["tenantshield-core", "tenantshield-sql"];

/// Crates that bring a runtime, a socket, a file or a database with them.
const IMPURE: [&str; 16] = [
    "async-io",
    "async-std",
    "diesel",
    "hyper",
    "libsqlite3-sys",
    "mio",
    "reqwest",
    "rusqlite",
    "smol",
    "socket2",
    "sqlx",
    "sqlx-core",
    "tempfile",
    "tokio",
    "tokio-postgres",
    "ureq",
];

/// Doors out of the process in the standard library; a name stands for all below it.
const DOORS: [&str; 9] = [
    "std::env",
    "std::fs",
    "std::io::stderr",
    "std::io::stdin",
    "std::io::stdout",
    "std::net",
    "std::os",
    "std::process",
    "tokio",
];

#[derive(Deserialize)]
struct Lock {
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    #[serde(default)]
    dependencies: Vec<String>,
}

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let pure = || {
        tree.packages
            .iter()
            .filter(|one| PURE.contains(&one.name.as_str()))
    };
    let mut findings: Vec<Finding> = pure().flat_map(|one| check_sources(tree, one)).collect();
    match tree.text(Path::new("Cargo.lock")).map(read_lock) {
        Some(Ok(lock)) => {
            findings.extend(pure().filter_map(|one| check_dependencies(one, &lock)));
        }
        Some(Err(reason)) => {
            findings.push(Finding::at(Law::Purity, Path::new("Cargo.lock"), reason));
        }
        None => findings.push(Finding::at(
            Law::Purity,
            Path::new("Cargo.lock"),
            "is absent, so that nobody can tell what core and sql bring with them",
        )),
    }
    findings
}

fn check_sources(tree: &Tree, package: &Package) -> Vec<Finding> {
    let sources = package.folder().join("src");
    let mut findings = Vec::new();
    for file in tree
        .rust_of(package)
        .filter(|file| file.path.starts_with(&sources) && !file.path.ends_with("tests.rs"))
    {
        for mention in outline(&file.shipped()).mentions {
            let path = mention.segments.join("::");
            let door = DOORS
                .iter()
                .find(|door| path == **door || path.starts_with(&format!("{door}::")));
            if let Some(door) = door {
                let message = format!(
                    "`{path}` leaves the process through `{door}`; pass the value in, or put a \
                     seam in its place"
                );
                findings.push(Finding::on(Law::Purity, &file.path, mention.line, message));
            }
        }
    }
    findings
}

fn check_dependencies(package: &Package, lock: &BTreeMap<String, Vec<String>>) -> Option<Finding> {
    let mut chains: Vec<Vec<&str>> = package
        .dependencies
        .iter()
        .filter(|dependency| !dependency.is_dev())
        .map(|dependency| vec![dependency.name.as_str()])
        .collect();
    let mut seen = BTreeSet::new();
    while let Some(chain) = chains.pop() {
        let name = *chain.last()?;
        if IMPURE.contains(&name) {
            let message = format!("brings `{name}` with it: {}", chain.join(" → "));
            return Some(Finding::at(Law::Purity, &package.manifest_path, message));
        }
        // Members list their test dependencies in the lock file too; they are judged alone.
        if seen.insert(name) && !PURE.contains(&name) {
            for next in lock.get(name).into_iter().flatten() {
                let mut longer = chain.clone();
                longer.push(next);
                chains.push(longer);
            }
        }
    }
    None
}

fn read_lock(text: &str) -> Result<BTreeMap<String, Vec<String>>, String> {
    let lock: Lock = toml::from_str(text).map_err(|error| error.to_string())?;
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in lock.package {
        let names = package
            .dependencies
            .iter()
            // An entry may say `name version`; versions of one name are judged together.
            .filter_map(|entry| entry.split(' ').next())
            .map(str::to_owned);
        all.entry(package.name).or_default().extend(names);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{arch::fixture::tree_of, metadata::Dependency};

    const LOCK: &str = r#"
        [[package]]
        name = "thing"
        version = "1.0.0"
        dependencies = ["mio 1.0.0", "serde"]
        [[package]]
        name = "mio"
        version = "1.0.0"
    "#;

    fn source(text: &str) -> Vec<String> {
        let files = [("src/lib.rs", text), ("Cargo.lock", LOCK)];
        check(&tree_of("tenantshield-core", &files))
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn each_door_out_of_the_process_is_a_breach() {
        for text in [
            "use std::fs;",
            "use std::{sync::Arc, env::var};",
            "fn f() { std::process::abort() }",
            "fn f() { ::std::net::TcpStream::connect(x) }",
            "use tokio::time::sleep;",
            "macro_rules! m { () => { std::io::stdout() } }",
        ] {
            assert_eq!(source(text).len(), 1, "{text}");
        }
    }

    #[test]
    fn what_stays_in_the_process_is_fine() {
        let text =
            "use std::{io::Write, sync::Arc, thread}; // std::fs\nconst A: &str = \"std::env\";";
        assert_eq!(source(text), [""; 0]);
        assert_eq!(source("#[cfg(test)] mod tests { use std::fs; }"), [""; 0]);
    }

    #[test]
    fn a_runtime_behind_a_dependency_is_a_breach_that_names_the_way() {
        let mut tree = tree_of("tenantshield-sql", &[("Cargo.lock", LOCK)]);
        let mut depend = |kind: Option<&str>| {
            tree.packages[0].dependencies = vec![Dependency {
                name: "thing".to_owned(),
                kind: kind.map(str::to_owned),
            }];
            check(&tree)
        };
        let found = depend(None);
        assert_eq!(found[0].message, "brings `mio` with it: thing → mio");
        assert!(depend(Some("dev")).is_empty());
    }

    #[test]
    fn a_workspace_without_a_lock_file_cannot_be_judged() {
        assert_eq!(check(&tree_of("tenantshield-core", &[])).len(), 1);
    }
}
