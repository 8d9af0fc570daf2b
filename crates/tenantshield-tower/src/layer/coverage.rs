//! Proof that a request came through the tenant layer.
//!
//! Layers are easily put in the wrong order, and a rate limit or a handler outside the tenant
//! layer would silently run without a tenant. What needs a tenant therefore asks for the marker
//! first: a request without it is an error of the program, answered 500 on the very first use.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Extensions, Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;
use tenantshield_core::TenantContext;
use tower_layer::Layer;
use tower_service::Service;

use crate::layer::body::TenantBody;
use crate::problem::Problem;

/// The code of a layer or handler that stands outside the tenant layer.
const NOT_COVERED: &str = "TS-RES-043";

/// The mark that the tenant layer leaves on every request that it lets through.
#[derive(Clone, Copy, Debug)]
pub struct TenantLayerRan(pub(crate) ());

/// The admitted tenant, or none where the layer let a request without tenant through.
///
/// # Errors
/// A 500 [`Problem`] when no tenant layer has seen the request.
///
/// # Examples
/// ```
/// let request = http::Request::new(());
/// let problem = tenantshield_tower::admitted(request.extensions()).unwrap_err();
/// assert_eq!(problem.status(), 500);
/// ```
pub fn admitted(extensions: &Extensions) -> Result<Option<&TenantContext>, Problem> {
    if extensions.get::<TenantLayerRan>().is_none() {
        tracing::error!(
            target: "tenantshield::tower",
            code = NOT_COVERED,
            "a layer or handler that needs a tenant stands outside the tenant layer"
        );
        return Err(Problem::misconfigured(NOT_COVERED));
    }
    Ok(extensions.get::<TenantContext>())
}

/// Refuses every request that has not come through the tenant layer.
///
/// Put it directly around a rate limit, an audit or a database layer: if that one is ever moved
/// outside the tenant layer, each request is answered 500 and nothing runs.
#[derive(Clone, Copy, Debug, Default)]
pub struct CoveredLayer(());

impl CoveredLayer {
    /// Makes the layer.
    pub const fn new() -> Self {
        Self(())
    }
}

impl<S> Layer<S> for CoveredLayer {
    type Service = Covered<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Covered { inner }
    }
}

/// A service that runs only inside the tenant layer.
#[derive(Clone)]
pub struct Covered<S> {
    inner: S,
}

impl<S, Q, B> Service<Request<Q>> for Covered<S>
where
    S: Service<Request<Q>, Response = Response<B>>,
    B: Body<Data = Bytes>,
{
    type Response = Response<TenantBody<B>>;
    type Error = S::Error;
    type Future = CoveredFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Q>) -> Self::Future {
        let step = match admitted(request.extensions()) {
            Ok(_) => Step::Inside {
                future: self.inner.call(request),
            },
            Err(problem) => Step::Outside {
                problem: Some(problem),
            },
        };
        CoveredFuture { step }
    }
}

impl<S> fmt::Debug for Covered<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Covered").finish_non_exhaustive()
    }
}

pin_project! {
    /// The answer of a [`Covered`] service.
    pub struct CoveredFuture<F> {
        #[pin]
        step: Step<F>,
    }
}

pin_project! {
    #[project = StepProjection]
    enum Step<F> {
        Inside { #[pin] future: F },
        Outside { problem: Option<Problem> },
    }
}

impl<F, B, E> Future for CoveredFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body<Data = Bytes>,
{
    type Output = Result<Response<TenantBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().step.project() {
            StepProjection::Inside { future } => future
                .poll(cx)
                .map_ok(|response| response.map(TenantBody::free)),
            StepProjection::Outside { problem } => match problem.take() {
                Some(problem) => Poll::Ready(Ok(problem.into_http().map(TenantBody::problem))),
                None => Poll::Pending,
            },
        }
    }
}

impl<F> fmt::Debug for CoveredFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CoveredFuture").finish_non_exhaustive()
    }
}
