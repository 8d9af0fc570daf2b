use tenantshield_macros::TenantAware;

#[derive(TenantAware)]
struct Order {
    #[tenant(rename = "org")]
    tenant_id: String,
}

fn main() {}
