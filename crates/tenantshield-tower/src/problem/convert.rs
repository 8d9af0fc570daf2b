//! What becomes which answer.

use std::error::Error as StdError;

use tenantshield_core::{Error as CoreError, Refusal, RefusalKind};

use crate::error::{ResolveError, ResolveErrorKind};
use crate::problem::Problem;

impl Problem {
    /// The answer to a refused admission.
    ///
    /// # Security
    /// A conflict, an unknown tenant and a tenant of others are one and the same 404.
    pub fn from_refusal(refusal: &Refusal) -> Self {
        match refusal.kind() {
            RefusalKind::Conflict | RefusalKind::NotMember | RefusalKind::Unknown => {
                Self::not_found()
            }
            RefusalKind::MissingTenant => Self::tenant_missing(),
            RefusalKind::PolicyDenied => Self::forbidden(),
            RefusalKind::Quota => Self::quota_exceeded(refusal.retry_after()),
            RefusalKind::Suspended => Self::suspended(),
            RefusalKind::Unauthenticated => Self::unauthorized(),
            RefusalKind::Unavailable => Self::unavailable(),
        }
    }

    /// The answer to a request whose identity could not be read.
    pub fn from_resolve_error(error: &ResolveError) -> Self {
        match error.kind() {
            ResolveErrorKind::Ambiguous | ResolveErrorKind::Unknown => Self::not_found(),
            ResolveErrorKind::BadCredential => Self::unauthorized(),
            ResolveErrorKind::BadRequest => Self::bad_request(error.code()),
            ResolveErrorKind::Misconfigured => Self::misconfigured(error.code()),
            ResolveErrorKind::Unavailable => Self::unavailable(),
        }
    }

    /// The answer to an error of the core; none when it is a fault of the program.
    fn from_core_error(error: &CoreError) -> Option<Self> {
        match error {
            CoreError::CrossTenantAccess(_) => Some(Self::not_found()),
            CoreError::InvalidTenantId(_) => Some(Self::bad_request(error.code())),
            CoreError::MissingContext(_) => Some(Self::tenant_missing()),
            CoreError::Refusal(refusal) => Some(Self::from_refusal(refusal)),
            _ => None,
        }
    }

    fn from_known(error: &(dyn StdError + 'static)) -> Option<Self> {
        if let Some(error) = error.downcast_ref::<CoreError>() {
            return Self::from_core_error(error);
        }
        if let Some(refusal) = error.downcast_ref::<Refusal>() {
            return Some(Self::from_refusal(refusal));
        }
        if let Some(error) = error.downcast_ref::<ResolveError>() {
            return Some(Self::from_resolve_error(error));
        }
        #[cfg(feature = "sqlx")]
        if matches!(error.downcast_ref(), Some(sqlx_core::Error::RowNotFound)) {
            return Some(Self::not_found());
        }
        None
    }
}

/// Turns any error into an answer, so that handlers may use `?`.
///
/// # Security
/// The chain of causes is searched for what this product knows; anything else is a 500 without
/// details, and the details go to the log under the request's id.
impl<E> From<E> for Problem
where
    E: StdError + Send + Sync + 'static,
{
    fn from(error: E) -> Self {
        let mut cause: Option<&(dyn StdError + 'static)> = Some(&error);
        while let Some(current) = cause {
            if let Some(problem) = Self::from_known(current) {
                return problem;
            }
            cause = current.source();
        }
        let problem = Self::internal();
        tracing::error!(
            target: "tenantshield::tower",
            request_id = %problem.request_id().uuid(),
            code = problem.code(),
            error = %chain(&error),
            "a handler failed"
        );
        problem
    }
}

/// The messages of an error and its causes, with control characters made harmless.
fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(current) = cause {
        text.push_str(": ");
        text.push_str(&current.to_string());
        cause = current.source();
    }
    text.chars()
        .map(|each| if each.is_control() { ' ' } else { each })
        .collect()
}
