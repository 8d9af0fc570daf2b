//! The tenant of an API key.
//!
//! A key belongs to exactly one tenant; the store keeps a keyed hash of the secret, so that a copy
//! of the store neither works as a key nor lets one be guessed without the pepper.

mod format;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use aws_lc_rs::hmac;
use http::HeaderName;
use http::request::Parts;
use tenantshield_core::{
    ApiKeyRecord, ClaimSource, Claims, Clock, KeyStore, Principal, PrincipalId, SystemClock,
    TenantClaim, TenantId,
};
use time::OffsetDateTime;

use crate::credential::{bearer, text_of};
use crate::error::{Error, RandomnessError, ResolveError, fault};
use crate::resolve::Resolver;
use crate::resolve::api_key::format::{KEY_ID_CHARS, PREFIX, SECRET_CHARS};

const HEADER: HeaderName = HeaderName::from_static("x-api-key");
const PEPPER_MINIMUM: usize = 32;

/// The key under which the store's hashes of secrets are made; it lives outside the store.
#[derive(Clone)]
pub struct ApiKeyPepper(hmac::Key);

impl ApiKeyPepper {
    /// Uses this secret.
    ///
    /// # Units
    /// At least 32 bytes.
    ///
    /// # Errors
    /// [`Error::Configuration`] when it is shorter.
    pub fn new(secret: &[u8]) -> Result<Self, Error> {
        if secret.len() < PEPPER_MINIMUM {
            return Err(Error::configuration(
                "pepper",
                "use at least 32 random bytes",
            ));
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, secret)))
    }

    fn mac(&self, secret: &str) -> [u8; 32] {
        let mut out = [0_u8; 32];
        out.copy_from_slice(hmac::sign(&self.0, secret.as_bytes()).as_ref());
        out
    }

    /// Compares in constant time.
    fn verifies(&self, secret: &str, mac: &[u8; 32]) -> bool {
        hmac::verify(&self.0, secret.as_bytes(), mac).is_ok()
    }
}

impl fmt::Debug for ApiKeyPepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKeyPepper(redacted)")
    }
}

/// A new API key: the text to show once, and the record to store.
///
/// # Security
/// The text cannot be had again: the record holds only its keyed hash.
pub struct ApiKey {
    text: String,
    record: ApiKeyRecord,
}

impl ApiKey {
    /// Makes a key for a tenant: a public id of 128 random bits and a secret of 256.
    ///
    /// # Shape
    /// `environment` and `kind` are 1 to 16 lower-case letters and digits, as `live` and `srv`.
    ///
    /// # Errors
    /// [`Error::Configuration`] for another word, [`Error::Randomness`] when the system gives none.
    ///
    /// # Examples
    /// ```
    /// use tenantshield_core::TenantId;
    /// use tenantshield_tower::{ApiKey, ApiKeyPepper};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let pepper = ApiKeyPepper::new(&[7; 32])?;
    /// let key = ApiKey::generate("live", "srv", TenantId::new("acme")?, None, &pepper)?;
    /// assert!(key.reveal().starts_with("ts_live_srv_"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn generate(
        environment: &str,
        kind: &str,
        tenant: TenantId,
        expires_at: Option<OffsetDateTime>,
        pepper: &ApiKeyPepper,
    ) -> Result<Self, Error> {
        if !format::is_word(environment) || !format::is_word(kind) {
            let hint = "environment and kind are 1 to 16 lower-case letters and digits";
            return Err(Error::configuration("api key", hint));
        }
        let mut id = [0_u8; 16];
        let mut secret = [0_u8; 32];
        aws_lc_rs::rand::fill(&mut id).map_err(|_| RandomnessError::new())?;
        aws_lc_rs::rand::fill(&mut secret).map_err(|_| RandomnessError::new())?;
        let id = format::base62(&id, KEY_ID_CHARS);
        let secret = format::base62(&secret, SECRET_CHARS);
        let text = format::compose(environment, kind, &id, &secret);
        let mac = pepper.mac(&secret);
        let record = ApiKeyRecord::new(id, tenant, mac).with_expiry(expires_at);
        Ok(Self { text, record })
    }

    /// The key's text, to be shown once.
    pub fn reveal(&self) -> &str {
        &self.text
    }

    /// What the store keeps.
    pub fn record(&self) -> &ApiKeyRecord {
        &self.record
    }

    /// Gives the record away and forgets the text.
    pub fn into_record(self) -> ApiKeyRecord {
        self.record
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(redacted)")
    }
}

/// Resolves by an API key, in `Authorization: Bearer` or in `X-Api-Key`.
///
/// # Shape
/// No key: no claim. Two: ambiguous. Malformed, unknown, expired or revoked: one and the same bad
/// credential. A valid one is a verified claim of its tenant with the key as the principal.
///
/// # Security
/// The secret is compared by HMAC in constant time, for an unknown key id as well. Nothing is
/// cached: a revoked key is refused as soon as the store says so.
pub struct ApiKeyResolver<K> {
    store: Arc<K>,
    peppers: Vec<ApiKeyPepper>,
    environment: Option<String>,
    is_beside_tokens: bool,
    clock: Arc<dyn Clock>,
}

impl<K: KeyStore + 'static> ApiKeyResolver<K> {
    /// Resolves keys of this store.
    pub fn new(store: Arc<K>, pepper: ApiKeyPepper) -> Self {
        Self {
            store,
            peppers: vec![pepper],
            environment: None,
            is_beside_tokens: false,
            clock: Arc::new(SystemClock),
        }
    }

    /// Accepts hashes under an older pepper too, while a rotation lasts.
    #[must_use]
    pub fn with_older_pepper(mut self, pepper: ApiKeyPepper) -> Self {
        self.peppers.push(pepper);
        self
    }

    /// Accepts only keys made for this environment.
    #[must_use]
    pub fn with_environment(mut self, environment: &str) -> Self {
        self.environment = Some(environment.to_owned());
        self
    }

    /// Leaves bearer tokens that do not begin with `ts_` to another resolver.
    ///
    /// Without it they are refused here as bad credentials.
    #[must_use]
    pub fn beside_tokens(mut self) -> Self {
        self.is_beside_tokens = true;
        self
    }

    /// Judges expiry by this clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The key's text in the request; none when there is none.
    fn given<'a>(&self, parts: &'a Parts) -> Result<Option<&'a str>, ResolveError> {
        let mut values = parts.headers.get_all(HEADER).iter();
        let header = values
            .next()
            .map(|value| value.to_str().map_err(|_| fault::KEY_REFUSED))
            .transpose()?;
        if values.next().is_some() {
            return Err(fault::CREDENTIAL_REPEATED);
        }
        let is_ours =
            |token: &&[u8]| !self.is_beside_tokens || token.starts_with(PREFIX.as_bytes());
        let token = bearer(parts)?.filter(is_ours).map(text_of).transpose()?;
        match (header, token) {
            (Some(_), Some(_)) => Err(fault::CREDENTIAL_REPEATED),
            (Some(text), None) | (None, Some(text)) => Ok(Some(text)),
            (None, None) => Ok(None),
        }
    }

    fn is_right(&self, secret: &str, mac: &[u8; 32]) -> bool {
        // SECURITY: every pepper is tried, so that the time does not tell which one matched.
        self.peppers
            .iter()
            .fold(false, |found, pepper| pepper.verifies(secret, mac) | found)
    }
}

#[async_trait]
impl<K: KeyStore + 'static> Resolver for ApiKeyResolver<K> {
    async fn resolve(&self, parts: &Parts) -> Result<Claims, ResolveError> {
        let Some(text) = self.given(parts)? else {
            return Ok(Claims::new());
        };
        let key = format::parse(text).ok_or(fault::KEY_REFUSED)?;
        if self
            .environment
            .as_deref()
            .is_some_and(|wanted| wanted != key.environment)
        {
            return Err(fault::KEY_REFUSED);
        }
        let found = self
            .store
            .key(key.key_id)
            .await
            .map_err(|_| fault::STORE_UNAVAILABLE)?;
        let Some(record) = found else {
            let _ = self.is_right(key.secret, &[0; 32]);
            return Err(fault::KEY_REFUSED);
        };
        let is_right = self.is_right(key.secret, record.secret_mac());
        let is_expired = record
            .expires_at()
            .is_some_and(|end| self.clock.now() >= end);
        // The id is compared again, as a store that folds case could return a neighbour's record.
        if !is_right || is_expired || record.is_revoked() || record.key_id() != key.key_id {
            return Err(fault::KEY_REFUSED);
        }
        let id = PrincipalId::new(key.key_id).map_err(|_| fault::KEY_REFUSED)?;
        let claim = TenantClaim::verified(record.tenant().clone(), ClaimSource::ApiKey);
        Ok(Claims::new()
            .with_claim(claim)
            .with_principal(Principal::api_key(id)))
    }
}

impl<K> fmt::Debug for ApiKeyResolver<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKeyResolver").finish_non_exhaustive()
    }
}
