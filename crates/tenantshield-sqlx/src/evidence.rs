//! What is recorded when a write would have left the tenant.
//!
//! The guard sees literals and refuses them. What is bound it cannot see: for that it renders a
//! check into the statement, and the database raises. Both end here, in one event each.

use std::sync::Arc;

use tenantshield_core::audit::{self, AuditBus};
use tenantshield_core::{
    Action, AuditEventType, AuditPayload, CrossTenantAccess, Error as CoreError, TenantContext,
    UnscopedQuery,
};
use tenantshield_sql::{Judgement, Refusal, code};

use crate::backend::Backend;
use crate::error::refused;

/// What a statement leaves behind for the time when the database answers.
pub(crate) enum Trail {
    Scoped {
        context: TenantContext,
        judgement: Arc<Judgement>,
    },
    Unscoped,
}

impl Trail {
    /// Turns the tenant check that the guard rendered, and that raised, into evidence and a
    /// refusal; leaves every other error as it is.
    pub(crate) fn settle<DB: Backend>(self, error: sqlx::Error) -> sqlx::Error {
        let (Self::Scoped { context, judgement }, sqlx::Error::Database(raised)) = (self, &error)
        else {
            return error;
        };
        if !DB::is_mismatch(&**raised) {
            return error;
        }
        let written = judgement
            .touches()
            .iter()
            .find(|touch| touch.is_tenant() && touch.action() == Action::Write);
        let Some(touch) = written else {
            return error;
        };
        let (model, operation) = (touch.model().to_string(), touch.action().as_str());
        refused(blocked(
            Some(&context),
            context.bus(),
            model,
            operation,
            code::TENANT_FOREIGN.as_str(),
            FOREIGN_BIND,
        ))
    }
}

const FOREIGN_BIND: &str = "a bound value of the tenant column is not the tenant's";

/// Every refusal is evidence: a cross-tenant write as a violation, any other as a denial.
pub(crate) fn explain(
    refusal: &Refusal,
    context: Option<&TenantContext>,
    bus: &AuditBus,
) -> CoreError {
    let Some(violation) = refusal.violation() else {
        bus.record(AuditEventType::PolicyDeny, context, || {
            AuditPayload::new()
                .with_operation("guard")
                .with_code(refusal.code())
                .with_reason(refusal.reason().to_owned())
        });
        return UnscopedQuery::new(refusal.reason().to_owned())
            .with_rule(refusal.code())
            .with_hint(refusal.hint())
            .into();
    };
    let (model, operation) = (violation.model().to_owned(), violation.action().as_str());
    blocked(
        context,
        bus,
        model,
        operation,
        refusal.code(),
        refusal.reason(),
    )
}

fn blocked(
    context: Option<&TenantContext>,
    bus: &AuditBus,
    model: String,
    operation: &'static str,
    rule: &'static str,
    reason: &str,
) -> CoreError {
    let violation = audit::Violation::new(model.clone(), operation, rule, reason.to_owned());
    audit::blocked_write(bus, context, &violation);
    CrossTenantAccess::new(
        context.map(|context| context.tenant().clone()),
        model,
        operation,
    )
    .with_rule(rule)
    .into()
}
