//! Where sessions live: the seam, its in-memory implementation, and the tenant switch.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tenantshield_core::{Principal, SeamError, TenantId};
use time::OffsetDateTime;

use crate::error::{Error, RandomnessError};

const ID_BYTES: usize = 32;
const ID_TEXT: usize = 43;

/// An opaque session id: 256 random bits.
///
/// # Security
/// `Debug` does not show it. It is a credential: send it in a cookie only.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SessionId(String);

impl SessionId {
    /// Draws a new id.
    ///
    /// # Errors
    /// [`Error::Randomness`] when the system gives none.
    pub fn generate() -> Result<Self, Error> {
        let mut bytes = [0_u8; ID_BYTES];
        aws_lc_rs::rand::fill(&mut bytes).map_err(|_| RandomnessError::new())?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// Reads an id as a client sends it; none when it cannot be one of ours.
    pub fn parse(text: &str) -> Option<Self> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        (text.len() == ID_TEXT && text.bytes().all(allowed)).then(|| Self(text.to_owned()))
    }

    /// The text for the cookie.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The SHA-256 of the id: what a store should keep in place of the id itself.
    pub fn digest(&self) -> [u8; 32] {
        let mut out = [0_u8; 32];
        out.copy_from_slice(digest::digest(&digest::SHA256, self.0.as_bytes()).as_ref());
        out
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionId(redacted)")
    }
}

/// What a session stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRecord {
    tenant: TenantId,
    principal: Principal,
    expires_at: OffsetDateTime,
}

impl SessionRecord {
    /// A session of this principal at this tenant, valid before this instant.
    pub fn new(tenant: TenantId, principal: Principal, expires_at: OffsetDateTime) -> Self {
        Self {
            tenant,
            principal,
            expires_at,
        }
    }

    /// The tenant.
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// Who is signed in.
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// The first instant at which it is no longer valid.
    pub fn expires_at(&self) -> OffsetDateTime {
        self.expires_at
    }
}

/// Where sessions live.
///
/// # Security
/// Keep [`SessionId::digest`], not the id, so that a copy of the store opens no session.
#[async_trait]
pub trait SessionStore: fmt::Debug + Send + Sync + 'static {
    /// Looks a session up; none when it is unknown.
    ///
    /// # Errors
    /// [`SeamError`] when the store does not answer; the request is then refused.
    async fn session(&self, id: &SessionId) -> Result<Option<SessionRecord>, SeamError>;

    /// Adds a session.
    ///
    /// # Errors
    /// [`SeamError`] when it could not be written.
    async fn insert(&self, id: &SessionId, record: SessionRecord) -> Result<(), SeamError>;

    /// Ends a session; returns what it was.
    ///
    /// # Errors
    /// [`SeamError`] when it could not be removed.
    async fn remove(&self, id: &SessionId) -> Result<Option<SessionRecord>, SeamError>;
}

/// Moves a signed-in principal to another tenant, under a new session id.
///
/// # Shape
/// The old session ends first: when the store fails in between, the person is signed out, never
/// signed in twice. Returns `None` when the old session is unknown. The principal and the expiry
/// carry over. Whether the principal is a member of the new tenant is asked on the next request.
///
/// # Errors
/// [`SeamError`] when the store or the random source fails.
pub async fn rotate<S: SessionStore + ?Sized>(
    store: &S,
    old: &SessionId,
    tenant: TenantId,
) -> Result<Option<SessionId>, SeamError> {
    let new = SessionId::generate().map_err(SeamError::new)?;
    let Some(record) = store.remove(old).await? else {
        return Ok(None);
    };
    let moved = SessionRecord { tenant, ..record };
    store.insert(&new, moved).await?;
    Ok(Some(new))
}

/// Sessions in this process's memory, by digest.
///
/// # Shape
/// Lost at a restart, and expired sessions stay until removed: for tests, demos and one process.
#[derive(Debug, Default)]
pub struct MemorySessionStore {
    sessions: Mutex<HashMap<[u8; 32], SessionRecord>>,
}

impl MemorySessionStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }
}

#[async_trait]
impl SessionStore for MemorySessionStore {
    async fn session(&self, id: &SessionId) -> Result<Option<SessionRecord>, SeamError> {
        let sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(sessions.get(&id.digest()).cloned())
    }

    async fn insert(&self, id: &SessionId, record: SessionRecord) -> Result<(), SeamError> {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.insert(id.digest(), record);
        Ok(())
    }

    async fn remove(&self, id: &SessionId) -> Result<Option<SessionRecord>, SeamError> {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(sessions.remove(&id.digest()))
    }
}
