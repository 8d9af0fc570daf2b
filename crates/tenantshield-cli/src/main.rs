//! `tenantshield`: the command line of the multi-tenant enforcement engine.
//!
//! | verb | does |
//! |---|---|
//! | `demo` | serves a small product, attacks it with and without the shield |
//! | `guard` | judges SQL statements as a co-process, one JSON object a line |
//! | `explain` | shows what the guard makes of one statement, and why |
//! | `catalog check` | checks a catalogue file |
//!
//! Statements for `MySQL` are refused with `TS-SQL-DIALECT`, as this build has no guard for them.

mod catalog;
mod cli;
mod demo;
mod explain;
mod failure;
mod guard;
mod judge;
mod style;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser as _;

use self::cli::{CatalogVerb, Cli, Verb};
use self::failure::Failure;
use self::style::Style;

fn main() -> ExitCode {
    let done = match Cli::parse().verb {
        Verb::Catalog(CatalogVerb::Check(arguments)) => catalog::check(&arguments),
        Verb::Demo(arguments) => demo::run(&arguments),
        Verb::Explain(arguments) => explain::run(&arguments),
        Verb::Guard(arguments) => guard::run(&arguments),
    };
    done.unwrap_or_else(|failure| report(&failure))
}

fn report(failure: &Failure) -> ExitCode {
    let mut err = io::stderr().lock();
    let word = Style::of(&err).bad("error:");
    // With standard error gone, the exit code is all that is left to say.
    drop(writeln!(err, "{word} {}", failure.message()));
    ExitCode::from(failure.exit())
}
