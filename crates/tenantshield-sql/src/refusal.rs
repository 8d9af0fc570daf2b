//! A refusal: the guard's correct "no".

use std::fmt;
use std::sync::Arc;

use tenantshield_core::Action;

use crate::code::Code;

/// Why a statement does not run.
///
/// # Security
/// `Display` and the accessors never carry a literal of the statement, a bound value or a tenant
/// id: only names of constructs, relations, functions and columns.
#[derive(Clone, Debug)]
#[must_use]
pub struct Refusal {
    code: Code,
    what: String,
    violation: Option<Violation>,
}

impl Refusal {
    pub(crate) fn new(code: Code, what: impl Into<String>) -> Self {
        Self {
            code,
            what: what.into(),
            violation: None,
        }
    }

    pub(crate) fn with_violation(mut self, model: &Arc<str>, action: Action) -> Self {
        self.violation = Some(Violation {
            model: Arc::clone(model),
            action,
        });
        self
    }

    /// The stable code, such as `TS-SQL-RELATION`.
    pub const fn code(&self) -> &'static str {
        self.code.as_str()
    }

    /// What to do about it, in one sentence.
    pub const fn hint(&self) -> &'static str {
        self.code.hint()
    }

    /// What was refused, lower case, without literals.
    pub fn reason(&self) -> &str {
        &self.what
    }

    /// Set when the statement tried to write another tenant's row: to be audited as a violation.
    pub const fn violation(&self) -> Option<&Violation> {
        self.violation.as_ref()
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "statement refused: {}", self.what)
    }
}

impl std::error::Error for Refusal {}

/// A write that was aimed at another tenant, or at none.
#[derive(Clone, Debug)]
pub struct Violation {
    model: Arc<str>,
    action: Action,
}

impl Violation {
    /// The model, or the table where none is declared.
    pub fn model(&self) -> &str {
        &self.model
    }

    /// What the statement would have done.
    pub const fn action(&self) -> Action {
        self.action
    }
}
