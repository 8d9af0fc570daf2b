//! What every request pays: a gate that is off, a scope, a look at the current tenant.

use std::cell::Cell;
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use tenantshield::{TenantContext, observability, with_current_tenant};

use crate::failure::BoxError;
use crate::measure::{Effort, beside};
use crate::row::Row;

tokio::task_local! {
    static TASK: TenantContext;
}

thread_local! {
    static CELL: Cell<u64> = const { Cell::new(7) };
}

/// The rows of gate and scope.
pub(crate) fn rows(effort: Effort, context: &TenantContext) -> Result<Vec<Row>, BoxError> {
    if observability::is_enabled() {
        return Err("the gate must be off for its price to be measured".into());
    }
    let tenant = context.tenant();
    // The loop's own barrier keeps the gate's load in the loop; wrapping the arguments as well
    // would measure the wrapping.
    let (gate, empty) = beside(
        effort,
        10_000,
        || observability::read_filtered(tenant, "orders", "select"),
        || (),
    );
    let (scope, local) = beside(
        effort,
        1_000,
        || ready(context.scope(async { black_box(1_u8) })),
        || ready(TASK.scope(context.clone(), async { black_box(1_u8) })),
    );
    let (borrow, cell) = context.sync_scope(|| {
        beside(
            effort,
            10_000,
            || with_current_tenant(|current| black_box(current.is_some())),
            || CELL.with(|cell| black_box(cell.get())),
        )
    });
    Ok(vec![
        Row::bounded(
            "disabled observability call",
            gate,
            "empty loop",
            empty,
            1.0,
        ),
        Row::bounded("scope enter and leave, no sink", scope, TOKIO, local, 35.0),
        Row::times(
            "scope enter and leave, no sink, times its floor",
            scope,
            TOKIO,
            local,
            3.0,
        ),
        Row::bounded(
            "current_tenant borrow",
            borrow,
            "thread-local read",
            cell,
            5.0,
        ),
    ])
}

const TOKIO: &str = "tokio::task_local! scope";

/// Drives a future that never waits; anything else is a broken measurement.
fn ready<F: Future>(future: F) -> Option<F::Output> {
    let mut context = Context::from_waker(Waker::noop());
    match pin!(future).poll(&mut context) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}
