//! Attacks on work that outlives its request.

use std::time::Duration;

use http_body_util::BodyExt as _;
use serde_json::{Value, json};

use super::definition::{Attack, Fence, Played, Strike};
use crate::demo::client::{self, Call};
use crate::demo::fault::Fault;
use crate::demo::token::Person;
use crate::demo::world::World;

pub(super) fn attacks() -> Vec<Attack> {
    vec![
        Attack::refused(
            "spawned task without a tenant",
            87,
            "TS-CTX-001",
            Call::post("/nightly", json!({ "now": true })),
            Strike::Play(spawned),
        )
        .behind(Fence::Type),
        Attack::filtered(
            "body streamed after the handler",
            88,
            Call::get("/export"),
            Strike::Play(streamed),
        )
        .behind(Fence::Type),
        Attack::refused(
            "job without a tenant",
            93,
            "TS-CTX-001",
            Call::post("/digest", json!({})),
            Strike::Play(orphan_job),
        )
        .behind(Fence::Type),
        Attack::refused(
            "job whose payload names another",
            95,
            "TS-ADM-003",
            Call::post("/digest", json!({ "tenant": "acme" })),
            Strike::Look(Call::post("/digest", json!({ "tenant": "globex" }))),
        )
        .behind(Fence::Resolver),
        Attack::filtered(
            "client hangs up in a transaction",
            14,
            Call::post("/invoices/approve", json!({})),
            Strike::Play(hang_up),
        )
        .behind(Fence::Type),
    ]
}

/// The task looks for its tenant when another tenant's request has just come by.
fn spawned(world: &World) -> Played<'_> {
    Box::pin(async move {
        world
            .measured(async {
                let order = world
                    .expect_success(&Call::post("/nightly", json!({})))
                    .await?;
                let ticket = serde_json::from_str::<Value>(&order.body)
                    .ok()
                    .and_then(|order| order.get("ticket").and_then(Value::as_i64))
                    .ok_or_else(|| Fault::said("the report has no ticket"))?;
                world
                    .expect_success(&Call::get("/customers").by(Person::Carol))
                    .await?;
                // Asking too early would make the attacker the one who came last.
                tokio::time::sleep(Duration::from_millis(250)).await;
                for _ in 0..100 {
                    let answer = world.send(&Call::get(format!("/nightly/{ticket}"))).await?;
                    if answer.status != 202 {
                        return Ok(answer);
                    }
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                Err(Fault::said("the report did not come"))
            })
            .await
    })
}

/// Between two pieces of the body another tenant makes a request.
fn streamed(world: &World) -> Played<'_> {
    Box::pin(async move {
        world
            .measured(async {
                let mut response = world.open(&Call::get("/export")).await?;
                let first = response
                    .body_mut()
                    .frame()
                    .await
                    .ok_or_else(|| Fault::said("the export is empty"))?
                    .map_err(|e| Fault::new("read the first piece", e))?;
                world
                    .expect_success(&Call::get("/customers").by(Person::Carol))
                    .await?;
                let mut body = first
                    .into_data()
                    .map(|piece| String::from_utf8_lossy(&piece).into_owned())
                    .unwrap_or_default();
                let rest = client::finish(response).await?;
                body.push_str(&rest.body);
                if body.lines().count() != 4 {
                    return Err(Fault::said("the export is cut short"));
                }
                Ok(client::Answer { body, ..rest })
            })
            .await
    })
}

/// The worker has just done a job of the victim.
fn orphan_job(world: &World) -> Played<'_> {
    Box::pin(async move {
        world
            .expect_success(&Call::post("/digest", json!({})).by(Person::Carol))
            .await?;
        world.look(&Call::post("/hooks/digest", json!({}))).await
    })
}

/// With one connection in the pool, the victim's next write must be its own transaction.
fn hang_up(world: &World) -> Played<'_> {
    Box::pin(async move {
        let mut finding = world
            .measured(async {
                let slow = Call::post("/invoices/approve", json!({ "pause_millis": 8000 }));
                tokio::select! {
                    answer = world.open(&slow) => {
                        drop(answer);
                        return Err(Fault::said("the slow request was not slow"));
                    }
                    held = world.write_lock_is_held() => held?,
                }
                let change = Call::patch("/customers/201", json!({ "note": "kept by globex" }));
                world.expect_success(&change.by(Person::Carol)).await
            })
            .await?;
        let stored = world.others_rows().await?;
        finding.leak = if stored.iter().any(|row| row.contains("kept by globex")) {
            None
        } else {
            Some("globex's write was lost".to_owned())
        };
        Ok(finding)
    })
}
