use tenantshield_macros::TenantAware;

#[derive(TenantAware)]
struct Order {
    id: i64,
}

fn main() {}
