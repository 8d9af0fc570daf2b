//! The architecture command: each law of the design is read off the sources and manifests.

mod floors;
mod imports;
mod law;
mod lexer;
mod makers;
mod manifest;
mod paths;
mod places;
mod promises;
mod purity;
mod shape;
mod silence;
mod tree;

#[cfg(test)]
mod fixture;

use crate::{
    arch::{
        law::{Finding, Law, Weight},
        tree::Tree,
    },
    error::Error,
    metadata::Workspace,
    outcome::{Format, Outcome},
};

/// `cargo xtask arch`.
pub(crate) fn run(workspace: &Workspace, format: Format) -> Result<Outcome, Error> {
    let tree = Tree::read(workspace)?;
    let findings = judge(&tree);
    let broken: Vec<Law> = Law::ALL
        .into_iter()
        .filter(|law| is_broken(*law, &findings))
        .collect();
    match format {
        Format::Json => println!("{}", as_json(&findings)),
        Format::Text => {
            for law in Law::ALL {
                let mark = if broken.contains(&law) {
                    "broken"
                } else {
                    "holds"
                };
                println!("{mark:<8}{:<10}{}", law.name(), law.sentence());
            }
            for finding in &findings {
                println!("{finding}");
            }
            println!(
                "arch: {} passed, {} failed",
                Law::ALL.len() - broken.len(),
                broken.len()
            );
        }
    }
    Ok(Outcome::of(broken.is_empty()))
}

fn judge(tree: &Tree) -> Vec<Finding> {
    let mut findings = floors::check(&tree.packages);
    for check in [
        imports::check,
        makers::check,
        manifest::check_features,
        manifest::check_lints,
        places::check,
        promises::check,
        purity::check,
        shape::check_files,
        shape::check_names,
        shape::check_size,
        silence::check_silence,
        silence::check_unsafe,
    ] {
        findings.extend(check(tree));
    }
    findings.sort_by(|left, right| {
        (left.law, &left.place, &left.message).cmp(&(right.law, &right.place, &right.message))
    });
    findings.dedup();
    findings
}

fn is_broken(law: Law, findings: &[Finding]) -> bool {
    findings
        .iter()
        .any(|finding| finding.law == law && finding.weight == Weight::Breach)
}

fn as_json(findings: &[Finding]) -> serde_json::Value {
    let laws: Vec<serde_json::Value> = Law::ALL
        .into_iter()
        .map(|law| {
            serde_json::json!({
                "law": law.name(),
                "sentence": law.sentence(),
                "holds": !is_broken(law, findings),
            })
        })
        .collect();
    serde_json::json!({ "laws": laws, "findings": findings })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_warning_does_not_break_a_law_and_a_breach_does() {
        let warning = Finding::at(Law::Size, Path::new("a.rs"), "is long").into_warning();
        assert!(!is_broken(Law::Size, std::slice::from_ref(&warning)));
        let breach = Finding::at(Law::Size, Path::new("a.rs"), "is longer");
        assert!(is_broken(Law::Size, &[warning, breach]));
    }

    #[test]
    fn every_law_stands_in_the_json_with_its_name() {
        let breach = Finding::at(Law::Unsafe, Path::new("a.rs"), "x");
        let json = as_json(&[breach]);
        let laws = json["laws"].as_array().unwrap();
        assert_eq!(laws.len(), Law::ALL.len());
        for (law, shown) in Law::ALL.into_iter().zip(laws) {
            assert_eq!(shown["law"], law.name());
            assert_eq!(shown["holds"], law != Law::Unsafe);
        }
        assert_eq!(json["findings"][0]["law"], "unsafe");
    }
}
