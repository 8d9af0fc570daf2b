//! Several strategies for one request, cross-checked.
//!
//! Taking the first resolver that answers is how a header came to overrule a token elsewhere.
//! Here all resolvers are asked and everything they say is kept; agreement is judged once, by
//! `Shield::admit`.

use async_trait::async_trait;
use http::request::Parts;
use tenantshield_core::Claims;

use crate::error::ResolveError;
use crate::resolve::Resolver;

/// Asks every resolver and keeps everything that they say.
///
/// # Security
/// The first failure ends the request; no resolver can mend what another one refused. Claims that
/// disagree are refused later, by `Shield::admit`.
#[derive(Debug, Default)]
#[must_use]
pub struct Combine {
    resolvers: Vec<Box<dyn Resolver>>,
}

impl Combine {
    /// Starts with no resolver, which claims nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a resolver; they are asked in this order.
    pub fn with(mut self, resolver: impl Resolver + 'static) -> Self {
        self.resolvers.push(Box::new(resolver));
        self
    }
}

#[async_trait]
impl Resolver for Combine {
    async fn resolve(&self, parts: &Parts) -> Result<Claims, ResolveError> {
        let mut all = Claims::new();
        for resolver in &self.resolvers {
            let found = resolver.resolve(parts).await?;
            for claim in found.claims() {
                all = all.with_claim(claim.clone());
            }
            for principal in found.principals() {
                all = all.with_principal(principal.clone());
            }
        }
        Ok(all)
    }
}
