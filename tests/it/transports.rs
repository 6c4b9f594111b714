//! Signed requests and Socket Mode: the same scenario over both, and the failures that only a socket can cause.

use std::time::{Duration, Instant};

use reinstate_core::Outcome;
use reinstate_sandbox::slack::{Slack, wait_until};
use reinstate_sandbox::tenant::{ADMINS, DIRECTORY, HELPDESK, Tenant};
use reinstate_sandbox::wire::{Call, Gate, Injection, Service};
use reinstate_sandbox::{lock, scenarios};
use serde_json::json;

use crate::bot::{ADA, Bot, GRACE, JANE, VERA, tells_in};

fn tenant(scenario: &str, socket: bool) -> Tenant {
    let mut tenant = scenarios::find(scenario).unwrap().tenant();
    tenant.slack.sockets.on = socket;
    tenant
}

/// Every command, button, shortcut and view, once.
async fn everything(bot: &Bot) {
    for (text, answer) in [("help", "What Reinstate understands"), ("chek", "There is no such command.")] {
        let said = bot.says_in(HELPDESK, JANE, text).await;
        assert!(said.contains(answer), "{said}");
    }
    for (user, text, answer) in [
        (JANE, "whoami", "Your roles"),
        (VERA, "check jane@acme.example", "(jane@acme.example)"),
        (VERA, "status", "Nothing runs and nothing waits."),
        (VERA, "history jane@acme.example", "There has been no run"),
        (JANE, "me", "Your Atlassian access"),
    ] {
        assert_eq!(bot.says_in(HELPDESK, user, text).await, "", "{text}");
        bot.hears(user, answer).await;
    }
    bot.clicks_private(VERA, "reinstate.recheck").await;
    bot.hears(VERA, "(jane@acme.example)").await;
    bot.clicks_private(JANE, "reinstate.ask_for_help").await;
    bot.hears(JANE, "have been asked").await;
    bot.sees("Please help").await;
    let ts = bot.people.say(JANE, HELPDESK, "Jira is empty").unwrap();
    bot.people.message_shortcut(VERA, HELPDESK, &ts, "reinstate.check_message").await.unwrap();
    bot.hears(VERA, "(jane@acme.example)").await;
    bot.people.shortcut(VERA, "reinstate.check_person").await.unwrap();
    bot.modal(VERA, "Whose Atlassian access").await;
    bot.people.pick_person(VERA, "reinstate.check_picked", JANE).await.unwrap();
    bot.modal(VERA, "(jane@acme.example)").await;
    bot.people.home_opened(GRACE).await.unwrap();
    bot.home(GRACE, "Nothing waits for you.").await;
    bot.people.home_opened(VERA).await.unwrap();
    bot.home(VERA, "Nothing runs and nothing waits for others.").await;
    bot.people.click_home(VERA, "reinstate.check_person").await.unwrap();
    bot.modal(VERA, "Whose Atlassian access").await;
    bot.people.home_opened(JANE).await.unwrap();
    bot.home(JANE, "Does Jira or Confluence show you nothing?").await;
    bot.people.click_home(JANE, "reinstate.me").await.unwrap();
    bot.modal(JANE, "Your Atlassian access").await;

    // One run is declined and the next one approved. Each begins with a command of the operator.
    let said = bot.says(ADA, "repair jane@acme.example").await;
    assert!(said.contains("The run has begun"), "{said}");
    bot.sees("Waiting for approval").await;
    bot.sees("needs your approval").await;
    bot.home(GRACE, "waiting for @grace until").await;
    bot.clicks(GRACE, "reinstate.details").await;
    bot.modal(GRACE, "What happened").await;
    bot.clicks(GRACE, "reinstate.decline").await;
    bot.modal(GRACE, "Nothing of the plan").await;
    bot.submits(GRACE, json!({"reason": {"why": {"value": "Not today."}}})).await;
    assert_eq!(bot.ends().await, Outcome::Declined);
    bot.sees("The reason: Not today.").await;
    bot.says(ADA, "repair jane@acme.example").await;
    bot.sees("Waiting for approval").await;
    bot.sees("needs your approval").await;
    let run = bot.run().await;
    bot.clicks(GRACE, "reinstate.approve").await;
    assert_eq!(bot.ends().await, Outcome::Restored);
    bot.says(GRACE, &format!("cancel {run}")).await;
    bot.hears(GRACE, "The run has ended").await;
    bot.sees("has ended").await;

    // The follow-up requests. Each one opens a run of its own, which is stopped before its first step.
    bot.clicks(ADA, "reinstate.retire").await;
    bot.hears(ADA, "The run has begun").await;
    stopped(bot).await;
    // The rightful account has taken the address. So nothing can be undone, and there is no button for it.
    assert!(bot.button_now("reinstate.undo").is_none());
    bot.says(ADA, &format!("undo {run}")).await;
    assert_eq!(bot.ends().await, Outcome::Advice);
    assert_eq!(bot.app.journal.store().recent_runs(10).await.unwrap().len(), 4);
    bot.reads_all();
}

/// The newest run requests an approval, and is stopped instead.
async fn stopped(bot: &Bot) {
    let run = bot.run().await;
    bot.until("a plan", |run| run.current.as_ref().is_some_and(|current| current.digest.is_some())).await;
    bot.says(GRACE, &format!("cancel {run}")).await;
    bot.hears(GRACE, "The run is stopped").await;
    assert_eq!(bot.ends().await, Outcome::Cancelled);
}

/// The other buttons of a harmless repair and of a sweep with one: Repair, Retry, Stop, and the sweep's own buttons.
async fn everything_else(bot: &Bot) {
    let refused = Injection::Answer { status: 403, headers: Vec::new(), body: "{}".to_owned() };
    bot.sandbox.wire.inject(Service::Entra, Some("POST"), "/provisionOnDemand", 2, refused);
    bot.says(ADA, "check jane@acme.example").await;
    bot.hears(ADA, "(jane@acme.example)").await;
    bot.clicks_private(ADA, "reinstate.repair").await;
    bot.hears(ADA, "The run has begun").await;
    bot.until("a pause", |run| run.waiting.is_some()).await;
    bot.clicks(ADA, "reinstate.retry").await;
    bot.until("another pause", |run| run.waiting.is_some() && run.plans == 2).await;
    bot.is_quiet().await;
    bot.clicks(ADA, "reinstate.cancel").await;
    assert_eq!(bot.ends().await, Outcome::Cancelled);

    bot.says(ADA, "sweep").await;
    bot.hears(ADA, "has begun. It only reads").await;
    bot.sees("can be repaired harmlessly").await;
    bot.clicks(ADA, "reinstate.sweep_page").await;
    bot.hears(ADA, "stale@acme.example").await;
    // The sweep is paused during its only repair, which is carried to its end.
    let gate = Gate::default();
    let hold = Injection::Hold { after_effect: false, gate: gate.clone() };
    bot.sandbox.wire.inject(Service::Entra, Some("POST"), "/provisionOnDemand", 1, hold);
    bot.clicks(ADA, "reinstate.sweep_repair").await;
    gate.reached().await;
    bot.clicks(ADA, "reinstate.sweep_pause").await;
    bot.button("reinstate.retry").await;
    gate.open();
    bot.clicks(ADA, "reinstate.retry").await;
    bot.sees("the repairs of this sweep have ended").await;
    bot.reads_all();
}

/// A person who has lost a group, and a person whose repair needs an approval.
fn two_broken(socket: bool) -> Tenant {
    let mut tenant = tenant("membership-drift", socket);
    let hired = tenant.hire("stale@acme.example", "Sta Le");
    tenant.account("stale@acme.example", "Sta Le", 7);
    tenant.atlassian.scim_record(DIRECTORY, "stale@acme.example", "import-1042", None);
    tenant.refused(&hired, "Create", "stale@acme.example");
    tenant.entra.settle_watermark(reinstate::clock::now());
    tenant
}

/// Two accounts of Jane are in use, and a person chooses the one to keep.
async fn the_pick(bot: &Bot) {
    bot.says(ADA, "repair jane@acme.example").await;
    assert_eq!(bot.ends().await, Outcome::Advice);
    bot.clicks(ADA, "reinstate.pick").await;
    bot.hears(ADA, "The run has begun").await;
    stopped(bot).await;
    bot.reads_all();
}

fn torn(socket: bool) -> Tenant {
    let mut tenant = crate::upper_rungs::torn();
    tenant.slack.sockets.on = socket;
    tenant
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_story_over_signed_requests() {
    tells_in(tenant("email-held", false), |_| {}, everything).await;
    tells_in(two_broken(false), |_| {}, everything_else).await;
    tells_in(torn(false), |_| {}, the_pick).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_story_over_a_socket() {
    tells_in(tenant("email-held", true), drop_signing_secret, async |bot| {
        everything(bot).await;
        assert!(lock(&bot.sandbox.slack).open_links() >= 2, "two links are kept");
        let calls = bot.sandbox.wire.calls();
        assert!(calls.iter().filter(|call| call.path.ends_with("apps.connections.open")).count() >= 2);
    })
    .await;
    tells_in(two_broken(true), drop_signing_secret, everything_else).await;
    tells_in(torn(true), drop_signing_secret, the_pick).await;
}

/// Waits until this many links are open, and at least `opened` have been opened.
async fn links(bot: &Bot, open: usize, opened: usize) {
    let there = |slack: &Slack| (slack.open_links() == open && slack.sockets.opened >= opened).then_some(());
    wait_until(&bot.sandbox.slack, there, bot.people.patience).await.unwrap();
}

/// Slack hands each envelope to any one of the links, whichever replica has opened it.
#[tokio::test(flavor = "multi_thread")]
async fn the_whole_story_over_the_sockets_of_two_replicas() {
    tells_in(tenant("email-held", true), drop_signing_secret, async |bot| {
        let other = bot.replica().await;
        links(bot, 4, 4).await;
        everything(bot).await;
        let taken = lock(&bot.sandbox.slack).envelopes_by_link();
        assert_eq!(taken.len(), 4, "each link has had work: {taken:?}");
        // One replica stops, and the other one answers everybody.
        other.app.drain(bot.people.patience).await;
        other.stop().await;
        links(bot, 2, 4).await;
        for _ in 0..4 {
            bot.says_in(HELPDESK, VERA, "whoami").await;
            bot.hears(VERA, "Your roles").await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_that_is_switched_off_is_opened_again_once_it_is_on() {
    tells_in(
        tenant("membership-drift", true),
        |_| {},
        async |bot| {
            links(bot, 2, 2).await;
            lock(&bot.sandbox.slack).switch_sockets(false);
            links(bot, 0, 2).await;
            let refused = |call: &Call| call.path.ends_with("apps.connections.open");
            let asked = || bot.sandbox.wire.calls().iter().filter(|call| refused(call)).count();
            let since = Instant::now();
            while asked() < 4 {
                assert!(since.elapsed() < bot.people.patience, "it gave up");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            lock(&bot.sandbox.slack).switch_sockets(true);
            links(bot, 2, 4).await;
            bot.says_in(HELPDESK, VERA, "whoami").await;
            bot.hears(VERA, "Your roles").await;
        },
    )
    .await;
}

/// Socket Mode signs nothing, so it needs no secret.
fn drop_signing_secret(env: &mut reinstate::config::Env) {
    env.remove("REINSTATE_SLACK_SIGNING_SECRET");
}

#[tokio::test(flavor = "multi_thread")]
async fn links_are_refreshed_without_a_gap_and_followed_when_they_are_cut() {
    tells_in(
        tenant("membership-drift", true),
        |_| {},
        async |bot| {
            links(bot, 2, 2).await;
            lock(&bot.sandbox.slack).announce_disconnect("warning");
            // The old links still serve while the new ones are already open.
            links(bot, 4, 4).await;
            lock(&bot.sandbox.slack).cut_links(2);
            links(bot, 2, 4).await;
            bot.says_in(HELPDESK, VERA, "check jane@acme.example").await;
            bot.hears(VERA, "(jane@acme.example)").await;
            lock(&bot.sandbox.slack).cut_links(usize::MAX);
            bot.says_in(HELPDESK, VERA, "whoami").await;
            bot.hears(VERA, "Your roles").await;
            links(bot, 2, 6).await;
            let pongs = |slack: &Slack| (slack.sockets.pongs > 0).then_some(());
            wait_until(&bot.sandbox.slack, pongs, bot.people.patience).await.unwrap();
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn envelopes_that_come_twice_do_no_harm_and_slow_ones_hold_nobody_up() {
    tells_in(
        tenant("email-held", true),
        |_| {},
        async |bot| {
            let ack = bot.people.command(ADA, ADMINS, "repair jane@acme.example").await.unwrap();
            let again = bot.people.again(&ack).await.unwrap();
            let text = again.json()["text"].as_str().unwrap_or_default().to_owned();
            assert!(text.contains("The run had begun already"), "{text}");
            bot.hears(ADA, "The run has begun").await;
            bot.sees("Waiting for approval").await;
            bot.sees("needs your approval").await;
            let (channel, ts) = bot.button("reinstate.approve").await;
            let click = bot.people.click(GRACE, &channel, &ts, "reinstate.approve").await.unwrap();
            let (one, two) = tokio::join!(bot.people.again(&click), bot.people.again(&click));
            assert_eq!((one.unwrap().status, two.unwrap().status), (200, 200));
            assert_eq!(bot.ends().await, Outcome::Restored);
            let run = bot.run().await;
            let approved = bot.events(&run).await.iter().filter(|event| event.kind() == "approved").count();
            assert_eq!(approved, 1);
            assert_eq!(bot.app.journal.store().recent_runs(5).await.unwrap().len(), 1);
            bot.reads_all();
        },
    )
    .await;
}
