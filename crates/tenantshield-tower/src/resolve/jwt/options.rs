//! Which issuers are believed, for what, and with which keys.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::Validation;
use tenantshield_core::{PrincipalKind, TenantId};

use crate::error::Error;
use crate::resolve::jwt::key::{JwtAlgorithm, JwtKey};

const LEEWAY_LIMIT: Duration = Duration::from_mins(1);
const CACHE_DEFAULT: usize = 10_000;

/// One issuer of tokens: one algorithm, its keys, one audience, and the tenants it speaks for.
///
/// # Shape
/// At first the issuer speaks for no tenant at all: name them with
/// [`with_tenants`](Self::with_tenants) or say [`with_all_tenants`](Self::with_all_tenants).
#[derive(Clone, Debug)]
#[must_use]
pub struct JwtIssuer {
    pub(crate) issuer: Arc<str>,
    pub(crate) audience: String,
    pub(crate) algorithm: JwtAlgorithm,
    pub(crate) keys: Vec<JwtKey>,
    pub(crate) types: BTreeSet<String>,
    pub(crate) tenant_claim: Vec<String>,
    pub(crate) tenants: IssuerTenants,
    pub(crate) principal_kind: PrincipalKind,
    pub(crate) validation: Validation,
}

/// The tenants that an issuer may name.
#[derive(Clone, Debug)]
pub(crate) enum IssuerTenants {
    All,
    Only(BTreeSet<TenantId>),
}

impl IssuerTenants {
    pub(crate) fn contain(&self, tenant: &TenantId) -> bool {
        match self {
            Self::All => true,
            Self::Only(tenants) => tenants.contains(tenant),
        }
    }
}

impl JwtIssuer {
    /// Believes this issuer's tokens for this audience, signed with this algorithm and key.
    ///
    /// # Shape
    /// Both names are compared exactly. Tokens are of type `JWT`, and name the tenant in
    /// `tenant_id`, until said otherwise.
    ///
    /// # Errors
    /// [`Error::Configuration`] when a name is empty or the key is not of the algorithm's family.
    pub fn new(
        issuer: &str,
        audience: &str,
        algorithm: JwtAlgorithm,
        key: JwtKey,
    ) -> Result<Self, Error> {
        if issuer.is_empty() || audience.is_empty() {
            return Err(Error::configuration(
                "jwt issuer",
                "name issuer and audience",
            ));
        }
        let mut validation = Validation::new(algorithm.native());
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[audience]);
        // Times are judged by the injected clock, on every use of a cached token as well.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let new = Self {
            issuer: issuer.into(),
            audience: audience.to_owned(),
            algorithm,
            keys: Vec::new(),
            types: BTreeSet::from(["jwt".to_owned()]),
            tenant_claim: vec!["tenant_id".to_owned()],
            tenants: IssuerTenants::Only(BTreeSet::new()),
            principal_kind: PrincipalKind::User,
            validation,
        };
        new.with_key(key)
    }

    /// Adds a key, for a rotation with overlap; keys beside others need ids that differ.
    ///
    /// # Errors
    /// [`Error::Configuration`] when the key is of another family or its id is missing or taken.
    pub fn with_key(mut self, key: JwtKey) -> Result<Self, Error> {
        if !key.fits(self.algorithm) {
            return Err(Error::configuration(
                "jwt key",
                "use a key of the algorithm's family",
            ));
        }
        let is_clear = |known: &JwtKey| known.id().is_some() && known.id() != key.id();
        if !self.keys.is_empty() && (key.id().is_none() || !self.keys.iter().all(is_clear)) {
            return Err(Error::configuration(
                "jwt key",
                "give each of several keys its own id",
            ));
        }
        self.keys.push(key);
        Ok(self)
    }

    /// Accepts exactly these values of `typ`, such as `at+jwt` for access tokens of RFC 9068.
    ///
    /// # Shape
    /// Media types are compared without case; the prefix `application/` counts as absent.
    pub fn with_types<'a>(mut self, types: impl IntoIterator<Item = &'a str>) -> Self {
        self.types = types.into_iter().map(plain_type).collect();
        self
    }

    /// Reads the tenant from this claim of the token, such as `org_id` or `custom:tenant_id`.
    pub fn with_tenant_claim(mut self, claim: &str) -> Self {
        self.tenant_claim = vec![claim.to_owned()];
        self
    }

    /// Reads the tenant from a claim inside claims, such as `["o", "id"]`.
    pub fn with_tenant_claim_path<'a>(mut self, path: impl IntoIterator<Item = &'a str>) -> Self {
        self.tenant_claim = path.into_iter().map(str::to_owned).collect();
        self
    }

    /// Takes tokens as proof of the person only; the tenant is then named by header, host or
    /// path, and membership decides.
    pub fn without_tenant_claim(mut self) -> Self {
        self.tenant_claim.clear();
        self
    }

    /// Adds the tenants for which this issuer speaks.
    pub fn with_tenants(mut self, tenants: impl IntoIterator<Item = TenantId>) -> Self {
        match &mut self.tenants {
            IssuerTenants::All => {}
            IssuerTenants::Only(known) => known.extend(tenants),
        }
        self
    }

    /// Lets this issuer speak for every tenant: right for the service's own issuer only.
    pub fn with_all_tenants(mut self) -> Self {
        self.tenants = IssuerTenants::All;
        self
    }

    /// Says what kind of principal the subjects are; persons by default.
    pub fn with_principal_kind(mut self, kind: PrincipalKind) -> Self {
        self.principal_kind = kind;
        self
    }
}

/// The issuers that a [`JwtResolver`](super::JwtResolver) believes, and its limits.
#[derive(Clone, Debug)]
#[must_use]
pub struct JwtOptions {
    pub(crate) issuers: BTreeMap<Arc<str>, JwtIssuer>,
    pub(crate) leeway: Duration,
    pub(crate) cache_capacity: usize,
}

impl JwtOptions {
    /// Starts with no issuer, no leeway and room for 10 000 verified tokens.
    pub fn new() -> Self {
        Self {
            issuers: BTreeMap::new(),
            leeway: Duration::ZERO,
            cache_capacity: CACHE_DEFAULT,
        }
    }

    /// Adds an issuer.
    ///
    /// # Errors
    /// [`Error::Configuration`] when an issuer of that name is already there.
    pub fn with_issuer(mut self, issuer: JwtIssuer) -> Result<Self, Error> {
        if self.issuers.contains_key(&issuer.issuer) {
            return Err(Error::configuration("jwt issuer", "add each issuer once"));
        }
        self.issuers.insert(Arc::clone(&issuer.issuer), issuer);
        Ok(self)
    }

    /// Allows the clocks to differ by this much.
    ///
    /// # Units
    /// At most 60 seconds, on `exp`, `nbf` and `iat` alike.
    ///
    /// # Errors
    /// [`Error::Configuration`] when it is more.
    pub fn with_leeway(mut self, leeway: Duration) -> Result<Self, Error> {
        if leeway > LEEWAY_LIMIT {
            return Err(Error::configuration(
                "jwt leeway",
                "allow at most 60 seconds",
            ));
        }
        self.leeway = leeway;
        Ok(self)
    }

    /// Keeps at most so many verified tokens.
    pub fn with_cache_capacity(mut self, tokens: usize) -> Self {
        self.cache_capacity = tokens;
        self
    }
}

impl Default for JwtOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// A media type as RFC 7515 compares it in `typ`.
pub(crate) fn plain_type(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    lower
        .strip_prefix("application/")
        .map_or_else(|| lower.clone(), str::to_owned)
}
