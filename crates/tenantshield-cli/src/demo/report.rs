//! What the tour prints: a table for people, one object for programs.

use std::io::{self, Write};

use serde::Serialize;

use super::attack::definition::Fence;
use super::finding::Finding;
use super::journal::Verification;
use super::tour::Outcome;
use crate::style::Style;

/// The tour's result, as `--format json` prints it.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    attacks: Vec<Row>,
    leaks: usize,
    audit_verified: Option<bool>,
}

#[derive(Debug, Serialize)]
struct Row {
    name: &'static str,
    lesson: String,
    naive: Verdict,
    shielded: Option<Verdict>,
    fence: Option<Fence>,
    code: Option<String>,
    micros: u64,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Blocked,
    Leaked,
}

impl Verdict {
    /// The naive product leaks only where a leak was seen.
    const fn of_naive(found: &Finding) -> Self {
        if found.leak.is_some() {
            Self::Leaked
        } else {
            Self::Blocked
        }
    }

    /// The shielded product blocks only where that was seen.
    const fn of_shielded(found: &Finding) -> Self {
        if found.leak.is_none() && found.fault.is_none() {
            Self::Blocked
        } else {
            Self::Leaked
        }
    }
}

impl Report {
    /// Puts outcomes and the refusal codes that the audit trail shows for them into one report.
    pub(crate) fn new(
        outcomes: &[Outcome],
        codes: &[Option<String>],
        audit_verified: Option<bool>,
    ) -> Self {
        let attacks: Vec<Row> = outcomes
            .iter()
            .enumerate()
            .map(|(n, outcome)| Row {
                name: outcome.attack.name,
                lesson: outcome.attack.lesson(),
                naive: Verdict::of_naive(&outcome.naive),
                shielded: outcome.shielded.as_ref().map(Verdict::of_shielded),
                fence: outcome.shielded.as_ref().map(|_| outcome.attack.fence),
                code: codes.get(n).cloned().flatten(),
                micros: outcome.shielded.as_ref().unwrap_or(&outcome.naive).micros,
            })
            .collect();
        let leaks = attacks
            .iter()
            .filter(|row| row.shielded.unwrap_or(row.naive) == Verdict::Leaked)
            .count();
        Self {
            attacks,
            leaks,
            audit_verified,
        }
    }

    pub(crate) const fn leaks(&self) -> usize {
        self.leaks
    }

    /// The attacks by which the naive product lost nothing, which they should have.
    pub(crate) fn toothless(&self) -> Vec<&'static str> {
        self.attacks
            .iter()
            .filter(|row| row.naive == Verdict::Blocked)
            .map(|row| row.name)
            .collect()
    }

    /// Prints what the tour came to, and what the audit trail says of it.
    pub(crate) fn summary(
        &self,
        out: &mut impl Write,
        style: Style,
        trail: Option<&Verification>,
    ) -> io::Result<()> {
        let total = self.attacks.len();
        let naive = self
            .attacks
            .iter()
            .filter(|row| row.naive == Verdict::Leaked)
            .count();
        writeln!(out)?;
        writeln!(out, "naive product:    {naive} of {total} attacks leaked")?;
        let Some(trail) = trail else { return Ok(()) };
        let line = format!("{} of {total} attacks leaked", self.leaks);
        let line = if self.leaks == 0 {
            style.good(&line)
        } else {
            style.bad(&line)
        };
        writeln!(out, "shielded product: {line}")?;
        let told = format!(
            "{} events, no gap, each attack told exactly once",
            trail.events
        );
        if trail.problems.is_empty() {
            writeln!(out, "audit trail:      {}", style.good(&told))?;
            return writeln!(out, "\n{}", style.dim(FENCES));
        }
        writeln!(out, "audit trail:      {}", style.bad("does not hold"))?;
        for problem in &trail.problems {
            writeln!(out, "    {problem}")?;
        }
        Ok(())
    }

    pub(crate) fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        let text = serde_json::to_string(self).map_err(io::Error::other)?;
        writeln!(out, "{text}")
    }
}

const FENCES: &str = "\
fences: resolver = who asks and for whom    guard = SQL rewritten or refused
        type     = no handle, no data       key   = keys led by the tenant
        handler  = one answer for all errors";

const ATTACK: usize = 39;
const LEAK: usize = 26;
const HERE: usize = 15;
const FENCE: usize = 8;

/// Prints the table, at most 100 columns wide.
pub(crate) fn table(out: &mut impl Write, style: Style, outcomes: &[Outcome]) -> io::Result<()> {
    let alone = outcomes.iter().all(|outcome| outcome.shielded.is_none());
    let (attack, leak) = (
        cell("attack", ATTACK),
        cell("the naive product leaks", LEAK),
    );
    let head = if alone {
        format!("{attack} {leak} {:>8}", "time")
    } else {
        format!(
            "{attack} {leak} {} {} {:>8}",
            cell("here", HERE),
            cell("fence", FENCE),
            "time"
        )
    };
    let count = outcomes.len();
    let where_to = if alone {
        "without the shield"
    } else {
        "without and with the shield"
    };
    writeln!(
        out,
        "{count} attacks over HTTP on one product, {where_to}\n"
    )?;
    writeln!(out, "{}", style.bold(&head))?;
    for outcome in outcomes {
        row(out, style, outcome)?;
    }
    Ok(())
}

fn row(out: &mut impl Write, style: Style, outcome: &Outcome) -> io::Result<()> {
    let name = cell(outcome.attack.name, ATTACK);
    let naive = match (&outcome.naive.leak, &outcome.naive.fault) {
        (Some(leak), _) => style.warn(&cell(leak, LEAK)),
        (None, Some(_)) => style.bad(&cell("not judged", LEAK)),
        (None, None) => style.bad(&cell("nothing, which is wrong", LEAK)),
    };
    match &outcome.shielded {
        None => writeln!(out, "{name} {naive} {:>8}", time(outcome.naive.micros))?,
        Some(found) => {
            let here = match (&found.leak, &found.fault) {
                (None, None) if found.status < 300 => {
                    style.good(&cell(&format!("own data, {}", found.status), HERE))
                }
                (None, None) => style.good(&cell(&format!("refused, {}", found.status), HERE)),
                (Some(_), _) => style.bad(&cell("LEAKED", HERE)),
                (None, Some(_)) => style.bad(&cell("NOT JUDGED", HERE)),
            };
            let fence = cell(outcome.attack.fence.name(), FENCE);
            writeln!(
                out,
                "{name} {naive} {here} {fence} {:>8}",
                time(found.micros)
            )?;
        }
    }
    let here = outcome
        .shielded
        .iter()
        .flat_map(|found| [&found.leak, &found.fault]);
    for trouble in here.chain([&outcome.naive.fault]).flatten() {
        writeln!(out, "    {}", style.bad(trouble))?;
    }
    Ok(())
}

fn time(micros: u64) -> String {
    if micros < 1000 {
        format!("{micros} µs")
    } else {
        format!("{}.{} ms", micros / 1000, micros % 1000 / 100)
    }
}

/// Exactly `width` characters of `text`.
fn cell(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        format!("{text:<width$}")
    } else {
        let cut: String = text.chars().take(width.saturating_sub(1)).collect();
        format!("{cut}…")
    }
}
