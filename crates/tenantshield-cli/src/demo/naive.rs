//! What the product does without the shield: habits that real systems leaked by.
//!
//! Whatever a request says about its tenant is believed, tokens are read but not verified, the
//! tenant's value is written into the text, and "the current tenant" is one variable per process.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError, RwLock};

use axum::http::{HeaderMap, request::Parts};
use sqlx::SqlitePool;

use super::seed::TENANTS;
use super::token;

/// The tenant that is taken when a request names none.
const DEFAULT_TENANT: &str = "globex";

#[derive(Debug)]
pub(crate) struct Naive {
    pool: RwLock<SqlitePool>,
    current: Mutex<String>,
    frozen: Mutex<HashMap<&'static str, String>>,
}

impl Naive {
    pub(crate) fn new(pool: SqlitePool) -> Self {
        Self {
            pool: RwLock::new(pool),
            current: Mutex::new(DEFAULT_TENANT.to_owned()),
            frozen: Mutex::default(),
        }
    }

    pub(crate) fn pool(&self) -> SqlitePool {
        self.pool
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Takes a fresh pool, since an attack may have spoiled the connection of the old one.
    pub(crate) fn replace_pool(&self, pool: SqlitePool) -> SqlitePool {
        let mut slot = self.pool.write().unwrap_or_else(PoisonError::into_inner);
        self.frozen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        std::mem::replace(&mut *slot, pool)
    }

    /// The tenant of whichever request or job came last.
    pub(crate) fn current(&self) -> String {
        self.current
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn set_current(&self, tenant: &str) {
        tenant.clone_into(&mut self.current.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// The text with the tenant written into it; a frozen one keeps the first tenant it saw.
    pub(crate) fn text(&self, by_hand: &str, frozen: Option<&'static str>, tenant: &str) -> String {
        let inlined = || by_hand.replace(":tenant", &format!("'{}'", tenant.replace('\'', "''")));
        match frozen {
            None => inlined(),
            Some(name) => self
                .frozen
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .entry(name)
                .or_insert_with(inlined)
                .clone(),
        }
    }
}

/// The tenant of a request, as far as the naive product cares.
pub(crate) fn tenant_of(parts: &Parts) -> Result<String, &'static str> {
    let token = bearer(&parts.headers).ok_or("no token")?;
    let body = token::believed(token).ok_or("unreadable token")?;
    let tenant = header_tenant(&parts.headers)
        .or_else(|| path_tenant(parts.uri.path()))
        .or_else(|| host_tenant(&parts.headers))
        .or_else(|| {
            body.get("tenant")
                .and_then(|tenant| tenant.as_str())
                .map(str::to_owned)
        });
    Ok(tenant.unwrap_or_else(|| DEFAULT_TENANT.to_owned()))
}

/// Whether the naive product has heard of this tenant; wildcards and nothing pass by accident.
pub(crate) fn is_known(tenant: &str) -> bool {
    tenant.is_empty() || tenant == "%" || TENANTS.iter().any(|(name, _)| *name == tenant)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers
        .get("authorization")?
        .to_str()
        .ok()?
        .strip_prefix("Bearer ")
}

fn header_tenant(headers: &HeaderMap) -> Option<String> {
    let last = headers.get_all("x-tenant-id").iter().next_back()?;
    last.to_str().ok().map(str::to_owned)
}

fn path_tenant(path: &str) -> Option<String> {
    path.strip_prefix("/t/")?
        .split('/')
        .next()
        .map(str::to_owned)
}

fn host_tenant(headers: &HeaderMap) -> Option<String> {
    let host = headers.get("host")?.to_str().ok()?;
    let name = host.split(':').next()?;
    name.strip_suffix(".invoices.localhost").map(str::to_owned)
}
