//! Signed requests and Socket Mode: the same story over both, and what only a socket can do to us.

use reinstate::core::Outcome;
use reinstate::sandbox::slack::wait_until;
use reinstate::sandbox::tenant::{ADMINS, HELPDESK, Tenant};
use reinstate::sandbox::{lock, scenarios};
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
        (VERA, "check jane@acme.example", "Access of jane@acme.example"),
        (VERA, "status", "Nothing runs and nothing waits."),
        (VERA, "history jane@acme.example", "There has been no run"),
        (JANE, "me", "Your Atlassian access"),
    ] {
        assert_eq!(bot.says_in(HELPDESK, user, text).await, "", "{text}");
        bot.hears(user, answer).await;
    }
    bot.clicks_private(VERA, "reinstate.recheck").await;
    bot.hears(VERA, "Access of jane@acme.example").await;
    bot.clicks_private(JANE, "reinstate.ask_for_help").await;
    bot.hears(JANE, "have been asked").await;
    bot.sees("asks for help").await;
    let ts = bot.people.say(JANE, HELPDESK, "Jira is empty").unwrap();
    bot.people.message_shortcut(VERA, HELPDESK, &ts, "reinstate.check_message").await.unwrap();
    bot.hears(VERA, "Access of jane@acme.example").await;
    bot.people.shortcut(VERA, "reinstate.check_person").await.unwrap();
    bot.modal(VERA, "Whose Atlassian access").await;
    bot.people.pick_person(VERA, "reinstate.check_picked", JANE).await.unwrap();
    bot.modal(VERA, "Access of jane@acme.example").await;
    bot.people.home_opened(GRACE).await.unwrap();
    bot.home(GRACE, "Nothing waits for you.").await;

    // One run is declined, the next one approved; both begin with a word of the operator.
    let said = bot.says(ADA, "repair jane@acme.example").await;
    assert!(said.contains("The run has begun"), "{said}");
    bot.sees("Waits for an approval").await;
    bot.sees("The buttons are on the card above").await;
    bot.home(GRACE, "waits for an approver until").await;
    bot.clicks(GRACE, "reinstate.details").await;
    bot.modal(GRACE, "What happened").await;
    bot.clicks(GRACE, "reinstate.decline").await;
    bot.modal(GRACE, "Nothing of the plan").await;
    bot.submits(GRACE, json!({"reason": {"why": {"value": "Not today."}}})).await;
    assert_eq!(bot.ends().await, Outcome::Declined);
    bot.sees("The reason: Not today.").await;
    bot.says(ADA, "repair jane@acme.example").await;
    bot.sees("Waits for an approval").await;
    bot.sees("The buttons are on the card above").await;
    let run = bot.run().await;
    bot.clicks(GRACE, "reinstate.approve").await;
    assert_eq!(bot.ends().await, Outcome::Restored);
    bot.says(GRACE, &format!("cancel {run}")).await;
    bot.hears(GRACE, "The run has ended").await;
    bot.sees("has ended").await;
    bot.reads_all();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_story_over_signed_requests() {
    tells_in(tenant("email-held", false), |_| {}, everything).await;
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
            let links = async |wanted: usize, opened: usize| {
                let there = |slack: &reinstate::sandbox::slack::Slack| {
                    (slack.open_links() == wanted && slack.sockets.opened >= opened).then_some(())
                };
                wait_until(&bot.sandbox.slack, there, bot.people.patience).await.unwrap();
            };
            links(2, 2).await;
            lock(&bot.sandbox.slack).announce_disconnect("warning");
            // The old ones still serve while the new ones are there already.
            links(4, 4).await;
            lock(&bot.sandbox.slack).cut_links(2);
            links(2, 4).await;
            bot.says_in(HELPDESK, VERA, "check jane@acme.example").await;
            bot.hears(VERA, "Access of jane@acme.example").await;
            lock(&bot.sandbox.slack).cut_links(usize::MAX);
            bot.says_in(HELPDESK, VERA, "whoami").await;
            bot.hears(VERA, "Your roles").await;
            links(2, 6).await;
            let pongs = |slack: &reinstate::sandbox::slack::Slack| (slack.sockets.pongs > 0).then_some(());
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
            bot.sees("Waits for an approval").await;
            bot.sees("The buttons are on the card above").await;
            let (channel, ts) = bot.button("reinstate.approve").await;
            let click = bot.people.click(GRACE, &channel, &ts, "reinstate.approve").await.unwrap();
            let (one, two) = tokio::join!(bot.people.again(&click), bot.people.again(&click));
            assert_eq!((one.unwrap().status, two.unwrap().status), (200, 200));
            assert_eq!(bot.ends().await, Outcome::Restored);
            let run = bot.run().await;
            let approved = bot.events(&run).await.iter().filter(|event| event.kind() == "approved").count();
            assert_eq!(approved, 1);
            assert_eq!(bot.app.ledger.store().recent_runs(5).await.unwrap().len(), 1);
            bot.reads_all();
        },
    )
    .await;
}
