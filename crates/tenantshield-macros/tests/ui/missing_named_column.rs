use tenantshield_macros::TenantAware;

#[derive(TenantAware)]
#[tenant(column = "org_id")]
struct Order {
    id: i64,
    tenant_id: String,
}

fn main() {}
