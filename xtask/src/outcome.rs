//! What a command comes to, and how it says so.

use clap::ValueEnum;

/// How a command writes its result to standard output.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub(crate) enum Format {
    Json,
    #[default]
    Text,
}

/// What a command came to when it could do its work.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Outcome {
    Failed,
    Passed,
}

impl Outcome {
    pub(crate) fn of(has_passed: bool) -> Self {
        if has_passed {
            Self::Passed
        } else {
            Self::Failed
        }
    }
}
