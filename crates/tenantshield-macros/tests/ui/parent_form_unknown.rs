use tenantshield_macros::TenantAware;

#[derive(TenantAware)]
#[tenant(parent(customer_id = "customers"))]
struct Order {
    tenant_id: i64,
    customer_id: i64,
}

fn main() {}
