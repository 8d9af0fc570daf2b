use tenantshield_macros::TenantAware;

#[derive(TenantAware)]
union Order {
    tenant_id: i64,
}

fn main() {}
