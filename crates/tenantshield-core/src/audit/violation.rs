//! The one place where a blocked write is reported, on both paths.

use std::borrow::Cow;

use crate::audit::bus::{AuditBus, AuditSubject};
use crate::audit::event::AuditEventType;
use crate::audit::payload::AuditPayload;
use crate::context::TenantContext;
use crate::id::TenantId;
use crate::observability;

/// A write across tenants that was stopped.
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use]
pub struct Violation {
    attempted: Option<TenantId>,
    model: Cow<'static, str>,
    operation: Cow<'static, str>,
    code: &'static str,
    reason: Cow<'static, str>,
}

impl Violation {
    /// Names the model (else the table), the operation, the rule's code and why.
    pub fn new(
        model: impl Into<Cow<'static, str>>,
        operation: impl Into<Cow<'static, str>>,
        code: &'static str,
        reason: impl Into<Cow<'static, str>>,
    ) -> Self {
        let (model, operation, reason) = (model.into(), operation.into(), reason.into());
        Self {
            attempted: None,
            model,
            operation,
            code,
            reason,
        }
    }

    /// Adds the tenant that was tried, where it is known.
    pub fn with_attempted(mut self, tenant: TenantId) -> Self {
        self.attempted = Some(tenant);
        self
    }

    /// The tenant that was tried, where it is known.
    #[must_use]
    pub const fn attempted(&self) -> Option<&TenantId> {
        self.attempted.as_ref()
    }

    /// The model, else the table.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.model
    }

    /// The operation.
    #[must_use]
    pub fn operation(&self) -> &str {
        &self.operation
    }

    /// The rule's code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// Why.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

/// Reports a blocked write: `tenant.write.blocked` and `enforcement_violation`.
///
/// # Shape
/// Each path has its own gate; the second is recorded with observability off.
pub fn blocked_write(bus: &AuditBus, context: Option<&TenantContext>, violation: &Violation) {
    let tenant = context.map(TenantContext::tenant);
    observability::write_blocked(
        tenant,
        violation.attempted(),
        violation.model(),
        violation.operation(),
    );
    let subject = AuditSubject::new(tenant, context.and_then(TenantContext::principal));
    bus.record(AuditEventType::EnforcementViolation, subject, || {
        let payload = AuditPayload::new()
            .with_model(violation.model.clone())
            .with_operation(violation.operation.clone())
            .with_reason(violation.reason.clone())
            .with_code(violation.code);
        match &violation.attempted {
            Some(tenant) => payload.with_attempted_tenant(tenant.clone()),
            None => payload,
        }
    });
}
