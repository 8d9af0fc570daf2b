//! A stream inside of a tenant's scope.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use pin_project_lite::pin_project;

use crate::context::TenantContext;
use crate::scope::lane::Lane;

const SCOPE_CLASS: &str = "ScopedStream";

pin_project! {
    /// A stream that runs inside of a tenant's scope, wherever it is polled.
    ///
    /// Made by [`TenantContext::scope_stream`](crate::TenantContext::scope_stream). The scope ends
    /// with the stream's end or its drop.
    #[must_use = "streams do nothing unless polled"]
    pub struct ScopedStream<S> {
        #[pin]
        inner: Option<S>,
        lane: Lane,
    }

    impl<S> PinnedDrop for ScopedStream<S> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            this.lane.close(SCOPE_CLASS, || this.inner.set(None));
        }
    }
}

impl<S> ScopedStream<S> {
    pub(super) const fn new(context: TenantContext, inner: S) -> Self {
        Self {
            inner: Some(inner),
            lane: Lane::new(context),
        }
    }
}

impl<S: Stream> Stream for ScopedStream<S> {
    type Item = S::Item;

    #[inline]
    fn poll_next(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let this = self.project();
        let Some(inner) = this.inner.as_pin_mut() else {
            return Poll::Ready(None);
        };
        let is_end = |polled: &Poll<Option<S::Item>>| matches!(polled, Poll::Ready(None));
        this.lane
            .step(SCOPE_CLASS, || inner.poll_next(task), is_end)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inner.as_ref().map_or((0, Some(0)), Stream::size_hint)
    }
}

impl<S> fmt::Debug for ScopedStream<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ScopedStream")
            .field("context", &self.lane.context())
            .finish_non_exhaustive()
    }
}
