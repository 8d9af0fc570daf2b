//! The one bearer credential of a request, or a clear refusal.

use http::header;
use http::request::Parts;

use crate::error::{ResolveError, fault};

/// The scheme, without regard to case, and exactly one space.
const SCHEME: &[u8] = b"bearer ";

/// Finds the token in `Authorization: Bearer <token>`; none without the header.
///
/// The token is not yet looked into, so that one that was verified before costs no second look;
/// whoever reads a new one calls [`text_of`] first.
pub(crate) fn bearer(parts: &Parts) -> Result<Option<&[u8]>, ResolveError> {
    let mut values = parts.headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(fault::CREDENTIAL_REPEATED);
    }
    let (scheme, token) = value
        .as_bytes()
        .split_at_checked(SCHEME.len())
        .ok_or(fault::CREDENTIAL_MALFORMED)?;
    if scheme.eq_ignore_ascii_case(SCHEME) {
        Ok(Some(token))
    } else {
        Err(fault::CREDENTIAL_MALFORMED)
    }
}

/// The token as text, if it is of the alphabet of RFC 6750.
pub(crate) fn text_of(token: &[u8]) -> Result<&str, ResolveError> {
    let allowed = |byte: u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/')
    };
    let text = std::str::from_utf8(token).map_err(|_| fault::CREDENTIAL_MALFORMED)?;
    let body = text.trim_end_matches('=');
    let is_plain = !body.is_empty() && body.bytes().all(allowed);
    if is_plain {
        Ok(text)
    } else {
        Err(fault::CREDENTIAL_MALFORMED)
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn read(values: &[&[u8]]) -> Result<Option<String>, ResolveError> {
        let mut request = http::Request::new(());
        for value in values {
            let value = HeaderValue::from_bytes(value).unwrap();
            request.headers_mut().append(header::AUTHORIZATION, value);
        }
        let (parts, ()) = request.into_parts();
        let found = bearer(&parts)?.map(text_of).transpose()?;
        Ok(found.map(str::to_owned))
    }

    #[test]
    fn exactly_one_well_formed_bearer_token_is_read() {
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&[b"Bearer abc.def"]), Ok(Some("abc.def".to_owned())));
        assert_eq!(read(&[b"bearer abc="]), Ok(Some("abc=".to_owned())));
        let twice = read(&[b"Bearer abc", b"Bearer abc"]);
        assert_eq!(twice, Err(fault::CREDENTIAL_REPEATED));
        for value in [
            &b""[..],
            b"Bearer",
            b"Bearer ",
            b"Bearer  abc",
            b"Bearer abc def",
            b"Bearer abc,def",
            b"Basic abc",
            b"Bearer ab=c",
            b"Bearer ==",
            b"Bearer \xff",
        ] {
            assert_eq!(
                read(&[value]),
                Err(fault::CREDENTIAL_MALFORMED),
                "{value:?}"
            );
        }
    }
}
