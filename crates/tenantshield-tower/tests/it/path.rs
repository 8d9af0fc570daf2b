//! Paths, headers and closures: what a client merely says.

use http::HeaderValue;
use proptest::prelude::*;
use tenantshield_core::{ClaimSource, Claims, TenantClaim};
use tenantshield_tower::{
    CallableResolver, Combine, HeaderResolver, PathResolver, ResolveErrorKind, Resolver,
    SyncResolver,
};

use crate::support::{parts, tenant};

fn path(text: &str) -> Result<Option<String>, ResolveErrorKind> {
    let resolver = PathResolver::new("/t/{tenant}").unwrap();
    let found = SyncResolver::resolve(&resolver, &parts(text, &[])).map_err(|e| e.kind())?;
    Ok(found.claims().first().map(|claim| {
        assert!(!claim.is_verified());
        assert_eq!(claim.source(), ClaimSource::Path);
        claim.tenant().to_string()
    }))
}

/// SEED-C3.
#[test]
fn a_path_names_the_tenant_in_its_segment() {
    assert_eq!(path("/t/acme"), Ok(Some("acme".to_owned())));
    assert_eq!(
        path("/t/acme/invoices/1?x=%20"),
        Ok(Some("acme".to_owned()))
    );
    assert_eq!(path("/t/acme/"), Ok(Some("acme".to_owned())));
    assert_eq!(path("/t/acme/files/a%20b"), Ok(Some("acme".to_owned())));
    for none in ["/", "/health", "/t", "/T/acme", "/x/t/acme", "/tt/acme"] {
        assert_eq!(path(none), Ok(None), "{none}");
    }
}

#[test]
fn a_path_that_two_readers_read_differently_is_a_bad_request() {
    for odd in [
        "/t/",
        "/t//acme",
        "//t/acme",
        "/t/./acme",
        "/t/acme/../globex",
        "/t/..",
        "/t/%61cme",
        "/%74/acme",
        "/t/acme%2fx",
        "/t/acme/%2e%2e/globex",
        "/t/acme/.%2E/globex",
        "/t/acme/a%2Fb",
        "/t/acme/a%5cb",
        "/t/acme;v=1",
        "/t/a%00",
        "/t/acme//x",
    ] {
        assert_eq!(path(odd), Err(ResolveErrorKind::BadRequest), "{odd}");
    }
}

#[test]
fn an_odd_path_template_is_refused() {
    for odd in [
        "",
        "/",
        "/t",
        "t/{tenant}",
        "/{tenant}/{tenant}",
        "/t//{tenant}",
        "/../{tenant}",
    ] {
        assert!(PathResolver::new(odd).is_err(), "{odd}");
    }
    assert!(PathResolver::new("/{tenant}").is_ok());
    assert!(PathResolver::new("/api/v1/{tenant}/x").is_ok());
}

fn header(values: &[&[u8]]) -> Result<Option<String>, ResolveErrorKind> {
    let resolver = HeaderResolver::new("x-tenant-id").unwrap();
    let mut request = parts("/", &[]);
    for value in values {
        request
            .headers
            .append("x-tenant-id", HeaderValue::from_bytes(value).unwrap());
    }
    let found = SyncResolver::resolve(&resolver, &request).map_err(|error| error.kind())?;
    Ok(found.claims().first().map(|claim| {
        assert!(!claim.is_verified());
        assert_eq!(claim.source(), ClaimSource::Header);
        claim.tenant().to_string()
    }))
}

/// SEED-C3.
#[test]
fn a_header_names_the_tenant_once_or_not_at_all() {
    assert_eq!(header(&[]), Ok(None));
    assert_eq!(header(&[b"acme"]), Ok(Some("acme".to_owned())));
    assert_eq!(
        header(&[b"acme", b"acme"]),
        Err(ResolveErrorKind::Ambiguous)
    );
    let long = "a".repeat(129);
    for odd in [
        &b""[..],
        b" acme",
        b"acme ",
        b"acme,globex",
        b"ac me",
        b"\xe4cme",
        b"a/b",
    ] {
        assert_eq!(header(&[odd]), Err(ResolveErrorKind::BadRequest), "{odd:?}");
    }
    assert_eq!(
        header(&[long.as_bytes()]),
        Err(ResolveErrorKind::BadRequest)
    );
    assert!(HeaderResolver::new("authorization").is_err());
    assert!(HeaderResolver::new("x tenant").is_err());
}

/// SEED-C1, SEED-C3: closures, with waiting and without, and everything combined.
#[tokio::test]
async fn what_several_resolvers_say_is_all_kept() {
    let waiting = CallableResolver::new(|parts| {
        let query = parts.uri.query().map(str::to_owned);
        async move {
            tokio::task::yield_now().await;
            let Some(name) = query else {
                return Ok(Claims::new());
            };
            Ok(Claims::new().with_claim(TenantClaim::said(tenant(&name), ClaimSource::Callable)))
        }
    });
    let all = Combine::new()
        .with(waiting)
        .with(CallableResolver::sync(|_| Ok(Claims::new())))
        .with(HeaderResolver::new("x-tenant-id").unwrap())
        .with(PathResolver::new("/t/{tenant}").unwrap());
    let request = parts("/t/initech?acme", &[("x-tenant-id", "globex")]);
    let claims = all.resolve(&request).await.unwrap();
    let names: Vec<_> = claims
        .claims()
        .iter()
        .map(|claim| claim.tenant().to_string())
        .collect();
    assert_eq!(names, ["acme", "globex", "initech"]);
    let odd = parts("/t/initech?acme", &[("x-tenant-id", "not a tenant")]);
    assert_eq!(
        all.resolve(&odd).await.unwrap_err().kind(),
        ResolveErrorKind::BadRequest
    );
}

proptest! {
    #[test]
    fn any_path_is_resolved_or_refused(text in "/[a-z%./\\\\0-9]{0,40}") {
        if let Ok(uri) = text.parse::<http::Uri>()
            && let Ok(Some(name)) = path(&text)
        {
            let expected = format!("/t/{name}");
            prop_assert!(uri.path().starts_with(&expected));
            prop_assert!(!uri.path().contains("//"));
        }
    }
}
