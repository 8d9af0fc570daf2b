//! A claim, even a verified one, is no context.

use tenantshield_core::{ClaimSource, TenantClaim, TenantContext, TenantId};

fn query(_context: &TenantContext) {}

fn main() {
    let claim = TenantClaim::verified(TenantId::new("acme").unwrap(), ClaimSource::Jwt);
    query(&claim.into());
}
