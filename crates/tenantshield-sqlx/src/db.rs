//! The way in: a pool, a guard and, if wanted, a policy.

use std::fmt;
use std::sync::Arc;

use sqlx::Pool;
use tenantshield_core::{
    AuditBus, AuditEventType, AuditPayload, AuditSubject, ConfigurationError, Error as CoreError,
    MissingContext, Policy, TenantContext, with_current_tenant,
};
use tenantshield_sql::Guard;

use crate::backend::Backend;
use crate::gate::{Gate, Shared};
use crate::pool::ScopedPool;

/// A database, before anybody has said for which tenant.
///
/// # Shape
/// Cheap to clone. It is not an executor: statements run on the handle that [`scope`](Self::scope)
/// or [`current`](Self::current) gives for a tenant.
///
/// # Security
/// The pool should serve nobody but this handle: whoever else borrows from it can leave session
/// state behind. With `SQLite`, `:memory:` gives every connection a database of its own, and a
/// connection that is closed (see [`ScopedTransaction`](crate::ScopedTransaction)) takes it along;
/// use a file.
///
/// # Examples
/// ```compile_fail
/// # async fn without_a_tenant(db: tenantshield_sqlx::Db<sqlx::Sqlite>) {
/// sqlx::query("SELECT id FROM orders").fetch_all(&db).await;
/// # }
/// ```
pub struct Db<DB: Backend> {
    shared: Arc<Shared<DB>>,
}

impl<DB: Backend> Db<DB> {
    /// Puts a guard before a pool.
    ///
    /// # Errors
    /// `Configuration`, when the guard speaks another dialect than the pool's database.
    pub fn new(pool: Pool<DB>, guard: Arc<Guard>) -> Result<Self, CoreError> {
        if guard.dialect() != DB::DIALECT {
            return Err(ConfigurationError::new(format!(
                "the guard judges {} and the pool is {}",
                guard.dialect().as_str(),
                DB::DIALECT.as_str(),
            ))
            .into());
        }
        let shared = Shared {
            bus: AuditBus::new(),
            guard,
            policy: None,
            pool,
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// Connects a pool of its own, with the session settings pinned on which the guard relies.
    ///
    /// # Shape
    /// On Postgres: `search_path` is `pg_catalog`, the catalogue's first schema and, last, `pg_temp`;
    /// `standard_conforming_strings` is on, `backslash_quote` is off; each new connection is asked
    /// whether this took. On `SQLite`: foreign keys are on, the schema is not trusted.
    ///
    /// # Errors
    /// The driver's; `sqlx::Error::Configuration` when the server does not keep the settings, as
    /// behind a pooler, or when the guard speaks another dialect.
    pub async fn connect(url: &str, guard: Arc<Guard>) -> Result<Self, sqlx::Error> {
        let pool = DB::connect(url, guard.catalog()).await?;
        Self::new(pool, guard).map_err(|error| sqlx::Error::Configuration(Box::new(error)))
    }

    /// Asks `policy` about each relation of each statement, and records what it says.
    #[must_use]
    pub fn with_policy(self, policy: Arc<dyn Policy>) -> Self {
        self.change(|shared| shared.policy = Some(policy))
    }

    /// Sends what happens outside of any tenant's context (bypasses) to `bus`.
    #[must_use]
    pub fn with_bus(self, bus: AuditBus) -> Self {
        self.change(|shared| shared.bus = bus)
    }

    /// Gives the handle of one tenant.
    pub fn scope(&self, context: &TenantContext) -> ScopedPool<DB> {
        ScopedPool::new(Gate::new(context.clone(), Arc::clone(&self.shared)))
    }

    /// Gives the handle of the tenant in whose scope this is called.
    ///
    /// # Errors
    /// `MissingContext` outside of any scope.
    ///
    /// # Security
    /// The tenant is bound here, once: the handle does not change tenant with the scope in which
    /// its results are polled.
    pub fn current(&self) -> Result<ScopedPool<DB>, CoreError> {
        let handle = with_current_tenant(|context| context.map(|context| self.scope(context)));
        handle.ok_or_else(|| {
            let missing = CoreError::from(MissingContext::new());
            let subject = AuditSubject::none();
            self.shared
                .bus
                .record(AuditEventType::PolicyDeny, subject, || {
                    AuditPayload::new()
                        .with_operation("current")
                        .with_code(missing.code())
                        .with_reason("no tenant context")
                });
            missing
        })
    }

    pub(crate) fn shared(&self) -> &Arc<Shared<DB>> {
        &self.shared
    }

    fn change(self, change: impl FnOnce(&mut Shared<DB>)) -> Self {
        let mut shared = Shared {
            bus: self.shared.bus.clone(),
            guard: Arc::clone(&self.shared.guard),
            policy: self.shared.policy.clone(),
            pool: self.shared.pool.clone(),
        };
        change(&mut shared);
        Self {
            shared: Arc::new(shared),
        }
    }
}

impl<DB: Backend> Clone for Db<DB> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<DB: Backend> fmt::Debug for Db<DB> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Db")
            .field("dialect", &DB::DIALECT)
            .field("policy", &self.shared.policy)
            .finish_non_exhaustive()
    }
}
