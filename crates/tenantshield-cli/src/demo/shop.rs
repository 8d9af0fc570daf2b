//! The state of one running product, and what a handler gets of it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde_json::Value;
use tenantshield_core::Principal;
use tenantshield_tower::Tenant;
use tokio::sync::mpsc;

use super::job::Job;
use super::naive::{self, Naive};
use super::shielded::Shielded;
use super::store::{Failure, Store};

/// Everything that lives as long as the product.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) engine: Engine,
    pub(crate) jobs: mpsc::Sender<Job>,
    reports: Mutex<HashMap<i64, Report>>,
    next_id: AtomicI64,
}

/// A report that was ordered and is done.
#[derive(Clone, Debug)]
pub(crate) enum Report {
    Failed,
    Ready(Value),
}

/// With the shield or without.
#[derive(Clone, Debug)]
pub(crate) enum Engine {
    Naive(Arc<Naive>),
    Shielded(Shielded),
}

impl App {
    pub(crate) fn new(engine: Engine, jobs: mpsc::Sender<Job>) -> Self {
        Self {
            engine,
            jobs,
            reports: Mutex::default(),
            next_id: AtomicI64::new(9000),
        }
    }

    pub(crate) fn next_id(&self) -> i64 {
        self.next_id.fetch_add(1, Ordering::Relaxed)
    }

    /// The handle of whoever is current where this is called.
    pub(crate) fn ambient(&self) -> Result<Store, Failure> {
        match &self.engine {
            Engine::Naive(naive) => Ok(naive_store(naive, naive.current())),
            Engine::Shielded(shielded) => shielded.ambient(),
        }
    }

    pub(crate) fn keep_report(&self, ticket: i64, report: Report) {
        self.reports
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(ticket, report);
    }

    pub(crate) fn report(&self, ticket: i64) -> Option<Report> {
        self.reports
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&ticket)
            .cloned()
    }
}

pub(crate) fn naive_store(naive: &Arc<Naive>, tenant: String) -> Store {
    Store::Naive {
        naive: Arc::clone(naive),
        pool: naive.pool(),
        tenant,
    }
}

/// One request's view of the product: its handle and its tenant.
#[derive(Debug)]
pub(crate) struct Shop {
    pub(crate) app: Arc<App>,
    pub(crate) store: Store,
    pub(crate) tenant: String,
    /// Who asks; the naive product does not care.
    pub(crate) principal: Option<Principal>,
}

impl FromRequestParts<Arc<App>> for Shop {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Failure> {
        match &app.engine {
            Engine::Naive(naive) => {
                let tenant = naive::tenant_of(parts)
                    .map_err(|reason| Failure::Said(StatusCode::UNAUTHORIZED, reason))?;
                if !naive::is_known(&tenant) {
                    return Err(Failure::Said(StatusCode::NOT_FOUND, "no such tenant"));
                }
                naive.set_current(&tenant);
                let store = naive_store(naive, tenant.clone());
                Ok(Self {
                    app: Arc::clone(app),
                    store,
                    tenant,
                    principal: None,
                })
            }
            Engine::Shielded(shielded) => {
                let Tenant(context) = Tenant::from_request_parts(parts, app)
                    .await
                    .map_err(Failure::Refused)?;
                Ok(Self {
                    app: Arc::clone(app),
                    store: Store::Shielded(shielded.db.scope(&context)),
                    tenant: context.tenant().as_str().to_owned(),
                    principal: context.principal().cloned(),
                })
            }
        }
    }
}
