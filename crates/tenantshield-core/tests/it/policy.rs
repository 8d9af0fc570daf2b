use std::sync::Arc;

use proptest::prelude::*;
use tenantshield_core::{
    Action, AllowAll, AllowList, Chain, Decision, DenyByDefault, DenyReason, Filter, FilterValue,
    Operation, Policy, evaluate_and_audit,
};

use crate::fixture::{context, watched};

/// Answers what it was told to.
#[derive(Clone, Debug)]
struct Fixed(Decision);

impl Policy for Fixed {
    fn evaluate(&self, _operation: &Operation<'_>) -> Decision {
        self.0.clone()
    }
}

#[derive(Debug)]
struct Panicking;

impl Policy for Panicking {
    fn evaluate(&self, _operation: &Operation<'_>) -> Decision {
        panic!("on purpose")
    }
}

fn require(column: &str, value: i64) -> Decision {
    Decision::RequireScope(Filter::new().with(column, FilterValue::Integer(value)))
}

fn decisions() -> impl Strategy<Value = Vec<Decision>> {
    let one = prop_oneof![
        3 => Just(Decision::Allow),
        1 => "[a-c]".prop_map(|reason| Decision::Deny(DenyReason::new(reason))),
        4 => prop::collection::vec(("[xyz]", 0..2_i64), 0..3).prop_map(|pairs| {
            let filter = pairs.into_iter().fold(Filter::new(), |filter, (column, value)| {
                filter.with(column.as_str(), FilterValue::Integer(value))
            });
            Decision::RequireScope(filter)
        }),
    ];
    prop::collection::vec(one, 0..6)
}

/// The chain as the requirement says it, written down naively.
fn model(decisions: &[Decision]) -> Decision {
    if decisions.is_empty() {
        return Decision::Deny(DenyReason::new("the chain has no policy"));
    }
    if let Some(deny) = decisions
        .iter()
        .find(|one| matches!(one, Decision::Deny(_)))
    {
        return deny.clone();
    }
    let mut is_conditional = false;
    let mut is_contradictory = false;
    let mut pairs: Vec<(String, FilterValue)> = Vec::new();
    for decision in decisions {
        if let Decision::RequireScope(filter) = decision {
            is_conditional = true;
            is_contradictory |= filter.is_contradictory();
            pairs.extend(
                filter
                    .values()
                    .map(|(column, value)| (column.to_string(), value.clone())),
            );
        }
    }
    is_contradictory |= pairs
        .iter()
        .any(|(a, x)| pairs.iter().any(|(b, y)| a == b && x != y));
    if !is_conditional {
        return Decision::Allow;
    }
    if is_contradictory {
        return Decision::Deny(DenyReason::new(
            "filters ask for two different values of one column",
        ));
    }
    pairs.sort_by(|a, b| a.0.cmp(&b.0));
    let filter = pairs
        .into_iter()
        .fold(Filter::new(), |filter, (column, value)| {
            filter.with(column.as_str(), value)
        });
    Decision::RequireScope(filter)
}

proptest! {
    /// SEED-B5.
    #[test]
    fn a_chain_decides_as_the_model_does(decisions in decisions()) {
        let acme = context("acme");
        let operation = Operation::new("Order", Action::Read, &acme);
        let chain = decisions.iter().cloned().map(Fixed).fold(Chain::new(), Chain::with);
        prop_assert_eq!(chain.evaluate(&operation), model(&decisions));
    }
}

/// SEED-B5.
#[test]
fn a_later_no_wins_over_an_earlier_condition() {
    let acme = context("acme");
    let operation = Operation::new("Order", Action::Write, &acme);
    let chain = Chain::new()
        .with(Fixed(require("region", 1)))
        .with(DenyByDefault);
    assert!(matches!(chain.evaluate(&operation), Decision::Deny(_)));
    let chain = Chain::new()
        .with(AllowAll)
        .with(Fixed(require("region", 1)));
    let chain = chain.with(Fixed(require("branch", 2)));
    let Decision::RequireScope(filter) = chain.evaluate(&operation) else {
        panic!("no filter")
    };
    assert_eq!(filter.columns().collect::<Vec<_>>(), ["branch", "region"]);
}

/// SEED-B5.
#[test]
fn an_empty_chain_and_an_empty_list_say_no() {
    let acme = context("acme");
    let operation = Operation::new("Order", Action::Read, &acme);
    assert!(matches!(
        Chain::new().evaluate(&operation),
        Decision::Deny(_)
    ));
    assert!(matches!(
        AllowList::new().evaluate(&operation),
        Decision::Deny(_)
    ));
    assert!(matches!(
        DenyByDefault.evaluate(&operation),
        Decision::Deny(_)
    ));
}

/// SEED-B5.
#[test]
fn a_list_allows_exactly_what_is_on_it() {
    let acme = context("acme");
    let list = AllowList::new()
        .with("Order", Action::Read)
        .with("Order", Action::Write);
    let ask = |model, action| list.evaluate(&Operation::new(model, action, &acme));
    assert_eq!(ask("Order", Action::Read), Decision::Allow);
    assert_eq!(ask("Order", Action::Write), Decision::Allow);
    for (model, action) in [
        ("Order", Action::Delete),
        ("order", Action::Read),
        ("", Action::Read),
    ] {
        assert!(
            matches!(ask(model, action), Decision::Deny(_)),
            "{model} {action}"
        );
    }
}

/// SEED-B5, SEED-A8.
#[test]
fn each_decision_is_recorded_with_what_it_was_about() {
    let (acme, sink) = watched("acme");
    let operation = Operation::new("Order", Action::Delete, &acme).with_extra("via", "api");
    assert_eq!(operation.extra("via"), Some("api"));
    evaluate_and_audit(&AllowAll, &operation);
    evaluate_and_audit(&Fixed(require("region", 1)), &operation);
    evaluate_and_audit(&DenyByDefault, &operation);
    let events: Vec<_> = sink
        .events()
        .iter()
        .map(|event| serde_json::to_value(&**event).unwrap())
        .collect();
    let told: Vec<_> = events
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .collect();
    assert_eq!(told, ["policy_allow", "policy_allow", "policy_deny"]);
    assert!(events.iter().all(|event| event["model_class"] == "Order"));
    assert!(events.iter().all(|event| event["operation"] == "delete"));
    assert!(events.iter().all(|event| event["tenant_id"] == "acme"));
    assert_eq!(events[1]["required_columns"], "region");
    assert_eq!(events[2]["reason"], "no policy allows it");
}

#[test]
fn a_policy_that_panics_and_a_filter_that_contradicts_itself_are_a_no() {
    let (acme, sink) = watched("acme");
    let operation = Operation::new("Order", Action::Read, &acme);
    assert!(matches!(
        evaluate_and_audit(&Panicking, &operation),
        Decision::Deny(_)
    ));
    let both = Filter::new()
        .with("region", FilterValue::Integer(1))
        .with("region", FilterValue::Text(Arc::from("1")));
    let first = both.values().next().map(|(_, value)| value.clone());
    assert_eq!(first, Some(FilterValue::Integer(1)));
    let contradictory = Fixed(Decision::RequireScope(both));
    assert!(matches!(
        evaluate_and_audit(&contradictory, &operation),
        Decision::Deny(_)
    ));
    assert_eq!(
        crate::fixture::kinds(&sink.events()),
        ["policy_deny", "policy_deny"]
    );
}
