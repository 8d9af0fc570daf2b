//! What a request says about its tenant, before anybody believed it.
//!
//! Header, host, token and key are kept side by side instead of the first one winning; whether
//! they agree is judged once, by [`Shield::admit`](crate::Shield::admit).

use std::fmt;

use crate::id::TenantId;
use crate::principal::Principal;

/// Where a claim was read.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[expect(
    clippy::exhaustive_enums,
    reason = "who trusts a source must see a new one"
)]
pub enum ClaimSource {
    /// An API key, looked up in a key store.
    ApiKey,
    /// A function of the application.
    Callable,
    /// A request header.
    Header,
    /// The host name of the request.
    Host,
    /// The program itself, for work it took from a job queue.
    Job,
    /// A signed token.
    Jwt,
    /// The path of the request.
    Path,
    /// A server-side session.
    Session,
    /// The program itself, outside of any request.
    Worker,
}

impl ClaimSource {
    /// The lower-case name in evidence.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ApiKey => "api_key",
            Self::Callable => "callable",
            Self::Header => "header",
            Self::Host => "host",
            Self::Job => "job",
            Self::Jwt => "jwt",
            Self::Path => "path",
            Self::Session => "session",
            Self::Worker => "worker",
        }
    }
}

impl fmt::Display for ClaimSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// One statement that a request belongs to a tenant.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TenantClaim {
    tenant: TenantId,
    source: ClaimSource,
    verified: bool,
}

impl TenantClaim {
    /// A claim that the client merely made: header, host, path.
    #[must_use]
    pub const fn said(tenant: TenantId, source: ClaimSource) -> Self {
        Self {
            tenant,
            source,
            verified: false,
        }
    }

    /// A claim that was proven by cryptography or by a lookup.
    ///
    /// # Security
    /// Whoever calls this has done the proving. It still opens nothing by itself: the directory
    /// is asked whether the tenant lives and whether the principal is its member.
    #[must_use]
    pub const fn verified(tenant: TenantId, source: ClaimSource) -> Self {
        Self {
            tenant,
            source,
            verified: true,
        }
    }

    /// The tenant it names.
    #[must_use]
    pub const fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// Where it was read.
    #[must_use]
    pub const fn source(&self) -> ClaimSource {
        self.source
    }

    /// Whether it was proven.
    #[must_use]
    pub const fn is_verified(&self) -> bool {
        self.verified
    }
}

/// Everything that one request says about its tenant and its principal.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[must_use]
pub struct Claims {
    claims: Vec<TenantClaim>,
    principals: Vec<Principal>,
}

impl Claims {
    /// Nothing said.
    pub const fn new() -> Self {
        Self {
            claims: Vec::new(),
            principals: Vec::new(),
        }
    }

    /// Adds what was said about the tenant.
    pub fn with_claim(mut self, claim: TenantClaim) -> Self {
        self.claims.push(claim);
        self
    }

    /// Adds an authenticated principal.
    ///
    /// # Security
    /// Only a principal whose credential was verified belongs here.
    pub fn with_principal(mut self, principal: Principal) -> Self {
        self.principals.push(principal);
        self
    }

    /// What was said about the tenant.
    #[must_use]
    pub fn claims(&self) -> &[TenantClaim] {
        &self.claims
    }

    /// Who was authenticated.
    #[must_use]
    pub fn principals(&self) -> &[Principal] {
        &self.principals
    }

    /// Whether no tenant was named at all.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.claims.is_empty()
    }
}
