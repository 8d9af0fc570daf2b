use tenantshield_macros::TenantAware;

#[derive(TenantAware)]
#[tenant(parent(customer = "customers.id"))]
struct Order {
    tenant_id: i64,
    customer_id: i64,
}

fn main() {}
