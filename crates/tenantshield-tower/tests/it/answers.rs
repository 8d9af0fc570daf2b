//! What comes out for whom, and that nobody can tell what is not theirs.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderName, Response, StatusCode};
use serde_json::json;
use tenantshield_core::audit::AuditEventType;
use tenantshield_core::{
    Admission, AdmissionDecision, Claims, Clock, Directory, Membership, Principal, SeamError,
    SystemClock, TenantContext, TenantId, TenantRecord, TenantRole, TenantRoles, TenantState,
};
use tenantshield_tower::{
    CallableResolver, Combine, HeaderResolver, HostOptions, HostResolver, OnMissingTenant, Problem,
    Resolver,
};

use crate::support::{
    AUDIENCE, Answer, ISSUER, SECRET, World, bearer, echo, get, jwt, service_of, sign, tenant, user,
};

fn combined() -> Combine {
    Combine::new()
        .with(HeaderResolver::new("x-tenant-id").unwrap())
        .with(jwt())
}

fn names(answer: &Answer) -> Vec<HeaderName> {
    answer.headers.keys().cloned().collect()
}

/// SEED-C2, OW-R4, OW-R7, OW-1.3, FLAW-02, HTTP-P1, leaks:97, leaks:98, leaks:101: a conflict, an
/// unknown tenant, a tenant of others and a repeated header look like any absent thing.
#[tokio::test]
async fn whatever_is_not_the_callers_answers_as_if_it_were_absent() {
    let world = World::new();
    let layer = world.layer(combined());
    let absent = service_of(&world.layer(combined()), |_| {
        Problem::not_found().into_http()
    });
    let token = bearer("alice", "acme");
    let expected = get(&absent, "/", &[("authorization", &token)]).await;
    assert_eq!(expected.status, StatusCode::NOT_FOUND);

    let service = echo(&layer);
    let unknown = bearer("alice", "nobody");
    let foreign = bearer("alice", "globex");
    let suspended = bearer("alice", "umbrella");
    let conflict = [("authorization", token.as_str()), ("x-tenant-id", "globex")];
    let no_such = [("authorization", token.as_str()), ("x-tenant-id", "nobody")];
    let repeated = [
        ("authorization", token.as_str()),
        ("x-tenant-id", "acme"),
        ("x-tenant-id", "acme"),
    ];
    let cases: [&[(&str, &str)]; 6] = [
        &conflict,
        &no_such,
        &repeated,
        &[("authorization", &unknown)],
        &[("authorization", &foreign)],
        &[("authorization", &suspended)],
    ];
    for heads in cases {
        let before = world.denials();
        let answer = get(&service, "/", heads).await;
        assert_eq!(answer.status, expected.status, "{heads:?}");
        assert_eq!(names(&answer), names(&expected), "{heads:?}");
        assert_eq!(
            answer.without_instance(),
            expected.without_instance(),
            "{heads:?}"
        );
        assert_eq!(answer.body.len(), expected.body.len(), "{heads:?}");
        assert_eq!(world.denials(), before + 1, "{heads:?}");
    }
    assert_eq!(service.calls(), 0);
}

/// leaks:98: a token of one tenant on another tenant's host.
#[tokio::test]
async fn token_of_a_on_host_b_is_not_found() {
    let world = World::new();
    let hosts = HostOptions::new().with_base_domain("example.com").unwrap();
    let both = Combine::new().with(HostResolver::new(hosts)).with(jwt());
    let service = echo(&world.layer(both));
    let token = bearer("alice", "acme");
    let own = [
        ("host", "acme.example.com"),
        ("authorization", token.as_str()),
    ];
    assert_eq!(get(&service, "/", &own).await.status, StatusCode::OK);
    let foreign = [
        ("host", "globex.example.com"),
        ("authorization", token.as_str()),
    ];
    assert_eq!(
        get(&service, "/", &foreign).await.status,
        StatusCode::NOT_FOUND
    );
    let smuggled = [
        ("host", "acme.example.com"),
        ("host", "globex.example.com"),
        ("authorization", token.as_str()),
    ];
    let refused = get(&service, "/", &smuggled).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert_eq!(refused.json()["code"], "TS-RES-011");
    assert_eq!(service.calls(), 1);
}

/// OW-R7: a conflict leaves evidence of what was attempted.
#[tokio::test]
async fn a_conflict_is_audited_as_a_denial() {
    let world = World::new();
    let service = echo(&world.layer(combined()));
    let token = bearer("alice", "acme");
    let heads = [("authorization", token.as_str()), ("x-tenant-id", "globex")];
    get(&service, "/", &heads).await;
    let events = world.sink.events();
    let denied: Vec<_> = events
        .iter()
        .filter(|event| event.kind() == AuditEventType::PolicyDeny)
        .collect();
    assert_eq!(denied.len(), 1);
    assert_eq!(denied[0].payload().code(), Some("TS-ADM-001"));
}

/// leaks:97, OW-1.3: what a client merely says opens nothing, and a member may be named by header.
#[tokio::test]
async fn a_header_alone_is_unauthenticated_and_beside_a_token_it_must_agree() {
    let world = World::new();
    let service = echo(&world.layer(combined()));
    let alone = get(&service, "/", &[("x-tenant-id", "acme")]).await;
    assert_eq!(alone.status, StatusCode::UNAUTHORIZED);
    let token = bearer("alice", "acme");
    let heads = [("authorization", token.as_str()), ("x-tenant-id", "acme")];
    let agreed = get(&service, "/", &heads).await;
    assert_eq!(
        (agreed.status, &*agreed.body),
        (StatusCode::OK, b"acme".as_slice())
    );
}

/// SEED-C2, HTTP-P1.
#[tokio::test]
async fn a_missing_or_bad_credential_is_401_with_a_challenge() {
    let world = World::new();
    let raise = world
        .layer(combined())
        .with_on_missing_tenant(OnMissingTenant::Raise);
    let service = echo(&raise);
    let missing = get(&service, "/", &[]).await;
    let bad = get(&service, "/", &[("authorization", "Bearer a.b.c")]).await;
    for answer in [&missing, &bad] {
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert_eq!(answer.headers["www-authenticate"], "Bearer");
        assert_eq!(answer.headers["content-type"], "application/problem+json");
        assert_eq!(answer.headers["cache-control"], "private, no-store");
    }
    assert_eq!(
        missing.json()["type"],
        "https://tenantshield.dev/problems/tenant-missing"
    );
    assert_eq!(service.calls(), 0);
    assert_eq!(world.denials(), 2);
}

/// SEED-C2: the default lets the request pass, with no tenant at all.
#[tokio::test]
async fn without_a_tenant_the_default_goes_on_unbound() {
    let world = World::new();
    let service = echo(&world.layer(combined()));
    let answer = get(&service, "/", &[]).await;
    assert_eq!(
        (answer.status, &*answer.body),
        (StatusCode::OK, b"none".as_slice())
    );
    assert_eq!(world.sink.len(), 0);
    assert!(!answer.headers.contains_key("cache-control"));
}

/// leaks:101: only a member is told that a tenant is suspended.
#[tokio::test]
async fn a_suspended_tenant_is_403_to_its_member_and_404_to_others() {
    let world = World::new();
    world
        .directory
        .set_state(&tenant("acme"), TenantState::Suspended);
    let service = echo(&world.layer(jwt()));
    let member = get(
        &service,
        "/",
        &[("authorization", &bearer("alice", "acme"))],
    )
    .await;
    assert_eq!(member.status, StatusCode::FORBIDDEN);
    assert_eq!(
        member.json()["type"],
        "https://tenantshield.dev/problems/tenant-suspended"
    );
    let other = get(&service, "/", &[("authorization", &bearer("bob", "acme"))]).await;
    assert_eq!(other.status, StatusCode::NOT_FOUND);
}

/// FLAW-05: rights come from the membership; what a token says about roles is not even read.
#[tokio::test]
async fn a_role_in_a_token_gives_no_right() {
    let world = World::new();
    let role = TenantRole::new("viewer").unwrap();
    let roles = TenantRoles::new().with(role);
    world
        .directory
        .add_member(&tenant("acme"), user("alice"), roles);
    let service = service_of(&world.layer(jwt()), |request| {
        let context = request.extensions().get::<TenantContext>().unwrap();
        let names: Vec<_> = context.roles().iter().map(TenantRole::as_str).collect();
        Response::new(Bytes::from(names.join(",")))
    });
    let now = SystemClock.now().unix_timestamp();
    let payload = json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "tenant_id": "acme", "exp": now + 300,
        "roles": ["admin"], "role": "admin", "is_superuser": true, "scope": "platform:admin",
    });
    let token = sign(
        r#"{"alg":"HS256","typ":"JWT"}"#,
        &payload.to_string(),
        SECRET,
    );
    let answer = get(
        &service,
        "/",
        &[("authorization", &format!("Bearer {token}"))],
    )
    .await;
    assert_eq!(
        (answer.status, &*answer.body),
        (StatusCode::OK, b"viewer".as_slice())
    );
}

#[derive(Debug)]
struct UsedUp;

#[async_trait]
impl Admission for UsedUp {
    async fn admit(
        &self,
        _: &TenantId,
        _: Option<&Principal>,
    ) -> Result<AdmissionDecision, SeamError> {
        Ok(AdmissionDecision::Refuse {
            retry_after: Some(Duration::from_millis(1500)),
        })
    }
}

#[tokio::test]
async fn a_used_up_quota_is_429_with_retry_after() {
    let world = World::with(|builder| builder.admission(UsedUp));
    let service = echo(&world.layer(jwt()));
    let answer = get(
        &service,
        "/",
        &[("authorization", &bearer("alice", "acme"))],
    )
    .await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.headers["retry-after"], "2");
}

#[derive(Debug)]
struct Down {
    hangs: bool,
}

#[async_trait]
impl Directory for Down {
    async fn tenant(&self, _: &TenantId) -> Result<Option<TenantRecord>, SeamError> {
        if self.hangs {
            std::future::pending::<()>().await;
        }
        Err(SeamError::new(std::io::Error::other("down")))
    }

    async fn membership(
        &self,
        _: &TenantId,
        _: &Principal,
    ) -> Result<Option<Membership>, SeamError> {
        Err(SeamError::new(std::io::Error::other("down")))
    }
}

/// FLAW-03: a directory that fails or hangs refuses the request, in bounded time.
#[tokio::test]
async fn a_directory_that_fails_or_hangs_is_503() {
    for hangs in [false, true] {
        let world = World::with(|builder| builder.directory(Down { hangs }));
        let layer = world.layer(jwt()).with_deadline(Duration::from_millis(50));
        let service = echo(&layer);
        let answer = get(
            &service,
            "/",
            &[("authorization", &bearer("alice", "acme"))],
        )
        .await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(service.calls(), 0);
        assert_eq!(world.denials(), 1);
    }
}

/// SEED-C1: a resolver that waits too long is cut off as well.
#[tokio::test]
async fn a_resolver_that_hangs_is_503() {
    let world = World::new();
    let hangs = CallableResolver::new(|_| std::future::pending::<Result<Claims, _>>());
    let resolver: Box<dyn Resolver> = Box::new(hangs);
    let layer = world
        .layer(resolver)
        .with_deadline(Duration::from_millis(50));
    let service = echo(&layer);
    assert_eq!(
        get(&service, "/", &[]).await.status,
        StatusCode::SERVICE_UNAVAILABLE
    );
    assert_eq!(world.denials(), 1);
}
