//! The one door: from what a request says to a context that proves it.

mod builder;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use self::builder::ShieldBuilder;
use crate::audit::{AuditBus, AuditEventType, AuditPayload, AuditSubject};
use crate::claim::{ClaimSource, Claims, TenantClaim};
use crate::clock::Clock;
use crate::context::TenantContext;
use crate::danger::UnverifiedClaims;
use crate::id::TenantId;
use crate::lifecycle::TenantState;
use crate::policy::{self, Action, Decision, Operation, Policy, REQUEST};
use crate::principal::{Principal, PrincipalKind, TenantRoles};
use crate::refusal::{Refusal, RefusalKind};
use crate::seam::{Admission, AdmissionDecision, Directory, SeamError};

/// The only maker of a [`TenantContext`].
///
/// # Shape
/// A clone is the same shield. It keeps nothing between requests.
///
/// # Examples
/// ```
/// use tenantshield_core::{
///     AllowAll, MemoryDirectory, Principal, PrincipalId, Shield, TenantId, TenantRoles,
/// };
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let acme = TenantId::new("acme")?;
/// let worker = Principal::service(PrincipalId::new("billing")?);
/// let directory = MemoryDirectory::new();
/// directory.insert_tenant(acme.clone());
/// directory.add_member(&acme, worker.clone(), TenantRoles::new());
///
/// let shield = Shield::builder().directory(directory).policy(AllowAll).build()?;
/// let context = shield.admit_for(acme, worker).await?;
/// assert_eq!(context.tenant().as_str(), "acme");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Shield {
    inner: Arc<Inner>,
}

struct Inner {
    directory: Box<dyn Directory>,
    admission: Box<dyn Admission>,
    policy: Arc<dyn Policy>,
    bus: AuditBus,
    clock: Arc<dyn Clock>,
    unverified: Option<UnverifiedClaims>,
}

impl Shield {
    /// Judges what a request says; the only way to a context.
    ///
    /// # Shape
    /// In this order: a tenant is named; somebody was authenticated or something was verified; all
    /// claims and principals agree; the tenant exists; the principal is its member; the tenant is
    /// active; there is quota; the policy allows [`REQUEST`]. One event tells the outcome:
    /// `policy_allow` or `policy_deny`.
    ///
    /// # Units
    /// Takes as long as the seams take: whoever awaits this sets the deadline, and dropping the
    /// future admits nobody.
    ///
    /// # Errors
    /// [`Refusal`], with a kind to be mapped to an answer.
    ///
    /// # Security
    /// Only the principal of an API key whose claim the key store verified is not asked for its
    /// membership. A tenant that is not active says so to a member only; a deleted one is unknown
    /// to everybody. A conditional yes of the policy cannot hold for a request and is a no.
    pub async fn admit(&self, claims: &Claims) -> Result<TenantContext, Refusal> {
        match self.judge(claims).await {
            Ok(context) => {
                self.inner
                    .bus
                    .record(AuditEventType::PolicyAllow, &context, || about(claims));
                Ok(context)
            }
            Err(turned) => Err(self.turn_away(&turned, claims)),
        }
    }

    /// Admits the program itself to a tenant, outside of any request.
    ///
    /// # Errors
    /// As [`Shield::admit`]: the principal has to be a member like any other.
    pub async fn admit_for(
        &self,
        tenant: TenantId,
        principal: Principal,
    ) -> Result<TenantContext, Refusal> {
        let claim = TenantClaim::verified(tenant, ClaimSource::Worker);
        self.admit(&Claims::new().with_claim(claim).with_principal(principal))
            .await
    }

    /// Turns a request away for a reason that only the caller knows, and records it.
    ///
    /// # Shape
    /// For a deadline that passed, or a credential that did not hold.
    pub fn refuse(&self, kind: RefusalKind, claims: &Claims) -> Refusal {
        self.turn_away(&Turned::away(kind), claims)
    }

    /// Where decisions are recorded.
    #[must_use]
    pub fn bus(&self) -> &AuditBus {
        &self.inner.bus
    }

    /// The policy, for adapters to ask about each relation.
    #[must_use]
    pub fn policy(&self) -> &Arc<dyn Policy> {
        &self.inner.policy
    }

    async fn judge(&self, claims: &Claims) -> Result<TenantContext, Turned> {
        let Some(first) = claims.claims().first() else {
            return Err(Turned::away(RefusalKind::MissingTenant));
        };
        self.require_credential(claims)?;
        let tenant = first.tenant();
        let principal = claims.principals().first();
        let agrees = claims.claims().iter().all(|claim| claim.tenant() == tenant)
            && claims
                .principals()
                .iter()
                .all(|other| Some(other) == principal);
        if !agrees {
            return Err(Turned::away(RefusalKind::Conflict));
        }
        let record = self.inner.directory.tenant(tenant).await?;
        // Asked of unknown tenants too, so that the work does not tell them from foreign ones.
        let standing = self.standing(tenant, principal, claims).await?;
        // A directory that folds case could return a neighbour's record.
        let Some(record) = record.filter(|record| record.id() == tenant) else {
            return Err(Turned::away(RefusalKind::Unknown));
        };
        let (roles, is_member) = match standing {
            Standing::Anonymous => (TenantRoles::new(), false),
            Standing::Member(roles) => (roles, true),
            Standing::Stranger => return Err(Turned::away(RefusalKind::NotMember)),
        };
        match record.state() {
            TenantState::Active => {}
            TenantState::Deleted => return Err(Turned::away(RefusalKind::Unknown)),
            TenantState::Offboarding | TenantState::Provisioning | TenantState::Suspended => {
                let told = if is_member {
                    RefusalKind::Suspended
                } else {
                    RefusalKind::Unknown
                };
                return Err(Turned::away(told));
            }
        }
        match self.inner.admission.admit(tenant, principal).await? {
            AdmissionDecision::Admit => {}
            AdmissionDecision::Refuse { retry_after } => {
                return Err(Turned {
                    retry_after,
                    ..Turned::away(RefusalKind::Quota)
                });
            }
        }
        let context = TenantContext::admitted(
            tenant.clone(),
            principal.cloned(),
            roles,
            record.metadata().clone(),
            self.inner.clock.now(),
            self.inner.bus.clone(),
        );
        self.ask_policy(&context)?;
        Ok(context)
    }

    fn require_credential(&self, claims: &Claims) -> Result<(), Turned> {
        let is_verified = claims.claims().iter().any(TenantClaim::is_verified);
        if is_verified || !claims.principals().is_empty() {
            return Ok(());
        }
        let believed = self.inner.unverified.as_ref().and_then(|unverified| {
            let claim = claims
                .claims()
                .iter()
                .find(|claim| unverified.allows(claim.source()))?;
            Some((unverified, claim))
        });
        let Some((unverified, claim)) = believed else {
            return Err(Turned::away(RefusalKind::Unauthenticated));
        };
        unverified.record(&self.inner.bus, claim);
        Ok(())
    }

    async fn standing(
        &self,
        tenant: &TenantId,
        principal: Option<&Principal>,
        claims: &Claims,
    ) -> Result<Standing, SeamError> {
        let Some(principal) = principal else {
            return Ok(Standing::Anonymous);
        };
        let is_of_key_store = claims
            .claims()
            .iter()
            .any(|claim| claim.is_verified() && claim.source() == ClaimSource::ApiKey);
        if principal.kind() == PrincipalKind::ApiKey && is_of_key_store {
            return Ok(Standing::Member(TenantRoles::new()));
        }
        let membership = self.inner.directory.membership(tenant, principal).await?;
        Ok(membership.map_or(Standing::Stranger, |member| {
            Standing::Member(member.roles().clone())
        }))
    }

    fn ask_policy(&self, context: &TenantContext) -> Result<(), Turned> {
        let operation = Operation::new(REQUEST, Action::Read, context);
        let reason = match policy::decide(&*self.inner.policy, &operation) {
            Decision::Allow => return Ok(()),
            Decision::Deny(reason) => reason.as_str().to_owned(),
            Decision::RequireScope(_) => "a condition on rows cannot hold for a request".to_owned(),
        };
        Err(Turned {
            cause: Some(reason),
            ..Turned::away(RefusalKind::PolicyDenied)
        })
    }

    fn turn_away(&self, turned: &Turned, claims: &Claims) -> Refusal {
        let mut refusal = Refusal::new(turned.kind);
        if let Some(after) = turned.retry_after {
            refusal = refusal.with_retry_after(after);
        }
        let principal = match claims.principals() {
            [principal] => Some(principal),
            _ => None,
        };
        let subject = AuditSubject::new(None, principal);
        self.inner
            .bus
            .record(AuditEventType::PolicyDeny, subject, || {
                let mut payload = about(claims)
                    .with_code(refusal.code())
                    .with_reason(turned.kind.as_str());
                if let Some(first) = claims.claims().first() {
                    payload = payload.with_attempted_tenant(first.tenant().clone());
                }
                match &turned.cause {
                    Some(cause) => payload.with_extra("cause", cause.as_str()),
                    None => payload,
                }
            });
        refusal
    }
}

impl fmt::Debug for Shield {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Shield")
            .field("directory", &self.inner.directory)
            .field("admission", &self.inner.admission)
            .field("policy", &self.inner.policy)
            .field("bus", &self.inner.bus)
            .field("unverified", &self.inner.unverified)
            .finish_non_exhaustive()
    }
}

/// What a principal is to a tenant.
enum Standing {
    Anonymous,
    Member(TenantRoles),
    Stranger,
}

/// A refusal on its way out, with what only evidence may know.
struct Turned {
    kind: RefusalKind,
    retry_after: Option<Duration>,
    cause: Option<String>,
}

impl Turned {
    const fn away(kind: RefusalKind) -> Self {
        Self {
            kind,
            retry_after: None,
            cause: None,
        }
    }
}

impl From<SeamError> for Turned {
    fn from(error: SeamError) -> Self {
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        Self {
            cause,
            ..Self::away(RefusalKind::Unavailable)
        }
    }
}

/// What a request said, for evidence: all of it where it does not agree.
fn about(claims: &Claims) -> AuditPayload {
    let sources: Vec<&str> = claims
        .claims()
        .iter()
        .map(|claim| claim.source().as_str())
        .collect();
    let tenants: BTreeSet<&str> = claims
        .claims()
        .iter()
        .map(|claim| claim.tenant().as_str())
        .collect();
    let mut payload = AuditPayload::new()
        .with_operation("admit")
        .with_extra("claim_sources", sources.join(","));
    if tenants.len() > 1 {
        let tenants: Vec<&str> = tenants.into_iter().collect();
        payload = payload.with_extra("attempted_tenant_ids", tenants.join(","));
    }
    if claims.principals().len() > 1 {
        let principals: Vec<String> = claims
            .principals()
            .iter()
            .map(ToString::to_string)
            .collect();
        // Ids may hold any separator, so the list is written as JSON.
        let principals = serde_json::Value::from(principals).to_string();
        payload = payload.with_extra("principals", principals);
    }
    payload
}
