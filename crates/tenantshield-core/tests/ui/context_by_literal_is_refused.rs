//! A context cannot be written down.

use tenantshield_core::TenantContext;

fn main() {
    let _forged = TenantContext { inner: unreachable!() };
}
