//! Requests that claim to be somebody else's.

use super::definition::{Attack, Evidence, Fence, Played, Strike};
use crate::demo::client::Call;
use crate::demo::token::{Credential, Person};
use crate::demo::world::World;

pub(super) fn attacks() -> Vec<Attack> {
    let mut attacks = claims();
    attacks.extend(tokens());
    attacks.extend(members());
    attacks
}

fn stopped(name: &'static str, row: u16, code: &'static str, control: Call, call: Call) -> Attack {
    Attack::refused(name, row, code, control, Strike::Look(call)).behind(Fence::Resolver)
}

fn claims() -> Vec<Attack> {
    let list = || Call::get("/invoices");
    let own_header = || list().with_header("x-tenant-id", "acme");
    vec![
        stopped(
            "header names another tenant",
            97,
            "TS-ADM-001",
            own_header(),
            list().with_header("x-tenant-id", "globex"),
        ),
        stopped(
            "header given twice",
            97,
            "TS-RES-001",
            own_header(),
            own_header().with_header("x-tenant-id", "globex"),
        ),
        stopped(
            "host names another tenant",
            98,
            "TS-ADM-001",
            list().with_host("acme.invoices.localhost"),
            list().with_host("globex.invoices.localhost"),
        ),
        stopped(
            "path names another tenant",
            97,
            "TS-ADM-001",
            Call::get("/t/acme/invoices"),
            Call::get("/t/globex/invoices"),
        ),
        stopped(
            "empty tenant drops the filter",
            48,
            "TS-RES-010",
            Call::get("/customers").with_header("x-tenant-id", "acme"),
            Call::get("/customers").with_header("x-tenant-id", ""),
        ),
        stopped(
            "wildcard as a tenant",
            84,
            "TS-RES-010",
            Call::get("/payments").with_header("x-tenant-id", "acme"),
            Call::get("/payments").with_header("x-tenant-id", "%"),
        ),
        Attack::refused(
            "unknown tenant told from a foreign one",
            101,
            "TS-ADM-001",
            own_header(),
            Strike::Compare {
                foreign: list().with_header("x-tenant-id", "globex"),
                absent: list().with_header("x-tenant-id", "nobody"),
            },
        )
        .behind(Fence::Resolver),
    ]
}

fn tokens() -> Vec<Attack> {
    let list = || Call::get("/invoices");
    let forged =
        |name, row, code, credential| stopped(name, row, code, list(), list().with(credential));
    vec![
        forged(
            "token for a tenant not one's own",
            98,
            "TS-ADM-003",
            Credential::OtherTenant,
        ),
        forged(
            "token without a tenant",
            89,
            "TS-RES-023",
            Credential::WithoutTenant,
        ),
        forged("unsigned token", 100, "TS-RES-021", Credential::Unsigned),
        forged(
            "token signed with one's own key",
            100,
            "TS-RES-021",
            Credential::Forged,
        ),
        forged(
            "HMAC under the public key",
            100,
            "TS-RES-021",
            Credential::KeyConfusion,
        ),
        forged(
            "token for another service",
            100,
            "TS-RES-021",
            Credential::ForOtherService,
        ),
        forged("expired token", 100, "TS-RES-022", Credential::Outdated),
    ]
}

fn members() -> Vec<Attack> {
    vec![
        Attack {
            name: "token of a removed member",
            row: 102,
            fence: Fence::Resolver,
            evidence: Evidence::Refused("TS-ADM-003"),
            control: Call::get("/invoices").by(Person::Zoe),
            strike: Strike::Play(removed),
        },
        Attack {
            name: "token of a suspended tenant",
            row: 102,
            fence: Fence::Resolver,
            evidence: Evidence::Refused("TS-ADM-006"),
            control: Call::get("/invoices").by(Person::Peter),
            strike: Strike::Play(suspended),
        },
    ]
}

fn removed(world: &World) -> Played<'_> {
    Box::pin(async move {
        world.remove_member(Person::Zoe)?;
        world
            .look_for(&Call::get("/invoices").by(Person::Zoe), &["globex"])
            .await
    })
}

fn suspended(world: &World) -> Played<'_> {
    Box::pin(async move {
        world.suspend("initech")?;
        world
            .look_for(&Call::get("/invoices").by(Person::Peter), &["initech"])
            .await
    })
}
