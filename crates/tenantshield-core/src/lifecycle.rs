//! The states in the life of a tenant.
//!
//! Only one of them lets a request through; the plans that move between them live elsewhere.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where a tenant stands.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(
    clippy::exhaustive_enums,
    reason = "who admits requests must see a new state"
)]
pub enum TenantState {
    /// In service.
    Active,
    /// Gone; indistinguishable from one that never was.
    Deleted,
    /// Being taken out of service.
    Offboarding,
    /// Being set up.
    Provisioning,
    /// Held back for now.
    Suspended,
}

impl TenantState {
    /// The lower-case name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Deleted => "deleted",
            Self::Offboarding => "offboarding",
            Self::Provisioning => "provisioning",
            Self::Suspended => "suspended",
        }
    }

    /// Whether requests are admitted.
    #[must_use]
    pub const fn is_active(self) -> bool {
        matches!(self, Self::Active)
    }
}

impl fmt::Display for TenantState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
