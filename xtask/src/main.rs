//! Development commands of the workspace, run as `cargo xtask <command>`.
//!
//! One tool starts the servers, runs the tests, checks the laws of the architecture and calls
//! the rest of CI, so that a machine with a Rust toolchain needs nothing else set up by hand.
//!
//! ```text
//! cargo xtask test                            all tests and doc tests, servers included
//! cargo xtask test -- -p tenantshield-sqlx    the same servers, one crate
//! cargo xtask servers                         servers for `cargo test` in another terminal
//! cargo xtask arch                            the laws of the architecture
//! cargo xtask bench --cold                    every number beside its floor
//! cargo xtask ci                              what must hold before a push
//! ```
//!
//! Modules: `test`, `bench`, `ci` (with `demo`) and `arch` are the commands; `servers` holds
//! `postgres`, `redis` and `mariadb`, each a kind of `server` under an `account`, its programs
//! found or brought by `packages`; `process`, `signal` and `interrupt` run other programs.
//!
//! Servers are private to a run: fresh data in a temporary folder, a random password, a free
//! port on 127.0.0.1. They end with this process however it ends, by the kernel's doing where
//! nothing else can (Linux, `setpriv`); only SIGKILL leaves the temporary folder behind.
//!
//! Exit codes: 0 all is well; 1 a test, a check or a budget failed; 2 the command could not do
//! its work (a server is not to be had, a tool is missing); 130 interrupted.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool speaks through its two streams"
)]

mod account;
mod arch;
mod bench;
mod ci;
mod demo;
mod error;
mod interrupt;
mod mariadb;
mod metadata;
mod outcome;
mod packages;
mod postgres;
mod process;
mod redis;
mod server;
mod servers;
mod signal;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::{
    error::Error,
    interrupt::Interrupt,
    metadata::Workspace,
    outcome::{Format, Outcome},
};

/// Development commands of the `TenantShield` workspace.
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    after_help = "Example: cargo xtask test -- -p tenantshield-sqlx"
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Checks the laws of the architecture on the sources and manifests.
    Arch {
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Builds the benches in release and prints each number beside its floor.
    Bench(bench::Options),
    /// Runs everything that must hold before a push.
    Ci,
    /// Starts private servers, prints their URLs and keeps them up until interrupted.
    Servers {
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Starts private servers, runs all tests and doc tests, stops the servers.
    Test(test::Options),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments.command) {
        Ok(Outcome::Passed) => ExitCode::SUCCESS,
        Ok(Outcome::Failed) => ExitCode::from(1),
        Err(Error::Interrupted) => {
            eprintln!("xtask: interrupted");
            ExitCode::from(130)
        }
        Err(error) => {
            eprintln!("xtask: {}", error::chain(&error));
            ExitCode::from(2)
        }
    }
}

fn run(command: &Command) -> Result<Outcome, Error> {
    let interrupt = Interrupt::install()?;
    let workspace = || Workspace::load(&interrupt);
    match command {
        Command::Arch { format } => arch::run(&workspace()?, *format),
        Command::Bench(options) => bench::run(&workspace()?, &interrupt, options),
        Command::Ci => ci::run(&workspace()?, &interrupt),
        Command::Servers { format } => servers::keep_up(&interrupt, *format),
        Command::Test(options) => test::run(&workspace()?, &interrupt, options),
    }
}
