//! Laws that hold for any text.

use proptest::prelude::*;
use tenantshield_core::TenantId;
use tenantshield_sql::{Dialect, Filters};

use crate::harness::guard;

fn fragment() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "SELECT",
        "id",
        "FROM",
        "orders",
        "o",
        "JOIN",
        "LEFT",
        "FULL",
        "secrets",
        "ON",
        "WHERE",
        "(",
        ")",
        ",",
        "*",
        "=",
        "1",
        "'x'",
        "\"y\"",
        "UNION",
        "WITH",
        "AS",
        "INSERT",
        "INTO",
        "VALUES",
        "UPDATE",
        "SET",
        "tenant_id",
        "DELETE",
        "--",
        "/*",
        "*/",
        "- -",
        "$1",
        "?",
        ";",
        "E'\\''",
        "$$",
        "plans",
        "EXISTS",
        "IN",
        "AND",
        "OR",
        "NOT",
        ".",
        "::int",
        "LIMIT",
        "NULL",
    ])
    .prop_map(str::to_owned)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_text_makes_the_guard_panic(text in ".{0,200}") {
        for dialect in [Dialect::Postgres, Dialect::Sqlite] {
            let _outcome = guard(dialect).judge(&text, Filters::NONE);
        }
    }

    /// Whatever is admitted reads back through the guard's own lexer and names its tenant where a
    /// tenant relation is touched.
    #[test]
    fn admitted_token_soup_is_covered(words in prop::collection::vec(fragment(), 1..25)) {
        let text = words.join(" ");
        for dialect in [Dialect::Postgres, Dialect::Sqlite] {
            let guard = guard(dialect);
            if let Ok(judged) = guard.judge(&text, Filters::NONE) {
                let touches_tenant = judged.touches().iter().any(tenantshield_sql::Touch::is_tenant);
                prop_assert_eq!(touches_tenant, !judged.slots().is_empty());
                if let Ok(inline) = judged.inline(&TenantId::new("1").unwrap()) {
                    prop_assert!(!touches_tenant || inline.contains("tenant_id"));
                    // Judging our own text again keeps it covered.
                    let again = guard.judge(&inline, Filters::NONE).unwrap();
                    prop_assert_eq!(again.touches().len(), judged.touches().len());
                }
            }
        }
    }
}
