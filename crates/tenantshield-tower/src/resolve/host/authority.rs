//! One canonical form of a host name, or none.
//!
//! Host confusion lives on readers that disagree: one trims a dot, one folds case, one takes the
//! part after the `@`. This reader accepts a plain ASCII name with at most a port, folds its case
//! (names are case-insensitive) and refuses everything else.

const NAME_LIMIT: usize = 253;
const LABEL_LIMIT: usize = 63;

/// A host name in canonical form, and the port if one was given.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Authority {
    name: String,
    port: Option<u16>,
}

impl Authority {
    /// Reads `name` or `name:port`; lower case afterwards, without a port in the name.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (name, port) = match text.split_once(':') {
            Some((name, port)) => (name, Some(parse_port(port)?)),
            None => (text, None),
        };
        if name.is_empty() || name.len() > NAME_LIMIT || !name.split('.').all(is_label) {
            return None;
        }
        Some(Self {
            name: name.to_ascii_lowercase(),
            port,
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The port, or the scheme's own where none was given.
    pub(crate) fn port_or(&self, default: u16) -> u16 {
        self.port.unwrap_or(default)
    }

    pub(crate) fn has_port(&self) -> bool {
        self.port.is_some()
    }
}

fn parse_port(text: &str) -> Option<u16> {
    let plain = (1..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

/// Letters, digits and inner hyphens: no underscore, no empty label, hence no trailing dot.
fn is_label(label: &str) -> bool {
    (1..=LABEL_LIMIT).contains(&label.len())
        && label
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// HTTP-H1.
    #[test]
    fn a_host_is_canonical_or_refused() {
        let name = |text: &str| Authority::parse(text).map(|found| found.name);
        assert_eq!(
            name("Acme.Example.COM").as_deref(),
            Some("acme.example.com")
        );
        assert_eq!(
            name("acme.example.com:8443").as_deref(),
            Some("acme.example.com")
        );
        for text in [
            "",
            ".",
            ":80",
            "acme.example.com.",
            ".acme.example.com",
            "acme..example.com",
            "acme.example.com:",
            "acme.example.com:+80",
            "acme.example.com:65536",
            "acme.example.com:0080000",
            "acme.example.com:80:80",
            "user@acme.example.com",
            "acme.example.com, evil.example.com",
            "acme.example.com,evil.example.com",
            " acme.example.com",
            "acme.example.com ",
            "acme.example.com/",
            "acme.example.com#",
            "acme.example.com?x",
            "acme.example.com\\",
            "acme%2eexample.com",
            "acme_1.example.com",
            "-acme.example.com",
            "acme-.example.com",
            "äcme.example.com",
            "acme\u{3002}example.com",
            "acme\0.example.com",
            "acme\t.example.com",
            "[::1]",
            "[::1]:80",
            "::1",
        ] {
            assert_eq!(name(text), None, "{text:?}");
        }
        assert_eq!(name(&"a".repeat(64)), None);
        assert_eq!(name(&["a"; 200].join(".")), None);
    }

    proptest! {
        /// HTTP-H1: whatever comes in, the answer is canonical or none, and reading is stable.
        #[test]
        fn any_text_is_canonical_or_refused(text in ".{0,80}") {
            check(&text);
        }

        #[test]
        fn any_near_miss_is_canonical_or_refused(text in "[a-cA-C0-9.:@,\\[\\]-]{0,40}") {
            check(&text);
        }
    }

    fn check(text: &str) {
        let Some(found) = Authority::parse(text) else {
            return;
        };
        assert!(found.name.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-')
        }));
        assert!(!found.name.starts_with('.') && !found.name.ends_with('.'));
        let again = Authority::parse(&found.name).unwrap();
        assert_eq!(again.name, found.name);
        assert!(text.to_ascii_lowercase().starts_with(&found.name));
    }
}
