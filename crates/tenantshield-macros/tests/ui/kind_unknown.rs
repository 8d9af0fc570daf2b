use tenantshield_macros::TenantAware;

#[derive(TenantAware)]
#[tenant(kind = "bigint")]
struct Order {
    tenant_id: i64,
}

fn main() {}
