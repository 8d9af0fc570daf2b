//! The tenant as an argument of an axum handler.

use axum::extract::FromRequestParts;
use http::request::Parts;
use tenantshield_core::TenantContext;

use crate::layer::admitted;
use crate::problem::{Problem, RequestId};

/// The admitted tenant of the request.
///
/// # Errors
/// Answers 401 when the layer let the request pass without a tenant, and 500 when no tenant layer
/// covers the route.
///
/// # Examples
/// ```
/// use tenantshield_tower::Tenant;
///
/// async fn show(Tenant(context): Tenant) -> String {
///     context.tenant().to_string()
/// }
/// # let _router: axum::Router = axum::Router::new().route("/", axum::routing::get(show));
/// ```
#[derive(Clone, Debug)]
#[expect(
    clippy::exhaustive_structs,
    reason = "an extractor is taken apart by its handler"
)]
pub struct Tenant(pub TenantContext);

impl<S: Send + Sync> FromRequestParts<S> for Tenant {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let OptionalTenant(found) = OptionalTenant::from_request_parts(parts, &()).await?;
        let problem = || named(Problem::tenant_missing(), parts);
        found.map(Self).ok_or_else(problem)
    }
}

/// The admitted tenant of the request, or none where the layer let it pass without one.
///
/// # Errors
/// Answers 500 when no tenant layer covers the route.
#[derive(Clone, Debug)]
#[expect(
    clippy::exhaustive_structs,
    reason = "an extractor is taken apart by its handler"
)]
pub struct OptionalTenant(pub Option<TenantContext>);

impl<S: Send + Sync> FromRequestParts<S> for OptionalTenant {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        match admitted(&parts.extensions) {
            Ok(found) => Ok(Self(found.cloned())),
            Err(problem) => Err(named(problem, parts)),
        }
    }
}

fn named(problem: Problem, parts: &Parts) -> Problem {
    match parts.extensions.get::<RequestId>() {
        Some(id) => problem.with_request_id(*id),
        None => problem,
    }
}
