//! The lexer envelope: what a text must look like before anybody parses it.
//!
//! *Why:* a parser that reads a text otherwise than the database does can be made to overlook a
//! table. The envelope refuses every lexical form in which the two are known to differ, and hands
//! on a text with one statement, numbered placeholders and nothing behind its end.

use std::collections::HashMap;

use crate::code;
use crate::dialect::Dialect;
use crate::lexer::{self, Kind, LexError, Lexeme};
use crate::refusal::Refusal;

/// Highest number a placeholder may bear; the wire format of Postgres ends there.
const MAX_PLACEHOLDER: usize = 65_535;

/// A text that passed, ready to be parsed.
#[derive(Debug)]
pub(crate) struct Envelope {
    /// One statement without its trailing semicolon and comment; placeholders are numbered.
    pub(crate) text: String,
    /// How many values the application has to bind.
    pub(crate) declared: usize,
    /// A trailing `/* … */` that tracing tools wrote, to be appended again.
    pub(crate) trace: Option<String>,
    /// How deep the tree of this text can be at most, in words.
    pub(crate) nesting: usize,
}

/// The bounds of a text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) sql_bytes: usize,
    pub(crate) depth: usize,
    pub(crate) weight: usize,
}

/// Checks `sql` and numbers its placeholders.
pub(crate) fn open(sql: &str, dialect: Dialect, limits: Limits) -> Result<Envelope, Refusal> {
    if sql.len() > limits.sql_bytes {
        return Err(Refusal::new(code::ENV_SIZE, "the text is too long"));
    }
    if sql.contains('\0') {
        return Err(Refusal::new(code::ENV_NUL, "the text holds a nul byte"));
    }
    let lexemes = lexer::scan(sql, dialect).map_err(lexical)?;
    let end = statement_end(&lexemes)?;
    let trace = trailing_comment(sql, &lexemes);
    let statement: Vec<Lexeme> = lexemes
        .into_iter()
        .filter(|lexeme| lexeme.kind != Kind::Comment && lexeme.start < end)
        .collect();
    pairs(sql, &statement)?;
    let nesting = depth(sql, &statement, limits)?;
    let (text, declared) = number(sql, &statement, end, dialect)?;
    Ok(Envelope {
        text,
        declared,
        trace,
        nesting,
    })
}

fn lexical(error: LexError) -> Refusal {
    match error {
        LexError::Character => Refusal::new(
            code::ENV_CHARACTER,
            "a control character or a letter outside ascii stands outside quotes",
        ),
        LexError::Comment => Refusal::new(
            code::ENV_COMMENT,
            "a comment is nested or holds a lone carriage return",
        ),
        LexError::Number => Refusal::new(code::ENV_NUMBER, "a number runs into letters"),
        LexError::Unterminated => {
            Refusal::new(code::ENV_UNTERMINATED, "a quote or a comment has no end")
        }
    }
}

/// Where the one statement ends; a second one is refused.
fn statement_end(lexemes: &[Lexeme]) -> Result<usize, Refusal> {
    let mut end = None;
    let mut last = 0;
    for lexeme in lexemes.iter().filter(|l| l.kind != Kind::Comment) {
        match (lexeme.kind, end) {
            (Kind::Semicolon, None) => end = Some(lexeme.start),
            (_, Some(_)) => {
                return Err(Refusal::new(
                    code::ENV_MULTIPLE,
                    "the text holds more than one statement",
                ));
            }
            (_, None) => last = lexeme.end,
        }
    }
    if last == 0 {
        return Err(Refusal::new(code::ENV_EMPTY, "the text holds no statement"));
    }
    Ok(end.unwrap_or(last))
}

/// The comment behind the last token, where it is of the harmless kind that tracing tools write.
fn trailing_comment(sql: &str, lexemes: &[Lexeme]) -> Option<String> {
    let last = lexemes.last().filter(|l| l.kind == Kind::Comment)?;
    let text = last.text(sql);
    let inner = text.strip_prefix("/*")?.strip_suffix("*/")?;
    let harmless = |c: char| c.is_ascii_alphanumeric() || " _=',.:%-/".contains(c);
    // SECURITY: no `*`, so the comment cannot end early, and no `!`, `+` or `M!` that a server runs.
    (inner.len() <= 1024 && inner.chars().all(harmless) && !inner.contains("/*"))
        .then(|| text.to_owned())
}

/// Refuses runs of tokens that databases read otherwise than the parser.
fn pairs(sql: &str, lexemes: &[Lexeme]) -> Result<(), Refusal> {
    for window in lexemes.windows(2) {
        let [left, right] = window else { continue };
        if left.kind == Kind::String && right.kind == Kind::String {
            return Err(Refusal::new(
                code::ENV_ADJACENT,
                "two string literals stand side by side",
            ));
        }
        let touching = left.end == right.start;
        if touching && right.text(sql) == "&" && left.text(sql).eq_ignore_ascii_case("u") {
            return Err(Refusal::new(
                code::ENV_UNICODE,
                "a unicode escape of a name or a string",
            ));
        }
    }
    for window in lexemes.windows(5) {
        let [word, open, digits, close, literal] = window else {
            continue;
        };
        if word.text(sql).eq_ignore_ascii_case("interval")
            && open.kind == Kind::Open
            && digits.kind == Kind::Number
            && close.kind == Kind::Close
            && literal.kind == Kind::String
        {
            return Err(Refusal::new(
                code::ENV_INTERVAL,
                "an interval literal with a precision",
            ));
        }
    }
    Ok(())
}

/// What a bracket or a join counts, in words: the parser spends most of its stack on these.
const HEAVY: usize = 8;

/// Bounds nesting and the length of operator chains; gives the depth of the tree at most.
///
/// A tree nests by brackets and by chains of words and operators; each table adds a predicate, so
/// commas chain as well, except between the elements of a list.
fn depth(sql: &str, lexemes: &[Lexeme], limits: Limits) -> Result<usize, Refusal> {
    let mut open: Vec<Level> = Vec::new();
    let mut level = Level::default();
    let mut weight = 0_usize;
    let mut deepest = 0_usize;
    for (at, lexeme) in lexemes.iter().enumerate() {
        match lexeme.kind {
            Kind::Open => {
                weight += 1;
                let inner = Level {
                    nesting: level.nesting + HEAVY,
                    element: level.nesting + HEAVY,
                    is_list: !lexemes
                        .get(at + 1)
                        .is_some_and(|next| is_any_word(next.text(sql), &["select", "with"])),
                };
                open.push(std::mem::replace(&mut level, inner));
            }
            Kind::Close => {
                level = open.pop().unwrap_or(level);
                level.nesting += 1;
            }
            Kind::Symbol if level.is_list && lexeme.text(sql) == "," => {
                weight += 1;
                level.nesting = level.element;
            }
            Kind::Symbol => {
                weight += 1;
                level.nesting += 1;
            }
            Kind::Word => {
                weight += 1;
                let is_join = is_any_word(lexeme.text(sql), &["join"]);
                level.nesting += if is_join { HEAVY } else { 1 };
            }
            Kind::Comment
            | Kind::Number
            | Kind::Placeholder
            | Kind::Quoted
            | Kind::Semicolon
            | Kind::String => {}
        }
        deepest = deepest.max(level.nesting);
        if open.len() > limits.depth || weight > limits.weight {
            return Err(Refusal::new(
                code::ENV_DEPTH,
                "the statement is nested too deeply or chains too many operators",
            ));
        }
    }
    Ok(deepest)
}

/// What nests inside one pair of brackets.
#[derive(Clone, Copy, Debug, Default)]
struct Level {
    nesting: usize,
    /// The nesting at the beginning of an element, where commas separate some.
    element: usize,
    is_list: bool,
}

fn is_any_word(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Copies the statement and gives each placeholder its number.
///
/// `SQLite` numbers a bare `?` one above the largest so far and a `:name` likewise at its first
/// occurrence; the text that is rendered later names tenant values by number, so all become `?N`.
fn number(
    sql: &str,
    lexemes: &[Lexeme],
    end: usize,
    dialect: Dialect,
) -> Result<(String, usize), Refusal> {
    let mut text = String::with_capacity(sql.len() + 16);
    let mut copied = 0;
    let mut largest = 0;
    let mut names: HashMap<&str, usize> = HashMap::new();
    for lexeme in lexemes.iter().filter(|l| l.kind == Kind::Placeholder) {
        let raw = lexeme.text(sql);
        let digits = raw.get(1..).unwrap_or_default();
        let index = if raw == "?" {
            largest + 1
        } else if raw.starts_with(['?', '$']) {
            digits
                .parse()
                .ok()
                .filter(|n| (1..=MAX_PLACEHOLDER).contains(n) && !digits.starts_with('0'))
                .ok_or_else(placeholder)?
        } else if raw.starts_with(':') && !digits.starts_with(|c: char| c.is_ascii_digit()) {
            *names.entry(raw).or_insert(largest + 1)
        } else {
            return Err(placeholder());
        };
        largest = largest.max(index);
        if largest > MAX_PLACEHOLDER {
            return Err(placeholder());
        }
        text.push_str(sql.get(copied..lexeme.start).unwrap_or_default());
        text.push_str(&dialect.placeholder(index));
        copied = lexeme.end;
    }
    text.push_str(sql.get(copied..end).unwrap_or_default());
    Ok((text, largest))
}

fn placeholder() -> Refusal {
    Refusal::new(
        code::PLACEHOLDER,
        "a placeholder of another dialect, or a number out of range",
    )
}
