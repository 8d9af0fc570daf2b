//! Algorithms and the keys that fit them.
//!
//! A key is tied to one family when it is made, so a public key can never serve as an HMAC secret.

use std::fmt;

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey};

use crate::error::Error;

const HMAC_MINIMUM: usize = 32;

/// A signature algorithm of tokens, named as in RFC 7518 and RFC 8037; there is no `none`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JwtAlgorithm {
    /// `EdDSA` with Ed25519.
    EdDsa,
    /// `ES256`.
    Es256,
    /// `ES384`.
    Es384,
    /// `HS256`.
    Hs256,
    /// `HS384`.
    Hs384,
    /// `HS512`.
    Hs512,
    /// `PS256`.
    Ps256,
    /// `PS384`.
    Ps384,
    /// `PS512`.
    Ps512,
    /// `RS256`.
    Rs256,
    /// `RS384`.
    Rs384,
    /// `RS512`.
    Rs512,
}

impl JwtAlgorithm {
    /// The name in a token's header.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
        }
    }

    pub(crate) fn native(self) -> Algorithm {
        match self {
            Self::EdDsa => Algorithm::EdDSA,
            Self::Es256 => Algorithm::ES256,
            Self::Es384 => Algorithm::ES384,
            Self::Hs256 => Algorithm::HS256,
            Self::Hs384 => Algorithm::HS384,
            Self::Hs512 => Algorithm::HS512,
            Self::Ps256 => Algorithm::PS256,
            Self::Ps384 => Algorithm::PS384,
            Self::Ps512 => Algorithm::PS512,
            Self::Rs256 => Algorithm::RS256,
            Self::Rs384 => Algorithm::RS384,
            Self::Rs512 => Algorithm::RS512,
        }
    }
}

/// A key that verifies tokens, with its key id if it has one.
#[derive(Clone)]
pub struct JwtKey {
    id: Option<String>,
    native: DecodingKey,
    curve: Option<EllipticCurve>,
}

impl JwtKey {
    /// A shared secret, for `HS256` and its kin.
    ///
    /// # Units
    /// At least 32 bytes.
    ///
    /// # Errors
    /// [`Error::Configuration`] when it is shorter.
    pub fn hmac(secret: &[u8]) -> Result<Self, Error> {
        if secret.len() < HMAC_MINIMUM {
            return Err(Error::configuration(
                "jwt key",
                "use at least 32 random bytes",
            ));
        }
        Ok(Self::plain(DecodingKey::from_secret(secret)))
    }

    /// An RSA public key in PEM.
    ///
    /// # Errors
    /// [`Error::Configuration`] when it is not one.
    pub fn rsa_pem(pem: &[u8]) -> Result<Self, Error> {
        DecodingKey::from_rsa_pem(pem)
            .map(Self::plain)
            .map_err(|_| unreadable())
    }

    /// A public key on a NIST curve in PEM.
    ///
    /// # Errors
    /// [`Error::Configuration`] when it is not one.
    pub fn ec_pem(pem: &[u8]) -> Result<Self, Error> {
        DecodingKey::from_ec_pem(pem)
            .map(Self::plain)
            .map_err(|_| unreadable())
    }

    /// An Ed25519 public key in PEM.
    ///
    /// # Errors
    /// [`Error::Configuration`] when it is not one.
    pub fn ed_pem(pem: &[u8]) -> Result<Self, Error> {
        DecodingKey::from_ed_pem(pem)
            .map(Self::plain)
            .map_err(|_| unreadable())
    }

    /// One public key of a JWK set, as JSON, with its key id.
    ///
    /// # Errors
    /// [`Error::Configuration`] when it is unreadable, a shared secret, or not for signatures.
    pub fn jwk(json: &str) -> Result<Self, Error> {
        let jwk: Jwk = serde_json::from_str(json).map_err(|_| unreadable())?;
        let is_for_signatures = match jwk.common.public_key_use {
            None | Some(PublicKeyUse::Signature) => true,
            Some(_) => false,
        };
        let curve = match &jwk.algorithm {
            AlgorithmParameters::EllipticCurve(key) => Some(key.curve.clone()),
            AlgorithmParameters::OctetKeyPair(key) => Some(key.curve.clone()),
            AlgorithmParameters::RSA(_) => None,
            _ => return Err(unreadable()),
        };
        if !is_for_signatures {
            return Err(unreadable());
        }
        let native = DecodingKey::from_jwk(&jwk).map_err(|_| unreadable())?;
        Ok(Self {
            id: jwk.common.key_id,
            native,
            curve,
        })
    }

    /// Names the key as the issuer does in the `kid` of its tokens.
    #[must_use]
    pub fn with_id(mut self, id: &str) -> Self {
        self.id = Some(id.to_owned());
        self
    }

    pub(crate) fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    pub(crate) fn native(&self) -> &DecodingKey {
        &self.native
    }

    pub(crate) fn fits(&self, algorithm: JwtAlgorithm) -> bool {
        let wanted = match algorithm {
            JwtAlgorithm::EdDsa => Some(EllipticCurve::Ed25519),
            JwtAlgorithm::Es256 => Some(EllipticCurve::P256),
            JwtAlgorithm::Es384 => Some(EllipticCurve::P384),
            _ => None,
        };
        let curve_fits = self.curve.is_none() || self.curve == wanted;
        curve_fits && family_of(algorithm) == self.native.family()
    }

    fn plain(native: DecodingKey) -> Self {
        Self {
            id: None,
            native,
            curve: None,
        }
    }
}

impl fmt::Debug for JwtKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtKey")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

fn family_of(algorithm: JwtAlgorithm) -> AlgorithmFamily {
    match algorithm {
        JwtAlgorithm::EdDsa => AlgorithmFamily::Ed,
        JwtAlgorithm::Es256 | JwtAlgorithm::Es384 => AlgorithmFamily::Ec,
        JwtAlgorithm::Hs256 | JwtAlgorithm::Hs384 | JwtAlgorithm::Hs512 => AlgorithmFamily::Hmac,
        JwtAlgorithm::Ps256
        | JwtAlgorithm::Ps384
        | JwtAlgorithm::Ps512
        | JwtAlgorithm::Rs256
        | JwtAlgorithm::Rs384
        | JwtAlgorithm::Rs512 => AlgorithmFamily::Rsa,
    }
}

fn unreadable() -> Error {
    Error::configuration("jwt key", "give a public signature key of the stated kind")
}
