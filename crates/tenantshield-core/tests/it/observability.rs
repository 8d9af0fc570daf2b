use std::sync::Arc;

use tenantshield_core::observability::{self, ObservabilityEvent};
use tenantshield_core::{AuditBus, InMemorySink, TracingSink, Violation, blocked_write};
use tracing::Level;

use crate::capture::{Gate, Heard, listen};
use crate::fixture::{finish, kinds, shared, shield, step, tenant, watched};

fn emit_all() {
    let (acme, globex) = (tenant("acme"), tenant("globex"));
    observability::request_bound(&acme, "TenantLayer");
    observability::scope_entered(&acme, "Scoped");
    observability::read_filtered(&acme, "Order", "select");
    observability::read_fallthrough("Order", "select");
    observability::write_injected(&acme, "Order", "insert");
    observability::write_blocked(Some(&acme), Some(&globex), "Order", "insert");
    observability::write_blocked(None, None, "Order", "delete");
    observability::scope_exited(&acme, "Scoped");
    observability::scope_exception(&acme, "Scoped", "panic");
    observability::request_unbound(&acme, "TenantLayer");
}

fn line(heard: &Heard) -> String {
    let fields: Vec<String> = heard
        .fields
        .iter()
        .filter(|(name, _)| *name != "event")
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    format!(
        "{} {} {}",
        heard.level,
        heard.field("event").unwrap(),
        fields.join(" ")
    )
}

/// SEED-A4, SEED-A5.
#[test]
fn the_nine_events_have_their_names_levels_and_flat_fields() {
    let _gate = Gate::set(true);
    let ((), heard) = listen(emit_all);
    let lines: Vec<String> = heard.iter().map(line).collect();
    let w = "operation=insert tenant_id=acme";
    assert_eq!(
        lines,
        [
            "DEBUG tenant.middleware.request_bound middleware_class=TenantLayer tenant_id=acme",
            "INFO tenant.scope.entered scope_class=Scoped tenant_id=acme",
            "DEBUG tenant.read.filtered model_class=Order operation=select tenant_id=acme",
            "DEBUG tenant.read.fallthrough model_class=Order operation=select",
            &format!("DEBUG tenant.write.injected model_class=Order {w}"),
            &format!("WARN tenant.write.blocked attempted_tenant_id=globex model_class=Order {w}"),
            "WARN tenant.write.blocked model_class=Order operation=delete",
            "INFO tenant.scope.exited scope_class=Scoped tenant_id=acme",
            "WARN tenant.scope.exception exception_type=panic scope_class=Scoped tenant_id=acme",
            "DEBUG tenant.middleware.request_unbound middleware_class=TenantLayer tenant_id=acme",
        ]
    );
    assert!(
        heard
            .iter()
            .all(|heard| heard.target == "tenantshield::observability")
    );
}

/// SEED-A4.
#[test]
fn every_event_is_defined_once_with_a_name_of_its_own() {
    let names: std::collections::BTreeSet<_> = ObservabilityEvent::ALL
        .iter()
        .map(|event| event.name())
        .collect();
    assert_eq!(names.len(), 9);
    let at = |level: Level| {
        ObservabilityEvent::ALL
            .iter()
            .filter(|e| e.level() == level)
            .count()
    };
    assert_eq!(
        (at(Level::INFO), at(Level::WARN), at(Level::DEBUG)),
        (2, 2, 5)
    );
}

/// SEED-A2: off is the default, and off means silence.
#[test]
fn with_the_gate_off_nothing_is_said() {
    let _gate = Gate::set(false);
    let ((), heard) = listen(emit_all);
    assert_eq!(heard, []);
}

/// SEED-A2.
#[test]
fn the_two_gates_are_independent_in_all_four_combinations() {
    for observe in [false, true] {
        for audit in [false, true] {
            let _gate = Gate::set(observe);
            let (acme, sink) = watched("acme");
            let as_sink: Arc<dyn tenantshield_core::AuditSink> = shared(&sink);
            if !audit {
                assert!(acme.bus().unregister(&as_sink));
            }
            let ((), heard) = listen(|| acme.sync_scope(|| ()));
            assert_eq!(heard.len(), if observe { 2 } else { 0 });
            assert_eq!(sink.len(), if audit { 2 } else { 0 });
            assert_eq!(observability::is_enabled(), observe);
            assert_eq!(acme.bus().is_live(), audit);
        }
    }
}

/// SEED-A3: the two paths can be told apart by target alone.
#[test]
fn each_path_has_a_target_of_its_own() {
    let _gate = Gate::set(true);
    let (acme, _sink) = watched("acme");
    acme.bus().register(Arc::new(TracingSink));
    let ((), heard) = listen(|| acme.sync_scope(|| ()));
    let told: Vec<_> = heard
        .iter()
        .map(|h| (h.target.as_str(), h.field("event").unwrap()))
        .collect();
    assert_eq!(
        told,
        [
            ("tenantshield::observability", "tenant.scope.entered"),
            ("tenantshield::audit", "context_bound"),
            ("tenantshield::observability", "tenant.scope.exited"),
            ("tenantshield::audit", "context_released"),
        ]
    );
}

/// SEED-A6 (the part of the scope), SEED-A14: sync and async tell the same in the same order.
#[test]
fn scope_events_enclose_what_happens_inside() {
    let _gate = Gate::set(true);
    let (acme, sink) = watched("acme");
    let id = acme.tenant().clone();
    let work = || observability::read_filtered(&id, "Order", "select");
    let ((), sync) = listen(|| acme.sync_scope(work));
    let from_sync = sink.events();
    sink.clear();
    let ((), asynchronous) = listen(|| {
        finish(acme.scope(async {
            step().await;
            work();
            step().await;
        }));
    });
    for heard in [&sync, &asynchronous] {
        let names: Vec<_> = heard
            .iter()
            .map(|heard| heard.field("event").unwrap())
            .collect();
        assert_eq!(
            names,
            [
                "tenant.scope.entered",
                "tenant.read.filtered",
                "tenant.scope.exited"
            ]
        );
    }
    assert_eq!(kinds(&from_sync), kinds(&sink.events()));
    assert_eq!(kinds(&from_sync), ["context_bound", "context_released"]);
}

/// SEED-A6 (the part of the scope).
#[test]
fn a_panic_is_told_as_an_exception_instead_of_an_exit() {
    let _gate = Gate::set(true);
    let (acme, _sink) = watched("acme");
    let (result, heard) = listen(|| {
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            acme.sync_scope(|| std::panic::resume_unwind(Box::new(())));
        }))
    });
    assert!(result.is_err());
    let names: Vec<_> = heard
        .iter()
        .map(|heard| heard.field("event").unwrap())
        .collect();
    assert_eq!(names, ["tenant.scope.entered", "tenant.scope.exception"]);
    assert_eq!(heard[1].field("exception_type"), Some("panic"));
}

/// SEED-A6: a request without a tenant has no scope to tell of.
#[test]
fn a_refused_request_tells_of_no_scope() {
    let _gate = Gate::set(true);
    let bus = AuditBus::new();
    let (refused, heard) =
        listen(|| finish(shield(&bus).admit(&tenantshield_core::Claims::new())).is_err());
    assert!(refused);
    assert_eq!(heard, []);
}

/// SEED-A12.
#[test]
fn a_blocked_write_is_told_on_both_paths_and_on_audit_alone_with_the_gate_off() {
    for observe in [true, false] {
        let _gate = Gate::set(observe);
        let (acme, sink) = watched("acme");
        let violation = Violation::new("Order", "insert", "TS-SQL-101", "a foreign tenant value")
            .with_attempted(tenant("globex"));
        let ((), heard) = listen(|| blocked_write(acme.bus(), Some(&acme), &violation));
        assert_eq!(heard.len(), usize::from(observe));
        let events = sink.events();
        assert_eq!(kinds(&events), ["enforcement_violation"]);
        let payload = events[0].payload();
        assert_eq!(events[0].tenant(), Some(acme.tenant()));
        assert_eq!(payload.attempted_tenant_id(), Some(&tenant("globex")));
        assert_eq!(payload.model_class(), Some("Order"));
        assert_eq!(payload.operation(), Some("insert"));
        assert_eq!(payload.code(), Some("TS-SQL-101"));
    }
}

/// SEED-A12: a write without context is blocked too.
#[test]
fn a_blocked_write_without_context_has_no_tenant() {
    let _gate = Gate::set(true);
    let bus = AuditBus::new();
    let sink = Arc::new(InMemorySink::new());
    bus.register(shared(&sink));
    let violation = Violation::new("Order", "delete", "TS-CTX-001", "no context");
    let ((), heard) = listen(|| blocked_write(&bus, None, &violation));
    assert_eq!(heard[0].field("tenant_id"), None);
    let json = serde_json::to_value(&*sink.events()[0]).unwrap();
    assert_eq!(json["tenant_id"], serde_json::Value::Null);
    assert_eq!(json["attempted_tenant_id"], serde_json::Value::Null);
}
