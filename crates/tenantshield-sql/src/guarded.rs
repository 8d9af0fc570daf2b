//! A statement that belongs to one tenant.

use std::fmt::Write;
use std::sync::Arc;

use tenantshield_core::{TenantContext, TenantId, TenantType, TenantValue};

use crate::code;
use crate::judgement::{Judgement, Slot};
use crate::refusal::Refusal;

/// The proof that a text was judged for a tenant: what an adapter sends.
///
/// # Security
/// Private fields and one maker, [`Guard::guard`](crate::Guard::guard), which asks for a
/// `TenantContext`. It implements no driver's trait: it cannot be handed to a connection, of this
/// tenant or of another; only the adapter's own handle, which made it, takes it apart.
#[derive(Debug)]
#[must_use]
pub struct GuardedSql {
    judgement: Arc<Judgement>,
    tenant: TenantId,
}

impl GuardedSql {
    pub(crate) fn new(judgement: Arc<Judgement>, context: &TenantContext) -> Result<Self, Refusal> {
        judgement.fits(context.tenant())?;
        Ok(Self {
            judgement,
            tenant: context.tenant().clone(),
        })
    }

    /// The text to send.
    pub fn sql(&self) -> &Arc<str> {
        self.judgement.sql()
    }

    /// The tenant that it belongs to.
    pub const fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// What the guard found out about the text.
    pub const fn judgement(&self) -> &Arc<Judgement> {
        &self.judgement
    }

    /// The tenant's value as the bind of a slot of this type.
    ///
    /// # Errors
    /// The refusal when the id does not fit the type; excluded for the types of the statement's
    /// own slots.
    pub fn tenant_value(&self, kind: TenantType) -> Result<TenantValue, Refusal> {
        value(&self.tenant, kind)
    }
}

impl Judgement {
    /// Whether the statement can be `tenant`'s: every slot has a value, every literal is its own.
    pub(crate) fn fits(&self, tenant: &TenantId) -> Result<(), Refusal> {
        for slot in &self.slots {
            if let Slot::Tenant(kind) = slot {
                value(tenant, *kind)?;
            }
        }
        self.check(&|kind| tenant.to_value(kind).ok())
    }

    /// The tenant's binds with their 1-based indices, for the black-box contract.
    ///
    /// # Errors
    /// The refusal when the id does not fit, or a literal names another tenant.
    pub fn tenant_binds(&self, tenant: &TenantId) -> Result<Vec<(usize, TenantValue)>, Refusal> {
        self.fits(tenant)?;
        self.slots
            .iter()
            .enumerate()
            .filter_map(|(position, slot)| match slot {
                Slot::Tenant(kind) => Some((self.declared + position + 1, *kind)),
                Slot::Filter { .. } => None,
            })
            .map(|(index, kind)| Ok((index, value(tenant, kind)?)))
            .collect()
    }

    /// The text with the tenant's value written out, to be run as it stands.
    ///
    /// # Errors
    /// The refusal when the id does not fit, or a literal names another tenant.
    pub fn inline(&self, tenant: &TenantId) -> Result<String, Refusal> {
        let binds = self.tenant_binds(tenant)?;
        Ok(self.written_out(&|index| {
            binds
                .iter()
                .find(|(known, _)| *known == index)
                .map(|(_, value)| literal(value))
        }))
    }
}

fn value(tenant: &TenantId, kind: TenantType) -> Result<TenantValue, Refusal> {
    tenant.to_value(kind).map_err(|_invalid| {
        Refusal::new(
            code::TENANT_TYPE,
            "the tenant's id does not fit the type of the tenant column",
        )
    })
}

/// A tenant's value as a literal. The alphabet of tenant ids has no quote and no backslash.
fn literal(value: &TenantValue) -> String {
    match value {
        TenantValue::Integer(number) if *number < 0 => format!("({number})"),
        TenantValue::Integer(number) => number.to_string(),
        TenantValue::Text(text) => format!("'{text}'"),
        TenantValue::Uuid(bytes) => {
            let mut text = String::with_capacity(38);
            for (at, byte) in bytes.iter().enumerate() {
                if matches!(at, 4 | 6 | 8 | 10) {
                    text.push('-');
                }
                let _written = write!(text, "{byte:02x}");
            }
            format!("'{text}'")
        }
    }
}
