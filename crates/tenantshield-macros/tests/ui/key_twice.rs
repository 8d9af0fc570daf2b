use tenantshield_macros::TenantAware;

#[derive(TenantAware)]
#[tenant(table = "orders")]
#[tenant(table = "invoices")]
struct Order {
    tenant_id: i64,
}

fn main() {}
