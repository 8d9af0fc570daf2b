//! `tenantshield demo`: an invoicing product, attacked over real sockets with and without shield.

mod attack;
mod client;
mod fault;
mod finding;
mod job;
mod journal;
mod naive;
mod product;
mod report;
mod seed;
mod shielded;
mod shop;
mod statement;
mod store;
mod token;
mod tour;
mod visit;
mod world;

use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tenantshield_core::{AuditBus, AuditSink, Clock as _, SystemClock};

use self::fault::Fault;
use self::journal::{Journal, Verification};
use self::report::Report;
use self::token::Mint;
use self::tour::Outcome;
use self::world::World;
use crate::cli::{DemoArguments, Format};
use crate::failure::Failure;
use crate::style::Style;

/// Runs the demo.
pub(crate) fn run(arguments: &DemoArguments) -> Result<ExitCode, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|e| Failure::io("start the runtime", &e))?;
    runtime.block_on(show(arguments)).map_err(Failure::broken)
}

async fn show(arguments: &DemoArguments) -> Result<ExitCode, Fault> {
    let folder = tempfile::Builder::new()
        .prefix("tenantshield-demo-")
        .tempdir()
        .map_err(|e| Fault::new("make a temporary folder", e))?;
    let mint = Arc::new(Mint::new(SystemClock.now().unix_timestamp())?);
    let stage = Stage::open(folder.path(), &mint, arguments).await?;
    let outcomes = stage.tour().await?;
    // Scopes of the last request end a moment after its answer.
    tokio::time::sleep(Duration::from_millis(50)).await;
    let verification = stage
        .journal
        .as_ref()
        .map(|journal| journal::verify(journal, &outcomes));
    let codes: Vec<_> = outcomes
        .iter()
        .map(|outcome| journal::code_of(stage.journal.as_deref()?, outcome))
        .collect();
    let verified = verification.as_ref().map(|found| found.problems.is_empty());
    let report = Report::new(&outcomes, &codes, verified);
    print(arguments, &report, &outcomes, verification.as_ref())
        .map_err(|e| Fault::new("print the outcome", e))?;
    let holds = report.leaks() == 0 && verified != Some(false) && report.toothless().is_empty();
    if !arguments.once && arguments.format == Format::Text {
        stage.shown().reset().await?;
        stage.forget_events();
        visit::stay(stage.shown(), &stage.bus, arguments.naive).await?;
    }
    Ok(if holds {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

/// The products that the tour goes to.
#[derive(Debug)]
struct Stage {
    naive: World,
    shielded: Option<World>,
    bus: AuditBus,
    journal: Option<Arc<Journal>>,
}

impl Stage {
    async fn open(
        folder: &Path,
        mint: &Arc<Mint>,
        arguments: &DemoArguments,
    ) -> Result<Self, Fault> {
        let bus = AuditBus::new();
        if arguments.naive {
            let naive = World::naive(folder, Arc::clone(mint), arguments.port).await?;
            return Ok(Self {
                naive,
                shielded: None,
                bus,
                journal: None,
            });
        }
        let journal = Arc::new(Journal::default());
        bus.register(Arc::clone(&journal) as Arc<dyn AuditSink>);
        let naive = World::naive(folder, Arc::clone(mint), 0).await?;
        let (port, mint) = (arguments.port, Arc::clone(mint));
        let shielded =
            World::shielded(folder, mint, port, bus.clone(), Arc::clone(&journal)).await?;
        Ok(Self {
            naive,
            shielded: Some(shielded),
            bus,
            journal: Some(journal),
        })
    }

    async fn tour(&self) -> Result<Vec<Outcome>, Fault> {
        let terminal = io::stderr().is_terminal();
        let outcomes = tour::run(
            attack::all(),
            &self.naive,
            self.shielded.as_ref(),
            |n, all, name| {
                // Progress is a courtesy: a closed standard error must not end the tour.
                if terminal {
                    drop(write!(io::stderr(), "\r\u{1b}[K[{n:>2}/{all}] {name}"));
                } else if n == 1 {
                    drop(writeln!(io::stderr(), "running {all} attacks over http"));
                }
            },
        )
        .await?;
        if terminal {
            drop(write!(io::stderr(), "\r\u{1b}[K"));
        }
        Ok(outcomes)
    }

    fn shown(&self) -> &World {
        self.shielded.as_ref().unwrap_or(&self.naive)
    }

    /// Stops keeping events once the tour is judged, as the product may stay up for long.
    fn forget_events(&self) {
        if let Some(journal) = &self.journal {
            self.bus
                .unregister(&(Arc::clone(journal) as Arc<dyn AuditSink>));
        }
    }
}

fn print(
    arguments: &DemoArguments,
    report: &Report,
    outcomes: &[Outcome],
    verification: Option<&Verification>,
) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if arguments.format == Format::Json {
        for problem in verification.iter().flat_map(|found| &found.problems) {
            writeln!(io::stderr(), "audit trail: {problem}")?;
        }
        return report.write_json(&mut out);
    }
    let style = Style::of(&out);
    report::table(&mut out, style, outcomes)?;
    report.summary(&mut out, style, verification)
}
