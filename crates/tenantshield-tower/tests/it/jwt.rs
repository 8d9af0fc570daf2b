//! Tokens: what is believed, and what never is.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderValue;
use jsonwebtoken::{Algorithm, EncodingKey};
use proptest::prelude::*;
use serde_json::{Value, json};
use tenantshield_core::{ClaimSource, Claims, Clock, FakeClock, PrincipalKind};
use tenantshield_tower::{
    JwtAlgorithm, JwtIssuer, JwtKey, JwtOptions, JwtResolver, ResolveError, ResolveErrorKind,
    SyncResolver,
};

use crate::support::{AUDIENCE, ISSUER, SECRET, parts, sign, tenant, token_for};

fn issuer() -> JwtIssuer {
    let key = JwtKey::hmac(SECRET).unwrap();
    JwtIssuer::new(ISSUER, AUDIENCE, JwtAlgorithm::Hs256, key)
        .unwrap()
        .with_all_tenants()
}

fn resolver_of(issuer: JwtIssuer, clock: &Arc<FakeClock>) -> JwtResolver {
    let options = JwtOptions::new().with_issuer(issuer).unwrap();
    JwtResolver::with_clock(options, Arc::clone(clock) as Arc<dyn Clock>).unwrap()
}

fn clock() -> Arc<FakeClock> {
    Arc::new(FakeClock::new())
}

fn payload(clock: &FakeClock) -> Value {
    let now = clock.now().unix_timestamp();
    json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "tenant_id": "acme",
        "exp": now + 300, "iat": now,
    })
}

fn header() -> Value {
    json!({"alg": "HS256", "typ": "JWT"})
}

fn signed(header: &Value, payload: &Value) -> String {
    sign(&header.to_string(), &payload.to_string(), SECRET)
}

fn judge(resolver: &JwtResolver, token: &str) -> Result<Claims, ResolveError> {
    let value = format!("Bearer {token}");
    SyncResolver::resolve(resolver, &parts("/", &[("authorization", &value)]))
}

fn code(resolver: &JwtResolver, token: &str) -> &'static str {
    let error = judge(resolver, token).unwrap_err();
    assert_eq!(error.kind(), ResolveErrorKind::BadCredential);
    error.code()
}

/// HTTP-J1, SEED-C3.
#[test]
fn a_valid_token_is_a_principal_with_its_issuer_and_a_verified_claim() {
    let clock = clock();
    let resolver = resolver_of(issuer(), &clock);
    let token = signed(&header(), &payload(&clock));
    for _ in 0..2 {
        let claims = judge(&resolver, &token).unwrap();
        assert_eq!(claims.claims().len(), 1);
        assert_eq!(claims.claims()[0].tenant(), &tenant("acme"));
        assert_eq!(claims.claims()[0].source(), ClaimSource::Jwt);
        assert!(claims.claims()[0].is_verified());
        assert_eq!(claims.principals().len(), 1);
        assert_eq!(claims.principals()[0].id().as_str(), "alice");
        assert_eq!(claims.principals()[0].issuer(), Some(ISSUER));
        assert_eq!(claims.principals()[0].kind(), PrincipalKind::User);
    }
    let none = SyncResolver::resolve(&resolver, &parts("/", &[])).unwrap();
    assert!(none.is_empty() && none.principals().is_empty());
}

/// HTTP-J1, leaks:100: a token of a sister service, or one that says too little, opens nothing.
#[test]
fn a_token_without_issuer_audience_expiry_subject_or_tenant_is_refused() {
    let clock = clock();
    let resolver = resolver_of(issuer(), &clock);
    for name in ["iss", "aud", "exp", "sub", "tenant_id"] {
        let mut claims = payload(&clock);
        claims.as_object_mut().unwrap().remove(name);
        code(&resolver, &signed(&header(), &claims));
        for odd in [json!(null), json!({}), json!(7), json!(["x"]), json!("")] {
            if name == "exp" && odd == json!(7) {
                continue;
            }
            claims[name] = odd.clone();
            let refused = judge(&resolver, &signed(&header(), &claims));
            assert!(refused.is_err(), "{name} {odd}");
        }
    }
    let mut claims = payload(&clock);
    claims["aud"] = json!("sister-service");
    code(&resolver, &signed(&header(), &claims));
    claims["aud"] = json!(["sister-service", AUDIENCE]);
    assert!(judge(&resolver, &signed(&header(), &claims)).is_ok());
    claims["iss"] = json!([ISSUER]);
    code(&resolver, &signed(&header(), &claims));
    claims["iss"] = json!("https://evil.example");
    code(&resolver, &signed(&header(), &claims));
}

/// HTTP-J1: the person is the subject; an e-mail address is never looked at.
#[test]
fn an_email_address_is_no_identity() {
    let clock = clock();
    let resolver = resolver_of(issuer(), &clock);
    let mut claims = payload(&clock);
    claims["email"] = json!("root@acme.example");
    let found = judge(&resolver, &signed(&header(), &claims)).unwrap();
    assert_eq!(found.principals()[0].id().as_str(), "alice");
    claims.as_object_mut().unwrap().remove("sub");
    code(&resolver, &signed(&header(), &claims));
}

/// HTTP-J1.
#[test]
fn the_configuration_chooses_the_algorithm_never_the_token() {
    let clock = clock();
    let resolver = resolver_of(issuer(), &clock);
    let claims = payload(&clock).to_string();
    for alg in [
        "none", "None", "NONE", "HS384", "HS512", "RS256", "ES256", "hs256", "",
    ] {
        let header = json!({"alg": alg, "typ": "JWT"}).to_string();
        code(&resolver, &sign(&header, &claims, SECRET));
    }
    code(&resolver, &sign(r#"{"typ":"JWT"}"#, &claims, SECRET));
    let good = signed(&header(), &payload(&clock));
    let (body, _) = good.rsplit_once('.').unwrap();
    code(&resolver, &format!("{body}."));
    code(&resolver, body);
    code(&resolver, &format!("{good}.x"));
    code(
        &resolver,
        &sign(
            &header().to_string(),
            &claims,
            b"another secret of thirty-two byte",
        ),
    );
}

/// HTTP-J1: no mixing of HMAC and public keys.
#[test]
fn a_public_key_never_serves_as_a_shared_secret() {
    let clock = clock();
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let point = pair.public_key().as_ref();
    let jwk = json!({
        "kty": "EC", "crv": "P-256", "kid": "k1", "use": "sig",
        "x": URL_SAFE_NO_PAD.encode(&point[1..33]), "y": URL_SAFE_NO_PAD.encode(&point[33..]),
    })
    .to_string();
    let key = JwtKey::jwk(&jwk).unwrap();
    let issuer = JwtIssuer::new(ISSUER, AUDIENCE, JwtAlgorithm::Es256, key.clone()).unwrap();
    let resolver = resolver_of(issuer.with_all_tenants(), &clock);

    let der = pair.to_pkcs8v1().unwrap();
    let mut header = jsonwebtoken::Header::new(Algorithm::ES256);
    header.kid = Some("k1".to_owned());
    let private = EncodingKey::from_ec_der(der.as_ref());
    let good = jsonwebtoken::encode(&header, &payload(&clock), &private).unwrap();
    assert!(judge(&resolver, &good).is_ok());

    let forged = json!({"alg": "HS256", "typ": "JWT", "kid": "k1"});
    code(
        &resolver,
        &sign(&forged.to_string(), &payload(&clock).to_string(), point),
    );
    assert!(JwtIssuer::new(ISSUER, AUDIENCE, JwtAlgorithm::Hs256, key.clone()).is_err());
    assert!(JwtIssuer::new(ISSUER, AUDIENCE, JwtAlgorithm::Es384, key.clone()).is_err());
    assert!(JwtIssuer::new(ISSUER, AUDIENCE, JwtAlgorithm::Rs256, key).is_err());
    assert!(JwtKey::jwk(&jwk.replace("\"sig\"", "\"enc\"")).is_err());
    assert!(JwtKey::jwk(r#"{"kty":"oct","k":"AAAA"}"#).is_err());
    assert!(JwtKey::hmac(b"short").is_err());
}

/// HTTP-J1.
#[test]
fn a_header_that_brings_rules_or_keys_along_is_refused() {
    let clock = clock();
    let resolver = resolver_of(issuer(), &clock);
    for (name, value) in [
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("b64", json!(false)),
        ("b64", json!(true)),
        ("zip", json!("DEF")),
        ("enc", json!("A256GCM")),
        ("cty", json!("JWT")),
        ("jku", json!("https://evil.example/keys")),
        ("jwk", json!({"kty": "oct", "k": "AAAA"})),
        ("x5u", json!("https://evil.example/cert")),
        ("x5c", json!(["AAAA"])),
        ("kid", json!(7)),
    ] {
        let mut odd = header();
        odd[name] = value;
        code(&resolver, &signed(&odd, &payload(&clock)));
    }
}

/// HTTP-J1.
#[test]
fn the_type_of_a_token_is_required_and_exact() {
    let clock = clock();
    let plain = resolver_of(issuer(), &clock);
    let access = resolver_of(issuer().with_types(["at+jwt"]), &clock);
    let with = |kind: Value| signed(&json!({"alg": "HS256", "typ": kind}), &payload(&clock));
    for kind in ["JWT", "jwt"] {
        assert!(judge(&plain, &with(json!(kind))).is_ok());
        code(&access, &with(json!(kind)));
    }
    for kind in ["at+jwt", "application/at+jwt", "AT+JWT"] {
        assert!(judge(&access, &with(json!(kind))).is_ok());
        code(&plain, &with(json!(kind)));
    }
    for kind in [
        json!("secevent+jwt"),
        json!("dpop+jwt"),
        json!(""),
        json!(null),
        json!(["JWT"]),
    ] {
        code(&plain, &with(kind.clone()));
        code(&access, &with(kind));
    }
    code(&plain, &signed(&json!({"alg": "HS256"}), &payload(&clock)));
}

/// HTTP-J1.
#[test]
fn times_are_judged_by_the_injected_clock_with_little_leeway() {
    let clock = clock();
    let options = JwtOptions::new().with_issuer(issuer()).unwrap();
    let options = options.with_leeway(Duration::from_secs(10)).unwrap();
    let resolver = JwtResolver::with_clock(options, Arc::clone(&clock) as Arc<dyn Clock>).unwrap();
    let now = clock.now().unix_timestamp();
    let at = |name: &str, value: Value| {
        let mut claims = payload(&clock);
        claims[name] = value;
        judge(&resolver, &signed(&header(), &claims)).map_err(|error| error.code())
    };
    assert!(at("exp", json!(now - 9)).is_ok());
    assert_eq!(at("exp", json!(now - 10)).unwrap_err(), "TS-RES-022");
    assert!(at("nbf", json!(now + 10)).is_ok());
    assert_eq!(at("nbf", json!(now + 11)).unwrap_err(), "TS-RES-022");
    assert!(at("iat", json!(now + 10)).is_ok());
    assert_eq!(at("iat", json!(now + 11)).unwrap_err(), "TS-RES-022");
    for name in ["exp", "nbf", "iat"] {
        for odd in [
            json!("9999999999"),
            json!(-1),
            json!(1e300),
            json!(true),
            json!([now]),
        ] {
            assert!(at(name, odd.clone()).is_err(), "{name} {odd}");
        }
    }
    assert!(
        JwtOptions::new()
            .with_leeway(Duration::from_secs(61))
            .is_err()
    );
}

/// HTTP-J1: a remembered token dies at its expiry.
#[test]
fn a_remembered_token_is_refused_once_it_has_expired() {
    let clock = clock();
    let resolver = resolver_of(issuer(), &clock);
    let token = signed(&header(), &payload(&clock));
    assert!(judge(&resolver, &token).is_ok());
    clock.advance(Duration::from_secs(299));
    assert!(judge(&resolver, &token).is_ok());
    clock.advance(Duration::from_secs(1));
    assert_eq!(code(&resolver, &token), "TS-RES-022");
    clock.set(clock.now() - Duration::from_hours(1));
    assert_eq!(code(&resolver, &token), "TS-RES-022");
}

/// HTTP-J1: rotation with overlap, and its end.
#[test]
fn replacing_the_keys_forgets_what_the_old_ones_verified() {
    let clock = clock();
    let old = JwtKey::hmac(SECRET).unwrap().with_id("old");
    let new = JwtKey::hmac(&[9; 32]).unwrap().with_id("new");
    let of = |key: JwtKey| JwtIssuer::new(ISSUER, AUDIENCE, JwtAlgorithm::Hs256, key).unwrap();
    let both = of(old).with_key(new.clone()).unwrap().with_all_tenants();
    let resolver = resolver_of(both, &clock);
    let claims = payload(&clock).to_string();
    let by_old = sign(
        r#"{"alg":"HS256","typ":"JWT","kid":"old"}"#,
        &claims,
        SECRET,
    );
    let by_new = sign(
        r#"{"alg":"HS256","typ":"JWT","kid":"new"}"#,
        &claims,
        &[9; 32],
    );
    assert!(judge(&resolver, &by_old).is_ok());
    assert!(judge(&resolver, &by_new).is_ok());
    let crossed = sign(
        r#"{"alg":"HS256","typ":"JWT","kid":"new"}"#,
        &claims,
        SECRET,
    );
    code(&resolver, &crossed);
    code(
        &resolver,
        &sign(r#"{"alg":"HS256","typ":"JWT","kid":"x"}"#, &claims, SECRET),
    );
    code(
        &resolver,
        &sign(r#"{"alg":"HS256","typ":"JWT"}"#, &claims, SECRET),
    );

    let only_new = JwtOptions::new()
        .with_issuer(of(new.clone()).with_all_tenants())
        .unwrap();
    resolver.replace(only_new).unwrap();
    code(&resolver, &by_old);
    assert!(judge(&resolver, &by_new).is_ok());
    assert!(resolver.replace(JwtOptions::new()).is_err());
    assert!(judge(&resolver, &by_new).is_ok());
    assert!(of(new.clone()).with_key(new).is_err());
    assert!(
        of(JwtKey::hmac(SECRET).unwrap())
            .with_key(JwtKey::hmac(SECRET).unwrap())
            .is_err()
    );
}

/// HTTP-J3: an identity provider speaks only for the tenants registered for it.
#[test]
fn an_issuer_cannot_name_a_tenant_of_another_issuer() {
    let clock = clock();
    let key = JwtKey::hmac(&[9; 32]).unwrap();
    let other = "https://login.globex.example";
    let globex = JwtIssuer::new(other, AUDIENCE, JwtAlgorithm::Hs256, key)
        .unwrap()
        .with_tenant_claim_path(["o", "id"])
        .with_tenants([tenant("globex")]);
    let options = JwtOptions::new()
        .with_issuer(issuer())
        .unwrap()
        .with_issuer(globex)
        .unwrap();
    let resolver = JwtResolver::with_clock(options, Arc::clone(&clock) as Arc<dyn Clock>).unwrap();
    let mut claims = payload(&clock);
    claims["iss"] = json!(other);
    claims["o"] = json!({"id": "globex"});
    let own = judge(
        &resolver,
        &sign(&header().to_string(), &claims.to_string(), &[9; 32]),
    );
    let own = own.unwrap();
    assert_eq!(own.claims()[0].tenant(), &tenant("globex"));
    assert_ne!(own.principals()[0].issuer(), Some(ISSUER));
    claims["o"] = json!({"id": "acme"});
    let foreign = judge(
        &resolver,
        &sign(&header().to_string(), &claims.to_string(), &[9; 32]),
    );
    assert_eq!(foreign.unwrap_err().kind(), ResolveErrorKind::Unknown);
    code(
        &resolver,
        &sign(&header().to_string(), &claims.to_string(), SECRET),
    );

    let key = JwtKey::hmac(SECRET).unwrap();
    let mute = JwtIssuer::new(ISSUER, AUDIENCE, JwtAlgorithm::Hs256, key).unwrap();
    let mute = resolver_of(mute, &clock);
    let refused = judge(&mute, &signed(&header(), &payload(&clock))).unwrap_err();
    assert_eq!(refused.kind(), ResolveErrorKind::Unknown);
}

#[test]
fn a_token_may_prove_the_person_only() {
    let clock = clock();
    let resolver = resolver_of(issuer().without_tenant_claim(), &clock);
    let claims = judge(&resolver, &signed(&header(), &payload(&clock))).unwrap();
    assert!(claims.is_empty());
    assert_eq!(claims.principals().len(), 1);
    let service = issuer().with_principal_kind(PrincipalKind::Service);
    let resolver = resolver_of(service, &clock);
    let claims = judge(&resolver, &signed(&header(), &payload(&clock))).unwrap();
    assert_eq!(claims.principals()[0].kind(), PrincipalKind::Service);
}

/// HTTP-J1.
#[test]
fn repeated_names_oversize_and_repeated_headers_are_refused() {
    let clock = clock();
    let resolver = resolver_of(issuer(), &clock);
    let claims = payload(&clock).to_string();
    let doubled = claims.replacen('{', r#"{"tenant_id":"globex","#, 1);
    code(&resolver, &sign(&header().to_string(), &doubled, SECRET));
    let doubled = r#"{"alg":"none","alg":"HS256","typ":"JWT"}"#;
    code(&resolver, &sign(doubled, &claims, SECRET));
    let mut long = payload(&clock);
    long["padding"] = json!("x".repeat(8 * 1024));
    code(&resolver, &signed(&header(), &long));

    let value = format!("Bearer {}", token_for("alice", "acme", clock.now()));
    let twice = parts("/", &[("authorization", &value), ("authorization", &value)]);
    let error = SyncResolver::resolve(&resolver, &twice).unwrap_err();
    assert_eq!(error.kind(), ResolveErrorKind::Ambiguous);
}

/// Without room for verified tokens every token is verified anew.
#[test]
fn a_resolver_without_a_cache_works() {
    let clock = clock();
    let options = JwtOptions::new()
        .with_issuer(issuer())
        .unwrap()
        .with_cache_capacity(0);
    let clock_of = Arc::clone(&clock) as Arc<dyn Clock>;
    let resolver = JwtResolver::with_clock(options, clock_of).unwrap();
    let token = signed(&header(), &payload(&clock));
    for _ in 0..3 {
        assert!(judge(&resolver, &token).is_ok());
    }
}

#[test]
fn api_keys_are_left_alone_only_when_told() {
    let clock = clock();
    let resolver = resolver_of(issuer(), &clock);
    code(&resolver, "ts_live_srv_x");
    let beside = resolver.beside_api_keys();
    assert!(
        judge(&beside, "ts_live_srv_x")
            .unwrap()
            .principals()
            .is_empty()
    );
    code(&beside, "tx_live_srv_x");
}

/// HTTP-J1: whatever single character of a token is changed, it opens nothing.
#[test]
fn a_token_with_any_changed_character_is_refused() {
    let clock = clock();
    let resolver = resolver_of(issuer(), &clock);
    let token = signed(&header(), &payload(&clock));
    assert!(judge(&resolver, &token).is_ok());
    for position in 0..token.len() {
        for other in *b"Aa-.=" {
            let mut bytes = token.clone().into_bytes();
            if bytes[position] == other {
                continue;
            }
            bytes[position] = other;
            let changed = String::from_utf8(bytes).unwrap();
            assert!(judge(&resolver, &changed).is_err(), "{position} {changed}");
        }
    }
}

proptest! {
    #[test]
    fn any_authorization_bytes_are_refused_without_a_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let resolver = resolver_of(issuer(), &clock());
        for prefix in [&b""[..], b"Bearer ", b"Bearer eyJhbGciOiJIUzI1NiJ9."] {
            let mut text = prefix.to_vec();
            text.extend_from_slice(&bytes);
            if let Ok(value) = HeaderValue::from_bytes(&text) {
                let mut request = parts("/", &[]);
                request.headers.insert("authorization", value);
                prop_assert!(SyncResolver::resolve(&resolver, &request).is_err());
            }
        }
    }

    #[test]
    fn any_signed_json_is_judged_without_a_panic(header in "\\PC{0,40}", payload in "\\PC{0,80}") {
        let resolver = resolver_of(issuer(), &clock());
        prop_assert!(judge(&resolver, &sign(&header, &payload, SECRET)).is_err());
        let header = r#"{"alg":"HS256","typ":"JWT"}"#;
        prop_assert!(judge(&resolver, &sign(header, &payload, SECRET)).is_err());
    }
}
