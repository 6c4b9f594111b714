//! Everything that can go wrong with every call to Atlassian and Microsoft during a repair. The calls are read from an
//! undisturbed scenario, so a new call is tested without a list. Five things must hold for every fault. No run claims
//! access that is not there. No run gives up on something that was done. No run hangs. The program never sends an
//! irreversible call twice. And when the fault is over, the person is helped.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use reinstate::upstream::Limits;
use reinstate_core::{Event, Outcome, Run};
use reinstate_sandbox::lock;
use reinstate_sandbox::scenarios::{ALL, Scenario};
use reinstate_sandbox::wire::{Call, Gate, Injection, Service};
use tokio::sync::Semaphore;

use super::bot::{ADA, Bot, GRACE};
use super::folded::Folded;

/// A scenario that takes longer than this hangs. On an idle machine, one takes seconds.
const STORY_TIMEOUT: Duration = Duration::from_secs(900);
/// Scenarios that run concurrently. They wait more than they work.
const MAX_CONCURRENT: usize = 8;
/// The timeout of one request in these tests.
const CALL_TIMEOUT: Duration = Duration::from_secs(5);

/// A fault, and how many requests of its kind it affects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    Limited,
    LimitedWithoutATime,
    Error500,
    Error503ForLong,
    Refused,
    ClosedBefore,
    ClosedBeforeForLong,
    ClosedAfterTheEffect,
    BrokenOffWithin,
    TooSlow,
    Html,
    HalfJson,
    OtherJson,
    StaleReads,
    OtherSuccess,
    EmptySuccess,
}

const FAULTS: [Fault; 16] = [
    Fault::Limited,
    Fault::LimitedWithoutATime,
    Fault::Error500,
    Fault::Error503ForLong,
    Fault::Refused,
    Fault::ClosedBefore,
    Fault::ClosedBeforeForLong,
    Fault::ClosedAfterTheEffect,
    Fault::BrokenOffWithin,
    Fault::TooSlow,
    Fault::Html,
    Fault::HalfJson,
    Fault::OtherJson,
    Fault::StaleReads,
    Fault::OtherSuccess,
    Fault::EmptySuccess,
];

/// More requests than any retry sends.
const MANY_TIMES: u32 = 40;

impl Fault {
    /// `None` if the simulated services themselves are switched to fail.
    fn injection(self) -> Option<(u32, Injection)> {
        let answer = |status, headers: &[(&str, &str)]| Injection::Answer {
            status,
            headers: headers.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
            body: r#"{"error":{"code":"x","message":"try later"}}"#.to_owned(),
        };
        Some(match self {
            Self::Limited => (1, answer(429, &[("retry-after", "1")])),
            Self::LimitedWithoutATime => (2, answer(429, &[])),
            Self::Error500 => (1, answer(500, &[])),
            Self::Error503ForLong => (MANY_TIMES, answer(503, &[])),
            Self::Refused => return None,
            Self::ClosedBefore => (1, Injection::LoseRequest),
            Self::ClosedBeforeForLong => (MANY_TIMES, Injection::LoseRequest),
            Self::ClosedAfterTheEffect => (1, Injection::LoseAnswer),
            Self::BrokenOffWithin => (1, Injection::Truncate),
            Self::TooSlow => (1, Injection::Delay(CALL_TIMEOUT + CALL_TIMEOUT / 4)),
            Self::Html => (1, Injection::Garble("<html>Bad gateway</html>".to_owned())),
            Self::HalfJson => (1, Injection::Garble(r#"{"data":[{"id":"#.to_owned())),
            Self::OtherJson => (1, Injection::Garble(r#"[{"unexpected":null}]"#.to_owned())),
            Self::StaleReads => (6, Injection::Stale),
            Self::OtherSuccess => (1, Injection::Restate(202)),
            Self::EmptySuccess => (1, Injection::Restate(204)),
        })
    }
}

/// Whether the bot sent the call, not the simulated provisioning service.
fn ours(call: &Call) -> bool {
    call.service != Service::Slack && call.agent.starts_with("reinstate/")
}

/// The call without the parts that differ between scenarios.
fn kind(call: &Call) -> String {
    let is_fixed = |segment: &str| {
        segment.len() < 24 && !segment.chars().any(|c| c.is_ascii_digit() || c == '%' || c == '-')
            || ["v1", "v2", "v1.0", "v2.0"].contains(&segment)
    };
    let path: Vec<&str> =
        call.path.split('/').map(|segment| if is_fixed(segment) { segment } else { "{}" }).collect();
    let looks_for = call.query.split('&').find(|pair| pair.contains("filter")).unwrap_or_default();
    let field: String = looks_for.chars().take_while(|c| *c != '%').collect();
    let name = looks_for.split("%20").next().unwrap_or_default();
    let query =
        if looks_for.is_empty() { String::new() } else { format!("?{field} {}", &name[field.len()..]) };
    format!("{} {}{query}", call.method, path.join("/"))
}

fn changes(call: &Call) -> bool {
    let path = call.path.as_str();
    let search = path.ends_with("/search") || path.ends_with("/token") || path.contains("links-for-email");
    call.method != "GET" && !search
}

/// Whether the call is irreversible.
fn is_one_shot(call: &Call) -> bool {
    ours(call)
        && call.method != "GET"
        && (call.path.ends_with("/manage/email") || call.path.ends_with("/onlyDeleteUserInDB"))
}

/// Whether the person has the access that a repair should restore, read from the simulated tenant.
fn is_there(bot: &Bot, who: &str) -> bool {
    let atlassian = lock(&bot.sandbox.atlassian);
    let entra = lock(&bot.sandbox.entra);
    let who = who.to_lowercase();
    let Some(person) = entra.users.values().find(|user| {
        user.upn.to_lowercase() == who
            || user.proxy_addresses.iter().any(|known| known.to_lowercase() == format!("smtp:{who}"))
    }) else {
        return false;
    };
    let Some(account) = atlassian.bearer(&person.upn) else { return false };
    let held = atlassian.groups_of(&account.id);
    ["jira-users", "wiki-users"].iter().all(|wanted| held.iter().any(|group| group == wanted))
}

struct Told {
    outcome: Outcome,
    calls: Vec<Call>,
    /// How often a person requested a retry or another repair.
    retries: usize,
    struck: bool,
}

/// Requests a repair and returns the id of its run.
pub async fn asks(bot: &Bot, who: &str) -> String {
    let said = bot.says(ADA, &format!("repair {who}")).await;
    let (_, rest) = said.split_once("The run has begun: run ").unwrap_or_else(|| panic!("{said}"));
    rest.split('.').next().unwrap_or_default().trim_matches('`').to_owned()
}

/// Approves and retries until the run has ended. A person retries only after the fault is over.
pub async fn carry(bot: &Bot, id: &str, label: &str) -> (Run, usize) {
    let since = Instant::now();
    let mut clicked: BTreeMap<String, Instant> = BTreeMap::new();
    let folded = Folded::default();
    loop {
        let run = folded.run(&bot.app.journal, id).await.unwrap();
        if run.ended.is_some() {
            // Counted from the journal: a click whose answer was late still counts.
            let retried = |event: &&Event| matches!(event, Event::Retried { .. });
            return (run, bot.events(id).await.iter().filter(retried).count());
        }
        assert!(
            since.elapsed() < STORY_TIMEOUT,
            "{label} hangs: {:?}\n{}",
            bot.events(id).await.iter().map(Event::kind).collect::<Vec<_>>(),
            lock(&bot.sandbox.slack).transcript().join("\n")
        );
        let (user, action) = if run.waiting.is_some() {
            bot.sandbox.wire.clear_injections();
            (ADA, "reinstate.retry")
        } else {
            (GRACE, "reinstate.approve")
        };
        if let Some((channel, ts, value)) = bot.button_now(action) {
            let last = clicked.get(&value);
            if last.is_none_or(|last| last.elapsed() > Duration::from_secs(3)) {
                clicked.insert(value, Instant::now());
                bot.people.click(user, &channel, &ts, action).await.ok();
            }
        }
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
}

async fn tell(scenario: &Scenario, fault: Option<(Fault, String, usize)>) -> Told {
    let ms = Duration::from_millis;
    let limits = Limits {
        budget: Duration::from_secs(20),
        per_request: CALL_TIMEOUT,
        failures: 2,
        first_wait: ms(20),
        longest_wait: ms(200),
        paced: false,
        ..Limits::default()
    };
    let change = |env: &mut reinstate::config::Env| {
        env.insert("REINSTATE_LIMITS__CONFIRM_WITHIN".to_owned(), "4s".to_owned());
    };
    let label = format!("{} {fault:?}", scenario.name);
    let bot = Bot::start_within(scenario.tenant(), change, limits).await;
    let wire = &bot.sandbox.wire;
    wire.remember();
    let gate = Gate::default();
    let struck = Arc::new(std::sync::atomic::AtomicBool::new(fault.is_none()));
    let mut waits_for_gate = false;
    if let Some((fault, wanted, after)) = fault {
        let hits = Arc::clone(&struck);
        // From the given call of its kind onwards.
        let test = move |call: &Call, before: &[Call]| {
            let is = ours(call) && kind(call) == wanted;
            let hit = is && before.iter().filter(|call| ours(call) && kind(call) == wanted).count() >= after;
            hits.fetch_or(hit, std::sync::atomic::Ordering::SeqCst);
            hit
        };
        match fault.injection() {
            Some((times, injection)) => wire.inject_when(times, injection, test),
            None => {
                waits_for_gate = true;
                wire.inject_when(1, Injection::Hold { after_effect: false, gate: gate.clone() }, test);
            }
        }
    }
    let id = asks(&bot, scenario.who).await;
    let outage = async {
        if !waits_for_gate {
            return std::future::pending().await;
        }
        gate.reached().await;
        bot.sandbox.set_upstream_down(true);
        tokio::time::sleep(ms(150)).await;
        bot.sandbox.set_upstream_down(false);
        std::future::pending().await
    };
    let (run, mut retries) = tokio::select! {
        carried = carry(&bot, &id, &label) => carried,
        () = outage => unreachable!("an outage ends with the story"),
    };
    bot.sandbox.set_upstream_down(false);
    let events = bot.events(&id).await;
    let mut outcome = run.ended.unwrap().0;
    let good = [Outcome::Restored, Outcome::Healthy];
    let truth = is_there(&bot, scenario.who);
    if good.contains(&outcome) {
        assert!(truth, "{label}: a false success: {events:#?}");
    } else {
        // `CannotTell` is neither a success nor a failure. The next run must decide.
        let told = outcome != Outcome::CannotTell;
        assert!(!(truth && told), "{label}: {outcome:?}, and access is there: {events:#?}");
        // The fault is over, so a person who asks again receives help.
        wire.clear_injections();
        bot.is_quiet().await;
        bot.reads_all();
        let id = asks(&bot, scenario.who).await;
        let (run, more) = carry(&bot, &id, &label).await;
        retries += more + 1;
        let (again, says) = run.ended.unwrap();
        let story = bot.events(&id).await;
        assert!(good.contains(&again), "{label}: {again:?} ({says:?}) when asked again: {story:#?}");
        assert!(is_there(&bot, scenario.who), "{label}: a false success when asked again");
        outcome = again;
    }
    bot.is_quiet().await;
    bot.reads_all();
    let calls = wire.calls();
    bot.closes().await;
    Told { outcome, calls, retries, struck: struck.load(std::sync::atomic::Ordering::SeqCst) }
}

/// Checks what must hold for every scenario and every fault.
fn judge(label: &str, told: &Told, planned: usize) {
    let one_shots = told.calls.iter().filter(|call| is_one_shot(call) && call.status != 429).count();
    assert!(one_shots <= planned + told.retries, "{label}: {one_shots} irreversible calls");
}

/// The kinds of calls in a scenario, each with the numbers of the calls that are worth a fault: the first one, and the
/// first one after something was changed.
fn moments(calls: &[Call]) -> BTreeMap<String, BTreeSet<usize>> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut moments: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    let mut fresh: BTreeSet<String> = BTreeSet::new();
    let mut acted = false;
    for call in calls.iter().filter(|call| ours(call)) {
        let kind = kind(call);
        let number = seen.entry(kind.clone()).or_default();
        let all = moments.entry(kind.clone()).or_default();
        if *number == 0 || changes(call) || (acted && fresh.insert(kind)) {
            all.insert(*number);
        }
        *number += 1;
        acted |= changes(call);
    }
    moments
}

/// Every call with every fault, each once over all scenarios. If `REINSTATE_TEST_ALL_FAULTS` is set, each in every
/// scenario. `chosen` selects the cases by number. Returns how many cases were tried, and over how many kinds of calls.
async fn matrix(chosen: fn(usize) -> bool) -> (usize, usize) {
    let everything = std::env::var_os("REINSTATE_TEST_ALL_FAULTS").is_some();
    let repaired = |scenario: &&Scenario| scenario.ends == Outcome::Restored && scenario.finds.len() == 1;
    let slots = Arc::new(Semaphore::new(MAX_CONCURRENT));
    let mut tried: BTreeSet<(String, Fault)> = BTreeSet::new();
    let mut stories = Vec::new();
    let mut kinds = BTreeSet::new();
    let mut case = 0;
    for scenario in ALL.iter().filter(repaired) {
        let plain = tell(scenario, None).await;
        assert_eq!(plain.outcome, Outcome::Restored, "{}", scenario.name);
        let planned = plain.calls.iter().filter(|call| is_one_shot(call)).count();
        for (kind, numbers) in moments(&plain.calls) {
            for (turn, fault) in FAULTS.into_iter().enumerate() {
                // The moments alternate: one fault meets the first call of its kind, the next fault meets a later one.
                let place = turn % numbers.len();
                for (at, number) in numbers.iter().copied().enumerate() {
                    if !everything && (at != place || !tried.insert((kind.clone(), fault))) {
                        continue;
                    }
                    case += 1;
                    if chosen(case) {
                        kinds.insert(kind.clone());
                        let fault = (fault, kind.clone(), number);
                        stories.push(tokio::spawn(strikes(scenario, fault, planned, Arc::clone(&slots))));
                    }
                }
            }
        }
    }
    let (cases, mut asked, mut wrong) = (stories.len(), 0, Vec::new());
    for story in stories {
        match story.await {
            Ok(retries) => asked += usize::from(retries > 0),
            Err(error) => wrong.push(error.to_string()),
        }
    }
    wrong.sort();
    println!("{cases} faults over {} kinds of calls; a person was asked in {asked} stories", kinds.len());
    println!("{kinds:#?}");
    assert!(wrong.is_empty(), "{} of {cases} went wrong: {wrong:#?}", wrong.len());
    (cases, kinds.len())
}

/// Runs a scenario until this fault has occurred in it, and checks the result. Returns how often a person was asked.
async fn strikes(
    scenario: &'static Scenario,
    fault: (Fault, String, usize),
    planned: usize,
    slots: Arc<Semaphore>,
) -> usize {
    let _slot = slots.acquire_owned().await.unwrap();
    let label = format!("{} {fault:?}", scenario.name);
    // On a busy machine, a scenario may take another path and miss the moment. Then it runs again.
    for _ in 0..4 {
        let told = tell(scenario, Some(fault.clone())).await;
        judge(&label, &told, planned);
        if told.struck {
            return told.retries;
        }
    }
    panic!("{label}: the fault never struck");
}

/// A part that takes minutes. Seventeen and sixteen have no common divisor, so every fault is covered.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "minutes long: cargo test --test it -- --ignored --nocapture a_part_of_the_faults"]
async fn a_part_of_the_faults_makes_no_false_success_no_false_failure_and_no_run_that_hangs() {
    assert!(matrix(|case| case % 17 == 0).await.0 >= 20);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "long: some hundred stories; cargo test --test it -- --ignored --nocapture no_fault_of_any_call"]
async fn no_fault_of_any_call_makes_a_false_success_a_false_failure_or_a_run_that_hangs() {
    let (cases, kinds) = matrix(|_| true).await;
    assert!(kinds >= 20 && cases >= 300, "{cases} cases over {kinds} kinds");
}
