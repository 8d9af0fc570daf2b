//! Policies that need no code of the application.

use std::collections::BTreeSet;

use crate::policy::{Action, Decision, DenyReason, Operation, Policy, REQUEST};

/// Says no to everything: what a program has that chose no policy.
#[derive(Clone, Copy, Debug, Default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "it holds nothing and is written as a value"
)]
pub struct DenyByDefault;

impl Policy for DenyByDefault {
    fn evaluate(&self, _operation: &Operation<'_>) -> Decision {
        Decision::Deny(DenyReason::new("no policy allows it"))
    }
}

/// Says yes to everything inside of the tenant.
///
/// # Security
/// The tenant's walls are not a policy's to open: this leaves them as they are.
#[derive(Clone, Copy, Debug, Default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "it holds nothing and is written as a value"
)]
pub struct AllowAll;

impl Policy for AllowAll {
    fn evaluate(&self, _operation: &Operation<'_>) -> Decision {
        Decision::Allow
    }
}

/// Says yes to what is listed, by model and action, and no to all else.
///
/// # Examples
/// ```
/// use tenantshield_core::{Action, AllowList};
///
/// let policy = AllowList::new().with_requests().with("Order", Action::Read);
/// # let _ = policy;
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct AllowList {
    allowed: BTreeSet<(String, Action)>,
}

impl AllowList {
    /// Lists nothing.
    pub const fn new() -> Self {
        Self {
            allowed: BTreeSet::new(),
        }
    }

    /// Lists an action on a model.
    pub fn with(mut self, model: impl Into<String>, action: Action) -> Self {
        self.allowed.insert((model.into(), action));
        self
    }

    /// Lists being admitted at all, which [`Shield::admit`](crate::Shield::admit) asks.
    pub fn with_requests(self) -> Self {
        self.with(REQUEST, Action::Read)
    }
}

impl Policy for AllowList {
    fn evaluate(&self, operation: &Operation<'_>) -> Decision {
        let is_listed = self
            .allowed
            .iter()
            .any(|(model, action)| model == operation.model() && *action == operation.action());
        if is_listed {
            Decision::Allow
        } else {
            Decision::Deny(DenyReason::new("the operation is not on the list"))
        }
    }
}
