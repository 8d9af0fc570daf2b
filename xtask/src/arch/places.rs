//! Law `places`: no file names an absolute path of the machine it was written on.

use std::path::Path;

use crate::arch::{
    law::{Finding, Law},
    tree::Tree,
};

/// Written in two parts each, for this file is checked, too.
const PLACES: [&str; 3] = [
    concat!("/", "home/"),
    concat!("/", "root/"),
    concat!("/", "work/"),
];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let rust = tree.rust.iter().map(|file| (&file.path, &file.text));
    let texts = tree.texts.iter().map(|file| (&file.path, &file.text));
    rust.chain(texts)
        .flat_map(|(path, text)| check_text(path, text))
        .collect()
}

fn check_text(path: &Path, text: &str) -> Vec<Finding> {
    text.lines()
        .enumerate()
        .filter_map(|(index, line)| {
            let place = PLACES.iter().find(|place| names(line, place))?;
            let message = format!("names `{place}…`, a path of one machine; say it relative");
            Some(Finding::on(Law::Places, path, index + 1, message))
        })
        .collect()
}

/// Whether the line holds the place as the beginning of a path, not as part of a longer one.
fn names(line: &str, place: &str) -> bool {
    line.match_indices(place).any(|(at, _)| {
        !line
            .get(..at)
            .and_then(|before| before.chars().next_back())
            .is_some_and(|before| before.is_alphanumeric() || "._-*}".contains(before))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arch::fixture::tree_of;

    #[test]
    fn a_path_of_a_machine_is_a_breach_in_code_and_in_text() {
        for place in PLACES {
            let text = format!("a\nsee {place}x");
            let quoted = format!("\nconst A: &str = \"{place}x\";");
            let tree = tree_of("x", &[("a.md", &text), ("src/a.rs", &quoted)]);
            let places: Vec<String> = check(&tree).into_iter().map(|one| one.place).collect();
            assert_eq!(places, ["src/a.rs:2", "a.md:2"]);
        }
    }

    #[test]
    fn the_same_letters_inside_a_longer_path_are_fine() {
        let text = PLACES.map(|place| format!("https://example.org{place}x .{place} a{place}"));
        let tree = tree_of("x", &[("a.md", &text.join("\n"))]);
        assert_eq!(check(&tree), []);
    }
}
