//! The order of events for one request, on axum and on bare hyper, over real sockets.

use std::convert::Infallible;
use std::net::SocketAddr;

use axum::Router;
use axum::routing::get;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{Empty, Full};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tenantshield_core::{TenantContext, current_tenant, observability};
use tenantshield_tower::Tenant;
use tokio::net::{TcpListener, TcpStream};
use tower::{Layer, service_fn};

use crate::support::{Answer, World, bearer, capture, jwt};

const ORDER: [&str; 4] = [
    "tenant.middleware.request_bound",
    "tenant.scope.entered",
    "tenant.scope.exited",
    "tenant.middleware.request_unbound",
];

async fn ask(address: SocketAddr, path: &str, token: Option<&str>) -> Answer {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .unwrap();
    let driver = tokio::spawn(connection);
    let mut request = Request::builder()
        .uri(path)
        .header("host", "acme.example.com");
    if let Some(token) = token {
        request = request.header("authorization", token);
    }
    let response = sender
        .send_request(request.body(Empty::<Bytes>::new()).unwrap())
        .await;
    let answer = Answer::read(response.unwrap()).await;
    drop(sender);
    driver.await.unwrap().unwrap();
    answer
}

async fn show(Tenant(context): Tenant) -> String {
    assert_eq!(current_tenant().unwrap().tenant(), context.tenant());
    context.tenant().to_string()
}

async fn open() -> &'static str {
    assert!(current_tenant().is_err());
    "none"
}

/// SEED-A6, SEED-C1.
#[tokio::test]
async fn on_axum_the_events_of_a_request_come_in_order() {
    observability::configure(true);
    let world = World::new();
    let router = Router::new()
        .route("/", get(show))
        .route("/open", get(open))
        .layer(world.layer(jwt()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let lines = capture();
    let answer = ask(address, "/", Some(&bearer("alice", "acme"))).await;
    assert_eq!(
        (answer.status, &*answer.body),
        (StatusCode::OK, b"acme".as_slice())
    );
    assert_eq!(lines.names(), ORDER);
    for line in lines.of("tenantshield::observability") {
        assert_eq!(line["tenant_id"], "acme");
        let class = line.get("middleware_class").or(line.get("scope_class"));
        assert!(class.is_some_and(|class| !class.is_empty()));
    }
    server.abort();
}

/// SEED-A6: a request without a tenant, and a refused one, emit neither.
#[tokio::test]
async fn a_request_without_a_tenant_emits_no_scope_and_no_middleware_event() {
    observability::configure(true);
    let world = World::new();
    let router = Router::new()
        .route("/open", get(open))
        .layer(world.layer(jwt()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let lines = capture();
    assert_eq!(ask(address, "/open", None).await.status, StatusCode::OK);
    let foreign = bearer("alice", "globex");
    assert_eq!(
        ask(address, "/open", Some(&foreign)).await.status,
        StatusCode::NOT_FOUND
    );
    assert!(lines.names().is_empty());
    server.abort();
}

/// SEED-A6, SEED-C1: the same without any framework.
#[tokio::test]
async fn on_bare_hyper_the_events_of_a_request_come_in_order() {
    observability::configure(true);
    let world = World::new();
    let inner = service_fn(|request: Request<hyper::body::Incoming>| async move {
        let context = request.extensions().get::<TenantContext>().unwrap();
        assert_eq!(current_tenant().unwrap().tenant(), context.tenant());
        let text = context.tenant().to_string();
        Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(text))))
    });
    let service = world.layer(jwt()).layer(inner);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let service = TowerToHyperService::new(service);
        hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service)
            .await
    });
    let lines = capture();
    let answer = ask(address, "/", Some(&bearer("alice", "acme"))).await;
    assert_eq!(
        (answer.status, &*answer.body),
        (StatusCode::OK, b"acme".as_slice())
    );
    server.await.unwrap().unwrap();
    assert_eq!(lines.names(), ORDER);
}
