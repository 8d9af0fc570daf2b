//! What futures and streams share: entering on each poll, and telling begin and end once.

use crate::audit::{AuditEventType, AuditPayload};
use crate::context::TenantContext;
use crate::observability;
use crate::scope::ambient;

/// The tenant and the progress of one scope that is polled.
pub(super) struct Lane {
    slot: Option<TenantContext>,
    phase: Phase,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Phase {
    Bound,
    Done,
    New,
}

impl Lane {
    pub(super) const fn new(context: TenantContext) -> Self {
        Self {
            slot: Some(context),
            phase: Phase::New,
        }
    }

    /// The tenant, except while the scope is being polled.
    pub(super) const fn context(&self) -> Option<&TenantContext> {
        self.slot.as_ref()
    }

    /// Polls inside of the scope; `is_end` says whether the result is the last one.
    #[inline]
    pub(super) fn step<R>(
        &mut self,
        class: &'static str,
        poll: impl FnOnce() -> R,
        is_end: impl FnOnce(&R) -> bool,
    ) -> R {
        let _entered = ambient::enter(&mut self.slot);
        if self.phase == Phase::New {
            self.phase = Phase::Bound;
            ambient::with(|context| tell_entered(context, class));
        }
        let unwinding = Unwinding {
            phase: &mut self.phase,
            class,
        };
        let result = poll();
        unwinding.defuse();
        if is_end(&result) && self.phase == Phase::Bound {
            self.phase = Phase::Done;
            ambient::with(|context| tell_left(context, class, Ending::Finished));
        }
        result
    }

    /// Drops the inner value inside of the scope, so that its destructors see the tenant.
    pub(super) fn close(&mut self, class: &'static str, drop_inner: impl FnOnce()) {
        let _entered = ambient::enter(&mut self.slot);
        let unwinding = Unwinding {
            phase: &mut self.phase,
            class,
        };
        drop_inner();
        unwinding.defuse();
        if self.phase == Phase::Bound {
            self.phase = Phase::Done;
            ambient::with(|context| tell_left(context, class, Ending::Cancelled));
        }
    }
}

/// Tells of a panic when it is dropped without having been defused.
struct Unwinding<'a> {
    phase: &'a mut Phase,
    class: &'static str,
}

impl Unwinding<'_> {
    #[inline]
    fn defuse(self) {
        std::mem::forget(self);
    }
}

impl Drop for Unwinding<'_> {
    #[cold]
    fn drop(&mut self) {
        if *self.phase == Phase::Bound {
            *self.phase = Phase::Done;
            ambient::with(|context| tell_left(context, self.class, Ending::Panicked));
        }
    }
}

/// The begin of a scope that is told already, and whose end is told when this goes.
pub(super) struct Bound<'a> {
    context: &'a TenantContext,
    class: &'static str,
}

impl<'a> Bound<'a> {
    #[inline]
    pub(super) fn new(context: &'a TenantContext, class: &'static str) -> Self {
        tell_entered(Some(context), class);
        Self { context, class }
    }

    #[inline]
    pub(super) fn finish(self) {
        let (context, class) = (self.context, self.class);
        std::mem::forget(self);
        tell_left(Some(context), class, Ending::Finished);
    }
}

impl Drop for Bound<'_> {
    #[cold]
    fn drop(&mut self) {
        tell_left(Some(self.context), self.class, Ending::Panicked);
    }
}

#[derive(Clone, Copy)]
enum Ending {
    Cancelled,
    Finished,
    Panicked,
}

#[inline]
fn tell_entered(context: Option<&TenantContext>, class: &'static str) {
    let Some(context) = context else { return };
    observability::scope_entered(context.tenant(), class);
    context
        .bus()
        .record(AuditEventType::ContextBound, context, || {
            AuditPayload::new().with_extra("scope_class", class)
        });
}

#[inline]
fn tell_left(context: Option<&TenantContext>, class: &'static str, ending: Ending) {
    let Some(context) = context else { return };
    match ending {
        Ending::Cancelled | Ending::Finished => {
            observability::scope_exited(context.tenant(), class);
        }
        Ending::Panicked => observability::scope_exception(context.tenant(), class, "panic"),
    }
    context
        .bus()
        .record(AuditEventType::ContextReleased, context, || {
            let payload = AuditPayload::new().with_extra("scope_class", class);
            match ending {
                Ending::Cancelled => payload.with_reason("cancelled"),
                Ending::Finished => payload,
                Ending::Panicked => payload.with_reason("panic"),
            }
        });
}
