//! The text of an API key: `ts_{environment}_{kind}_{key id}_{secret}{check}`.
//!
//! The fixed prefix lets scanners find leaked keys, the check sum lets them (and us) discard
//! look-alikes without asking the store.

/// 62^22 exceeds 2^128.
pub(crate) const KEY_ID_CHARS: usize = 22;
/// 62^43 exceeds 2^256.
pub(crate) const SECRET_CHARS: usize = 43;
const CHECK_CHARS: usize = 6;
const WORD_LIMIT: usize = 16;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// What every key of this product begins with.
pub(crate) const PREFIX: &str = "ts_";

/// The parts of a key whose form and check sum are right.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parsed<'a> {
    pub(crate) environment: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) key_id: &'a str,
    pub(crate) secret: &'a str,
}

/// Takes a key apart; none when any part or the check sum is wrong.
pub(crate) fn parse(text: &str) -> Option<Parsed<'_>> {
    let mut parts = text.strip_prefix(PREFIX)?.split('_');
    let (environment, kind, key_id, tail) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || !is_word(environment) || !is_word(kind) {
        return None;
    }
    if key_id.len() != KEY_ID_CHARS || tail.len() != SECRET_CHARS + CHECK_CHARS {
        return None;
    }
    if !is_base62(key_id) || !is_base62(tail) {
        return None;
    }
    let (secret, check) = tail.split_at_checked(SECRET_CHARS)?;
    let body = text.strip_suffix(check)?;
    (check_of(body) == check).then_some(Parsed {
        environment,
        kind,
        key_id,
        secret,
    })
}

/// Puts a key together.
pub(crate) fn compose(environment: &str, kind: &str, key_id: &str, secret: &str) -> String {
    let body = format!("{PREFIX}{environment}_{kind}_{key_id}_{secret}");
    let check = check_of(&body);
    body + &check
}

/// One to sixteen lower-case letters and digits, so that `_` separates without doubt.
pub(crate) fn is_word(text: &str) -> bool {
    (1..=WORD_LIMIT).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

/// Writes a big-endian number in base 62 with a fixed count of digits.
pub(crate) fn base62(bytes: &[u8], digits: usize) -> String {
    let mut number = bytes.to_vec();
    let mut out = Vec::with_capacity(digits);
    for _ in 0..digits {
        let mut remainder = 0_u32;
        for byte in &mut number {
            let value = (remainder << 8) | u32::from(*byte);
            *byte = u8::try_from(value / 62).unwrap_or(u8::MAX);
            remainder = value % 62;
        }
        out.push(digit(remainder));
    }
    out.iter().rev().collect()
}

fn digit(value: u32) -> char {
    let index = usize::try_from(value).unwrap_or(usize::MAX);
    ALPHABET.get(index).copied().map_or('0', char::from)
}

fn is_base62(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn check_of(body: &str) -> String {
    base62(&crc32(body.as_bytes()).to_be_bytes(), CHECK_CHARS)
}

/// CRC-32 as in IEEE 802.3: reflected, polynomial `0xEDB88320`.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 {
                (crc >> 1) ^ 0xEDB8_8320
            } else {
                crc >> 1
            };
        }
    }
    !crc
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_check_sum_is_the_published_crc32() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(crc32(b""), 0);
    }

    #[test]
    fn numbers_are_written_in_base_62() {
        assert_eq!(base62(&[0, 61], 3), "00z");
        assert_eq!(base62(&[0, 62], 3), "010");
        assert_eq!(base62(&[0xff; 16], KEY_ID_CHARS), "7n42DGM5Tflk9n8mt7Fhc7");
    }

    /// HTTP-API1.
    #[test]
    fn a_key_survives_composition_and_any_changed_character_is_refused() {
        let key = compose(
            "live",
            "srv",
            &"A".repeat(KEY_ID_CHARS),
            &"b".repeat(SECRET_CHARS),
        );
        let parsed = parse(&key).unwrap();
        assert_eq!((parsed.environment, parsed.kind), ("live", "srv"));
        for position in 0..key.len() {
            for other in *b"x0_" {
                let mut bytes = key.clone().into_bytes();
                if bytes[position] == other {
                    continue;
                }
                bytes[position] = other;
                assert!(
                    parse(std::str::from_utf8(&bytes).unwrap()).is_none(),
                    "{position}"
                );
            }
        }
        assert!(parse(key.strip_suffix(|_: char| true).unwrap()).is_none());
        assert!(parse(&format!("{key}0")).is_none());
    }

    proptest! {
        #[test]
        fn any_text_is_parsed_without_a_panic(text in ".{0,120}") {
            let _ignored = parse(&text);
            let _ignored = parse(&format!("ts_live_srv_{text}"));
        }
    }
}
