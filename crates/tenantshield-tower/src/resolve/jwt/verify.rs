//! The judgement of one token.
//!
//! Order matters: the form first, then the header against the issuer's configuration, then the
//! signature, then the claims. Nothing in the token chooses an algorithm, a key source or a type;
//! `iss` chooses only which configuration must hold, and is checked again after the signature.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tenantshield_core::{
    ClaimSource, Claims, Principal, PrincipalId, PrincipalKind, TenantClaim, TenantId,
};

use crate::error::{ResolveError, fault};
use crate::resolve::jwt::json::Json;
use crate::resolve::jwt::key::JwtKey;
use crate::resolve::jwt::options::{JwtIssuer, JwtOptions, plain_type};

/// Header members that change how a token is read, or that bring a key along.
const REFUSED_MEMBERS: [&str; 9] = [
    "b64", "crit", "cty", "enc", "jku", "jwk", "x5c", "x5u", "zip",
];
/// Seconds; the year 9999 ends before it.
const TIME_LIMIT: f64 = 253_402_300_800.0;

/// What a verified token says, and from when to when, in seconds since 1970.
#[derive(Clone, Debug)]
pub(crate) struct Verified {
    pub(crate) claims: Claims,
    pub(crate) not_before: i64,
    pub(crate) expires: i64,
}

impl Verified {
    /// Both ends with the leeway already applied: from `not_before`, before `expires`.
    pub(crate) fn is_valid_at(&self, seconds: i64) -> bool {
        (self.not_before..self.expires).contains(&seconds)
    }
}

/// Judges the token's form, signature and claims; the caller judges the time.
pub(crate) fn verify(token: &str, options: &JwtOptions) -> Result<Verified, ResolveError> {
    let mut parts = token.split('.');
    let (Some(header), Some(payload), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(fault::CREDENTIAL_MALFORMED);
    };
    if signature.is_empty() {
        return Err(fault::TOKEN_REFUSED);
    }
    let header = decode(header)?;
    let unverified = decode(payload)?;
    let issuer = unverified
        .member("iss")
        .and_then(Json::text)
        .and_then(|name| options.issuers.get(name))
        .ok_or(fault::TOKEN_CLAIMS)?;
    let key = key_for(&header, issuer)?;
    let verified = jsonwebtoken::decode::<Json>(token, key.native(), &issuer.validation)
        .map_err(|_| fault::TOKEN_REFUSED)?;
    judge_claims(&verified.claims, issuer, options)
}

fn decode(part: &str) -> Result<Json, ResolveError> {
    let bytes = URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| fault::CREDENTIAL_MALFORMED)?;
    let json: Json = serde_json::from_slice(&bytes).map_err(|_| fault::CREDENTIAL_MALFORMED)?;
    if matches!(json, Json::Object(_)) {
        Ok(json)
    } else {
        Err(fault::CREDENTIAL_MALFORMED)
    }
}

/// Holds the header against the configuration and picks the one key that can apply.
fn key_for<'a>(header: &Json, issuer: &'a JwtIssuer) -> Result<&'a JwtKey, ResolveError> {
    let is_refused = REFUSED_MEMBERS
        .iter()
        .any(|name| header.member(name).is_some());
    let algorithm = header.member("alg").and_then(Json::text);
    let kind = header.member("typ").and_then(Json::text).map(plain_type);
    let kind_is_right = kind.is_some_and(|kind| issuer.types.contains(&kind));
    if is_refused || algorithm != Some(issuer.algorithm.as_str()) || !kind_is_right {
        return Err(fault::TOKEN_REFUSED);
    }
    let id = match header.member("kid") {
        None => None,
        Some(Json::Text(id)) => Some(id.as_str()),
        Some(_) => return Err(fault::TOKEN_REFUSED),
    };
    let found = match (issuer.keys.as_slice(), id) {
        ([only], None) => Some(only),
        ([only], Some(_)) if only.id().is_none() => Some(only),
        (keys, Some(id)) => keys.iter().find(|key| key.id() == Some(id)),
        (_, None) => None,
    };
    found.ok_or(fault::TOKEN_REFUSED)
}

fn judge_claims(
    claims: &Json,
    issuer: &JwtIssuer,
    options: &JwtOptions,
) -> Result<Verified, ResolveError> {
    // The library accepts an array of issuers; one exact name is asked for here.
    if claims.member("iss").and_then(Json::text) != Some(&*issuer.issuer) {
        return Err(fault::TOKEN_CLAIMS);
    }
    let audience_is_right = match claims.member("aud") {
        Some(Json::Text(audience)) => *audience == issuer.audience,
        Some(Json::Array(all)) => all.iter().any(|one| one.text() == Some(&issuer.audience)),
        _ => false,
    };
    if !audience_is_right {
        return Err(fault::TOKEN_CLAIMS);
    }
    let leeway = i64::try_from(options.leeway.as_secs()).unwrap_or(0);
    let expires = seconds(claims, "exp")?.ok_or(fault::TOKEN_CLAIMS)?;
    let starts = seconds(claims, "nbf")?.max(seconds(claims, "iat")?);
    let not_before = starts.map_or(i64::MIN, |start| start.saturating_sub(leeway));
    let subject = claims
        .member("sub")
        .and_then(Json::text)
        .ok_or(fault::TOKEN_CLAIMS)?;
    let id = PrincipalId::new(subject).map_err(|_| fault::TOKEN_CLAIMS)?;
    let principal = match issuer.principal_kind {
        PrincipalKind::ApiKey => Principal::api_key(id),
        PrincipalKind::Service => Principal::service(id),
        PrincipalKind::User => Principal::user(id),
    };
    let mut said = Claims::new().with_principal(principal.with_issuer(Arc::clone(&issuer.issuer)));
    if let Some(tenant) = tenant(claims, issuer)? {
        said = said.with_claim(TenantClaim::verified(tenant, ClaimSource::Jwt));
    }
    Ok(Verified {
        claims: said,
        not_before,
        expires: expires.saturating_add(leeway),
    })
}

fn tenant(claims: &Json, issuer: &JwtIssuer) -> Result<Option<TenantId>, ResolveError> {
    if issuer.tenant_claim.is_empty() {
        return Ok(None);
    }
    let mut place = Some(claims);
    for name in &issuer.tenant_claim {
        place = place.and_then(|found| found.member(name));
    }
    let text = place.and_then(Json::text).ok_or(fault::TOKEN_CLAIMS)?;
    let tenant = TenantId::new(text).map_err(|_| fault::TOKEN_CLAIMS)?;
    if issuer.tenants.contain(&tenant) {
        Ok(Some(tenant))
    } else {
        Err(fault::ISSUER_NOT_OF_TENANT)
    }
}

/// A `NumericDate` in whole seconds; none when absent, an error when it is not a plausible time.
fn seconds(claims: &Json, name: &str) -> Result<Option<i64>, ResolveError> {
    match claims.member(name) {
        None => Ok(None),
        Some(Json::Number(value)) if (0.0..TIME_LIMIT).contains(value) => {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "the range was just checked"
            )]
            let whole = value.floor() as i64;
            Ok(Some(whole))
        }
        Some(_) => Err(fault::TOKEN_CLAIMS),
    }
}
