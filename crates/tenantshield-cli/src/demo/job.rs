//! What lies in the product's queue.

use serde_json::Value;
use tenantshield_core::Principal;
use tokio::sync::oneshot;

use super::store::Failure;

/// A job: for which tenant, if anybody said so, and where the answer goes.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) tenant: Option<String>,
    pub(crate) principal: Option<Principal>,
    pub(crate) answer: oneshot::Sender<Result<Vec<Value>, Failure>>,
}
