//! SIGKILL at random moments, again and again, until the story is over. The moments are drawn from a seed that is
//! printed, so that a round can be told again: `REINSTATE_TEST_SEED=… cargo test --test it random_kills`. How many
//! kills each engine sees is `REINSTATE_TEST_KILLS` (few by default; 500 are a quarter of an hour).

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reinstate_core::Outcome;
use reinstate_sandbox::scenarios::Scenario;
use tokio::sync::{OnceCell, Semaphore};
use tokio::task::JoinSet;

use super::crash::tell;
use super::place::On;
use super::story::{End, Story, repaired};

/// How many kills each engine sees where nobody says otherwise.
const KILL_COUNT: u64 = 12;
/// Stories told at the same time.
const MAX_CONCURRENT: usize = 8;
/// How often one story is interrupted at most: it must come to an end.
const KILLS_PER_STORY: u64 = 4;

/// A number that is given, or a default.
fn number(name: &str) -> Option<u64> {
    std::env::var(name)
        .ok()
        .map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

/// SplitMix64: small, and good enough to choose moments.
fn random(state: &AtomicU64) -> u64 {
    let step = 0x9e37_79b9_7f4a_7c15;
    let mut z = state.fetch_add(step, Ordering::Relaxed).wrapping_add(step);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The same stories told without trouble, each once; their end does not depend on the engine.
#[derive(Default)]
struct Plain(Mutex<BTreeMap<&'static str, Arc<OnceCell<End>>>>);

impl Plain {
    async fn of(&self, scenario: &'static Scenario) -> Arc<OnceCell<End>> {
        let cell = self.0.lock().unwrap().entry(scenario.name).or_default().clone();
        let end = cell.get_or_init(|| async { tell(On::Sqlite, scenario, None).await.unwrap() }).await;
        assert_eq!(end.outcome, Outcome::Restored, "{}", scenario.name);
        cell
    }
}

/// Tells one story, killing the process up to `kills` times; how often it was killed.
async fn round(on: On, scenario: &'static Scenario, kills: u64, chance: &AtomicU64, plain: &Plain) -> u64 {
    let plain = plain.of(scenario).await;
    let mut story = Story::on(on, scenario).await.unwrap();
    let mut bot = story.bot().await;
    story.asks().await;
    let mut killed = 0;
    while killed < kills && story.outcome().await.is_none() {
        // Most steps take a second; a start takes less.
        let moment = tokio::time::sleep(Duration::from_millis(random(chance) % 2500));
        tokio::pin!(moment);
        loop {
            tokio::select! {
                () = &mut moment => break,
                () = tokio::time::sleep(Duration::from_millis(50)) => story.people_act().await,
            }
        }
        bot.kill().await;
        killed += 1;
        bot = story.bot().await;
    }
    let label = format!("{} on {on:?} after {killed} kills", scenario.name);
    story.goes_on(&label).await;
    bot.kill().await;
    plain.get().unwrap().is_the_end_of(&story.end(&label).await, &label);
    killed
}

async fn rounds(on: On) {
    reinstate::upstream::install_tls();
    if on.place().await.is_none() {
        return;
    }
    let seed = number("REINSTATE_TEST_SEED").unwrap_or_else(|| uuid::Uuid::new_v4().as_u64_pair().0);
    let wanted = number("REINSTATE_TEST_KILLS").unwrap_or(KILL_COUNT);
    println!("REINSTATE_TEST_SEED={seed}");
    let chance = Arc::new(AtomicU64::new(seed));
    let plain = Arc::new(Plain::default());
    let slots = Arc::new(Semaphore::new(MAX_CONCURRENT));
    let stories: Vec<_> = repaired().collect();
    let (mut told, mut kills, mut count) = (JoinSet::new(), 0, 0);
    while kills < wanted {
        let slot = slots.clone().acquire_owned().await.unwrap();
        while let Some(done) = told.try_join_next() {
            kills += done.unwrap();
        }
        let scenario = stories[usize::try_from(random(&chance)).unwrap() % stories.len()];
        let (chance, plain) = (chance.clone(), plain.clone());
        count += 1;
        told.spawn(async move {
            let killed = round(on, scenario, 1 + random(&chance) % KILLS_PER_STORY, &chance, &plain).await;
            drop(slot);
            killed
        });
    }
    while let Some(done) = told.join_next().await {
        kills += done.unwrap();
    }
    println!("{kills} kills at random moments in {count} stories on {on:?}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "as long as there are kills: cargo test --test it -- --ignored random_kills::"]
async fn random_kills_change_nothing_in_the_end() {
    rounds(On::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "as long as there are kills: cargo test --test it -- --ignored random_kills::"]
async fn random_kills_change_nothing_on_postgres() {
    rounds(On::Postgres).await;
}
