//! Tokens of the demo: honest ones signed with a key made at start, and the forgeries of the tour.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use super::fault::Fault;

/// Who issues the demo's tokens.
pub(crate) const ISSUER: &str = "https://login.invoices.example";
/// Whom the demo's tokens are for.
pub(crate) const AUDIENCE: &str = "invoices";
/// The header type of the demo's tokens (RFC 9068).
pub(crate) const TYPE: &str = "at+jwt";

const LIFETIME_SECONDS: i64 = 8 * 3600;

/// A token that a request carries.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Credential {
    /// Signed for another service of the same issuer.
    ForOtherService,
    /// Names the victim's tenant, signed with a key that the attacker made.
    Forged,
    /// An honest token of a person and the tenant it names.
    Honest(Person),
    /// Signed with HMAC under the public key, which everybody has.
    KeyConfusion,
    /// Was honest an hour ago.
    Outdated,
    /// Honest, but names a tenant of which the attacker is no member.
    OtherTenant,
    /// Says that it needs no signature.
    Unsigned,
    /// Honest, but names no tenant.
    WithoutTenant,
}

/// The people of the demo.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Person {
    /// A member of globex, the victim of most attacks.
    Carol,
    /// A member of acme, the attacker.
    Mallory,
    /// A member of initech, which gets suspended.
    Peter,
    /// Was a member of globex until the tour removes her.
    Zoe,
}

impl Person {
    pub(crate) const ALL: [Self; 4] = [Self::Carol, Self::Mallory, Self::Peter, Self::Zoe];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Carol => "carol",
            Self::Mallory => "mallory",
            Self::Peter => "peter",
            Self::Zoe => "zoe",
        }
    }

    pub(crate) const fn tenant(self) -> &'static str {
        match self {
            Self::Carol | Self::Zoe => "globex",
            Self::Mallory => "acme",
            Self::Peter => "initech",
        }
    }
}

/// Signs tokens with a key that lives as long as the process.
pub(crate) struct Mint {
    issuer_key: EncodingKey,
    attacker_key: EncodingKey,
    public_key: Vec<u8>,
    now: i64,
}

impl std::fmt::Debug for Mint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mint").finish_non_exhaustive()
    }
}

impl Mint {
    pub(crate) fn new(now: i64) -> Result<Self, Fault> {
        let (issuer_key, public_key) = key_pair()?;
        let (attacker_key, _) = key_pair()?;
        Ok(Self {
            issuer_key,
            attacker_key,
            public_key,
            now,
        })
    }

    /// The raw Ed25519 public key, which a service would publish.
    pub(crate) fn public_key(&self) -> &[u8] {
        &self.public_key
    }

    pub(crate) fn token(&self, credential: Credential) -> Result<String, Fault> {
        let fresh = self.now + LIFETIME_SECONDS;
        let carol = Person::Carol;
        match credential {
            Credential::Honest(person) => self.signed(&claims(
                person,
                Some(person.tenant()),
                AUDIENCE,
                self.now,
                fresh,
            )),
            Credential::OtherTenant => self.signed(&claims(
                Person::Mallory,
                Some(carol.tenant()),
                AUDIENCE,
                self.now,
                fresh,
            )),
            Credential::WithoutTenant => {
                self.signed(&claims(Person::Mallory, None, AUDIENCE, self.now, fresh))
            }
            Credential::ForOtherService => self.signed(&claims(
                carol,
                Some(carol.tenant()),
                "newsletter",
                self.now,
                fresh,
            )),
            Credential::Outdated => {
                let (issued, ended) = (self.now - 2 * 3600, self.now - 3600);
                self.signed(&claims(
                    carol,
                    Some(carol.tenant()),
                    AUDIENCE,
                    issued,
                    ended,
                ))
            }
            Credential::Forged => sign(
                Algorithm::EdDSA,
                &claims(carol, Some(carol.tenant()), AUDIENCE, self.now, fresh),
                &self.attacker_key,
            ),
            Credential::KeyConfusion => sign(
                Algorithm::HS256,
                &claims(carol, Some(carol.tenant()), AUDIENCE, self.now, fresh),
                &EncodingKey::from_secret(&self.public_key),
            ),
            Credential::Unsigned => {
                let body = claims(carol, Some(carol.tenant()), AUDIENCE, self.now, fresh);
                let header = json!({ "alg": "none", "typ": TYPE });
                Ok(format!(
                    "{}.{}.",
                    URL_SAFE_NO_PAD.encode(header.to_string()),
                    URL_SAFE_NO_PAD.encode(body.to_string())
                ))
            }
        }
    }

    fn signed(&self, claims: &Value) -> Result<String, Fault> {
        sign(Algorithm::EdDSA, claims, &self.issuer_key)
    }
}

/// Reads a token's body without verifying anything, as the naive product does.
pub(crate) fn believed(token: &str) -> Option<Value> {
    let body = token.split('.').nth(1)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).ok()?).ok()
}

fn claims(person: Person, tenant: Option<&str>, audience: &str, from: i64, until: i64) -> Value {
    let mut claims = json!({
        "iss": ISSUER, "aud": audience, "sub": person.name(), "iat": from, "exp": until,
    });
    if let (Some(object), Some(tenant)) = (claims.as_object_mut(), tenant) {
        object.insert("tenant".to_owned(), Value::from(tenant));
    }
    claims
}

fn sign(algorithm: Algorithm, claims: &Value, key: &EncodingKey) -> Result<String, Fault> {
    let mut header = Header::new(algorithm);
    header.typ = Some(TYPE.to_owned());
    jsonwebtoken::encode(&header, claims, key).map_err(|e| Fault::new("sign a token", e))
}

fn key_pair() -> Result<(EncodingKey, Vec<u8>), Fault> {
    let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new())
        .map_err(|e| Fault::new("make a signing key", e))?;
    let pair = Ed25519KeyPair::from_pkcs8(document.as_ref())
        .map_err(|e| Fault::new("read the signing key back", e))?;
    Ok((
        EncodingKey::from_ed_der(document.as_ref()),
        pair.public_key().as_ref().to_vec(),
    ))
}
