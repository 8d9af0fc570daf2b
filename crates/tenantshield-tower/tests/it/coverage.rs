//! A layer in the wrong place is found on the first request.

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::{Request, StatusCode};
use tenantshield_tower::{
    CallableResolver, CoveredLayer, OptionalTenant, PathResolver, Tenant, admitted,
};
use tower::ServiceExt;

use crate::support::{Answer, World, bearer, jwt, jwt_without_tenant};

async fn ask(router: Router, path: &str, token: Option<&str>) -> Answer {
    let mut request = Request::builder().uri(path);
    if let Some(token) = token {
        request = request.header("authorization", token);
    }
    let response = router
        .oneshot(request.body(Body::empty()).unwrap())
        .await
        .unwrap();
    Answer::read(response).await
}

async fn show(Tenant(context): Tenant) -> String {
    context.tenant().to_string()
}

async fn maybe(OptionalTenant(found): OptionalTenant) -> String {
    found.map_or("none".to_owned(), |context| context.tenant().to_string())
}

/// OW-1.1: a route outside the tenant layer fails loudly and runs nothing.
#[tokio::test]
async fn an_extractor_outside_the_tenant_layer_is_a_configuration_error() {
    let world = World::new();
    let router = Router::new()
        .route("/inside", get(show))
        .layer(world.layer(jwt()))
        .route("/outside", get(show))
        .route("/maybe", get(maybe));
    let token = bearer("alice", "acme");
    let inside = ask(router.clone(), "/inside", Some(&token)).await;
    assert_eq!(
        (inside.status, &*inside.body),
        (StatusCode::OK, b"acme".as_slice())
    );
    for path in ["/outside", "/maybe"] {
        let outside = ask(router.clone(), path, Some(&token)).await;
        assert_eq!(outside.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(outside.json()["code"], "TS-RES-043");
    }
}

/// OW-1.1: the same for a layer that stands on the wrong side.
#[tokio::test]
async fn a_covered_layer_outside_the_tenant_layer_refuses_every_request() {
    let world = World::new();
    let token = bearer("alice", "acme");
    let right = Router::new()
        .route("/", get(show))
        .layer(CoveredLayer::new())
        .layer(world.layer(jwt()));
    assert_eq!(ask(right, "/", Some(&token)).await.status, StatusCode::OK);
    let wrong = Router::new()
        .route("/", get(show))
        .layer(world.layer(jwt()))
        .layer(CoveredLayer::new());
    let refused = ask(wrong, "/", Some(&token)).await;
    assert_eq!(refused.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(refused.json()["code"], "TS-RES-043");
    assert_eq!(world.sink.len(), right_events());
}

/// The right order admits once and binds and releases once; the wrong one reaches nothing.
fn right_events() -> usize {
    3
}

#[tokio::test]
async fn two_tenant_layers_on_one_route_are_a_configuration_error() {
    let world = World::new();
    let router = Router::new()
        .route("/", get(show))
        .layer(world.layer(jwt()))
        .layer(world.layer(jwt()));
    let token = bearer("alice", "acme");
    let refused = ask(router, "/", Some(&token)).await;
    assert_eq!(refused.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(refused.json()["code"], "TS-RES-040");
}

/// SEED-C2: inside the layer, a request without tenant is told apart from a missing layer.
#[tokio::test]
async fn a_request_without_tenant_is_401_where_a_handler_needs_one() {
    let world = World::new();
    let router = Router::new()
        .route("/", get(show))
        .route("/maybe", get(maybe))
        .layer(world.layer(jwt()));
    let refused = ask(router.clone(), "/", None).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    let free = ask(router, "/maybe", None).await;
    assert_eq!(
        (free.status, &*free.body),
        (StatusCode::OK, b"none".as_slice())
    );
    assert!(admitted(&http::Extensions::new()).is_err());
}

/// SEED-C3: below `nest` axum cuts the path; the resolver still sees the whole.
#[tokio::test]
async fn a_nested_router_resolves_the_path_before_nesting() {
    let world = World::new();
    let proves = jwt_without_tenant();
    let both = tenantshield_tower::Combine::new()
        .with(PathResolver::new("/t/{tenant}").unwrap())
        .with(proves)
        .with(CallableResolver::sync(|parts| {
            assert_eq!(parts.uri.path(), "/show");
            Ok(tenantshield_core::Claims::new())
        }));
    let inner = Router::new()
        .route("/show", get(show))
        .layer(world.layer(both));
    let router = Router::new().nest("/t/{tenant}", inner);
    let token = bearer("alice", "acme");
    let found = ask(router.clone(), "/t/acme/show", Some(&token)).await;
    assert_eq!(
        (found.status, &*found.body),
        (StatusCode::OK, b"acme".as_slice())
    );
    let foreign = ask(router, "/t/globex/show", Some(&token)).await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
}
