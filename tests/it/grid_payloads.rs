//! Payloads that Slack really sends on Enterprise Grid or without documentation, and payloads that others could forge.
//! The bot never answers 5xx, and never answers another person.

use reinstate_core::Outcome;
use reinstate_sandbox::slack::Enterprise;
use reinstate_sandbox::tenant::HELPDESK;
use reinstate_sandbox::{lock, scenarios};
use serde_json::{Value, json};

use crate::bot::{ADA, GRACE, JANE, VERA, tells, tells_in};

/// Interactions in unusual shapes. All but the first few name nobody, or something that does not belong to the bot.
fn odd() -> Vec<Value> {
    let click = |action: Value| json!({"type": "block_actions", "user": {"id": JANE}, "team": null, "actions": [action]});
    vec![
        click(json!({"action_id": "reinstate.approve", "value": null})),
        click(json!({"action_id": "reinstate.approve", "value": {"r": 1}})),
        click(json!({"action_id": "reinstate.decline", "value": "not json"})),
        click(json!({"action_id": "reinstate.check_picked", "type": "users_select", "selected_user": null})),
        click(json!({"action_id": "other.app", "value": "x"})),
        click(json!({"type": "users_select", "selected_user": "U0ADA"})),
        click(json!(7)),
        json!({"type": "block_actions", "user": {"id": JANE}, "actions": []}),
        json!({"type": "block_actions", "user": null, "actions": [{"action_id": "reinstate.approve"}]}),
        json!({"type": "block_actions", "user": {"id": ""}, "actions": {"0": {}}}),
        json!({"type": "shortcut", "user": {"id": JANE}, "callback_id": "other", "team": null}),
        json!({"type": "shortcut", "user": {}, "callback_id": "reinstate.check_person"}),
        json!({"type": "message_action", "user": {"id": JANE}, "callback_id": "other", "message": null}),
        json!({"type": "view_submission", "user": {"id": JANE}, "view": null}),
        json!({"type": "view_submission", "user": {"id": JANE}, "view": {"callback_id": "other", "state": []}}),
        json!({"type": "view_closed", "user": {"id": JANE}, "view": {"id": "V1"}}),
        json!({"type": "block_suggestion", "user": {"id": JANE}}),
        json!({"type": "interactive_message", "user": {"id": JANE}, "actions": [{"name": "x"}]}),
        json!({"type": "dialog_cancellation", "user": {"id": JANE}}),
        json!({"type": "workflow_step_edit"}),
        json!({"type": 5}),
        json!([]),
        json!(null),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_slack_sends_is_answered_200_and_changes_nothing() {
    tells("healthy", async |bot| {
        for payload in odd() {
            let ack = bot.people.click_raw(&payload).await.unwrap();
            assert_eq!((ack.status, ack.body.as_str()), (200, ""), "{payload}");
        }
        let now = reinstate::clock::now().as_second();
        for event in [
            json!({"type": "event_callback", "event": {"type": "app_home_opened"}}),
            json!({"type": "event_callback", "event": {"type": "app_home_opened", "user": 7, "tab": "home"}}),
            json!({"type": "event_callback", "event_id": "Ev1", "event": {"type": "message", "user": JANE, "text": "hi"}}),
            json!({"type": "event_callback", "event_id": null, "event": null, "team_id": null}),
            json!({"type": "app_rate_limited", "minute_rate_limited": 5}),
            json!({"type": "url_verification"}),
            json!([1, 2]),
        ] {
            let ack = bot.people.send_signed(&event.to_string(), "application/json", now).await.unwrap();
            assert_eq!(ack.status, 200, "{event}");
        }
        for body in ["ssl_check=1", "payload=%7B", "payload=", "command=%2Freinstate", "user_id=U1", "\u{0}", ""] {
            let ack = bot.people.send_signed(body, "application/x-www-form-urlencoded", now).await.unwrap();
            assert_eq!(ack.status, 200, "{body:?}");
        }
        bot.app.drain(bot.people.patience).await;
        assert_eq!(bot.app.journal.store().recent_runs(1).await.unwrap(), Vec::new());
        // Only the person who made a forged click receives the refusal.
        for words in bot.reads_all() {
            assert!(words.contains("Reinstate") || words.contains("so it does nothing"), "{words}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_enterprise_grid_the_whole_organization_is_ours() {
    let mut tenant = scenarios::find("email-held").unwrap().tenant();
    tenant.slack.enterprise =
        Some(Enterprise { id: "E0ACME".into(), name: "Acme".into(), org_install: true });
    tells_in(
        tenant,
        |_| {},
        async |bot| {
            bot.says_in(HELPDESK, VERA, "check <@U0JANE>").await;
            bot.hears(VERA, "(jane@acme.example)").await;
            bot.says(ADA, "repair jane@acme.example").await;
            bot.sees("Waiting for approval").await;
            bot.sees("needs your approval").await;
            bot.clicks(GRACE, "reinstate.approve").await;
            assert_eq!(bot.ends().await, Outcome::Restored);
            bot.people.home_opened(VERA).await.unwrap();
            bot.home(VERA, "Access restored and verified").await;
            bot.sees("has ended").await;
            bot.reads_all();
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn buttons_of_a_run_that_is_gone_or_over_are_refused_to_the_clicker_alone() {
    tells("email-held", async |bot| {
        bot.says(ADA, "repair jane@acme.example").await;
        let card = bot.sees("Waiting for approval").await;
        bot.sees("needs your approval").await;
        let stale = lock(&bot.sandbox.slack).message(&card.ts).unwrap().clone();
        let run = bot.run().await;
        bot.says(GRACE, &format!("cancel {run}")).await;
        bot.hears(GRACE, "The run is stopped").await;
        assert_eq!(bot.ends().await, Outcome::Cancelled);
        bot.sees("has ended").await;
        // Buttons that a slow client of a person still showed.
        for action in ["reinstate.approve", "reinstate.decline"] {
            let value = value_of(&stale.blocks, action);
            bot.people.click_raw(&forged(GRACE, &stale.channel, &stale.ts, action, &value)).await.unwrap();
            bot.hears(GRACE, "The run has ended, so nothing was done.").await;
        }
        let gone = value_of(&stale.blocks, "reinstate.approve")
            .replace(&run, "0190163d-8694-739b-aea5-966c26f8ad91");
        bot.people
            .click_raw(&forged(GRACE, &stale.channel, &stale.ts, "reinstate.approve", &gone))
            .await
            .unwrap();
        bot.hears(GRACE, "This is a copy of the card").await;
        assert_eq!(bot.shows(&card.ts).matches("Approve").count(), 0, "the buttons are gone");
    })
    .await;
}

fn value_of(blocks: &[Value], action: &str) -> String {
    let mut elements = blocks.iter().flat_map(|block| block["elements"].as_array().into_iter().flatten());
    let button = elements.find(|element| element["action_id"] == action).unwrap();
    button["value"].as_str().unwrap().to_owned()
}

fn forged(user: &str, channel: &str, ts: &str, action: &str, value: &str) -> Value {
    json!({
        "type": "block_actions", "user": {"id": user, "team_id": "T0ACME"}, "team": {"id": "T0ACME"},
        "container": {"type": "message", "message_ts": ts, "channel_id": channel}, "channel": {"id": channel},
        "actions": [{"action_id": action, "value": value, "type": "button"}],
    })
}
