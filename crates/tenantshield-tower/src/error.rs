//! Why a request's identity could not be read, and why a part could not be set up.
//!
//! Two families are kept apart: a [`ResolveError`] is the outcome of one request and is turned
//! into an answer that tells a client nothing about other tenants; an [`enum@Error`] is a mistake in
//! the program's own configuration and appears when a resolver or a layer is built.

use std::fmt;

use thiserror::Error;

/// How a resolver's failure is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever maps a failure to an answer must see a new kind"
)]
pub enum ResolveErrorKind {
    /// Two values where one is allowed: answered 404, as a conflict is.
    Ambiguous,
    /// A credential is absent where it is needed, malformed or not valid: answered 401.
    BadCredential,
    /// The request itself is malformed (host, path, tenant id): answered 400.
    BadRequest,
    /// The program is set up wrongly: answered 500 and logged.
    Misconfigured,
    /// A store did not answer, or not in time: answered 503.
    Unavailable,
    /// A well-formed claim names nothing this service knows: answered 404.
    Unknown,
}

/// A request's identity could not be read.
///
/// # Security
/// Carries no text from the request: the words are fixed, so that a log or an answer cannot be
/// made to repeat what an attacker sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct ResolveError {
    kind: ResolveErrorKind,
    code: &'static str,
    message: &'static str,
    hint: &'static str,
}

impl ResolveError {
    /// Builds a failure for a resolver of one's own, with a stable code and fixed words.
    #[must_use]
    pub const fn new(kind: ResolveErrorKind, code: &'static str, message: &'static str) -> Self {
        Self {
            kind,
            code,
            message,
            hint: "see the documentation of the resolver",
        }
    }

    /// Adds how to mend it.
    #[must_use]
    pub const fn with_hint(mut self, hint: &'static str) -> Self {
        self.hint = hint;
        self
    }

    /// How it is answered.
    pub const fn kind(&self) -> ResolveErrorKind {
        self.kind
    }

    /// The stable code.
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// How to mend it.
    pub const fn hint(&self) -> &'static str {
        self.hint
    }
}

/// The failures of this crate's own resolvers, one place for codes and words.
pub(crate) mod fault {
    use super::ResolveErrorKind::{
        Ambiguous, BadCredential, BadRequest, Misconfigured, Unavailable, Unknown,
    };
    use super::{ResolveError, ResolveErrorKind};

    const fn fault(
        kind: ResolveErrorKind,
        code: &'static str,
        message: &'static str,
        hint: &'static str,
    ) -> ResolveError {
        ResolveError::new(kind, code, message).with_hint(hint)
    }

    pub(crate) const HEADER_REPEATED: ResolveError = fault(
        Ambiguous,
        "TS-RES-001",
        "the tenant header is given more than once",
        "send the tenant header exactly once",
    );
    pub(crate) const CREDENTIAL_REPEATED: ResolveError = fault(
        Ambiguous,
        "TS-RES-002",
        "more than one credential is given",
        "send one Authorization header, or one API key, not both",
    );
    pub(crate) const COOKIE_REPEATED: ResolveError = fault(
        Ambiguous,
        "TS-RES-003",
        "the session cookie is given more than once",
        "set the session cookie on one path and one domain, with the __Host- prefix",
    );
    pub(crate) const TENANT_MALFORMED: ResolveError = fault(
        BadRequest,
        "TS-RES-010",
        "the tenant id in the request is not a valid one",
        "1 to 128 ASCII letters, digits and `.`, `_`, `-`, `:`, sent as they are",
    );
    pub(crate) const HOST_MALFORMED: ResolveError = fault(
        BadRequest,
        "TS-RES-011",
        "the host of the request is malformed",
        "send exactly one Host: a plain lower-case name, with at most a port",
    );
    pub(crate) const HOST_MISMATCH: ResolveError = fault(
        BadRequest,
        "TS-RES-012",
        "the request names two different hosts",
        "let the request target and the Host header agree",
    );
    pub(crate) const HOST_UNKNOWN: ResolveError = fault(
        Unknown,
        "TS-RES-013",
        "the host is not one of this service",
        "add the base domain or the custom domain to the host options",
    );
    pub(crate) const FORWARDED_MALFORMED: ResolveError = fault(
        BadRequest,
        "TS-RES-014",
        "a trusted proxy sent a malformed or contradictory forwarded host",
        "let the proxy overwrite X-Forwarded-Host or Forwarded, and send one of the two",
    );
    pub(crate) const PATH_MALFORMED: ResolveError = fault(
        BadRequest,
        "TS-RES-015",
        "the path of the request is malformed",
        "no empty segment, no dot segment and no percent-encoding in the tenant segment",
    );
    pub(crate) const CREDENTIAL_MALFORMED: ResolveError = fault(
        BadCredential,
        "TS-RES-020",
        "the credential is malformed",
        "send `Authorization: Bearer` with one token",
    );
    pub(crate) const TOKEN_REFUSED: ResolveError = fault(
        BadCredential,
        "TS-RES-021",
        "the token is not acceptable",
        "check algorithm, type, key id and signature against the issuer's configuration",
    );
    pub(crate) const TOKEN_EXPIRED: ResolveError = fault(
        BadCredential,
        "TS-RES-022",
        "the token is outside its time of validity",
        "fetch a new token; check the clocks",
    );
    pub(crate) const TOKEN_CLAIMS: ResolveError = fault(
        BadCredential,
        "TS-RES-023",
        "a required claim of the token is missing or wrong",
        "check iss, aud, exp, sub and the tenant claim",
    );
    pub(crate) const KEY_REFUSED: ResolveError = fault(
        BadCredential,
        "TS-RES-024",
        "the API key is not acceptable",
        "check that the key is complete, of this environment, neither expired nor revoked",
    );
    pub(crate) const SESSION_REFUSED: ResolveError = fault(
        BadCredential,
        "TS-RES-025",
        "the session is not acceptable",
        "sign in again",
    );
    pub(crate) const ISSUER_NOT_OF_TENANT: ResolveError = fault(
        Unknown,
        "TS-RES-026",
        "the issuer does not speak for the tenant it names",
        "register the tenant for the issuer",
    );
    pub(crate) const STORE_UNAVAILABLE: ResolveError = fault(
        Unavailable,
        "TS-RES-030",
        "a store that is needed for the answer did not answer",
        "check the session or key store",
    );
    pub(crate) const DEADLINE: ResolveError = fault(
        Unavailable,
        "TS-RES-031",
        "the tenant could not be resolved in time",
        "check the directory, or give the layer a longer deadline",
    );
    pub(crate) const LAYER_TWICE: ResolveError = fault(
        Misconfigured,
        "TS-RES-040",
        "two tenant layers cover the same route",
        "cover each route by exactly one tenant layer and combine resolvers there",
    );
}

/// A part of this crate could not be set up, or an API key could not be made.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Error {
    /// An option has a value that cannot be used.
    #[error(transparent)]
    Configuration(#[from] ConfigurationError),
    /// The system gave no randomness.
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
}

impl Error {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Configuration(_) => "TS-RES-041",
            Self::Randomness(_) => "TS-RES-042",
        }
    }

    /// How to mend it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Configuration(error) => error.hint,
            Self::Randomness(_) => "check the operating system's random source",
        }
    }

    pub(crate) fn configuration(option: &'static str, hint: &'static str) -> Self {
        Self::Configuration(ConfigurationError { option, hint })
    }
}

/// An option has a value that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigurationError {
    option: &'static str,
    hint: &'static str,
}

impl ConfigurationError {
    /// The option's name.
    pub fn option(&self) -> &'static str {
        self.option
    }
}

impl fmt::Display for ConfigurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the option `{}` cannot be used as given", self.option)
    }
}

impl std::error::Error for ConfigurationError {}

/// The system gave no randomness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the operating system gave no randomness")]
pub struct RandomnessError(());

impl RandomnessError {
    pub(crate) const fn new() -> Self {
        Self(())
    }
}
