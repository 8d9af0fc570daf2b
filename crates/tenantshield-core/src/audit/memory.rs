//! Sinks that need nothing outside of the process.

use std::sync::{Arc, Mutex, PoisonError};

use crate::audit::event::AuditEvent;
use crate::audit::sink::{AuditSink, SinkError};

/// Forgets every event.
#[derive(Clone, Copy, Debug, Default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "it holds nothing and is written as a value"
)]
pub struct NullSink;

impl AuditSink for NullSink {
    fn emit(&self, _event: &Arc<AuditEvent>) -> Result<(), SinkError> {
        Ok(())
    }

    fn name(&self) -> &'static str {
        "null"
    }

    fn keeps(&self) -> bool {
        false
    }
}

/// Keeps every event in memory, without a bound: for tests.
#[derive(Debug, Default)]
pub struct InMemorySink {
    events: Mutex<Vec<Arc<AuditEvent>>>,
}

impl InMemorySink {
    /// An empty sink.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            events: Mutex::new(Vec::new()),
        }
    }

    /// The events so far, in the order of arrival.
    #[must_use]
    pub fn events(&self) -> Vec<Arc<AuditEvent>> {
        self.events
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// How many events it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.events
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets the events so far.
    pub fn clear(&self) {
        self.events
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}

impl AuditSink for InMemorySink {
    #[inline]
    fn emit(&self, event: &Arc<AuditEvent>) -> Result<(), SinkError> {
        let event = Arc::clone(event);
        self.events
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(event);
        Ok(())
    }

    fn name(&self) -> &'static str {
        "in_memory"
    }
}
