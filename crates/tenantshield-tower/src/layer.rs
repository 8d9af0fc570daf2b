//! The layer: resolve, admit, bind, run, release.
//!
//! Everything inside it runs in the tenant's scope, the streamed body included. It works on any
//! HTTP service, and it is the only thing that may stand between a request and a tenant context.

mod body;
mod coverage;
mod exchange;
mod future;
mod options;

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tenantshield_core::Shield;
use tower_layer::Layer;
use tower_service::Service;

pub use self::body::TenantBody;
pub use self::coverage::{Covered, CoveredFuture, CoveredLayer, TenantLayerRan, admitted};
pub use self::future::TenantFuture;
pub use self::options::{OnMissingTenant, ResponseCaching};
use crate::layer::future::Entrance;
use crate::resolve::Resolver;

const DEADLINE: Duration = Duration::from_secs(2);

/// Covers a service: each request is resolved, admitted and run in its tenant's scope.
///
/// # Shape
/// The admitted `TenantContext` and a [`RequestId`](crate::RequestId) are put into the request's
/// extensions. Refused requests never reach the service. A request that asks for an upgrade
/// (WebSocket, extended CONNECT) is admitted and gets the context in its extensions, but no
/// scope: what lives on after the handshake is bound explicitly, with `context.scope(..)`.
///
/// # Units
/// The deadline covers resolving and admitting, on the runtime's clock; 2 s at first.
///
/// # Security
/// Fails closed: a resolver's error, a refusal and a deadline that has passed each end the
/// request. Needs a tokio runtime with its timer enabled.
///
/// # Examples
/// ```
/// use tenantshield_core::Shield;
/// use tenantshield_tower::{HeaderResolver, OnMissingTenant, TenantLayer};
///
/// fn cover(shield: Shield) -> Result<TenantLayer, tenantshield_tower::Error> {
///     let resolver = HeaderResolver::new("x-tenant-id")?;
///     Ok(TenantLayer::new(shield, resolver).with_on_missing_tenant(OnMissingTenant::Raise))
/// }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct TenantLayer {
    entrance: Arc<Entrance>,
}

impl TenantLayer {
    /// Covers services by this shield and this resolver.
    pub fn new(shield: Shield, resolver: impl Resolver + 'static) -> Self {
        let entrance = Entrance {
            shield,
            resolver: Arc::new(resolver),
            on_missing_tenant: OnMissingTenant::default(),
            caching: ResponseCaching::default(),
            deadline: DEADLINE,
        };
        Self {
            entrance: Arc::new(entrance),
        }
    }

    /// Says what happens to a request that names no tenant.
    pub fn with_on_missing_tenant(self, choice: OnMissingTenant) -> Self {
        self.change(|entrance| entrance.on_missing_tenant = choice)
    }

    /// Says what caches are told about a tenant's response.
    pub fn with_response_caching(self, choice: ResponseCaching) -> Self {
        self.change(|entrance| entrance.caching = choice)
    }

    /// Gives resolving and admitting so much time; after it the request is refused with 503.
    pub fn with_deadline(self, deadline: Duration) -> Self {
        self.change(|entrance| entrance.deadline = deadline)
    }

    fn change(self, change: impl FnOnce(&mut Entrance)) -> Self {
        let mut entrance = Arc::unwrap_or_clone(self.entrance);
        change(&mut entrance);
        Self {
            entrance: Arc::new(entrance),
        }
    }
}

impl<S> Layer<S> for TenantLayer {
    type Service = TenantService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        TenantService {
            inner,
            entrance: Arc::clone(&self.entrance),
        }
    }
}

/// A service covered by a [`TenantLayer`].
#[derive(Clone)]
pub struct TenantService<S> {
    inner: S,
    entrance: Arc<Entrance>,
}

impl<S, Q, B> Service<Request<Q>> for TenantService<S>
where
    S: Service<Request<Q>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send + 'static,
    Q: Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Send + 'static,
{
    type Response = Response<TenantBody<B>>;
    type Error = S::Error;
    type Future = TenantFuture<B, S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Q>) -> Self::Future {
        // The instance that was polled ready is the one to call; its clone waits its own turn.
        let clone = self.inner.clone();
        let ready = std::mem::replace(&mut self.inner, clone);
        TenantFuture::run(Arc::clone(&self.entrance), ready, request)
    }
}

impl<S> fmt::Debug for TenantService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantService").finish_non_exhaustive()
    }
}
