//! The shield against its rules, written down naively.

use std::sync::Arc;

use proptest::prelude::*;
use tenantshield_core::danger::UnverifiedClaims;
use tenantshield_core::{
    AllowAll, AuditBus, ClaimSource, Claims, InMemorySink, MemoryDirectory, Principal, PrincipalId,
    RefusalKind, Shield, TenantClaim, TenantState,
};

use crate::fixture::{finish, kinds, no_claims, roles, shared, tenant, user};

const TENANTS: [&str; 3] = ["acme", "globex", "initech"];
const SOURCES: [ClaimSource; 3] = [ClaimSource::ApiKey, ClaimSource::Header, ClaimSource::Jwt];
const STATES: [TenantState; 5] = [
    TenantState::Active,
    TenantState::Deleted,
    TenantState::Offboarding,
    TenantState::Provisioning,
    TenantState::Suspended,
];

fn principal(at: usize) -> Principal {
    match at {
        0 => user("alice"),
        1 => user("bob"),
        _ => Principal::api_key(PrincipalId::new("k1").unwrap()),
    }
}

#[derive(Clone, Debug)]
struct Case {
    /// Tenant, source, verified.
    claims: Vec<(usize, usize, bool)>,
    principals: Vec<usize>,
    /// The states of the first two tenants; the third does not exist.
    states: [usize; 2],
    members: Vec<(usize, usize)>,
    believes_headers: bool,
}

fn cases() -> impl Strategy<Value = Case> {
    let claim = (
        prop_oneof![4 => Just(0_usize), 1 => 1..3_usize],
        0..3_usize,
        any::<bool>(),
    );
    (
        prop::collection::vec(claim, 0..4),
        prop::collection::vec(prop_oneof![3 => Just(0_usize), 1 => 1..3_usize], 0..3),
        prop::array::uniform2(prop_oneof![3 => Just(0_usize), 1 => 1..5_usize]),
        prop::collection::vec((0..2_usize, 0..3_usize), 0..4),
        any::<bool>(),
    )
        .prop_map(
            |(claims, principals, states, members, believes_headers)| Case {
                claims,
                principals,
                states,
                members,
                believes_headers,
            },
        )
}

fn model(case: &Case) -> Result<usize, RefusalKind> {
    let Some((tenant, ..)) = case.claims.first() else {
        return Err(RefusalKind::MissingTenant);
    };
    let is_verified = case.claims.iter().any(|(.., verified)| *verified);
    let is_believed = case.believes_headers && case.claims.iter().any(|(_, at, _)| *at == 1);
    if !is_verified && case.principals.is_empty() && !is_believed {
        return Err(RefusalKind::Unauthenticated);
    }
    if case.claims.iter().any(|(other, ..)| other != tenant)
        || case
            .principals
            .iter()
            .any(|other| *other != case.principals[0])
    {
        return Err(RefusalKind::Conflict);
    }
    let Some(state) = case.states.get(*tenant).map(|at| STATES[*at]) else {
        return Err(RefusalKind::Unknown);
    };
    let is_key_verified = case
        .claims
        .iter()
        .any(|(_, at, verified)| *at == 0 && *verified);
    let is_member = match case.principals.first() {
        None => false,
        Some(2) if is_key_verified => true,
        Some(who) if case.members.contains(&(*tenant, *who)) => true,
        Some(_) => return Err(RefusalKind::NotMember),
    };
    match state {
        TenantState::Active => Ok(*tenant),
        TenantState::Deleted => Err(RefusalKind::Unknown),
        _ if is_member => Err(RefusalKind::Suspended),
        _ => Err(RefusalKind::Unknown),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    /// OW-R2, OW-R7, FLAW-01, FLAW-04.
    #[test]
    fn the_shield_admits_exactly_whom_the_rules_admit(case in cases()) {
        let directory = MemoryDirectory::new();
        for (at, state) in case.states.iter().enumerate() {
            directory.insert_tenant(tenant(TENANTS[at]));
            directory.set_state(&tenant(TENANTS[at]), STATES[*state]);
        }
        for (at, who) in &case.members {
            directory.add_member(&tenant(TENANTS[*at]), principal(*who), roles(&[]));
        }
        let (bus, sink) = (AuditBus::new(), Arc::new(InMemorySink::new()));
        bus.register(shared(&sink));
        let mut builder = Shield::builder().directory(directory).policy(AllowAll).bus(bus);
        if case.believes_headers {
            let reason = "a gateway sets the header";
            builder = builder.unverified(UnverifiedClaims::new(reason, [ClaimSource::Header]).unwrap());
        }
        let mut claims: Claims = no_claims();
        for (at, source, verified) in &case.claims {
            let make = if *verified { TenantClaim::verified } else { TenantClaim::said };
            claims = claims.with_claim(make(tenant(TENANTS[*at]), SOURCES[*source]));
        }
        for who in &case.principals {
            claims = claims.with_principal(principal(*who));
        }
        let answer = finish(builder.build().unwrap().admit(&claims));
        let told = kinds(&sink.events());
        let decisions = told.iter().filter(|kind| **kind != "enforcement_bypass").count();
        prop_assert_eq!(decisions, 1);
        let got = answer.map(|context| context.tenant().to_string()).map_err(|no| no.kind());
        prop_assert_eq!(got, model(&case).map(|at| TENANTS[at].to_owned()));
    }
}
