//! Clicks that come in large numbers, late, repeated, or for something that has ended. One approval per person, one
//! execution. A click that comes too late is answered to that person alone and recorded, and no button remains.

use std::time::Duration;

use axum::Router;
use axum::routing::post;
use reinstate::config::Env;
use reinstate_core::{Event, Outcome};
use reinstate_sandbox::lock;
use reinstate_sandbox::scenarios;
use reinstate_sandbox::slack::Workspace;
use reinstate_sandbox::tenant::{ADMINS, Tenant};
use reinstate_sandbox::wire::{Listening, listen};

use super::bot::{ADA, Bot, GRACE, tells, tells_in};

/// The maximum time for a thousand answers on a busy machine.
const LONG_LEASE: Duration = Duration::from_secs(600);

/// A server that accepts what people send and keeps it, so that the test can send it to the bot later.
struct Drawer {
    people: Workspace,
    _listening: Listening,
}

impl Drawer {
    async fn of(bot: &Bot) -> Self {
        let taken = Router::new().route("/slack/events", post(|| async { "" }));
        let listening = listen(taken, "127.0.0.1:0".parse().unwrap()).await.unwrap();
        let people = bot.sandbox.workspace(format!("{}/slack/events", listening.url()));
        Self { people, _listening: listening }
    }

    /// The body of a click on a button that is there now.
    async fn click(&self, bot: &Bot, user: &str, action: &str) -> String {
        self.click_and_trigger(bot, user, action).await.0
    }

    /// The same, with the trigger id of the click.
    async fn click_and_trigger(&self, bot: &Bot, user: &str, action: &str) -> (String, String) {
        let (channel, ts) = bot.button(action).await;
        let ack = self.people.click(user, &channel, &ts, action).await.unwrap();
        (ack.sent, ack.trigger_id)
    }
}

/// Sends a body as Slack does, signed now.
async fn sends(bot: &Bot, body: &str) -> u16 {
    let now = reinstate::clock::now().as_second();
    bot.people.send_signed(body, "application/x-www-form-urlencoded", now).await.unwrap().status
}

fn began(events: &[Event]) -> Vec<usize> {
    events.iter().filter_map(|e| if let Event::Began { step, .. } = e { Some(*step) } else { None }).collect()
}

fn approvers(events: &[Event]) -> Vec<&str> {
    events
        .iter()
        .filter_map(|e| if let Event::Approved { by, .. } = e { Some(by.as_str()) } else { None })
        .collect()
}

/// The number of calls that must not be sent twice.
fn one_shots(bot: &Bot) -> usize {
    let calls = bot.sandbox.wire.calls();
    calls.iter().filter(|call| call.method == "PUT" && call.path.ends_with("/manage/email")).count()
}

const CROWD_SIZE: usize = 10;
const CLICKS_EACH: usize = 100;

/// Ten approvers, of whom three are needed.
fn crowd() -> (Tenant, impl FnOnce(&mut Env)) {
    let mut tenant = scenarios::find("email-held").unwrap().tenant();
    let ids: Vec<String> = (0..CROWD_SIZE).map(|number| format!("U0CROWD{number}")).collect();
    for (number, id) in ids.iter().enumerate() {
        let mail = format!("crowd{number}@acme.example");
        tenant.employee(&mail, &format!("Crowd {number}"));
        tenant.slack.add_user(id, &format!("crowd{number}"), &format!("Crowd {number}"), &mail);
        tenant.slack.channels.get_mut(ADMINS).unwrap().members.insert(id.clone());
    }
    let list = ids.join(",");
    (tenant, move |env: &mut Env| {
        env.insert("REINSTATE_ACCESS__APPROVER__USERS".into(), list);
        env.insert("REINSTATE_APPROVALS__DESTRUCTIVE".into(), "3".into());
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_clicks_of_ten_people_with_retries_are_three_approvals_and_one_execution() {
    let (tenant, change) = crowd();
    tells_in(tenant, change, async |bot| {
        bot.says(ADA, "repair jane@acme.example").await;
        let drawer = Drawer::of(bot).await;
        let mut bodies = Vec::new();
        for number in 0..CROWD_SIZE {
            let user = format!("U0CROWD{number}");
            bodies.push(drawer.click_and_trigger(bot, &user, "reinstate.approve").await);
        }
        let mut clicks = tokio::task::JoinSet::new();
        let since = std::time::Instant::now();
        for round in 0..CLICKS_EACH {
            for (body, trigger) in &bodies {
                // Each click has a trigger id of its own, and its repeats have the same.
                let body = body.replace(trigger, &format!("{trigger}{round}"));
                let people = bot.people.clone();
                // Slack repeats requests that it considers unanswered: every fifth click is sent three times.
                let times = if round % 5 == 0 { 3 } else { 1 };
                clicks.spawn(async move {
                    let kind = "application/x-www-form-urlencoded";
                    let mut left = times;
                    while left > 0 {
                        let now = reinstate::clock::now().as_second();
                        let sent = people.send_signed(&body, kind, now).await;
                        // If a busy machine cuts off a request, Slack sends it again.
                        match sent.map(|ack| ack.status) {
                            Ok(200) => left -= 1,
                            Ok(408) | Err(_) => assert!(since.elapsed() < LONG_LEASE, "no answer"),
                            Ok(other) => panic!("{other}"),
                        }
                    }
                });
            }
        }
        let mut sent = 0;
        while let Some(click) = clicks.join_next().await {
            click.unwrap();
            sent += 1;
        }
        assert_eq!(bot.ends().await, Outcome::Restored);
        let run = bot.run().await;
        let events = bot.events(&run).await;
        let mut people = approvers(&events);
        assert_eq!(people.len(), 3, "{people:?}");
        people.sort_unstable();
        people.dedup();
        assert_eq!(people.len(), 3, "one approval a person");
        let mut steps = began(&events);
        let all = steps.len();
        steps.dedup();
        assert_eq!(steps.len(), all, "each step began once: {steps:?}");
        assert_eq!(one_shots(bot), 1);
        // Many useless clicks do not fill the journal: a repeated refusal is recorded once.
        let denied = events.iter().filter(|event| matches!(event, Event::Denied { .. })).count();
        assert!(denied <= 4 * CROWD_SIZE, "{denied} refusals recorded");
        println!(
            "{sent} clicks, {} requests with retries, {denied} refusals",
            CROWD_SIZE * CLICKS_EACH * 7 / 5
        );
        bot.app.drain(LONG_LEASE).await;
        bot.reads_all();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_replayed_opens_and_decides_nothing_a_second_time() {
    tells("email-held", async |bot| {
        let ack = bot.people.command(ADA, ADMINS, "repair jane@acme.example").await.unwrap();
        let again = async || {
            let mut all = tokio::task::JoinSet::new();
            for _ in 0..20 {
                let (people, ack) = (bot.people.clone(), ack.clone());
                all.spawn(async move { people.retry(&ack, 1, "http_timeout").await.unwrap().body });
            }
            all.join_all().await
        };
        let run = bot.run().await;
        for answer in again().await {
            assert!(answer.contains(&run), "a replay finds the run it opened: {answer}");
        }
        let drawer = Drawer::of(bot).await;
        let click = drawer.click(bot, GRACE, "reinstate.approve").await;
        for _ in 0..5 {
            assert_eq!(sends(bot, &click).await, 200);
        }
        assert_eq!(bot.ends().await, Outcome::Restored);
        // After the end of the run, within the five minutes for which Slack's signature is valid.
        again().await;
        for _ in 0..5 {
            sends(bot, &click).await;
        }
        bot.app.drain(LONG_LEASE).await;
        let told = bot.reads_all();
        assert!(!told.iter().any(|one| one.contains("so nothing was done")), "answered again: {told:#?}");
        let old = reinstate::clock::now().as_second() - 301;
        let kind = "application/x-www-form-urlencoded";
        assert_eq!(bot.people.send_signed(&click, kind, old).await.unwrap().status, 401);
        assert_eq!(bot.app.journal.store().recent_runs(10).await.unwrap().len(), 1, "one run");
        let events = bot.events(&run).await;
        assert_eq!(approvers(&events), [GRACE]);
        assert_eq!(one_shots(bot), 1);
        bot.app.drain(LONG_LEASE).await;
        bot.reads_all();
    })
    .await;
}

/// Whether the journal records a refusal of this person, with the run or without it.
async fn is_recorded(bot: &Bot, user: &str) -> bool {
    let mut pages = bot.app.journal.store().export(None);
    while let Some(page) = pages.next_page().await.unwrap() {
        let hit = page.iter().any(|entry| {
            entry.kind == "denied" && entry.personal.as_deref().is_some_and(|text| text.contains(user))
        });
        if hit {
            return true;
        }
    }
    false
}

/// A click on a plan that is over: it is refused with these words and recorded, and no button remains.
async fn comes_too_late(bot: &Bot, click: &str, words: &str) {
    assert_eq!(sends(bot, click).await, 200);
    bot.hears(GRACE, words).await;
    bot.app.drain(LONG_LEASE).await;
    assert!(is_recorded(bot, GRACE).await, "{words}: the attempt was not recorded");
    bot.is_quiet().await;
    assert_eq!(bot.button_now("reinstate.approve"), None, "{words}: a button that can no longer work");
    assert_eq!(one_shots(bot), 0, "{words}: something was sent");
    bot.reads_all();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_cancelled_cannot_be_approved() {
    tells("email-held", async |bot| {
        bot.says(ADA, "repair jane@acme.example").await;
        let click = Drawer::of(bot).await.click(bot, GRACE, "reinstate.approve").await;
        let run = bot.run().await;
        bot.says(ADA, &format!("cancel {run}")).await;
        bot.hears(ADA, "The run is stopped").await;
        assert_eq!(bot.ends().await, Outcome::Cancelled);
        comes_too_late(bot, &click, "The run has ended, so nothing was done").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_expired_cannot_be_approved() {
    let tenant = scenarios::find("email-held").unwrap().tenant();
    let quickly = |env: &mut Env| {
        env.insert("REINSTATE_APPROVALS__EXPIRE_AFTER".into(), "3s".into());
    };
    tells_in(tenant, quickly, async |bot| {
        bot.says(ADA, "repair jane@acme.example").await;
        let click = Drawer::of(bot).await.click(bot, GRACE, "reinstate.approve").await;
        assert_eq!(bot.ends().await, Outcome::Expired);
        comes_too_late(bot, &click, "The run has ended, so nothing was done").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_superseded_cannot_be_approved_and_the_new_plan_can() {
    tells("email-held", async |bot| {
        bot.says(ADA, "repair jane@acme.example").await;
        let drawer = Drawer::of(bot).await;
        let click = drawer.click(bot, GRACE, "reinstate.approve").await;
        let first = bot.until("a plan", |run| run.current.is_some()).await.current.unwrap().digest.unwrap();
        // The world changes while the plan waits: Jane is put into one more synced group.
        {
            let jane = lock(&bot.sandbox.entra)
                .users
                .values()
                .find(|user| user.upn == "jane@acme.example")
                .unwrap()
                .id
                .clone();
            lock(&bot.sandbox.atlassian).add_group("more-users", true, &[]);
            let mut entra = lock(&bot.sandbox.entra);
            let more = entra.add_group("more-users");
            entra.assign_group(&more);
            entra.add_member(&more, &jane);
        }
        bot.clicks(GRACE, "reinstate.approve").await;
        let run = bot
            .until("a new plan that waits", |run| {
                run.current.as_ref().is_some_and(|current| {
                    current.digest.as_ref() != Some(&first) && current.approvals.is_empty()
                })
            })
            .await;
        assert!(run.approved_by().is_empty(), "the old approval is not one of the new plan");
        assert_eq!(one_shots(bot), 0);
        sends(bot, &click).await;
        bot.hears(GRACE, "The plan has changed since this card was drawn").await;
        assert!(is_recorded(bot, GRACE).await);
        let second = run.current.unwrap().digest.unwrap();
        bot.is_quiet().await;
        let (_, _, value) = bot.button_now("reinstate.approve").expect("the new plan can be approved");
        assert!(value.contains(&second), "{value}");
        bot.clicks(GRACE, "reinstate.approve").await;
        assert_eq!(bot.ends().await, Outcome::Restored);
        assert_eq!(one_shots(bot), 1);
        bot.app.drain(LONG_LEASE).await;
        bot.reads_all();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_approved_and_done_cannot_be_approved_again() {
    tells("email-held", async |bot| {
        bot.says(ADA, "repair jane@acme.example").await;
        let click = Drawer::of(bot).await.click(bot, GRACE, "reinstate.approve").await;
        bot.clicks(GRACE, "reinstate.approve").await;
        assert_eq!(bot.ends().await, Outcome::Restored);
        sends(bot, &click).await;
        bot.hears(GRACE, "The run has ended, so nothing was done").await;
        bot.app.drain(LONG_LEASE).await;
        assert!(is_recorded(bot, GRACE).await);
        assert_eq!(bot.button_now("reinstate.approve"), None);
        assert_eq!(one_shots(bot), 1);
        bot.reads_all();
    })
    .await;
}
