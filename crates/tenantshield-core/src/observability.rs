//! What operators see: nine events about scopes, reads and writes, off until switched on.
//!
//! This path is for diagnostics. It has its own gate and its own `tracing` target and neither
//! feeds nor replaces the audit bus. Names, levels and fields are defined here and nowhere else.
//!
//! | event | level | fields |
//! |---|---|---|
//! | `tenant.scope.entered`, `tenant.scope.exited` | INFO | `tenant_id`, `scope_class` |
//! | `tenant.scope.exception` | WARN | `tenant_id`, `scope_class`, `exception_type` |
//! | `tenant.write.injected` | DEBUG | `tenant_id`, `model_class`, `operation` |
//! | `tenant.write.blocked` | WARN | `tenant_id`, `attempted_tenant_id`, `model_class`, `operation` |
//! | `tenant.read.filtered` | DEBUG | `tenant_id`, `model_class`, `operation` |
//! | `tenant.read.fallthrough` | DEBUG | `model_class`, `operation` |
//! | `tenant.middleware.request_bound`, `…request_unbound` | DEBUG | `tenant_id`, `middleware_class` |
//!
//! The name stands in the field `event`. A field without a value is not recorded, which is how
//! `tracing` writes null.

use std::sync::atomic::{AtomicBool, Ordering};

use tracing::Level;

use crate::id::TenantId;

/// The `tracing` target of every event of this module.
pub const TARGET: &str = "tenantshield::observability";

static EMIT_EVENTS: AtomicBool = AtomicBool::new(false);

/// Switches the events on or off for the whole process; they are off at the start.
///
/// # Shape
/// Touches neither a subscriber nor the audit bus.
pub fn configure(emit_events: bool) {
    EMIT_EVENTS.store(emit_events, Ordering::Relaxed);
}

/// Whether the events are on: one relaxed load.
#[inline]
#[must_use]
pub fn is_enabled() -> bool {
    EMIT_EVENTS.load(Ordering::Relaxed)
}

/// The nine events; more may come, none will go.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum ObservabilityEvent {
    /// A request got its tenant.
    MiddlewareRequestBound,
    /// A request let its tenant go.
    MiddlewareRequestUnbound,
    /// A read without a tenant was let through by name.
    ReadFallthrough,
    /// A read was narrowed to the tenant.
    ReadFiltered,
    /// A scope began.
    ScopeEntered,
    /// A scope was left by a panic.
    ScopeException,
    /// A scope ended.
    ScopeExited,
    /// A write across tenants was stopped.
    WriteBlocked,
    /// A write was given its tenant.
    WriteInjected,
}

impl ObservabilityEvent {
    /// All events.
    pub const ALL: [Self; 9] = [
        Self::MiddlewareRequestBound,
        Self::MiddlewareRequestUnbound,
        Self::ReadFallthrough,
        Self::ReadFiltered,
        Self::ScopeEntered,
        Self::ScopeException,
        Self::ScopeExited,
        Self::WriteBlocked,
        Self::WriteInjected,
    ];

    /// The dotted name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::MiddlewareRequestBound => "tenant.middleware.request_bound",
            Self::MiddlewareRequestUnbound => "tenant.middleware.request_unbound",
            Self::ReadFallthrough => "tenant.read.fallthrough",
            Self::ReadFiltered => "tenant.read.filtered",
            Self::ScopeEntered => "tenant.scope.entered",
            Self::ScopeException => "tenant.scope.exception",
            Self::ScopeExited => "tenant.scope.exited",
            Self::WriteBlocked => "tenant.write.blocked",
            Self::WriteInjected => "tenant.write.injected",
        }
    }

    /// The level.
    #[must_use]
    pub const fn level(self) -> Level {
        match self {
            Self::ScopeEntered | Self::ScopeExited => Level::INFO,
            Self::ScopeException | Self::WriteBlocked => Level::WARN,
            Self::MiddlewareRequestBound
            | Self::MiddlewareRequestUnbound
            | Self::ReadFallthrough
            | Self::ReadFiltered
            | Self::WriteInjected => Level::DEBUG,
        }
    }
}

/// A scope began.
#[inline]
pub fn scope_entered(tenant: &TenantId, scope_class: &str) {
    if is_enabled() {
        emit::scope_entered(tenant, scope_class);
    }
}

/// A scope ended.
#[inline]
pub fn scope_exited(tenant: &TenantId, scope_class: &str) {
    if is_enabled() {
        emit::scope_exited(tenant, scope_class);
    }
}

/// A scope was left by a panic.
#[inline]
pub fn scope_exception(tenant: &TenantId, scope_class: &str, exception_type: &str) {
    if is_enabled() {
        emit::scope_exception(tenant, scope_class, exception_type);
    }
}

/// A write was given its tenant.
#[inline]
pub fn write_injected(tenant: &TenantId, model_class: &str, operation: &str) {
    if is_enabled() {
        emit::write_injected(tenant, model_class, operation);
    }
}

/// A write across tenants was stopped.
///
/// # Shape
/// Call [`audit::blocked_write`](crate::audit::blocked_write) instead, which records the
/// violation as well.
#[inline]
pub fn write_blocked(
    tenant: Option<&TenantId>,
    attempted: Option<&TenantId>,
    model_class: &str,
    operation: &str,
) {
    if is_enabled() {
        emit::write_blocked(tenant, attempted, model_class, operation);
    }
}

/// A read was narrowed to the tenant.
#[inline]
pub fn read_filtered(tenant: &TenantId, model_class: &str, operation: &str) {
    if is_enabled() {
        emit::read_filtered(tenant, model_class, operation);
    }
}

/// A read without a tenant was let through by name.
#[inline]
pub fn read_fallthrough(model_class: &str, operation: &str) {
    if is_enabled() {
        emit::read_fallthrough(model_class, operation);
    }
}

/// A request got its tenant.
#[inline]
pub fn request_bound(tenant: &TenantId, middleware_class: &str) {
    if is_enabled() {
        emit::request_bound(tenant, middleware_class);
    }
}

/// A request let its tenant go.
#[inline]
pub fn request_unbound(tenant: &TenantId, middleware_class: &str) {
    if is_enabled() {
        emit::request_unbound(tenant, middleware_class);
    }
}

/// The enabled half, kept out of line so that the disabled call is a load and a branch.
mod emit {
    use tracing::event;

    use super::{ObservabilityEvent as Event, TARGET, TenantId};

    #[cold]
    #[inline(never)]
    pub(super) fn scope_entered(tenant: &TenantId, scope_class: &str) {
        const EVENT: Event = Event::ScopeEntered;
        let tenant_id = tenant.as_str();
        event!(target: TARGET, { EVENT.level() }, event = EVENT.name(), tenant_id, scope_class);
    }

    #[cold]
    #[inline(never)]
    pub(super) fn scope_exited(tenant: &TenantId, scope_class: &str) {
        const EVENT: Event = Event::ScopeExited;
        let tenant_id = tenant.as_str();
        event!(target: TARGET, { EVENT.level() }, event = EVENT.name(), tenant_id, scope_class);
    }

    #[cold]
    #[inline(never)]
    pub(super) fn scope_exception(tenant: &TenantId, scope_class: &str, exception_type: &str) {
        const EVENT: Event = Event::ScopeException;
        event!(
            target: TARGET,
            { EVENT.level() },
            event = EVENT.name(),
            tenant_id = tenant.as_str(),
            scope_class,
            exception_type
        );
    }

    #[cold]
    #[inline(never)]
    pub(super) fn write_injected(tenant: &TenantId, model_class: &str, operation: &str) {
        const EVENT: Event = Event::WriteInjected;
        event!(
            target: TARGET,
            { EVENT.level() },
            event = EVENT.name(),
            tenant_id = tenant.as_str(),
            model_class,
            operation
        );
    }

    #[cold]
    #[inline(never)]
    pub(super) fn write_blocked(
        tenant: Option<&TenantId>,
        attempted: Option<&TenantId>,
        model_class: &str,
        operation: &str,
    ) {
        const EVENT: Event = Event::WriteBlocked;
        event!(
            target: TARGET,
            { EVENT.level() },
            event = EVENT.name(),
            tenant_id = tenant.map(TenantId::as_str),
            attempted_tenant_id = attempted.map(TenantId::as_str),
            model_class,
            operation
        );
    }

    #[cold]
    #[inline(never)]
    pub(super) fn read_filtered(tenant: &TenantId, model_class: &str, operation: &str) {
        const EVENT: Event = Event::ReadFiltered;
        event!(
            target: TARGET,
            { EVENT.level() },
            event = EVENT.name(),
            tenant_id = tenant.as_str(),
            model_class,
            operation
        );
    }

    #[cold]
    #[inline(never)]
    pub(super) fn read_fallthrough(model_class: &str, operation: &str) {
        const EVENT: Event = Event::ReadFallthrough;
        event!(target: TARGET, { EVENT.level() }, event = EVENT.name(), model_class, operation);
    }

    #[cold]
    #[inline(never)]
    pub(super) fn request_bound(tenant: &TenantId, middleware_class: &str) {
        const EVENT: Event = Event::MiddlewareRequestBound;
        let tenant_id = tenant.as_str();
        event!(target: TARGET, { EVENT.level() }, event = EVENT.name(), tenant_id, middleware_class);
    }

    #[cold]
    #[inline(never)]
    pub(super) fn request_unbound(tenant: &TenantId, middleware_class: &str) {
        const EVENT: Event = Event::MiddlewareRequestUnbound;
        let tenant_id = tenant.as_str();
        event!(target: TARGET, { EVENT.level() }, event = EVENT.name(), tenant_id, middleware_class);
    }
}
