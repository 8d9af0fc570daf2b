//! A strategy of one's own, as a closure.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use async_trait::async_trait;
use http::request::Parts;
use tenantshield_core::Claims;

use crate::error::ResolveError;
use crate::resolve::{FromSync, Resolver, SyncResolver};

/// Resolves with a closure, async by [`new`](Self::new) or not by [`sync`](Self::sync).
///
/// # Security
/// The closure alone decides whether a claim is said or verified; an error or a panic in it ends
/// the request without a tenant.
///
/// # Examples
/// ```
/// use tenantshield_core::{ClaimSource, Claims, TenantClaim, TenantId};
/// use tenantshield_tower::{CallableResolver, ResolveError, ResolveErrorKind};
///
/// let resolver = CallableResolver::sync(|parts| {
///     let Some(query) = parts.uri.query() else { return Ok(Claims::new()) };
///     let id = TenantId::new(query).map_err(|_| {
///         ResolveError::new(ResolveErrorKind::BadRequest, "APP-001", "the query is not a tenant")
///     })?;
///     Ok(Claims::new().with_claim(TenantClaim::said(id, ClaimSource::Callable)))
/// });
/// # let _ = resolver;
/// ```
#[derive(Clone)]
pub struct CallableResolver {
    call: Arc<dyn Resolver>,
}

impl CallableResolver {
    /// Resolves with an async closure, which takes what it needs from the head before it waits.
    pub fn new<F, Fut>(call: F) -> Self
    where
        F: Fn(&Parts) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Claims, ResolveError>> + Send + 'static,
    {
        Self {
            call: Arc::new(Waiting(call)),
        }
    }

    /// Resolves with a closure that needs no waiting.
    pub fn sync<F>(call: F) -> Self
    where
        F: Fn(&Parts) -> Result<Claims, ResolveError> + Send + Sync + 'static,
    {
        Self {
            call: Arc::new(FromSync::new(Immediate(call))),
        }
    }
}

#[async_trait]
impl Resolver for CallableResolver {
    async fn resolve(&self, parts: &Parts) -> Result<Claims, ResolveError> {
        self.call.resolve(parts).await
    }
}

impl fmt::Debug for CallableResolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallableResolver").finish_non_exhaustive()
    }
}

struct Waiting<F>(F);

#[async_trait]
impl<F, Fut> Resolver for Waiting<F>
where
    F: Fn(&Parts) -> Fut + Send + Sync,
    Fut: Future<Output = Result<Claims, ResolveError>> + Send,
{
    async fn resolve(&self, parts: &Parts) -> Result<Claims, ResolveError> {
        (self.0)(parts).await
    }
}

impl<F> fmt::Debug for Waiting<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Waiting")
    }
}

struct Immediate<F>(F);

impl<F> SyncResolver for Immediate<F>
where
    F: Fn(&Parts) -> Result<Claims, ResolveError> + Send + Sync,
{
    fn resolve(&self, parts: &Parts) -> Result<Claims, ResolveError> {
        (self.0)(parts)
    }
}

impl<F> fmt::Debug for Immediate<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Immediate")
    }
}
