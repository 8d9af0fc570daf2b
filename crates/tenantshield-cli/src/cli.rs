//! The command line: verbs, options and their help.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Runs each statement of a multi-tenant product as exactly one tenant, or not at all.
#[derive(Debug, Parser)]
#[command(name = "tenantshield", version, disable_help_subcommand = true)]
#[command(after_help = "\
Example:
  tenantshield demo --once")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Serve a small product, attack it with and without the shield, and show the outcome.
    ///
    /// An invoicing product with three tenants is opened in a fresh temporary folder and served
    /// over HTTP on the loopback address, once without the shield and once with it. Then each
    /// attack of the tour is run against both.
    #[command(after_help = "\
Exit code: 0 when nothing leaked, 1 when something did, 2 when the demo could not run.

Examples:
  tenantshield demo                        attack, then stay up to be tried by hand
  tenantshield demo --once                 attack and end
  tenantshield demo --naive --once         see what leaks without the shield
  tenantshield demo --format json          one JSON object, for programs")]
    Demo(DemoArguments),

    /// Judge SQL statements from standard input, one JSON object a line.
    ///
    /// Reads lines {"id": …, "sql": "…"} and answers each, in order and at once, with
    /// {"id", "verdict": "admit"|"rewrite"|"refuse", "sql", "binds", "code", "reason"}.
    #[command(after_help = "\
Exit code: 0 when every line was judged, whatever the verdicts; 2 on unusable arguments or an
unusable catalogue.

Example:
  echo '{\"id\": 1, \"sql\": \"SELECT * FROM orders\"}' |
    tenantshield guard --catalog tenants.toml --dialect postgres --tenant acme")]
    Guard(GuardArguments),

    /// Show what the guard makes of one statement, and why.
    #[command(after_help = "\
Exit code: 0 when the statement is admitted, 1 when it is refused, 2 on unusable arguments or an
unusable catalogue.

Example:
  tenantshield explain 'DELETE FROM orders' --catalog tenants.toml --dialect postgres")]
    Explain(ExplainArguments),

    /// Work with catalogue files.
    #[command(subcommand)]
    Catalog(CatalogVerb),
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Format {
    Json,
    Text,
}

/// A dialect's name; not every one has a guard in this build.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum DialectName {
    #[value(help = "not guarded yet: every statement is refused")]
    Mysql,
    Postgres,
    Sqlite,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum BarrierName {
    /// Guard every condition of the application against rows of others.
    Always,
    /// Guard the conditions that can raise or leak on row data.
    Auto,
    /// Add plain predicates only; right only above row-level security.
    Never,
}

#[derive(Args, Debug)]
pub(crate) struct DemoArguments {
    /// End after the tour.
    #[arg(long)]
    pub(crate) once: bool,
    /// Run the product without the shield.
    #[arg(long)]
    pub(crate) naive: bool,
    /// What to print; json implies --once.
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    pub(crate) format: Format,
    /// The loopback port of the product; 0 takes a free one.
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub(crate) port: u16,
}

/// What a guard is made from.
#[derive(Args, Debug)]
pub(crate) struct GuardOptions {
    /// The catalogue file.
    #[arg(long, value_name = "FILE")]
    pub(crate) catalog: PathBuf,
    /// Whose SQL it is.
    #[arg(long, value_enum)]
    pub(crate) dialect: DialectName,
    /// When to put a barrier before the application's own conditions.
    #[arg(long, value_enum, default_value = "auto", value_name = "WHEN")]
    pub(crate) barrier: BarrierName,
    /// Admit BEGIN, COMMIT, ROLLBACK, SAVEPOINT and RELEASE.
    #[arg(long)]
    pub(crate) transactions: bool,
}

#[derive(Args, Debug)]
pub(crate) struct GuardArguments {
    #[command(flatten)]
    pub(crate) options: GuardOptions,
    /// The tenant to judge for.
    #[arg(long, value_name = "ID")]
    pub(crate) tenant: String,
    /// Write the tenant's value into the text, so that it can be run as it stands.
    #[arg(long)]
    pub(crate) inline: bool,
}

#[derive(Args, Debug)]
pub(crate) struct ExplainArguments {
    /// The statement.
    pub(crate) sql: String,
    #[command(flatten)]
    pub(crate) options: GuardOptions,
    /// Judge for this tenant, which also checks tenant values in the text.
    #[arg(long, value_name = "ID")]
    pub(crate) tenant: Option<String>,
    /// What to print.
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    pub(crate) format: Format,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CatalogVerb {
    /// Check a catalogue file and list its tables.
    #[command(after_help = "\
Exit code: 0 when the file is a catalogue, 1 when it is not, 2 when it could not be read.

Example:
  tenantshield catalog check tenants.toml")]
    Check(CatalogArguments),
}

#[derive(Args, Debug)]
pub(crate) struct CatalogArguments {
    /// The catalogue file.
    pub(crate) file: PathBuf,
    /// What to print.
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    pub(crate) format: Format,
}
