//! The one error of this tool: what could not be done, and what to do about it.

use std::{fmt, io, path::PathBuf};

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A file or folder could not be read, written or made.
    #[error("cannot {action} `{}`", path.display())]
    File {
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    /// The person at the terminal, or the machine, asked us to stop.
    #[error("interrupted")]
    Interrupted,
    /// A program wrote something else than it promises to.
    #[error("`{program}` printed what cannot be read: {reason}")]
    Output { program: String, reason: String },
    /// A server's programs are absent and cannot be installed from here.
    #[error("{missing} not found; install with: {command}")]
    Package { missing: String, command: String },
    /// A program could not be started or waited for.
    #[error("cannot run `{program}`")]
    Program { program: String, source: io::Error },
    /// A server did not come up; its last words are in `log`.
    #[error("{server} cannot be started: {reason}{}", indented(log))]
    Server {
        server: &'static str,
        reason: String,
        log: String,
    },
    /// A program that must succeed for the work to go on did not.
    #[error("`{program}` failed ({status})")]
    Status { program: String, status: String },
}

impl Error {
    pub(crate) fn file(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File {
            action,
            path,
            source,
        }
    }

    pub(crate) fn output(program: impl Into<String>, reason: impl fmt::Display) -> Self {
        Self::Output {
            program: program.into(),
            reason: reason.to_string(),
        }
    }
}

/// The error and its causes on one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text.push_str(": ");
        text.push_str(&next.to_string());
        cause = next.source();
    }
    text
}

fn indented(log: &str) -> String {
    log.lines().flat_map(|line| ["\n    ", line]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_of_an_error_stands_behind_it() {
        let error = Error::file("read", "Cargo.lock")(io::Error::other("disk is gone"));
        assert_eq!(chain(&error), "cannot read `Cargo.lock`: disk is gone");
    }

    #[test]
    fn a_servers_last_words_are_shown_below_the_reason() {
        let error = Error::Server {
            server: "PostgreSQL",
            reason: "it ended".to_owned(),
            log: "FATAL: no space\nHINT: buy some".to_owned(),
        };
        assert_eq!(
            error.to_string(),
            "PostgreSQL cannot be started: it ended\n    FATAL: no space\n    HINT: buy some"
        );
    }
}
