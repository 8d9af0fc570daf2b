//! The verdict of every statement of the adversarial corpus. Whether the admitted ones really stay
//! in their tenant is shown on real servers by the testkit's runner.

use serde_json::Value;
use tenantshield_core::TenantId;
use tenantshield_sql::{Dialect, Filters, code};

use crate::harness::guard;

#[test]
fn deny_is_refused_and_isolated_is_admitted_or_deferred() {
    let text = include_str!("../../../../corpus/adversarial.jsonl");
    let tenant = TenantId::new("1").unwrap();
    let (mut admitted, mut refused, mut deferred) = (0, 0, Vec::new());
    let mut wrong = Vec::new();
    for line in text.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let field = |name: &str| case[name].as_str().unwrap().to_owned();
        let Some(dialect) = Dialect::from_name(&field("dialect")) else {
            continue;
        };
        let outcome = guard(dialect)
            .judge(&field("sql"), Filters::NONE)
            .map_err(|refusal| refusal.code())
            .and_then(|judged| judged.inline(&tenant).map_err(|refusal| refusal.code()));
        match (field("expect").as_str(), outcome) {
            ("deny", Err(_)) => refused += 1,
            ("isolated", Ok(_)) => admitted += 1,
            ("isolated", Err(known)) if code::is_deferred(known) || code::is_envelope(known) => {
                deferred.push(format!("{} {known}", field("id")));
            }
            // Refusing is right as well, says the corpus.
            ("isolated", Err(known)) if case["deny_ok"] == true => {
                deferred.push(format!("{} {known}", field("id")));
            }
            (_, Err(known)) => wrong.push(format!("{} {known} {}", field("id"), field("sql"))),
            (_, Ok(sql)) => wrong.push(format!("{} ADMITTED {sql}", field("id"))),
        }
    }
    println!(
        "{admitted} admitted, {refused} refused, {} deferred: {deferred:#?}",
        deferred.len()
    );
    assert!(wrong.is_empty(), "{wrong:#?}");
}
