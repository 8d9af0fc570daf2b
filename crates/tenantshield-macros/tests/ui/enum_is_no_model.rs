use tenantshield_macros::TenantAware;

#[derive(TenantAware)]
enum Order {
    Open,
}

fn main() {}
