//! What a run found, and the counts that say how much it looked at.

use std::collections::BTreeMap;
use std::fmt;

/// The kind of a finding.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[expect(clippy::exhaustive_enums, reason = "users decide on each kind")]
pub enum FindingKind {
    /// A statement that must be refused was admitted.
    Admitted,
    /// The answer, the count or the own state is not what the tenant alone would get.
    Differs,
    /// Rows of the other tenant or of shared tables changed.
    ForeignChanged,
    /// A canary of the other tenant stood in the answer or in the error.
    Leaked,
    /// The case could not be run, as its values do not fit its placeholders.
    NotRun,
    /// A statement that must work was refused, with a code that is no listed limit.
    Refused,
}

/// One thing that is wrong.
#[derive(Clone, Debug)]
pub struct Finding {
    case: String,
    kind: FindingKind,
    what: String,
}

impl Finding {
    /// The case.
    pub fn case(&self) -> &str {
        &self.case
    }

    /// The kind.
    pub const fn kind(&self) -> FindingKind {
        self.kind
    }

    /// What was seen.
    pub fn what(&self) -> &str {
        &self.what
    }
}

/// The outcome of a run.
///
/// # Shape
///
/// `Display` prints the counts, then every finding. A case that differs under several forms gives
/// several findings.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Report {
    pub(super) judged: usize,
    pub(super) runs: usize,
    pub(super) denied: BTreeMap<&'static str, usize>,
    pub(super) allowed: Vec<(String, &'static str)>,
    pub(super) deferred: Vec<(String, &'static str)>,
    pub(super) envelope: Vec<(String, &'static str)>,
    pub(super) explained: BTreeMap<String, String>,
    pub(super) left_out: Vec<String>,
    findings: Vec<Finding>,
}

impl Report {
    /// Everything that is wrong.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// How many cases the guard judged.
    pub const fn judged(&self) -> usize {
        self.judged
    }

    /// How many times a statement was run and compared.
    pub const fn runs(&self) -> usize {
        self.runs
    }

    /// How many cases that must be refused were refused.
    pub fn denied(&self) -> usize {
        self.denied.values().sum()
    }

    /// Cases that should work and were refused with leave: as the case allows it, as the form is
    /// left to a later version, or by the lexer's envelope.
    pub fn refused(&self) -> impl Iterator<Item = (&str, &'static str)> {
        [&self.allowed, &self.deferred, &self.envelope]
            .into_iter()
            .flatten()
            .map(|(case, code)| (case.as_str(), *code))
    }

    /// Cases whose difference has a given reason.
    pub fn explained(&self) -> impl Iterator<Item = &str> {
        self.explained.keys().map(String::as_str)
    }

    /// Cases of a dialect that the guard does not judge yet.
    pub fn left_out(&self) -> &[String] {
        &self.left_out
    }

    pub(super) fn deny(&mut self, code: &'static str) {
        *self.denied.entry(code).or_default() += 1;
    }

    pub(super) fn find(&mut self, case: &str, kind: FindingKind, what: impl fmt::Display) {
        self.findings.push(Finding {
            case: case.to_owned(),
            kind,
            what: what.to_string(),
        });
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "judged {}, runs compared {}", self.judged, self.runs)?;
        writeln!(f, "denied as expected: {}", self.denied())?;
        for (code, count) in &self.denied {
            writeln!(f, "  {count:4}  {code}")?;
        }
        for (title, list) in [
            ("refused where the case allows it", &self.allowed),
            ("refused, form left to a later version", &self.deferred),
            ("refused by the lexer envelope", &self.envelope),
        ] {
            writeln!(f, "{title}: {}", list.len())?;
            for (case, code) in list {
                writeln!(f, "  {case}  {code}")?;
            }
        }
        writeln!(
            f,
            "differences with a known reason: {}",
            self.explained.len()
        )?;
        for (case, why) in &self.explained {
            writeln!(f, "  {case}  {why}")?;
        }
        writeln!(
            f,
            "left out, dialect not judged yet: {}",
            self.left_out.len()
        )?;
        for line in self.left_out.chunks(6) {
            writeln!(f, "  {}", line.join(" "))?;
        }
        writeln!(f, "findings: {}", self.findings.len())?;
        for finding in &self.findings {
            writeln!(f, "  {} {:?}: {}", finding.case, finding.kind, finding.what)?;
        }
        Ok(())
    }
}
