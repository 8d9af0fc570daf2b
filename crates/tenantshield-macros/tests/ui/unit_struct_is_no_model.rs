use tenantshield_macros::TenantAware;

#[derive(TenantAware)]
struct Order;

fn main() {}
