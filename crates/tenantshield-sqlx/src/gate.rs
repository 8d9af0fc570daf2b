//! Where a statement of the application becomes a statement of one tenant.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use sqlx::{Arguments, AssertSqlSafe, Pool, SqlSafeStr};
use tenantshield_core::audit::AuditBus;
use tenantshield_core::policy::{self, Action, Decision, Filter, FilterValue, Operation, Policy};
use tenantshield_core::{
    AmbiguousContext, Error as CoreError, Refusal as CoreRefusal, TenantContext, UnscopedQuery,
    observability,
};
use tenantshield_sql::{
    FilterKind, Filters, Guard, GuardedSql, Judgement, Slot, StatementKind, code,
};

use crate::backend::Backend;
use crate::backend::sealed::BindValue;
use crate::error::refused;
use crate::evidence::{Trail, explain};
use crate::job::{Job, Judge, Statement};

/// What every handle of one `Db` shares.
pub(crate) struct Shared<DB: Backend> {
    pub(crate) bus: AuditBus,
    pub(crate) guard: Arc<Guard>,
    pub(crate) policy: Option<Arc<dyn Policy>>,
    pub(crate) pool: Pool<DB>,
}

/// Judges statements for the tenant of one context.
pub(crate) struct Gate<DB: Backend> {
    context: TenantContext,
    shared: Arc<Shared<DB>>,
}

impl<DB: Backend> Gate<DB> {
    pub(crate) fn new(context: TenantContext, shared: Arc<Shared<DB>>) -> Self {
        Self { context, shared }
    }

    pub(crate) fn context(&self) -> &TenantContext {
        &self.context
    }

    pub(crate) fn pool(&self) -> &Pool<DB> {
        &self.shared.pool
    }

    pub(crate) fn same_tenant(&self, context: &TenantContext) -> Result<(), CoreError> {
        let (bound, given) = (self.context.tenant(), context.tenant());
        if bound == given {
            return Ok(());
        }
        Err(AmbiguousContext::new(bound.clone(), given.clone()).into())
    }

    /// Asks the guard and, if there is one, the policy about each relation.
    fn decide(&self, sql: &str) -> Result<(GuardedSql, Values), CoreError> {
        let plain = self.guard(sql, Filters::NONE)?;
        let mut values = Values::default();
        let Some(policy) = &self.shared.policy else {
            return Ok((plain, values));
        };
        let mut filters = Filters::new();
        for touch in plain.judgement().touches() {
            let operation = Operation::new(touch.model(), touch.action(), &self.context);
            match policy::evaluate_and_audit(&**policy, &operation) {
                Decision::Allow => {}
                Decision::Deny(_) => return Err(CoreRefusal::policy_denied().into()),
                Decision::RequireScope(filter) if filter.is_empty() => {}
                Decision::RequireScope(filter) => {
                    let columns = filter
                        .values()
                        .map(|(name, value)| (Arc::clone(name), kind(value)));
                    let table = touch.table();
                    filters = filters.with(Arc::clone(table), touch.action(), columns.collect());
                    values.0.insert((Arc::clone(table), touch.action()), filter);
                }
            }
        }
        if filters.is_empty() {
            return Ok((plain, values));
        }
        Ok((self.guard(sql, &filters)?, values))
    }

    fn guard(&self, sql: &str, filters: &Filters) -> Result<GuardedSql, CoreError> {
        let guarded = self
            .shared
            .guard
            .guard(&self.context, sql, filters)
            .map_err(|refusal| explain(&refusal, Some(&self.context), self.context.bus()))?;
        if guarded.judgement().kind() == StatementKind::Transaction {
            // A guard that admits these was made for somebody else: here the handles own them.
            return Err(UnscopedQuery::new("transaction control as a statement")
                .with_rule(code::TRANSACTION.as_str())
                .with_hint(code::TRANSACTION.hint())
                .into());
        }
        Ok(guarded)
    }

    fn observe(&self, judgement: &Judgement) {
        if !observability::is_enabled() {
            return;
        }
        let tenant = self.context.tenant();
        for touch in judgement.touches().iter().filter(|touch| touch.is_tenant()) {
            let operation = touch.action().as_str();
            if touch.is_injected() {
                observability::write_injected(tenant, touch.model(), operation);
            } else {
                observability::read_filtered(tenant, touch.model(), operation);
            }
        }
    }
}

impl<DB: Backend> Judge<DB> for Gate<DB> {
    fn judge(&self, statement: Statement<DB>) -> Result<Job<DB>, sqlx::Error> {
        let Statement {
            sql,
            arguments,
            persistent,
        } = statement;
        let (guarded, values) = self.decide(sql.as_str()).map_err(refused)?;
        // A text without binds goes by the simple protocol and is never kept, also when it gets one.
        let persistent = persistent && arguments.is_some();
        let arguments = bind::<DB>(arguments, &guarded, &values)?;
        let judgement = Arc::clone(guarded.judgement());
        self.observe(&judgement);
        let sql = AssertSqlSafe(Arc::clone(judgement.sql())).into_sql_str();
        Ok(Job {
            statement: Statement {
                sql,
                arguments,
                persistent,
            },
            trail: Trail::Scoped {
                context: self.context.clone(),
                judgement,
            },
            retire: false,
        })
    }

    fn inspect(&self, sql: &str) -> Result<(), sqlx::Error> {
        self.guard(sql, Filters::NONE).map(drop).map_err(refused)
    }
}

impl<DB: Backend> Clone for Gate<DB> {
    fn clone(&self) -> Self {
        Self {
            context: self.context.clone(),
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<DB: Backend> fmt::Debug for Gate<DB> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Gate")
            .field("tenant", self.context.tenant())
            .finish_non_exhaustive()
    }
}

/// The values of the filters that a policy asked for.
#[derive(Default)]
struct Values(HashMap<(Arc<str>, Action), Filter>);

impl Values {
    fn get(&self, table: &Arc<str>, action: Action, column: &str) -> Option<&FilterValue> {
        let filter = self.0.get(&(Arc::clone(table), action))?;
        filter
            .values()
            .find(|(name, _)| &***name == column)
            .map(|(_, value)| value)
    }
}

fn kind(value: &FilterValue) -> FilterKind {
    match value {
        FilterValue::Boolean(_) => FilterKind::Boolean,
        FilterValue::Integer(_) => FilterKind::Integer,
        FilterValue::Text(_) => FilterKind::Text,
        FilterValue::Uuid(_) => FilterKind::Uuid,
    }
}

/// Appends the guard's values to the application's, whose number must be the declared one.
///
/// `SQLite` takes a missing value for NULL: with one too few, the tenant's value would become the
/// application's.
fn bind<DB: Backend>(
    arguments: Option<DB::Arguments>,
    guarded: &GuardedSql,
    values: &Values,
) -> Result<Option<DB::Arguments>, sqlx::Error> {
    let judgement = guarded.judgement();
    let supplied = arguments.as_ref().map_or(0, Arguments::len);
    let declared = judgement.declared_binds();
    if supplied != declared {
        return Err(refused(
            UnscopedQuery::new(format!(
                "{supplied} values bound, the statement declares {declared}"
            ))
            .with_rule("TS-BND-001")
            .with_hint("bind one value for each placeholder of the statement")
            .into(),
        ));
    }
    if judgement.slots().is_empty() {
        return Ok(arguments);
    }
    let mut arguments = arguments.unwrap_or_default();
    arguments.reserve(judgement.slots().len(), judgement.slots().len() * 16);
    for slot in judgement.slots() {
        let value = match slot {
            Slot::Filter {
                table,
                action,
                column,
                ..
            } => values
                .get(table, *action, column)
                .cloned()
                .map(BindValue::Filter),
            Slot::Tenant(kind) => guarded.tenant_value(*kind).ok().map(BindValue::Tenant),
        };
        let Some(value) = value else {
            return Err(refused(
                UnscopedQuery::new("the guard asks for a value that nobody has")
                    .with_rule(code::INTERNAL.as_str())
                    .with_hint(code::INTERNAL.hint())
                    .into(),
            ));
        };
        DB::push(&mut arguments, value).map_err(sqlx::Error::Encode)?;
    }
    Ok(Some(arguments))
}
