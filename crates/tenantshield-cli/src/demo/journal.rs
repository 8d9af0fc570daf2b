//! The audit trail of the tour, and whether it tells what happened.

use std::sync::{Arc, Mutex, PoisonError};

use tenantshield_core::{AuditEvent, AuditEventType, AuditSink, SinkError};

use super::attack::definition::Evidence;
use super::tour::Outcome;

/// Keeps every audit event of the tour in memory.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    events: Mutex<Vec<Arc<AuditEvent>>>,
}

impl Journal {
    /// The number of the last event, 0 when there is none.
    pub(crate) fn last(&self) -> u64 {
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        events
            .iter()
            .map(|event| event.sequence())
            .max()
            .unwrap_or(0)
    }

    fn between(&self, (after, until): (u64, u64)) -> Vec<Arc<AuditEvent>> {
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        let inside = |event: &&Arc<AuditEvent>| (after + 1..=until).contains(&event.sequence());
        events.iter().filter(inside).cloned().collect()
    }

    fn sequences(&self) -> Vec<u64> {
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sequences: Vec<u64> = events.iter().map(|event| event.sequence()).collect();
        sequences.sort_unstable();
        sequences
    }
}

impl AuditSink for Journal {
    fn emit(&self, event: &Arc<AuditEvent>) -> Result<(), SinkError> {
        self.events
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Arc::clone(event));
        Ok(())
    }

    fn name(&self) -> &'static str {
        "demo journal"
    }
}

/// What the check of the trail found.
#[derive(Debug)]
pub(crate) struct Verification {
    pub(crate) events: usize,
    /// Why the trail does not hold; empty when it does.
    pub(crate) problems: Vec<String>,
}

/// Checks that the numbers have no gap and that each attack left its event exactly once.
pub(crate) fn verify(journal: &Journal, outcomes: &[Outcome]) -> Verification {
    let sequences = journal.sequences();
    let mut problems = Vec::new();
    if !sequences.iter().copied().eq(1..=sequences.len() as u64) {
        problems.push("the event numbers have a gap or a double".to_owned());
    }
    for outcome in outcomes {
        let Some(found) = &outcome.shielded else {
            continue;
        };
        let events = journal.between(found.events);
        let refusals: Vec<_> = events
            .iter()
            .filter(|event| is_refusal(event.kind()))
            .collect();
        let is_as_expected = match outcome.attack.evidence {
            Evidence::Admitted => {
                refusals.is_empty()
                    && events.iter().filter(|event| is_own_scope(event)).count() == 1
            }
            Evidence::Refused(code) => {
                matches!(refusals.as_slice(), [one] if one.payload().code() == Some(code))
            }
        };
        if !is_as_expected {
            let seen: Vec<String> = events.iter().map(|event| described(event)).collect();
            problems.push(format!(
                "{}: expected {:?}, seen {}",
                outcome.attack.name,
                outcome.attack.evidence,
                if seen.is_empty() {
                    "nothing".to_owned()
                } else {
                    seen.join(", ")
                }
            ));
        }
    }
    Verification {
        events: sequences.len(),
        problems,
    }
}

/// The code of the refusal that an attack met, as the trail has it.
pub(crate) fn code_of(journal: &Journal, outcome: &Outcome) -> Option<String> {
    let found = outcome.shielded.as_ref()?;
    let events = journal.between(found.events);
    let refusal = events.iter().find(|event| is_refusal(event.kind()))?;
    refusal.payload().code().map(str::to_owned)
}

/// Whether an event of this kind tells of a boundary that held.
pub(crate) fn is_refusal(kind: AuditEventType) -> bool {
    matches!(
        kind,
        AuditEventType::EnforcementViolation | AuditEventType::PolicyDeny
    )
}

fn is_own_scope(event: &AuditEvent) -> bool {
    event.kind() == AuditEventType::ContextBound
        && event
            .tenant()
            .is_some_and(|tenant| tenant.as_str() == super::seed::OWN)
}

fn described(event: &AuditEvent) -> String {
    let code = event
        .payload()
        .code()
        .map(|code| format!("({code})"))
        .unwrap_or_default();
    format!("{}{code}", event.kind().as_str())
}
