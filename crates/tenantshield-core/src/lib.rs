//! The words, the seams and the one door of `TenantShield`.
//!
//! ```
//! use tenantshield_core::{
//!     AllowAll, MemoryDirectory, Principal, PrincipalId, Shield, TenantId, TenantRoles,
//!     current_tenant,
//! };
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (acme, alice) = (TenantId::new("acme")?, Principal::user(PrincipalId::new("alice")?));
//! let directory = MemoryDirectory::new();
//! directory.insert_tenant(acme.clone());
//! directory.add_member(&acme, alice.clone(), TenantRoles::new());
//! let shield = Shield::builder().directory(directory).policy(AllowAll).build()?;
//!
//! let context = shield.admit_for(acme, alice).await?;
//! let tenant = context.scope(async { current_tenant().map(|c| c.tenant().to_string()) }).await?;
//! assert_eq!(tenant, "acme");
//! # Ok(())
//! # }
//! ```
//!
//! | module | holds |
//! |---|---|
//! | [`id`] | tenant ids and the values they become in a column |
//! | [`principal`] | who acts; roles of a tenant and roles of the platform |
//! | [`claim`] | what a request says about its tenant |
//! | [`shield`] | the one door; the only maker of a context |
//! | [`refusal`] | why a request was turned away |
//! | [`context`] | the proof that a tenant was admitted |
//! | [`scope`] | the tenant of the code that runs right now |
//! | [`policy`] | who may do what inside of a tenant |
//! | [`catalog`] | which tables belong to tenants, and how |
//! | [`model`] | what a struct says about its table |
//! | [`audit`] | evidence: events, bus, sinks |
//! | [`observability`] | nine events for operators, off until switched on |
//! | [`seam`], [`memory`] | what the shield asks of the world, and answers in memory |
//! | [`lifecycle`] | the states in the life of a tenant |
//! | [`clock`] | time, as a seam |
//! | [`error`] | errors, codes, hints |
//! | [`danger`] | whatever crosses tenants or skips a check |
//!
//! There is no I/O and no runtime here; deadlines are set by whoever awaits [`Shield::admit`].
//! Not here: durable evidence, resolving requests, judging SQL. The crate has no features.

pub mod audit;
pub mod catalog;
pub mod claim;
pub mod clock;
pub mod context;
pub mod danger;
pub mod error;
pub mod id;
pub mod lifecycle;
pub mod memory;
pub mod model;
pub mod observability;
pub mod policy;
pub mod principal;
pub mod refusal;
pub mod scope;
pub mod seam;
pub mod shield;

pub use self::audit::{
    AuditBus, AuditEvent, AuditEventType, AuditPayload, AuditSink, AuditSubject, InMemorySink,
    NullSink, SinkError, TracingSink, Violation, blocked_write,
};
pub use self::catalog::{
    Catalog, CatalogBuilder, CatalogError, Drift, DriftKind, Parent, Table, TableKind, TableSpec,
    UniqueKey,
};
pub use self::claim::{ClaimSource, Claims, TenantClaim};
pub use self::clock::{Clock, FakeClock, SystemClock};
pub use self::context::{Metadata, TenantContext};
pub use self::error::{
    AmbiguousContext, ConfigurationError, CrossTenantAccess, CrossTenantJoin, Error,
    MissingContext, UnscopedQuery,
};
pub use self::id::{InvalidTenantId, TenantId, TenantType, TenantValue};
pub use self::lifecycle::TenantState;
pub use self::memory::{MemoryDirectory, MemoryKeyStore};
pub use self::model::{ModelParent, TenantAware};
pub use self::observability::ObservabilityEvent;
pub use self::policy::{
    Action, AllowAll, AllowList, Chain, Decision, DenyByDefault, DenyReason, Filter, FilterValue,
    Operation, Policy, evaluate_and_audit,
};
pub use self::principal::{
    InvalidName, Operator, PlatformRole, Principal, PrincipalId, PrincipalKind, TenantRole,
    TenantRoles,
};
pub use self::refusal::{Refusal, RefusalKind};
pub use self::scope::{
    Scoped, ScopedStream, TenantScopeExt, TenantStreamExt, current_tenant, ensure_current,
    in_current_tenant_blocking, tenant_scope, try_current_tenant, with_current_tenant,
};
pub use self::seam::{
    Admission, AdmissionDecision, ApiKeyRecord, Directory, KeyStore, Membership, OpenAdmission,
    SeamError, TenantRecord,
};
pub use self::shield::{Shield, ShieldBuilder};
