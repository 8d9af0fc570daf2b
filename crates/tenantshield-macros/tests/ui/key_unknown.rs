use tenantshield_macros::TenantAware;

#[derive(TenantAware)]
#[tenant(colum = "org_id")]
struct Order {
    tenant_id: i64,
}

fn main() {}
