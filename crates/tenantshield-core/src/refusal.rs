//! The ways in which a request is turned away.
//!
//! A refusal is a correct "no". Its kind is complete on purpose: whoever maps it to an answer
//! must decide about each, and `Conflict`, `NotMember` and `Unknown` have to look the same outside.

use std::time::Duration;

/// Why a request was turned away.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[expect(clippy::exhaustive_enums, reason = "callers must see a new outcome")]
pub enum RefusalKind {
    /// Claims name different tenants, or principals differ.
    Conflict,
    /// Nothing names a tenant.
    MissingTenant,
    /// The principal is not a member of the tenant.
    NotMember,
    /// The policy says no.
    PolicyDenied,
    /// The tenant's quota is used up.
    Quota,
    /// The tenant exists and is not active; only a member is told.
    Suspended,
    /// Nobody was authenticated and nothing was verified.
    Unauthenticated,
    /// A seam failed, so nothing could be proven.
    Unavailable,
    /// No such tenant.
    Unknown,
}

impl RefusalKind {
    /// The name in evidence.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Conflict => "conflict",
            Self::MissingTenant => "missing_tenant",
            Self::NotMember => "not_member",
            Self::PolicyDenied => "policy_denied",
            Self::Quota => "quota",
            Self::Suspended => "suspended",
            Self::Unauthenticated => "unauthenticated",
            Self::Unavailable => "unavailable",
            Self::Unknown => "unknown",
        }
    }
}

/// A request that was turned away.
///
/// # Security
/// Carries no tenant id. `kind` and `code` are for logs and evidence: an answer to a client must
/// not tell `Conflict`, `NotMember` and `Unknown` apart.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{}", self.message())]
pub struct Refusal {
    kind: RefusalKind,
    retry_after: Option<Duration>,
}

impl Refusal {
    /// Builds a refusal of this kind.
    #[must_use]
    pub const fn new(kind: RefusalKind) -> Self {
        Self {
            kind,
            retry_after: None,
        }
    }

    /// Builds the refusal of an adapter whose policy said no.
    #[must_use]
    pub const fn policy_denied() -> Self {
        Self::new(RefusalKind::PolicyDenied)
    }

    /// Says when to try again.
    #[must_use]
    pub const fn with_retry_after(mut self, after: Duration) -> Self {
        self.retry_after = Some(after);
        self
    }

    /// Why.
    #[must_use]
    pub const fn kind(&self) -> RefusalKind {
        self.kind
    }

    /// When to try again, where that is known.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self.kind {
            RefusalKind::Conflict => "TS-ADM-001",
            RefusalKind::MissingTenant => "TS-ADM-002",
            RefusalKind::NotMember => "TS-ADM-003",
            RefusalKind::PolicyDenied => "TS-ADM-004",
            RefusalKind::Quota => "TS-ADM-005",
            RefusalKind::Suspended => "TS-ADM-006",
            RefusalKind::Unauthenticated => "TS-ADM-007",
            RefusalKind::Unavailable => "TS-ADM-008",
            RefusalKind::Unknown => "TS-ADM-009",
        }
    }

    /// How to mend it.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self.kind {
            RefusalKind::Conflict => "let header, host, path and credential name the same tenant",
            RefusalKind::MissingTenant => "configure a resolver that finds the tenant",
            RefusalKind::NotMember => "add the principal to the tenant's members in the directory",
            RefusalKind::PolicyDenied => "allow the operation in the policy",
            RefusalKind::Quota => "wait, or raise the tenant's quota",
            RefusalKind::Suspended => "let the tenant be activated first",
            RefusalKind::Unauthenticated => "send a valid credential",
            RefusalKind::Unavailable => "check the directory and the admission service",
            RefusalKind::Unknown => "provision the tenant in the directory first",
        }
    }

    const fn message(&self) -> &'static str {
        match self.kind {
            RefusalKind::Conflict => "the claims about the tenant do not agree",
            RefusalKind::MissingTenant => "no tenant is named",
            RefusalKind::NotMember => "the principal is not a member of the tenant",
            RefusalKind::PolicyDenied => "the policy does not allow this",
            RefusalKind::Quota => "the tenant's quota is used up",
            RefusalKind::Suspended => "the tenant is not active",
            RefusalKind::Unauthenticated => "no valid credential was given",
            RefusalKind::Unavailable => "the tenant could not be checked",
            RefusalKind::Unknown => "the tenant is not known",
        }
    }
}
