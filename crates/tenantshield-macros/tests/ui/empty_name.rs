use tenantshield_macros::TenantAware;

#[derive(TenantAware)]
#[tenant(table = "")]
struct Order {
    tenant_id: i64,
}

fn main() {}
