//! Runs many tenants, shrinks the first failure of each kind, and prints it so that it can be kept.

use std::collections::BTreeMap;
use std::time::Instant;

use reinstate_sandbox::generator::Recipe;
use tokio::task::JoinSet;

use super::invariants::{Failure, broken};

/// How many tenants are read concurrently.
const MAX_CONCURRENT: usize = 8;
/// How many tenants are tried, the same ones each day. `.ci/long` tries 100,000, other ones each day.
const TENANTS: u64 = 1000;

/// Two seeds never have a tenant in common.
const MAX_TENANTS: u64 = 10_000_000;

pub fn from_env(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// All failures of one kind.
struct Kind {
    count: u64,
    seed: u64,
    recipe: Recipe,
    failure: Failure,
}

/// The simplest recipe that still fails in the same way.
async fn shrunk(recipe: &Recipe, failure: &Failure) -> (Recipe, Failure) {
    let (mut best, mut last) = (recipe.clone(), failure.clone());
    'again: loop {
        for simpler in best.simpler() {
            let same = broken(&simpler)
                .await
                .into_iter()
                .find(|other| other.invariant == last.invariant && other.kind == last.kind);
            if let Some(same) = same {
                (best, last) = (simpler, same);
                continue 'again;
            }
        }
        return (best, last);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_invariants_hold_in_every_generated_tenant() {
    let (first, count) = match std::env::var("REINSTATE_TENANT").ok().and_then(|text| text.parse().ok()) {
        Some(one) => (one, 1),
        None => (from_env("REINSTATE_TENANTS_SEED", 1) * MAX_TENANTS, from_env("REINSTATE_TENANTS", TENANTS)),
    };
    let began = Instant::now();
    let mut kinds: BTreeMap<(&'static str, String), Kind> = BTreeMap::new();
    let mut running = JoinSet::new();
    let mut seeds = first..first + count;
    let mut failed = 0_u64;
    loop {
        while running.len() < MAX_CONCURRENT
            && let Some(seed) = seeds.next()
        {
            running.spawn(async move {
                let recipe = Recipe::drawn(seed);
                let failures = broken(&recipe).await;
                (seed, recipe, failures)
            });
        }
        let Some(done) = running.join_next().await else { break };
        let (seed, recipe, failures) = done.unwrap();
        failed += u64::from(!failures.is_empty());
        for failure in failures {
            let key = (failure.invariant, failure.kind.clone());
            let kind = kinds.entry(key).or_insert(Kind { count: 0, seed, recipe: recipe.clone(), failure });
            kind.count += 1;
        }
    }
    let took = began.elapsed();
    println!("{count} tenants in {took:?}, {:?} each; {failed} fail", took / u32::try_from(count).unwrap());
    let mut report = String::new();
    for ((invariant, name), kind) in &kinds {
        let (recipe, failure) = shrunk(&kind.recipe, &kind.failure).await;
        let per = kind.count as f64 * 1000.0 / count as f64;
        report += &format!(
            "\n## {invariant}: {name}\n{per:.2} per 1,000 ({} of {count}). REINSTATE_TENANT={}. {recipe}\n```\n{}\n```\n{}\n",
            kind.count,
            kind.seed,
            recipe.code(),
            failure.details
        );
    }
    assert!(kinds.is_empty(), "{} of {count} tenants fail{report}", failed);
}
