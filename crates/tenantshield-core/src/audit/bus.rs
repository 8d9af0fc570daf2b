//! Numbers events and hands them to every sink.
//!
//! The list of sinks is replaced as a whole, so that emitting takes no lock and a sink may be
//! registered or removed at any time, also by a sink.

use std::any::Any;
use std::cell::Cell;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use time::UtcOffset;

use crate::audit::event::{AuditEvent, AuditEventType};
use crate::audit::log;
use crate::audit::payload::AuditPayload;
use crate::audit::sink::{AuditSink, SinkError};
use crate::clock::{Clock, SystemClock};
use crate::id::TenantId;
use crate::principal::Principal;

/// How deep sinks may record events from inside of `emit`.
const MAX_DEPTH: u8 = 8;

thread_local! {
    static DEPTH: Cell<u8> = const { Cell::new(0) };
}

/// Of whom an event tells: a context, its parts, or nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct AuditSubject<'a> {
    tenant: Option<&'a TenantId>,
    principal: Option<&'a Principal>,
}

impl<'a> AuditSubject<'a> {
    /// A tenant and a principal, each if known.
    #[must_use]
    pub const fn new(tenant: Option<&'a TenantId>, principal: Option<&'a Principal>) -> Self {
        Self { tenant, principal }
    }

    /// Nobody.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            tenant: None,
            principal: None,
        }
    }
}

/// Numbers events and hands them to every registered sink.
///
/// # Shape
/// A clone is the same bus. Sinks are called one after the other on the caller's thread.
///
/// # Security
/// A failing sink never stops another one or the caller, and never vanishes silently: see
/// [`AuditSink`] and [`AuditBus::sink_failures`].
///
/// # Examples
/// ```
/// use std::sync::Arc;
/// use tenantshield_core::{AuditBus, AuditEventType, AuditPayload, AuditSubject, InMemorySink};
///
/// let bus = AuditBus::new();
/// let sink = Arc::new(InMemorySink::new());
/// assert!(bus.register(sink.clone()));
/// bus.record(AuditEventType::PolicyAllow, AuditSubject::none(), AuditPayload::new);
/// assert_eq!(sink.events()[0].sequence(), 1);
/// ```
#[derive(Clone)]
pub struct AuditBus {
    inner: Arc<Inner>,
}

struct Inner {
    is_live: AtomicBool,
    sinks: ArcSwap<Vec<Arc<dyn AuditSink>>>,
    change: Mutex<()>,
    sequence: AtomicU64,
    failures: AtomicU64,
    clock: Arc<dyn Clock>,
}

impl AuditBus {
    /// A bus without sinks, on the machine's clock.
    #[must_use]
    pub fn new() -> Self {
        Self::with_clock(Arc::new(SystemClock))
    }

    /// A bus without sinks, on this clock.
    #[must_use]
    pub fn with_clock(clock: Arc<dyn Clock>) -> Self {
        let inner = Inner {
            is_live: AtomicBool::new(false),
            sinks: ArcSwap::from_pointee(Vec::new()),
            change: Mutex::new(()),
            sequence: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            clock,
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Adds a sink; false when this very sink is registered already.
    pub fn register(&self, sink: Arc<dyn AuditSink>) -> bool {
        let _changing = self
            .inner
            .change
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let sinks = self.inner.sinks.load_full();
        if sinks.iter().any(|known| Arc::ptr_eq(known, &sink)) {
            return false;
        }
        let mut sinks = Vec::clone(&sinks);
        sinks.push(sink);
        self.inner.sinks.store(Arc::new(sinks));
        self.inner.is_live.store(true, Ordering::Release);
        true
    }

    /// Removes a sink; false when it was not registered.
    pub fn unregister(&self, sink: &Arc<dyn AuditSink>) -> bool {
        let _changing = self
            .inner
            .change
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let sinks = self.inner.sinks.load_full();
        let left: Vec<_> = sinks
            .iter()
            .filter(|known| !Arc::ptr_eq(known, sink))
            .map(Arc::clone)
            .collect();
        let found = left.len() < sinks.len();
        self.inner
            .is_live
            .store(!left.is_empty(), Ordering::Release);
        self.inner.sinks.store(Arc::new(left));
        found
    }

    /// Whether any sink is registered: one relaxed load.
    #[inline]
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.inner.is_live.load(Ordering::Relaxed)
    }

    /// The registered sinks.
    #[must_use]
    pub fn sinks(&self) -> Vec<Arc<dyn AuditSink>> {
        Vec::clone(&self.inner.sinks.load())
    }

    /// Records an event, and builds its payload only if somebody listens.
    ///
    /// # Shape
    /// Without sinks nothing happens and no number is used up; only an `enforcement_bypass` is
    /// then logged, as it is when no sink keeps what it is given.
    #[inline]
    pub fn record<'a>(
        &self,
        kind: AuditEventType,
        subject: impl Into<AuditSubject<'a>>,
        payload: impl FnOnce() -> AuditPayload,
    ) {
        if self.is_live() || kind == AuditEventType::EnforcementBypass {
            self.record_built(kind, subject.into(), payload());
        }
    }

    /// Builds an event and gives it the next number.
    ///
    /// # Shape
    /// For callers that emit later: an event that is built and never emitted leaves a gap, which
    /// readers take for lost evidence.
    #[must_use = "an event that is never emitted leaves a gap in the numbers"]
    pub fn event<'a>(
        &self,
        kind: AuditEventType,
        subject: impl Into<AuditSubject<'a>>,
        payload: AuditPayload,
    ) -> Arc<AuditEvent> {
        let sequence = self.inner.sequence.fetch_add(1, Ordering::Relaxed) + 1;
        Arc::new(self.build(sequence, kind, subject.into(), payload))
    }

    /// Hands a built event to every sink.
    #[inline]
    pub fn emit(&self, event: &Arc<AuditEvent>) {
        self.deliver(&self.inner.sinks.load(), event);
    }

    /// How often a sink failed to take an event.
    #[must_use]
    pub fn sink_failures(&self) -> u64 {
        self.inner.failures.load(Ordering::Relaxed)
    }

    /// The clock that stamps events.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.inner.clock
    }

    #[cold]
    #[inline(never)]
    fn record_built(&self, kind: AuditEventType, subject: AuditSubject<'_>, payload: AuditPayload) {
        let sinks = self.inner.sinks.load();
        let must_be_heard = kind == AuditEventType::EnforcementBypass;
        if sinks.is_empty() {
            if must_be_heard {
                log::unkept(&self.build(0, kind, subject, payload));
            }
            return;
        }
        let event = self.event(kind, subject, payload);
        if must_be_heard && !sinks.iter().any(|sink| keeps(&**sink)) {
            log::unkept(&event);
        }
        self.deliver(&sinks, &event);
    }

    fn build(
        &self,
        sequence: u64,
        kind: AuditEventType,
        subject: AuditSubject<'_>,
        payload: AuditPayload,
    ) -> AuditEvent {
        let AuditSubject { tenant, principal } = subject;
        let now = self.inner.clock.now();
        let now = now.checked_to_offset(UtcOffset::UTC).unwrap_or(now);
        AuditEvent::new(
            sequence,
            kind,
            tenant.cloned(),
            principal.cloned(),
            payload,
            now,
        )
    }

    #[inline]
    fn deliver(&self, sinks: &[Arc<dyn AuditSink>], event: &Arc<AuditEvent>) {
        let Some(_level) = Level::enter() else {
            self.too_deep(sinks, event);
            return;
        };
        for sink in sinks {
            if let Err(reason) = attempt(&**sink, event) {
                self.failed(sinks, sink, event, &reason);
            }
        }
    }

    /// Tells the other sinks; what fails about that is counted and logged, never told again.
    #[cold]
    #[inline(never)]
    fn failed(
        &self,
        sinks: &[Arc<dyn AuditSink>],
        failing: &Arc<dyn AuditSink>,
        event: &Arc<AuditEvent>,
        reason: &str,
    ) {
        self.inner.failures.fetch_add(1, Ordering::Relaxed);
        let name = name_of(&**failing);
        let mut is_told = false;
        if event.kind() != AuditEventType::SinkFailure && sinks.len() > 1 {
            let payload = AuditPayload::new()
                .with_reason(reason.to_owned())
                .with_code("TS-AUD-001")
                .with_extra("sink", name.as_str())
                .with_extra("lost_audit_id", event.id().to_string())
                .with_extra("lost_type", event.kind().as_str());
            let subject = AuditSubject::new(event.tenant(), event.principal());
            let notice = self.event(AuditEventType::SinkFailure, subject, payload);
            for other in sinks.iter().filter(|other| !Arc::ptr_eq(other, failing)) {
                match attempt(&**other, &notice) {
                    Ok(()) => is_told |= keeps(&**other),
                    Err(_) => {
                        self.inner.failures.fetch_add(1, Ordering::Relaxed);
                    }
                }
            }
        }
        if !is_told {
            log::lost(event, &name, reason);
        }
    }

    #[cold]
    #[inline(never)]
    fn too_deep(&self, sinks: &[Arc<dyn AuditSink>], event: &Arc<AuditEvent>) {
        self.inner
            .failures
            .fetch_add(sinks.len() as u64, Ordering::Relaxed);
        log::lost(
            event,
            "every sink",
            "sinks record events from inside of each other",
        );
    }
}

impl Default for AuditBus {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for AuditBus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("AuditBus")
            .field("sinks", &self.inner.sinks.load().len())
            .field("sequence", &self.inner.sequence.load(Ordering::Relaxed))
            .field("sink_failures", &self.sink_failures())
            .finish_non_exhaustive()
    }
}

/// One level of delivery on this thread; given back on drop.
struct Level;

impl Level {
    #[inline]
    fn enter() -> Option<Self> {
        let depth = DEPTH.get();
        if depth >= MAX_DEPTH {
            return None;
        }
        DEPTH.set(depth + 1);
        Some(Self)
    }
}

impl Drop for Level {
    #[inline]
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get().saturating_sub(1));
    }
}

#[inline]
fn attempt(sink: &dyn AuditSink, event: &Arc<AuditEvent>) -> Result<(), String> {
    match catch_unwind(AssertUnwindSafe(|| sink.emit(event))) {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(cause(error)),
        Err(panic) => Err(panicked(panic)),
    }
}

/// Any text of a sink's own may panic as well.
#[cold]
fn cause(error: SinkError) -> String {
    let text = catch_unwind(AssertUnwindSafe(move || error.cause()));
    text.unwrap_or_else(panicked)
}

#[cold]
fn panicked(panic: Box<dyn Any + Send>) -> String {
    // A payload whose destructor panics would get past the guard.
    if let Err(second) = catch_unwind(AssertUnwindSafe(move || drop(panic))) {
        std::mem::forget(second);
    }
    "the sink panicked".to_owned()
}

fn name_of(sink: &dyn AuditSink) -> String {
    let name = catch_unwind(AssertUnwindSafe(|| sink.name().to_owned()));
    name.unwrap_or_else(|_| "unnamed".to_owned())
}

fn keeps(sink: &dyn AuditSink) -> bool {
    catch_unwind(AssertUnwindSafe(|| sink.keeps())).unwrap_or(false)
}
