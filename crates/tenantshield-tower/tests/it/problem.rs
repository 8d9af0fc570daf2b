//! Errors of handlers: the known ones have their answer, the rest says nothing.

use std::fmt;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::{Request, StatusCode};
use tenantshield_core::{
    CrossTenantAccess, Error as CoreError, MissingContext, Refusal, RefusalKind, TenantId,
    UnscopedQuery,
};
use tenantshield_tower::{Problem, RequestId, ResolveError, ResolveErrorKind};
use tower::ServiceExt;

use crate::support::{Answer, capture, tenant};

/// An adapter's error, with something of ours inside.
#[derive(Debug)]
struct Wrapped(Box<dyn std::error::Error + Send + Sync>);

impl fmt::Display for Wrapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the query failed")
    }
}

impl std::error::Error for Wrapped {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.0)
    }
}

fn status(error: impl std::error::Error + Send + Sync + 'static) -> u16 {
    Problem::from(Wrapped(Box::new(Wrapped(Box::new(error)))))
        .status()
        .as_u16()
}

/// HTTP-P1, OW-R4.
#[test]
fn what_is_known_is_found_however_deep_it_lies() {
    let foreign = CrossTenantAccess::new(Some(tenant("acme")), "Order", "insert");
    assert_eq!(
        status(CoreError::from(foreign.with_actual(tenant("globex")))),
        404
    );
    assert_eq!(status(CoreError::from(MissingContext::new())), 401);
    assert_eq!(status(CoreError::from(TenantId::new("").unwrap_err())), 400);
    assert_eq!(
        status(CoreError::from(UnscopedQuery::new("the form is not known"))),
        500
    );
    assert_eq!(status(sqlx_core::Error::RowNotFound), 404);
    assert_eq!(status(sqlx_core::Error::PoolTimedOut), 500);
    assert_eq!(status(std::io::Error::other("disk")), 500);
    for (kind, expected) in [
        (RefusalKind::Conflict, 404),
        (RefusalKind::MissingTenant, 401),
        (RefusalKind::NotMember, 404),
        (RefusalKind::PolicyDenied, 403),
        (RefusalKind::Quota, 429),
        (RefusalKind::Suspended, 403),
        (RefusalKind::Unauthenticated, 401),
        (RefusalKind::Unavailable, 503),
        (RefusalKind::Unknown, 404),
    ] {
        assert_eq!(status(Refusal::new(kind)), expected);
        assert_eq!(status(CoreError::from(Refusal::new(kind))), expected);
    }
    for (kind, expected) in [
        (ResolveErrorKind::Ambiguous, 404),
        (ResolveErrorKind::BadCredential, 401),
        (ResolveErrorKind::BadRequest, 400),
        (ResolveErrorKind::Misconfigured, 500),
        (ResolveErrorKind::Unavailable, 503),
        (ResolveErrorKind::Unknown, 404),
    ] {
        assert_eq!(status(ResolveError::new(kind, "APP-1", "no")), expected);
    }
}

/// OW-R4: a row of others and a row that does not exist are one answer.
#[test]
fn a_foreign_row_and_an_absent_row_answer_with_the_same_bytes() {
    let foreign = CoreError::from(CrossTenantAccess::new(
        Some(tenant("acme")),
        "Order",
        "update",
    ));
    let id = RequestId::random();
    let one = Problem::from(foreign).with_request_id(id).into_http();
    let two = Problem::from(sqlx_core::Error::RowNotFound)
        .with_request_id(id)
        .into_http();
    let three = Problem::not_found().with_request_id(id).into_http();
    assert_eq!(
        (one.status(), one.headers(), one.body()),
        (two.status(), two.headers(), two.body())
    );
    assert_eq!(one.body(), three.body());
}

/// A handler uses `?`; what it does not know is logged and not told.
#[tokio::test]
async fn an_unknown_error_is_a_500_without_details_and_a_log_line_with_them() {
    async fn fails() -> Result<String, Problem> {
        Err(std::io::Error::other("password=hunter2\nforged line"))?;
        Ok(String::new())
    }
    let lines = capture();
    let router = Router::new().route("/", get(fails));
    let request = Request::builder().uri("/").body(Body::empty()).unwrap();
    let answer = Answer::read(router.oneshot(request).await.unwrap()).await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(!String::from_utf8_lossy(&answer.body).contains("hunter2"));
    let instance = answer.json()["instance"].as_str().unwrap().to_owned();
    let logged = lines.of("tenantshield::tower");
    assert_eq!(logged.len(), 1);
    assert_eq!(logged[0]["error"], "password=hunter2 forged line");
    assert_eq!(format!("urn:uuid:{}", logged[0]["request_id"]), instance);
}
