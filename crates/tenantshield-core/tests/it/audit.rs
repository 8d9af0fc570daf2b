use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use tenantshield_core::audit::SCHEMA_VERSION;
use tenantshield_core::danger::{AccessMode, Bypass};
use tenantshield_core::{
    Action, AllowAll, AuditBus, AuditEvent, AuditEventType, AuditPayload, AuditSink, AuditSubject,
    Claims, DenyByDefault, FakeClock, InMemorySink, NullSink, Operation, SinkError, TracingSink,
    Violation, blocked_write, evaluate_and_audit,
};

use crate::audit_failure::{Broken, Fault};
use crate::capture::listen;
use crate::fixture::{allow, context, finish, kinds, live, shared, shield, tenant, user, watched};

/// SEED-A2.
#[test]
fn without_sinks_nothing_happens_and_no_number_is_used_up() {
    let bus = AuditBus::new();
    assert!(!bus.is_live());
    let is_built = AtomicBool::new(false);
    let ((), heard) = listen(|| {
        bus.record(AuditEventType::PolicyDeny, AuditSubject::none(), || {
            is_built.store(true, Ordering::Relaxed);
            AuditPayload::new()
        });
    });
    assert_eq!(heard, []);
    assert!(!is_built.load(Ordering::Relaxed));
    let sink = Arc::new(InMemorySink::new());
    bus.register(shared(&sink));
    allow(&bus);
    assert_eq!(sink.events()[0].sequence(), 1);
}

/// SEED-A8: each of the seven types is emitted by production code.
#[test]
fn all_seven_event_types_are_emitted_by_the_code_that_means_them() {
    let (acme, sink) = watched("acme");
    acme.sync_scope(|| ());
    evaluate_and_audit(&AllowAll, &Operation::new("Order", Action::Read, &acme));
    evaluate_and_audit(
        &DenyByDefault,
        &Operation::new("Order", Action::Read, &acme),
    );
    blocked_write(
        acme.bus(),
        Some(&acme),
        &Violation::new("Order", "insert", "TS-X", "foreign"),
    );
    let bypass = Bypass::new("a test of the bypass").unwrap();
    bypass.record(acme.bus(), AccessMode::Unscoped, "Order", "select");
    acme.bus().register(Broken::new(Fault::Error));
    allow(acme.bus());
    let told = kinds(&sink.events());
    assert_eq!(
        told,
        [
            "context_bound",
            "context_released",
            "policy_allow",
            "policy_deny",
            "enforcement_violation",
            "enforcement_bypass",
            "policy_allow",
            "sink_failure",
        ]
    );
    for kind in AuditEventType::ALL {
        assert!(told.contains(&kind.as_str()), "{kind}");
    }
}

/// SEED-A9.
#[test]
fn the_json_form_is_flat_and_complete() {
    let clock = Arc::new(FakeClock::new());
    clock.advance(Duration::from_millis(1500));
    let bus = AuditBus::with_clock(clock);
    let sink = Arc::new(InMemorySink::new());
    bus.register(shared(&sink));
    let (acme, alice) = (
        tenant("acme"),
        user("alice").with_issuer("https://id.example"),
    );
    let subject = AuditSubject::new(Some(&acme), Some(&alice));
    bus.record(AuditEventType::EnforcementViolation, subject, || {
        AuditPayload::new()
            .with_attempted_tenant(tenant("globex"))
            .with_model("Order")
            .with_operation("insert")
            .with_reason("a foreign \"value\"")
            .with_code("TS-SQL-101")
            .with_location("src/main.rs:7")
            .with_extra("table", "orders")
            .with_extra("tenant_id", "not the tenant")
    });
    let event = Arc::clone(&sink.events()[0]);
    let json = serde_json::to_value(&*event).unwrap();
    let expected = serde_json::json!({
        "id": event.id().to_string(),
        "sequence": 1,
        "schema_version": 1,
        "type": "enforcement_violation",
        "tenant_id": "acme",
        "principal": "user:alice",
        "principal_issuer": "https://id.example",
        "timestamp": "2026-01-01T00:00:01.5Z",
        "attempted_tenant_id": "globex",
        "model_class": "Order",
        "operation": "insert",
        "reason": "a foreign \"value\"",
        "code": "TS-SQL-101",
        "location": "src/main.rs:7",
        "table": "orders",
        "extra.tenant_id": "not the tenant",
    });
    assert_eq!(json, expected);
    let text = serde_json::to_string(&*event).unwrap();
    assert_eq!(text.matches("\"tenant_id\":").count(), 1);
    assert_eq!(event.schema_version(), SCHEMA_VERSION);
    assert_eq!(event.id().get_version_num(), 7);
}

/// SEED-A9.
#[test]
fn a_clock_of_another_time_zone_still_stamps_in_utc() {
    let clock = FakeClock::at(time::macros::datetime!(2026-11-22 08:30 +2));
    let bus = AuditBus::with_clock(Arc::new(clock));
    let sink = Arc::new(InMemorySink::new());
    bus.register(shared(&sink));
    allow(&bus);
    let event = Arc::clone(&sink.events()[0]);
    assert!(event.timestamp().offset().is_utc());
    let json = serde_json::to_value(&*event).unwrap();
    assert_eq!(json["timestamp"], "2026-11-22T06:30:00Z");
}

/// SEED-A9.
#[test]
fn absent_tenants_and_principals_are_null_and_ids_are_unique() {
    let (bus, sink) = live();
    for _ in 0..100 {
        allow(&bus);
    }
    let json = serde_json::to_value(&*sink.events()[0]).unwrap();
    for key in ["tenant_id", "principal", "attempted_tenant_id"] {
        assert_eq!(json.get(key), Some(&serde_json::Value::Null), "{key}");
    }
    assert_eq!(json.get("model_class"), None);
    let ids: std::collections::BTreeSet<_> = sink.events().iter().map(|e| e.id()).collect();
    assert_eq!(ids.len(), 100);
}

/// SEED-A10.
#[test]
fn registering_is_idempotent_by_identity_and_removing_a_stranger_does_nothing() {
    let (bus, sink) = live();
    let twin: Arc<dyn AuditSink> = Arc::new(InMemorySink::new());
    let same: Arc<dyn AuditSink> = shared(&sink);
    assert!(!bus.register(Arc::clone(&same)));
    assert!(!bus.unregister(&twin));
    assert!(bus.register(twin));
    assert_eq!(bus.sinks().len(), 2);
    allow(&bus);
    assert_eq!(sink.len(), 1);
    assert!(bus.unregister(&same));
    assert!(!bus.unregister(&same));
    allow(&bus);
    assert_eq!(sink.len(), 1);
    assert!(bus.is_live());
    let (a, b): (Arc<dyn AuditSink>, Arc<dyn AuditSink>) = (Arc::new(NullSink), Arc::new(NullSink));
    assert!(bus.register(a) && bus.register(b));
}

/// SEED-A9, SEED-A10.
#[test]
fn concurrent_events_are_numbered_without_gaps_while_sinks_come_and_go() {
    const THREADS: u64 = 4;
    const EVENTS: u64 = 2_000;
    let (bus, sink) = live();
    thread::scope(|threads| {
        for _ in 0..THREADS {
            threads.spawn(|| {
                for _ in 0..EVENTS {
                    allow(&bus);
                }
            });
        }
        threads.spawn(|| {
            for _ in 0..200 {
                let other: Arc<dyn AuditSink> = Arc::new(InMemorySink::new());
                assert!(bus.register(Arc::clone(&other)));
                assert!(!bus.register(Arc::clone(&other)));
                assert!(bus.unregister(&other));
            }
        });
    });
    let mut numbers: Vec<u64> = sink.events().iter().map(|event| event.sequence()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=THREADS * EVENTS).collect::<Vec<_>>());
    assert_eq!(bus.sinks().len(), 1);
    assert_eq!(bus.sink_failures(), 0);
}

/// Registers and removes itself while it is called.
#[derive(Debug)]
struct Restless(AuditBus);

impl AuditSink for Restless {
    fn emit(&self, _event: &Arc<AuditEvent>) -> Result<(), SinkError> {
        let other: Arc<dyn AuditSink> = Arc::new(NullSink);
        assert!(self.0.register(Arc::clone(&other)));
        assert!(self.0.unregister(&other));
        Ok(())
    }

    fn name(&self) -> &'static str {
        "restless"
    }
}

/// SEED-A10.
#[test]
fn a_sink_may_change_the_list_while_it_is_called() {
    let (bus, sink) = live();
    bus.register(Arc::new(Restless(bus.clone())));
    allow(&bus);
    assert_eq!(
        (sink.len(), bus.sinks().len(), bus.sink_failures()),
        (1, 2, 0)
    );
}

/// SEED-A10: the reference's log sink.
#[test]
fn the_tracing_sink_says_everything_as_fields() {
    let bus = AuditBus::new();
    bus.register(Arc::new(TracingSink));
    let acme = context("acme");
    let ((), heard) = listen(|| {
        bus.record(AuditEventType::PolicyDeny, &acme, || {
            AuditPayload::new()
                .with_model("Order")
                .with_code("TS-ADM-004")
                .with_extra("table", "orders")
        });
    });
    let heard = &heard[0];
    assert_eq!(
        (heard.target.as_str(), heard.level),
        ("tenantshield::audit", tracing::Level::WARN)
    );
    let expected = [
        ("event", "policy_deny"),
        ("sequence", "1"),
        ("schema_version", "1"),
        ("tenant_id", "acme"),
        ("principal", "user:alice"),
        ("model_class", "Order"),
        ("code", "TS-ADM-004"),
        ("extra", "{\"table\":\"orders\"}"),
    ];
    for (name, value) in expected {
        assert_eq!(heard.field(name), Some(value), "{name}");
    }
    assert_eq!(heard.field("operation"), None);
    assert!(heard.field("audit_id").is_some() && heard.field("timestamp").is_some());
}

/// SEED-B3: scopes on a bus carry the principal and the kind of scope.
#[test]
fn scope_events_carry_tenant_principal_and_scope_class() {
    let (acme, sink) = watched("acme");
    finish(acme.scope(async {}));
    let events = sink.events();
    assert_eq!(kinds(&events), ["context_bound", "context_released"]);
    for event in &events {
        assert_eq!(event.tenant(), Some(acme.tenant()));
        assert_eq!(event.principal(), Some(&user("alice")));
        assert_eq!(event.payload().extra("scope_class"), Some("Scoped"));
    }
}

#[test]
fn an_event_may_be_built_first_and_emitted_later() {
    let (bus, sink) = live();
    let subject = AuditSubject::none();
    let event = bus.event(AuditEventType::PolicyAllow, subject, AuditPayload::new());
    allow(&bus);
    bus.emit(&event);
    let numbers: Vec<u64> = sink.events().iter().map(|event| event.sequence()).collect();
    assert_eq!(numbers, [2, 1]);
    assert!(Arc::ptr_eq(&sink.events()[1], &event));
}

#[test]
fn a_shield_without_sinks_still_decides() {
    let bus = AuditBus::new();
    assert!(finish(shield(&bus).admit(&Claims::new())).is_err());
    assert_eq!(bus.sink_failures(), 0);
}
