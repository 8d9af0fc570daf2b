use tenantshield_macros::TenantAware;

#[derive(TenantAware)]
#[tenant(unique())]
struct Order {
    tenant_id: i64,
}

fn main() {}
