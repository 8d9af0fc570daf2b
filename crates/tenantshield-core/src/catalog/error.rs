//! Why a catalogue cannot be used.

use std::fmt;

/// A catalogue cannot be used.
///
/// # Shape
/// Names the place (`tables.orders.columns`), what is wrong there, and how to mend it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CatalogError {
    origin: Origin,
    place: String,
    problem: String,
    hint: &'static str,
}

/// Where a catalogue comes from.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum Origin {
    File,
    #[default]
    Program,
}

impl CatalogError {
    pub(super) fn new(
        origin: Origin,
        place: impl Into<String>,
        problem: impl Into<String>,
        hint: &'static str,
    ) -> Self {
        let (place, problem) = (one_line(place.into()), one_line(problem.into()));
        Self {
            origin,
            place,
            problem,
            hint,
        }
    }

    /// The stable code: `TS-CFG-002` for a file, `TS-CFG-001` for models and builders.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self.origin {
            Origin::File => "TS-CFG-002",
            Origin::Program => "TS-CFG-001",
        }
    }

    /// How to mend it.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        self.hint
    }

    /// Where it is wrong, as a path of keys; `line N` where the text cannot be read at all.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }
}

impl fmt::Display for CatalogError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "the catalogue is wrong at `{}`: {}",
            self.place, self.problem
        )
    }
}

impl std::error::Error for CatalogError {}

/// Names come from files: a control character in one must not break a log line.
fn one_line(text: String) -> String {
    if !text.contains(char::is_control) {
        return text;
    }
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}
