//! The cached directory: bounded staleness, one question at a time, no answer after a change.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use http::StatusCode;
use proptest::prelude::*;
use tenantshield_core::{
    Clock, Directory, FakeClock, Membership, Principal, SeamError, TenantId, TenantRecord,
    TenantRoles, TenantState,
};
use tenantshield_tower::CachedDirectory;
use tokio::sync::Semaphore;

use crate::support::{World, bearer, echo, get, jwt, tenant, user};

/// A directory that counts questions, can be held up, and can fail.
#[derive(Debug)]
struct Slow {
    states: Mutex<HashMap<TenantId, TenantState>>,
    members: Mutex<Vec<(TenantId, Principal)>>,
    asked: AtomicUsize,
    gate: Semaphore,
    fails: Mutex<bool>,
}

impl Slow {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            states: Mutex::new(HashMap::from([(tenant("acme"), TenantState::Active)])),
            members: Mutex::new(vec![(tenant("acme"), user("alice"))]),
            asked: AtomicUsize::new(0),
            gate: Semaphore::new(1_000_000),
            fails: Mutex::new(false),
        })
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    fn set(&self, id: &TenantId, state: Option<TenantState>) {
        let mut states = self.states.lock().unwrap();
        match state {
            Some(state) => states.insert(id.clone(), state),
            None => states.remove(id),
        };
    }
}

#[derive(Debug)]
struct Handle(Arc<Slow>);

#[async_trait]
impl Directory for Handle {
    async fn tenant(&self, id: &TenantId) -> Result<Option<TenantRecord>, SeamError> {
        self.0.asked.fetch_add(1, Ordering::SeqCst);
        let state = self.0.states.lock().unwrap().get(id).copied();
        self.0.gate.acquire().await.unwrap().forget();
        if *self.0.fails.lock().unwrap() {
            return Err(SeamError::new(std::io::Error::other("down")));
        }
        Ok(state.map(|state| TenantRecord::new(id.clone(), state)))
    }

    async fn membership(
        &self,
        id: &TenantId,
        principal: &Principal,
    ) -> Result<Option<Membership>, SeamError> {
        self.0.asked.fetch_add(1, Ordering::SeqCst);
        let members = self.0.members.lock().unwrap();
        let found = members
            .iter()
            .any(|one| one.0 == *id && one.1 == *principal);
        Ok(found.then(|| Membership::new(TenantRoles::new())))
    }
}

fn cached(slow: &Arc<Slow>, clock: &Arc<FakeClock>) -> CachedDirectory<Handle> {
    CachedDirectory::new(Handle(Arc::clone(slow))).with_clock(Arc::clone(clock) as Arc<dyn Clock>)
}

async fn state(directory: &CachedDirectory<Handle>, id: &str) -> Option<TenantState> {
    directory
        .tenant(&tenant(id))
        .await
        .unwrap()
        .map(|record| record.state())
}

/// FLAW-03: yes and no are both remembered, for at most 30 seconds.
#[tokio::test]
async fn answers_are_remembered_for_thirty_seconds_and_no_longer() {
    let (slow, clock) = (Slow::new(), Arc::new(FakeClock::new()));
    let directory = cached(&slow, &clock);
    for _ in 0..5 {
        assert_eq!(state(&directory, "acme").await, Some(TenantState::Active));
        assert_eq!(state(&directory, "nobody").await, None);
    }
    assert_eq!(slow.asked(), 2);
    slow.set(&tenant("acme"), Some(TenantState::Suspended));
    clock.advance(Duration::from_millis(29_999));
    assert_eq!(state(&directory, "acme").await, Some(TenantState::Active));
    clock.advance(Duration::from_millis(1));
    assert_eq!(
        state(&directory, "acme").await,
        Some(TenantState::Suspended)
    );
    let other = CachedDirectory::new(Handle(slow));
    assert!(other.with_ttl(Duration::from_secs(31)).is_err());
}

/// FLAW-03: a thousand requests at once ask one question.
#[tokio::test]
async fn many_at_once_ask_once() {
    let (slow, clock) = (Slow::new(), Arc::new(FakeClock::new()));
    slow.gate.forget_permits(1_000_000);
    let directory = cached(&slow, &clock);
    let waiting: Vec<_> = (0..1000)
        .map(|_| {
            let directory = directory.clone();
            tokio::spawn(async move { state(&directory, "acme").await })
        })
        .collect();
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    slow.gate.add_permits(1_000_000);
    for one in waiting {
        assert_eq!(one.await.unwrap(), Some(TenantState::Active));
    }
    assert_eq!(slow.asked(), 1);
}

/// FLAW-03: a failure is handed out and not kept.
#[tokio::test]
async fn a_failure_is_not_remembered() {
    let (slow, clock) = (Slow::new(), Arc::new(FakeClock::new()));
    let directory = cached(&slow, &clock);
    *slow.fails.lock().unwrap() = true;
    assert!(directory.tenant(&tenant("acme")).await.is_err());
    *slow.fails.lock().unwrap() = false;
    assert_eq!(state(&directory, "acme").await, Some(TenantState::Active));
}

/// leaks:102: a question that was on its way when the tenant changed does not bring the old answer
/// back.
#[tokio::test]
async fn an_answer_from_before_a_change_is_never_given_after_it() {
    let (slow, clock) = (Slow::new(), Arc::new(FakeClock::new()));
    slow.gate.forget_permits(1_000_000);
    let directory = cached(&slow, &clock);
    let early = tokio::spawn({
        let directory = directory.clone();
        async move { state(&directory, "acme").await }
    });
    while slow.asked() == 0 {
        tokio::task::yield_now().await;
    }
    slow.set(&tenant("acme"), Some(TenantState::Suspended));
    directory.invalidate(&tenant("acme"));
    slow.gate.add_permits(1_000_000);
    assert_eq!(early.await.unwrap(), Some(TenantState::Suspended));
    assert_eq!(
        state(&directory, "acme").await,
        Some(TenantState::Suspended)
    );
}

/// A request that gives up while it loads leaves nobody hanging.
#[tokio::test]
async fn a_cancelled_question_is_taken_over_by_the_next() {
    let (slow, clock) = (Slow::new(), Arc::new(FakeClock::new()));
    slow.gate.forget_permits(1_000_000);
    let directory = cached(&slow, &clock);
    let short = Duration::from_millis(10);
    assert!(
        tokio::time::timeout(short, state(&directory, "acme"))
            .await
            .is_err()
    );
    slow.gate.add_permits(10);
    assert_eq!(state(&directory, "acme").await, Some(TenantState::Active));
}

/// FLAW-01: a token outlives a membership; the request does not.
#[tokio::test]
async fn a_removed_member_is_out_although_the_token_lives_on() {
    let (slow, clock) = (Slow::new(), Arc::new(FakeClock::new()));
    let directory = cached(&slow, &clock);
    let shared = directory.clone();
    let world = World::with(move |builder| builder.directory(shared));
    let service = echo(&world.layer(jwt()));
    let token = bearer("alice", "acme");
    let heads = [("authorization", token.as_str())];
    assert_eq!(get(&service, "/", &heads).await.status, StatusCode::OK);
    slow.members.lock().unwrap().clear();
    directory.invalidate(&tenant("acme"));
    assert_eq!(
        get(&service, "/", &heads).await.status,
        StatusCode::NOT_FOUND
    );
    slow.members
        .lock()
        .unwrap()
        .push((tenant("acme"), user("alice").with_issuer("other")));
    clock.advance(Duration::from_secs(30));
    assert_eq!(
        get(&service, "/", &heads).await.status,
        StatusCode::NOT_FOUND
    );
}

#[derive(Clone, Debug)]
enum Step {
    Ask(u8),
    Change(u8, Option<TenantState>, bool),
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let states = prop::sample::select(vec![
        None,
        Some(TenantState::Active),
        Some(TenantState::Suspended),
        Some(TenantState::Deleted),
    ]);
    prop_oneof![
        4 => (0_u8..3).prop_map(Step::Ask),
        2 => (0_u8..3, states, any::<bool>()).prop_map(|(id, to, told)| Step::Change(id, to, told)),
        1 => (1_u64..40).prop_map(Step::Wait),
    ]
}

proptest! {
    /// leaks:102: against a model, an answer is never from before the last announced change, and
    /// never older than 30 seconds.
    #[test]
    fn no_answer_is_staler_than_its_bound(steps in prop::collection::vec(step(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (slow, clock) = (Slow::new(), Arc::new(FakeClock::new()));
            let directory = cached(&slow, &clock);
            let names = ["acme", "globex", "initech"];
            // Per tenant: every state since the last announced change, with the second it began.
            let mut history: HashMap<usize, Vec<(u64, Option<TenantState>)>> = HashMap::new();
            history.insert(0, vec![(0, Some(TenantState::Active))]);
            let mut now = 0_u64;
            for one in steps {
                match one {
                    Step::Ask(id) => {
                        let id = usize::from(id);
                        let found = state(&directory, names[id]).await;
                        let known = history.entry(id).or_insert_with(|| vec![(0, None)]);
                        let allowed = known.iter().enumerate().any(|(index, (_, value))| {
                            let until = known.get(index + 1).map_or(u64::MAX, |next| next.0);
                            *value == found && now < until.saturating_add(30)
                        });
                        assert!(allowed, "{found:?} is stale: {known:?} at {now}");
                    }
                    Step::Change(id, to, is_announced) => {
                        let id = usize::from(id);
                        slow.set(&tenant(names[id]), to);
                        let known = history.entry(id).or_insert_with(|| vec![(0, None)]);
                        if is_announced {
                            directory.invalidate(&tenant(names[id]));
                            known.clear();
                        }
                        known.push((now, to));
                    }
                    Step::Wait(seconds) => {
                        clock.advance(Duration::from_secs(seconds));
                        now += seconds;
                    }
                }
            }
        });
    }
}
