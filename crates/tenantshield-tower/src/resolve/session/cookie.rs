//! One cookie out of the `Cookie` header, strictly.

use http::{HeaderMap, header};

use crate::error::{ResolveError, fault};

/// Reads the value of one cookie; none when it is absent, an error when it is there twice.
///
/// Other cookies may be odd, as third parties set them; a line that is not ASCII is refused whole,
/// since the wanted name could hide in it.
pub(crate) fn cookie_value<'a>(
    headers: &'a HeaderMap,
    wanted: &str,
) -> Result<Option<&'a str>, ResolveError> {
    let mut found = None;
    for line in headers.get_all(header::COOKIE) {
        let line = line.to_str().map_err(|_| fault::SESSION_REFUSED)?;
        for pair in line.split(';') {
            let pair = pair.trim_matches([' ', '\t']);
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            // SECURITY: readers differ on case and on spaces before `=`; both count as the name
            // here, so that a second spelling is a repetition and not a way past.
            if !name
                .trim_end_matches([' ', '\t'])
                .eq_ignore_ascii_case(wanted)
            {
                continue;
            }
            if found.is_some() {
                return Err(fault::COOKIE_REPEATED);
            }
            if name != wanted {
                return Err(fault::SESSION_REFUSED);
            }
            found = Some(value);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn read(lines: &[&str]) -> Result<Option<String>, ResolveError> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::COOKIE, HeaderValue::from_str(line).unwrap());
        }
        cookie_value(&headers, "sid").map(|found| found.map(str::to_owned))
    }

    #[test]
    fn a_cookie_is_read_once_or_refused() {
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&["a=1; sid=x; b=2"]), Ok(Some("x".to_owned())));
        assert_eq!(read(&["a=1", "sid=x"]), Ok(Some("x".to_owned())));
        assert_eq!(read(&["xsid=1; sidx=2; odd; =3"]), Ok(None));
        assert_eq!(read(&["sid=x; sid=x"]), Err(fault::COOKIE_REPEATED));
        assert_eq!(read(&["sid=x", "sid=y"]), Err(fault::COOKIE_REPEATED));
        assert_eq!(read(&["sid=x; SID=y"]), Err(fault::COOKIE_REPEATED));
        assert_eq!(read(&["sid =x"]), Err(fault::SESSION_REFUSED));
        assert_eq!(read(&["sid"]), Ok(Some(String::new())));
    }

    proptest! {
        #[test]
        fn any_bytes_in_a_cookie_line_are_read_without_a_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..80),
        ) {
            if let Ok(value) = HeaderValue::from_bytes(&bytes) {
                let mut headers = HeaderMap::new();
                headers.insert(header::COOKIE, value);
                let _ignored = cookie_value(&headers, "sid");
            }
        }
    }
}
