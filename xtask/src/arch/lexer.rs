//! Rust source as tokens with line numbers, comments and the insides of literals left out.
//!
//! A check on text alone would trip over comments and strings; a full parse would lose what
//! stands inside macros. Tokens are enough for every law here.

/// A token and the line it begins on, counted from 1.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) line: usize,
}

/// What a token is; literals and lifetimes carry nothing, no law asks what they say.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Lifetime,
    Literal,
    Punct(char),
    Word(String),
}

impl Token {
    pub(crate) fn word(&self) -> Option<&str> {
        match &self.kind {
            Kind::Word(word) => Some(word),
            Kind::Lifetime | Kind::Literal | Kind::Punct(_) => None,
        }
    }

    pub(crate) fn is(&self, punct: char) -> bool {
        self.kind == Kind::Punct(punct)
    }

    pub(crate) fn says(&self, word: &str) -> bool {
        self.word() == Some(word)
    }
}

/// Reads a whole file.
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let mut reader = Reader {
        chars: text.chars().collect(),
        at: 0,
        line: 1,
    };
    let mut found = Vec::new();
    while let Some(next) = reader.peek(0) {
        let line = reader.line;
        if let Some(kind) = reader.token(next) {
            found.push(Token { kind, line });
        }
    }
    found
}

/// The index of the bracket that closes the one at `open`, or the end of the file.
pub(crate) fn closer(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate().skip(open) {
        match token.kind {
            Kind::Punct('(' | '[' | '{') => depth += 1,
            Kind::Punct(')' | ']' | '}') => depth = depth.saturating_sub(1),
            Kind::Lifetime | Kind::Literal | Kind::Punct(_) | Kind::Word(_) => continue,
        }
        if depth == 0 {
            return index;
        }
    }
    tokens.len()
}

struct Reader {
    chars: Vec<char>,
    at: usize,
    line: usize,
}

impl Reader {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn bump(&mut self) {
        if self.peek(0) == Some('\n') {
            self.line += 1;
        }
        self.at += 1;
    }

    fn skip(&mut self, count: usize) {
        for _ in 0..count {
            self.bump();
        }
    }

    fn skip_while(&mut self, wanted: impl Fn(char) -> bool) {
        while self.peek(0).is_some_and(&wanted) {
            self.bump();
        }
    }

    /// One token, or `None` for what is no token (white space, comments).
    fn token(&mut self, next: char) -> Option<Kind> {
        match (next, self.peek(1)) {
            (blank, _) if blank.is_whitespace() => {
                self.bump();
                None
            }
            ('/', Some('/')) => {
                self.skip_while(|one| one != '\n');
                None
            }
            ('/', Some('*')) => {
                self.block_comment();
                None
            }
            ('"', _) => Some(self.quoted('"')),
            ('\'', _) => Some(self.quote_or_lifetime()),
            (digit, _) if digit.is_ascii_digit() => Some(self.number()),
            (letter, _) if starts_word(letter) => Some(self.word_or_literal()),
            (punct, _) => {
                self.bump();
                Some(Kind::Punct(punct))
            }
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0_usize;
        while let Some(next) = self.peek(0) {
            match (next, self.peek(1)) {
                ('/', Some('*')) => {
                    depth += 1;
                    self.skip(2);
                }
                ('*', Some('/')) => {
                    depth -= 1;
                    self.skip(2);
                    if depth == 0 {
                        return;
                    }
                }
                _ => self.bump(),
            }
        }
    }

    fn quoted(&mut self, quote: char) -> Kind {
        self.bump();
        while let Some(next) = self.peek(0) {
            self.bump();
            if next == '\\' {
                self.bump();
            } else if next == quote {
                break;
            }
        }
        Kind::Literal
    }

    fn quote_or_lifetime(&mut self) -> Kind {
        if self.peek(1) == Some('\\') || self.peek(2) == Some('\'') {
            return self.quoted('\'');
        }
        self.bump();
        self.skip_while(continues_word);
        Kind::Lifetime
    }

    fn number(&mut self) -> Kind {
        self.skip_while(continues_word);
        if self.peek(0) == Some('.') && self.peek(1).is_some_and(|next| next.is_ascii_digit()) {
            self.bump();
            self.skip_while(continues_word);
        }
        Kind::Literal
    }

    fn word_or_literal(&mut self) -> Kind {
        let mut word = String::new();
        while let Some(next) = self.peek(0).filter(|next| continues_word(*next)) {
            word.push(next);
            self.bump();
        }
        match (word.as_str(), self.peek(0)) {
            ("b" | "c", Some('"')) => self.quoted('"'),
            ("b", Some('\'')) => self.quoted('\''),
            ("br" | "cr" | "r", Some('"' | '#')) => self.raw(word),
            _ => Kind::Word(word),
        }
    }

    /// After a raw prefix: a raw string, a raw identifier, or the prefix as a word of its own.
    fn raw(&mut self, prefix: String) -> Kind {
        let mut hashes = 0;
        while self.peek(hashes) == Some('#') {
            hashes += 1;
        }
        match self.peek(hashes) {
            Some('"') => {
                self.skip(hashes + 1);
                while self.peek(0).is_some() {
                    let ends = self.peek(0) == Some('"')
                        && (1..=hashes).all(|ahead| self.peek(ahead) == Some('#'));
                    self.bump();
                    if ends {
                        self.skip(hashes);
                        break;
                    }
                }
                Kind::Literal
            }
            Some(letter) if hashes == 1 && prefix == "r" && starts_word(letter) => {
                self.bump();
                self.word_or_literal()
            }
            _ => Kind::Word(prefix),
        }
    }
}

fn starts_word(letter: char) -> bool {
    letter == '_' || letter.is_alphabetic()
}

fn continues_word(letter: char) -> bool {
    letter == '_' || letter.is_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        tokens(text)
            .iter()
            .filter_map(Token::word)
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn comments_and_literals_say_nothing() {
        let text = r###"// a
            /* b /* c */ d */ e "f \" g" r##"h " "# i"## b"j" 'k' '\'' br"l" c"m" 1.5e3 n"###;
        assert_eq!(words(text), ["e", "n"]);
    }

    #[test]
    fn lifetimes_and_raw_names_are_told_from_literals() {
        let text = "fn f<'a>(r#type: &'a str, r: u8) { 'x' }";
        assert_eq!(words(text), ["fn", "f", "type", "str", "r", "u8"]);
        let lifetimes = tokens(text)
            .iter()
            .filter(|one| one.kind == Kind::Lifetime)
            .count();
        assert_eq!(lifetimes, 2);
    }

    #[test]
    fn lines_are_counted_through_strings_and_comments() {
        let found = tokens("\"a\nb\" /* \n */ x\ny");
        let lines: Vec<usize> = found.iter().map(|token| token.line).collect();
        assert_eq!(lines, [1, 3, 4]);
    }

    #[test]
    fn a_bracket_finds_its_closer() {
        let found = tokens("f(a, [b]) c");
        assert_eq!(closer(&found, 1), 7);
        assert_eq!(closer(&found, 4), 6);
        assert_eq!(closer(&tokens("( ("), 0), 2);
    }
}
