//! Sessions: tenant and principal together, and a new id on every switch.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::StatusCode;
use tenantshield_core::{ClaimSource, Claims, Clock, FakeClock, SeamError, TenantId};
use tenantshield_tower::{
    Combine, HostOptions, HostResolver, MemorySessionStore, ResolveError, ResolveErrorKind,
    Resolver, SessionId, SessionRecord, SessionResolver, SessionStore, rotate,
};

use crate::support::{World, echo, get, parts, tenant, user};

const COOKIE: &str = "__Host-session";

struct Sessions {
    store: Arc<MemorySessionStore>,
    clock: Arc<FakeClock>,
}

impl Sessions {
    fn new() -> Self {
        Self {
            store: Arc::new(MemorySessionStore::new()),
            clock: Arc::new(FakeClock::new()),
        }
    }

    fn resolver(&self) -> SessionResolver<MemorySessionStore> {
        let resolver = SessionResolver::new(Arc::clone(&self.store), COOKIE).unwrap();
        resolver.with_clock(Arc::clone(&self.clock) as Arc<dyn Clock>)
    }

    async fn open(&self, name: &str) -> SessionId {
        let id = SessionId::generate().unwrap();
        let end = self.clock.now() + Duration::from_mins(10);
        let record = SessionRecord::new(tenant(name), user("alice"), end);
        self.store.insert(&id, record).await.unwrap();
        id
    }

    async fn judge(&self, cookie: &str) -> Result<Claims, ResolveError> {
        self.resolver()
            .resolve(&parts("/", &[("cookie", cookie)]))
            .await
    }
}

fn cookie(id: &SessionId) -> String {
    format!("{COOKIE}={}", id.reveal())
}

/// SEED-C3, OW-1.4.
#[tokio::test]
async fn a_session_is_a_verified_claim_with_its_principal() {
    let sessions = Sessions::new();
    let id = sessions.open("acme").await;
    let claims = sessions
        .judge(&format!("a=b; {}", cookie(&id)))
        .await
        .unwrap();
    assert_eq!(claims.claims()[0].tenant(), &tenant("acme"));
    assert_eq!(claims.claims()[0].source(), ClaimSource::Session);
    assert!(claims.claims()[0].is_verified());
    assert_eq!(claims.principals(), [user("alice")]);
    assert!(sessions.judge("other=1").await.unwrap().is_empty());
    assert!(!format!("{id:?} {:?}", sessions.store).contains(id.reveal()));
}

#[tokio::test]
async fn an_expired_unknown_or_malformed_session_is_one_and_the_same_refusal() {
    let sessions = Sessions::new();
    let id = sessions.open("acme").await;
    let unknown = SessionId::generate().unwrap();
    let expected = sessions.judge(&cookie(&unknown)).await.unwrap_err();
    assert_eq!(expected.kind(), ResolveErrorKind::BadCredential);
    for odd in [
        "",
        "x",
        "\"x\"",
        &id.reveal()[1..],
        &format!("{}=", id.reveal()),
    ] {
        let refused = sessions
            .judge(&format!("{COOKIE}={odd}"))
            .await
            .unwrap_err();
        assert_eq!(refused, expected, "{odd}");
    }
    sessions.clock.advance(Duration::from_secs(599));
    assert!(sessions.judge(&cookie(&id)).await.is_ok());
    sessions.clock.advance(Duration::from_secs(1));
    assert_eq!(sessions.judge(&cookie(&id)).await.unwrap_err(), expected);
}

#[tokio::test]
async fn a_session_cookie_given_twice_is_ambiguous() {
    let sessions = Sessions::new();
    let id = sessions.open("acme").await;
    let twice = format!("{}; {}", cookie(&id), cookie(&id));
    let refused = sessions.judge(&twice).await.unwrap_err();
    assert_eq!(refused.kind(), ResolveErrorKind::Ambiguous);
    let spelled = format!("{}; __host-SESSION=x", cookie(&id));
    let refused = sessions.judge(&spelled).await.unwrap_err();
    assert_eq!(refused.kind(), ResolveErrorKind::Ambiguous);
}

/// OW-1.4: an id planted before a switch is worth nothing after it.
#[tokio::test]
async fn switching_the_tenant_makes_a_new_session_and_ends_the_old_one() {
    let sessions = Sessions::new();
    let planted = sessions.open("acme").await;
    let moved = rotate(&*sessions.store, &planted, tenant("globex"))
        .await
        .unwrap()
        .unwrap();
    assert_ne!(moved, planted);
    assert!(sessions.judge(&cookie(&planted)).await.is_err());
    let claims = sessions.judge(&cookie(&moved)).await.unwrap();
    assert_eq!(claims.claims()[0].tenant(), &tenant("globex"));
    assert_eq!(claims.principals(), [user("alice")]);
    assert_eq!(
        rotate(&*sessions.store, &planted, tenant("acme"))
            .await
            .unwrap(),
        None
    );
}

/// leaks:103: a cookie of one tenant on another tenant's host finds nothing.
#[tokio::test]
async fn a_session_of_acme_on_the_host_of_globex_is_not_found() {
    let world = World::new();
    let sessions = Sessions::new();
    let id = sessions.open("acme").await;
    let hosts = HostOptions::new().with_base_domain("example.com").unwrap();
    let both = Combine::new()
        .with(HostResolver::new(hosts))
        .with(sessions.resolver());
    let service = echo(&world.layer(both));
    let cookie = cookie(&id);
    let own = [("host", "acme.example.com"), ("cookie", cookie.as_str())];
    assert_eq!(get(&service, "/", &own).await.status, StatusCode::OK);
    let foreign = [("host", "globex.example.com"), ("cookie", cookie.as_str())];
    assert_eq!(
        get(&service, "/", &foreign).await.status,
        StatusCode::NOT_FOUND
    );
}

#[derive(Debug)]
struct Broken;

#[async_trait]
impl SessionStore for Broken {
    async fn session(&self, _: &SessionId) -> Result<Option<SessionRecord>, SeamError> {
        Err(SeamError::new(std::io::Error::other("down")))
    }

    async fn insert(&self, _: &SessionId, _: SessionRecord) -> Result<(), SeamError> {
        Err(SeamError::new(std::io::Error::other("down")))
    }

    async fn remove(&self, _: &SessionId) -> Result<Option<SessionRecord>, SeamError> {
        Err(SeamError::new(std::io::Error::other("down")))
    }
}

#[tokio::test]
async fn a_store_that_does_not_answer_refuses_the_request() {
    let resolver = SessionResolver::new(Arc::new(Broken), COOKIE).unwrap();
    let id = SessionId::generate().unwrap();
    let request = parts("/", &[("cookie", &cookie(&id))]);
    let refused = resolver.resolve(&request).await.unwrap_err();
    assert_eq!(refused.kind(), ResolveErrorKind::Unavailable);
    let other: TenantId = tenant("globex");
    assert!(rotate(&Broken, &id, other).await.is_err());
    assert!(SessionResolver::new(Arc::new(Broken), "a b").is_err());
}
