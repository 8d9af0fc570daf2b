//! Who may do what inside of a tenant, as pure functions.
//!
//! A policy can only narrow: whatever it says, the tenant's walls stand. It does no I/O and keeps
//! no state, so the same question has the same answer, and asking is cheap.

mod built_in;
mod chain;
mod filter;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::{self, Debug};
use std::panic::{AssertUnwindSafe, catch_unwind};

pub use self::built_in::{AllowAll, AllowList, DenyByDefault};
pub use self::chain::Chain;
pub use self::filter::{Filter, FilterValue};
use crate::audit::{AuditEventType, AuditPayload};
use crate::context::TenantContext;

/// The model of the one question that is about a request as a whole.
///
/// [`Shield::admit`](crate::Shield::admit) asks it as a read.
pub const REQUEST: &str = "tenantshield.request";

/// What is to be done.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[expect(
    clippy::exhaustive_enums,
    reason = "policies must decide about every action"
)]
pub enum Action {
    /// Rows are removed.
    Delete,
    /// Rows are read.
    Read,
    /// Rows are added or changed.
    Write,
}

impl Action {
    /// The lower-case name in evidence.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delete => "delete",
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// One question to a policy.
#[derive(Clone, Debug)]
#[must_use]
pub struct Operation<'a> {
    model: &'a str,
    action: Action,
    context: &'a TenantContext,
    extras: BTreeMap<&'a str, &'a str>,
}

impl<'a> Operation<'a> {
    /// May `context` do this to `model`?
    pub const fn new(model: &'a str, action: Action, context: &'a TenantContext) -> Self {
        Self {
            model,
            action,
            context,
            extras: BTreeMap::new(),
        }
    }

    /// Adds a fact that policies of the application know.
    pub fn with_extra(mut self, name: &'a str, value: &'a str) -> Self {
        self.extras.insert(name, value);
        self
    }

    /// The model, else the table; [`REQUEST`] for a request as a whole.
    #[must_use]
    pub const fn model(&self) -> &'a str {
        self.model
    }

    /// What is to be done.
    #[must_use]
    pub const fn action(&self) -> Action {
        self.action
    }

    /// For whom.
    #[must_use]
    pub const fn context(&self) -> &'a TenantContext {
        self.context
    }

    /// One further fact.
    #[must_use]
    pub fn extra(&self, name: &str) -> Option<&'a str> {
        self.extras.get(name).copied()
    }
}

/// The answer of a policy.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "callers must see a new outcome")]
pub enum Decision {
    /// Yes, inside of the tenant.
    Allow,
    /// No.
    Deny(DenyReason),
    /// Yes, on rows that match the filter as well.
    RequireScope(Filter),
}

/// Why a policy said no, in one line for evidence.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DenyReason(Cow<'static, str>);

impl DenyReason {
    /// Says why.
    #[must_use]
    pub fn new(reason: impl Into<Cow<'static, str>>) -> Self {
        Self(reason.into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DenyReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Decides about operations inside of a tenant.
///
/// # Shape
/// Pure: no I/O, no state, the same answer to the same question.
pub trait Policy: Debug + Send + Sync {
    /// Decides.
    fn evaluate(&self, operation: &Operation<'_>) -> Decision;
}

impl<P: Policy + ?Sized> Policy for std::sync::Arc<P> {
    fn evaluate(&self, operation: &Operation<'_>) -> Decision {
        (**self).evaluate(operation)
    }
}

/// Asks a policy and records its answer.
///
/// # Shape
/// `policy_allow` for both kinds of yes, with the columns of a filter; `policy_deny` for a no.
///
/// # Security
/// A policy that panics, and a filter that asks two things of one column, are a no.
pub fn evaluate_and_audit(policy: &dyn Policy, operation: &Operation<'_>) -> Decision {
    let decision = decide(policy, operation);
    let kind = match decision {
        Decision::Allow | Decision::RequireScope(_) => AuditEventType::PolicyAllow,
        Decision::Deny(_) => AuditEventType::PolicyDeny,
    };
    operation.context.bus().record(kind, operation.context, || {
        let payload = AuditPayload::new()
            .with_model(operation.model.to_owned())
            .with_operation(operation.action.as_str());
        match &decision {
            Decision::Allow => payload,
            Decision::Deny(reason) => payload
                .with_code("TS-ADM-004")
                .with_reason(reason.as_str().to_owned()),
            Decision::RequireScope(filter) => {
                let columns: Vec<&str> = filter.columns().collect();
                payload.with_extra("required_columns", columns.join(","))
            }
        }
    });
    decision
}

/// Asks a policy, and turns what cannot hold into a no.
pub(crate) fn decide(policy: &dyn Policy, operation: &Operation<'_>) -> Decision {
    match catch_unwind(AssertUnwindSafe(|| policy.evaluate(operation))) {
        Ok(Decision::RequireScope(filter)) if filter.is_contradictory() => {
            Decision::Deny(DenyReason::new(filter::CONTRADICTION))
        }
        Ok(decision) => decision,
        Err(_) => Decision::Deny(DenyReason::new("the policy panicked")),
    }
}
