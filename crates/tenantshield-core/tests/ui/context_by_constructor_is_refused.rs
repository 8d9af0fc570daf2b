//! The constructor of a context is the shield's alone.

use tenantshield_core::{AuditBus, Metadata, TenantContext, TenantId, TenantRoles};

fn main() {
    let tenant = TenantId::new("acme").unwrap();
    let now = tenantshield_core::Clock::now(&tenantshield_core::SystemClock);
    let _forged = TenantContext::admitted(
        tenant,
        None,
        TenantRoles::new(),
        Metadata::new(),
        now,
        AuditBus::new(),
    );
}
