//! The proof that a tenant was admitted.
//!
//! Everything that reaches data asks for a [`TenantContext`], and only [`Shield::admit`] makes
//! one. Being private and immutable is what makes it a proof.
//!
//! [`Shield::admit`]: crate::Shield::admit

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use time::OffsetDateTime;

use crate::audit::{AuditBus, AuditSubject};
use crate::id::TenantId;
use crate::principal::{Principal, TenantRoles};

/// A tenant that was admitted, for whom, and with what rights.
///
/// # Shape
/// Immutable; a clone is one reference count.
///
/// # Security
/// Proves that the tenant existed, was active, and that the principal was its member when it was
/// made. It can be neither built nor changed outside of the shield:
///
/// ```compile_fail
/// fn forge(tenant: tenantshield_core::TenantId) -> tenantshield_core::TenantContext {
///     tenantshield_core::TenantContext { tenant }
/// }
/// ```
#[derive(Clone)]
pub struct TenantContext {
    inner: Arc<Inner>,
}

struct Inner {
    tenant: TenantId,
    principal: Option<Principal>,
    roles: TenantRoles,
    metadata: Metadata,
    admitted_at: OffsetDateTime,
    bus: AuditBus,
}

impl TenantContext {
    /// INVARIANT: called by the shield only, after every check.
    pub(crate) fn admitted(
        tenant: TenantId,
        principal: Option<Principal>,
        roles: TenantRoles,
        metadata: Metadata,
        admitted_at: OffsetDateTime,
        bus: AuditBus,
    ) -> Self {
        let inner = Inner {
            tenant,
            principal,
            roles,
            metadata,
            admitted_at,
            bus,
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// The tenant.
    #[must_use]
    pub fn tenant(&self) -> &TenantId {
        &self.inner.tenant
    }

    /// Who acts, if somebody was authenticated.
    #[must_use]
    pub fn principal(&self) -> Option<&Principal> {
        self.inner.principal.as_ref()
    }

    /// The principal's roles inside of this tenant, as the directory knows them.
    #[must_use]
    pub fn roles(&self) -> &TenantRoles {
        &self.inner.roles
    }

    /// What the directory knows about the tenant.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        &self.inner.metadata
    }

    /// When it was admitted.
    #[must_use]
    pub fn admitted_at(&self) -> OffsetDateTime {
        self.inner.admitted_at
    }

    /// Where decisions about it are recorded.
    #[must_use]
    pub fn bus(&self) -> &AuditBus {
        &self.inner.bus
    }
}

impl fmt::Debug for TenantContext {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("TenantContext")
            .field("tenant", &self.inner.tenant)
            .field("principal", &self.inner.principal)
            .field("roles", &self.inner.roles)
            .finish_non_exhaustive()
    }
}

impl<'a> From<&'a TenantContext> for AuditSubject<'a> {
    fn from(context: &'a TenantContext) -> Self {
        Self::new(Some(context.tenant()), context.principal())
    }
}

impl<'a> From<Option<&'a TenantContext>> for AuditSubject<'a> {
    fn from(context: Option<&'a TenantContext>) -> Self {
        context.map_or_else(Self::none, Self::from)
    }
}

/// Facts about a tenant, as texts by name.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Metadata(BTreeMap<String, String>);

impl Metadata {
    /// No facts.
    #[must_use]
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Adds a fact, in place of an earlier one of that name.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.0.insert(name.into(), value.into());
        self
    }

    /// One fact.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// All facts in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl FromIterator<(String, String)> for Metadata {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(facts: I) -> Self {
        Self(facts.into_iter().collect())
    }
}
