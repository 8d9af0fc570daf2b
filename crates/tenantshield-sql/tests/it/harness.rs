//! What all cases share: the catalogue of the corpus and three questions to a guard.

use std::sync::Arc;

use tenantshield_core::{Catalog, TenantId};
use tenantshield_sql::{Barrier, Dialect, Filters, Guard, GuardOptions, Judgement, Refusal};

pub(crate) const CATALOG: &str = r#"
tenant_type = "integer"
[tables.tenants]
kind = "platform"
[tables.orders]
kind = "tenant"
columns = ["id", "tenant_id", "customer_id", "total", "note"]
unique = [["id"]]
[tables.customers]
kind = "tenant"
columns = ["id", "tenant_id", "email", "name"]
unique = [["id"]]
[tables.items]
kind = "tenant"
columns = ["id", "tenant_id", "order_id", "sku", "qty"]
unique = [["tenant_id", "id"]]
[tables.secrets]
kind = "tenant"
columns = ["id", "tenant_id", "v"]
unique = [["id"]]
[tables.bare]
kind = "tenant"
[tables.plans]
kind = "shared"
columns = ["id", "name"]
[tables.notices]
kind = "shared"
writable = true
"#;

pub(crate) fn catalog() -> Arc<Catalog> {
    Arc::new(Catalog::from_toml(CATALOG).unwrap())
}

pub(crate) fn guard(dialect: Dialect) -> Guard {
    with_barrier(dialect, Barrier::Auto)
}

pub(crate) fn with_barrier(dialect: Dialect, barrier: Barrier) -> Guard {
    let mut options = GuardOptions::default();
    options.barrier = barrier;
    Guard::with_options(catalog(), dialect, options).unwrap()
}

pub(crate) fn judge(dialect: Dialect, sql: &str) -> Arc<Judgement> {
    guard(dialect)
        .judge(sql, Filters::NONE)
        .unwrap_or_else(|refusal| panic!("{sql}\n{}: {refusal}", refusal.code()))
}

pub(crate) fn refusal(dialect: Dialect, sql: &str) -> Arc<Refusal> {
    match guard(dialect).judge(sql, Filters::NONE) {
        Ok(judged) => panic!("{sql}\nwas admitted as {}", judged.sql()),
        Err(refusal) => refusal,
    }
}

/// The rewritten text without barrier, so that cases about placement stay short.
pub(crate) fn postgres(sql: &str) -> String {
    with_barrier(Dialect::Postgres, Barrier::Never)
        .judge(sql, Filters::NONE)
        .unwrap_or_else(|refusal| panic!("{sql}\n{}: {refusal}", refusal.code()))
        .sql()
        .to_string()
}

pub(crate) fn sqlite(sql: &str) -> String {
    with_barrier(Dialect::Sqlite, Barrier::Never)
        .judge(sql, Filters::NONE)
        .unwrap_or_else(|refusal| panic!("{sql}\n{}: {refusal}", refusal.code()))
        .sql()
        .to_string()
}

pub(crate) fn code(dialect: Dialect, sql: &str) -> &'static str {
    refusal(dialect, sql).code()
}

/// The refusal that only shows once the tenant is known.
pub(crate) fn code_for(dialect: Dialect, sql: &str, tenant: &str) -> Option<&'static str> {
    judge(dialect, sql)
        .tenant_binds(&TenantId::new(tenant).unwrap())
        .err()
        .map(|refusal| refusal.code())
}
