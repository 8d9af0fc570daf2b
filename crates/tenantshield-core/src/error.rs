//! What can go wrong, each with a stable code and a way to mend it.
//!
//! | code | meaning |
//! |---|---|
//! | `TS-CTX-001` | no tenant context |
//! | `TS-CTX-002` | two different tenants at one place |
//! | `TS-XT-001` | access to another tenant's row |
//! | `TS-XT-002` | a join across tenants |
//! | `TS-XT-003` | a query that cannot be scoped |
//! | `TS-CFG-001` | configuration |
//! | `TS-CFG-002` | catalogue file |
//! | `TS-ID-001` | tenant id |
//! | `TS-ID-002`, `TS-ID-003` | principal id, role |
//! | `TS-SEAM-001` | a directory, admission or key store failed |
//! | `TS-AUD-001` | an audit sink failed |
//! | `TS-ADM-001` to `TS-ADM-009` | refusals, see [`RefusalKind`](crate::RefusalKind) in its order |

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::catalog::CatalogError;
use crate::id::{InvalidTenantId, TenantId};
use crate::principal::InvalidName;
use crate::refusal::Refusal;

/// What can go wrong in the core and in everything built on it.
///
/// # Security
/// The text never carries another tenant's id; accessors, [`Error::to_json`] and evidence do.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Two different tenants are in force at one place.
    #[error(transparent)]
    AmbiguousContext(#[from] AmbiguousContext),
    /// A catalogue cannot be used.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The program is put together wrongly.
    #[error(transparent)]
    Configuration(#[from] ConfigurationError),
    /// A row of another tenant would have been written or linked.
    #[error(transparent)]
    CrossTenantAccess(#[from] CrossTenantAccess),
    /// A join would have combined rows of several tenants.
    #[error(transparent)]
    CrossTenantJoin(#[from] CrossTenantJoin),
    /// A text is no principal id or no role.
    #[error(transparent)]
    InvalidName(#[from] InvalidName),
    /// A text is no tenant id.
    #[error(transparent)]
    InvalidTenantId(#[from] InvalidTenantId),
    /// There is no tenant context here.
    #[error(transparent)]
    MissingContext(#[from] MissingContext),
    /// A request was turned away.
    #[error(transparent)]
    Refusal(#[from] Refusal),
    /// A query cannot be held inside of one tenant.
    #[error(transparent)]
    UnscopedQuery(#[from] UnscopedQuery),
}

impl Error {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::AmbiguousContext(_) => "TS-CTX-002",
            Self::Catalog(error) => error.code(),
            Self::Configuration(_) => "TS-CFG-001",
            Self::CrossTenantAccess(_) => "TS-XT-001",
            Self::CrossTenantJoin(_) => "TS-XT-002",
            Self::InvalidName(error) => error.code(),
            Self::InvalidTenantId(error) => error.code(),
            Self::MissingContext(_) => "TS-CTX-001",
            Self::Refusal(refusal) => refusal.code(),
            Self::UnscopedQuery(_) => "TS-XT-003",
        }
    }

    /// How to mend it.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::AmbiguousContext(_) => {
                "use a handle only inside of the scope of the tenant it was made for"
            }
            Self::Catalog(error) => error.hint(),
            Self::Configuration(_) => "correct the configuration that the message names",
            Self::CrossTenantAccess(_) => {
                "leave the tenant column out, it is filled in; check where the foreign value came from"
            }
            Self::CrossTenantJoin(_) => "join tenant relations on the tenant column as well",
            Self::InvalidName(error) => error.hint(),
            Self::InvalidTenantId(error) => error.hint(),
            Self::MissingContext(_) => {
                "admit the request first and run this inside of `context.scope(..)`; spawned tasks \
                 and threads take the scope along with `in_current_tenant`"
            }
            Self::Refusal(refusal) => refusal.hint(),
            Self::UnscopedQuery(error) => error.hint,
        }
    }

    /// The machine-readable form: `code`, `message`, `hint` and the details, flat.
    ///
    /// # Security
    /// For logs and evidence, not for clients: it may carry another tenant's id.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut object = Map::new();
        let mut put = |key: &str, value: Option<&str>| {
            object.insert(key.to_owned(), value.map_or(Value::Null, Value::from));
        };
        put("code", Some(self.code()));
        put("message", Some(&self.to_string()));
        put("hint", Some(self.hint()));
        match self {
            Self::AmbiguousContext(error) => {
                put("bound_tenant_id", Some(error.bound.as_str()));
                put("given_tenant_id", Some(error.given.as_str()));
            }
            Self::Catalog(error) => put("place", Some(error.place())),
            Self::CrossTenantAccess(error) => {
                put("tenant_id", error.expected.as_ref().map(TenantId::as_str));
                put(
                    "attempted_tenant_id",
                    error.actual.as_ref().map(TenantId::as_str),
                );
                put("model_class", Some(&error.model));
                put("operation", Some(&error.operation));
                put("rule", error.rule);
            }
            Self::CrossTenantJoin(error) => {
                put("left_model_class", Some(&error.left));
                put("right_model_class", Some(&error.right));
            }
            Self::Refusal(refusal) => {
                put("kind", Some(refusal.kind().as_str()));
                let after = refusal
                    .retry_after()
                    .map(|after| after.as_secs().to_string());
                put("retry_after_seconds", after.as_deref());
            }
            Self::UnscopedQuery(error) => put("rule", error.rule),
            Self::Configuration(_)
            | Self::InvalidName(_)
            | Self::InvalidTenantId(_)
            | Self::MissingContext(_) => {}
        }
        Value::Object(object)
    }
}

/// There is no tenant context here.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, thiserror::Error)]
#[error("there is no tenant context here")]
pub struct MissingContext {
    _private: (),
}

impl MissingContext {
    /// Says that a context is missing.
    #[must_use]
    pub const fn new() -> Self {
        Self { _private: () }
    }
}

/// Two different tenants are in force at one place.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the scope's tenant is not the tenant of the handle in use")]
pub struct AmbiguousContext {
    bound: TenantId,
    given: TenantId,
}

impl AmbiguousContext {
    /// A handle is bound to one tenant and was given the context of another.
    #[must_use]
    pub const fn new(bound: TenantId, given: TenantId) -> Self {
        Self { bound, given }
    }

    /// The tenant of the handle.
    #[must_use]
    pub const fn bound(&self) -> &TenantId {
        &self.bound
    }

    /// The tenant of the scope.
    #[must_use]
    pub const fn given(&self) -> &TenantId {
        &self.given
    }
}

/// A row of another tenant would have been written or linked.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the operation `{operation}` on `{model}` would reach another tenant")]
pub struct CrossTenantAccess {
    expected: Option<TenantId>,
    actual: Option<TenantId>,
    model: Cow<'static, str>,
    operation: Cow<'static, str>,
    rule: Option<&'static str>,
}

impl CrossTenantAccess {
    /// Names the scope's tenant and what was attempted.
    #[must_use]
    pub fn new(
        expected: Option<TenantId>,
        model: impl Into<Cow<'static, str>>,
        operation: impl Into<Cow<'static, str>>,
    ) -> Self {
        let (model, operation) = (model.into(), operation.into());
        Self {
            expected,
            actual: None,
            model,
            operation,
            rule: None,
        }
    }

    /// Adds the tenant that was tried, where it is known.
    #[must_use]
    pub fn with_actual(mut self, actual: TenantId) -> Self {
        self.actual = Some(actual);
        self
    }

    /// Adds the code of the rule that noticed it.
    #[must_use]
    pub const fn with_rule(mut self, rule: &'static str) -> Self {
        self.rule = Some(rule);
        self
    }

    /// The scope's tenant; none where there was no scope.
    #[must_use]
    pub const fn expected(&self) -> Option<&TenantId> {
        self.expected.as_ref()
    }

    /// The tenant that was tried, where it is known.
    #[must_use]
    pub const fn actual(&self) -> Option<&TenantId> {
        self.actual.as_ref()
    }

    /// The model, else the table.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.model
    }

    /// The operation.
    #[must_use]
    pub fn operation(&self) -> &str {
        &self.operation
    }

    /// The code of the rule that noticed it.
    #[must_use]
    pub const fn rule(&self) -> Option<&'static str> {
        self.rule
    }
}

/// A join would have combined rows of several tenants.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the join of `{left}` and `{right}` is not held inside of one tenant")]
pub struct CrossTenantJoin {
    left: Cow<'static, str>,
    right: Cow<'static, str>,
}

impl CrossTenantJoin {
    /// Names both sides.
    #[must_use]
    pub fn new(left: impl Into<Cow<'static, str>>, right: impl Into<Cow<'static, str>>) -> Self {
        Self {
            left: left.into(),
            right: right.into(),
        }
    }

    /// One side.
    #[must_use]
    pub fn left(&self) -> &str {
        &self.left
    }

    /// The other side.
    #[must_use]
    pub fn right(&self) -> &str {
        &self.right
    }
}

/// A query cannot be held inside of one tenant.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{reason}")]
pub struct UnscopedQuery {
    reason: Cow<'static, str>,
    rule: Option<&'static str>,
    hint: &'static str,
}

impl UnscopedQuery {
    /// Says why.
    ///
    /// # Shape
    /// `reason` is one line of lower-case text without values from the statement.
    #[must_use]
    pub fn new(reason: impl Into<Cow<'static, str>>) -> Self {
        const HINT: &str = "rewrite the statement in a form that the guard can prove";
        Self {
            reason: reason.into(),
            rule: None,
            hint: HINT,
        }
    }

    /// Adds the code of the rule that refused it.
    #[must_use]
    pub const fn with_rule(mut self, rule: &'static str) -> Self {
        self.rule = Some(rule);
        self
    }

    /// Replaces the general hint by a better one.
    #[must_use]
    pub const fn with_hint(mut self, hint: &'static str) -> Self {
        self.hint = hint;
        self
    }

    /// Why.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// The code of the rule that refused it.
    #[must_use]
    pub const fn rule(&self) -> Option<&'static str> {
        self.rule
    }
}

/// The program is put together wrongly.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct ConfigurationError {
    message: Cow<'static, str>,
}

impl ConfigurationError {
    /// Says what is wrong, in one line of lower-case text.
    #[must_use]
    pub fn new(message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            message: message.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::refusal::RefusalKind;

    fn tenant(text: &str) -> TenantId {
        TenantId::new(text).unwrap()
    }

    fn samples() -> Vec<Error> {
        vec![
            AmbiguousContext::new(tenant("acme"), tenant("globex")).into(),
            ConfigurationError::new("the shield has no directory").into(),
            CrossTenantAccess::new(Some(tenant("acme")), "Order", "insert")
                .with_actual(tenant("globex"))
                .with_rule("TS-SQL-101")
                .into(),
            CrossTenantJoin::new("Order", "Customer").into(),
            TenantId::new("").unwrap_err().into(),
            crate::principal::PrincipalId::new("").unwrap_err().into(),
            MissingContext::new().into(),
            Refusal::new(RefusalKind::Unknown).into(),
            UnscopedQuery::new("the form is not known")
                .with_rule("TS-SQL-001")
                .into(),
            crate::catalog::Catalog::from_toml("x = 1")
                .unwrap_err()
                .into(),
        ]
    }

    /// SEED-B4.
    #[test]
    fn every_error_has_its_own_code_a_hint_and_a_machine_form() {
        let mut codes = std::collections::BTreeSet::new();
        for error in samples() {
            assert!(codes.insert(error.code()), "{}", error.code());
            assert!(error.code().starts_with("TS-"));
            assert!(error.hint().len() > 10, "{error:?}");
            let json = error.to_json();
            assert_eq!(json["code"], error.code());
            assert_eq!(json["message"], error.to_string());
            assert_eq!(json["hint"], error.hint());
        }
    }

    /// SEED-B4.
    #[test]
    fn texts_are_one_lower_case_line_and_name_no_other_tenant() {
        for error in samples() {
            let text = error.to_string();
            assert!(!text.contains('\n') && !text.ends_with('.'), "{text}");
            assert!(text.starts_with(|c: char| !c.is_uppercase()), "{text}");
            assert!(!text.contains("globex"), "{text}");
        }
    }

    /// SEED-B4.
    #[test]
    fn cross_tenant_access_tells_evidence_both_tenants_the_model_and_the_operation() {
        let json = samples()[2].to_json();
        assert_eq!(json["tenant_id"], "acme");
        assert_eq!(json["attempted_tenant_id"], "globex");
        assert_eq!(json["model_class"], "Order");
        assert_eq!(json["operation"], "insert");
    }

    #[test]
    fn refusals_have_nine_different_codes() {
        let kinds = [
            RefusalKind::Conflict,
            RefusalKind::MissingTenant,
            RefusalKind::NotMember,
            RefusalKind::PolicyDenied,
            RefusalKind::Quota,
            RefusalKind::Suspended,
            RefusalKind::Unauthenticated,
            RefusalKind::Unavailable,
            RefusalKind::Unknown,
        ];
        for (index, kind) in kinds.into_iter().enumerate() {
            let refusal = Refusal::new(kind);
            assert_eq!(refusal.code(), format!("TS-ADM-{:03}", index + 1));
            assert!(!refusal.hint().is_empty());
        }
    }
}
