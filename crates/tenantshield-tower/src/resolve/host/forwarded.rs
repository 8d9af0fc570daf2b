//! The host a trusted proxy saw, from `Forwarded` or `X-Forwarded-Host`.
//!
//! A proxy appends to what its client sent, so only the right-most element is its own word; the
//! ones before it are read past, never believed.

use http::{HeaderMap, HeaderName, header};

use crate::error::{ResolveError, fault};
use crate::resolve::host::authority::Authority;

const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// Reads the host that the peer, already known as a trusted proxy, vouches for.
///
/// Both headers may be present if they agree; a malformed one is refused, not skipped.
pub(crate) fn forwarded_host(headers: &HeaderMap) -> Result<Option<Authority>, ResolveError> {
    let legacy = last_legacy(headers)?;
    let standard = last_standard(headers)?;
    match (legacy, standard) {
        (Some(legacy), Some(standard)) if legacy != standard => Err(fault::FORWARDED_MALFORMED),
        (Some(host), _) | (None, Some(host)) => Ok(Some(host)),
        (None, None) => Ok(None),
    }
}

fn last_legacy(headers: &HeaderMap) -> Result<Option<Authority>, ResolveError> {
    let Some(value) = headers.get_all(X_FORWARDED_HOST).iter().next_back() else {
        return Ok(None);
    };
    let text = value.to_str().map_err(|_| fault::FORWARDED_MALFORMED)?;
    let last = text
        .rsplit(',')
        .next()
        .unwrap_or(text)
        .trim_matches([' ', '\t']);
    Authority::parse(last)
        .map(Some)
        .ok_or(fault::FORWARDED_MALFORMED)
}

/// RFC 7239: elements by comma, pairs by semicolon, values as tokens or quoted strings.
fn last_standard(headers: &HeaderMap) -> Result<Option<Authority>, ResolveError> {
    let Some(value) = headers.get_all(header::FORWARDED).iter().next_back() else {
        return Ok(None);
    };
    let text = value.to_str().map_err(|_| fault::FORWARDED_MALFORMED)?;
    let elements = split_unquoted(text, ',').ok_or(fault::FORWARDED_MALFORMED)?;
    let last = elements.last().copied().unwrap_or_default();
    let mut host = None;
    for pair in split_unquoted(last, ';').ok_or(fault::FORWARDED_MALFORMED)? {
        let (name, value) = pair
            .trim_matches([' ', '\t'])
            .split_once('=')
            .ok_or(fault::FORWARDED_MALFORMED)?;
        if !name.eq_ignore_ascii_case("host") {
            continue;
        }
        if host.is_some() {
            return Err(fault::FORWARDED_MALFORMED);
        }
        let bare = value
            .strip_prefix('"')
            .map_or(Some(value), |rest| rest.strip_suffix('"'));
        let parsed = bare
            .and_then(Authority::parse)
            .ok_or(fault::FORWARDED_MALFORMED)?;
        host = Some(parsed);
    }
    Ok(host)
}

/// Splits outside quotes; none when a quote stays open. An escape inside quotes is refused, as no
/// host needs one.
fn split_unquoted(text: &str, separator: char) -> Option<Vec<&str>> {
    let mut parts = Vec::new();
    let mut rest = text;
    let mut quoted = false;
    let mut search_from = 0;
    loop {
        let tail = rest.get(search_from..)?;
        let Some(found) = tail.find(['"', '\\', separator]) else {
            parts.push(rest);
            return if quoted { None } else { Some(parts) };
        };
        let position = search_from.checked_add(found)?;
        let next = position.checked_add(1)?;
        match rest.as_bytes().get(position).copied() {
            Some(b'"') => {
                quoted = !quoted;
                search_from = next;
            }
            Some(b'\\') | None => return None,
            Some(_) if quoted => search_from = next,
            Some(_) => {
                parts.push(rest.get(..position)?);
                rest = rest.get(next..)?;
                search_from = 0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn host_of(name: &str, values: &[&str]) -> Result<Option<String>, ResolveError> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(
                HeaderName::from_bytes(name.as_bytes()).unwrap(),
                value.parse().unwrap(),
            );
        }
        forwarded_host(&headers).map(|found| found.map(|host| host.name().to_owned()))
    }

    #[test]
    fn the_right_most_element_counts() {
        let legacy = host_of("x-forwarded-host", &["evil.example.com, acme.example.com"]);
        assert_eq!(legacy.unwrap().as_deref(), Some("acme.example.com"));
        let lines = host_of(
            "x-forwarded-host",
            &["evil.example.com", "acme.example.com"],
        );
        assert_eq!(lines.unwrap().as_deref(), Some("acme.example.com"));
        let standard =
            "for=1.2.3.4;host=evil.example.com, for=\"[::1]:1\";Host=\"acme.example.com\"";
        let found = host_of("forwarded", &[standard]);
        assert_eq!(found.unwrap().as_deref(), Some("acme.example.com"));
        let trick = "for=\"a,host=evil.example.com\"; host=acme.example.com;proto=https";
        assert_eq!(
            host_of("forwarded", &[trick]).unwrap().as_deref(),
            Some("acme.example.com")
        );
    }

    #[test]
    fn a_malformed_forwarded_host_is_refused() {
        for value in [
            "",
            ",",
            "acme.example.com,",
            "a@b.example.com",
            "a.example.com.",
        ] {
            assert!(host_of("x-forwarded-host", &[value]).is_err(), "{value}");
        }
        for value in [
            "",
            "host",
            "host=\"acme.example.com",
            "host=a.example.com;host=b.example.com",
            "host=\"a\\.example.com\"",
            "host=a.example.com,",
        ] {
            assert!(host_of("forwarded", &[value]).is_err(), "{value}");
        }
    }

    #[test]
    fn two_headers_that_disagree_are_refused() {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-host", "a.example.com".parse().unwrap());
        headers.insert("forwarded", "host=b.example.com".parse().unwrap());
        assert_eq!(forwarded_host(&headers), Err(fault::FORWARDED_MALFORMED));
        headers.insert("forwarded", "host=a.example.com".parse().unwrap());
        assert!(forwarded_host(&headers).unwrap().is_some());
    }

    proptest! {
        #[test]
        fn any_forwarded_value_is_read_without_a_panic(text in "[ -~]{0,80}") {
            if let Ok(value) = http::HeaderValue::from_str(&text) {
                let mut headers = HeaderMap::new();
                headers.insert(header::FORWARDED, value.clone());
                let _ignored = forwarded_host(&headers);
                headers.insert(X_FORWARDED_HOST, value);
                let _ignored = forwarded_host(&headers);
            }
        }
    }
}
