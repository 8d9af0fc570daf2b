//! Several policies that must all agree.

use std::sync::Arc;

use crate::policy::filter::CONTRADICTION;
use crate::policy::{Decision, DenyReason, Filter, Operation, Policy};

/// Asks every policy; one no is a no, and the conditions of all apply.
///
/// # Shape
/// The first no gives the reason. Without any policy the answer is no.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Chain {
    policies: Vec<Arc<dyn Policy>>,
}

impl Chain {
    /// Asks nobody.
    pub const fn new() -> Self {
        Self {
            policies: Vec::new(),
        }
    }

    /// Adds a policy.
    pub fn with(mut self, policy: impl Policy + 'static) -> Self {
        self.policies.push(Arc::new(policy));
        self
    }
}

impl Policy for Chain {
    fn evaluate(&self, operation: &Operation<'_>) -> Decision {
        if self.policies.is_empty() {
            return Decision::Deny(DenyReason::new("the chain has no policy"));
        }
        let mut required: Option<Filter> = None;
        for policy in &self.policies {
            match policy.evaluate(operation) {
                Decision::Allow => {}
                Decision::Deny(reason) => return Decision::Deny(reason),
                Decision::RequireScope(filter) => {
                    required = Some(required.unwrap_or_default().and(filter));
                }
            }
        }
        match required {
            None => Decision::Allow,
            Some(filter) if filter.is_contradictory() => {
                Decision::Deny(DenyReason::new(CONTRADICTION))
            }
            Some(filter) => Decision::RequireScope(filter),
        }
    }
}
