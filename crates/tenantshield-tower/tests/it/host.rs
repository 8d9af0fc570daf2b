//! Hosts: canonical or refused.

use http::request::Parts;
use proptest::prelude::*;
use tenantshield_core::ClaimSource;
use tenantshield_tower::{
    HostOptions, HostResolver, PeerAddr, ResolveError, ResolveErrorKind, SyncResolver,
};

use crate::support::{parts, tenant};

fn resolver() -> HostResolver {
    let options = HostOptions::new()
        .with_base_domain("example.com")
        .unwrap()
        .with_custom_domain("Invoices.Globex.Net", tenant("globex"))
        .unwrap()
        .with_neutral_host("localhost")
        .unwrap()
        .with_reserved_label("internal")
        .unwrap()
        .with_trusted_proxy("10.0.0.0/8")
        .unwrap();
    HostResolver::new(options)
}

fn found(parts: &Parts) -> Result<Option<String>, ResolveError> {
    let claims = resolver().resolve(parts)?;
    assert!(claims.principals().is_empty());
    assert!(claims.claims().iter().all(|claim| !claim.is_verified()));
    assert!(
        claims
            .claims()
            .iter()
            .all(|claim| claim.source() == ClaimSource::Host)
    );
    Ok(claims
        .claims()
        .first()
        .map(|claim| claim.tenant().to_string()))
}

fn kind(parts: &Parts) -> ResolveErrorKind {
    found(parts).unwrap_err().kind()
}

fn on(host: &str) -> Parts {
    parts("/", &[("host", host)])
}

/// HTTP-H1, SEED-C3.
#[test]
fn a_host_names_the_tenant_below_a_base_domain_or_by_the_exact_map() {
    assert_eq!(
        found(&on("acme.example.com")).unwrap().as_deref(),
        Some("acme")
    );
    assert_eq!(
        found(&on("ACME.Example.com:8080")).unwrap().as_deref(),
        Some("acme")
    );
    assert_eq!(
        found(&on("invoices.globex.net")).unwrap().as_deref(),
        Some("globex")
    );
    for neutral in [
        "example.com",
        "localhost:3000",
        "www.example.com",
        "internal.example.com",
    ] {
        assert_eq!(found(&on(neutral)).unwrap(), None, "{neutral}");
    }
}

/// HTTP-H1.
#[test]
fn a_foreign_host_and_a_deeper_one_are_unknown() {
    for host in [
        "acme.example.org",
        "evil.com",
        "a.acme.example.com",
        "acmeexample.com",
        "notexample.com",
        "acme.example.com.evil.com",
        "x.invoices.globex.net",
        "com",
        "127.0.0.1",
    ] {
        assert_eq!(kind(&on(host)), ResolveErrorKind::Unknown, "{host}");
    }
}

/// HTTP-H1.
#[test]
fn an_odd_host_is_a_bad_request() {
    for host in [
        "",
        "acme.example.com.",
        "user@acme.example.com",
        "acme.example.com, globex.example.com",
        "acme.example.com:",
        "acme.example.com:99999",
        "[::1]",
        "[::1]:80",
        "xn--acm-dma.example.com",
        "acme_x.example.com",
        "acme.example.com/x",
        " acme.example.com",
    ] {
        assert_eq!(kind(&on(host)), ResolveErrorKind::BadRequest, "{host}");
    }
    assert_eq!(kind(&parts("/", &[])), ResolveErrorKind::BadRequest);
    let latin = http::HeaderValue::from_bytes(b"acm\xe9.example.com").unwrap();
    let mut odd = parts("/", &[]);
    odd.headers.insert("host", latin);
    assert_eq!(kind(&odd), ResolveErrorKind::BadRequest);
}

/// HTTP-H1.
#[test]
fn two_host_headers_are_refused_even_when_equal() {
    let twice = parts(
        "/",
        &[("host", "acme.example.com"), ("host", "acme.example.com")],
    );
    assert_eq!(kind(&twice), ResolveErrorKind::BadRequest);
}

/// HTTP-H1.
#[test]
fn a_target_that_names_another_host_is_refused() {
    let agree = parts(
        "http://acme.example.com/x",
        &[("host", "ACME.example.com:80")],
    );
    assert_eq!(found(&agree).unwrap().as_deref(), Some("acme"));
    let only_target = parts("https://acme.example.com/x", &[]);
    assert_eq!(found(&only_target).unwrap().as_deref(), Some("acme"));
    for target in [
        "http://globex.example.com/",
        "http://acme.example.com:8080/",
    ] {
        let odd = parts(target, &[("host", "acme.example.com")]);
        assert_eq!(found(&odd).unwrap_err().code(), "TS-RES-012", "{target}");
    }
    let userinfo = parts("http://acme.example.com@globex.example.com/", &[]);
    assert_eq!(kind(&userinfo), ResolveErrorKind::BadRequest);
}

/// HTTP-H1.
#[test]
fn a_forwarded_host_counts_only_from_a_trusted_proxy() {
    let heads = [
        ("x-forwarded-host", "globex.example.com"),
        ("forwarded", "for=1.2.3.4;host=globex.example.com"),
    ];
    for (name, value) in heads {
        let mut request = parts("/", &[("host", "acme.example.com"), (name, value)]);
        assert_eq!(
            found(&request).unwrap().as_deref(),
            Some("acme"),
            "no peer known"
        );
        request
            .extensions
            .insert(PeerAddr::new("203.0.113.9:5000".parse().unwrap()));
        assert_eq!(
            found(&request).unwrap().as_deref(),
            Some("acme"),
            "a stranger"
        );
        request
            .extensions
            .insert(PeerAddr::new("10.1.2.3:5000".parse().unwrap()));
        assert_eq!(
            found(&request).unwrap().as_deref(),
            Some("globex"),
            "our proxy"
        );
    }
}

/// HTTP-H1.
#[test]
fn what_a_client_put_before_the_proxys_own_word_is_not_believed() {
    let list = "globex.example.com, acme.example.com";
    let mut request = parts(
        "/",
        &[("host", "lb.example.com"), ("x-forwarded-host", list)],
    );
    request
        .extensions
        .insert(PeerAddr::new("10.1.2.3:5000".parse().unwrap()));
    assert_eq!(found(&request).unwrap().as_deref(), Some("acme"));
    let odd = [
        ("host", "lb.example.com"),
        ("x-forwarded-host", "acme.example.com, "),
    ];
    let mut request = parts("/", &odd);
    request
        .extensions
        .insert(PeerAddr::new("10.1.2.3:5000".parse().unwrap()));
    assert_eq!(kind(&request), ResolveErrorKind::BadRequest);
}

#[test]
fn axum_connect_info_names_the_peer_as_well() {
    let heads = [
        ("host", "acme.example.com"),
        ("x-forwarded-host", "globex.example.com"),
    ];
    let mut request = parts("/", &heads);
    let peer: std::net::SocketAddr = "10.1.2.3:5000".parse().unwrap();
    request.extensions.insert(axum::extract::ConnectInfo(peer));
    assert_eq!(found(&request).unwrap().as_deref(), Some("globex"));
}

#[test]
fn sloppy_host_options_are_refused() {
    assert!(HostOptions::new().with_base_domain("com").is_err());
    assert!(HostOptions::new().with_base_domain("example.com.").is_err());
    assert!(
        HostOptions::new()
            .with_base_domain("*.example.com")
            .is_err()
    );
    assert!(
        HostOptions::new()
            .with_custom_domain("a.example.com:80", tenant("a"))
            .is_err()
    );
    assert!(HostOptions::new().with_reserved_label("a.b").is_err());
    assert!(HostOptions::new().with_trusted_proxy("10.0.0.1/8").is_err());
    let twice = HostOptions::new()
        .with_custom_domain("x.example.com", tenant("a"))
        .unwrap();
    assert!(
        twice
            .with_custom_domain("x.example.com", tenant("b"))
            .is_err()
    );
}

proptest! {
    /// HTTP-H1: any bytes in `Host` give a canonical tenant or an error, never a panic.
    #[test]
    fn any_host_bytes_are_resolved_or_refused(
        bytes in prop::collection::vec(any::<u8>(), 0..60),
        tail in prop::sample::select(vec!["", ".example.com", ".example.com:80", "example.com"]),
    ) {
        let mut text = bytes;
        text.extend_from_slice(tail.as_bytes());
        if let Ok(value) = http::HeaderValue::from_bytes(&text) {
            let mut request = parts("/", &[]);
            request.headers.insert("host", value);
            if let Ok(Some(name)) = found(&request) {
                let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
                prop_assert!(name.bytes().all(|byte| is_plain(byte) || byte == b'-'));
                prop_assert!(text.to_ascii_lowercase().starts_with(name.as_bytes()));
            }
        }
    }
}
