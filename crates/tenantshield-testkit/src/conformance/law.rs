//! The laws of single statements, and the list of all laws.

use std::sync::Arc;

use tenantshield_core::TenantContext;
use tenantshield_core::audit::{AuditEventType, AuditSink, InMemorySink};
use tenantshield_sql::Dialect;

use crate::conformance::{AdapterError, Stand, Value};
use crate::fixture;

macro_rules! laws {
    ($($(#[$doc:meta])+ $name:ident = $text:literal => $function:ident;)+) => {
        /// A law that every adapter keeps.
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        #[non_exhaustive]
        pub enum Law {
            $($(#[$doc])+ $name,)+
        }

        impl Law {
            /// All of them, in the order in which they are tried.
            pub const ALL: [Self; [$($text),+].len()] = [$(Self::$name),+];

            /// The law as a sentence.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }
        }

        impl Stand<'_> {
            pub(crate) async fn try_law(&self, law: Law) -> Result<(), String> {
                match law {
                    $(Law::$name => self.$function().await,)+
                }
            }
        }
    };
}

laws! {
    /// `current()` outside a scope gives no handle.
    AmbientNeedsScope = "without a scope there is no ambient handle" => ambient_needs_scope;
    /// The ambient handle is the scope's tenant's.
    AmbientScope = "the ambient handle is bound to the scope's tenant" => ambient_scope;
    /// A foreign tenant value that is bound is refused and audited once.
    BoundForeignTenant = "a bound foreign tenant value writes nothing and is audited once" => bound_foreign_tenant;
    /// Own tenant value and NULL may be bound on insert.
    BoundOwnTenant = "a bound own tenant value and a bound null are accepted" => bound_own_tenant;
    /// Counts of binds must fit.
    BindCount = "a missing or surplus value is refused before anything is sent" => bind_count;
    /// Statements of two tenants in turn on one pool.
    Concurrency = "two tenants at once on one pool each see their own rows" => concurrency;
    /// DELETE touches own rows only.
    Delete = "a delete without a condition removes own rows only" => delete;
    /// A database's error carries nothing foreign.
    ErrorText = "an error of the database names no value of another tenant" => error_text;
    /// INSERT gets the tenant.
    Insert = "an insert gets the scope's tenant" => insert;
    /// A foreign tenant literal is refused and audited once.
    LiteralForeignTenant = "a written foreign tenant value writes nothing and is audited once" => literal_foreign_tenant;
    /// The tenant column cannot be assigned.
    MoveRow = "no row can be moved to another tenant" => move_row;
    /// Naming the other tenant does not help.
    NamedForeignTenant = "naming another tenant in a condition gives no rows" => named_foreign_tenant;
    /// A statement that was prepared for one tenant.
    Prepared = "a statement prepared for one tenant serves the next one with its own rows" => prepared;
    /// SELECT sees own rows only.
    Read = "a read sees own rows only" => read;
    /// A savepoint that is rolled back.
    Savepoint = "a rolled-back savepoint leaves what was before it" => savepoint;
    /// Shared tables are read-only.
    Shared = "a shared table is read and not written" => shared;
    /// Several statements in one text.
    Stacked = "a second statement in one text is refused" => stacked;
    /// A stream belongs to the tenant of its handle.
    Stream = "a stream polled in another scope keeps its tenant" => stream;
    /// COMMIT persists.
    TransactionCommit = "a committed transaction persists, for its tenant" => transaction_commit;
    /// A transaction that is dropped.
    TransactionDrop = "a dropped transaction leaves nothing, and its connection serves the next tenant" => transaction_drop;
    /// An error inside a transaction.
    TransactionError = "a refused statement in a transaction takes its writes along" => transaction_error;
    /// ROLLBACK undoes.
    TransactionRollback = "a rolled-back transaction leaves nothing" => transaction_rollback;
    /// Session state and transaction control as text.
    TransactionText = "transaction control as text is refused" => transaction_text;
    /// Unknown and platform tables.
    Unknown = "unknown and platform tables are refused" => unknown;
    /// UPDATE touches own rows only.
    Update = "an update without a condition changes own rows only" => update;
}

impl Stand<'_> {
    /// A numbered placeholder of the dialect.
    pub(crate) fn p(&self, index: usize) -> String {
        match self.adapter.dialect() {
            Dialect::Postgres => format!("${index}"),
            Dialect::Sqlite => format!("?{index}"),
        }
    }

    pub(crate) async fn integers(
        &self,
        context: &TenantContext,
        sql: &str,
    ) -> Result<Vec<i64>, String> {
        let rows = self.adapter.fetch(context, sql, &[]).await.map_err(say)?;
        Ok(numbers(&rows))
    }

    /// Both tenants' rows, so that a law can say that one of them is as it was.
    pub(crate) async fn notes(&self, context: &TenantContext) -> Result<Vec<Vec<Value>>, String> {
        let sql = "SELECT id, note FROM orders ORDER BY id";
        self.adapter.fetch(context, sql, &[]).await.map_err(say)
    }

    async fn read(&self) -> Result<(), String> {
        let own = self
            .integers(&self.own, "SELECT tenant_id FROM orders")
            .await?;
        let foreign = self
            .integers(&self.foreign, "SELECT tenant_id FROM orders")
            .await?;
        equal(&own, &vec![1; 4])?;
        equal(&foreign, &vec![2; 4])?;
        let joined = "SELECT c.tenant_id FROM orders o LEFT JOIN customers c ON true";
        equal(&self.integers(&self.own, joined).await?, &vec![1; 16])
    }

    async fn named_foreign_tenant(&self) -> Result<(), String> {
        let sql = "SELECT id FROM orders WHERE tenant_id = 2 OR tenant_id <> 1";
        equal(&self.integers(&self.own, sql).await?, &Vec::new())
    }

    async fn insert(&self) -> Result<(), String> {
        let sql = format!(
            "INSERT INTO orders (id, note) VALUES ({}, 'new')",
            self.p(1)
        );
        let done = self
            .adapter
            .execute(&self.own, &sql, &[Value::Integer(901)])
            .await
            .map_err(say)?;
        equal(&done, &1)?;
        let sql = "SELECT tenant_id FROM orders WHERE id = 901";
        equal(&self.integers(&self.own, sql).await?, &vec![1])?;
        equal(&self.integers(&self.foreign, sql).await?, &Vec::new())
    }

    async fn bound_own_tenant(&self) -> Result<(), String> {
        let sql = format!(
            "INSERT INTO orders (id, tenant_id, note) VALUES ({}, {}, 'new')",
            self.p(1),
            self.p(2)
        );
        for (id, tenant) in [(911, Value::Integer(1)), (912, Value::Null)] {
            self.adapter
                .execute(&self.own, &sql, &[Value::Integer(id), tenant])
                .await
                .map_err(say)?;
        }
        let sql = "SELECT tenant_id FROM orders WHERE id IN (911, 912)";
        equal(&self.integers(&self.own, sql).await?, &vec![1, 1])
    }

    async fn bound_foreign_tenant(&self) -> Result<(), String> {
        let sql = format!(
            "INSERT INTO orders (id, tenant_id, note) VALUES (921, {}, 'new')",
            self.p(1)
        );
        self.blocked(&sql, &[Value::Integer(2)], Some("TS-XT-001"))
            .await?;
        let left = "SELECT id FROM orders WHERE id = 921";
        equal(&self.integers(&self.foreign, left).await?, &Vec::new())
    }

    async fn literal_foreign_tenant(&self) -> Result<(), String> {
        let sql = "INSERT INTO orders (id, tenant_id, note) VALUES (931, 2, 'new')";
        self.blocked(sql, &[], None).await?;
        let left = "SELECT id FROM orders WHERE id = 931";
        equal(&self.integers(&self.foreign, left).await?, &Vec::new())
    }

    async fn move_row(&self) -> Result<(), String> {
        self.blocked("UPDATE orders SET tenant_id = 2 WHERE id = 1", &[], None)
            .await?;
        equal(
            &self
                .integers(&self.foreign, "SELECT tenant_id FROM orders")
                .await?,
            &vec![2; 4],
        )
    }

    async fn update(&self) -> Result<(), String> {
        let before = self.notes(&self.foreign).await?;
        let done = self
            .adapter
            .execute(&self.own, "UPDATE orders SET note = 'x'", &[])
            .await
            .map_err(say)?;
        equal(&done, &4)?;
        equal(&self.notes(&self.foreign).await?, &before)
    }

    async fn delete(&self) -> Result<(), String> {
        let before = self.notes(&self.foreign).await?;
        let done = self
            .adapter
            .execute(&self.own, "DELETE FROM orders", &[])
            .await
            .map_err(say)?;
        equal(&done, &4)?;
        equal(&self.notes(&self.own).await?, &Vec::new())?;
        equal(&self.notes(&self.foreign).await?, &before)
    }

    async fn shared(&self) -> Result<(), String> {
        equal(
            &self
                .integers(&self.own, "SELECT id FROM plans ORDER BY id")
                .await?,
            &vec![1, 2, 3],
        )?;
        self.refused("UPDATE plans SET name = 'x'", &[]).await?;
        self.refused("INSERT INTO plans (id, name) VALUES (9, 'x')", &[])
            .await
    }

    async fn unknown(&self) -> Result<(), String> {
        for sql in [
            "SELECT * FROM tenants",
            "SELECT * FROM nowhere",
            "DELETE FROM tenants",
        ] {
            self.refused(sql, &[]).await?;
        }
        Ok(())
    }

    async fn stacked(&self) -> Result<(), String> {
        self.refused("SELECT 1; SELECT v FROM secrets", &[]).await
    }

    async fn bind_count(&self) -> Result<(), String> {
        let sql = format!("SELECT id FROM orders WHERE id = {}", self.p(1));
        self.refused(&sql, &[]).await?;
        self.refused(&sql, &[Value::Integer(1), Value::Integer(2)])
            .await?;
        self.refused("SELECT id FROM orders", &[Value::Integer(2)])
            .await
    }

    async fn error_text(&self) -> Result<(), String> {
        // Key 2 is the other tenant's: the database has to refuse it, and only that may show.
        let sql = "INSERT INTO orders (id, note) VALUES (2, 'mine')";
        let Err(error) = self.adapter.execute(&self.own, sql, &[]).await else {
            return Err("a key that is taken was accepted".to_owned());
        };
        self.silent(&error)?;
        let cast = "SELECT id FROM secrets WHERE CAST(v AS integer) = 1";
        match self.adapter.fetch(&self.own, cast, &[]).await {
            Ok(_) => Ok(()),
            Err(error) => self.silent(&error),
        }
    }

    #[expect(clippy::unused_self, reason = "reads like the other questions")]
    fn silent(&self, error: &AdapterError) -> Result<(), String> {
        match fixture::canaries()
            .iter()
            .find(|canary| error.text().contains(*canary))
        {
            None => Ok(()),
            Some(canary) => Err(format!("the error holds `{canary}`")),
        }
    }

    /// The statement is refused by us, not by the database.
    pub(crate) async fn refused(&self, sql: &str, binds: &[Value]) -> Result<(), String> {
        match self.adapter.fetch(&self.own, sql, binds).await {
            Ok(rows) => Err(format!("`{sql}` ran and gave {rows:?}")),
            Err(error) if error.code().is_some() => Ok(()),
            Err(error) => Err(format!(
                "`{sql}` was stopped by the database alone: {error}"
            )),
        }
    }

    /// The write is refused, with exactly one violation in the evidence.
    async fn blocked(&self, sql: &str, binds: &[Value], code: Option<&str>) -> Result<(), String> {
        let sink = Arc::new(InMemorySink::new());
        self.own
            .bus()
            .register(Arc::clone(&sink) as Arc<dyn AuditSink>);
        match self.adapter.execute(&self.own, sql, binds).await {
            Ok(done) => return Err(format!("`{sql}` wrote {done} rows")),
            Err(error) if error.code().is_none() => {
                return Err(format!(
                    "`{sql}` was stopped by the database alone: {error}"
                ));
            }
            Err(error) => {
                if code.is_some() && code != error.code() {
                    return Err(format!("`{sql}` has the code {:?}", error.code()));
                }
            }
        }
        let violations = sink
            .events()
            .iter()
            .filter(|event| event.kind() == AuditEventType::EnforcementViolation)
            .count();
        equal(&violations, &1)
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "stands where `map_err` wants it"
)]
pub(crate) fn say(error: AdapterError) -> String {
    error.to_string()
}

pub(crate) fn numbers(rows: &[Vec<Value>]) -> Vec<i64> {
    rows.iter()
        .flatten()
        .filter_map(|value| match value {
            Value::Integer(number) => Some(*number),
            Value::Null | Value::Text(_) => None,
        })
        .collect()
}

pub(crate) fn equal<T: PartialEq + std::fmt::Debug>(seen: &T, wanted: &T) -> Result<(), String> {
    if seen == wanted {
        Ok(())
    } else {
        Err(format!("saw {seen:?}, wanted {wanted:?}"))
    }
}
