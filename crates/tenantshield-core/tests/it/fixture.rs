//! Tenants, contexts and a way to poll by hand.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use tenantshield_core::{
    AllowAll, AuditBus, AuditEvent, AuditEventType, AuditPayload, AuditSink, AuditSubject, Claims,
    InMemorySink, MemoryDirectory, Principal, PrincipalId, Shield, TenantContext, TenantId,
    TenantRole, TenantRoles,
};

pub(crate) fn tenant(text: &str) -> TenantId {
    TenantId::new(text).unwrap()
}

pub(crate) fn user(id: &str) -> Principal {
    Principal::user(PrincipalId::new(id).unwrap())
}

pub(crate) fn roles(names: &[&str]) -> TenantRoles {
    names
        .iter()
        .map(|name| TenantRole::new(name).unwrap())
        .collect()
}

/// Polls a future to its end on this thread; nothing here ever waits for another thread.
pub(crate) fn finish<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut task = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut task) {
            return output;
        }
    }
}

/// Gives the task up once.
pub(crate) async fn step() {
    let mut is_first = true;
    std::future::poll_fn(|_| {
        if std::mem::take(&mut is_first) {
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    })
    .await;
}

/// A shield over the tenants `acme`, `globex` and `umbrella` with the member `alice` each.
pub(crate) fn shield(bus: &AuditBus) -> Shield {
    let directory = MemoryDirectory::new();
    for name in ["acme", "globex", "umbrella"] {
        directory.insert_tenant(tenant(name));
        directory.add_member(&tenant(name), user("alice"), roles(&["editor"]));
    }
    Shield::builder()
        .directory(directory)
        .policy(AllowAll)
        .bus(bus.clone())
        .build()
        .unwrap()
}

/// A context of alice at `name`, on a bus without sinks.
pub(crate) fn context(name: &str) -> TenantContext {
    finish(shield(&AuditBus::new()).admit_for(tenant(name), user("alice"))).unwrap()
}

/// A context of alice at `name` and the sink of its bus, which holds nothing yet.
pub(crate) fn watched(name: &str) -> (TenantContext, Arc<InMemorySink>) {
    let bus = AuditBus::new();
    let context = finish(shield(&bus).admit_for(tenant(name), user("alice"))).unwrap();
    let sink = Arc::new(InMemorySink::new());
    assert!(bus.register(shared(&sink)));
    (context, sink)
}

/// The same sink, as a bus takes it.
pub(crate) fn shared<S: AuditSink + 'static>(sink: &Arc<S>) -> Arc<dyn AuditSink> {
    Arc::<S>::clone(sink)
}

pub(crate) fn live() -> (AuditBus, Arc<InMemorySink>) {
    let (bus, sink) = (AuditBus::new(), Arc::new(InMemorySink::new()));
    assert!(bus.register(shared(&sink)));
    (bus, sink)
}

pub(crate) fn allow(bus: &AuditBus) {
    bus.record(
        AuditEventType::PolicyAllow,
        AuditSubject::none(),
        AuditPayload::new,
    );
}

pub(crate) fn kinds(events: &[Arc<AuditEvent>]) -> Vec<&'static str> {
    events.iter().map(|event| event.kind().as_str()).collect()
}

pub(crate) fn of_kind(sink: &InMemorySink, kind: AuditEventType) -> Vec<Arc<AuditEvent>> {
    sink.events()
        .into_iter()
        .filter(|event| event.kind() == kind)
        .collect()
}

pub(crate) fn no_claims() -> Claims {
    Claims::new()
}
