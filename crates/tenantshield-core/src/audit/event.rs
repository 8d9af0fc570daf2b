//! One piece of evidence and its flat JSON form.

use std::fmt;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use crate::audit::payload::AuditPayload;
use crate::id::TenantId;
use crate::principal::Principal;

/// The version of the JSON form.
pub const SCHEMA_VERSION: u16 = 1;

/// The seven kinds of evidence; more may come.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum AuditEventType {
    /// A scope bound its tenant.
    ContextBound,
    /// A scope released its tenant.
    ContextReleased,
    /// A check was passed by on the record.
    EnforcementBypass,
    /// A write across tenants was stopped.
    EnforcementViolation,
    /// A decision said yes.
    PolicyAllow,
    /// A decision said no.
    PolicyDeny,
    /// A sink failed.
    SinkFailure,
}

impl AuditEventType {
    /// All kinds.
    pub const ALL: [Self; 7] = [
        Self::ContextBound,
        Self::ContextReleased,
        Self::EnforcementBypass,
        Self::EnforcementViolation,
        Self::PolicyAllow,
        Self::PolicyDeny,
        Self::SinkFailure,
    ];

    /// The name in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ContextBound => "context_bound",
            Self::ContextReleased => "context_released",
            Self::EnforcementBypass => "enforcement_bypass",
            Self::EnforcementViolation => "enforcement_violation",
            Self::PolicyAllow => "policy_allow",
            Self::PolicyDeny => "policy_deny",
            Self::SinkFailure => "sink_failure",
        }
    }
}

impl fmt::Display for AuditEventType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// One piece of evidence; immutable.
///
/// # Shape
/// In JSON one flat object: `id`, `sequence`, `schema_version`, `type`, `tenant_id`, `principal`
/// (`kind:id`, beside it `principal_issuer` where known), `timestamp` (RFC 3339, UTC),
/// `attempted_tenant_id`, then what the payload holds. `tenant_id`, `principal` and
/// `attempted_tenant_id` are null where absent; other absent keys are left out.
#[derive(Clone, Debug)]
pub struct AuditEvent {
    id: Uuid,
    sequence: u64,
    kind: AuditEventType,
    tenant: Option<TenantId>,
    principal: Option<Principal>,
    payload: AuditPayload,
    timestamp: OffsetDateTime,
}

impl AuditEvent {
    pub(super) fn new(
        sequence: u64,
        kind: AuditEventType,
        tenant: Option<TenantId>,
        principal: Option<Principal>,
        payload: AuditPayload,
        timestamp: OffsetDateTime,
    ) -> Self {
        let seconds = u64::try_from(timestamp.unix_timestamp()).unwrap_or(0);
        let time = uuid::Timestamp::from_unix(uuid::NoContext, seconds, timestamp.nanosecond());
        Self {
            id: Uuid::new_v7(time),
            sequence,
            kind,
            tenant,
            principal,
            payload,
            timestamp,
        }
    }

    /// A unique id, a version 7 uuid of the event's own time.
    #[must_use]
    pub const fn id(&self) -> Uuid {
        self.id
    }

    /// The number on its bus.
    ///
    /// # Units
    /// From 1 without gaps in the order of making; 0 for a bypass that was logged for want of a
    /// sink and never got onto the bus. Concurrent events may reach a sink in another order.
    #[must_use]
    pub const fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The version of the JSON form.
    #[must_use]
    pub const fn schema_version(&self) -> u16 {
        SCHEMA_VERSION
    }

    /// What kind of evidence it is.
    #[must_use]
    pub const fn kind(&self) -> AuditEventType {
        self.kind
    }

    /// The tenant that was bound, if one was.
    #[must_use]
    pub const fn tenant(&self) -> Option<&TenantId> {
        self.tenant.as_ref()
    }

    /// Who acted, if that is known.
    #[must_use]
    pub const fn principal(&self) -> Option<&Principal> {
        self.principal.as_ref()
    }

    /// The particulars.
    pub const fn payload(&self) -> &AuditPayload {
        &self.payload
    }

    /// When, in UTC, by the bus's clock.
    #[must_use]
    pub const fn timestamp(&self) -> OffsetDateTime {
        self.timestamp
    }

    pub(super) fn timestamp_text(&self) -> String {
        self.timestamp
            .format(&Rfc3339)
            .unwrap_or_else(|_| self.timestamp.to_string())
    }
}

impl Serialize for AuditEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry(
            "id",
            self.id
                .hyphenated()
                .encode_lower(&mut Uuid::encode_buffer()),
        )?;
        map.serialize_entry("sequence", &self.sequence)?;
        map.serialize_entry("schema_version", &SCHEMA_VERSION)?;
        map.serialize_entry("type", self.kind.as_str())?;
        map.serialize_entry("tenant_id", &self.tenant)?;
        map.serialize_entry(
            "principal",
            &self.principal.as_ref().map(ToString::to_string),
        )?;
        if let Some(issuer) = self.principal.as_ref().and_then(Principal::issuer) {
            map.serialize_entry("principal_issuer", issuer)?;
        }
        map.serialize_entry("timestamp", &self.timestamp_text())?;
        self.payload.serialize_into(&mut map)?;
        map.end()
    }
}
