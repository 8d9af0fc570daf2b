//! One run of a request: the call, the handler, then the response body, as one future.
//!
//! A handler that streams returns its head long before its last byte, and a scope that ends with
//! the handler leaves the stream without its tenant. This future does not end at the head: it
//! hands the head out through a slot and stays alive for the body, so that one scope holds both.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::response::Parts;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tower_service::Service;

/// What the body has produced and its driver has not yet taken.
pub(crate) struct Progress<E> {
    pub(crate) frame: Option<Result<Frame<Bytes>, E>>,
    pub(crate) hint: SizeHint,
}

/// A place shared between the run and whoever polls it.
pub(crate) struct Slot<T>(Arc<Mutex<T>>);

impl<T> Slot<T> {
    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Clone for Slot<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// The two places that a run fills: the head once, then the body frame by frame.
pub(crate) struct Slots<E, B> {
    pub(crate) head: Slot<Option<Result<Parts, E>>>,
    pub(crate) body: Slot<Progress<B>>,
}

impl<E, B> Slots<E, B> {
    pub(crate) fn new() -> Self {
        let progress = Progress {
            frame: None,
            hint: SizeHint::default(),
        };
        Self {
            head: Slot(Arc::new(Mutex::new(None))),
            body: Slot(Arc::new(Mutex::new(progress))),
        }
    }
}

impl<E, B> Clone for Slots<E, B> {
    fn clone(&self) -> Self {
        Self {
            head: self.head.clone(),
            body: self.body.clone(),
        }
    }
}

pin_project! {
    /// Runs one request to the end of its body.
    pub(crate) struct Exchange<S, Q, B>
    where
        S: Service<Request<Q>, Response = Response<B>>,
        B: Body<Data = Bytes>,
    {
        #[pin]
        stage: Stage<S, Request<Q>, S::Future, B>,
        slots: Slots<S::Error, B::Error>,
    }
}

pin_project! {
    #[project = StageProjection]
    enum Stage<S, Q, F, B> {
        Call { service: S, request: Option<Q> },
        Handler { #[pin] future: F },
        Body { #[pin] body: B },
        Done,
    }
}

impl<S, Q, B> Exchange<S, Q, B>
where
    S: Service<Request<Q>, Response = Response<B>>,
    B: Body<Data = Bytes>,
{
    pub(crate) fn new(service: S, request: Request<Q>, slots: Slots<S::Error, B::Error>) -> Self {
        Self {
            stage: Stage::Call {
                service,
                request: Some(request),
            },
            slots,
        }
    }
}

impl<S, Q, B> Future for Exchange<S, Q, B>
where
    S: Service<Request<Q>, Response = Response<B>>,
    B: Body<Data = Bytes>,
{
    type Output = ();

    /// INVARIANT: `Pending` with a filled slot means "take it and poll again"; the driver looks
    /// into the slot after every poll, so no wake-up is lost.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        loop {
            match this.stage.as_mut().project() {
                StageProjection::Call { service, request } => {
                    let Some(request) = request.take() else {
                        return Poll::Ready(());
                    };
                    let future = service.call(request);
                    this.stage.set(Stage::Handler { future });
                }
                StageProjection::Handler { future } => {
                    let Poll::Ready(outcome) = future.poll(cx) else {
                        return Poll::Pending;
                    };
                    let (head, next) = match outcome {
                        Ok(response) => {
                            let (head, body) = response.into_parts();
                            this.slots.body.lock().hint = body.size_hint();
                            let ended = body.is_end_stream();
                            (
                                Ok(head),
                                if ended {
                                    Stage::Done
                                } else {
                                    Stage::Body { body }
                                },
                            )
                        }
                        Err(error) => (Err(error), Stage::Done),
                    };
                    this.stage.set(next);
                    *this.slots.head.lock() = Some(head);
                    return ended(&this.stage);
                }
                StageProjection::Body { mut body } => {
                    let Poll::Ready(frame) = body.as_mut().poll_frame(cx) else {
                        return Poll::Pending;
                    };
                    let is_last = !matches!(frame, Some(Ok(_))) || body.is_end_stream();
                    let hint = body.size_hint();
                    *this.slots.body.lock() = Progress { frame, hint };
                    if is_last {
                        this.stage.set(Stage::Done);
                    }
                    return ended(&this.stage);
                }
                StageProjection::Done => return Poll::Ready(()),
            }
        }
    }
}

fn ended<S, Q, F, B>(stage: &Stage<S, Q, F, B>) -> Poll<()> {
    match stage {
        Stage::Done => Poll::Ready(()),
        Stage::Call { .. } | Stage::Handler { .. } | Stage::Body { .. } => Poll::Pending,
    }
}
