//! The two kinds of role cannot even be compared.

use tenantshield_core::{PlatformRole, TenantRole};

fn main() {
    let same = TenantRole::new("admin").unwrap() == PlatformRole::new("admin").unwrap();
    assert!(same);
}
