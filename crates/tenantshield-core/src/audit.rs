//! The evidence of decisions: events, the bus that numbers them, and the sinks that take them.
//!
//! Evidence must not depend on log levels or subscribers, so it has a path of its own: events go
//! to registered sinks, and with none registered nothing happens, with one exception. A bypass is
//! always heard: if no sink keeps it, it is logged. Sinks are called on the caller's thread; one
//! that fails or panics stops neither its neighbours nor the caller.

mod bus;
mod event;
mod log;
mod memory;
mod payload;
mod sink;
mod violation;

pub use self::bus::{AuditBus, AuditSubject};
pub use self::event::{AuditEvent, AuditEventType, SCHEMA_VERSION};
pub use self::log::{TARGET, TracingSink};
pub use self::memory::{InMemorySink, NullSink};
pub use self::payload::AuditPayload;
pub use self::sink::{AuditSink, SinkError};
pub use self::violation::{Violation, blocked_write};
