//! SIGKILL at each of the four points of every step of every repair (before begin, after begin, after the act,
//! before settling), a new start, and the same end: same tenant, same outcome, the same calls in the same order, no
//! irreversible call twice, and a journal of the same shape that verifies. The real process is killed, and the
//! simulated services decide when: a request stands at a gate, and only then the signal is sent.

use std::sync::Arc;
use std::time::Duration;

use reinstate_core::Outcome;
use reinstate_sandbox::scenarios::Scenario;
use reinstate_sandbox::wire::{Call, Gate, Injection, Service};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::place::On;
use super::sample::Sample;
use super::story::{End, Story, changes, is_one_shot, repaired};

/// Stories told at the same time: they wait more than they work.
const MAX_CONCURRENT: usize = 12;

/// Where in a step the process dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    BeforeBegin,
    AfterBegin,
    AfterAct,
    BeforeSettle,
}

const POINTS: [Point; 4] = [Point::BeforeBegin, Point::AfterBegin, Point::AfterAct, Point::BeforeSettle];

/// One death: the point, the step by its number among the changing calls, and the looks that come before it.
#[derive(Clone, Copy, Debug)]
pub struct Kill {
    pub point: Point,
    pub step: usize,
    pub looks: usize,
}

fn is_look(call: &Call) -> bool {
    call.service == Service::Atlassian && call.path.ends_with("/domains")
}

fn reads(call: &Call) -> bool {
    call.service != Service::Slack
        && !changes(call)
        && !call.path.contains("/scim/")
        && !call.path.contains("/oauth2/")
}

/// The gate at which the process is to die.
pub fn gate(story: &Story, kill: Kill) -> Gate {
    let gate = Gate::default();
    let hold = Injection::Hold { after_effect: kill.point == Point::AfterAct, gate: gate.clone() };
    story.sandbox.wire.inject_when(1, hold, move |call, before| {
        let done = before.iter().filter(|call| changes(call)).count();
        match kill.point {
            Point::BeforeBegin => {
                is_look(call) && before.iter().filter(|call| is_look(call)).count() + 1 == kill.looks
            }
            Point::AfterBegin | Point::AfterAct => changes(call) && done == kill.step,
            Point::BeforeSettle => reads(call) && done == kill.step + 1,
        }
    });
    gate
}

/// Tells a story, with a death in it. None where the engine is missing.
pub async fn tell(on: On, scenario: &'static Scenario, kill: Option<Kill>) -> Option<End> {
    let mut story = Story::on(on, scenario).await?;
    let label = format!("{on:?} {kill:?}");
    let gate = kill.map(|kill| gate(&story, kill));
    let mut bot = story.bot().await;
    story.asks().await;
    if let Some(gate) = gate {
        loop {
            story.must_not_hang(&format!("{label}: the gate was never reached, and it"));
            tokio::select! {
                () = gate.reached() => break,
                () = tokio::time::sleep(Duration::from_millis(50)) => story.people_act().await,
            }
        }
        bot.kill().await;
        gate.open();
        bot = story.bot().await;
    }
    story.goes_on(&label).await;
    bot.kill().await;
    Some(story.end(&label).await)
}

/// Stories on an engine, each told whole and then with deaths in it; a sample of the stories, and of the deaths of each.
/// The number of deaths.
async fn matrix(on: On, stories: Sample, deaths_of_each: Sample) -> usize {
    reinstate::upstream::install_tls();
    let slots = Arc::new(Semaphore::new(MAX_CONCURRENT));
    let mut all = JoinSet::new();
    for (place, scenario) in repaired().enumerate().filter(|(place, _)| stories.has(*place)) {
        let slots = slots.clone();
        all.spawn(async move {
            let slot = slots.clone().acquire_owned().await.unwrap();
            let Some(plain) = tell(on, scenario, None).await else { return 0 };
            drop(slot);
            assert_eq!(plain.outcome, Outcome::Restored, "{}", scenario.name);
            let mut told = JoinSet::new();
            // Not the same deaths of each story.
            let kills = deaths(&plain).into_iter().enumerate();
            for (_, kill) in kills.filter(|(n, _)| deaths_of_each.has(n + place)) {
                let slots = slots.clone();
                told.spawn(async move {
                    let _slot = slots.acquire_owned().await.unwrap();
                    (kill, tell(on, scenario, Some(kill)).await.unwrap())
                });
            }
            let count = told.len();
            while let Some(end) = told.join_next().await {
                let (kill, end) = end.unwrap();
                let label = format!("{} {on:?} {kill:?}", scenario.name);
                plain.is_the_end_of(&end, &label);
                let call = step(&plain, kill.step);
                let lost = kill.point == Point::AfterBegin && is_one_shot(call);
                // A restart shows only by its cycle: one that has not ended when the next process looks is asked about.
                let either = kill.point == Point::AfterAct && call.path.ends_with("/restart");
                assert!(either || end.asked_person == lost, "{label}");
            }
            count
        });
    }
    let mut kills = 0;
    while let Some(count) = all.join_next().await {
        kills += count.unwrap();
    }
    println!("{kills} kills on {on:?}");
    kills
}

pub fn deaths(plain: &End) -> Vec<Kill> {
    let steps = plain.calls.iter().enumerate().filter(|(_, call)| changes(call));
    let places = steps
        .enumerate()
        .map(|(step, (index, _))| (step, plain.calls[..index].iter().filter(|call| is_look(call)).count()));
    places.flat_map(|(step, looks)| POINTS.map(|point| Kill { point, step, looks })).collect()
}

pub fn step(plain: &End, step: usize) -> &Call {
    plain.calls.iter().filter(|call| changes(call)).nth(step).unwrap()
}

/// A sample for every run of the tests; four points of a step and five have no divisor in common, so all points come up.
#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_any_point_of_any_step_changes_nothing_in_the_end() {
    assert!(matrix(On::Sqlite, Sample::one_in(1), Sample::one_in(5)).await >= 40);
}

/// The engine changes nothing about the steps: a third of the stories.
#[tokio::test(flavor = "multi_thread")]
async fn a_kill_changes_nothing_on_postgres_either() {
    if On::Postgres.place().await.is_some() {
        assert!(matrix(On::Postgres, Sample::one_in(3), Sample::one_in(5)).await >= 10);
    }
}
