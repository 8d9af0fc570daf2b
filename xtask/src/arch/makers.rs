//! Law `makers`: a proof is made in one place, so its fields are private and nothing that a
//! derive writes can make one.

use std::path::Path;

use crate::arch::{
    law::{Finding, Law},
    lexer::{Token, closer},
    tree::Tree,
};

/// Each proof and the crate that alone makes it.
const PROOFS: [(&str, &str); 2] = [
    ("TenantContext", "tenantshield-core"),
    ("GuardedSql", "tenantshield-sql"),
];

/// Derives that write a constructor anybody can call.
const MAKERS: [&str; 3] = ["Default", "Deserialize", "TenantAware"];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    PROOFS
        .iter()
        .flat_map(|(proof, home)| check_proof(tree, proof, home))
        .collect()
}

fn check_proof(tree: &Tree, proof: &str, home: &str) -> Vec<Finding> {
    let Some(package) = tree.packages.iter().find(|package| package.name == home) else {
        let message = format!("crate `{home}`, the maker of `{proof}`, is absent");
        return vec![Finding::at(Law::Makers, Path::new("Cargo.toml"), message)];
    };
    let sources = package.folder().join("src");
    let mut findings = Vec::new();
    let mut definitions = 0;
    for file in tree
        .rust_of(package)
        .filter(|file| file.path.starts_with(&sources))
    {
        for (at, token) in file.tokens.iter().enumerate() {
            let is_struct = token.says("struct");
            if !is_struct || !file.tokens.get(at + 1).is_some_and(|next| next.says(proof)) {
                continue;
            }
            definitions += 1;
            let mut breach = |line, message| {
                findings.push(Finding::on(Law::Makers, &file.path, line, message));
            };
            for line in public_fields(&file.tokens, at + 2) {
                breach(line, format!("`{proof}` has a field that is not private"));
            }
            for (line, maker) in derived_makers(&file.tokens, at) {
                breach(line, format!("`{proof}` derives `{maker}`, a second maker"));
            }
        }
    }
    if definitions != 1 {
        let message = format!("`{proof}` is defined {definitions} times here, once is the law");
        findings.push(Finding::at(Law::Makers, &package.manifest_path, message));
    }
    findings
}

/// The lines of `pub` right inside the struct's body.
fn public_fields(tokens: &[Token], mut at: usize) -> Vec<usize> {
    while let Some(token) = tokens.get(at) {
        if token.is(';') {
            return Vec::new();
        }
        if token.is('{') || token.is('(') {
            break;
        }
        at += 1;
    }
    let end = closer(tokens, at);
    let mut lines = Vec::new();
    at += 1;
    while at < end {
        let Some(token) = tokens.get(at) else { break };
        if token.says("pub") {
            lines.push(token.line);
            at += 1;
            // `pub(super)` and the like are wider than private, too.
            if tokens.get(at).is_some_and(|next| next.is('(')) {
                at = closer(tokens, at);
            }
        } else if token.is('(') || token.is('[') || token.is('{') {
            at = closer(tokens, at);
        }
        at += 1;
    }
    lines
}

/// Makers named in the attributes above the `struct` at this index.
fn derived_makers(tokens: &[Token], at: usize) -> Vec<(usize, String)> {
    let above = tokens.get(..at).unwrap_or_default();
    above
        .iter()
        .rev()
        .take_while(|token| !(token.is(';') || token.is('}') || token.is('{')))
        .filter_map(|token| Some((token.line, token.word()?)))
        .filter(|(_, word)| MAKERS.contains(word))
        .map(|(line, word)| (line, word.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arch::fixture::tree_of;

    fn messages(text: &str) -> Vec<String> {
        let tree = tree_of("tenantshield-core", &[("src/context.rs", text)]);
        check_proof(&tree, "TenantContext", "tenantshield-core")
            .into_iter()
            .map(|finding| finding.message)
            .collect()
    }

    #[test]
    fn a_field_that_is_not_private_is_a_breach_in_each_form() {
        for text in [
            "pub struct TenantContext { inner: u8, pub tenant: u8 }",
            "pub struct TenantContext { pub(crate) inner: [u8; 2] }",
            "pub struct TenantContext(pub u8);",
            "pub struct TenantContext<'a>(pub(super) &'a u8);",
        ] {
            let found = messages(text);
            assert_eq!(
                found,
                ["`TenantContext` has a field that is not private"],
                "{text}"
            );
        }
    }

    #[test]
    fn a_derived_maker_is_a_breach() {
        let found = messages("#[derive(Clone, Default)] pub struct TenantContext { a: u8 }");
        assert_eq!(found, ["`TenantContext` derives `Default`, a second maker"]);
    }

    #[test]
    fn private_fields_are_fine() {
        let text = "pub struct Other { pub a: u8 }\n#[derive(Clone, Debug)]\n\
                    pub struct TenantContext { inner: Arc<Inner>, f: fn(u8) }";
        assert_eq!(messages(text), [""; 0]);
    }

    #[test]
    fn a_proof_that_cannot_be_found_is_a_breach() {
        assert_eq!(messages("pub struct Tenant;").len(), 1);
        let elsewhere = tree_of("tenantshield-core", &[]);
        assert_eq!(
            check_proof(&elsewhere, "GuardedSql", "tenantshield-sql").len(),
            1
        );
    }
}
