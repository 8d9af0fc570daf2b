//! The guard: text in, guarded text or a refusal out.

use std::sync::Arc;

use foldhash::fast::RandomState;
use quick_cache::Weighter;
use quick_cache::sync::{Cache, DefaultLifecycle};
use tenantshield_core::{Catalog, TenantContext};

use crate::dialect::Dialect;
use crate::envelope::Limits;
use crate::error::Error;
use crate::filter::Filters;
use crate::guarded::GuardedSql;
use crate::judge;
use crate::judgement::{Judgement, StatementKind};
use crate::mode::Barrier;
use crate::refusal::Refusal;
use crate::relation::Index;
use crate::walk::Rules;

/// Texts longer than this are judged each time, not cached.
const MAX_CACHED_BYTES: usize = 16 * 1024;

/// How a guard works.
///
/// # Units
/// Sizes in bytes; depth in nested parentheses; weight in tokens that can nest an expression.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct GuardOptions {
    /// The barrier mode; `Auto` by default.
    pub barrier: Barrier,
    /// The memory that cached outcomes may take, keys included; 8 MiB by default.
    pub cache_bytes: u64,
    /// The deepest nesting of parentheses; 64 by default.
    pub max_depth: usize,
    /// The longest text; 256 KiB by default.
    pub max_sql_bytes: usize,
    /// The largest number of words and operators; 20 000 by default.
    pub max_weight: usize,
    /// Whether transaction control is admitted; only for adapters that own the connection.
    pub transactions: bool,
}

impl Default for GuardOptions {
    fn default() -> Self {
        Self {
            barrier: Barrier::Auto,
            cache_bytes: 8 * 1024 * 1024,
            max_depth: 64,
            max_sql_bytes: 256 * 1024,
            max_weight: 20_000,
            transactions: false,
        }
    }
}

/// Both outcomes are kept: a refusal costs as little the second time as an admission.
#[derive(Clone, Debug)]
struct Outcome(Result<Arc<Judgement>, Arc<Refusal>>);

#[derive(Clone, Debug)]
struct Bytes;

impl Weighter<Box<str>, Outcome> for Bytes {
    fn weight(&self, key: &Box<str>, value: &Outcome) -> u64 {
        let outcome = match &value.0 {
            Ok(judgement) => judgement.bytes(),
            Err(refusal) => size_of::<Refusal>() + refusal.reason().len(),
        };
        (key.len() + outcome + 64) as u64
    }
}

/// Judges statements for one catalogue and one dialect.
///
/// # Security
/// Closed-world: a table, function, operator, type or form that is not known is refused. The text
/// that leaves is rendered by the guard, read back and checked by a second pass. The outcome holds
/// no tenant: the tenant is a bind, always.
#[derive(Debug)]
pub struct Guard {
    catalog: Arc<Catalog>,
    rules: Rules,
    limits: Limits,
    cache: Cache<Box<str>, Outcome, Bytes, RandomState>,
}

impl Guard {
    /// A guard with default options.
    ///
    /// # Errors
    /// [`Error::Catalog`] when two names of the catalogue are one to the dialect.
    pub fn new(catalog: Arc<Catalog>, dialect: Dialect) -> Result<Self, Error> {
        Self::with_options(catalog, dialect, GuardOptions::default())
    }

    /// A guard with `options`.
    ///
    /// # Errors
    /// [`Error::Catalog`] when two names of the catalogue are one to the dialect.
    pub fn with_options(
        catalog: Arc<Catalog>,
        dialect: Dialect,
        options: GuardOptions,
    ) -> Result<Self, Error> {
        let index = Index::new(&catalog, dialect).ok_or_else(Error::folded_names)?;
        let functions = catalog
            .functions()
            .iter()
            .map(|function| crate::name::folded(function, dialect))
            .collect();
        let estimate = usize::try_from(options.cache_bytes / 1024).unwrap_or(usize::MAX);
        Ok(Self {
            catalog,
            rules: Rules {
                dialect,
                index,
                functions,
                barrier: options.barrier,
                transactions: options.transactions,
            },
            limits: Limits {
                sql_bytes: options.max_sql_bytes,
                depth: options.max_depth,
                weight: options.max_weight,
            },
            cache: Cache::with(
                estimate.max(16),
                options.cache_bytes,
                Bytes,
                RandomState::default(),
                DefaultLifecycle::default(),
            ),
        })
    }

    /// The catalogue that it judges by.
    pub const fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    /// The dialect that it reads and writes.
    pub const fn dialect(&self) -> Dialect {
        self.rules.dialect
    }

    /// How many bytes the cached outcomes take now.
    pub fn cached_bytes(&self) -> u64 {
        self.cache.weight()
    }

    /// Judges `sql` without a tenant; the outcome is cached.
    ///
    /// # Errors
    /// The refusal, with its code and its mend.
    pub fn judge(&self, sql: &str, filters: &Filters) -> Result<Arc<Judgement>, Arc<Refusal>> {
        // A text that begins with NUL is refused anyway; cached, it could pass for a key of filters.
        if sql.len() > MAX_CACHED_BYTES || sql.starts_with('\0') {
            return self.judge_uncached(sql, filters);
        }
        if !filters.is_empty() {
            let filters_key = filters.key();
            let key = format!("\0{}:{filters_key}{sql}", filters_key.len());
            return self.cached(&key, sql, filters);
        }
        self.cached(sql, sql, filters)
    }

    fn cached(
        &self,
        key: &str,
        sql: &str,
        filters: &Filters,
    ) -> Result<Arc<Judgement>, Arc<Refusal>> {
        if let Some(outcome) = self.cache.get(key) {
            return outcome.0;
        }
        let outcome = self.judge_uncached(sql, filters);
        self.cache.insert(key.into(), Outcome(outcome.clone()));
        outcome
    }

    /// Judges `sql` without looking at or filling the cache.
    ///
    /// # Errors
    /// The refusal, with its code and its mend.
    pub fn judge_uncached(
        &self,
        sql: &str,
        filters: &Filters,
    ) -> Result<Arc<Judgement>, Arc<Refusal>> {
        judge::judge(sql, &self.rules, self.limits, filters)
            .map(Arc::new)
            .map_err(Arc::new)
    }

    /// The kind of a statement that leaves tenant scope on purpose; nothing is rewritten and the
    /// catalogue's relations do not apply.
    ///
    /// # Errors
    /// The refusal when the envelope or the parser refuses it, when it is neither a read nor a row
    /// write, or when a read calls a function that is not known to be harmless.
    ///
    /// # Security
    /// For the `danger` modes of adapters only. `Select` means that the statement writes nothing.
    pub fn classify(&self, sql: &str) -> Result<StatementKind, Refusal> {
        judge::classify(sql, &self.rules, self.limits)
    }

    /// Makes `sql` the statement of one tenant: the only maker of [`GuardedSql`].
    ///
    /// # Errors
    /// The refusal; also when the tenant's id does not fit the catalogue's type, or a literal in
    /// the statement names another tenant.
    pub fn guard(
        &self,
        context: &TenantContext,
        sql: &str,
        filters: &Filters,
    ) -> Result<GuardedSql, Arc<Refusal>> {
        let judgement = self.judge(sql, filters)?;
        GuardedSql::new(judgement, context).map_err(Arc::new)
    }
}
