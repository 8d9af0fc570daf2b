//! The laws by name, and what is found against them.

use std::{fmt, path::Path};

use serde::Serialize;

/// A law of the architecture; each has one check.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Law {
    Features,
    Files,
    Floors,
    Imports,
    Lints,
    Makers,
    Names,
    Places,
    Promises,
    Purity,
    Silence,
    Size,
    Unsafe,
}

impl Law {
    pub(crate) const ALL: [Self; 13] = [
        Self::Features,
        Self::Files,
        Self::Floors,
        Self::Imports,
        Self::Lints,
        Self::Makers,
        Self::Names,
        Self::Places,
        Self::Promises,
        Self::Purity,
        Self::Silence,
        Self::Size,
        Self::Unsafe,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Features => "features",
            Self::Files => "files",
            Self::Floors => "floors",
            Self::Imports => "imports",
            Self::Lints => "lints",
            Self::Makers => "makers",
            Self::Names => "names",
            Self::Places => "places",
            Self::Promises => "promises",
            Self::Purity => "purity",
            Self::Silence => "silence",
            Self::Size => "size",
            Self::Unsafe => "unsafe",
        }
    }

    pub(crate) fn sentence(self) -> &'static str {
        match self {
            Self::Features => "features are off by default, documented, and named after the thing",
            Self::Files => {
                "a module is `foo.rs` beside `foo/`, never `mod.rs`, and lies in its place"
            }
            Self::Floors => "imports point down; crates of one floor do not import one another",
            Self::Imports => "no two files import each other",
            Self::Lints => "every crate takes the lints of the workspace and none of its own",
            Self::Makers => "proofs have private fields and no derived maker",
            Self::Names => "names are nouns of the thing; a crate is called as its folder",
            Self::Places => "no absolute path of a machine in any file",
            Self::Promises => "every promise names a test that exists",
            Self::Purity => "core and sql have no I/O and no runtime",
            Self::Silence => "no lint is silenced with `allow`",
            Self::Size => "a file ends at 800 lines; above 500 it says why",
            Self::Unsafe => "no `unsafe`",
        }
    }
}

/// A breach fails the check, a warning asks for a look.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Weight {
    Breach,
    Warning,
}

/// One thing found against a law, where, and what to do.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub(crate) struct Finding {
    pub(crate) law: Law,
    pub(crate) weight: Weight,
    pub(crate) place: String,
    pub(crate) message: String,
}

impl Finding {
    pub(crate) fn at(law: Law, path: &Path, message: impl Into<String>) -> Self {
        Self {
            law,
            weight: Weight::Breach,
            place: path.display().to_string(),
            message: message.into(),
        }
    }

    pub(crate) fn on(law: Law, path: &Path, line: usize, message: impl Into<String>) -> Self {
        let mut finding = Self::at(law, path, message);
        finding.place = format!("{}:{line}", finding.place);
        finding
    }

    pub(crate) fn into_warning(mut self) -> Self {
        self.weight = Weight::Warning;
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let weight = match self.weight {
            Weight::Breach => "",
            Weight::Warning => "warning: ",
        };
        let (law, place, message) = (self.law.name(), &self.place, &self.message);
        write!(formatter, "{weight}[{law}] {place}: {message}")
    }
}
