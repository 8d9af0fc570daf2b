//! Law `imports`: no two files of a crate import each other.
//!
//! A declaration (`mod child;`) and the re-export of a child's item are how a parent shows its
//! children, not imports. An import through such a re-export counts for the file that holds the
//! item. What is compiled for tests only is free.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use crate::arch::{
    law::{Finding, Law},
    paths::{Declaration, Mention, Outline, Role, outline},
    tree::Tree,
};

/// A chain of re-exports longer than this is somebody's puzzle, not a module tree.
const LONGEST_CHAIN: usize = 8;

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    tree.packages
        .iter()
        .flat_map(|package| &package.targets)
        .filter(|target| target.is_shipped())
        .flat_map(|target| {
            let mut modules = Modules::default();
            modules.enter(tree, &target.src_path, Vec::new());
            let mut found = std::mem::take(&mut modules.findings);
            found.extend(modules.mutual());
            found
        })
        .collect()
}

/// The module tree of one crate.
#[derive(Debug, Default)]
struct Modules {
    /// Each module, inline ones too, with the file it is written in.
    files: BTreeMap<Vec<String>, PathBuf>,
    outlines: Vec<(Vec<String>, PathBuf, Outline)>,
    /// Where a name that a module re-exports comes from.
    shown: BTreeMap<(Vec<String>, String), Vec<String>>,
    findings: Vec<Finding>,
}

impl Modules {
    fn enter(&mut self, tree: &Tree, path: &Path, module: Vec<String>) {
        let Some(file) = tree.rust(path) else {
            return;
        };
        let outline = outline(&file.shipped());
        self.files.insert(module.clone(), path.to_path_buf());
        for inline in &outline.inline {
            let inner = joined(&module, inline);
            self.files.insert(inner, path.to_path_buf());
        }
        let folder = if module.is_empty() {
            path.parent().unwrap_or(Path::new("")).to_path_buf()
        } else {
            path.with_extension("")
        };
        for child in &outline.declarations {
            self.declare(tree, path, &folder, &module, child);
        }
        self.outlines.push((module, path.to_path_buf(), outline));
    }

    fn declare(
        &mut self,
        tree: &Tree,
        path: &Path,
        folder: &Path,
        module: &[String],
        child: &Declaration,
    ) {
        let mut place = folder.to_path_buf();
        place.extend(&child.inside);
        place.push(format!("{}.rs", child.name));
        if child.is_moved || tree.rust(&place).is_none() {
            let message = format!(
                "module `{}` is not in `{}`, where a reader and this check look for it",
                child.name,
                place.display()
            );
            let finding = Finding::on(Law::Files, path, child.line, message);
            self.findings.push(finding);
            return;
        }
        let mut inner = joined(module, &child.inside);
        inner.push(child.name.clone());
        self.enter(tree, &place, inner);
    }

    fn mutual(&mut self) -> Vec<Finding> {
        self.note_re_exports();
        let mut edges: BTreeMap<(&Path, &Path), (usize, String)> = BTreeMap::new();
        for (module, file, outline) in &self.outlines {
            for mention in &outline.mentions {
                let here = joined(module, &mention.inside);
                let Some(target) = self.absolute(&here, &mention.segments) else {
                    continue;
                };
                let Some((home, other)) = self.home(&target) else {
                    continue;
                };
                let shows_child =
                    matches!(mention.role, Role::ReExport(_)) && home.starts_with(&here);
                if other != file && !shows_child {
                    edges
                        .entry((file, other))
                        .or_insert_with(|| (mention.line, mention.segments.join("::")));
                }
            }
        }
        let mut seen = BTreeSet::new();
        let mut findings = Vec::new();
        for ((from, to), (line, path)) in &edges {
            if let Some((back_line, back_path)) = edges.get(&(*to, *from))
                && seen.insert((from.min(to), from.max(to)))
            {
                let message = format!(
                    "imports `{path}` while {}:{back_line} imports `{back_path}` from here; \
                     move what both need into a third file",
                    to.display()
                );
                findings.push(Finding::on(Law::Imports, from, *line, message));
            }
        }
        findings
    }

    fn note_re_exports(&mut self) {
        let mut shown = BTreeMap::new();
        for (module, _, outline) in &self.outlines {
            for Mention {
                segments,
                inside,
                role,
                ..
            } in &outline.mentions
            {
                let here = joined(module, inside);
                if let Role::ReExport(name) = role
                    && name != "*"
                    && let Some(target) = self.absolute(&here, segments)
                {
                    shown.insert((here, name.clone()), target);
                }
            }
        }
        self.shown = shown;
    }

    /// The path from the crate's root, or `None` for what lies outside the crate.
    fn absolute(&self, here: &[String], segments: &[String]) -> Option<Vec<String>> {
        let (first, rest) = segments.split_first()?;
        match first.as_str() {
            "crate" => Some(rest.to_vec()),
            "self" => Some(joined(here, rest)),
            "super" => {
                let (_, above) = here.split_last()?;
                match rest.first().map(String::as_str) {
                    Some("super") => self.absolute(above, rest),
                    _ => Some(joined(above, rest)),
                }
            }
            child => {
                let mut path = here.to_vec();
                path.push(child.to_owned());
                self.files.contains_key(&path).then(|| joined(&path, rest))
            }
        }
    }

    /// The module that holds the item of an absolute path, and its file.
    fn home(&self, target: &[String]) -> Option<(Vec<String>, &Path)> {
        let mut target = target.to_vec();
        for _ in 0..LONGEST_CHAIN {
            let length = (0..=target.len()).rev().find(|length| {
                target
                    .get(..*length)
                    .is_some_and(|head| self.files.contains_key(head))
            })?;
            let (module, rest) = target.split_at_checked(length)?;
            let origin = rest
                .split_first()
                .and_then(|(name, rest)| {
                    let origin = self.shown.get(&(module.to_vec(), name.clone()))?;
                    Some(joined(origin, rest))
                })
                .filter(|origin| *origin != target);
            match origin {
                Some(origin) => target = origin,
                None => return Some((module.to_vec(), self.files.get(module)?)),
            }
        }
        None
    }
}

fn joined(head: &[String], tail: &[String]) -> Vec<String> {
    head.iter().chain(tail).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arch::fixture::tree_of;

    fn messages(files: &[(&str, &str)]) -> Vec<String> {
        check(&tree_of("tenantshield-core", files))
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    const ROOT: (&str, &str) = ("src/lib.rs", "mod a; mod b;");

    #[test]
    fn two_files_that_import_each_other_are_a_breach() {
        let found = messages(&[
            ROOT,
            ("src/a.rs", "use crate::b::B;\npub struct A;"),
            ("src/b.rs", "\npub struct B(super::a::A);"),
        ]);
        assert_eq!(found.len(), 1);
        let expected = "[imports] src/a.rs:1: imports `crate::b::B` while src/b.rs:2 imports \
                        `super::a::A` from here";
        assert!(found[0].starts_with(expected), "{found:?}");
    }

    #[test]
    fn a_parent_and_a_child_that_use_each_other_are_a_breach() {
        let found = messages(&[
            ("src/lib.rs", "mod a;"),
            ("src/a.rs", "mod c; pub struct A; fn f() { c::g() }"),
            ("src/a/c.rs", "use super::A; pub fn g() {}"),
        ]);
        assert_eq!(found.len(), 1, "{found:?}");
    }

    #[test]
    fn an_import_through_a_re_export_counts_for_the_file_that_holds_the_item() {
        let through = ("src/b.rs", "use crate::A; pub struct B;");
        let root = ("src/lib.rs", "mod a; mod b; pub use a::A;");
        let one_way = [root, through, ("src/a.rs", "pub struct A;")];
        assert_eq!(messages(&one_way), [""; 0]);
        let both_ways = [
            root,
            through,
            ("src/a.rs", "use crate::b::B; pub struct A;"),
        ];
        assert_eq!(messages(&both_ways).len(), 1);
    }

    #[test]
    fn declaring_and_showing_a_child_is_no_import() {
        let found = messages(&[
            ("src/lib.rs", "mod a; pub use a::A; pub struct Root;"),
            ("src/a.rs", "use crate::Root; pub struct A(Root);"),
        ]);
        assert_eq!(found, [""; 0]);
    }

    #[test]
    fn tests_may_import_what_they_test() {
        let found = messages(&[
            ROOT,
            ("src/a.rs", "use crate::b::B; pub struct A;"),
            (
                "src/b.rs",
                "pub struct B; #[cfg(test)] mod tests { use crate::a::A; }",
            ),
        ]);
        assert_eq!(found, [""; 0]);
    }

    #[test]
    fn a_module_out_of_its_place_is_a_breach() {
        let found = messages(&[
            ("src/lib.rs", "#[path = \"other.rs\"] mod a;\nmod lost;"),
            ("src/other.rs", ""),
        ]);
        assert_eq!(found.len(), 2);
        assert!(
            found[0].starts_with("[files] src/lib.rs:1: module `a`"),
            "{found:?}"
        );
        assert!(
            found[1].starts_with("[files] src/lib.rs:2: module `lost`"),
            "{found:?}"
        );
    }
}
