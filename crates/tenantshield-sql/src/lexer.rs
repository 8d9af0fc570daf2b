//! Where tokens begin and end, as the database sees it.
//!
//! *Why:* the parser's own tokenizer forgives what databases do not, and reads some texts otherwise
//! than they do. This lexer is small enough to be compared with the manuals line by line; it finds
//! nothing but the borders of tokens, and gives up on whatever it cannot place.
//!
//! # Source
//! `PostgreSQL` manual, section 4.1 (Lexical Structure); `SQLite`, `tokenize.c` as documented under
//! "Keywords" and "Literal Values".

use crate::dialect::Dialect;

/// What a run of bytes is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Close,
    Comment,
    Number,
    Open,
    Placeholder,
    Quoted,
    Semicolon,
    String,
    Symbol,
    Word,
}

/// One token: its kind and the bytes it covers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lexeme {
    pub(crate) kind: Kind,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl Lexeme {
    pub(crate) fn text<'t>(&self, sql: &'t str) -> &'t str {
        sql.get(self.start..self.end).unwrap_or_default()
    }
}

/// Why a text has no tokens.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum LexError {
    /// A control character, or a letter outside ASCII, stands outside quotes.
    Character,
    /// A comment that databases end at different places.
    Comment,
    /// A number runs into letters, as in `0x1F`, `1_000` or `1a`.
    Number,
    /// A string, a quoted name or a comment has no end.
    Unterminated,
}

/// Splits `sql` into tokens; white space is dropped, comments are kept.
pub(crate) fn scan(sql: &str, dialect: Dialect) -> Result<Vec<Lexeme>, LexError> {
    let mut lexer = Lexer {
        bytes: sql.as_bytes(),
        at: 0,
        dialect,
    };
    let mut lexemes = Vec::with_capacity(sql.len() / 4);
    while let Some(lexeme) = lexer.next()? {
        lexemes.push(lexeme);
    }
    Ok(lexemes)
}

struct Lexer<'t> {
    bytes: &'t [u8],
    at: usize,
    dialect: Dialect,
}

impl Lexer<'_> {
    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn done(&self) -> bool {
        self.at >= self.bytes.len()
    }

    fn next(&mut self) -> Result<Option<Lexeme>, LexError> {
        while matches!(self.peek(0), b' ' | b'\t' | b'\n' | b'\r') {
            self.at += 1;
        }
        if self.done() {
            return Ok(None);
        }
        let start = self.at;
        let kind = self.token()?;
        Ok(Some(Lexeme {
            kind,
            start,
            end: self.at,
        }))
    }

    fn token(&mut self) -> Result<Kind, LexError> {
        let postgres = self.dialect == Dialect::Postgres;
        match (self.peek(0), self.peek(1)) {
            (b'-', b'-') => self.line_comment(),
            (b'/', b'*') => self.block_comment(),
            (b'\'', _) => self.quoted(b'\'', false, Kind::String),
            (b'"', _) => self.quoted(b'"', false, Kind::Quoted),
            (b'`', _) if !postgres => self.quoted(b'`', false, Kind::Quoted),
            (b'[', _) if !postgres => self.bracketed(),
            (b'$', _) if postgres => self.dollar(),
            (b'?', _) if !postgres => Ok(self.parameter()),
            (b'$' | b'@' | b':' | b'#', next) if !postgres && is_word(next) => Ok(self.parameter()),
            (b'0'..=b'9', _) | (b'.', b'0'..=b'9') => self.number(),
            (first, _) if first.is_ascii_alphabetic() || first == b'_' => self.word(),
            (b'(' | b'[' | b'{', _) => Ok(self.one(Kind::Open)),
            (b')' | b']' | b'}', _) => Ok(self.one(Kind::Close)),
            (b';', _) => Ok(self.one(Kind::Semicolon)),
            (first, _) if first.is_ascii_graphic() => Ok(self.one(Kind::Symbol)),
            _ => Err(LexError::Character),
        }
    }

    fn one(&mut self, kind: Kind) -> Kind {
        self.at += 1;
        kind
    }

    /// A comment to the end of the line. A carriage return alone ends it in one database and not in
    /// another, so it is refused.
    fn line_comment(&mut self) -> Result<Kind, LexError> {
        while !self.done() && self.peek(0) != b'\n' {
            if self.peek(0) == b'\r' && self.peek(1) != b'\n' {
                return Err(LexError::Comment);
            }
            self.at += 1;
        }
        Ok(Kind::Comment)
    }

    /// A bracketed comment. Postgres nests them, `SQLite` does not: an inner opening is refused.
    fn block_comment(&mut self) -> Result<Kind, LexError> {
        self.at += 2;
        loop {
            match (self.peek(0), self.peek(1)) {
                _ if self.done() => return Err(LexError::Unterminated),
                (b'*', b'/') => {
                    self.at += 2;
                    return Ok(Kind::Comment);
                }
                (b'/', b'*') => return Err(LexError::Comment),
                _ => self.at += 1,
            }
        }
    }

    /// From a quote to the same quote; a doubled one belongs to the content, and so does a quote
    /// behind a backslash where `escapes` says so.
    fn quoted(&mut self, quote: u8, escapes: bool, kind: Kind) -> Result<Kind, LexError> {
        self.at += 1;
        loop {
            if self.done() {
                return Err(LexError::Unterminated);
            }
            let byte = self.peek(0);
            let pair = byte == quote && self.peek(1) == quote;
            if pair || (byte == b'\\' && escapes) {
                self.at += 2;
            } else if byte == quote {
                self.at += 1;
                return Ok(kind);
            } else {
                self.at += 1;
            }
        }
    }

    fn bracketed(&mut self) -> Result<Kind, LexError> {
        while self.peek(0) != b']' {
            if self.done() {
                return Err(LexError::Unterminated);
            }
            self.at += 1;
        }
        self.at += 1;
        Ok(Kind::Quoted)
    }

    /// `$1`, or a dollar-quoted string.
    fn dollar(&mut self) -> Result<Kind, LexError> {
        if self.peek(1).is_ascii_digit() {
            self.at += 1;
            while self.peek(0).is_ascii_digit() {
                self.at += 1;
            }
            return if is_word(self.peek(0)) {
                Err(LexError::Number)
            } else {
                Ok(Kind::Placeholder)
            };
        }
        let open = self.at;
        self.at += 1;
        while is_word(self.peek(0)) {
            self.at += 1;
        }
        if self.peek(0) != b'$' {
            return Err(LexError::Character);
        }
        self.at += 1;
        let tag = self.bytes.get(open..self.at).unwrap_or_default();
        while !self.done() {
            if self.bytes.get(self.at..self.at + tag.len()) == Some(tag) {
                self.at += tag.len();
                return Ok(Kind::String);
            }
            self.at += 1;
        }
        Err(LexError::Unterminated)
    }

    fn parameter(&mut self) -> Kind {
        self.at += 1;
        while is_word(self.peek(0)) {
            self.at += 1;
        }
        Kind::Placeholder
    }

    fn number(&mut self) -> Result<Kind, LexError> {
        while self.peek(0).is_ascii_digit() {
            self.at += 1;
        }
        if self.peek(0) == b'.' {
            self.at += 1;
            while self.peek(0).is_ascii_digit() {
                self.at += 1;
            }
        }
        let signed = usize::from(matches!(self.peek(1), b'+' | b'-'));
        if matches!(self.peek(0), b'e' | b'E') && self.peek(1 + signed).is_ascii_digit() {
            self.at += 1 + signed;
            while self.peek(0).is_ascii_digit() {
                self.at += 1;
            }
        }
        if is_word(self.peek(0)) {
            Err(LexError::Number)
        } else {
            Ok(Kind::Number)
        }
    }

    /// A word, or a string with a one-letter prefix such as `E'…'` or `x'…'`.
    fn word(&mut self) -> Result<Kind, LexError> {
        let start = self.at;
        while is_word(self.peek(0)) || (self.peek(0) == b'$' && self.dialect == Dialect::Postgres) {
            self.at += 1;
        }
        if self.at == start + 1 && self.peek(0) == b'\'' {
            let prefix = self
                .bytes
                .get(start)
                .copied()
                .unwrap_or(0)
                .to_ascii_lowercase();
            let known: &[u8] = match self.dialect {
                Dialect::Postgres => b"bexn",
                Dialect::Sqlite => b"x",
            };
            if known.contains(&prefix) {
                let escapes = prefix == b'e' && self.dialect == Dialect::Postgres;
                return self.quoted(b'\'', escapes, Kind::String);
            }
        }
        Ok(Kind::Word)
    }
}

const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}
