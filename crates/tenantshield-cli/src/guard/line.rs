//! Input lines: bounded in length, one JSON object each, no key twice.

use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, BufRead};

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The longest line that is read; longer ones are refused and skipped to their end.
pub(super) const LINE_LIMIT: usize = 8 * 1024 * 1024;

/// One line of input.
#[derive(Debug)]
pub(super) enum Input {
    Statement { id: Box<RawValue>, sql: String },
    Unreadable(&'static str),
}

/// Reads lines without ever holding more than the limit.
#[derive(Debug)]
pub(super) struct Lines<R> {
    input: R,
    buffer: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    pub(super) const fn new(input: R) -> Self {
        Self {
            input,
            buffer: Vec::new(),
        }
    }

    /// The next line that is not blank; none at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Input>> {
        loop {
            self.buffer.clear();
            let Some(complete) = self.fill()? else {
                return Ok(None);
            };
            if !complete {
                return Ok(Some(Input::Unreadable("the line is too long")));
            }
            if !self.buffer.iter().all(u8::is_ascii_whitespace) {
                return Ok(Some(parsed(&self.buffer)));
            }
        }
    }

    /// Reads up to the next newline; false when the line was cut, none at the end of input.
    fn fill(&mut self) -> io::Result<Option<bool>> {
        let (mut complete, mut any) = (true, false);
        loop {
            let chunk = match self.input.fill_buf() {
                Ok(chunk) => chunk,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(e),
            };
            if chunk.is_empty() {
                return Ok(any.then_some(complete));
            }
            any = true;
            let end = chunk.iter().position(|byte| *byte == b'\n');
            let line = chunk.get(..end.unwrap_or(chunk.len())).unwrap_or_default();
            if self.buffer.len() + line.len() > LINE_LIMIT {
                complete = false;
                self.buffer.clear();
            } else if complete {
                self.buffer.extend_from_slice(line);
            }
            let consumed = end.map_or(chunk.len(), |end| end + 1);
            self.input.consume(consumed);
            if end.is_some() {
                return Ok(Some(complete));
            }
        }
    }
}

fn parsed(line: &[u8]) -> Input {
    let Ok(text) = std::str::from_utf8(line) else {
        return Input::Unreadable("the line is not utf-8");
    };
    match serde_json::from_str::<Question>(text) {
        Ok(Question { id, sql }) => Input::Statement { id, sql },
        Err(_) => Input::Unreadable(
            "the line is not one json object with a string `sql` and no key given twice",
        ),
    }
}

struct Question {
    id: Box<RawValue>,
    sql: String,
}

impl<'de> Deserialize<'de> for Question {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(QuestionVisitor)
    }
}

struct QuestionVisitor;

impl<'de> Visitor<'de> for QuestionVisitor {
    type Value = Question;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with a string `sql`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Question, A::Error> {
        let (mut id, mut sql) = (None, None);
        let mut seen = BTreeSet::new();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "id" => id = Some(map.next_value::<Box<RawValue>>()?),
                "sql" => sql = Some(map.next_value::<String>()?),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
            // SECURITY: readers disagree about which of two equal keys counts.
            if !seen.insert(key) {
                return Err(A::Error::custom("a key is given twice"));
            }
        }
        let sql = sql.ok_or_else(|| A::Error::missing_field("sql"))?;
        Ok(Question {
            id: id.unwrap_or_else(|| RawValue::NULL.to_owned()),
            sql,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::{Input, LINE_LIMIT, Lines};

    fn all(input: &[u8]) -> Vec<Input> {
        // A small buffer makes lines come in pieces.
        let mut lines = Lines::new(BufReader::with_capacity(7, input));
        std::iter::from_fn(|| lines.next().unwrap()).collect()
    }

    #[test]
    fn a_line_over_the_limit_is_refused_and_the_next_one_read() {
        let mut input = vec![b'x'; LINE_LIMIT + 1];
        input.extend_from_slice(b"\n{\"sql\":\"SELECT 1\"}");
        let lines = all(&input);
        assert!(matches!(
            lines[0],
            Input::Unreadable("the line is too long")
        ));
        assert!(matches!(&lines[1], Input::Statement { sql, .. } if sql == "SELECT 1"));
        assert_eq!(lines.len(), 2);
    }

    #[test]
    fn a_line_at_the_limit_is_read() {
        let frame = "{\"sql\":\"\"}".len();
        let sql = "x".repeat(LINE_LIMIT - frame);
        let lines = all(format!("{{\"sql\":\"{sql}\"}}\n").as_bytes());
        assert!(matches!(&lines[0], Input::Statement { sql: read, .. } if *read == sql));
    }

    #[test]
    fn an_id_of_any_kind_is_kept_as_it_was_written() {
        for id in [
            "1",
            "1.50",
            "\"a\\u0041\"",
            "[1, {\"b\": null}]",
            "123456789012345678901234",
        ] {
            let lines = all(format!("{{\"id\":{id},\"sql\":\"SELECT 1\"}}").as_bytes());
            assert!(matches!(&lines[0], Input::Statement { id: kept, .. } if kept.get() == id));
        }
    }
}
