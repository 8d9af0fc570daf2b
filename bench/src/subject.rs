//! What is measured: one tenant's context, one catalogue, one guard.

use std::sync::Arc;

use tenantshield::sql::{Dialect, Guard};
use tenantshield::{
    AllowAll, Catalog, MemoryDirectory, Principal, PrincipalId, Shield, TenantContext, TenantId,
    TenantRoles,
};

use crate::failure::BoxError;

/// The tables that the measured statements name.
const CATALOG: &str = r#"
tenant_type = "integer"
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
unique = [["id"]]
[tables.plans]
kind = "shared"
columns = ["id", "name"]
"#;

/// A context of tenant 1 on a bus without sinks.
pub(crate) async fn context() -> Result<TenantContext, BoxError> {
    let tenant = TenantId::new("1")?;
    let user = Principal::user(PrincipalId::new("bench")?);
    let directory = MemoryDirectory::new();
    directory.insert_tenant(tenant.clone());
    directory.add_member(&tenant, user.clone(), TenantRoles::new());
    let shield = Shield::builder()
        .directory(directory)
        .policy(AllowAll)
        .build()?;
    Ok(shield.admit_for(tenant, user).await?)
}

/// A guard over the measured tables.
pub(crate) fn guard(dialect: Dialect) -> Result<Guard, BoxError> {
    Ok(Guard::new(Arc::new(Catalog::from_toml(CATALOG)?), dialect)?)
}
