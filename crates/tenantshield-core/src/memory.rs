//! The seams in memory: for tests, demos and programs with a fixed set of tenants.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use async_trait::async_trait;

use crate::context::Metadata;
use crate::id::TenantId;
use crate::lifecycle::TenantState;
use crate::principal::{Principal, TenantRoles};
use crate::seam::{ApiKeyRecord, Directory, KeyStore, Membership, SeamError, TenantRecord};

/// Tenants and members in this process's memory.
///
/// # Examples
/// ```
/// use tenantshield_core::{MemoryDirectory, Principal, PrincipalId, TenantId, TenantRoles};
///
/// let directory = MemoryDirectory::new();
/// let acme = TenantId::new("acme")?;
/// directory.insert_tenant(acme.clone());
/// let alice = Principal::user(PrincipalId::new("alice")?);
/// directory.add_member(&acme, alice, TenantRoles::new());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
pub struct MemoryDirectory {
    tenants: RwLock<HashMap<TenantId, Entry>>,
}

#[derive(Debug)]
struct Entry {
    record: TenantRecord,
    members: HashMap<Principal, Membership>,
}

impl MemoryDirectory {
    /// An empty directory.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an active tenant; one that is there already becomes active and keeps its members.
    pub fn insert_tenant(&self, id: TenantId) {
        self.insert_record(TenantRecord::new(id, TenantState::Active));
    }

    /// Adds a tenant with state and facts, or replaces those and keeps the members.
    pub fn insert_record(&self, record: TenantRecord) {
        let mut tenants = self.tenants.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = tenants.get_mut(record.id()) {
            entry.record = record;
            return;
        }
        let (id, members) = (record.id().clone(), HashMap::new());
        tenants.insert(id, Entry { record, members });
    }

    /// Moves a tenant to another state; false when it is unknown.
    pub fn set_state(&self, id: &TenantId, state: TenantState) -> bool {
        self.change(id, |entry| {
            let metadata: Metadata = entry.record.metadata().clone();
            entry.record = TenantRecord::new(id.clone(), state).with_metadata(metadata);
        })
    }

    /// Adds a member or replaces its roles; false when the tenant is unknown.
    pub fn add_member(&self, id: &TenantId, principal: Principal, roles: TenantRoles) -> bool {
        self.change(id, |entry| {
            entry.members.insert(principal, Membership::new(roles));
        })
    }

    /// Removes a member; false when the tenant or the member is unknown.
    pub fn remove_member(&self, id: &TenantId, principal: &Principal) -> bool {
        let mut removed = false;
        self.change(id, |entry| {
            removed = entry.members.remove(principal).is_some();
        });
        removed
    }

    fn change(&self, id: &TenantId, change: impl FnOnce(&mut Entry)) -> bool {
        let mut tenants = self.tenants.write().unwrap_or_else(PoisonError::into_inner);
        tenants.get_mut(id).map(change).is_some()
    }
}

#[async_trait]
impl Directory for MemoryDirectory {
    async fn tenant(&self, id: &TenantId) -> Result<Option<TenantRecord>, SeamError> {
        let tenants = self.tenants.read().unwrap_or_else(PoisonError::into_inner);
        Ok(tenants.get(id).map(|entry| entry.record.clone()))
    }

    async fn membership(
        &self,
        id: &TenantId,
        principal: &Principal,
    ) -> Result<Option<Membership>, SeamError> {
        let tenants = self.tenants.read().unwrap_or_else(PoisonError::into_inner);
        Ok(tenants
            .get(id)
            .and_then(|entry| entry.members.get(principal))
            .cloned())
    }
}

/// API keys in this process's memory.
#[derive(Debug, Default)]
pub struct MemoryKeyStore {
    keys: RwLock<HashMap<String, ApiKeyRecord>>,
}

impl MemoryKeyStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a key, or replaces the one with its id.
    pub fn insert(&self, record: ApiKeyRecord) {
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        keys.insert(record.key_id().to_owned(), record);
    }

    /// Takes a key out of service; false when it is unknown.
    pub fn revoke(&self, key_id: &str) -> bool {
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        match keys.remove(key_id) {
            Some(record) => {
                keys.insert(key_id.to_owned(), record.revoke());
                true
            }
            None => false,
        }
    }
}

#[async_trait]
impl KeyStore for MemoryKeyStore {
    async fn key(&self, key_id: &str) -> Result<Option<ApiKeyRecord>, SeamError> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        Ok(keys.get(key_id).cloned())
    }
}
