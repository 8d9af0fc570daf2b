//! The tenant of a signed token.
//!
//! A token proves what its issuer says, and an issuer may say only what it is registered for. The
//! algorithm, the type and the keys come from the configuration; a token that tries to choose any
//! of them is refused.

mod json;
mod key;
mod options;
mod verify;

use std::fmt;
use std::sync::{Arc, Once};

use arc_swap::ArcSwap;
use async_trait::async_trait;
use aws_lc_rs::digest;
use http::request::Parts;
use quick_cache::sync::Cache;
use tenantshield_core::{Claims, Clock, SystemClock};

pub use self::key::{JwtAlgorithm, JwtKey};
pub use self::options::{JwtIssuer, JwtOptions};
use crate::credential::{bearer, text_of};
use crate::error::{Error, ResolveError, fault};
use crate::resolve::jwt::verify::{Verified, verify};
use crate::resolve::{Resolver, SyncResolver};

/// Beyond it a token is not even hashed.
const SIZE_LIMIT: usize = 8 * 1024;
/// What API keys of this product begin with.
const API_KEY_PREFIX: &[u8] = b"ts_";

/// Resolves by a bearer token, and remembers tokens that were verified.
///
/// # Shape
/// No token: no claim. Anything but a valid token: a bad credential. A valid one is a principal
/// (the subject together with its issuer, never an e-mail address) and a verified tenant claim.
/// Clones share keys and cache.
///
/// # Security
/// `alg`, `typ` and the key come from the configuration; `crit`, `b64`, `zip`, `jku`, `jwk`,
/// `x5u`, `x5c` in the header refuse the token; repeated member names refuse it; `iss`, `aud`,
/// `exp`, `sub` are required; 8 KiB is the limit. A remembered token is found by its SHA-256 and
/// its time of validity is judged on each use. A token stays valid until it expires: what ends
/// access at once is the membership, which `Shield::admit` asks for each request.
///
/// # Source
/// [RFC 8725](https://www.rfc-editor.org/rfc/rfc8725)
///
/// # Examples
/// ```
/// use tenantshield_tower::{JwtAlgorithm, JwtIssuer, JwtKey, JwtOptions, JwtResolver};
///
/// let key = JwtKey::hmac(&[7; 32])?;
/// let issuer = JwtIssuer::new("https://id.example.com", "invoices", JwtAlgorithm::Hs256, key)?;
/// let options = JwtOptions::new().with_issuer(issuer.with_all_tenants())?;
/// let resolver = JwtResolver::new(options)?;
/// # let _ = resolver;
/// # Ok::<(), tenantshield_tower::Error>(())
/// ```
#[derive(Clone)]
pub struct JwtResolver {
    shared: Arc<Shared>,
    is_beside_api_keys: bool,
}

struct Shared {
    keys: ArcSwap<KeySet>,
    cache: Cache<[u8; 32], Arc<Remembered>>,
    clock: Arc<dyn Clock>,
}

struct KeySet {
    options: JwtOptions,
    generation: u64,
}

struct Remembered {
    verified: Verified,
    generation: u64,
}

impl JwtResolver {
    /// Believes these issuers.
    ///
    /// # Errors
    /// [`Error::Configuration`] when there is no issuer.
    pub fn new(options: JwtOptions) -> Result<Self, Error> {
        Self::with_clock(options, Arc::new(SystemClock))
    }

    /// Believes these issuers, and judges times by this clock.
    ///
    /// # Errors
    /// [`Error::Configuration`] when there is no issuer.
    pub fn with_clock(options: JwtOptions, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        choose_cryptography();
        let cache = Cache::new(options.cache_capacity);
        let keys = ArcSwap::from_pointee(KeySet {
            options: checked(options)?,
            generation: 0,
        });
        Ok(Self {
            shared: Arc::new(Shared { keys, cache, clock }),
            is_beside_api_keys: false,
        })
    }

    /// Leaves bearer tokens that begin with `ts_` to an API key resolver.
    ///
    /// Without it they are refused here as bad credentials.
    #[must_use]
    pub fn beside_api_keys(mut self) -> Self {
        self.is_beside_api_keys = true;
        self
    }

    /// Replaces issuers and keys, and forgets every token verified under the old ones.
    ///
    /// # Shape
    /// Holds for every clone at once. The cache's size stays as it was made.
    ///
    /// # Errors
    /// [`Error::Configuration`] when there is no issuer; the old ones then stay.
    pub fn replace(&self, options: JwtOptions) -> Result<(), Error> {
        let options = checked(options)?;
        self.shared.keys.rcu(|old| {
            let generation = old.generation.wrapping_add(1);
            Arc::new(KeySet {
                options: options.clone(),
                generation,
            })
        });
        // Hygiene only: what an older generation verified is not believed anyhow.
        self.shared.cache.clear();
        Ok(())
    }

    fn judge(&self, token: &[u8]) -> Result<Claims, ResolveError> {
        if token.len() > SIZE_LIMIT {
            return Err(fault::CREDENTIAL_MALFORMED);
        }
        let now = self.shared.clock.now().unix_timestamp();
        let keys = self.shared.keys.load();
        let digest = digest_of(token);
        if let Some(known) = self.shared.cache.get(&digest)
            && known.generation == keys.generation
        {
            return claims_at(&known.verified, now);
        }
        let verified = verify(text_of(token)?, &keys.options)?;
        let claims = claims_at(&verified, now)?;
        let generation = keys.generation;
        self.shared.cache.insert(
            digest,
            Arc::new(Remembered {
                verified,
                generation,
            }),
        );
        Ok(claims)
    }
}

impl SyncResolver for JwtResolver {
    fn resolve(&self, parts: &Parts) -> Result<Claims, ResolveError> {
        match bearer(parts)? {
            None => Ok(Claims::new()),
            Some(token) if self.is_beside_api_keys && token.starts_with(API_KEY_PREFIX) => {
                Ok(Claims::new())
            }
            Some(token) => self.judge(token),
        }
    }
}

#[async_trait]
impl Resolver for JwtResolver {
    async fn resolve(&self, parts: &Parts) -> Result<Claims, ResolveError> {
        SyncResolver::resolve(self, parts)
    }
}

impl fmt::Debug for JwtResolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.shared.keys.load();
        f.debug_struct("JwtResolver")
            .field("issuers", &keys.options.issuers.keys())
            .finish_non_exhaustive()
    }
}

fn checked(options: JwtOptions) -> Result<JwtOptions, Error> {
    if options.issuers.is_empty() {
        return Err(Error::configuration(
            "jwt issuer",
            "add at least one issuer",
        ));
    }
    Ok(options)
}

fn claims_at(verified: &Verified, now: i64) -> Result<Claims, ResolveError> {
    if verified.is_valid_at(now) {
        Ok(verified.claims.clone())
    } else {
        Err(fault::TOKEN_EXPIRED)
    }
}

fn digest_of(token: &[u8]) -> [u8; 32] {
    let mut out = [0_u8; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, token).as_ref());
    out
}

/// Names the cryptography once, as the token library panics when two kinds are compiled in.
fn choose_cryptography() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // An application that chose before keeps its choice.
        let _chosen = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
    });
}
