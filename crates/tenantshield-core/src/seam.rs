//! What the shield asks of the world, as traits.
//!
//! The core does no I/O and has no runtime, so it cannot bound how long an answer takes: whoever
//! implements a seam over a network, or calls the shield, sets the deadline. An answer that does
//! not come is a refusal either way, because nothing is admitted before all answers are there.

use std::error::Error;
use std::fmt::{self, Debug};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use time::OffsetDateTime;

use crate::context::Metadata;
use crate::id::TenantId;
use crate::lifecycle::TenantState;
use crate::principal::{Principal, TenantRoles};

/// Knows the tenants and their members.
#[async_trait]
pub trait Directory: Debug + Send + Sync {
    /// Looks a tenant up; none when there is no such tenant.
    ///
    /// # Errors
    /// [`SeamError`] when it cannot be known; the request is then refused.
    async fn tenant(&self, id: &TenantId) -> Result<Option<TenantRecord>, SeamError>;

    /// Looks a membership up; none when the principal is not a member.
    ///
    /// # Errors
    /// [`SeamError`] when it cannot be known; the request is then refused.
    async fn membership(
        &self,
        id: &TenantId,
        principal: &Principal,
    ) -> Result<Option<Membership>, SeamError>;
}

#[async_trait]
impl<T: Directory + ?Sized> Directory for Arc<T> {
    async fn tenant(&self, id: &TenantId) -> Result<Option<TenantRecord>, SeamError> {
        (**self).tenant(id).await
    }

    async fn membership(
        &self,
        id: &TenantId,
        principal: &Principal,
    ) -> Result<Option<Membership>, SeamError> {
        (**self).membership(id, principal).await
    }
}

/// What the directory knows about a tenant.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TenantRecord {
    id: TenantId,
    state: TenantState,
    metadata: Metadata,
}

impl TenantRecord {
    /// A tenant in this state.
    #[must_use]
    pub const fn new(id: TenantId, state: TenantState) -> Self {
        Self {
            id,
            state,
            metadata: Metadata::new(),
        }
    }

    /// Adds facts about it.
    #[must_use]
    pub fn with_metadata(mut self, metadata: Metadata) -> Self {
        self.metadata = metadata;
        self
    }

    /// The tenant.
    #[must_use]
    pub const fn id(&self) -> &TenantId {
        &self.id
    }

    /// Where it stands.
    #[must_use]
    pub const fn state(&self) -> TenantState {
        self.state
    }

    /// Facts about it.
    #[must_use]
    pub const fn metadata(&self) -> &Metadata {
        &self.metadata
    }
}

/// What the directory knows about a member.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Membership {
    roles: TenantRoles,
}

impl Membership {
    /// A member with these roles.
    #[must_use]
    pub const fn new(roles: TenantRoles) -> Self {
        Self { roles }
    }

    /// The member's roles inside of the tenant.
    #[must_use]
    pub const fn roles(&self) -> &TenantRoles {
        &self.roles
    }
}

/// Says whether a tenant may use more of the service now.
#[async_trait]
pub trait Admission: Debug + Send + Sync {
    /// Decides about one request.
    ///
    /// # Errors
    /// [`SeamError`] when it cannot be known; the request is then refused.
    async fn admit(
        &self,
        tenant: &TenantId,
        principal: Option<&Principal>,
    ) -> Result<AdmissionDecision, SeamError>;
}

#[async_trait]
impl<T: Admission + ?Sized> Admission for Arc<T> {
    async fn admit(
        &self,
        tenant: &TenantId,
        principal: Option<&Principal>,
    ) -> Result<AdmissionDecision, SeamError> {
        (**self).admit(tenant, principal).await
    }
}

/// The answer of an [`Admission`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "callers must see a new outcome")]
pub enum AdmissionDecision {
    /// Go on.
    Admit,
    /// Not now.
    Refuse {
        /// When to try again, where that is known.
        retry_after: Option<Duration>,
    },
}

/// Admits everybody: no quota.
#[derive(Clone, Copy, Debug, Default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "it holds nothing and is written as a value"
)]
pub struct OpenAdmission;

#[async_trait]
impl Admission for OpenAdmission {
    async fn admit(
        &self,
        _tenant: &TenantId,
        _principal: Option<&Principal>,
    ) -> Result<AdmissionDecision, SeamError> {
        Ok(AdmissionDecision::Admit)
    }
}

/// Keeps the keyed hashes of API keys.
#[async_trait]
pub trait KeyStore: Debug + Send + Sync {
    /// Looks a key up by its public id; none when there is no such key.
    ///
    /// # Errors
    /// [`SeamError`] when it cannot be known; the request is then refused.
    async fn key(&self, key_id: &str) -> Result<Option<ApiKeyRecord>, SeamError>;
}

#[async_trait]
impl<T: KeyStore + ?Sized> KeyStore for Arc<T> {
    async fn key(&self, key_id: &str) -> Result<Option<ApiKeyRecord>, SeamError> {
        (**self).key(key_id).await
    }
}

/// What a key store keeps of an API key.
///
/// # Security
/// Not the secret: an HMAC-SHA256 of it under a pepper that lives elsewhere.
#[derive(Clone, Eq, PartialEq)]
pub struct ApiKeyRecord {
    key_id: String,
    tenant: TenantId,
    secret_mac: [u8; 32],
    expires_at: Option<OffsetDateTime>,
    is_revoked: bool,
}

impl ApiKeyRecord {
    /// A key of this tenant that never expires.
    #[must_use]
    pub fn new(key_id: impl Into<String>, tenant: TenantId, secret_mac: [u8; 32]) -> Self {
        let key_id = key_id.into();
        Self {
            key_id,
            tenant,
            secret_mac,
            expires_at: None,
            is_revoked: false,
        }
    }

    /// Ends its time of validity at this instant, or never.
    ///
    /// # Units
    /// The instant itself is no longer inside.
    #[must_use]
    pub fn with_expiry(mut self, expires_at: Option<OffsetDateTime>) -> Self {
        self.expires_at = expires_at;
        self
    }

    /// Takes it out of service.
    #[must_use]
    pub fn revoke(mut self) -> Self {
        self.is_revoked = true;
        self
    }

    /// The public id.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// The tenant it belongs to.
    #[must_use]
    pub const fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// The keyed hash of the secret.
    #[must_use]
    pub const fn secret_mac(&self) -> &[u8; 32] {
        &self.secret_mac
    }

    /// The first instant at which it is no longer valid.
    #[must_use]
    pub const fn expires_at(&self) -> Option<OffsetDateTime> {
        self.expires_at
    }

    /// Whether it was taken out of service.
    #[must_use]
    pub const fn is_revoked(&self) -> bool {
        self.is_revoked
    }
}

impl Debug for ApiKeyRecord {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ApiKeyRecord")
            .field("key_id", &self.key_id)
            .field("tenant", &self.tenant)
            .field("secret_mac", &"redacted")
            .field("expires_at", &self.expires_at)
            .field("is_revoked", &self.is_revoked)
            .finish()
    }
}

/// A seam could not answer.
///
/// # Security
/// The cause is in `source()`; the text does not repeat it.
#[derive(Debug, thiserror::Error)]
#[error("a part that the shield relies on did not answer")]
pub struct SeamError {
    source: Box<dyn Error + Send + Sync>,
}

impl SeamError {
    /// Wraps the cause, an error or a text.
    pub fn new(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            source: cause.into(),
        }
    }

    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "TS-SEAM-001"
    }

    /// How to mend it.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        "check the directory, admission or key store; its cause is in the error's source"
    }
}
