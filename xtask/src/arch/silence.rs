//! Laws `silence` and `unsafe`: no lint is switched off without a reason, nothing is unsafe.

use crate::arch::{
    law::{Finding, Law},
    lexer::{Token, closer},
    tree::{RustFile, Tree},
};

pub(crate) fn check_silence(tree: &Tree) -> Vec<Finding> {
    tree.rust.iter().flat_map(silenced).collect()
}

pub(crate) fn check_unsafe(tree: &Tree) -> Vec<Finding> {
    let message = "`unsafe` is forbidden; find a safe form or a kept crate that has one";
    tree.rust
        .iter()
        .flat_map(|file| file.tokens.iter().map(move |token| (file, token)))
        .filter(|(_, token)| token.says("unsafe"))
        .map(|(file, token)| Finding::on(Law::Unsafe, &file.path, token.line, message))
        .collect()
}

fn silenced(file: &RustFile) -> Vec<Finding> {
    let tokens = &file.tokens;
    let mut findings = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        if !token.is('#') {
            continue;
        }
        let is_inner = tokens.get(at + 1).is_some_and(|next| next.is('!'));
        let open = at + 1 + usize::from(is_inner);
        if !tokens.get(open).is_some_and(|next| next.is('[')) {
            continue;
        }
        let attribute = tokens.get(open..closer(tokens, open)).unwrap_or_default();
        // Anywhere inside, so that `cfg_attr(…, allow(…))` does not slip through.
        let silence = attribute
            .windows(2)
            .find(|pair| matches!(pair, [word, next] if word.says("allow") && next.is('(')));
        if let Some([word, ..]) = silence {
            let message = "`#[allow]` is silent for ever; say `#[expect(…, reason = \"…\")]`";
            let line = Token::clone(word).line;
            findings.push(Finding::on(Law::Silence, &file.path, line, message));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arch::fixture::tree_of;

    fn places(check: fn(&Tree) -> Vec<Finding>, text: &str) -> Vec<String> {
        check(&tree_of("x", &[("src/a.rs", text)]))
            .into_iter()
            .map(|finding| finding.place)
            .collect()
    }

    #[test]
    fn each_form_of_allow_is_a_breach() {
        for text in [
            "\n#[allow(dead_code)] fn a() {}",
            "\n#![allow(dead_code, reason = \"x\")]",
            "\n#[cfg_attr(test, allow(dead_code))] fn a() {}",
        ] {
            assert_eq!(places(check_silence, text), ["src/a.rs:2"], "{text}");
        }
    }

    #[test]
    fn the_word_allow_elsewhere_is_fine() {
        let text =
            "// #[allow(x)]\n#[expect(dead_code, reason = \"#[allow(y)]\")] fn allow() { allow() }";
        assert_eq!(places(check_silence, text), [""; 0]);
    }

    #[test]
    fn unsafe_is_a_breach_in_code_and_not_in_words() {
        assert_eq!(
            places(check_unsafe, "fn a() {\n unsafe { b() }\n}"),
            ["src/a.rs:2"]
        );
        let words = "// unsafe\n#![forbid(unsafe_code)]\nconst A: &str = \"unsafe\";";
        assert_eq!(places(check_unsafe, words), [""; 0]);
    }
}
