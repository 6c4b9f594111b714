//! A share of the generated tenants over HTTP and through the whole bot: an operator asks for the repair in the simulated
//! Slack, an approver approves each plan, and the run ends with a legal journal.

use std::time::Instant;

use reinstate::clock;
use reinstate_core::Next;
use reinstate_sandbox::generator::{GroupLink, Recipe, Truth};
use reinstate_sandbox::{Sandbox, lock, oracle};

use tokio::task::JoinSet;

use super::lab::Lab;
use crate::bot::{ADA, GRACE, tells_in};

/// How many repairs are tried. `.ci/long` tries 2,000.
const REPAIRS: u64 = 12;

/// How many repairs run concurrently. Each waits more than it works.
const MAX_CONCURRENT: usize = 8;
/// Dimensions that are left as they are. Three take an hour or a cycle outside: a run waits for them, and this test does
/// not. Where a name is written in another form, a full restart makes a second group, as the plan says beforehand.
const LEFT_OUT: &[&str] = &["entra.cycle_after_start", "atlassian.lag", "entra.log_latency", "group-names"];

/// The recipe of a seed, with every source open.
fn recipe(seed: u64) -> Recipe {
    let mut recipe = Recipe { refused: None, ..Recipe::drawn(seed) };
    recipe.values.retain(|name, _| !LEFT_OUT.contains(name));
    recipe
}

/// Whether the tenant has something to repair.
async fn has_steps(recipe: &Recipe) -> bool {
    let lab = Lab::new(recipe);
    lab.check(&lab.who, &[]).await.is_some_and(|answer| !answer.plan.steps.is_empty())
}

fn everybody(sandbox: &Sandbox, truth: &Truth) -> Vec<oracle::Access> {
    let atlassian = lock(&sandbox.atlassian);
    truth.humans.iter().map(|human| oracle::access_of(&atlassian, human)).collect()
}

fn lacks(sandbox: &Sandbox, truth: &Truth, groups: &[GroupLink]) -> Option<String> {
    oracle::lacks(&lock(&sandbox.atlassian), &lock(&sandbox.entra), groups, &truth.humans[0])
}

/// One repair. Returns what is wrong.
async fn repair(recipe: &Recipe) -> Vec<String> {
    let world = recipe.world_with_staff();
    let (mut truth, groups, who) = (world.truth, world.groups, world.who);
    let mut wrong = Vec::new();
    tells_in(
        world.tenant,
        |env| {
            // Some steps have no effect. The default of ten minutes would be waited out.
            env.insert("REINSTATE_LIMITS__CONFIRM_WITHIN".to_owned(), "5s".to_owned());
        },
        async |bot| {
            let before = everybody(&bot.sandbox, &truth);
            let was_tied = oracle::account_is_tied(
                &lock(&bot.sandbox.atlassian),
                &lock(&bot.sandbox.entra),
                &truth.humans[0],
            );
            bot.says(ADA, &format!("repair {who}")).await;
            let waits = |next: &Next| matches!(next, Next::AwaitApproval { .. });
            let rests = |next: &Next| waits(next) || matches!(next, Next::Nothing | Next::AwaitPerson);
            let next = |run: &reinstate_core::Run| run.next(clock::now(), &bot.app.rules, &bot.app.limits);
            let run = loop {
                let run = bot.until("a plan that waits, or the end", |run| rests(&next(run))).await;
                if !waits(&next(&run)) {
                    break run;
                }
                bot.is_quiet().await;
                bot.clicks(GRACE, "reinstate.approve").await;
                bot.until("the approval", |run| !waits(&next(run))).await;
            };
            bot.is_quiet().await;
            // The repair may have created the account, because nothing tied an older one to the person. Or it may have
            // kept another one of the same person.
            let kept = run.current.as_ref().and_then(|current| current.diagnosis.account.clone());
            let is_anothers = |id: &String| truth.other_owner_of_account(0, id).is_some();
            let kept = kept.filter(|id| !is_anothers(id));
            let person = &mut truth.humans[0];
            if let Some(kept) =
                kept.filter(|id| person.account.is_none() || person.spare_accounts.contains(id) || !was_tied)
            {
                person.spare_accounts.extend(person.account.replace(kept));
            }
            let after = everybody(&bot.sandbox, &truth);
            for (human, (old, new)) in truth.humans.iter().zip(before.iter().zip(&after)) {
                if !new.is_at_least(old) {
                    wrong.push(format!("{}: {old:?} became {new:?}", human.name));
                }
            }
            let restored = run.ended.as_ref().is_some_and(|(outcome, _)| {
                matches!(outcome, reinstate_core::Outcome::Restored | reinstate_core::Outcome::Healthy)
            });
            // A full restart makes a second group for a renamed one, as the plan says beforehand.
            let restarted = bot.sandbox.wire.calls().iter().any(|call| call.path.ends_with("/restart"));
            let second_group = restarted && recipe.faults.contains(&"group-renamed");
            if restored
                && !second_group
                && let Some(lacks) = lacks(&bot.sandbox, &truth, &groups)
            {
                wrong.push(format!("the run ended with access, and the person lacks {lacks}"));
            }
            bot.reads_all();
        },
    )
    .await;
    wrong
}

#[tokio::test(flavor = "multi_thread")]
async fn repairs_through_the_whole_bot_only_add_access() {
    let wanted = super::runner::from_env("REINSTATE_TENANTS_OVER_HTTP", REPAIRS);
    let mut seed = super::runner::from_env("REINSTATE_TENANTS_SEED", 1).wrapping_mul(1_000_003);
    let (mut begun, mut wrong) = (0, Vec::new());
    let mut running = JoinSet::new();
    let began = Instant::now();
    while begun < wanted || !running.is_empty() {
        while begun < wanted && running.len() < MAX_CONCURRENT {
            seed = seed.wrapping_add(1);
            let recipe = recipe(seed);
            if has_steps(&recipe).await {
                begun += 1;
                running.spawn(async move {
                    let one = recipe.clone();
                    // A repair that hangs names its tenant, and the others go on.
                    let found = tokio::spawn(async move { repair(&one).await }).await;
                    let found = found.unwrap_or_else(|hung| vec![hung.to_string()]).into_iter();
                    found.map(|why| format!("{recipe}: {why}")).collect::<Vec<_>>()
                });
            }
        }
        if let Some(done) = running.join_next().await {
            wrong.extend(done.unwrap());
        }
    }
    println!("{wanted} repairs in {:?}", began.elapsed());
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
