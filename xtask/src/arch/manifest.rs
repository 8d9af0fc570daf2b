//! Laws `features` and `lints`: what a member's manifest says.

use std::path::Path;

use crate::{
    arch::{
        law::{Finding, Law},
        tree::Tree,
    },
    metadata::Package,
};

/// The facade and the command line tool work when added without a word; nobody else decides
/// for the user.
const DEFAULTS_ALLOWED: [&str; 2] = ["tenantshield", "tenantshield-cli"];

pub(crate) fn check_features(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in &tree.packages {
        let mut breach = |message| {
            findings.push(Finding::at(Law::Features, &package.manifest_path, message));
        };
        let default = package.features.get("default");
        let is_free = DEFAULTS_ALLOWED.contains(&package.name.as_str());
        if !is_free && default.is_some_and(|default| !default.is_empty()) {
            breach(format!("`{}` turns features on by default", package.name));
        }
        if !is_free && default.is_none() && !package.features.is_empty() {
            breach(format!("`{}` does not say `default = []`", package.name));
        }
        let documentation = documentation(tree, package);
        for feature in package.features.keys().filter(|name| *name != "default") {
            if package.is_published() && !documentation.contains(&format!("`{feature}`")) {
                breach(format!(
                    "feature `{feature}` is not in the crate's documentation (as `` `{feature}` ``)"
                ));
            }
        }
    }
    findings
}

pub(crate) fn check_lints(tree: &Tree) -> Vec<Finding> {
    tree.packages
        .iter()
        .filter_map(|package| {
            let path = &package.manifest_path;
            let message = judge_lints(tree.text(path)?)?;
            Some(Finding::at(Law::Lints, path, message))
        })
        .collect()
}

fn judge_lints(manifest: &str) -> Option<String> {
    let table: toml::Table = match toml::from_str(manifest) {
        Ok(table) => table,
        Err(error) => return Some(format!("cannot be read: {}", error.message())),
    };
    let Some(lints) = table.get("lints").and_then(toml::Value::as_table) else {
        return Some("has no `[lints] workspace = true`".to_owned());
    };
    if lints.get("workspace").and_then(toml::Value::as_bool) != Some(true) || lints.len() != 1 {
        return Some(
            "has lints of its own; `[lints]` says `workspace = true` and no more".to_owned(),
        );
    }
    None
}

/// What the crate's root says about the crate.
fn documentation(tree: &Tree, package: &Package) -> String {
    package
        .targets
        .iter()
        .filter(|target| target.is_shipped())
        .filter_map(|target| tree.rust(Path::new(&target.src_path)))
        .flat_map(|file| file.text.lines())
        .filter_map(|line| line.strip_prefix("//!"))
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arch::fixture::tree_of;

    fn messages(name: &str, features: &[(&str, &[&str])], docs: &str) -> Vec<String> {
        let mut tree = tree_of(name, &[("src/lib.rs", docs)]);
        tree.packages[0].features = features
            .iter()
            .map(|(name, list)| {
                let list = list.iter().map(|&one| one.to_owned()).collect();
                ((*name).to_owned(), list)
            })
            .collect();
        check_features(&tree)
            .into_iter()
            .map(|finding| finding.message)
            .collect()
    }

    const AXUM: (&str, &[&str]) = ("axum", &["dep:axum"]);
    const DOCS: &str = "//! Features: `axum`.";

    #[test]
    fn a_feature_that_is_on_by_default_is_a_breach_outside_the_faces() {
        let features = [("default", &["axum"][..]), AXUM];
        let found = messages("tenantshield-tower", &features, DOCS);
        assert_eq!(found, ["`tenantshield-tower` turns features on by default"]);
        assert_eq!(messages("tenantshield", &features, DOCS), [""; 0]);
    }

    #[test]
    fn the_default_is_said_even_where_it_is_empty() {
        let found = messages("tenantshield-tower", &[AXUM], DOCS);
        assert_eq!(found, ["`tenantshield-tower` does not say `default = []`"]);
        let said = [("default", &[][..]), AXUM];
        assert_eq!(messages("tenantshield-tower", &said, DOCS), [""; 0]);
    }

    #[test]
    fn a_feature_without_documentation_is_a_breach() {
        let features = [("default", &[][..]), AXUM];
        let found = messages("tenantshield-tower", &features, "//! Nothing. // `axum`");
        assert_eq!(found, [""; 0]);
        let found = messages("tenantshield-tower", &features, "//! Nothing.\n// `axum`");
        assert!(
            found[0].starts_with("feature `axum` is not in"),
            "{found:?}"
        );
    }

    #[test]
    fn lints_come_from_the_workspace_and_nowhere_else() {
        assert_eq!(judge_lints("[lints]\nworkspace = true"), None);
        for manifest in [
            "[package]\nname = \"a\"",
            "[lints]\nworkspace = false",
            "[lints]\nworkspace = true\n[lints.rust]\nunsafe_code = \"allow\"",
            "[lints.clippy]\nall = \"allow\"",
            "not toml",
        ] {
            assert!(judge_lints(manifest).is_some(), "{manifest}");
        }
    }
}
