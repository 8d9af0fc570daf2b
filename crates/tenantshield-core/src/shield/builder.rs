//! Puts a shield together.

use std::sync::Arc;

use crate::audit::AuditBus;
use crate::clock::Clock;
use crate::danger::UnverifiedClaims;
use crate::error::{ConfigurationError, Error};
use crate::policy::{DenyByDefault, Policy};
use crate::seam::{Admission, Directory, OpenAdmission};
use crate::shield::{Inner, Shield};

/// The parts of a [`Shield`].
///
/// # Security
/// Without a directory there is no shield; without a policy it turns every request away, so that
/// allowing is always something a program says.
#[derive(Debug, Default)]
#[must_use]
pub struct ShieldBuilder {
    directory: Option<Box<dyn Directory>>,
    admission: Option<Box<dyn Admission>>,
    policy: Option<Arc<dyn Policy>>,
    bus: Option<AuditBus>,
    clock: Option<Arc<dyn Clock>>,
    unverified: Option<UnverifiedClaims>,
}

impl Shield {
    /// Starts to put a shield together.
    pub fn builder() -> ShieldBuilder {
        ShieldBuilder::default()
    }
}

impl ShieldBuilder {
    /// Asks this directory for tenants and members.
    pub fn directory(mut self, directory: impl Directory + 'static) -> Self {
        self.directory = Some(Box::new(directory));
        self
    }

    /// Asks this policy; [`DenyByDefault`] otherwise.
    pub fn policy(mut self, policy: impl Policy + 'static) -> Self {
        self.policy = Some(Arc::new(policy));
        self
    }

    /// Asks this for quota; [`OpenAdmission`] otherwise.
    pub fn admission(mut self, admission: impl Admission + 'static) -> Self {
        self.admission = Some(Box::new(admission));
        self
    }

    /// Records decisions on this bus; a new one without sinks otherwise.
    pub fn bus(mut self, bus: AuditBus) -> Self {
        self.bus = Some(bus);
        self
    }

    /// Stamps contexts by this clock; the bus's otherwise.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// Believes the client alone where this names the source; each use is recorded.
    pub fn unverified(mut self, unverified: UnverifiedClaims) -> Self {
        self.unverified = Some(unverified);
        self
    }

    /// Puts it together.
    ///
    /// # Errors
    /// [`Error::Configuration`] without a directory.
    pub fn build(self) -> Result<Shield, Error> {
        let Some(directory) = self.directory else {
            return Err(ConfigurationError::new("the shield has no directory").into());
        };
        let bus = self.bus.unwrap_or_default();
        let clock = self.clock.unwrap_or_else(|| Arc::clone(bus.clock()));
        let inner = Inner {
            directory,
            admission: self.admission.unwrap_or_else(|| Box::new(OpenAdmission)),
            policy: self.policy.unwrap_or_else(|| Arc::new(DenyByDefault)),
            bus,
            clock,
            unverified: self.unverified,
        };
        Ok(Shield {
            inner: Arc::new(inner),
        })
    }
}
