//! What takes evidence, as a seam.

use std::error::Error;
use std::fmt::Debug;
use std::sync::Arc;

use crate::audit::event::AuditEvent;

/// Takes events.
///
/// # Shape
/// Called on the thread where the event happens, possibly from several at once. It should return
/// soon: what is slow belongs behind a queue of its own.
///
/// # Security
/// Failing is safe: an error or a panic is counted, told to the other sinks as `sink_failure`, and
/// logged when no other sink took that. A sink may record events itself, up to a small depth.
pub trait AuditSink: Debug + Send + Sync {
    /// Takes one event.
    ///
    /// # Errors
    /// [`SinkError`] when the event could not be kept.
    fn emit(&self, event: &Arc<AuditEvent>) -> Result<(), SinkError>;

    /// The name in evidence about this sink.
    fn name(&self) -> &str;

    /// Whether an event given to it can be seen later by anybody.
    ///
    /// # Security
    /// A bypass that only goes to sinks that say no is logged as well.
    fn keeps(&self) -> bool {
        true
    }
}

/// A sink could not keep an event.
///
/// # Security
/// The cause is in `source()`; the text does not repeat it.
#[derive(Debug, thiserror::Error)]
#[error("the audit sink could not keep an event")]
pub struct SinkError {
    source: Box<dyn Error + Send + Sync>,
}

impl SinkError {
    /// Wraps the cause, an error or a text.
    pub fn new(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            source: cause.into(),
        }
    }

    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "TS-AUD-001"
    }

    /// How to mend it.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        "check the sink's destination; its cause is in the error's source"
    }

    pub(super) fn cause(&self) -> String {
        self.source.to_string()
    }
}
