//! A future inside of a tenant's scope.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::context::TenantContext;
use crate::scope::lane::Lane;

const SCOPE_CLASS: &str = "Scoped";

pin_project! {
    /// A future that runs inside of a tenant's scope, wherever it is polled.
    ///
    /// Made by [`TenantContext::scope`](crate::TenantContext::scope).
    #[must_use = "futures do nothing unless polled"]
    pub struct Scoped<F> {
        #[pin]
        inner: Option<F>,
        lane: Lane,
    }

    impl<F> PinnedDrop for Scoped<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            this.lane.close(SCOPE_CLASS, || this.inner.set(None));
        }
    }
}

impl<F> Scoped<F> {
    pub(super) const fn new(context: TenantContext, inner: F) -> Self {
        Self {
            inner: Some(inner),
            lane: Lane::new(context),
        }
    }
}

impl<F: Future> Future for Scoped<F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let Some(inner) = this.inner.as_pin_mut() else {
            return Poll::Pending;
        };
        this.lane
            .step(SCOPE_CLASS, || inner.poll(task), Poll::is_ready)
    }
}

impl<F> fmt::Debug for Scoped<F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Scoped")
            .field("context", &self.lane.context())
            .finish_non_exhaustive()
    }
}
