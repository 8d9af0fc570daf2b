//! The walk of one request through the layer.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONNECTION, UPGRADE};
use http::request::Parts;
use http::{HeaderMap, Method, Request, Response};
use http_body::Body;
use tenantshield_core::audit::{AuditEventType, AuditPayload, AuditSubject};
use tenantshield_core::{Shield, TenantContext};
use tower_service::Service;

use crate::error::{ResolveError, fault};
use crate::layer::body::{Bound, Running, TenantBody};
use crate::layer::coverage::TenantLayerRan;
use crate::layer::exchange::{Exchange, Slots};
use crate::layer::options::{OnMissingTenant, ResponseCaching};
use crate::problem::{PRIVATE_NO_STORE, Problem, RequestId};
use crate::resolve::Resolver;

/// The answer of a [`TenantService`](crate::TenantService).
pub struct TenantFuture<B: Body, E> {
    #[expect(
        clippy::type_complexity,
        reason = "an alias would hide what the future yields"
    )]
    walk: Pin<Box<dyn Future<Output = Result<Response<TenantBody<B>>, E>> + Send>>,
}

/// What the layer decides with, shared by all requests.
#[derive(Clone, Debug)]
pub(crate) struct Entrance {
    pub(crate) shield: Shield,
    pub(crate) resolver: Arc<dyn Resolver>,
    pub(crate) on_missing_tenant: OnMissingTenant,
    pub(crate) caching: ResponseCaching,
    pub(crate) deadline: Duration,
}

impl<B, E> TenantFuture<B, E>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Send + 'static,
    E: Send + 'static,
{
    pub(crate) fn run<S, Q>(entrance: Arc<Entrance>, mut service: S, request: Request<Q>) -> Self
    where
        S: Service<Request<Q>, Response = Response<B>, Error = E> + Send + 'static,
        S::Future: Send,
        Q: Send + 'static,
    {
        let walk = async move {
            let (mut parts, body) = request.into_parts();
            let id = request_id(&mut parts);
            let admitted = match entrance.admit(&parts).await {
                Ok(admitted) => admitted,
                Err(problem) => {
                    let response = problem.with_request_id(id).into_http();
                    return Ok(response.map(TenantBody::problem));
                }
            };
            parts.extensions.insert(TenantLayerRan(()));
            let Some(context) = admitted else {
                let response = service.call(Request::from_parts(parts, body)).await?;
                return Ok(response.map(TenantBody::free));
            };
            parts.extensions.insert(context.clone());
            let is_upgrade = asks_for_upgrade(&parts);
            let request = Request::from_parts(parts, body);
            let mut response = if is_upgrade {
                service.call(request).await?.map(TenantBody::free)
            } else {
                run_bound(context, service, request).await?
            };
            entrance.mark(response.headers_mut());
            Ok(response)
        };
        Self {
            walk: Box::pin(walk),
        }
    }
}

impl<B: Body, E> Future for TenantFuture<B, E> {
    type Output = Result<Response<TenantBody<B>>, E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.walk.as_mut().poll(cx)
    }
}

impl<B: Body, E> fmt::Debug for TenantFuture<B, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantFuture").finish_non_exhaustive()
    }
}

impl Entrance {
    /// Who the request is, or how it is refused; none where it may go on without a tenant.
    async fn admit(&self, parts: &Parts) -> Result<Option<TenantContext>, Problem> {
        if parts.extensions.get::<TenantLayerRan>().is_some() {
            return Err(self.refused(&fault::LAYER_TWICE));
        }
        let decision = async {
            let claims = match self.resolver.resolve(parts).await {
                Ok(claims) => claims,
                Err(error) => return Err(self.refused(&error)),
            };
            let may_pass = self.on_missing_tenant == OnMissingTenant::AllowUnrestricted;
            if claims.is_empty() && may_pass {
                return Ok(None);
            }
            let admitted = self.shield.admit(&claims).await;
            admitted
                .map(Some)
                .map_err(|refusal| Problem::from_refusal(&refusal))
        };
        match tokio::time::timeout(self.deadline, decision).await {
            Ok(outcome) => outcome,
            Err(_) => Err(self.refused(&fault::DEADLINE)),
        }
    }

    /// Leaves evidence of a refusal that the shield has not seen.
    fn refused(&self, error: &ResolveError) -> Problem {
        self.shield
            .bus()
            .record(AuditEventType::PolicyDeny, AuditSubject::none(), || {
                AuditPayload::default()
                    .with_operation("resolve")
                    .with_code(error.code())
                    .with_reason(error.to_string())
            });
        Problem::from_resolve_error(error)
    }

    fn mark(&self, headers: &mut HeaderMap) {
        let is_private = self.caching == ResponseCaching::PrivateNoStore;
        if is_private && !headers.contains_key(CACHE_CONTROL) {
            headers.insert(CACHE_CONTROL, PRIVATE_NO_STORE);
        }
    }
}

/// Runs the service in the tenant's scope, and leaves the scope alive for the body.
async fn run_bound<S, Q, B>(
    context: TenantContext,
    service: S,
    request: Request<Q>,
) -> Result<Response<TenantBody<B>>, S::Error>
where
    S: Service<Request<Q>, Response = Response<B>> + Send + 'static,
    S::Future: Send,
    S::Error: Send + 'static,
    Q: Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Send + 'static,
{
    let slots = Slots::new();
    let bound = Bound::enter(context.clone());
    let future = Box::pin(context.scope(Exchange::new(service, request, slots.clone())));
    let mut run = Some(Running {
        future,
        _bound: bound,
    });
    let head = poll_fn(|cx| {
        let has_ended = run
            .as_mut()
            .is_none_or(|run| run.future.as_mut().poll(cx).is_ready());
        if has_ended {
            run = None;
        }
        let head = slots.head.lock().take();
        head.map_or(Poll::Pending, Poll::Ready)
    })
    .await?;
    Ok(Response::from_parts(
        head,
        TenantBody::bound(run, slots.body),
    ))
}

fn request_id(parts: &mut Parts) -> RequestId {
    *parts.extensions.get_or_insert_with(RequestId::random)
}

/// Whether the connection is asked to become something else than a carrier of responses.
fn asks_for_upgrade(parts: &Parts) -> bool {
    let names_upgrade = parts
        .headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|option| option.trim().eq_ignore_ascii_case("upgrade"));
    parts.method == Method::CONNECT || (names_upgrade && parts.headers.contains_key(UPGRADE))
}
