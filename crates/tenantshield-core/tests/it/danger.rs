use std::sync::Arc;

use tenantshield_core::danger::{AccessMode, Bypass, FallThrough, UnverifiedClaims};
use tenantshield_core::{
    AuditBus, AuditEventType, AuditSink, ClaimSource, InMemorySink, NullSink, Operator,
    PlatformRole, PrincipalId, TracingSink,
};

use crate::capture::{Gate, Heard, listen};
use crate::fixture::{kinds, shared};

fn bypasses(heard: &[Heard]) -> Vec<&Heard> {
    heard
        .iter()
        .filter(|heard| heard.field("event") == Some("enforcement_bypass"))
        .collect()
}

fn bypass() -> Bypass {
    let operator = Operator::new(
        PrincipalId::new("bob").unwrap(),
        PlatformRole::new("support").unwrap(),
    );
    Bypass::new("restore of a lost invoice")
        .unwrap()
        .with_operator(operator)
        .with_ticket("OPS-1142")
}

/// SEED-B7, OW-R6.
#[test]
fn a_bypass_tells_reason_place_mode_and_operator() {
    let bus = AuditBus::new();
    let sink = Arc::new(InMemorySink::new());
    bus.register(shared(&sink));
    bypass().record(&bus, AccessMode::UnsafeUnscoped, "Invoice", "update");
    assert_eq!(kinds(&sink.events()), ["enforcement_bypass"]);
    let json = serde_json::to_value(&*sink.events()[0]).unwrap();
    assert_eq!(json["reason"], "restore of a lost invoice");
    assert_eq!(json["access_mode"], "unsafe_unscoped");
    assert_eq!(json["model_class"], "Invoice");
    assert_eq!(json["operation"], "update");
    assert_eq!(json["operator"], "bob");
    assert_eq!(json["operator_role"], "support");
    assert_eq!(json["ticket"], "OPS-1142");
    let location = json["location"].as_str().unwrap();
    assert!(location.contains("danger.rs:"), "{location}");
}

/// SEED-B7.
#[test]
fn the_location_is_where_the_bypass_was_stated() {
    let line = line!() + 1;
    let bypass = Bypass::new("a place to remember").unwrap();
    assert_eq!(bypass.location().line(), line);
    assert!(bypass.location().file().ends_with("danger.rs"));
}

/// SEED-B7: no configuration can silence it.
#[test]
fn a_bypass_is_heard_with_no_sink_with_a_forgetting_one_and_with_the_gate_off() {
    let _gate = Gate::set(false);
    for with_null in [false, true] {
        let bus = AuditBus::new();
        if with_null {
            bus.register(Arc::new(NullSink));
        }
        for _ in 0..3 {
            let ((), heard) =
                listen(|| bypass().record(&bus, AccessMode::Unscoped, "Invoice", "select"));
            let told = bypasses(&heard);
            assert_eq!(told.len(), 1);
            assert_eq!(told[0].target, "tenantshield::audit");
            assert_eq!(told[0].level, tracing::Level::WARN);
            assert_eq!(told[0].field("reason"), Some("restore of a lost invoice"));
            assert_eq!(told[0].field("model_class"), Some("Invoice"));
        }
        let sink = Arc::new(InMemorySink::new());
        bus.register(shared(&sink));
        bypass().record(&bus, AccessMode::Unscoped, "Invoice", "select");
        let expected = if with_null { 4 } else { 1 };
        assert_eq!(sink.events()[0].sequence(), expected);
    }
}

#[test]
fn a_bypass_that_a_sink_keeps_is_not_logged_a_second_time() {
    for sink in [
        Arc::new(InMemorySink::new()) as Arc<dyn AuditSink>,
        Arc::new(TracingSink),
    ] {
        let bus = AuditBus::new();
        let is_log = sink.name() == "tracing";
        bus.register(sink);
        let ((), heard) =
            listen(|| bypass().record(&bus, AccessMode::Unscoped, "Invoice", "select"));
        assert_eq!(bypasses(&heard).len(), usize::from(is_log));
    }
}

/// SEED-B7: whoever records the type directly cannot be silent either.
#[test]
fn a_bypass_recorded_by_hand_is_heard_too() {
    let bus = AuditBus::new();
    let ((), heard) = listen(|| {
        let subject = tenantshield_core::AuditSubject::none();
        let payload = tenantshield_core::AuditPayload::new;
        bus.record(AuditEventType::EnforcementBypass, subject, payload);
    });
    assert_eq!(bypasses(&heard).len(), 1);
}

#[test]
fn a_reason_has_to_say_something() {
    for reason in [
        "",
        "       ",
        "because",
        "a b c d e f g",
        "\t\n\t\n\t\n\t\n",
    ] {
        assert_eq!(
            Bypass::new(reason).unwrap_err().code(),
            "TS-CFG-001",
            "{reason:?}"
        );
        assert!(FallThrough::new(reason).is_err());
        assert!(UnverifiedClaims::new(reason, [ClaimSource::Host]).is_err());
    }
    assert!(Bypass::new("because!").is_ok());
    assert!(UnverifiedClaims::new("behind our gateway", []).is_err());
}

/// SEED-A4, SEED-B7: a read that falls through is told on both paths, each time.
#[test]
fn a_read_that_falls_through_is_told_on_both_paths() {
    let _gate = Gate::set(true);
    let fall_through = FallThrough::new("reports of the old system").unwrap();
    let bus = AuditBus::new();
    let ((), heard) = listen(|| {
        fall_through.record(&bus, "Order", "select");
        fall_through.record(&bus, "Order", "select");
    });
    let names: Vec<_> = heard
        .iter()
        .map(|heard| heard.field("event").unwrap())
        .collect();
    let each = ["tenant.read.fallthrough", "enforcement_bypass"];
    assert_eq!(names, [each, each].concat());
}

#[test]
fn the_modes_have_names_and_scoped_is_the_default() {
    assert_eq!(AccessMode::default(), AccessMode::Scoped);
    let names = [
        AccessMode::Scoped,
        AccessMode::UnsafeUnscoped,
        AccessMode::Unscoped,
    ];
    assert_eq!(
        names.map(AccessMode::as_str),
        ["scoped", "unsafe_unscoped", "unscoped"]
    );
}
