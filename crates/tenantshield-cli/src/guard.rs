//! `tenantshield guard`: a co-process that judges one statement a line.

mod answer;
mod line;

use std::io::{self, BufWriter, Write as _};
use std::process::ExitCode;

use self::answer::Answer;
use self::line::{Input, Lines};
use crate::cli::GuardArguments;
use crate::failure::Failure;
use crate::judge::Judge;

/// Judges every line of standard input.
pub(crate) fn run(arguments: &GuardArguments) -> Result<ExitCode, Failure> {
    let judge = Judge::new(&arguments.options, Some(&arguments.tenant))?;
    let mut lines = Lines::new(io::stdin().lock());
    let mut out = BufWriter::new(io::stdout().lock());
    while let Some(input) = lines
        .next()
        .map_err(|e| Failure::io("read standard input", &e))?
    {
        let answer = match &input {
            Input::Statement { id, sql } => Answer::judged(&judge, id, sql, arguments.inline),
            Input::Unreadable(reason) => Answer::unreadable(reason),
        };
        serde_json::to_writer(&mut out, &answer)
            .map_err(io::Error::from)
            .and_then(|()| out.write_all(b"\n"))
            // A co-process must not keep an answer back while it waits for the next question.
            .and_then(|()| out.flush())
            .map_err(|e| Failure::io("write the answer", &e))?;
    }
    Ok(ExitCode::SUCCESS)
}
