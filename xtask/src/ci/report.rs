//! The steps of CI and the table at its end.

use std::time::Duration;

use crate::outcome::Outcome;

/// A step of CI; `ALL` is the order in which they run.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Step {
    Architecture,
    Benches,
    Demo,
    Documentation,
    Examples,
    Features,
    Format,
    Lints,
    Naive,
    Servers,
    Tests,
}

impl Step {
    /// Seconds first; then what shares its build with the step before; release builds last.
    pub(crate) const ALL: [Self; 11] = [
        Self::Format,
        Self::Architecture,
        Self::Servers,
        Self::Lints,
        Self::Tests,
        Self::Examples,
        Self::Documentation,
        Self::Features,
        Self::Demo,
        Self::Naive,
        Self::Benches,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Architecture => "architecture",
            Self::Benches => "benches run once",
            Self::Demo => "demo, shielded",
            Self::Documentation => "documentation",
            Self::Examples => "examples run",
            Self::Features => "each feature alone",
            Self::Format => "format",
            Self::Lints => "lints",
            Self::Naive => "demo, naive",
            Self::Servers => "servers start",
            Self::Tests => "tests and doc tests",
        }
    }
}

/// What came of the steps that ran.
#[derive(Debug)]
pub(crate) struct Report {
    rows: Vec<(Step, bool, Duration)>,
}

impl Report {
    pub(crate) fn new() -> Self {
        Self { rows: Vec::new() }
    }

    pub(crate) fn note(&mut self, step: Step, has_passed: bool, took: Duration) {
        self.rows.push((step, has_passed, took));
    }

    pub(crate) fn outcome(&self) -> Outcome {
        Outcome::of(self.rows.len() == Step::ALL.len() && self.failed() == 0)
    }

    pub(crate) fn print(&self) {
        println!("\n{}", self.table());
    }

    fn failed(&self) -> usize {
        self.rows
            .iter()
            .filter(|(_, has_passed, _)| !has_passed)
            .count()
    }

    fn table(&self) -> String {
        let mut lines = Vec::new();
        let mut total = Duration::ZERO;
        for step in Step::ALL {
            let row = self.rows.iter().find(|(ran, _, _)| *ran == step);
            let (verdict, time) = match row {
                Some((_, has_passed, took)) => {
                    total += *took;
                    let verdict = if *has_passed { "passed" } else { "FAILED" };
                    (verdict, clock(*took))
                }
                None => ("not run", "-".to_owned()),
            };
            lines.push(format!("{:<22}{verdict:<10}{time:>8}", step.name()));
        }
        lines.push(format!("{:<32}{:>8}\n", "total", clock(total)));
        let failed = self.failed();
        let passed = self.rows.len() - failed;
        let skipped = Step::ALL.len() - self.rows.len();
        let mut closing = format!("ci: {passed} passed, {failed} failed");
        if skipped > 0 {
            closing = format!("{closing}, {skipped} skipped");
        }
        lines.push(closing);
        lines.join("\n")
    }
}

fn clock(took: Duration) -> String {
    let seconds = took.as_secs();
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_run_ends_with_a_plain_closing_line() {
        let mut report = Report::new();
        for step in Step::ALL {
            report.note(step, true, Duration::from_secs(61));
        }
        assert_eq!(report.outcome(), Outcome::Passed);
        let table = report.table();
        assert!(
            table.contains("format                passed        1:01\n"),
            "{table}"
        );
        assert_eq!(table.lines().last(), Some("ci: 11 passed, 0 failed"));
    }

    #[test]
    fn what_did_not_run_is_said_and_is_no_success() {
        let mut report = Report::new();
        report.note(Step::Format, true, Duration::ZERO);
        assert_eq!(report.outcome(), Outcome::Failed);
        report.note(Step::Architecture, false, Duration::ZERO);
        let table = report.table();
        assert!(table.contains("architecture          FAILED"), "{table}");
        assert!(table.contains("benches run once      not run"), "{table}");
        assert_eq!(
            table.lines().last(),
            Some("ci: 1 passed, 1 failed, 9 skipped")
        );
    }
}
