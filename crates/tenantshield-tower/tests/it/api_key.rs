//! API keys: shown once, stored as keyed hashes, refused in one way.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use proptest::prelude::*;
use tenantshield_core::{
    ApiKeyRecord, ClaimSource, Claims, Clock, FakeClock, MemoryKeyStore, PrincipalKind,
};
use tenantshield_tower::{
    ApiKey, ApiKeyPepper, ApiKeyResolver, ResolveError, ResolveErrorKind, Resolver,
};

use crate::support::{parts, tenant};

fn pepper(byte: u8) -> ApiKeyPepper {
    ApiKeyPepper::new(&[byte; 32]).unwrap()
}

fn key(clock: &FakeClock) -> ApiKey {
    let end = clock.now() + Duration::from_mins(1);
    ApiKey::generate("live", "srv", tenant("acme"), Some(end), &pepper(1)).unwrap()
}

fn store_with(record: ApiKeyRecord) -> Arc<MemoryKeyStore> {
    let store = MemoryKeyStore::new();
    store.insert(record);
    Arc::new(store)
}

async fn judge(
    resolver: &ApiKeyResolver<MemoryKeyStore>,
    heads: &[(&str, &str)],
) -> Result<Claims, ResolveError> {
    resolver.resolve(&parts("/", heads)).await
}

fn resolver(record: ApiKeyRecord, clock: &Arc<FakeClock>) -> ApiKeyResolver<MemoryKeyStore> {
    let clock = Arc::clone(clock) as Arc<dyn Clock>;
    ApiKeyResolver::new(store_with(record), pepper(1)).with_clock(clock)
}

/// HTTP-API1, HTTP-API2, SEED-C3.
#[tokio::test]
async fn a_valid_key_is_a_verified_claim_of_its_tenant() {
    let clock = Arc::new(FakeClock::new());
    let key = key(&clock);
    let text = key.reveal().to_owned();
    assert!(text.starts_with("ts_live_srv_"));
    assert!(!format!("{key:?} {:?}", pepper(1)).contains(&text));
    let resolver = resolver(key.into_record(), &clock);
    let bearer = format!("Bearer {text}");
    for heads in [
        ("x-api-key", text.as_str()),
        ("authorization", bearer.as_str()),
    ] {
        let claims = judge(&resolver, &[heads]).await.unwrap();
        assert_eq!(claims.claims()[0].tenant(), &tenant("acme"));
        assert_eq!(claims.claims()[0].source(), ClaimSource::ApiKey);
        assert!(claims.claims()[0].is_verified());
        assert_eq!(claims.principals()[0].kind(), PrincipalKind::ApiKey);
    }
    assert!(judge(&resolver, &[]).await.unwrap().is_empty());
}

/// HTTP-API2: the store's copy does not open anything.
#[test]
fn two_keys_share_nothing_and_the_record_does_not_hold_the_secret() {
    let clock = FakeClock::new();
    let (one, two) = (key(&clock), key(&clock));
    assert_ne!(one.reveal(), two.reveal());
    assert_ne!(one.record().secret_mac(), two.record().secret_mac());
    let secret = one.reveal().rsplit('_').next().unwrap();
    assert!(!format!("{:?}", one.record()).contains(&secret[..20]));
    for odd in ["", "Live", "a_b", "a-b", "abcdefghijklmnopq"] {
        assert!(ApiKey::generate(odd, "srv", tenant("acme"), None, &pepper(1)).is_err());
        assert!(ApiKey::generate("live", odd, tenant("acme"), None, &pepper(1)).is_err());
    }
    assert!(ApiKeyPepper::new(&[1; 31]).is_err());
}

/// HTTP-API2.
#[tokio::test]
async fn a_wrong_expired_revoked_or_unknown_key_is_one_and_the_same_refusal() {
    let clock = Arc::new(FakeClock::new());
    let (own, other) = (key(&clock), key(&clock));
    let text = own.reveal().to_owned();
    let record = own.into_record();
    let good = resolver(record.clone(), &clock);
    let expected = judge(&good, &[("x-api-key", other.reveal())])
        .await
        .unwrap_err();
    assert_eq!(expected.kind(), ResolveErrorKind::BadCredential);

    let swapped = ApiKeyRecord::new(
        record.key_id(),
        tenant("acme"),
        *other.record().secret_mac(),
    );
    let revoked = record.clone().revoke();
    for odd in [swapped, revoked] {
        let refused = judge(&resolver(odd, &clock), &[("x-api-key", &text)])
            .await
            .unwrap_err();
        assert_eq!(refused, expected);
    }
    let staging = resolver(record.clone(), &clock).with_environment("staging");
    assert_eq!(
        judge(&staging, &[("x-api-key", &text)]).await.unwrap_err(),
        expected
    );
    for odd in [
        "",
        "x",
        "ts_",
        &text[1..],
        &text[..text.len() - 1],
        &text.replace("srv", "adm"),
    ] {
        let refused = judge(&good, &[("x-api-key", odd)]).await.unwrap_err();
        assert_eq!(refused, expected, "{odd}");
    }
    clock.advance(Duration::from_mins(1));
    assert_eq!(
        judge(&good, &[("x-api-key", &text)]).await.unwrap_err(),
        expected
    );
}

/// HTTP-API2: two peppers while a rotation lasts.
#[tokio::test]
async fn an_older_pepper_is_accepted_only_while_it_is_named() {
    let clock = Arc::new(FakeClock::new());
    let key = key(&clock);
    let text = key.reveal().to_owned();
    let store = store_with(key.into_record());
    let clock = clock as Arc<dyn Clock>;
    let new = ApiKeyResolver::new(Arc::clone(&store), pepper(2)).with_clock(Arc::clone(&clock));
    assert!(judge(&new, &[("x-api-key", &text)]).await.is_err());
    let both = new.with_older_pepper(pepper(1));
    assert!(judge(&both, &[("x-api-key", &text)]).await.is_ok());
}

#[tokio::test]
async fn two_credentials_are_ambiguous_and_other_tokens_are_left_alone_only_when_told() {
    let clock = Arc::new(FakeClock::new());
    let key = key(&clock);
    let text = key.reveal().to_owned();
    let bearer = format!("Bearer {text}");
    let resolver = resolver(key.into_record(), &clock);
    for heads in [
        [("x-api-key", text.as_str()), ("x-api-key", text.as_str())],
        [
            ("x-api-key", text.as_str()),
            ("authorization", bearer.as_str()),
        ],
        [
            ("authorization", bearer.as_str()),
            ("authorization", bearer.as_str()),
        ],
    ] {
        let refused = judge(&resolver, &heads).await.unwrap_err();
        assert_eq!(refused.kind(), ResolveErrorKind::Ambiguous);
    }
    let token = [("authorization", "Bearer eyJ.a.b")];
    assert!(judge(&resolver, &token).await.is_err());
    let beside = resolver.beside_tokens();
    assert!(judge(&beside, &token).await.unwrap().is_empty());
    assert!(
        judge(&beside, &[("authorization", "Bearer ts_x")])
            .await
            .is_err()
    );
}

proptest! {
    #[test]
    fn any_key_bytes_are_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..120)) {
        let clock = Arc::new(FakeClock::new());
        let resolver = resolver(key(&clock).into_record(), &clock);
        if let Ok(value) = HeaderValue::from_bytes(&bytes) {
            let mut request = parts("/", &[]);
            request.headers.insert("x-api-key", value);
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            prop_assert!(runtime.block_on(resolver.resolve(&request)).is_err());
        }
    }
}
