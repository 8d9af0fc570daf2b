use tenantshield_macros::TenantAware;

#[derive(TenantAware)]
struct Order {
    #[tenant(column = "org_id")]
    tenant_id: i64,
}

fn main() {}
