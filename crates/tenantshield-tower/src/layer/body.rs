//! The response body of a covered service, polled in its tenant's scope to the last frame.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tenantshield_core::{TenantContext, observability};

use crate::layer::exchange::{Progress, Slot};

/// How the layer names itself in events.
pub(crate) const MIDDLEWARE_CLASS: &str = "TenantLayer";

pin_project! {
    /// The body that a [`TenantService`](crate::TenantService) answers with.
    ///
    /// # Shape
    /// The inner body's frames, errors and size hint, unchanged; or a problem's document.
    pub struct TenantBody<B>
    where
        B: Body,
    {
        #[pin]
        inner: Inner<B>,
    }
}

pin_project! {
    #[project = InnerProjection]
    enum Inner<B>
    where
        B: Body,
    {
        Bound { run: Option<Running>, slot: Slot<Progress<B::Error>> },
        Free { #[pin] body: B },
        Problem { document: Option<Bytes> },
    }
}

/// A run that goes on behind the response's head.
///
/// INVARIANT: the fields drop in this order, so that the scope is left before the request is
/// reported as unbound.
pub(crate) struct Running {
    pub(crate) future: Pin<Box<dyn Future<Output = ()> + Send>>,
    pub(crate) _bound: Bound,
}

/// Reports a request as bound, and as unbound when dropped, however that comes about.
pub(crate) struct Bound(TenantContext);

impl Bound {
    pub(crate) fn enter(context: TenantContext) -> Self {
        observability::request_bound(context.tenant(), MIDDLEWARE_CLASS);
        Self(context)
    }
}

impl Drop for Bound {
    fn drop(&mut self) {
        observability::request_unbound(self.0.tenant(), MIDDLEWARE_CLASS);
    }
}

impl<B: Body> TenantBody<B> {
    pub(crate) fn bound(run: Option<Running>, slot: Slot<Progress<B::Error>>) -> Self {
        Self {
            inner: Inner::Bound { run, slot },
        }
    }

    pub(crate) fn free(body: B) -> Self {
        Self {
            inner: Inner::Free { body },
        }
    }

    pub(crate) fn problem(document: Bytes) -> Self {
        Self {
            inner: Inner::Problem {
                document: Some(document),
            },
        }
    }
}

impl<B> Body for TenantBody<B>
where
    B: Body<Data = Bytes>,
{
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match self.project().inner.project() {
            InnerProjection::Bound { run, slot } => {
                let Some(running) = run else {
                    return Poll::Ready(slot.lock().frame.take());
                };
                let has_ended = running.future.as_mut().poll(cx).is_ready();
                if has_ended {
                    *run = None;
                }
                let frame = slot.lock().frame.take();
                if frame.is_some() || has_ended {
                    Poll::Ready(frame)
                } else {
                    Poll::Pending
                }
            }
            InnerProjection::Free { body } => body.poll_frame(cx),
            InnerProjection::Problem { document } => {
                Poll::Ready(document.take().map(|bytes| Ok(Frame::data(bytes))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.inner {
            Inner::Bound { run, slot } => run.is_none() && slot.lock().frame.is_none(),
            Inner::Free { body } => body.is_end_stream(),
            Inner::Problem { document } => document.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.inner {
            Inner::Bound { slot, .. } => slot.lock().hint,
            Inner::Free { body } => body.size_hint(),
            Inner::Problem { document } => {
                let length = document.as_ref().map_or(0, Bytes::len);
                SizeHint::with_exact(u64::try_from(length).unwrap_or(u64::MAX))
            }
        }
    }
}

impl<B: Body> fmt::Debug for TenantBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantBody").finish_non_exhaustive()
    }
}
