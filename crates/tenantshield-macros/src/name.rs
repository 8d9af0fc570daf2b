//! Default table names: the struct's name in snake case, and nothing cleverer.
//!
//! Plurals are not guessed: a guess that is wrong names another table, and a guard that covers
//! another table covers nothing.

/// Turns a Rust type name into snake case: `OrderLine` becomes `order_line`.
///
/// A run of capitals is one word (`HTTPLog` becomes `http_log`); digits stay with the word
/// before them.
pub(crate) fn snake_case(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut out = String::with_capacity(name.len() + 4);
    for (index, letter) in letters.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|at| letters.get(at));
        let after = letters.get(index + 1);
        if letter.is_uppercase() && starts_word(before, after) {
            out.push('_');
        }
        out.extend(letter.to_lowercase());
    }
    out
}

fn starts_word(before: Option<&char>, after: Option<&char>) -> bool {
    let Some(before) = before else { return false };
    if *before == '_' {
        return false;
    }
    !before.is_uppercase() || after.is_some_and(|letter| letter.is_lowercase())
}

#[cfg(test)]
mod tests {
    use super::snake_case;

    #[test]
    fn words_are_split_at_capitals_and_never_pluralised() {
        for (name, table) in [
            ("Order", "order"),
            ("OrderLine", "order_line"),
            ("HTTPLog", "http_log"),
            ("Order2", "order2"),
            ("V2Order", "v2_order"),
            ("A", "a"),
            ("Plan_B", "plan_b"),
            ("already_snake", "already_snake"),
        ] {
            assert_eq!(snake_case(name), table, "{name}");
        }
    }
}
