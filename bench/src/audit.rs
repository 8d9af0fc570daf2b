//! What evidence costs: one event to one sink in memory, beside a push under a mutex.

use std::hint::black_box;
use std::sync::{Arc, Mutex};

use tenantshield::TenantContext;
use tenantshield::audit::{
    AuditBus, AuditEvent, AuditEventType, AuditPayload, AuditSink, AuditSubject, InMemorySink,
};

use crate::failure::BoxError;
use crate::measure::{Effort, spent};
use crate::row::Row;

/// The rows of the audit bus.
pub(crate) fn rows(effort: Effort, context: &TenantContext) -> Result<Vec<Row>, BoxError> {
    let bus = AuditBus::new();
    let sink = Arc::new(InMemorySink::new());
    if !bus.register(Arc::clone(&sink) as Arc<dyn AuditSink>) {
        return Err("the sink is not registered".into());
    }
    let subject = || AuditSubject::new(Some(context.tenant()), context.principal());
    let event = bus.event(AuditEventType::PolicyAllow, subject(), payload());
    let floor: Mutex<Vec<Arc<AuditEvent>>> = Mutex::new(Vec::new());
    let (mut built, mut constructed, mut pushed) = (f64::INFINITY, f64::INFINITY, f64::INFINITY);
    for _ in 0..effort.times(600) {
        sink.clear();
        built = built.min(each(effort, || bus.emit(black_box(&event))));
        sink.clear();
        constructed = constructed.min(each(effort, || {
            bus.record(AuditEventType::PolicyAllow, subject(), payload);
        }));
        if let Ok(mut kept) = floor.lock() {
            kept.clear();
        }
        pushed = pushed.min(each(effort, || {
            if let Ok(mut kept) = floor.lock() {
                kept.push(Arc::clone(black_box(&event)));
            }
        }));
    }
    if sink.is_empty() {
        return Err("nothing reached the sink".into());
    }
    Ok(vec![
        Row::bounded(
            "audit emit, built event, one sink",
            built,
            PUSH,
            pushed,
            46.0,
        ),
        Row::times(
            "audit emit, built event, times its floor",
            built,
            PUSH,
            pushed,
            3.0,
        ),
        Row::reported("audit record, event constructed", constructed, PUSH, pushed),
    ])
}

const PUSH: &str = "Mutex<Vec> push";
const CALLS: u32 = 500;

fn each(effort: Effort, mut call: impl FnMut()) -> f64 {
    let calls = effort.times(CALLS);
    let nanos = spent(|| {
        for _ in 0..calls {
            call();
        }
    });
    nanos / f64::from(calls)
}

fn payload() -> AuditPayload {
    AuditPayload::new()
        .with_model("orders")
        .with_operation("read")
}
