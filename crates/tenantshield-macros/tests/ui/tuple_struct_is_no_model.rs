use tenantshield_macros::TenantAware;

#[derive(TenantAware)]
struct Order(i64);

fn main() {}
