//! `doctor` and the bot judge `slack.channel` alike: where one says that all is well, the other one posts.

use reinstate::doctor::{self, State};
use reinstate_sandbox::scenarios;
use reinstate_sandbox::tenant::HELPDESK;
use reinstate_sandbox::wire::{Injection, Service};
use serde_json::{Value, json};

use super::bot::{Bot, JANE, tells_in};

/// A channel of our own workspace with the bot in it, and these differences.
fn channel(differences: Value) -> Value {
    let mut channel = json!({
        "id": "C0ADMINS", "name": "admins", "is_channel": true, "is_member": true, "is_archived": false, "is_im": false,
        "is_mpim": false, "is_shared": false, "is_ext_shared": false, "is_org_shared": false,
        "is_pending_ext_shared": false,
    });
    for (key, value) in differences.as_object().unwrap() {
        channel[key] = value.clone();
    }
    json!({"ok": true, "channel": channel})
}

/// What `doctor` says of the channel, and whether the bot posts a call for help there.
async fn judgements(bot: &Bot, answer: &Value) -> (State, bool) {
    let answer = Injection::Answer { status: 200, headers: Vec::new(), body: answer.to_string() };
    bot.sandbox.wire.inject(Service::Slack, None, "conversations.info", u32::MAX, answer);
    let report = doctor::quick(&bot.app.config, bot.app.journal.store()).await;
    let state = report.find("slack.channel").unwrap().state;
    bot.says_in(HELPDESK, JANE, "me").await;
    bot.hears(JANE, "Your Atlassian access").await;
    bot.clicks_private(JANE, "reinstate.ask_for_help").await;
    bot.app.drain(bot.people.patience).await;
    let told = bot.reads_all();
    let posted = told.iter().any(|one| one.contains("to all: ") && one.contains("Please help"));
    assert_ne!(posted, told.iter().any(|one| one.contains("could not be delivered")), "{told:#?}");
    (state, posted)
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_and_the_bot_judge_each_kind_of_channel_alike() {
    for (kind, answer, good) in [
        ("our own", channel(json!({})), true),
        ("of several of our workspaces", channel(json!({"is_shared": true, "is_org_shared": true})), true),
        ("without the bot", channel(json!({"is_member": false})), false),
        ("archived", channel(json!({"is_archived": true})), false),
        ("of another company too", channel(json!({"is_shared": true, "is_ext_shared": true})), false),
        ("with an invitation of another company", channel(json!({"is_pending_ext_shared": true})), false),
        ("perhaps shared", channel(json!({"is_ext_shared": null})), false),
        ("a direct message", channel(json!({"is_im": true})), false),
        ("a direct message of several", channel(json!({"is_mpim": true})), false),
        ("that Slack does not show", json!({"ok": false, "error": "channel_not_found"}), false),
    ] {
        let tenant = scenarios::find("membership-drift").unwrap().tenant();
        tells_in(
            tenant,
            |_| {},
            async |bot| {
                let (state, posted) = judgements(bot, &answer).await;
                assert_eq!((state == State::Good, posted), (good, good), "a channel {kind}: {state:?}");
            },
        )
        .await;
    }
}
