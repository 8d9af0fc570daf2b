//! A small world: three tenants, two people, tokens, and a service behind the layer.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt::Debug;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};
use tenantshield_core::audit::{AuditEventType, AuditSink, InMemorySink};
use tenantshield_core::{
    AllowAll, AuditBus, Clock, MemoryDirectory, Principal, PrincipalId, Shield, ShieldBuilder,
    SystemClock, TenantContext, TenantId, TenantRoles, TenantState,
};
use tenantshield_tower::{
    JwtAlgorithm, JwtIssuer, JwtKey, JwtOptions, JwtResolver, Resolver, TenantBody, TenantLayer,
    TenantService,
};
use time::OffsetDateTime;
use tower::util::BoxCloneSyncService;
use tower::{Layer, ServiceExt, service_fn};
use tracing_subscriber::layer::{Context, SubscriberExt};

pub(crate) const ISSUER: &str = "https://id.example.com";
pub(crate) const AUDIENCE: &str = "invoices";
pub(crate) const SECRET: &[u8] = b"a secret of at least thirty-two bytes";

pub(crate) fn tenant(id: &str) -> TenantId {
    TenantId::new(id).unwrap()
}

pub(crate) fn user(id: &str) -> Principal {
    Principal::user(PrincipalId::new(id).unwrap()).with_issuer(ISSUER)
}

pub(crate) fn parts(uri: &str, heads: &[(&str, &str)]) -> Parts {
    request(uri, heads).into_parts().0
}

pub(crate) fn request(uri: &str, heads: &[(&str, &str)]) -> Request<Full<Bytes>> {
    let mut builder = Request::builder().uri(uri);
    for (name, value) in heads {
        builder = builder.header(*name, *value);
    }
    builder.body(Full::default()).unwrap()
}

/// Signs any two texts as a token, however odd they are.
pub(crate) fn sign(header: &str, payload: &str, secret: &[u8]) -> String {
    let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let message = format!("{}.{}", encode(header), encode(payload));
    let key = EncodingKey::from_secret(secret);
    let mac = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::HS256).unwrap();
    format!("{message}.{mac}")
}

pub(crate) fn token_for(subject: &str, tenant: &str, now: OffsetDateTime) -> String {
    let now = now.unix_timestamp();
    let payload = json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": subject, "tenant_id": tenant,
        "exp": now + 300, "iat": now,
    });
    sign(
        r#"{"alg":"HS256","typ":"JWT"}"#,
        &payload.to_string(),
        SECRET,
    )
}

/// Alice belongs to acme, initech and umbrella (suspended), Bob to globex.
pub(crate) struct World {
    pub(crate) directory: Arc<MemoryDirectory>,
    pub(crate) sink: Arc<InMemorySink>,
    pub(crate) shield: Shield,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(|builder| builder)
    }

    pub(crate) fn with(change: impl FnOnce(ShieldBuilder) -> ShieldBuilder) -> Self {
        let directory = Arc::new(MemoryDirectory::new());
        for name in ["acme", "globex", "initech", "umbrella"] {
            directory.insert_tenant(tenant(name));
        }
        for (name, who) in [("acme", "alice"), ("initech", "alice"), ("globex", "bob")] {
            directory.add_member(&tenant(name), user(who), TenantRoles::new());
        }
        directory.set_state(&tenant("umbrella"), TenantState::Suspended);
        let sink = Arc::new(InMemorySink::new());
        let bus = AuditBus::new();
        bus.register(Arc::clone(&sink) as Arc<dyn AuditSink>);
        let builder = Shield::builder()
            .directory(Arc::clone(&directory))
            .policy(AllowAll)
            .bus(bus);
        let shield = change(builder).build().unwrap();
        Self {
            directory,
            sink,
            shield,
        }
    }

    pub(crate) fn layer(&self, resolver: impl Resolver + 'static) -> TenantLayer {
        TenantLayer::new(self.shield.clone(), resolver)
    }

    pub(crate) fn denials(&self) -> usize {
        let events = self.sink.events();
        events
            .iter()
            .filter(|event| event.kind() == AuditEventType::PolicyDeny)
            .count()
    }
}

/// Believes the issuer of these tests for every tenant.
pub(crate) fn jwt() -> JwtResolver {
    jwt_of(issuer())
}

/// Takes tokens as proof of the person only.
pub(crate) fn jwt_without_tenant() -> JwtResolver {
    jwt_of(issuer().without_tenant_claim())
}

fn issuer() -> JwtIssuer {
    let key = JwtKey::hmac(SECRET).unwrap();
    JwtIssuer::new(ISSUER, AUDIENCE, JwtAlgorithm::Hs256, key)
        .unwrap()
        .with_all_tenants()
}

fn jwt_of(issuer: JwtIssuer) -> JwtResolver {
    JwtResolver::new(JwtOptions::new().with_issuer(issuer).unwrap()).unwrap()
}

pub(crate) fn bearer(subject: &str, tenant: &str) -> String {
    format!("Bearer {}", token_for(subject, tenant, SystemClock.now()))
}

type Inner = BoxCloneSyncService<Request<Full<Bytes>>, Response<Full<Bytes>>, Infallible>;

/// A covered service that counts how often it was reached.
pub(crate) struct Covered {
    service: TenantService<Inner>,
    calls: Arc<AtomicUsize>,
}

impl Covered {
    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

/// A service that answers with the tenant's id, or `none`.
pub(crate) fn echo(layer: &TenantLayer) -> Covered {
    service_of(layer, |request| {
        let context = request.extensions().get::<TenantContext>();
        let text = context.map_or("none".to_owned(), |found| found.tenant().to_string());
        Response::new(Bytes::from(text))
    })
}

pub(crate) fn service_of(
    layer: &TenantLayer,
    answer: impl Fn(Request<Full<Bytes>>) -> Response<Bytes> + Clone + Send + Sync + 'static,
) -> Covered {
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&calls);
    let inner = service_fn(move |request| {
        counter.fetch_add(1, Ordering::SeqCst);
        let response = answer(request).map(Full::new);
        async move { Ok(response) }
    });
    Covered {
        service: layer.layer(BoxCloneSyncService::new(inner)),
        calls,
    }
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) async fn read<B>(response: Response<B>) -> Self
    where
        B: http_body::Body<Data = Bytes>,
        B::Error: Debug,
    {
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Self {
            status: head.status,
            headers: head.headers,
            body,
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn without_instance(&self) -> Value {
        let mut json = self.json();
        json.as_object_mut().unwrap().remove("instance").unwrap();
        json
    }
}

pub(crate) async fn get(covered: &Covered, uri: &str, heads: &[(&str, &str)]) -> Answer {
    let response: Response<TenantBody<Full<Bytes>>> = covered
        .service
        .clone()
        .oneshot(request(uri, heads))
        .await
        .unwrap();
    Answer::read(response).await
}

/// What was traced on this thread since the capture began.
#[derive(Clone, Default)]
pub(crate) struct Lines(Arc<Mutex<Vec<Line>>>);

struct Line {
    target: String,
    fields: BTreeMap<String, String>,
}

pub(crate) struct Capture {
    lines: Lines,
    _guard: tracing::subscriber::DefaultGuard,
}

/// Captures what this thread traces, until dropped.
pub(crate) fn capture() -> Capture {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::registry().with(lines.clone());
    Capture {
        lines,
        _guard: tracing::subscriber::set_default(subscriber),
    }
}

impl Capture {
    pub(crate) fn of(&self, target: &str) -> Vec<BTreeMap<String, String>> {
        let lines = self.lines.0.lock().unwrap();
        lines
            .iter()
            .filter(|line| line.target == target)
            .map(|line| line.fields.clone())
            .collect()
    }

    /// The names of the observability events, in order.
    pub(crate) fn names(&self) -> Vec<String> {
        self.of("tenantshield::observability")
            .iter()
            .map(|line| line["event"].clone())
            .collect()
    }
}

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Lines {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields(BTreeMap::new());
        event.record(&mut fields);
        let target = event.metadata().target().to_owned();
        self.0.lock().unwrap().push(Line {
            target,
            fields: fields.0,
        });
    }
}

struct Fields(BTreeMap<String, String>);

impl tracing::field::Visit for Fields {
    fn record_str(&mut self, field: &tracing::field::Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }

    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }
}
