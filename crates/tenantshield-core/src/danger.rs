//! Everything that crosses tenants or skips a check.
//!
//! Each needs a written reason, remembers where in the code it stands, and records an
//! `enforcement_bypass` every time it is used. No configuration silences that: without a sink that
//! keeps it, the event is logged at WARN under the target `tenantshield::audit`.

use std::collections::BTreeSet;
use std::fmt;
use std::panic::Location;

use crate::audit::{AuditBus, AuditEventType, AuditPayload, AuditSubject};
use crate::claim::{ClaimSource, TenantClaim};
use crate::error::{ConfigurationError, Error};
use crate::observability;
use crate::principal::Operator;

/// The shortest reason, in characters that are not white space.
pub const MIN_REASON_CHARS: usize = 8;

/// How far a handle reaches.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[expect(clippy::exhaustive_enums, reason = "adapters must handle every mode")]
pub enum AccessMode {
    /// One tenant: what everybody has.
    #[default]
    Scoped,
    /// All tenants, to read and to write.
    UnsafeUnscoped,
    /// All tenants, to read only.
    Unscoped,
}

impl AccessMode {
    /// The name in evidence.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scoped => "scoped",
            Self::UnsafeUnscoped => "unsafe_unscoped",
            Self::Unscoped => "unscoped",
        }
    }
}

impl fmt::Display for AccessMode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Leave to reach past the tenant, with who, why and where.
///
/// # Examples
/// ```
/// use tenantshield_core::danger::Bypass;
///
/// let bypass = Bypass::new("nightly billing run over all tenants")?.with_ticket("OPS-1142");
/// assert!(Bypass::new("why not").is_err());
/// # let _ = bypass;
/// # Ok::<(), tenantshield_core::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Bypass {
    reason: String,
    operator: Option<Operator>,
    ticket: Option<String>,
    location: &'static Location<'static>,
}

impl Bypass {
    /// States the reason; the caller's place in the code is remembered.
    ///
    /// # Errors
    /// [`Error::Configuration`] when the reason has fewer than 8 characters besides white space.
    #[track_caller]
    pub fn new(reason: impl Into<String>) -> Result<Self, Error> {
        let location = Location::caller();
        Ok(Self {
            reason: checked(reason.into())?,
            operator: None,
            ticket: None,
            location,
        })
    }

    /// Adds who does it.
    pub fn with_operator(mut self, operator: Operator) -> Self {
        self.operator = Some(operator);
        self
    }

    /// Adds where it was agreed.
    pub fn with_ticket(mut self, ticket: impl Into<String>) -> Self {
        self.ticket = Some(ticket.into());
        self
    }

    /// The reason.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Who does it.
    #[must_use]
    pub const fn operator(&self) -> Option<&Operator> {
        self.operator.as_ref()
    }

    /// Where it was agreed.
    #[must_use]
    pub fn ticket(&self) -> Option<&str> {
        self.ticket.as_deref()
    }

    /// Where in the code it was stated.
    #[must_use]
    pub const fn location(&self) -> &'static Location<'static> {
        self.location
    }

    /// Records one use: an `enforcement_bypass` that cannot be silenced.
    pub fn record(&self, bus: &AuditBus, mode: AccessMode, model: &str, operation: &str) {
        bus.record(
            AuditEventType::EnforcementBypass,
            AuditSubject::none(),
            || {
                let mut payload = bypassed(&self.reason, self.location, mode.as_str())
                    .with_model(model.to_owned())
                    .with_operation(operation.to_owned());
                if let Some(operator) = &self.operator {
                    payload = payload
                        .with_extra("operator", operator.id().as_str())
                        .with_extra("operator_role", operator.role().as_str());
                }
                match &self.ticket {
                    Some(ticket) => payload.with_extra("ticket", ticket.as_str()),
                    None => payload,
                }
            },
        );
    }
}

/// Leave to admit requests on the word of the client alone, for named sources.
///
/// # Security
/// Whoever can send such a request can be any tenant. It fits behind a gateway that authenticates
/// and overwrites the source itself. Each use is recorded.
#[derive(Clone, Debug)]
#[must_use]
pub struct UnverifiedClaims {
    reason: String,
    sources: BTreeSet<ClaimSource>,
    location: &'static Location<'static>,
}

impl UnverifiedClaims {
    /// States the reason and the sources.
    ///
    /// # Errors
    /// [`Error::Configuration`] when the reason has fewer than 8 characters besides white space, or
    /// no source is named.
    #[track_caller]
    pub fn new(
        reason: impl Into<String>,
        sources: impl IntoIterator<Item = ClaimSource>,
    ) -> Result<Self, Error> {
        let location = Location::caller();
        let reason = checked(reason.into())?;
        let sources: BTreeSet<_> = sources.into_iter().collect();
        if sources.is_empty() {
            return Err(ConfigurationError::new("unverified claims name no source").into());
        }
        Ok(Self {
            reason,
            sources,
            location,
        })
    }

    /// Whether claims of this source are believed.
    #[must_use]
    pub fn allows(&self, source: ClaimSource) -> bool {
        self.sources.contains(&source)
    }

    /// Records one use: an `enforcement_bypass` that cannot be silenced.
    pub(crate) fn record(&self, bus: &AuditBus, claim: &TenantClaim) {
        bus.record(
            AuditEventType::EnforcementBypass,
            AuditSubject::none(),
            || {
                bypassed(&self.reason, self.location, "unverified_claim")
                    .with_operation("admit")
                    .with_attempted_tenant(claim.tenant().clone())
                    .with_extra("claim_source", claim.source().as_str())
            },
        );
    }
}

/// Leave to read without a tenant where there is none.
///
/// # Security
/// Such a read sees every tenant's rows. Each use is recorded.
#[derive(Clone, Debug)]
#[must_use]
pub struct FallThrough {
    reason: String,
    location: &'static Location<'static>,
}

impl FallThrough {
    /// States the reason.
    ///
    /// # Errors
    /// [`Error::Configuration`] when the reason has fewer than 8 characters besides white space.
    #[track_caller]
    pub fn new(reason: impl Into<String>) -> Result<Self, Error> {
        let location = Location::caller();
        Ok(Self {
            reason: checked(reason.into())?,
            location,
        })
    }

    /// The reason.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Records one use: `tenant.read.fallthrough`, and an `enforcement_bypass` that cannot be
    /// silenced.
    pub fn record(&self, bus: &AuditBus, model: &str, operation: &str) {
        observability::read_fallthrough(model, operation);
        bus.record(
            AuditEventType::EnforcementBypass,
            AuditSubject::none(),
            || {
                bypassed(&self.reason, self.location, "fall_through")
                    .with_model(model.to_owned())
                    .with_operation(operation.to_owned())
            },
        );
    }
}

fn bypassed(reason: &str, location: &Location<'_>, mode: &'static str) -> AuditPayload {
    AuditPayload::new()
        .with_reason(reason.to_owned())
        .with_location(format!("{}:{}", location.file(), location.line()))
        .with_extra("access_mode", mode)
}

fn checked(reason: String) -> Result<String, Error> {
    if reason.chars().filter(|c| !c.is_whitespace()).count() < MIN_REASON_CHARS {
        let message = "a bypass needs a written reason of at least 8 characters";
        return Err(ConfigurationError::new(message).into());
    }
    Ok(reason)
}
