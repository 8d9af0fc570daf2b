//! Text to tree, raw.
//!
//! *Why:* with its default options the parser un-escapes strings and guesses, on rendering, how
//! they were escaped; a guess that an attacker can steer. Raw parsing keeps every literal and every
//! quoted name byte for byte.

use sqlparser::ast::Statement;
use sqlparser::parser::{Parser, ParserError, ParserOptions};
use sqlparser::tokenizer::Tokenizer;

use crate::code;
use crate::dialect::Dialect;
use crate::refusal::Refusal;

/// Parses exactly one statement.
pub(crate) fn one(text: &str, dialect: Dialect, max_depth: usize) -> Result<Statement, Refusal> {
    // Room for every token at once: the vector would otherwise be moved several times.
    let mut tokens = Vec::with_capacity(text.len() / 2 + 8);
    let mut statements = Tokenizer::new(dialect.grammar(), text)
        .with_unescape(false)
        .tokenize_with_location_into_buf(&mut tokens)
        .map_err(ParserError::from)
        .and_then(|()| {
            Parser::new(dialect.grammar())
                .with_options(ParserOptions::new().with_unescape(false))
                .with_recursion_limit(max_depth.saturating_mul(4))
                .with_tokens_with_locations(tokens)
                .parse_statements()
        })
        .map_err(|error| refusal(&error, text))?;
    match (statements.pop(), statements.is_empty()) {
        (Some(statement), true) => Ok(statement),
        (None, _) => Err(Refusal::new(code::ENV_EMPTY, "the text holds no statement")),
        (Some(_), false) => Err(Refusal::new(
            code::ENV_MULTIPLE,
            "the text holds more than one statement",
        )),
    }
}

/// The parser's own message quotes the statement, so it is not carried on.
fn refusal(error: &ParserError, text: &str) -> Refusal {
    let shorthand = text
        .split_ascii_whitespace()
        .next()
        .is_some_and(|word| word.eq_ignore_ascii_case("table"));
    match error {
        _ if shorthand => Refusal::new(code::TABLE_SHORTHAND, "the table shorthand"),
        ParserError::RecursionLimitExceeded => {
            Refusal::new(code::ENV_DEPTH, "the statement is nested too deeply")
        }
        ParserError::TokenizerError(_) | ParserError::ParserError(_) => Refusal::new(
            code::PARSE,
            "the statement does not parse, or uses a form that the parser does not know",
        ),
    }
}
