//! Who acts: people, services and keys, and the two kinds of role that never mix.
//!
//! A role inside of a tenant and a role on the platform are distinct types. No text such as
//! `admin` can be read as the other one, so a token cannot promote its bearer across tenants.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// The longest principal id, issuer or role, in bytes.
pub const MAX_NAME_BYTES: usize = 256;

/// The name of a principal, as its issuer writes it.
///
/// # Shape
/// 1 to 256 printable ASCII characters; compared bytewise.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct PrincipalId(Arc<str>);

impl PrincipalId {
    /// Checks the text and makes it a principal's id.
    ///
    /// # Errors
    /// [`InvalidName`] when it is empty, too long or not printable ASCII.
    pub fn new(text: impl AsRef<str>) -> Result<Self, InvalidName> {
        checked(text.as_ref(), Subject::Principal).map(Self)
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PrincipalId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// What a principal is.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[expect(
    clippy::exhaustive_enums,
    reason = "who judges principals must see a new kind"
)]
pub enum PrincipalKind {
    /// A key that belongs to one tenant.
    ApiKey,
    /// A program.
    Service,
    /// A person.
    User,
}

impl PrincipalKind {
    /// The name in evidence.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ApiKey => "api_key",
            Self::Service => "service",
            Self::User => "user",
        }
    }
}

/// Who acts.
///
/// # Shape
/// Kind, id and issuer together are the identity: the same id from two issuers is two principals.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Principal {
    kind: PrincipalKind,
    id: PrincipalId,
    issuer: Option<Arc<str>>,
}

impl Principal {
    /// A person.
    #[must_use]
    pub const fn user(id: PrincipalId) -> Self {
        Self {
            kind: PrincipalKind::User,
            id,
            issuer: None,
        }
    }

    /// A program.
    #[must_use]
    pub const fn service(id: PrincipalId) -> Self {
        Self {
            kind: PrincipalKind::Service,
            id,
            issuer: None,
        }
    }

    /// An API key.
    #[must_use]
    pub const fn api_key(id: PrincipalId) -> Self {
        Self {
            kind: PrincipalKind::ApiKey,
            id,
            issuer: None,
        }
    }

    /// Adds who vouches for the id.
    #[must_use]
    pub fn with_issuer(mut self, issuer: impl Into<Arc<str>>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    /// What it is.
    #[must_use]
    pub const fn kind(&self) -> PrincipalKind {
        self.kind
    }

    /// Its id.
    #[must_use]
    pub const fn id(&self) -> &PrincipalId {
        &self.id
    }

    /// Who vouches for the id, if that was said.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }
}

/// Prints `kind:id`, as evidence writes it.
impl fmt::Display for Principal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.kind.as_str(), self.id)
    }
}

/// A role that a tenant gives to its own members.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct TenantRole(Arc<str>);

impl TenantRole {
    /// Checks the text and makes it a tenant's role.
    ///
    /// # Errors
    /// [`InvalidName`] when it is empty, too long or not printable ASCII.
    pub fn new(text: impl AsRef<str>) -> Result<Self, InvalidName> {
        checked(text.as_ref(), Subject::Role).map(Self)
    }

    /// The role as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The roles of one principal inside of one tenant.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct TenantRoles(BTreeSet<TenantRole>);

impl TenantRoles {
    /// No roles.
    #[must_use]
    pub const fn new() -> Self {
        Self(BTreeSet::new())
    }

    /// Adds a role.
    #[must_use]
    pub fn with(mut self, role: TenantRole) -> Self {
        self.0.insert(role);
        self
    }

    /// Whether the role is among them.
    #[must_use]
    pub fn contains(&self, role: &TenantRole) -> bool {
        self.0.contains(role)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The roles in bytewise order.
    pub fn iter(&self) -> impl Iterator<Item = &TenantRole> {
        self.0.iter()
    }
}

impl FromIterator<TenantRole> for TenantRoles {
    fn from_iter<I: IntoIterator<Item = TenantRole>>(roles: I) -> Self {
        Self(roles.into_iter().collect())
    }
}

/// A role of those who run the platform.
///
/// # Security
/// Neither made from nor comparable with a [`TenantRole`]: a tenant cannot grant it.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct PlatformRole(Arc<str>);

impl PlatformRole {
    /// Checks the text and makes it a platform role.
    ///
    /// # Errors
    /// [`InvalidName`] when it is empty, too long or not printable ASCII.
    pub fn new(text: impl AsRef<str>) -> Result<Self, InvalidName> {
        checked(text.as_ref(), Subject::Role).map(Self)
    }

    /// The role as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A person or program of the platform, who may cross tenants on the record.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Operator {
    id: PrincipalId,
    role: PlatformRole,
}

impl Operator {
    /// Names an operator.
    #[must_use]
    pub const fn new(id: PrincipalId, role: PlatformRole) -> Self {
        Self { id, role }
    }

    /// Who it is.
    #[must_use]
    pub const fn id(&self) -> &PrincipalId {
        &self.id
    }

    /// In which role.
    #[must_use]
    pub const fn role(&self) -> &PlatformRole {
        &self.role
    }
}

/// A text that is no principal id or no role.
///
/// # Security
/// The text itself is not kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the {subject} is not 1 to 256 printable ASCII characters")]
pub struct InvalidName {
    subject: Subject,
}

impl InvalidName {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self.subject {
            Subject::Principal => "TS-ID-002",
            Subject::Role => "TS-ID-003",
        }
    }

    /// How to mend it.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        "use the subject or role name as the issuer writes it, in printable ASCII"
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Subject {
    Principal,
    Role,
}

impl fmt::Display for Subject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Principal => "principal id",
            Self::Role => "role",
        })
    }
}

fn checked(text: &str, subject: Subject) -> Result<Arc<str>, InvalidName> {
    let printable = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if text.is_empty() || text.len() > MAX_NAME_BYTES || !printable {
        return Err(InvalidName { subject });
    }
    Ok(Arc::from(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_bounded_printable_ascii() {
        assert!(PrincipalId::new("auth0|5f7c 1").is_ok());
        assert!(PrincipalId::new("a".repeat(256)).is_ok());
        for bad in ["", "a\n", "\u{e9}", "\u{7f}", &"a".repeat(257)] {
            assert_eq!(
                PrincipalId::new(bad).unwrap_err().code(),
                "TS-ID-002",
                "{bad:?}"
            );
            assert_eq!(
                TenantRole::new(bad).unwrap_err().code(),
                "TS-ID-003",
                "{bad:?}"
            );
            assert!(PlatformRole::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_same_id_from_two_issuers_is_two_principals() {
        let id = PrincipalId::new("alice").unwrap();
        let one = Principal::user(id.clone()).with_issuer("https://one.example");
        let two = Principal::user(id.clone()).with_issuer("https://two.example");
        assert_ne!(one, two);
        assert_ne!(Principal::user(id.clone()), Principal::service(id));
        assert_eq!(one.to_string(), "user:alice");
    }
}
