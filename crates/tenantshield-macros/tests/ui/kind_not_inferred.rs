use tenantshield_macros::TenantAware;

#[derive(TenantAware)]
struct Order {
    tenant_id: u64,
}

fn main() {}
