//! A tenant context has one maker, and a claim is not a context.

use tenantshield_core::{ClaimSource, TenantClaim, TenantId};
use tenantshield_tower::{Tenant, TenantLayerRan};

fn main() {
    let id = TenantId::new("acme").unwrap();
    let claim = TenantClaim::said(id, ClaimSource::Header);
    let _forged = Tenant(claim);
    let _mark = TenantLayerRan(());
}
