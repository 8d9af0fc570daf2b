//! The tenant of a signed-in session.
//!
//! The session's row holds tenant and principal together, so a cookie of one tenant says so on
//! every host it is sent to, and disagreement is found. Switching tenant makes a new session id:
//! an id that was fixed or stolen before the switch is worth nothing after it.

mod cookie;
mod store;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use http::request::Parts;
use tenantshield_core::{ClaimSource, Claims, Clock, SystemClock, TenantClaim};

pub use self::store::{MemorySessionStore, SessionId, SessionRecord, SessionStore, rotate};
use crate::error::{Error, ResolveError, fault};
use crate::resolve::Resolver;
use crate::resolve::session::cookie::cookie_value;

/// Resolves by a session cookie and a store.
///
/// # Shape
/// No cookie: no claim. A cookie that is given twice: ambiguous. One that is malformed, unknown
/// or expired: a bad credential. A store that does not answer: unavailable.
///
/// # Security
/// Name the cookie with the prefix `__Host-`, so that a sibling's host cannot plant it.
pub struct SessionResolver<S> {
    store: Arc<S>,
    cookie: String,
    clock: Arc<dyn Clock>,
}

impl<S: SessionStore> SessionResolver<S> {
    /// Resolves sessions of this store, by the cookie of this name.
    ///
    /// # Errors
    /// [`Error::Configuration`] when the name is not a cookie's name.
    pub fn new(store: Arc<S>, cookie: &str) -> Result<Self, Error> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if cookie.is_empty() || !cookie.bytes().all(allowed) {
            return Err(Error::configuration(
                "session cookie",
                "use a name as __Host-session",
            ));
        }
        Ok(Self {
            store,
            cookie: cookie.to_owned(),
            clock: Arc::new(SystemClock),
        })
    }

    /// Judges expiry by this clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }
}

#[async_trait]
impl<S: SessionStore> Resolver for SessionResolver<S> {
    async fn resolve(&self, parts: &Parts) -> Result<Claims, ResolveError> {
        let Some(text) = cookie_value(&parts.headers, &self.cookie)? else {
            return Ok(Claims::new());
        };
        let id = SessionId::parse(text).ok_or(fault::SESSION_REFUSED)?;
        let found = self
            .store
            .session(&id)
            .await
            .map_err(|_| fault::STORE_UNAVAILABLE)?;
        let record = found.ok_or(fault::SESSION_REFUSED)?;
        if self.clock.now() >= record.expires_at() {
            return Err(fault::SESSION_REFUSED);
        }
        let claim = TenantClaim::verified(record.tenant().clone(), ClaimSource::Session);
        Ok(Claims::new()
            .with_claim(claim)
            .with_principal(record.principal().clone()))
    }
}

impl<S> fmt::Debug for SessionResolver<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionResolver")
            .field("cookie", &self.cookie)
            .finish_non_exhaustive()
    }
}
