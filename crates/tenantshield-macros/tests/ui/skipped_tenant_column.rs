use tenantshield_macros::TenantAware;

#[derive(TenantAware)]
struct Order {
    #[tenant(skip)]
    tenant_id: String,
}

fn main() {}
