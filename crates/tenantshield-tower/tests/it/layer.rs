//! The scope of a request: to the last frame, through panics and cancellation, not beyond.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, Full};
use tenantshield_core::audit::AuditEventType;
use tenantshield_core::{TenantContext, current_tenant, observability, try_current_tenant};
use tenantshield_tower::{RequestId, ResponseCaching};
use tower::{Layer, Service, ServiceExt, service_fn};

use crate::support::{
    Answer, Capture, World, bearer, capture, echo, get, jwt, request, service_of,
};

/// A body of three frames, each naming the tenant at the time it is polled.
struct Streamed {
    left: usize,
    must_wait: bool,
}

impl Streamed {
    fn new() -> Self {
        Self {
            left: 3,
            must_wait: false,
        }
    }
}

impl Body for Streamed {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.must_wait = !self.must_wait;
        if self.must_wait {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.left == 0 {
            return Poll::Ready(None);
        }
        self.left -= 1;
        let text = current_tenant().map_or("none".to_owned(), |found| found.tenant().to_string());
        Poll::Ready(Some(Ok(Frame::data(Bytes::from(text)))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

impl Drop for Streamed {
    fn drop(&mut self) {
        DROPPED_INSIDE.with(|seen| seen.set(try_current_tenant().is_some()));
    }
}

thread_local! {
    static DROPPED_INSIDE: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

fn watch() -> Capture {
    observability::configure(true);
    capture()
}

const EXITED: [&str; 4] = [
    "tenant.middleware.request_bound",
    "tenant.scope.entered",
    "tenant.scope.exited",
    "tenant.middleware.request_unbound",
];

/// leaks:88, OW-1.5: a body that is streamed after the handler returned stays in its tenant.
#[tokio::test]
async fn a_streamed_body_is_polled_in_its_tenants_scope_to_the_last_frame() {
    let world = World::new();
    let inner = service_fn(|_| async { Ok::<_, Infallible>(Response::new(Streamed::new())) });
    let service = world.layer(jwt()).layer(inner);
    let lines = watch();
    let token = bearer("alice", "acme");
    let response = service
        .oneshot(request("/", &[("authorization", &token)]))
        .await
        .unwrap();
    assert!(try_current_tenant().is_none());
    assert_eq!(lines.names(), EXITED[..2]);
    let answer = Answer::read(response).await;
    assert_eq!(&*answer.body, b"acmeacmeacme");
    assert_eq!(lines.names(), EXITED);
    assert!(DROPPED_INSIDE.get());
    let kinds: Vec<_> = world
        .sink
        .events()
        .iter()
        .map(|event| event.kind())
        .collect();
    let expected = [
        AuditEventType::PolicyAllow,
        AuditEventType::ContextBound,
        AuditEventType::ContextReleased,
    ];
    assert_eq!(kinds, expected);
}

/// leaks:88: two streams of two tenants, polled in turns by one task, do not mix.
#[tokio::test]
async fn two_bodies_polled_in_turns_keep_their_own_tenants() {
    let world = World::new();
    let inner = service_fn(|_| async { Ok::<_, Infallible>(Response::new(Streamed::new())) });
    let service = world.layer(jwt()).layer(inner);
    let alice = bearer("alice", "acme");
    let bob = bearer("bob", "globex");
    let one = service
        .clone()
        .oneshot(request("/", &[("authorization", &alice)]))
        .await
        .unwrap();
    let two = service
        .oneshot(request("/", &[("authorization", &bob)]))
        .await
        .unwrap();
    let (mut one, mut two) = (one.into_body(), two.into_body());
    for _ in 0..3 {
        let frame = one.frame().await.unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), "acme");
        let frame = two.frame().await.unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), "globex");
    }
    assert!(one.frame().await.is_none() && two.frame().await.is_none());
    assert!(
        one.frame().await.is_none(),
        "polling again after the end is harmless"
    );
}

/// A client that goes away in the middle of a stream releases the scope.
#[tokio::test]
async fn a_body_dropped_halfway_releases_its_scope() {
    let world = World::new();
    let inner = service_fn(|_| async { Ok::<_, Infallible>(Response::new(Streamed::new())) });
    let service = world.layer(jwt()).layer(inner);
    let lines = watch();
    let token = bearer("alice", "acme");
    let response = service
        .oneshot(request("/", &[("authorization", &token)]))
        .await
        .unwrap();
    let mut body = response.into_body();
    body.frame().await.unwrap().unwrap();
    drop(body);
    assert_eq!(lines.names(), EXITED);
    assert!(DROPPED_INSIDE.get());
    assert!(try_current_tenant().is_none());
    let last = world.sink.events().last().map(|event| event.kind());
    assert_eq!(last, Some(AuditEventType::ContextReleased));
}

/// A request cancelled while its handler waits releases the scope, whatever poll it is at.
#[tokio::test]
async fn a_request_cancelled_at_any_poll_releases_its_scope() {
    for polls in 0..8 {
        let world = World::new();
        let inner = service_fn(|_| async {
            for _ in 0..4 {
                tokio::task::yield_now().await;
            }
            assert!(current_tenant().is_ok());
            Ok::<_, Infallible>(Response::new(Full::new(Bytes::from("x"))))
        });
        let mut service = world.layer(jwt()).layer(inner);
        let lines = watch();
        let token = bearer("alice", "acme");
        let mut future = Box::pin(service.call(request("/", &[("authorization", &token)])));
        for _ in 0..polls {
            let once = poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_ready()));
            if once.await {
                break;
            }
        }
        drop(future);
        let names = lines.names();
        assert!(names.is_empty() || names == EXITED, "{polls}: {names:?}");
        assert!(try_current_tenant().is_none());
    }
}

/// A panic in a handler is reported as an exception of the scope, and the scope is left.
#[tokio::test]
async fn a_panicking_handler_releases_its_scope() {
    let world = World::new();
    let service = service_of(&world.layer(jwt()), |_| panic!("boom"));
    let lines = watch();
    let token = bearer("alice", "acme");
    let heads = [("authorization", token.as_str())];
    let call = AssertUnwindSafe(get(&service, "/", &heads)).catch_unwind();
    assert!(call.await.is_err());
    let expected = [EXITED[0], EXITED[1], "tenant.scope.exception", EXITED[3]];
    assert_eq!(lines.names(), expected);
    assert!(try_current_tenant().is_none());
}

/// A body that panics is an exception of the scope too, once.
struct Panicking;

impl Body for Panicking {
    type Data = Bytes;
    type Error = Infallible;

    #[expect(clippy::panic, reason = "the panic is what is tested")]
    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        panic!("boom in the body");
    }
}

#[tokio::test]
async fn a_panicking_body_releases_its_scope() {
    let world = World::new();
    let inner = service_fn(|_| async { Ok::<_, Infallible>(Response::new(Panicking)) });
    let service = world.layer(jwt()).layer(inner);
    let lines = watch();
    let token = bearer("alice", "acme");
    let response = service
        .oneshot(request("/", &[("authorization", &token)]))
        .await
        .unwrap();
    assert!(
        AssertUnwindSafe(response.into_body().collect())
            .catch_unwind()
            .await
            .is_err()
    );
    let expected = [EXITED[0], EXITED[1], "tenant.scope.exception", EXITED[3]];
    assert_eq!(lines.names(), expected);
    assert!(try_current_tenant().is_none());
}

/// A body of one frame and then an error.
struct Failing(bool);

impl Body for Failing {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let is_first = std::mem::take(&mut self.0);
        Poll::Ready(Some(if is_first {
            Ok(Frame::data(Bytes::new()))
        } else {
            Err("cut off")
        }))
    }
}

#[tokio::test]
async fn an_error_of_the_body_passes_through_and_releases_the_scope() {
    let world = World::new();
    let inner = service_fn(|_| async { Ok::<_, Infallible>(Response::new(Failing(true))) });
    let service = world.layer(jwt()).layer(inner);
    let lines = watch();
    let token = bearer("alice", "acme");
    let response = service
        .oneshot(request("/", &[("authorization", &token)]))
        .await
        .unwrap();
    let mut body = response.into_body();
    assert!(body.frame().await.unwrap().is_ok());
    assert_eq!(lines.names(), EXITED[..2]);
    assert_eq!(body.frame().await.unwrap().unwrap_err(), "cut off");
    assert_eq!(lines.names(), EXITED);
    assert!(body.is_end_stream() && body.frame().await.is_none());
}

#[tokio::test]
async fn an_error_of_the_inner_service_passes_through_and_releases_the_scope() {
    let world = World::new();
    let inner = service_fn(|_| async { Err::<Response<Full<Bytes>>, _>("broken") });
    let service = world.layer(jwt()).layer(inner);
    let lines = watch();
    let token = bearer("alice", "acme");
    let error = service
        .oneshot(request("/", &[("authorization", &token)]))
        .await
        .unwrap_err();
    assert_eq!(error, "broken");
    assert_eq!(lines.names(), EXITED);
}

/// SEED-C1: an upgrade is admitted and gets its context explicitly, never an ambient scope.
#[tokio::test]
async fn an_upgrade_is_admitted_but_not_bound() {
    let world = World::new();
    let service = service_of(&world.layer(jwt()), |request| {
        assert!(try_current_tenant().is_none());
        let context = request.extensions().get::<TenantContext>().unwrap();
        Response::new(Bytes::from(context.tenant().to_string()))
    });
    let lines = watch();
    let token = bearer("alice", "acme");
    let upgrade = [
        ("connection", "keep-alive, Upgrade"),
        ("upgrade", "websocket"),
    ];
    let heads = [upgrade[0], upgrade[1], ("authorization", token.as_str())];
    let answer = get(&service, "/", &heads).await;
    assert_eq!(
        (answer.status, &*answer.body),
        (StatusCode::OK, b"acme".as_slice())
    );
    assert!(lines.names().is_empty());
    let foreign = bearer("alice", "globex");
    let heads = [upgrade[0], upgrade[1], ("authorization", foreign.as_str())];
    assert_eq!(
        get(&service, "/", &heads).await.status,
        StatusCode::NOT_FOUND
    );
}

/// OW-1.5: a task that was spawned without its tenant finds none.
#[tokio::test]
async fn a_detached_task_has_no_tenant_unless_it_was_given_one() {
    let world = World::new();
    let inner = service_fn(|request: http::Request<Full<Bytes>>| async move {
        let bare = tokio::spawn(async { current_tenant().is_err() })
            .await
            .unwrap();
        assert!(bare);
        let context = request.extensions().get::<TenantContext>().unwrap().clone();
        let given = tokio::spawn(context.scope(async { current_tenant().unwrap() }));
        let text = given.await.unwrap().tenant().to_string();
        Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(text))))
    });
    let service = world.layer(jwt()).layer(inner);
    let token = bearer("alice", "acme");
    let response = service
        .oneshot(request("/", &[("authorization", &token)]))
        .await
        .unwrap();
    assert_eq!(&*Answer::read(response).await.body, b"acme");
}

/// HTTP-H3.
#[tokio::test]
async fn a_tenants_response_is_not_for_shared_caches_unless_the_handler_says_so() {
    let world = World::new();
    let token = bearer("alice", "acme");
    let heads = [("authorization", token.as_str())];
    let plain = echo(&world.layer(jwt()));
    assert_eq!(
        get(&plain, "/", &heads).await.headers["cache-control"],
        "private, no-store"
    );
    let as_said = world
        .layer(jwt())
        .with_response_caching(ResponseCaching::AsHandlerSays);
    let as_said = echo(&as_said);
    assert!(
        !get(&as_said, "/", &heads)
            .await
            .headers
            .contains_key("cache-control")
    );
    let own = service_of(&world.layer(jwt()), |_| {
        let response = Response::builder().header("cache-control", "max-age=60");
        response.body(Bytes::new()).unwrap()
    });
    assert_eq!(
        get(&own, "/", &heads).await.headers["cache-control"],
        "max-age=60"
    );
}

/// HTTP-P1: the request id is the server's own, and the answer's `instance`.
#[tokio::test]
async fn the_request_id_is_fresh_or_the_servers_own() {
    let world = World::new();
    let service = world
        .layer(jwt())
        .layer(service_fn(|_: http::Request<Full<Bytes>>| async {
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
        }));
    let id = RequestId::random();
    let mut bad = request(
        "/",
        &[("authorization", "Bearer x"), ("x-request-id", "spoofed")],
    );
    bad.extensions_mut().insert(id);
    let answer = Answer::read(service.clone().oneshot(bad).await.unwrap()).await;
    assert_eq!(answer.json()["instance"], format!("urn:uuid:{}", id.uuid()));
    let again = request("/", &[("authorization", "Bearer x")]);
    let other = Answer::read(service.oneshot(again).await.unwrap()).await;
    assert_ne!(other.json()["instance"], answer.json()["instance"]);
}

/// The head leaves with the inner body's exact length, so that `Content-Length` stays.
#[tokio::test]
async fn the_size_hint_of_the_inner_body_is_kept() {
    let world = World::new();
    let inner = service_fn(|_| async {
        Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"12345"))))
    });
    let service = world.layer(jwt()).layer(inner);
    let token = bearer("alice", "acme");
    let response = service
        .oneshot(request("/", &[("authorization", &token)]))
        .await
        .unwrap();
    let mut body = pin!(response.into_body());
    assert_eq!(body.size_hint().exact(), Some(5));
    assert!(!body.is_end_stream());
    body.frame().await.unwrap().unwrap();
    assert!(body.is_end_stream());
}

/// The inner service is called in scope, not only its future.
#[tokio::test]
async fn the_call_itself_happens_in_scope() {
    let world = World::new();
    let seen = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&seen);
    let inner = service_fn(move |_| {
        counter.fetch_add(usize::from(current_tenant().is_ok()), Ordering::SeqCst);
        std::future::ready(Ok::<_, Infallible>(Response::new(Full::<Bytes>::default())))
    });
    let service = world.layer(jwt()).layer(inner);
    let token = bearer("alice", "acme");
    service
        .oneshot(request("/", &[("authorization", &token)]))
        .await
        .unwrap();
    assert_eq!(seen.load(Ordering::SeqCst), 1);
}
