use tenantshield_macros::TenantAware;

#[derive(TenantAware)]
struct Order {
    tenant_id: Option<i64>,
}

fn main() {}
