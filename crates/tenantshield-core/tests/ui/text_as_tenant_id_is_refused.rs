//! Text becomes a tenant id by a check, never by a conversion.

use tenantshield_core::TenantId;

fn main() {
    let _id: TenantId = "acme".into();
}
