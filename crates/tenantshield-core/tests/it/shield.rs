use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tenantshield_core::danger::UnverifiedClaims;
use tenantshield_core::{
    Action, Admission, AdmissionDecision, AllowAll, AllowList, AuditBus, ClaimSource, Claims,
    Decision, Directory, FakeClock, Filter, InMemorySink, Membership, MemoryDirectory, Metadata,
    Operation, Policy, Principal, PrincipalId, Refusal, RefusalKind, SeamError, Shield,
    ShieldBuilder, TenantClaim, TenantId, TenantRecord, TenantRole, TenantState, policy,
};

use crate::fixture::{finish, kinds, roles, shared, tenant, user};

/// A shield with its directory and its sink at hand.
struct World {
    directory: Arc<MemoryDirectory>,
    sink: Arc<InMemorySink>,
    shield: Shield,
}

impl World {
    fn new() -> Self {
        Self::with(|builder| builder.policy(AllowAll))
    }

    fn with(change: impl FnOnce(ShieldBuilder) -> ShieldBuilder) -> Self {
        let directory = Arc::new(MemoryDirectory::new());
        for name in ["acme", "globex"] {
            directory.insert_tenant(tenant(name));
        }
        directory.add_member(&tenant("acme"), user("alice"), roles(&["editor"]));
        let (bus, sink) = (AuditBus::new(), Arc::new(InMemorySink::new()));
        bus.register(shared(&sink));
        let builder = Shield::builder().directory(Arc::clone(&directory)).bus(bus);
        Self {
            directory,
            sink,
            shield: change(builder).build().unwrap(),
        }
    }

    fn refuse(&self, claims: &Claims) -> Refusal {
        self.sink.clear();
        let refusal = finish(self.shield.admit(claims)).unwrap_err();
        let events = self.sink.events();
        assert_eq!(kinds(&events), ["policy_deny"], "{refusal:?}");
        assert_eq!(events[0].payload().code(), Some(refusal.code()));
        assert_eq!(events[0].payload().reason(), Some(refusal.kind().as_str()));
        assert_eq!(events[0].tenant(), None);
        refusal
    }
}

fn verified(name: &str) -> TenantClaim {
    TenantClaim::verified(tenant(name), ClaimSource::Jwt)
}

fn said(name: &str) -> TenantClaim {
    TenantClaim::said(tenant(name), ClaimSource::Header)
}

fn alice_at(name: &str) -> Claims {
    Claims::new()
        .with_claim(verified(name))
        .with_principal(user("alice"))
}

fn key() -> Principal {
    Principal::api_key(PrincipalId::new("k1").unwrap())
}

/// SEED-B1, OW-R2.
#[test]
fn a_member_of_an_active_tenant_is_admitted_with_what_the_directory_knows() {
    let clock = Arc::new(FakeClock::new());
    let world = World::with(|builder| builder.policy(AllowAll).clock(Arc::clone(&clock)));
    let record = TenantRecord::new(tenant("acme"), TenantState::Active)
        .with_metadata(Metadata::new().with("tier", "gold"));
    world.directory.insert_record(record);
    let context = finish(
        world
            .shield
            .admit(&alice_at("acme").with_claim(said("acme"))),
    )
    .unwrap();
    assert_eq!(context.tenant(), &tenant("acme"));
    assert_eq!(context.principal(), Some(&user("alice")));
    assert!(
        context
            .roles()
            .contains(&TenantRole::new("editor").unwrap())
    );
    assert_eq!(context.metadata().get("tier"), Some("gold"));
    assert_eq!(
        context.admitted_at(),
        tenantshield_core::Clock::now(&*clock)
    );
    let events = world.sink.events();
    assert_eq!(kinds(&events), ["policy_allow"]);
    assert_eq!(events[0].tenant(), Some(&tenant("acme")));
    assert_eq!(
        events[0].payload().extra("claim_sources"),
        Some("jwt,header")
    );
}

/// OW-R1: nothing named, nothing given.
#[test]
fn claims_without_a_tenant_are_refused() {
    let world = World::new();
    assert_eq!(
        world.refuse(&Claims::new()).kind(),
        RefusalKind::MissingTenant
    );
    let claims = Claims::new().with_principal(user("alice"));
    assert_eq!(world.refuse(&claims).kind(), RefusalKind::MissingTenant);
}

/// OW-R7, OW-1.3: what a client says must agree with what was verified.
#[test]
fn claims_that_name_different_tenants_are_a_conflict() {
    let world = World::new();
    let refusal = world.refuse(&alice_at("acme").with_claim(said("globex")));
    assert_eq!(refusal.kind(), RefusalKind::Conflict);
    let payload = world.sink.events()[0].payload().clone();
    assert_eq!(payload.extra("attempted_tenant_ids"), Some("acme,globex"));
    assert!(!refusal.to_string().contains("globex"));
    let both = Claims::new()
        .with_claim(verified("acme"))
        .with_claim(verified("globex"));
    assert_eq!(world.refuse(&both).kind(), RefusalKind::Conflict);
}

#[test]
fn two_principals_are_a_conflict_and_the_same_one_twice_is_not() {
    let world = World::new();
    let two = alice_at("acme").with_principal(user("bob"));
    assert_eq!(world.refuse(&two).kind(), RefusalKind::Conflict);
    let same = alice_at("acme").with_principal(user("alice"));
    assert!(finish(world.shield.admit(&same)).is_ok());
    let other_issuer = alice_at("acme").with_principal(user("alice").with_issuer("https://x"));
    assert_eq!(world.refuse(&other_issuer).kind(), RefusalKind::Conflict);
}

/// OW-R2: a header alone is nobody.
#[test]
fn an_unverified_claim_without_a_principal_is_unauthenticated() {
    let world = World::new();
    assert_eq!(
        world.refuse(&Claims::new().with_claim(said("acme"))).kind(),
        RefusalKind::Unauthenticated
    );
    let conflicting = Claims::new()
        .with_claim(said("acme"))
        .with_claim(said("globex"));
    assert_eq!(
        world.refuse(&conflicting).kind(),
        RefusalKind::Unauthenticated
    );
}

/// OW-R7: a header and a verified person are judged by the membership.
#[test]
fn a_principal_may_name_its_own_tenant_and_no_other() {
    let world = World::new();
    let own = Claims::new()
        .with_claim(said("acme"))
        .with_principal(user("alice"));
    assert!(finish(world.shield.admit(&own)).is_ok());
    let foreign = Claims::new()
        .with_claim(said("globex"))
        .with_principal(user("alice"));
    assert_eq!(world.refuse(&foreign).kind(), RefusalKind::NotMember);
}

/// FLAW-01: a token outlives the membership, access does not.
#[test]
fn a_removed_member_is_refused_at_once_though_its_token_is_still_valid() {
    let world = World::new();
    assert!(finish(world.shield.admit(&alice_at("acme"))).is_ok());
    assert!(
        world
            .directory
            .remove_member(&tenant("acme"), &user("alice"))
    );
    assert_eq!(
        world.refuse(&alice_at("acme")).kind(),
        RefusalKind::NotMember
    );
}

/// FLAW-02: a foreign tenant and an absent one differ in evidence only.
#[test]
fn an_unknown_tenant_is_unknown() {
    let world = World::new();
    assert_eq!(
        world
            .refuse(&Claims::new().with_claim(verified("initech")))
            .kind(),
        RefusalKind::Unknown
    );
    let refusal = world.refuse(&alice_at("initech"));
    assert_eq!(refusal.kind(), RefusalKind::Unknown);
    let attempted = world.sink.events()[0]
        .payload()
        .attempted_tenant_id()
        .cloned();
    assert_eq!(attempted, Some(tenant("initech")));
}

/// OW-R2.
#[test]
fn a_tenant_that_is_not_active_says_so_to_members_only() {
    let world = World::new();
    let anonymous = Claims::new().with_claim(verified("acme"));
    let stranger = Claims::new()
        .with_claim(verified("acme"))
        .with_principal(user("mallory"));
    for state in [
        TenantState::Suspended,
        TenantState::Offboarding,
        TenantState::Provisioning,
    ] {
        assert!(world.directory.set_state(&tenant("acme"), state));
        assert_eq!(
            world.refuse(&alice_at("acme")).kind(),
            RefusalKind::Suspended
        );
        assert_eq!(world.refuse(&stranger).kind(), RefusalKind::NotMember);
        assert_eq!(world.refuse(&anonymous).kind(), RefusalKind::Unknown);
    }
    world
        .directory
        .set_state(&tenant("acme"), TenantState::Deleted);
    assert_eq!(world.refuse(&alice_at("acme")).kind(), RefusalKind::Unknown);
    world
        .directory
        .set_state(&tenant("acme"), TenantState::Active);
    assert!(finish(world.shield.admit(&alice_at("acme"))).is_ok());
    assert!(finish(world.shield.admit(&anonymous)).is_ok());
}

#[test]
fn only_a_key_that_the_key_store_verified_needs_no_membership() {
    let world = World::new();
    let of = |claim| Claims::new().with_claim(claim).with_principal(key());
    let verified_key = TenantClaim::verified(tenant("acme"), ClaimSource::ApiKey);
    assert!(finish(world.shield.admit(&of(verified_key.clone()))).is_ok());
    for claim in [
        TenantClaim::said(tenant("acme"), ClaimSource::ApiKey),
        verified("acme"),
    ] {
        assert_eq!(world.refuse(&of(claim)).kind(), RefusalKind::NotMember);
    }
    let person = Claims::new()
        .with_claim(verified_key.clone())
        .with_principal(user("mallory"));
    assert_eq!(world.refuse(&person).kind(), RefusalKind::NotMember);
    world
        .directory
        .set_state(&tenant("acme"), TenantState::Suspended);
    assert_eq!(
        world.refuse(&of(verified_key)).kind(),
        RefusalKind::Suspended
    );
}

/// SEED-C4 (the core's part).
#[test]
fn a_worker_is_admitted_as_a_member_like_any_other() {
    let world = World::new();
    let worker = Principal::service(PrincipalId::new("billing").unwrap());
    let refusal = finish(world.shield.admit_for(tenant("acme"), worker.clone())).unwrap_err();
    assert_eq!(refusal.kind(), RefusalKind::NotMember);
    world
        .directory
        .add_member(&tenant("acme"), worker.clone(), roles(&[]));
    let context = finish(world.shield.admit_for(tenant("acme"), worker.clone())).unwrap();
    assert_eq!(context.principal(), Some(&worker));
}

/// Answers nothing, or something else than it was asked.
#[derive(Debug)]
enum Odd {
    Broken,
    BrokenMembers,
    Neighbour,
}

#[async_trait]
impl Directory for Odd {
    async fn tenant(&self, id: &TenantId) -> Result<Option<TenantRecord>, SeamError> {
        match self {
            Self::Broken => Err(SeamError::new("connection refused")),
            Self::BrokenMembers => Ok(Some(TenantRecord::new(id.clone(), TenantState::Active))),
            Self::Neighbour => Ok(Some(TenantRecord::new(
                tenant("globex"),
                TenantState::Active,
            ))),
        }
    }

    async fn membership(
        &self,
        _id: &TenantId,
        _principal: &Principal,
    ) -> Result<Option<Membership>, SeamError> {
        match self {
            Self::Neighbour => Ok(Some(Membership::default())),
            Self::Broken | Self::BrokenMembers => Err(SeamError::new("connection refused")),
        }
    }
}

/// FLAW-03: what cannot be known is a no.
#[test]
fn a_directory_that_fails_refuses_and_its_cause_stays_in_evidence() {
    for odd in [Odd::Broken, Odd::BrokenMembers] {
        let world = World::with(|builder| builder.policy(AllowAll).directory(odd));
        let refusal = world.refuse(&alice_at("acme"));
        assert_eq!(refusal.kind(), RefusalKind::Unavailable);
        assert!(!refusal.to_string().contains("connection"));
        let payload = world.sink.events()[0].payload().clone();
        assert_eq!(payload.extra("cause"), Some("connection refused"));
    }
}

#[test]
fn a_directory_that_answers_with_a_neighbour_admits_nobody() {
    let world = World::with(|builder| builder.policy(AllowAll).directory(Odd::Neighbour));
    assert_eq!(world.refuse(&alice_at("acme")).kind(), RefusalKind::Unknown);
}

#[derive(Debug)]
enum Full {
    Broken,
    Busy,
}

#[async_trait]
impl Admission for Full {
    async fn admit(
        &self,
        _tenant: &TenantId,
        _principal: Option<&Principal>,
    ) -> Result<AdmissionDecision, SeamError> {
        match self {
            Self::Broken => Err(SeamError::new("no answer")),
            Self::Busy => Ok(AdmissionDecision::Refuse {
                retry_after: Some(Duration::from_secs(7)),
            }),
        }
    }
}

#[test]
fn a_used_up_quota_says_when_to_come_back_and_a_broken_one_refuses() {
    let busy = World::with(|builder| builder.policy(AllowAll).admission(Full::Busy));
    let refusal = busy.refuse(&alice_at("acme"));
    assert_eq!(refusal.kind(), RefusalKind::Quota);
    assert_eq!(refusal.retry_after(), Some(Duration::from_secs(7)));
    let broken = World::with(|builder| builder.policy(AllowAll).admission(Full::Broken));
    assert_eq!(
        broken.refuse(&alice_at("acme")).kind(),
        RefusalKind::Unavailable
    );
}

#[derive(Debug)]
struct Conditional;

impl Policy for Conditional {
    fn evaluate(&self, _operation: &Operation<'_>) -> Decision {
        Decision::RequireScope(Filter::new())
    }
}

#[derive(Debug)]
struct Panicking;

impl Policy for Panicking {
    fn evaluate(&self, _operation: &Operation<'_>) -> Decision {
        panic!("on purpose")
    }
}

/// OW-R1: without a policy the answer is no.
#[test]
fn only_an_unconditional_yes_of_a_policy_admits() {
    let refused = [
        World::with(|builder| builder),
        World::with(|builder| builder.policy(Conditional)),
        World::with(|builder| builder.policy(Panicking)),
        World::with(|builder| builder.policy(AllowList::new().with("Order", Action::Read))),
    ];
    for world in refused {
        assert_eq!(
            world.refuse(&alice_at("acme")).kind(),
            RefusalKind::PolicyDenied
        );
    }
    let listed = World::with(|builder| builder.policy(AllowList::new().with_requests()));
    assert!(finish(listed.shield.admit(&alice_at("acme"))).is_ok());
    assert_eq!(policy::REQUEST, "tenantshield.request");
}

/// SEED-B7: believing the client is possible, named, limited to a source and recorded each time.
#[test]
fn an_unverified_source_is_believed_only_by_name_and_on_the_record() {
    let unverified = UnverifiedClaims::new("our gateway sets the header", [ClaimSource::Header]);
    let world = World::with(|builder| builder.policy(AllowAll).unverified(unverified.unwrap()));
    for _ in 0..2 {
        world.sink.clear();
        let context = finish(world.shield.admit(&Claims::new().with_claim(said("acme")))).unwrap();
        assert_eq!(context.principal(), None);
        assert_eq!(
            kinds(&world.sink.events()),
            ["enforcement_bypass", "policy_allow"]
        );
    }
    let by_host = TenantClaim::said(tenant("acme"), ClaimSource::Host);
    assert_eq!(
        world.refuse(&Claims::new().with_claim(by_host)).kind(),
        RefusalKind::Unauthenticated
    );
    world.sink.clear();
    let conflicting = Claims::new()
        .with_claim(said("acme"))
        .with_claim(said("globex"));
    let refusal = finish(world.shield.admit(&conflicting)).unwrap_err();
    assert_eq!(refusal.kind(), RefusalKind::Conflict);
    world.sink.clear();
    assert!(finish(world.shield.admit(&alice_at("acme"))).is_ok());
    assert_eq!(kinds(&world.sink.events()), ["policy_allow"]);
}

#[test]
fn a_caller_may_turn_a_request_away_on_the_record() {
    let world = World::new();
    let refusal = world
        .shield
        .refuse(RefusalKind::Unavailable, &alice_at("acme"));
    assert_eq!(refusal.code(), "TS-ADM-008");
    let events = world.sink.events();
    assert_eq!(kinds(&events), ["policy_deny"]);
    assert_eq!(events[0].principal(), Some(&user("alice")));
}

/// SEED-B4.
#[test]
fn a_shield_without_a_directory_is_a_configuration_error() {
    let error = Shield::builder().policy(AllowAll).build().unwrap_err();
    assert_eq!(error.code(), "TS-CFG-001");
}
