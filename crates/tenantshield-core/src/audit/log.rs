//! Evidence as `tracing` events, and the last resort when nothing else takes it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::audit::event::{AuditEvent, AuditEventType, SCHEMA_VERSION};
use crate::audit::sink::{AuditSink, SinkError};
use crate::id::TenantId;

/// The `tracing` target of everything about evidence.
pub const TARGET: &str = "tenantshield::audit";

/// Sends every event to `tracing`, under the target `tenantshield::audit`.
///
/// # Shape
/// The fields are those of the JSON form; `event` is the type, `audit_id` the id, and what the
/// payload holds beyond its named fields is one JSON text in `extra`. `context_bound`,
/// `context_released` and `policy_allow` are INFO, `sink_failure` is ERROR, the others WARN.
///
/// # Security
/// Whether anything arrives is up to the subscriber: alone, this sink is no proof.
#[derive(Clone, Copy, Debug, Default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "it holds nothing and is written as a value"
)]
pub struct TracingSink;

impl AuditSink for TracingSink {
    fn emit(&self, event: &Arc<AuditEvent>) -> Result<(), SinkError> {
        write(event);
        Ok(())
    }

    fn name(&self) -> &'static str {
        "tracing"
    }
}

/// Logs an event that no sink keeps.
pub(super) fn unkept(event: &AuditEvent) {
    // A subscriber that panics must not turn the lack of a sink into a failure of the caller.
    drop(catch_unwind(AssertUnwindSafe(|| write(event))));
}

/// Logs that `sink` lost `event` and that no other sink took notice.
pub(super) fn lost(event: &AuditEvent, sink: &str, reason: &str) {
    drop(catch_unwind(AssertUnwindSafe(|| {
        tracing::error!(
            target: TARGET,
            event = AuditEventType::SinkFailure.as_str(),
            sink,
            reason,
            lost_audit_id = %event.id(),
            lost_type = event.kind().as_str(),
            lost_sequence = event.sequence(),
            tenant_id = event.tenant().map(TenantId::as_str),
        );
    })));
}

fn write(event: &AuditEvent) {
    macro_rules! at {
        ($level:ident) => {
            tracing::event!(
                target: TARGET,
                tracing::Level::$level,
                event = event.kind().as_str(),
                audit_id = %event.id(),
                sequence = event.sequence(),
                schema_version = SCHEMA_VERSION,
                tenant_id = event.tenant().map(TenantId::as_str),
                principal = event.principal().map(tracing::field::display),
                principal_issuer = event.principal().and_then(|principal| principal.issuer()),
                timestamp = event.timestamp_text(),
                attempted_tenant_id = event.payload().attempted_tenant_id().map(TenantId::as_str),
                model_class = event.payload().model_class(),
                operation = event.payload().operation(),
                reason = event.payload().reason(),
                code = event.payload().code(),
                location = event.payload().location(),
                extra = extra(event),
            )
        };
    }
    match event.kind() {
        AuditEventType::ContextBound
        | AuditEventType::ContextReleased
        | AuditEventType::PolicyAllow => at!(INFO),
        AuditEventType::EnforcementBypass
        | AuditEventType::EnforcementViolation
        | AuditEventType::PolicyDeny => at!(WARN),
        AuditEventType::SinkFailure => at!(ERROR),
    }
}

fn extra(event: &AuditEvent) -> Option<String> {
    let fields: serde_json::Map<String, serde_json::Value> = event
        .payload()
        .extras()
        .map(|(key, value)| (key.to_owned(), value.into()))
        .collect();
    (!fields.is_empty()).then(|| serde_json::Value::Object(fields).to_string())
}
