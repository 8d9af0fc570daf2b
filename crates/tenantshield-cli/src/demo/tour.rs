//! The tour: each attack against the naive product and against the shielded one.

use serde_json::Value;

use super::attack::definition::{Attack, Strike};
use super::client::{Answer, Call};
use super::fault::Fault;
use super::finding::Finding;
use super::seed;
use super::world::World;

/// How one attack ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) attack: Attack,
    pub(crate) naive: Finding,
    pub(crate) shielded: Option<Finding>,
}

/// Runs every attack; `progress` hears of each before it starts.
pub(crate) async fn run(
    attacks: Vec<Attack>,
    naive: &World,
    shielded: Option<&World>,
    mut progress: impl FnMut(usize, usize, &str) + Send,
) -> Result<Vec<Outcome>, Fault> {
    let total = attacks.len();
    let mut outcomes = Vec::with_capacity(total);
    for (n, attack) in attacks.into_iter().enumerate() {
        progress(n + 1, total, attack.name);
        let naive = finding(naive, &attack).await;
        let shielded = match shielded {
            Some(world) => {
                let mut found = finding(world, &attack).await;
                if naive.sees_own && !found.sees_own && found.fault.is_none() {
                    // Hiding everything from everybody would block any attack.
                    found.fault = Some("the legitimate request does not see its own data".into());
                }
                Some(found)
            }
            None => None,
        };
        outcomes.push(Outcome {
            attack,
            naive,
            shielded,
        });
    }
    Ok(outcomes)
}

/// Runs one attack; one that could not be judged proves nothing for either product.
async fn finding(world: &World, attack: &Attack) -> Finding {
    judge(world, attack).await.unwrap_or_else(|fault| Finding {
        fault: Some(fault.to_string()),
        ..Finding::default()
    })
}

async fn judge(world: &World, attack: &Attack) -> Result<Finding, Fault> {
    world.reset().await?;
    let control = world.expect_success(&attack.control).await?;
    let sees_own = control
        .body
        .contains(&seed::canary(attack.control.tenant()));
    world.reset().await?;
    let finding = strike(world, &attack.strike).await?;
    Ok(Finding {
        sees_own,
        ..finding
    })
}

async fn strike(world: &World, strike: &Strike) -> Result<Finding, Fault> {
    match strike {
        Strike::Look(call) => world.look(call).await,
        Strike::ActAndLook(act, look) => {
            let acted = world.look(act).await?;
            let seen = world.look(look).await?;
            let leak = acted.leak.or(seen.leak);
            Ok(Finding { leak, ..acted })
        }
        Strike::Alone(call, alone) => {
            let mut answer = None;
            let finding = world.measured(kept(world, call, &mut answer)).await?;
            let leak = answer
                .filter(|answer| answer.body != *alone)
                .map(|answer| format!("tells {}", first_value(&answer, alone)));
            let leak = leak.or(finding.leak);
            Ok(Finding { leak, ..finding })
        }
        Strike::Compare { foreign, absent } => {
            let (mut of_foreign, mut of_absent) = (None, None);
            let finding = world
                .measured(kept(world, foreign, &mut of_foreign))
                .await?;
            world.reset().await?;
            let absent = world.measured(kept(world, absent, &mut of_absent)).await?;
            let difference = match (&of_foreign, &of_absent) {
                (Some(foreign), Some(absent)) => difference(foreign, absent),
                _ => return Err(Fault::said("no answer to compare")),
            };
            let leak = difference.or(finding.leak).or(absent.leak);
            Ok(Finding { leak, ..finding })
        }
        Strike::Play(play) => play(world).await,
    }
}

async fn kept(world: &World, call: &Call, slot: &mut Option<Answer>) -> Result<Answer, Fault> {
    let answer = world.send(call).await?;
    *slot = Some(answer.clone());
    Ok(answer)
}

fn difference(foreign: &Answer, absent: &Answer) -> Option<String> {
    if foreign.status != absent.status {
        Some(format!(
            "foreign {}, absent {}",
            foreign.status, absent.status
        ))
    } else if foreign.header_names != absent.header_names {
        Some("other headers for each".to_owned())
    } else if comparable(&foreign.body) != comparable(&absent.body) {
        Some("answers tell them apart".to_owned())
    } else {
        None
    }
}

/// The body without the one member that differs from request to request.
fn comparable(body: &str) -> String {
    match serde_json::from_str::<Value>(body) {
        Ok(Value::Object(mut object)) => {
            object.remove("instance");
            Value::Object(object).to_string()
        }
        _ => body.to_owned(),
    }
}

/// The first value that differs from what the tenant alone would be told.
fn first_value(answer: &Answer, alone: &str) -> String {
    let values = |body: &str| -> Vec<String> {
        let plain: String = body.chars().filter(|c| !"[]{}\"".contains(*c)).collect();
        plain
            .split(',')
            .filter_map(|pair| pair.rsplit(':').next().map(str::to_owned))
            .collect()
    };
    values(&answer.body)
        .iter()
        .zip(&values(alone))
        .find(|(told, own)| told != own)
        .map_or_else(
            || "something else".to_owned(),
            |(told, own)| format!("{told}, not {own}"),
        )
}
