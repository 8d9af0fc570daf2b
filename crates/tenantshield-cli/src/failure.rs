//! Why a verb could not do its work at all.

use std::fmt::Display;
use std::io;

/// A message for standard error and the exit code that goes with it.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    exit: u8,
}

impl Failure {
    /// Arguments or files that cannot be used.
    pub(crate) fn unusable(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            exit: 2,
        }
    }

    /// Something broke while the work went on.
    pub(crate) fn broken(message: impl Display) -> Self {
        Self {
            message: message.to_string(),
            exit: 2,
        }
    }

    pub(crate) fn io(what: &str, error: &io::Error) -> Self {
        Self {
            message: format!("could not {what}: {error}"),
            exit: 3,
        }
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    pub(crate) const fn exit(&self) -> u8 {
        self.exit
    }
}
