//! Each documented refusal of a message, at each call that may get it, over both transports: the approval is still requested, the repair still
//! ends, and a card shows the end. Source: docs.slack.dev, the errors of `chat.postMessage`, `chat.update` and
//! `chat.postEphemeral`.

use std::sync::Arc;

use reinstate_core::Outcome;
use reinstate_sandbox::lock;
use reinstate_sandbox::scenarios;
use reinstate_sandbox::tenant::HELPDESK;
use reinstate_sandbox::wire::{Call, Injection};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::bot::{ADA, Bot, GRACE};
use super::sample::Sample;

const POST: &str = "/chat.postMessage";
const UPDATE: &str = "/chat.update";
const EPHEMERAL: &str = "/chat.postEphemeral";
/// How many calls of a method a repair makes at least: the root card, the request for an approval, and the end for two
/// people; one update of the root card and one of the request. Faster states of the root card are drawn as one.
const POSTS: usize = 4;
const UPDATES: usize = 2;

const POST_REFUSALS: [&str; 7] = [
    "restricted_action",
    "restricted_action_read_only_channel",
    "restricted_action_thread_only_channel",
    "restricted_action_non_threadable_channel",
    "restricted_action_thread_locked",
    "rate_limited",
    "msg_blocks_too_long",
];
const UPDATE_REFUSALS: [&str; 7] = [
    "edit_window_closed",
    "cant_update_message",
    "external_channel_migrating",
    "update_failed",
    "message_not_found",
    "rate_limited",
    "msg_blocks_too_long",
];
const EPHEMERAL_REFUSALS: [&str; 3] =
    ["restricted_action", "restricted_action_read_only_channel", "rate_limited"];

/// A refusal of the call of a method with this number.
#[derive(Clone, Copy, Debug)]
struct Case {
    method: &'static str,
    number: usize,
    code: &'static str,
    /// Whether requests arrive over a socket, or else signed.
    socket: bool,
}

fn cases() -> Vec<Case> {
    let of = |method, count, codes: &[&'static str]| -> Vec<Case> {
        let at = |number| codes.iter().map(move |code| (number, code));
        let both = |(number, code): (usize, &&'static str)| {
            [false, true].map(|socket| Case { method, number, code, socket })
        };
        (0..count).flat_map(at).flat_map(both).collect()
    };
    let mut all = of(POST, POSTS, &POST_REFUSALS);
    all.extend(of(UPDATE, UPDATES, &UPDATE_REFUSALS));
    all.extend(of(EPHEMERAL, 1, &EPHEMERAL_REFUSALS));
    all
}

/// Plays a repair with one refusal. Returns what was wrong.
async fn play(case: Case) -> Option<String> {
    let mut tenant = scenarios::find("email-held").unwrap().tenant();
    tenant.slack.sockets.on = case.socket;
    let bot = Bot::start(tenant, |_| {}).await;
    let body = format!(r#"{{"ok":false,"error":"{}"}}"#, case.code);
    let refusal = Injection::Answer { status: 200, headers: Vec::new(), body };
    let is_it = move |call: &Call| call.path.ends_with(case.method);
    bot.sandbox.wire.inject_when(1, refusal, move |call, before| {
        is_it(call) && before.iter().filter(|call| is_it(call)).count() == case.number
    });
    if case.method == EPHEMERAL {
        // Without a response URL, a private answer is an ephemeral message.
        lock(&bot.sandbox.slack).response_urls.clear();
    }
    bot.says_in(HELPDESK, ADA, "repair jane@acme.example").await;
    bot.clicks(GRACE, "reinstate.approve").await;
    let outcome = bot.ends().await;
    let root = bot.root().await;
    let shown = bot.shows(&root.ts);
    bot.app.drain(std::time::Duration::from_secs(60)).await;
    bot.is_quiet().await;
    let told = bot.reads_all();
    let told = told.iter().any(|text| text.contains("Access restored") || text.contains("has ended"));
    let happened = bot.sandbox.wire.armed() == 0 || case.method == EPHEMERAL;
    bot.closes().await;
    let wrong = match (outcome, shown.contains("Access restored"), told, happened) {
        (Outcome::Restored, true, true, true) => return None,
        (Outcome::Restored, true, true, false) => "the call was not made".to_owned(),
        (Outcome::Restored, true, false, _) => "nobody was told the end".to_owned(),
        (Outcome::Restored, false, ..) => format!("the card shows {shown}"),
        (other, ..) => format!("it ended as {other:?}"),
    };
    Some(format!("{case:?}: {wrong}"))
}

/// A sample of the cases. All of them in `.ci/long`.
#[tokio::test(flavor = "multi_thread")]
async fn no_documented_refusal_of_one_message_stops_another_or_the_repair() {
    let sample = Sample::one_in(5);
    let turns = Arc::new(Semaphore::new(6));
    let mut plays = JoinSet::new();
    for (_, case) in cases().into_iter().enumerate().filter(|(place, _)| sample.has(*place)) {
        let turns = Arc::clone(&turns);
        plays.spawn(async move {
            let _turn = turns.acquire().await.unwrap();
            play(case).await
        });
    }
    let count = plays.len();
    let wrong: Vec<String> = plays.join_all().await.into_iter().flatten().collect();
    println!("{count} refusals of {}", cases().len());
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
