use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread;

use futures_core::Stream;
use tenantshield_core::{
    Error, TenantScopeExt as _, TenantStreamExt as _, current_tenant, ensure_current,
    in_current_tenant_blocking, tenant_scope, try_current_tenant, with_current_tenant,
};

use crate::fixture::{context, finish, kinds, step, watched};

pub(crate) fn here() -> Option<String> {
    try_current_tenant().map(|context| context.tenant().to_string())
}

fn lent() -> Option<String> {
    with_current_tenant(|context| context.map(|context| context.tenant().to_string()))
}

/// SEED-B1, SEED-B2.
#[test]
fn outside_of_any_scope_there_is_no_tenant() {
    assert_eq!(here(), None);
    assert_eq!(lent(), None);
    let error = current_tenant().unwrap_err();
    assert!(matches!(error, Error::MissingContext(_)));
    assert_eq!(error.code(), "TS-CTX-001");
}

/// SEED-B1.
#[test]
fn nested_scopes_restore_the_outer_one() {
    let (acme, globex) = (context("acme"), context("globex"));
    tenant_scope(&acme, || {
        assert_eq!(here().unwrap(), "acme");
        tenant_scope(&globex, || {
            assert_eq!(here().unwrap(), "globex");
            acme.sync_scope(|| assert_eq!(lent().unwrap(), "acme"));
            assert_eq!(lent().unwrap(), "globex");
        });
        assert_eq!(here().unwrap(), "acme");
        let inside = finish(globex.scope(async {
            step().await;
            here()
        }));
        assert_eq!(inside.unwrap(), "globex");
        assert_eq!(current_tenant().unwrap().tenant().as_str(), "acme");
    });
    assert_eq!(here(), None);
}

/// SEED-B1.
#[test]
fn a_panic_releases_the_scope_and_is_told_once() {
    let (acme, sink) = watched("acme");
    let globex = context("globex");
    globex.sync_scope(|| {
        let unwound = catch_unwind(AssertUnwindSafe(|| {
            acme.sync_scope(|| panic!("on purpose"))
        }));
        assert!(unwound.is_err());
        assert_eq!(here().unwrap(), "globex");
    });
    assert_eq!(here(), None);
    assert_eq!(kinds(&sink.events()), ["context_bound", "context_released"]);
    assert_eq!(sink.events()[1].payload().reason(), Some("panic"));
}

/// SEED-B1.
#[test]
fn a_panic_inside_of_a_poll_releases_the_scope_and_is_told_once() {
    let (acme, sink) = watched("acme");
    {
        let mut future = pin!(acme.scope(async {
            step().await;
            panic!("on purpose");
        }));
        let mut task = Context::from_waker(Waker::noop());
        assert!(future.as_mut().poll(&mut task).is_pending());
        assert!(catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(&mut task))).is_err());
        assert_eq!(here(), None);
    }
    assert_eq!(kinds(&sink.events()), ["context_bound", "context_released"]);
    assert_eq!(sink.events()[1].payload().reason(), Some("panic"));
}

/// SEED-B1.
#[test]
fn an_early_return_releases_the_scope() {
    fn fallible(
        context: &tenantshield_core::TenantContext,
    ) -> Result<u32, std::num::ParseIntError> {
        context.sync_scope(|| {
            let number: u32 = "not a number".parse()?;
            Ok(number)
        })
    }
    let (acme, sink) = watched("acme");
    assert!(fallible(&acme).is_err());
    assert_eq!(here(), None);
    assert_eq!(kinds(&sink.events()), ["context_bound", "context_released"]);
    assert_eq!(sink.events()[1].payload().reason(), None);
}

/// Notes who is current when it is dropped.
struct Witness(Arc<Mutex<Vec<Option<String>>>>);

impl Drop for Witness {
    fn drop(&mut self) {
        self.0.lock().unwrap().push(here());
    }
}

/// SEED-B1, SEED-B3.
#[test]
fn a_future_dropped_at_each_poll_releases_and_its_destructors_see_the_tenant() {
    const STEPS: usize = 6;
    for polls in 0..=STEPS + 1 {
        let (acme, sink) = watched("acme");
        let globex = context("globex");
        let seen = Arc::new(Mutex::new(Vec::new()));
        let witness = Witness(Arc::clone(&seen));
        let inner_seen = Arc::new(Mutex::new(Vec::new()));
        let inner = Witness(Arc::clone(&inner_seen));
        let mut future = Box::pin(acme.scope(async move {
            let _witness = witness;
            step().await;
            globex
                .scope(async move {
                    let _inner = inner;
                    for _ in 0..STEPS - 2 {
                        step().await;
                    }
                })
                .await;
            step().await;
        }));
        let mut task = Context::from_waker(Waker::noop());
        let mut is_done = false;
        for _ in 0..polls {
            assert!(!is_done);
            is_done = future.as_mut().poll(&mut task).is_ready();
            assert_eq!(here(), None);
        }
        drop(future);
        assert_eq!(here(), None);
        assert_eq!(
            *seen.lock().unwrap(),
            [Some("acme".to_owned())],
            "{polls} polls"
        );
        // Before its own scope exists the inner witness belongs to the outer one.
        let expected = if polls < 2 { "acme" } else { "globex" };
        assert_eq!(
            *inner_seen.lock().unwrap(),
            [Some(expected.to_owned())],
            "{polls} polls"
        );
        assert_eq!(is_done, polls == STEPS + 1);
        let told = kinds(&sink.events());
        if polls == 0 {
            assert!(told.is_empty());
        } else {
            assert_eq!(told, ["context_bound", "context_released"]);
            let reason = if is_done { None } else { Some("cancelled") };
            assert_eq!(sink.events()[1].payload().reason(), reason);
        }
    }
}

/// Panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("on purpose");
    }
}

/// SEED-B1.
#[test]
fn a_destructor_that_panics_on_cancellation_releases_the_scope_and_is_told_once() {
    let (acme, sink) = watched("acme");
    let mut future = Box::pin(acme.scope(async {
        let _bomb = Bomb;
        step().await;
    }));
    let mut task = Context::from_waker(Waker::noop());
    assert!(future.as_mut().poll(&mut task).is_pending());
    assert!(catch_unwind(AssertUnwindSafe(|| drop(future))).is_err());
    assert_eq!(here(), None);
    assert_eq!(kinds(&sink.events()), ["context_bound", "context_released"]);
    assert_eq!(sink.events()[1].payload().reason(), Some("panic"));
}

/// SEED-B1.
#[test]
fn threads_do_not_see_each_other() {
    let acme = context("acme");
    let globex = context("globex");
    acme.sync_scope(|| {
        thread::scope(|threads| {
            let bare = threads.spawn(here);
            let other = threads.spawn(|| globex.sync_scope(here));
            assert_eq!(bare.join().unwrap(), None);
            assert_eq!(other.join().unwrap().unwrap(), "globex");
        });
        assert_eq!(here().unwrap(), "acme");
    });
}

/// SEED-B1.
#[tokio::test(flavor = "current_thread")]
async fn scopes_joined_on_one_thread_do_not_mix() {
    async fn checked(name: &'static str) {
        for _ in 0..50 {
            assert_eq!(here().unwrap(), name);
            tokio::task::yield_now().await;
        }
    }
    let (acme, globex) = (context("acme"), context("globex"));
    tokio::join!(
        acme.scope(checked("acme")),
        globex.scope(checked("globex")),
        async {
            for _ in 0..50 {
                assert_eq!(here(), None);
                tokio::task::yield_now().await;
            }
        }
    );
}

/// SEED-B1, OW-1.5.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_spawned_task_inherits_nothing_unless_the_scope_is_taken_along() {
    let acme = context("acme");
    acme.scope(async {
        let bare = tokio::spawn(async { here() });
        assert_eq!(bare.await.unwrap(), None);
        let taken = tokio::spawn(
            async {
                tokio::task::yield_now().await;
                here()
            }
            .in_current_tenant()
            .unwrap(),
        );
        assert_eq!(taken.await.unwrap().unwrap(), "acme");
    })
    .await;
    assert!(async {}.in_current_tenant().is_err());
}

/// SEED-B1.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scope_follows_its_future_across_threads() {
    let contexts = [context("acme"), context("globex"), context("umbrella")];
    let mut tasks = Vec::new();
    for index in 0..30 {
        let context = contexts[index % 3].clone();
        let expected = context.tenant().to_string();
        let scoped = async move {
            for _ in 0..100 {
                assert_eq!(here().unwrap(), expected);
                tokio::task::yield_now().await;
            }
        };
        tasks.push(tokio::spawn(scoped.in_tenant(&context)));
    }
    for task in tasks {
        task.await.unwrap();
    }
}

/// SEED-B1, OW-1.5.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spawn_blocking_takes_the_scope_along() {
    let acme = context("acme");
    acme.scope(async {
        assert_eq!(tokio::task::spawn_blocking(here).await.unwrap(), None);
        let work = in_current_tenant_blocking(here).unwrap();
        assert_eq!(
            tokio::task::spawn_blocking(work).await.unwrap().unwrap(),
            "acme"
        );
    })
    .await;
    assert!(in_current_tenant_blocking(|| ()).is_err());
}

/// SEED-B1, OW-1.5.
#[test]
fn a_thread_pool_runs_each_job_in_the_scope_it_was_sent_from() {
    type Job = Box<dyn FnOnce() + Send>;
    let (jobs, queue) = mpsc::channel::<Job>();
    let queue = Arc::new(Mutex::new(queue));
    let pool: Vec<_> = (0..3)
        .map(|_| {
            let queue = Arc::clone(&queue);
            thread::spawn(move || {
                loop {
                    let job = queue.lock().unwrap().recv();
                    let Ok(job) = job else { break };
                    assert_eq!(here(), None);
                    job();
                    assert_eq!(here(), None);
                }
            })
        })
        .collect();
    let (answers, answered) = mpsc::channel();
    for name in ["acme", "globex", "umbrella"].repeat(20) {
        let answers = answers.clone();
        context(name).sync_scope(|| {
            let work = in_current_tenant_blocking(move || answers.send((name, here())).unwrap());
            jobs.send(Box::new(work.unwrap())).unwrap();
        });
    }
    drop((jobs, answers));
    let all: Vec<_> = answered.iter().collect();
    assert_eq!(all.len(), 60);
    assert!(
        all.iter()
            .all(|(name, seen)| seen.as_deref() == Some(*name))
    );
    for thread in pool {
        thread.join().unwrap();
    }
}

/// Says who is current at each poll, a few times.
struct Saying(u32);

impl Stream for Saying {
    type Item = Option<String>;

    fn poll_next(mut self: Pin<&mut Self>, _task: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(left) = self.0.checked_sub(1) else {
            return Poll::Ready(None);
        };
        self.0 = left;
        Poll::Ready(Some(here()))
    }
}

async fn collect<S: Stream>(stream: S) -> Vec<S::Item> {
    let mut stream = pin!(stream);
    let mut items = Vec::new();
    while let Some(item) = std::future::poll_fn(|task| stream.as_mut().poll_next(task)).await {
        items.push(item);
    }
    items
}

/// SEED-B1.
#[test]
fn a_stream_polled_after_its_handler_returned_needs_a_scope_of_its_own() {
    let (acme, sink) = watched("acme");
    let (bare, scoped) =
        finish(acme.scope(async { (Saying(2), Saying(2).in_current_tenant().unwrap()) }));
    sink.clear();
    assert_eq!(finish(collect(bare)), [None, None]);
    assert!(sink.is_empty());
    let said = finish(collect(scoped));
    assert_eq!(said, [Some("acme".to_owned()), Some("acme".to_owned())]);
    assert_eq!(kinds(&sink.events()), ["context_bound", "context_released"]);
    assert_eq!(here(), None);
}

/// SEED-B1.
#[test]
fn a_stream_dropped_before_its_end_releases_the_scope() {
    let (acme, sink) = watched("acme");
    let mut stream = Box::pin(acme.scope_stream(Saying(5)));
    let mut task = Context::from_waker(Waker::noop());
    assert!(stream.as_mut().poll_next(&mut task).is_ready());
    drop(stream);
    assert_eq!(kinds(&sink.events()), ["context_bound", "context_released"]);
    assert_eq!(sink.events()[1].payload().reason(), Some("cancelled"));
    drop(acme.scope_stream(Saying(5)));
    assert_eq!(sink.len(), 2);
}

#[test]
fn scopes_may_be_entered_while_the_current_tenant_is_lent() {
    let (acme, globex, umbrella) = (context("acme"), context("globex"), context("umbrella"));
    acme.sync_scope(|| {
        with_current_tenant(|outer| {
            let inside = globex.sync_scope(|| {
                with_current_tenant(|middle| {
                    assert_eq!(middle.unwrap().tenant().as_str(), "globex");
                    let deepest = finish(umbrella.scope(async {
                        step().await;
                        (here(), lent())
                    }));
                    assert_eq!(
                        deepest,
                        (Some("umbrella".to_owned()), Some("umbrella".to_owned()))
                    );
                    assert_eq!(middle.unwrap().tenant().as_str(), "globex");
                });
                here()
            });
            assert_eq!(inside.unwrap(), "globex");
            assert_eq!(outer.unwrap().tenant().as_str(), "acme");
            assert_eq!(here().unwrap(), "acme");
            let unwound = catch_unwind(AssertUnwindSafe(|| {
                globex.sync_scope(|| panic!("on purpose"))
            }));
            assert!(unwound.is_err());
            assert_eq!(here().unwrap(), "acme");
        });
    });
    assert_eq!(here(), None);
}

/// Uses the scope functions while its thread is torn down.
struct AtTheEnd(
    RefCell<
        Option<(
            tenantshield_core::TenantContext,
            mpsc::Sender<Option<String>>,
        )>,
    >,
);

impl Drop for AtTheEnd {
    fn drop(&mut self) {
        let Some((context, sender)) = self.0.borrow_mut().take() else {
            return;
        };
        let seen = context.sync_scope(here);
        drop(lent());
        sender.send(seen).unwrap();
    }
}

#[test]
fn code_that_runs_while_its_thread_is_torn_down_has_scopes_too() {
    thread_local!(static LAST: AtTheEnd = const { AtTheEnd(RefCell::new(None)) });
    for is_slot_used_first in [true, false] {
        let (sender, receiver) = mpsc::channel();
        let acme = context("acme");
        thread::spawn(move || {
            if is_slot_used_first {
                assert_eq!(here(), None);
            }
            LAST.with(|last| *last.0.borrow_mut() = Some((acme, sender)));
            context("globex").sync_scope(|| assert_eq!(here().unwrap(), "globex"));
        })
        .join()
        .unwrap();
        let seen = receiver.recv().unwrap();
        assert_eq!(seen.as_deref(), Some("acme"));
    }
}

/// SEED-B4.
#[test]
fn a_context_used_inside_of_another_tenants_scope_is_ambiguous() {
    let (acme, globex) = (context("acme"), context("globex"));
    assert!(ensure_current(&acme).is_ok());
    acme.sync_scope(|| {
        assert!(ensure_current(&acme).is_ok());
        let error = ensure_current(&globex).unwrap_err();
        assert_eq!(error.code(), "TS-CTX-002");
        let Error::AmbiguousContext(error) = error else {
            panic!("another error")
        };
        assert_eq!(error.bound().as_str(), "globex");
        assert_eq!(error.given().as_str(), "acme");
    });
}
