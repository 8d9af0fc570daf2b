//! The paths a file mentions, in `use` trees and in code, with the modules they stand in.

use crate::arch::lexer::{Token, closer};

/// A path as written, flattened out of its `use` tree where it stood in one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Mention {
    pub(crate) segments: Vec<String>,
    pub(crate) line: usize,
    /// The inline modules around it, outermost first.
    pub(crate) inside: Vec<String>,
    pub(crate) role: Role,
}

/// What a path is mentioned for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Role {
    /// In code.
    Code,
    /// Imported under a name of its own.
    Import,
    /// Re-exported, visible outside the module under this name (`*` for all).
    ReExport(String),
}

/// A module that a file declares without a body.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Declaration {
    pub(crate) name: String,
    pub(crate) inside: Vec<String>,
    /// Whether an attribute puts its file elsewhere.
    pub(crate) is_moved: bool,
    pub(crate) line: usize,
}

/// Everything a file says about paths and modules.
#[derive(Debug, Default)]
pub(crate) struct Outline {
    pub(crate) mentions: Vec<Mention>,
    pub(crate) declarations: Vec<Declaration>,
    /// Modules with a body in this file, each as its path within the file.
    pub(crate) inline: Vec<Vec<String>>,
}

pub(crate) fn outline(tokens: &[Token]) -> Outline {
    let mut outline = Outline::default();
    let mut around: Vec<(String, usize)> = Vec::new();
    let mut is_public = false;
    let mut is_moved = false;
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        around.retain(|(_, close)| at < *close);
        let inside = || {
            around
                .iter()
                .map(|(name, _)| name.clone())
                .collect::<Vec<_>>()
        };
        let next = tokens.get(at + 1);
        let was_public = std::mem::take(&mut is_public);
        match token.word() {
            Some("pub") => {
                is_public = true;
                // `pub(in crate::a)` names a module to limit the view, not to import from it.
                at = match next {
                    Some(next) if next.is('(') => closer(tokens, at + 1) + 1,
                    _ => at + 1,
                };
            }
            Some("mod") => {
                let name = next.and_then(Token::word).map(str::to_owned);
                match (name, tokens.get(at + 2)) {
                    (Some(name), Some(after)) if after.is(';') => {
                        outline.declarations.push(Declaration {
                            name,
                            inside: inside(),
                            is_moved,
                            line: token.line,
                        });
                    }
                    (Some(name), Some(after)) if after.is('{') => {
                        around.push((name, closer(tokens, at + 2)));
                        let path = around.iter().map(|(name, _)| name.clone()).collect();
                        outline.inline.push(path);
                    }
                    _ => {}
                }
                is_moved = false;
                at += 2;
            }
            Some("path")
                if tokens
                    .get(at.wrapping_sub(1))
                    .is_some_and(|one| one.is('[')) =>
            {
                is_moved = next.is_some_and(|next| next.is('='));
                at += 1;
            }
            Some("use") => {
                let mut flat = Vec::new();
                let end = use_tree(tokens, at + 1, &[], &mut flat);
                for (segments, name) in flat {
                    outline.mentions.push(Mention {
                        segments,
                        line: token.line,
                        inside: inside(),
                        role: if was_public {
                            Role::ReExport(name)
                        } else {
                            Role::Import
                        },
                    });
                }
                at = end.max(at + 1);
            }
            Some(_) if begins_path(tokens, at) => {
                let (segments, end) = path(tokens, at);
                outline.mentions.push(Mention {
                    segments,
                    line: token.line,
                    inside: inside(),
                    role: Role::Code,
                });
                at = end;
            }
            _ => at += 1,
        }
    }
    outline
}

fn is_separator(tokens: &[Token], at: usize) -> bool {
    tokens.get(at).is_some_and(|one| one.is(':'))
        && tokens.get(at + 1).is_some_and(|one| one.is(':'))
}

/// A word before `::` that is not itself behind `Type::` or `>::`.
fn begins_path(tokens: &[Token], at: usize) -> bool {
    if !is_separator(tokens, at + 1) {
        return false;
    }
    if at < 2 || !is_separator(tokens, at - 2) {
        return true;
    }
    let before = at.checked_sub(3).and_then(|before| tokens.get(before));
    !before.is_some_and(|one| one.word().is_some() || one.is('>'))
}

fn path(tokens: &[Token], mut at: usize) -> (Vec<String>, usize) {
    let mut segments = Vec::new();
    while let Some(word) = tokens.get(at).and_then(Token::word) {
        segments.push(word.to_owned());
        at += 1;
        if !is_separator(tokens, at) {
            break;
        }
        at += 2;
    }
    (segments, at)
}

/// Flattens one `use` tree; gives back the index behind it.
fn use_tree(
    tokens: &[Token],
    mut at: usize,
    prefix: &[String],
    flat: &mut Vec<(Vec<String>, String)>,
) -> usize {
    if is_separator(tokens, at) {
        at += 2;
    }
    let (mut segments, mut at) = path(tokens, at);
    let mut full = prefix.to_vec();
    full.append(&mut segments);
    match tokens.get(at) {
        Some(open) if open.is('{') => {
            let close = closer(tokens, at);
            at += 1;
            while at < close {
                at = use_tree(tokens, at, &full, flat).max(at + 1);
                if tokens.get(at).is_some_and(|one| one.is(',')) {
                    at += 1;
                }
            }
            return close + 1;
        }
        Some(star) if star.is('*') => {
            flat.push((full, "*".to_owned()));
            return at + 1;
        }
        _ => {}
    }
    // `use a::b::{self}` names `a::b` itself.
    if full.len() > 1 && full.last().is_some_and(|last| last == "self") {
        full.pop();
    }
    let mut name = full.last().cloned().unwrap_or_default();
    if tokens.get(at).is_some_and(|one| one.says("as")) {
        if let Some(alias) = tokens.get(at + 1).and_then(Token::word) {
            alias.clone_into(&mut name);
        }
        at += 2;
    }
    if !full.is_empty() {
        flat.push((full, name));
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arch::lexer::tokens;

    fn mentions(text: &str) -> Vec<String> {
        outline(&tokens(text))
            .mentions
            .iter()
            .map(|one| match &one.role {
                Role::Code => one.segments.join("::"),
                Role::Import => format!("use {}", one.segments.join("::")),
                Role::ReExport(name) => format!("pub use {} as {name}", one.segments.join("::")),
            })
            .collect()
    }

    #[test]
    fn a_use_tree_is_flattened() {
        assert_eq!(
            mentions("use crate::{a::{self, B as C}, d::*, e}; pub(crate) use f::G;"),
            [
                "use crate::a",
                "use crate::a::B",
                "use crate::d",
                "use crate::e",
                "pub use f::G as G",
            ]
        );
    }

    #[test]
    fn paths_in_code_are_found_whole() {
        assert_eq!(
            mentions(
                "fn a(b: std::fs::File) -> Vec::<u8> { ::std::env::var(x); <T as c::D>::e() }"
            ),
            ["std::fs::File", "Vec", "std::env::var", "c::D"]
        );
    }

    #[test]
    fn the_limit_of_a_view_is_no_mention() {
        assert!(mentions("pub(in crate::a) struct B; pub(super) fn c() {}").is_empty());
    }

    #[test]
    fn modules_are_told_by_whether_they_have_a_body() {
        let found = outline(&tokens(
            "mod a { mod b; use super::c; } #[path = \"x.rs\"] mod d;",
        ));
        let declared: Vec<_> = found
            .declarations
            .iter()
            .map(|one| (one.inside.join("::"), one.name.as_str(), one.is_moved))
            .collect();
        assert_eq!(
            declared,
            [("a".to_owned(), "b", false), (String::new(), "d", true)]
        );
        assert_eq!(found.inline, [vec!["a".to_owned()]]);
        assert_eq!(found.mentions[0].inside, ["a"]);
    }
}
