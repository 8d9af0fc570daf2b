//! `docs/codes.md` lists every code that the sources give, with its mend, and no other.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use tenantshield::sql::code::{DEFERRED, ENVELOPE, RULES};
use tenantshield::{Refusal, RefusalKind};

/// The rows of every table of the page, by code; a row is its cells, the code's own included.
fn listed() -> BTreeMap<String, Vec<String>> {
    let page = std::fs::read_to_string(root().join("docs/codes.md")).unwrap();
    let mut rows = BTreeMap::new();
    for line in page.lines().filter(|line| line.starts_with("| `TS-")) {
        let cells: Vec<String> = line
            .trim_matches('|')
            .split(" | ")
            .map(|cell| cell.trim().to_owned())
            .collect();
        let code = cells.first().unwrap().trim_matches('`').to_owned();
        if code.ends_with('-') || code.contains("`, `") {
            continue;
        }
        assert!(cells.len() >= 3, "a row without a meaning: {line}");
        assert!(rows.insert(code, cells).is_none(), "listed twice: {line}");
    }
    rows
}

/// Every code that stands as a literal in the shipped part of a source.
fn given() -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    for file in sources(&root().join("crates")) {
        let text = std::fs::read_to_string(&file).unwrap();
        let shipped = text.split("#[cfg(test)]").next().unwrap_or_default();
        for literal in shipped.split('"').skip(1) {
            let is_code = literal.starts_with("TS-")
                && literal.len() > 6
                && literal
                    .bytes()
                    .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-')
                && !literal.ends_with('-');
            if is_code {
                codes.insert(literal.to_owned());
            }
        }
    }
    assert!(codes.len() > 80, "the sources were not found: {codes:?}");
    codes
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        if path.is_dir() && !matches!(name, "tests" | "target") {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") && name != "tests.rs"
        {
            found.push(path);
        }
    }
    found
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn every_code_of_the_guard_is_listed_with_its_mend() {
    let listed = listed();
    for code in ENVELOPE.iter().chain(DEFERRED).chain(RULES) {
        let row = listed.get(code.as_str());
        let mend = row.and_then(|cells| cells.last()).map(String::as_str);
        assert_eq!(mend, Some(code.hint()), "{}", code.as_str());
    }
}

#[test]
fn every_refusal_of_the_shield_is_listed_with_its_mend() {
    let listed = listed();
    for kind in [
        RefusalKind::Conflict,
        RefusalKind::MissingTenant,
        RefusalKind::NotMember,
        RefusalKind::PolicyDenied,
        RefusalKind::Quota,
        RefusalKind::Suspended,
        RefusalKind::Unauthenticated,
        RefusalKind::Unavailable,
        RefusalKind::Unknown,
    ] {
        let refusal = Refusal::new(kind);
        let row = listed.get(refusal.code());
        let mend = row.and_then(|cells| cells.last()).map(String::as_str);
        assert_eq!(mend, Some(refusal.hint()), "{}", refusal.code());
    }
}

#[test]
fn the_page_lists_the_codes_of_the_sources_and_no_other() {
    let listed: BTreeSet<String> = listed().into_keys().collect();
    let given = given();
    let missing: Vec<_> = given.difference(&listed).collect();
    assert!(missing.is_empty(), "not in docs/codes.md: {missing:?}");
    let gone: Vec<_> = listed.difference(&given).collect();
    assert!(
        gone.is_empty(),
        "in docs/codes.md and in no source: {gone:?}"
    );
}
