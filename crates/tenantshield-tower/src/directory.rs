//! A directory with bounded staleness in front of a slow one.
//!
//! Each request asks whether the tenant is active and the principal still a member. Asked of a
//! database each time, that is a lever for anyone who sends requests; remembered without bound, a
//! removed member stays. So answers are kept for at most 30 seconds, the "no" as well as the
//! "yes", one question at a time per key, and whoever changes a tenant forgets it here at once.

use std::fmt;
use std::future::Future;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use moka::future::Cache;
use tenantshield_core::{
    Clock, Directory, Membership, Principal, SeamError, SystemClock, TenantId, TenantRecord,
};

use crate::error::Error;

const AGE_LIMIT: Duration = Duration::from_secs(30);
const CAPACITY: u64 = 100_000;
const STRIPES: usize = 1024;
const ATTEMPTS: usize = 3;

/// Remembers a directory's answers for a short time.
///
/// # Shape
/// Clones share one memory. Failures are handed to whoever waits for them and are not kept.
///
/// # Units
/// Answers live at most 30 s (the limit and the default), measured from before the question was
/// asked, on the clock's monotonic reading; 100 000 answers of each kind.
///
/// # Security
/// After [`invalidate`](Self::invalidate) returns, no answer from before it is given, not even
/// one whose question was on its way.
pub struct CachedDirectory<D> {
    inner: Arc<D>,
    tenants: Cache<TenantId, Kept<Option<TenantRecord>>>,
    members: Cache<(TenantId, Principal), Kept<Option<Membership>>>,
    epochs: Arc<Epochs>,
    ttl: Duration,
    clock: Arc<dyn Clock>,
}

impl<D: Directory> CachedDirectory<D> {
    /// Remembers this directory's answers for 30 seconds.
    pub fn new(inner: D) -> Self {
        Self {
            inner: Arc::new(inner),
            tenants: memory(AGE_LIMIT),
            members: memory(AGE_LIMIT),
            epochs: Arc::new(Epochs::new()),
            ttl: AGE_LIMIT,
            clock: Arc::new(SystemClock),
        }
    }

    /// Remembers answers for a shorter time.
    ///
    /// # Errors
    /// [`Error::Configuration`] above 30 seconds.
    pub fn with_ttl(mut self, ttl: Duration) -> Result<Self, Error> {
        if ttl > AGE_LIMIT {
            return Err(Error::configuration(
                "directory ttl",
                "use at most 30 seconds",
            ));
        }
        self.ttl = ttl;
        Ok(self)
    }

    /// Judges age by this clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Forgets all that is known about a tenant and its members.
    pub fn invalidate(&self, tenant: &TenantId) {
        self.epochs.advance(tenant);
    }

    async fn recall<K, V, F, Fut>(
        &self,
        memory: &Cache<K, Kept<V>>,
        key: K,
        tenant: &TenantId,
        ask: F,
    ) -> Result<V, SeamError>
    where
        K: Clone + Eq + Hash + Send + Sync + 'static,
        V: Clone + Send + Sync + 'static,
        F: Fn() -> Fut + Send + Sync,
        Fut: Future<Output = Result<V, SeamError>> + Send,
    {
        for _ in 0..ATTEMPTS {
            let epoch = self.epochs.current(tenant);
            let asked_at = self.clock.monotonic();
            let is_fresh = |kept: &Kept<V>| {
                let age = asked_at.saturating_sub(kept.asked_at);
                kept.answer.is_ok() && kept.epoch == epoch && age < self.ttl
            };
            if let Some(kept) = memory.get(&key).await
                && is_fresh(&kept)
            {
                return kept.into_answer();
            }
            let load = async {
                let answer = ask().await.map_err(Arc::new);
                Kept {
                    answer,
                    epoch,
                    asked_at,
                }
            };
            let entry = memory
                .entry(key.clone())
                .or_insert_with_if(load, |kept| !is_fresh(kept));
            let kept = entry.await.into_value();
            if kept.epoch == self.epochs.current(tenant) {
                return kept.into_answer();
            }
        }
        // The tenant changes faster than it can be remembered: ask, and keep nothing.
        ask().await
    }
}

#[async_trait]
impl<D: Directory> Directory for CachedDirectory<D> {
    async fn tenant(&self, id: &TenantId) -> Result<Option<TenantRecord>, SeamError> {
        self.recall(&self.tenants, id.clone(), id, || self.inner.tenant(id))
            .await
    }

    async fn membership(
        &self,
        id: &TenantId,
        principal: &Principal,
    ) -> Result<Option<Membership>, SeamError> {
        let key = (id.clone(), principal.clone());
        self.recall(&self.members, key, id, || {
            self.inner.membership(id, principal)
        })
        .await
    }
}

impl<D> Clone for CachedDirectory<D> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            tenants: self.tenants.clone(),
            members: self.members.clone(),
            epochs: Arc::clone(&self.epochs),
            ttl: self.ttl,
            clock: Arc::clone(&self.clock),
        }
    }
}

impl<D> fmt::Debug for CachedDirectory<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedDirectory")
            .field("ttl", &self.ttl)
            .finish_non_exhaustive()
    }
}

/// One answer, and what is needed to know whether it still counts.
#[derive(Clone)]
struct Kept<V> {
    answer: Result<V, Arc<SeamError>>,
    epoch: u64,
    asked_at: Duration,
}

impl<V> Kept<V> {
    fn into_answer(self) -> Result<V, SeamError> {
        self.answer.map_err(SeamError::new)
    }
}

/// Counts changes per group of tenants, in fixed memory.
///
/// Two tenants of one group forget together, which costs a question and never a wrong answer.
struct Epochs {
    stripes: Box<[AtomicU64]>,
    hasher: RandomState,
}

impl Epochs {
    fn new() -> Self {
        let stripes = (0..STRIPES).map(|_| AtomicU64::new(0)).collect();
        Self {
            stripes,
            hasher: RandomState::new(),
        }
    }

    fn current(&self, tenant: &TenantId) -> u64 {
        self.stripe(tenant)
            .map_or(0, |stripe| stripe.load(Ordering::Acquire))
    }

    fn advance(&self, tenant: &TenantId) {
        if let Some(stripe) = self.stripe(tenant) {
            stripe.fetch_add(1, Ordering::AcqRel);
        }
    }

    fn stripe(&self, tenant: &TenantId) -> Option<&AtomicU64> {
        let count = u64::try_from(self.stripes.len()).ok()?;
        let index = self.hasher.hash_one(tenant).checked_rem(count)?;
        self.stripes.get(usize::try_from(index).ok()?)
    }
}

fn memory<K, V>(ttl: Duration) -> Cache<K, Kept<V>>
where
    K: Eq + Hash + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    Cache::builder()
        .max_capacity(CAPACITY)
        .time_to_live(ttl)
        .build()
}
