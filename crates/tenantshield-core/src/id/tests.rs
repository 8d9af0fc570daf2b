use proptest::prelude::*;

use super::{TenantId, TenantType, TenantValue};

/// The same language, written as a reader would from the requirement.
fn model(text: &str) -> bool {
    let allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-:";
    !text.is_empty() && text.len() <= 128 && text.chars().all(|c| allowed.contains(c))
}

fn model_integer(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit());
    let canonical = text == "0" || (plain && !digits.starts_with('0'));
    if canonical { text.parse().ok() } else { None }
}

proptest! {
    /// SEED-B1.
    #[test]
    fn an_id_is_accepted_exactly_when_the_model_accepts_it(text in "[a-c9Z._:\\- \u{e9}/\\x00]{0,6}") {
        prop_assert_eq!(TenantId::new(&text).is_ok(), model(&text));
    }

    /// SEED-B1.
    #[test]
    fn an_accepted_id_is_kept_byte_for_byte(text in "[A-Za-z0-9._:\\-]{1,128}") {
        let id = TenantId::new(&text).unwrap();
        prop_assert_eq!(id.as_str(), &text);
        prop_assert_eq!(id.to_string(), text.as_str());
        prop_assert_eq!(text.parse::<TenantId>().unwrap(), id);
    }

    /// SEED-B1.
    #[test]
    fn an_integer_is_accepted_exactly_when_the_model_accepts_it(text in "-{0,2}[0-9]{1,20}") {
        let id = TenantId::new(&text).unwrap();
        let expected = model_integer(&text).map(TenantValue::Integer);
        prop_assert_eq!(id.to_value(TenantType::Integer).ok(), expected);
    }

    #[test]
    fn every_integer_round_trips(value in any::<i64>()) {
        let id = TenantId::new(value.to_string()).unwrap();
        prop_assert_eq!(id.to_value(TenantType::Integer).unwrap(), TenantValue::Integer(value));
    }

    #[test]
    fn every_uuid_round_trips_in_its_canonical_form_only(bytes in any::<[u8; 16]>()) {
        let uuid = uuid::Uuid::from_bytes(bytes);
        let lower = TenantId::new(uuid.hyphenated().to_string()).unwrap();
        prop_assert_eq!(lower.to_value(TenantType::Uuid).unwrap(), TenantValue::Uuid(bytes));
        let simple = TenantId::new(uuid.simple().to_string()).unwrap();
        prop_assert!(simple.to_value(TenantType::Uuid).is_err());
        let upper = uuid.hyphenated().to_string().to_uppercase();
        if upper != lower.as_str() {
            prop_assert!(TenantId::new(upper).unwrap().to_value(TenantType::Uuid).is_err());
        }
    }
}

/// SEED-B1.
#[test]
fn length_is_counted_in_bytes_and_its_limit_is_included() {
    assert!(TenantId::new("a".repeat(128)).is_ok());
    assert!(TenantId::new("a".repeat(129)).is_err());
    assert!(TenantId::new("").is_err());
    assert!(TenantId::new("acme\n").is_err());
    assert_ne!(
        TenantId::new("Acme").unwrap(),
        TenantId::new("acme").unwrap()
    );
}

/// SEED-B1.
#[test]
fn integers_outside_of_their_canonical_form_are_refused() {
    for text in [
        "01",
        "-0",
        "00",
        "-01",
        "9223372036854775808",
        "1.0",
        "1_0",
        "a",
        "-",
    ] {
        let id = TenantId::new(text).unwrap();
        assert!(id.to_value(TenantType::Integer).is_err(), "{text}");
    }
    let least = TenantId::new("-9223372036854775808").unwrap();
    assert_eq!(
        least.to_value(TenantType::Integer).unwrap(),
        TenantValue::Integer(i64::MIN)
    );
}

/// OW-1.2.
#[test]
fn random_ids_use_all_their_bits_and_fit_a_uuid_column() {
    let (mut ones, mut zeros) = (0_u128, 0_u128);
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..256 {
        let id = TenantId::random();
        let TenantValue::Uuid(bytes) = id.to_value(TenantType::Uuid).unwrap() else {
            panic!("another type");
        };
        let bits = u128::from_be_bytes(bytes);
        ones |= bits;
        zeros |= !bits;
        assert!(seen.insert(id));
    }
    // A bit that is fixed, as version bits are, would be missing on one side.
    assert_eq!((ones, zeros), (u128::MAX, u128::MAX));
}

#[test]
fn a_text_id_does_not_become_a_uuid() {
    let error = TenantId::new("acme")
        .unwrap()
        .to_value(TenantType::Uuid)
        .unwrap_err();
    assert_eq!(error.code(), "TS-ID-001");
    assert!(error.hint().contains("uuid"));
    assert_eq!(error.to_string(), "the tenant id is not a canonical uuid");
}

#[test]
fn json_is_a_plain_string_and_is_checked_on_the_way_in() {
    let id = TenantId::new("acme").unwrap();
    assert_eq!(serde_json::to_string(&id).unwrap(), "\"acme\"");
    assert_eq!(serde_json::from_str::<TenantId>("\"acme\"").unwrap(), id);
    let error = serde_json::from_str::<TenantId>("\"ac me\"")
        .unwrap_err()
        .to_string();
    assert!(error.contains("not allowed"), "{error}");
}
