//! A lent context does not outlive its scope.

use tenantshield_core::with_current_tenant;

fn main() {
    let mut kept = None;
    with_current_tenant(|context| kept = context);
    drop(kept);
}
