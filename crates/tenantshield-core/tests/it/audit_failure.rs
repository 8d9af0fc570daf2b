//! Sinks that fail, panic or never end.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use tenantshield_core::{
    AuditBus, AuditEvent, AuditEventType, AuditPayload, AuditSink, AuditSubject, InMemorySink,
    NullSink, SinkError,
};

use crate::capture::listen;
use crate::fixture::{allow, kinds, live, of_kind, shared};

/// What a sink does with an event.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fault {
    Error,
    Panic,
    PanicInName,
    PanicTwice,
}

#[derive(Debug)]
pub(crate) struct Broken {
    fault: Fault,
    calls: AtomicU64,
}

struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("a payload that panics when it is dropped");
    }
}

impl Broken {
    pub(crate) fn new(fault: Fault) -> Arc<Self> {
        Arc::new(Self {
            fault,
            calls: AtomicU64::new(0),
        })
    }
}

impl AuditSink for Broken {
    fn emit(&self, _event: &Arc<AuditEvent>) -> Result<(), SinkError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        match self.fault {
            Fault::Error => Err(SinkError::new("the disk is full")),
            Fault::Panic | Fault::PanicInName => panic!("on purpose"),
            Fault::PanicTwice => std::panic::panic_any(Bomb),
        }
    }

    fn name(&self) -> &'static str {
        assert!(self.fault != Fault::PanicInName, "on purpose");
        "broken"
    }
}

const FAULTS: [Fault; 4] = [
    Fault::Error,
    Fault::Panic,
    Fault::PanicInName,
    Fault::PanicTwice,
];

/// SEED-A11.
#[test]
fn a_broken_sink_stops_nobody_and_the_others_are_told() {
    for fault in FAULTS {
        let bus = AuditBus::new();
        let (before, broken, after) = (
            Arc::new(InMemorySink::new()),
            Broken::new(fault),
            Arc::new(InMemorySink::new()),
        );
        bus.register(shared(&before));
        bus.register(shared(&broken));
        bus.register(shared(&after));
        let ((), heard) = listen(|| allow(&bus));
        assert_eq!(
            kinds(&before.events()),
            ["policy_allow", "sink_failure"],
            "{fault:?}"
        );
        assert_eq!(
            kinds(&after.events()),
            ["sink_failure", "policy_allow"],
            "{fault:?}"
        );
        assert_eq!(broken.calls.load(Ordering::Relaxed), 1, "{fault:?}");
        assert_eq!(bus.sink_failures(), 1);
        assert_eq!(heard, [], "others were told: {fault:?}");
        let notice = of_kind(&before, AuditEventType::SinkFailure).remove(0);
        assert_eq!(notice.sequence(), 2);
        let reason = if fault == Fault::Error {
            "the disk is full"
        } else {
            "the sink panicked"
        };
        assert_eq!(notice.payload().reason(), Some(reason));
        let name = if fault == Fault::PanicInName {
            "unnamed"
        } else {
            "broken"
        };
        assert_eq!(notice.payload().extra("sink"), Some(name));
        assert_eq!(notice.payload().extra("lost_type"), Some("policy_allow"));
    }
}

/// SEED-A11.
#[test]
fn a_single_broken_sink_is_counted_and_logged() {
    for fault in FAULTS {
        let bus = AuditBus::new();
        bus.register(Broken::new(fault));
        let ((), heard) = listen(|| allow(&bus));
        assert_eq!(bus.sink_failures(), 1);
        assert_eq!(heard.len(), 1, "{fault:?}");
        assert_eq!(heard[0].target, "tenantshield::audit");
        assert_eq!(heard[0].level, tracing::Level::ERROR);
        assert_eq!(heard[0].field("event"), Some("sink_failure"));
        assert_eq!(heard[0].field("lost_type"), Some("policy_allow"));
        assert_eq!(heard[0].field("lost_sequence"), Some("1"));
    }
}

/// SEED-A11: neither failure vanishes, and neither is told for ever.
#[test]
fn two_broken_sinks_are_counted_and_logged_without_recursion() {
    let bus = AuditBus::new();
    let (one, two) = (Broken::new(Fault::Error), Broken::new(Fault::Panic));
    bus.register(shared(&one));
    bus.register(shared(&two));
    let ((), heard) = listen(|| allow(&bus));
    assert_eq!(one.calls.load(Ordering::Relaxed), 2);
    assert_eq!(two.calls.load(Ordering::Relaxed), 2);
    assert_eq!(bus.sink_failures(), 4);
    assert_eq!(heard.len(), 2);
}

/// SEED-A11: a failure about a failure is logged, not told again, whoever reported the first.
#[test]
fn a_reported_sink_failure_that_a_sink_refuses_is_not_told_to_the_others() {
    let (bus, sink) = live();
    bus.register(Broken::new(Fault::Error));
    let ((), heard) = listen(|| {
        bus.record(
            AuditEventType::SinkFailure,
            AuditSubject::none(),
            AuditPayload::new,
        );
    });
    assert_eq!(kinds(&sink.events()), ["sink_failure"]);
    assert_eq!((bus.sink_failures(), heard.len()), (1, 1));
}

/// SEED-A11: telling a sink that forgets is telling nobody.
#[test]
fn a_failure_told_only_to_a_sink_that_forgets_is_logged() {
    let bus = AuditBus::new();
    bus.register(Arc::new(NullSink));
    bus.register(Broken::new(Fault::Error));
    let ((), heard) = listen(|| allow(&bus));
    assert_eq!(heard.len(), 1);
}

/// Records another event for every event that it takes.
#[derive(Debug)]
struct Echo {
    bus: Mutex<Option<AuditBus>>,
    calls: AtomicU64,
}

impl AuditSink for Echo {
    fn emit(&self, _event: &Arc<AuditEvent>) -> Result<(), SinkError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let bus = self.bus.lock().unwrap().clone();
        if let Some(bus) = bus {
            allow(&bus);
        }
        Ok(())
    }

    fn name(&self) -> &'static str {
        "echo"
    }
}

/// SEED-A11.
#[test]
fn a_sink_that_answers_events_with_events_comes_to_an_end() {
    let bus = AuditBus::new();
    let echo = Arc::new(Echo {
        bus: Mutex::new(Some(bus.clone())),
        calls: AtomicU64::new(0),
    });
    bus.register(shared(&echo));
    let ((), heard) = listen(|| allow(&bus));
    assert_eq!(echo.calls.load(Ordering::Relaxed), 8);
    assert_eq!(bus.sink_failures(), 1);
    assert_eq!(heard.len(), 1);
    let ((), heard) = listen(|| allow(&bus));
    assert_eq!(heard.len(), 1, "the depth is given back");
    *echo.bus.lock().unwrap() = None;
}
