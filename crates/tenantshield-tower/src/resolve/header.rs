//! The tenant a client names in a header.
//!
//! A header is what anyone can type: the claim is only *said*, and must agree with what a token,
//! a session or a membership proves.

use async_trait::async_trait;
use http::HeaderName;
use http::request::Parts;
use tenantshield_core::{ClaimSource, Claims, TenantClaim, TenantId};

use crate::error::{Error, ResolveError, fault};
use crate::resolve::{Resolver, SyncResolver};

/// Reads a tenant id from one header.
///
/// # Shape
/// Absent: no claim. Given twice, even with the same value: ambiguous. Anything but a tenant id,
/// spaces and commas included: a bad request. Nothing is trimmed or repaired.
#[derive(Clone, Debug)]
pub struct HeaderResolver {
    name: HeaderName,
}

impl HeaderResolver {
    /// Reads this header, such as `x-tenant-id`.
    ///
    /// # Errors
    /// [`Error::Configuration`] when it is not a header's name, or one that has a meaning of its
    /// own (`Authorization`, `Cookie`, `Host`).
    pub fn new(name: &str) -> Result<Self, Error> {
        let wrong = || Error::configuration("header", "use a name of its own, as x-tenant-id");
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
        let taken = [
            http::header::AUTHORIZATION,
            http::header::COOKIE,
            http::header::HOST,
        ];
        if taken.contains(&name) {
            Err(wrong())
        } else {
            Ok(Self { name })
        }
    }
}

impl SyncResolver for HeaderResolver {
    fn resolve(&self, parts: &Parts) -> Result<Claims, ResolveError> {
        let mut values = parts.headers.get_all(&self.name).iter();
        let Some(value) = values.next() else {
            return Ok(Claims::new());
        };
        if values.next().is_some() {
            return Err(fault::HEADER_REPEATED);
        }
        let text = value.to_str().map_err(|_| fault::TENANT_MALFORMED)?;
        let tenant = TenantId::new(text).map_err(|_| fault::TENANT_MALFORMED)?;
        Ok(Claims::new().with_claim(TenantClaim::said(tenant, ClaimSource::Header)))
    }
}

#[async_trait]
impl Resolver for HeaderResolver {
    async fn resolve(&self, parts: &Parts) -> Result<Claims, ResolveError> {
        SyncResolver::resolve(self, parts)
    }
}
