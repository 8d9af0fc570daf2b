//! What can break in the kit itself, as opposed to what it finds.

use thiserror::Error as ThisError;

/// Why a run could not be carried out.
#[derive(Debug, ThisError)]
#[non_exhaustive]
pub enum Error {
    /// A line of a corpus is not a case.
    #[error(transparent)]
    Corpus(CorpusError),
    /// The guard or the shield could not be set up for the fixture.
    #[error(transparent)]
    Fixture(FixtureError),
    /// A database could not be prepared or did not answer.
    #[error(transparent)]
    Server(ServerError),
}

impl Error {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Corpus(_) => "TS-KIT-001",
            Self::Fixture(_) => "TS-KIT-002",
            Self::Server(_) => "TS-KIT-003",
        }
    }

    /// How to mend it.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Corpus(_) => "write one JSON object a line with id, dialect, sql and expect",
            Self::Fixture(_) => "report it, the fixture of the kit should always stand",
            Self::Server(_) => {
                "start the server, and give the URL of a user that may create databases"
            }
        }
    }

    pub(crate) fn corpus(line: usize, source: serde_json::Error) -> Self {
        Self::Corpus(CorpusError { line, source })
    }

    pub(crate) fn fixture(what: &'static str, source: impl Into<BoxError>) -> Self {
        Self::Fixture(FixtureError {
            what,
            source: source.into(),
        })
    }

    pub(crate) fn server(what: impl Into<String>, source: impl Into<BoxError>) -> Self {
        Self::Server(ServerError {
            what: what.into(),
            source: source.into(),
        })
    }
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A line that is not a case.
#[derive(Debug, ThisError)]
#[error("line {line} of the corpus is not a case")]
pub struct CorpusError {
    line: usize,
    source: serde_json::Error,
}

impl CorpusError {
    /// The line's number, from one.
    pub const fn line(&self) -> usize {
        self.line
    }
}

/// A fixture that could not be set up.
#[derive(Debug, ThisError)]
#[error("the fixture could not be set up: {what}")]
pub struct FixtureError {
    what: &'static str,
    source: BoxError,
}

/// A database that could not be prepared or did not answer.
#[derive(Debug, ThisError)]
#[error("the database failed: {what}")]
pub struct ServerError {
    what: String,
    source: BoxError,
}
