use tenantshield_macros::TenantAware;

#[derive(TenantAware)]
struct Order {
    tenant_id: i64,
    #[tenant(rename = "tenant_id")]
    owner: i64,
}

fn main() {}
