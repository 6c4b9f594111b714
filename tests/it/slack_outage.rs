//! Slack is down, slow, limits the rate or loses answers during a repair. The work goes on, and the card shows the true
//! state afterwards. If a card was posted twice, only the stored one works.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use reinstate_core::Outcome;
use reinstate_sandbox::lock;
use reinstate_sandbox::scenarios;
use reinstate_sandbox::slack::Slack;
use reinstate_sandbox::tenant::ADMINS;
use reinstate_sandbox::wire::{Gate, Injection, Service};
use tokio::sync::Semaphore;

use super::bot::{ADA, Bot, GRACE, tells};
use super::faults::{asks, carry};
use super::sample::Sample;

const JANE: &str = "jane@acme.example";
const APPROVE: &str = "reinstate.approve";

async fn closes(bot: &Bot) {
    bot.app.drain(Duration::from_secs(60)).await;
    bot.is_quiet().await;
    bot.reads_all();
}

#[tokio::test(flavor = "multi_thread")]
async fn while_slack_is_down_the_work_goes_on_and_the_card_is_true_afterwards() {
    tells("email-held", async |bot| {
        let gate = Gate::default();
        let hold = Injection::Hold { after_effect: false, gate: gate.clone() };
        bot.sandbox.wire.inject(Service::Atlassian, Some("PUT"), "/manage/email", 1, hold);
        bot.says(ADA, &format!("repair {JANE}")).await;
        let card = bot.sees("Waiting for approval").await;
        bot.clicks(GRACE, APPROVE).await;
        gate.reached().await;
        bot.sandbox.set_slack_down(true);
        gate.open();
        let run = bot.until("the end", |run| run.ended.is_some()).await;
        assert_eq!(run.ended.unwrap().0, Outcome::Restored, "Slack is not needed for a step");
        let behind = bot.app.journal.store().stale_cards(10).await.unwrap();
        assert_eq!(behind, [bot.run().await], "the card is known to be behind");
        let shown = bot.shows(&card.ts);
        assert!(!shown.contains("Access restored"), "{shown}");
        bot.sandbox.set_slack_down(false);
        bot.is_quiet().await;
        let shown = bot.shows(&card.ts);
        assert!(shown.contains("Access restored and verified"), "{shown}");
        assert_eq!(bot.button_now(APPROVE), None, "a button that can no longer work");
        closes(bot).await;
    })
    .await;
}

/// If Slack recovers only after the end of the run, its card and the message about the end are posted one after the
/// other. This process may die between the two. Until both are sent, another process must be able to finish.
#[tokio::test(flavor = "multi_thread")]
async fn a_card_is_behind_until_the_end_was_told_as_well() {
    tells("email-held-by-colleague", async |bot| {
        let post = "chat.postMessage";
        bot.sandbox.wire.inject(Service::Slack, None, post, 1, answer(500, &[], "oops"));
        let gate = Gate::default();
        let hold = Injection::Hold { after_effect: false, gate: gate.clone() };
        bot.sandbox.wire.inject_when(1, hold, move |call, before| {
            call.path.ends_with(post) && before.iter().filter(|one| one.path.ends_with(post)).count() == 2
        });
        bot.says(ADA, &format!("repair {JANE}")).await;
        gate.reached().await;
        let run = bot.run().await;
        assert_eq!(bot.app.journal.run(&run).await.unwrap().ended.unwrap().0, Outcome::Advice);
        bot.sees("A person has to do the rest").await;
        assert_eq!(bot.app.journal.store().stale_cards(10).await.unwrap(), [run]);
        gate.open();
        bot.is_quiet().await;
        bot.sees("has ended").await;
        closes(bot).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_card_whose_answer_was_lost_only_the_one_that_is_written_down_works() {
    tells("email-held", async |bot| {
        bot.sandbox.wire.inject(Service::Slack, None, "chat.postMessage", 1, Injection::LoseAnswer);
        bot.says(ADA, &format!("repair {JANE}")).await;
        let run = bot.run().await;
        bot.until("a plan that waits", |run| run.current.is_some()).await;
        let since = Instant::now();
        let stored = loop {
            let cards = bot.app.journal.store().cards(&run).await.unwrap();
            if let Some(root) = cards.iter().find(|card| card.role == reinstate_store::CardRole::Root) {
                break root.at.ts.clone();
            }
            assert!(since.elapsed() < Duration::from_secs(60), "no card was written down");
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        bot.is_quiet().await;
        let has_button =
            |slack: &Slack, ts: &str| format!("{:?}", slack.message(ts).map(|m| &m.blocks)).contains(APPROVE);
        let copies: Vec<String> = {
            let slack = lock(&bot.sandbox.slack);
            let all = slack.messages.iter().filter(|m| m.thread_ts.is_none() && !m.deleted && m.ts != stored);
            all.map(|message| message.ts.clone()).collect()
        };
        assert_eq!(copies.len(), 1, "one copy stands there");
        for copy in &copies {
            if has_button(&lock(&bot.sandbox.slack), copy) {
                bot.people.click(GRACE, ADMINS, copy, APPROVE).await.unwrap();
                bot.hears(GRACE, "This is a copy of the card").await;
            }
        }
        assert!(bot.app.journal.run(&run).await.unwrap().approved_by().is_empty());
        bot.people.click(GRACE, ADMINS, &stored, APPROVE).await.unwrap();
        assert_eq!(bot.ends().await, Outcome::Restored);
        closes(bot).await;
    })
    .await;
}

fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Injection {
    let headers = headers.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    Injection::Answer { status, headers, body: body.to_owned() }
}

/// Runs "email-held" to its end, with a fault in one method of Slack.
async fn tell(method: &str, fault: Injection, times: u32) -> String {
    let label = format!("{method} {fault:?}");
    let tenant = scenarios::find("email-held").unwrap().tenant();
    let bot = Bot::start(tenant, |_| {}).await;
    bot.sandbox.wire.inject(Service::Slack, None, method, times, fault);
    let id = asks(&bot, JANE).await;
    let (run, _) = carry(&bot, &id, &label).await;
    let (outcome, says) = run.ended.unwrap();
    assert_eq!(outcome, Outcome::Restored, "{label}: {says:?}");
    bot.is_quiet().await;
    let cards = bot.app.journal.store().cards(&id).await.unwrap();
    let root =
        cards.iter().find(|card| card.role == reinstate_store::CardRole::Root).expect("there is a card");
    let shown = bot.shows(&root.at.ts);
    assert!(shown.contains("Access restored and verified"), "{label}: {shown}");
    closes(&bot).await;
    bot.closes().await;
    label
}

/// A sample. Seven faults of a method and four have no common divisor, so all faults are covered.
#[tokio::test(flavor = "multi_thread")]
async fn no_fault_of_any_call_to_slack_fails_a_repair_or_leaves_a_card_that_lies() {
    let sample = Sample::one_in(4);
    let methods: BTreeSet<&str> = [
        "users.info",
        "usergroups.users.list",
        "conversations.info",
        "chat.postMessage",
        "chat.update",
        "chat.postEphemeral",
        "/actions/",
        "/commands/",
    ]
    .into();
    let slots = Arc::new(Semaphore::new(6));
    let mut stories = tokio::task::JoinSet::new();
    let mut case = 0;
    for method in methods {
        let faults = [
            (1, answer(429, &[("retry-after", "1")], r#"{"ok":false,"error":"ratelimited"}"#)),
            (1, answer(500, &[], "oops")),
            (1, answer(200, &[], r#"{"ok":false,"error":"internal_error"}"#)),
            (1, answer(200, &[], "<html>")),
            (1, Injection::LoseRequest),
            (1, Injection::LoseAnswer),
            (2, Injection::Truncate),
        ];
        for (times, fault) in faults {
            case += 1;
            if !sample.has(case) {
                continue;
            }
            let slots = Arc::clone(&slots);
            stories.spawn(async move {
                let _slot = slots.acquire_owned().await.unwrap();
                tell(method, fault, times).await
            });
        }
    }
    let (cases, mut wrong) = (stories.len(), Vec::new());
    while let Some(story) = stories.join_next().await {
        if let Err(error) = story {
            wrong.push(error.to_string());
        }
    }
    println!("{cases} faults of Slack");
    assert!(wrong.is_empty(), "{} of {cases} went wrong", wrong.len());
    assert!(cases >= 10);
}
