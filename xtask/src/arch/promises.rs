//! Law `promises`: every promise in the documentation names a test that exists.
//!
//! A promise is marked in Markdown, or in a doc comment, as
//! `[test: xtask::a_promise_with_its_test_is_kept]`. The first part is the member (with hyphens
//! or underscores), or `crate` for the member the comment stands in; the last part is a test
//! function or the name of a file in `tests/ui`.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use crate::{
    arch::{
        law::{Finding, Law},
        lexer::{Token, closer},
        tree::{RustFile, Tree},
    },
    metadata::Package,
};

const OPEN: &str = "[test:";

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let tests = tests_by_member(tree);
    let markdown = tree
        .texts
        .iter()
        .filter(|file| {
            file.path
                .extension()
                .is_some_and(|extension| extension == "md")
        })
        .flat_map(|file| promises(&file.path, &file.text, |_| true));
    let comments = tree.rust.iter().flat_map(|file| {
        promises(&file.path, &file.text, |line| {
            let line = line.trim_start();
            line.starts_with("//!") || line.starts_with("///")
        })
    });
    markdown
        .chain(comments)
        .filter_map(|promise| judge(&promise, tree, &tests))
        .collect()
}

struct Promise<'a> {
    path: &'a Path,
    line: usize,
    name: String,
}

fn promises<'a>(path: &'a Path, text: &str, counts: impl Fn(&str) -> bool) -> Vec<Promise<'a>> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| counts(line)) {
        for after in line.split(OPEN).skip(1) {
            found.push(Promise {
                path,
                line: index + 1,
                // Without its end it is a name that no test has.
                name: after
                    .split(']')
                    .next()
                    .unwrap_or_default()
                    .trim()
                    .to_owned(),
            });
        }
    }
    found
}

fn judge(
    promise: &Promise<'_>,
    tree: &Tree,
    tests: &BTreeMap<String, BTreeSet<String>>,
) -> Option<Finding> {
    let breach = |message: String| {
        Some(Finding::on(
            Law::Promises,
            promise.path,
            promise.line,
            message,
        ))
    };
    let name = &promise.name;
    let Some((member, rest)) = name.split_once("::") else {
        return breach(format!("`{name}` is not of the form `crate::test_name`"));
    };
    let test = rest.rsplit("::").next().unwrap_or_default();
    let member = match member {
        "crate" => tree
            .packages
            .iter()
            .find(|package| owns(package, promise.path))
            .map(|package| underscored(&package.name)),
        named => Some(underscored(named)),
    };
    match member.and_then(|member| tests.get(&member)) {
        None => breach(format!("`{name}` names no member of the workspace")),
        Some(known) if !known.contains(test) => breach(format!("there is no test `{name}`")),
        Some(_) => None,
    }
}

fn tests_by_member(tree: &Tree) -> BTreeMap<String, BTreeSet<String>> {
    let mut all = BTreeMap::new();
    for package in &tree.packages {
        let mut names = BTreeSet::new();
        for file in tree.rust.iter().filter(|file| owns(package, &file.path)) {
            names.extend(test_functions(file));
            names.extend(compile_test(&file.path));
        }
        all.insert(underscored(&package.name), names);
    }
    all
}

/// Functions below an attribute whose path ends in `test`, also inside macros.
fn test_functions(file: &RustFile) -> Vec<String> {
    let tokens = &file.tokens;
    let mut names = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        if !token.is('#') || !tokens.get(at + 1).is_some_and(|next| next.is('[')) {
            continue;
        }
        let close = closer(tokens, at + 1);
        let attribute = tokens.get(at + 2..close).unwrap_or_default();
        let is_test = attribute
            .iter()
            .take_while(|token| token.word().is_some() || token.is(':'))
            .last()
            .is_some_and(|last| last.says("test"));
        if is_test {
            names.extend(function_below(tokens, close + 1));
        }
    }
    names
}

fn function_below(tokens: &[Token], mut at: usize) -> Option<String> {
    while let Some(token) = tokens.get(at) {
        if token.says("fn") {
            return tokens.get(at + 1)?.word().map(str::to_owned);
        }
        if token.is('#') && tokens.get(at + 1).is_some_and(|next| next.is('[')) {
            at = closer(tokens, at + 1);
        } else if token.is('{') || token.is(';') {
            return None;
        }
        at += 1;
    }
    None
}

/// A file that must not compile is a test named after itself.
fn compile_test(path: &Path) -> Option<String> {
    let folder = path.parent()?;
    if !folder.ends_with("tests/ui") {
        return None;
    }
    Some(path.file_stem()?.to_str()?.to_owned())
}

fn owns(package: &Package, path: &Path) -> bool {
    path.starts_with(package.folder())
}

fn underscored(name: &str) -> String {
    name.replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arch::fixture::tree_of;

    const TESTS: (&str, &str) = (
        "tests/it/main.rs",
        "#[tokio::test(flavor = \"x\")]\n#[ignore]\nasync fn a_is_b() {}\n\
         proptest! { #[test]\nfn c_is_d(x in 0..9) {} }\nfn helper() {}\n#[cfg(test)]\nfn e() {}",
    );

    fn messages(markdown: &str) -> Vec<String> {
        let files = [
            TESTS,
            ("tests/ui/forged_context.rs", "fn main() {}"),
            ("README.md", markdown),
        ];
        check(&tree_of("tenantshield-sql", &files))
            .into_iter()
            .map(|finding| format!("{} {}", finding.place, finding.message))
            .collect()
    }

    #[test]
    fn a_promise_with_its_test_is_kept() {
        let text = "a [test: tenantshield_sql::a_is_b], b [test: tenantshield-sql::it::c_is_d]\n\
                    c [test: tenantshield_sql::ui::forged_context]";
        assert_eq!(messages(text), [""; 0]);
    }

    #[test]
    fn a_promise_without_its_test_is_a_breach() {
        for (text, message) in [
            (
                "\n[test: tenantshield_sql::gone]",
                "there is no test `tenantshield_sql::gone`",
            ),
            (
                "\n[test: tenantshield_sql::helper]",
                "there is no test `tenantshield_sql::helper`",
            ),
            (
                "\n[test: tenantshield_sql::e]",
                "there is no test `tenantshield_sql::e`",
            ),
            (
                "\n[test: other::a_is_b]",
                "`other::a_is_b` names no member of the workspace",
            ),
            (
                "\n[test: a_is_b]",
                "`a_is_b` is not of the form `crate::test_name`",
            ),
        ] {
            assert_eq!(messages(text), [format!("README.md:2 {message}")]);
        }
    }

    #[test]
    fn a_promise_in_a_doc_comment_counts_and_one_in_code_does_not() {
        let text = "//! [test: crate::gone]\nconst A: &str = \"[test: crate::gone]\";";
        let found = check(&tree_of("tenantshield-sql", &[TESTS, ("src/lib.rs", text)]));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].place, "src/lib.rs:1");
    }
}
