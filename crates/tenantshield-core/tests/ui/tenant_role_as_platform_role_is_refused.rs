//! A tenant cannot grant a role of the platform.

use tenantshield_core::{Operator, PrincipalId, TenantRole};

fn main() {
    let role = TenantRole::new("admin").unwrap();
    let _operator = Operator::new(PrincipalId::new("mallory").unwrap(), role);
}
