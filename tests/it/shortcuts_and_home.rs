//! Shortcuts, modals and the App Home.

use reinstate_core::Outcome;
use reinstate_sandbox::lock;
use reinstate_sandbox::tenant::{ADMINS, HELPDESK};
use serde_json::json;

use crate::bot::{ADA, GRACE, GUS, JANE, VERA, tells};

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_picked_and_the_answer_stands_in_the_modal() {
    tells("membership-drift", async |bot| {
        bot.people.shortcut(VERA, "reinstate.check_person").await.unwrap();
        bot.modal(VERA, "Whose Atlassian access shall be checked?").await;
        bot.people.pick_person(VERA, "reinstate.check_picked", JANE).await.unwrap();
        let shown = bot.modal(VERA, "Group memberships did not reach Atlassian").await;
        assert!(shown.contains("Ask @ada for it.") && !shown.contains("[ Repair ]"), "{shown}");
        // The modal has no channel. The card is in the admins' channel, and other messages go to the person's direct
        // messages.
        bot.people.shortcut(ADA, "reinstate.check_person").await.unwrap();
        bot.modal(ADA, "Whose Atlassian access shall be checked?").await;
        bot.people.pick_person(ADA, "reinstate.check_picked", JANE).await.unwrap();
        bot.modal(ADA, "Group memberships did not reach Atlassian").await;
        bot.people.click_modal(ADA, "reinstate.repair").await.unwrap();
        bot.modal(ADA, "The run has begun").await;
        assert_eq!(bot.ends().await, Outcome::Restored);
        bot.is_quiet().await;
        bot.reads_all();
        bot.people.shortcut(JANE, "reinstate.check_person").await.unwrap();
        bot.modal(JANE, "Whose Atlassian access shall be checked?").await;
        bot.people.pick_person(JANE, "reinstate.check_picked", ADA).await.unwrap();
        bot.modal(JANE, "This needs the role viewer").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_author_of_a_message_is_checked_privately() {
    tells("membership-drift", async |bot| {
        let ts = bot.people.say(JANE, HELPDESK, "I see nothing in Jira").unwrap();
        let ack = bot.people.message_shortcut(VERA, HELPDESK, &ts, "reinstate.check_message").await.unwrap();
        assert_eq!((ack.status, ack.body.as_str()), (200, ""));
        bot.hears(VERA, "(jane@acme.example)").await;
        assert!(lock(&bot.sandbox.slack).unread().is_empty(), "only the caller hears of it");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decline_asks_why_and_one_that_comes_too_late_is_refused() {
    tells("email-held", async |bot| {
        bot.says(ADA, "repair jane@acme.example").await;
        bot.sees("Waiting for approval").await;
        bot.sees("needs your approval").await;
        bot.clicks(VERA, "reinstate.decline").await;
        bot.hears(VERA, "This needs the role approver").await;
        bot.clicks(GRACE, "reinstate.decline").await;
        bot.modal(GRACE, "Nothing of the plan for jane@acme.example will be done").await;
        bot.clicks(ADA, "reinstate.decline").await;
        bot.modal(ADA, "Nothing of the plan").await;
        bot.submits(GRACE, json!({"reason": {"why": {"value": "She is moving to the other team."}}})).await;
        assert_eq!(bot.ends().await, Outcome::Declined);
        bot.sees("The reason: She is moving to the other team.").await;
        // The other modal is still open, but its request can no longer be carried out.
        bot.submits(ADA, json!({"reason": {"why": {"value": null}}})).await;
        bot.hears(ADA, "The run has ended, so nothing was done.").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn details_are_shown_on_demand_to_those_who_may_follow() {
    tells("email-held", async |bot| {
        bot.says(ADA, "repair jane@acme.example").await;
        bot.sees("Waiting for approval").await;
        bot.sees("needs your approval").await;
        lock(&bot.sandbox.slack).channels.get_mut(ADMINS).unwrap().members.insert(JANE.to_owned());
        bot.clicks(JANE, "reinstate.details").await;
        bot.hears(JANE, "This needs the role viewer").await;
        bot.clicks(GRACE, "reinstate.details").await;
        let shown = bot.modal(GRACE, "What happened").await;
        assert!(shown.contains("asked for by") && shown.contains("Groups expected"), "{shown}");
        let run = bot.run().await;
        bot.says(GRACE, &format!("cancel {run}")).await;
        bot.hears(GRACE, "The run is stopped").await;
        bot.ends().await;
        bot.sees("has ended").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_home_shows_what_waits_for_me_and_follows_the_run() {
    tells("email-held", async |bot| {
        for user in [ADA, GRACE, VERA, JANE, GUS] {
            bot.people.home_opened(user).await.unwrap();
        }
        bot.home(GRACE, "Nothing waits for you.").await;
        bot.home(JANE, "Does Jira or Confluence show you nothing?").await;
        bot.home(GUS, "Reinstate works for members of this workspace").await;
        bot.says(ADA, "repair jane@acme.example").await;
        let card = bot.sees("Waiting for approval").await;
        bot.sees("needs your approval").await;
        let shown = bot.home(GRACE, "waiting for @grace until").await;
        assert!(shown.contains("Waiting for my approval*: 1") && !shown.contains("Running"), "{shown}");
        let shown = bot.home(ADA, "waiting for @grace until").await;
        assert!(shown.contains("Running and waiting*: 1"), "{shown}");
        let link = format!("p{}", card.ts.replace('.', ""));
        bot.home(VERA, &link).await;
        bot.clicks(GRACE, "reinstate.approve").await;
        assert_eq!(bot.ends().await, Outcome::Restored);
        bot.sees("has ended").await;
        bot.home(VERA, "Access restored and verified").await;
        bot.home(GRACE, "Nothing waits for you.").await;
        // The buttons of the Home.
        bot.people.click_home(JANE, "reinstate.me").await.unwrap();
        bot.modal(JANE, "Everything looks right.").await;
        bot.people.click_home(VERA, "reinstate.check_person").await.unwrap();
        bot.modal(VERA, "Whose Atlassian access shall be checked?").await;
        bot.reads_all();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_for_help_that_cannot_be_delivered_names_those_to_ask() {
    tells("membership-drift", async |bot| {
        lock(&bot.sandbox.slack).channels.get_mut(ADMINS).unwrap().is_ext_shared = true;
        bot.says_in(HELPDESK, JANE, "me").await;
        bot.hears(JANE, "Your Atlassian access").await;
        bot.clicks_private(JANE, "reinstate.ask_for_help").await;
        let told = bot.hears(JANE, "could not be delivered").await;
        assert!(told.text.contains("<@U0ADA>"), "{}", told.text);
        // The failed call does not count for the day, so the next one is tried again.
        bot.clicks_private(JANE, "reinstate.ask_for_help").await;
        bot.hears(JANE, "could not be delivered").await;
    })
    .await;
}
