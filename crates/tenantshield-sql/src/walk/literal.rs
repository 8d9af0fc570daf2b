//! Literals, placeholders, labels and types.

use sqlparser::ast::{DataType, Ident, Value};

use super::Walk;
use super::expression::unhandled;
use crate::allow;
use crate::code;
use crate::dialect::Dialect;
use crate::name;
use crate::refusal::Refusal;

impl Walk<'_> {
    pub(super) fn literal(&self, value: &Value) -> Result<(), Refusal> {
        let postgres = self.dialect() == Dialect::Postgres;
        match value {
            Value::Number(_, long) if *long => Err(unhandled()),
            Value::Number(..)
            | Value::SingleQuotedString(_)
            | Value::HexStringLiteral(_)
            | Value::Boolean(_)
            | Value::Null => Ok(()),
            Value::DollarQuotedString(_)
            | Value::EscapedStringLiteral(_)
            | Value::SingleQuotedByteStringLiteral(_)
                if postgres =>
            {
                Ok(())
            }
            Value::Placeholder(text) => self.placeholder(text),
            _ => Err(unhandled()),
        }
    }

    /// The envelope numbered all placeholders; any other form reached the parser by another road.
    fn placeholder(&self, text: &str) -> Result<(), Refusal> {
        let marker = match self.dialect() {
            Dialect::Postgres => '$',
            Dialect::Sqlite => '?',
        };
        text.strip_prefix(marker)
            .and_then(|digits| digits.parse::<usize>().ok())
            .filter(|index| (1..=self.declared).contains(index))
            .map(|_index| ())
            .ok_or_else(|| Refusal::new(code::PLACEHOLDER, "a placeholder of another dialect"))
    }

    pub(super) fn data_type(&self, data_type: &DataType) -> Result<(), Refusal> {
        let allowed = match data_type {
            DataType::Custom(custom, modifiers) => {
                let parts: Vec<String> = name::parts(custom)?
                    .into_iter()
                    .map(|part| self.stored(part))
                    .collect();
                modifiers
                    .iter()
                    .all(|m| m.bytes().all(|b| b.is_ascii_digit()))
                    && (allow::named_type(&parts, self.dialect())
                        || self.rules.functions.contains(&parts.join(".")))
            }
            other => allow::data_type(other, self.dialect(), &|inner| {
                self.data_type(inner).is_ok()
            }),
        };
        if allowed {
            Ok(())
        } else {
            Err(Refusal::new(
                code::TYPE,
                "a cast to a type that is not on the allow-list",
            ))
        }
    }
}

/// A name that the statement gives; single-quoted ones are literals to some databases.
pub(super) fn label(label: &Ident) -> Result<(), Refusal> {
    if label.quote_style == Some('\'') {
        Err(Refusal::new(code::ALIAS, "an alias in single quotes"))
    } else {
        Ok(())
    }
}
