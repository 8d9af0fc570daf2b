use tenantshield_macros::TenantAware;

#[derive(TenantAware)]
#[tenant(unique(tenant_id, code))]
struct Order {
    tenant_id: i64,
}

fn main() {}
