//! Measures the budgets of the design, each beside its floor, in one run.
//!
//! `tenantshield-bench [--format json] [--check]` prints rows `{name, value, unit, beside,
//! beside_value, ratio, budget, ok}`: `budget` bounds `value` where the unit is ns or µs, else
//! `ratio`. `--check` runs each subject once, for life, and judges no time. Exit 0 when every
//! budget is kept, 1 when one is not, 2 on arguments it does not know, 3 when a subject broke.
//!
//! With `TENANTSHIELD_TEST_POSTGRES_URL` set, round trips are measured on that server too.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this program's whole purpose is to print"
)]

mod audit;
mod failure;
mod guard;
mod measure;
mod query;
mod row;
mod scope;
mod subject;
mod token;

use std::process::ExitCode;

use crate::failure::BoxError;
use crate::measure::Effort;
use crate::row::Row;

fn main() -> ExitCode {
    let Some(arguments) = Arguments::read(std::env::args().skip(1)) else {
        eprintln!("usage: tenantshield-bench [--format text|json] [--check]");
        return ExitCode::from(2);
    };
    let effort = if arguments.check {
        Effort::Once
    } else {
        Effort::Full
    };
    let rows = match measure_all(effort) {
        Ok(rows) => rows,
        Err(error) => {
            eprintln!("a subject does not run: {error}");
            return ExitCode::from(3);
        }
    };
    let rows: Vec<Row> = if arguments.check {
        rows.into_iter().map(Row::unjudged).collect()
    } else {
        rows
    };
    if arguments.json {
        match serde_json::to_string_pretty(&rows) {
            Ok(text) => println!("{text}"),
            Err(error) => eprintln!("{error}"),
        }
    } else {
        print!("{}", row::table(&rows));
    }
    ExitCode::from(u8::from(rows.iter().any(Row::failed)))
}

fn measure_all(effort: Effort) -> Result<Vec<Row>, BoxError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let context = runtime.block_on(subject::context())?;
    let mut rows = scope::rows(effort, &context)?;
    rows.extend(audit::rows(effort, &context)?);
    rows.extend(guard::rows(effort, &context)?);
    rows.extend(token::rows(effort)?);
    rows.extend(runtime.block_on(query::rows(effort, &context))?);
    Ok(rows)
}

struct Arguments {
    check: bool,
    json: bool,
}

impl Arguments {
    fn read(given: impl Iterator<Item = String>) -> Option<Self> {
        let mut arguments = Self {
            check: false,
            json: false,
        };
        let mut given = given;
        while let Some(argument) = given.next() {
            match argument.as_str() {
                "--check" => arguments.check = true,
                "--format" => match given.next().as_deref() {
                    Some("json") => arguments.json = true,
                    Some("text") => arguments.json = false,
                    _ => return None,
                },
                _ => return None,
            }
        }
        Some(arguments)
    }
}
