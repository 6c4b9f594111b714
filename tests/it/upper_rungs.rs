//! The upper rungs and undo, as people use them: typed and clicked, approved by a second person, and checked in the
//! simulated organization.

use reinstate_core::{Event, Outcome, Risk};
use reinstate_sandbox::lock;
use reinstate_sandbox::scenarios::find;
use reinstate_sandbox::tenant::Tenant;
use reinstate_sandbox::wire::{Injection, Service};
use serde_json::Value;

use crate::bot::{ADA, Bot, GRACE, VERA, tells, tells_in};

fn organization(bot: &Bot) -> Value {
    lock(&bot.sandbox.atlassian).snapshot()
}

/// Waits until the newest run requests an approval, and approves.
async fn approved(bot: &Bot) {
    let id = bot.run().await;
    bot.until("a plan", |run| {
        run.ended.is_some() || run.current.as_ref().is_some_and(|c| c.digest.is_some())
    })
    .await;
    bot.is_quiet().await;
    bot.clicks(GRACE, "reinstate.approve").await;
    bot.until("the approval", |run| run.ended.is_some() || !run.approved_by().is_empty()).await;
    assert!(bot.events(&id).await.iter().any(|event| matches!(event, Event::Approved { .. })));
}

/// The card of an earlier run says what a later run did about it, and no longer offers that.
async fn says_later(bot: &Bot, card: &str, words: &str, action: &str) {
    bot.is_quiet().await;
    assert!(bot.shows(card).contains(words), "{}", bot.shows(card));
    let blocks = lock(&bot.sandbox.slack).message(card).unwrap().blocks.clone();
    assert!(!serde_json::to_string(&blocks).unwrap().contains(&format!("\"{action}\"")), "{blocks:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_account_left_over_is_retired_and_comes_back_by_undo() {
    tells("email-held", async |bot| {
        bot.says(ADA, "repair jane@acme.example").await;
        approved(bot).await;
        assert_eq!(bot.ends().await, Outcome::Restored);
        let repaired = organization(bot);
        let card = bot.root().await;

        bot.clicks(VERA, "reinstate.retire").await;
        bot.hears(VERA, "This needs the role operator").await;
        bot.clicks(ADA, "reinstate.retire").await;
        bot.hears(ADA, "The run has begun").await;
        bot.until("its own run", |run| run.ended.is_none() || run.admitted.is_some()).await;
        let asked = bot.sees("Deactivate account").await;
        assert!(bot.shows(&asked.ts).contains("destructive"), "{}", bot.shows(&asked.ts));
        approved(bot).await;
        assert_eq!(bot.ends().await, Outcome::Done);
        let retired = bot.run().await;
        assert_ne!(organization(bot), repaired, "the account is inactive");
        says_later(bot, &card.ts, "left-over account was removed later", "reinstate.retire").await;
        let card = bot.root().await;

        bot.says(ADA, &format!("undo {retired}")).await;
        bot.until("another run", |run| run.ended.is_some()).await;
        assert_eq!(bot.ends().await, Outcome::Done);
        assert_ne!(bot.run().await, retired);
        assert_eq!(organization(bot), repaired, "undone exactly");
        says_later(bot, &card.ts, "*Undone* later", "reinstate.undo").await;
        bot.reads_all();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspension_that_was_lifted_is_put_back_by_undo() {
    tells("suspended", async |bot| {
        let before = organization(bot);
        bot.says(ADA, "repair jane@acme.example").await;
        assert_eq!(bot.ends().await, Outcome::Restored);
        assert_ne!(organization(bot), before);
        let card = bot.root().await;
        bot.clicks(ADA, "reinstate.undo").await;
        bot.hears(ADA, "The run has begun").await;
        bot.sees("Suspend").await;
        approved(bot).await;
        assert_eq!(bot.ends().await, Outcome::Done);
        assert_eq!(organization(bot), before, "undone exactly");
        says_later(bot, &card.ts, "*Undone* later", "reinstate.undo").await;
        bot.reads_all();
    })
    .await;
}

/// A repair that waits for a person after its first step, so that exactly this step is undone. The run is stopped, and
/// another one begins, with an approval of its own.
async fn undone_while_it_waits(story: &str, done: &str, inverse: &str) {
    tells(story, async |bot| {
        let before = organization(bot);
        let refused = Injection::Answer { status: 403, headers: Vec::new(), body: "{}".to_owned() };
        bot.sandbox.wire.inject(Service::Entra, Some("POST"), "/provisionOnDemand", 1, refused);
        bot.says(ADA, "repair jane@acme.example").await;
        let first = bot.run().await;
        let run = bot
            .until("a plan", |run| {
                run.waiting.is_some() || run.current.as_ref().is_some_and(|c| c.digest.is_some())
            })
            .await;
        if run.open_risk().is_some_and(|risk| risk > Risk::Reversible) {
            approved(bot).await;
        }
        bot.until("a pause", |run| run.waiting.is_some()).await;
        // The card says so, and so does a message to the requester.
        bot.sees("is waiting").await;
        bot.is_quiet().await;
        let card = bot.root().await;
        assert!(bot.shows(&card.ts).contains(done), "{}", bot.shows(&card.ts));
        assert_ne!(organization(bot), before, "{done}");

        bot.clicks(VERA, "reinstate.undo").await;
        bot.hears(VERA, "This needs the role operator").await;
        assert!(bot.app.journal.run(&first).await.unwrap().ended.is_none(), "it waits as it did");
        bot.clicks(ADA, "reinstate.undo").await;
        bot.hears(ADA, "The run has begun").await;
        let stopped = bot.app.journal.run(&first).await.unwrap().ended.unwrap();
        assert_eq!(stopped.0, Outcome::Cancelled);
        bot.sees(inverse).await;
        approved(bot).await;
        assert_eq!(bot.ends().await, Outcome::Done);
        assert_ne!(bot.run().await, first);
        assert_eq!(organization(bot), before, "undone exactly");
        bot.reads_all();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_activation_is_taken_back_exactly() {
    undone_while_it_waits("deactivated-locally", "Activate account", "Deactivate account").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_that_was_called_off_is_scheduled_again_exactly() {
    undone_while_it_waits("pending-deletion", "Cancel the deletion of account", "due in 14 days").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_was_moved_aside_is_moved_back_exactly() {
    undone_while_it_waits(
        "email-held",
        "Move jane@acme.example off account",
        "Move jane@acme.example back to account",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_stopped_by_itself_is_started_for_everybody_and_waited_for() {
    tells("provisioning-stopped-by-itself", async |bot| {
        bot.says(ADA, "repair jane@acme.example").await;
        let asked = bot.sees("Start provisioning for the whole tenant").await;
        let card = bot.shows(&asked.ts);
        assert!(card.contains("concerns everybody in the tenant"), "{card}");
        approved(bot).await;
        assert_eq!(bot.ends().await, Outcome::Restored);
        let kinds: Vec<&str> = bot.events(&bot.run().await).await.iter().map(Event::kind).collect();
        let at = |kind: &str| kinds.iter().position(|known| *known == kind);
        assert!(at("began") < at("accepted") && at("accepted") < at("confirmed"), "{kinds:?}");
        let starts = bot.sandbox.wire.calls().iter().filter(|call| call.path.ends_with("/start")).count();
        assert_eq!(starts, 1);
        bot.reads_all();
    })
    .await;
}

/// The case of "email-held", but somebody has also worked with the account that has Jane's new address.
pub fn torn() -> Tenant {
    let mut tenant = find("email-held").unwrap().tenant();
    let bearer = tenant.atlassian.bearer("jane@acme.example").unwrap().id.clone();
    tenant.atlassian.last_active(&bearer, &tenant.jira.clone(), "2026-09-01");
    tenant
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_accounts_in_use_a_person_picks_one_and_that_is_a_plan_of_its_own() {
    tells_in(
        torn(),
        |_| {},
        async |bot| {
            bot.says(ADA, "repair jane@acme.example").await;
            assert_eq!(bot.ends().await, Outcome::Advice);
            let card = bot.sees("Keep this account").await;
            let shown = bot.shows(&card.ts);
            for words in ["last active in", "SCIM record", "jane.miller@acme.example"] {
                assert!(shown.contains(words), "{words}: {shown}");
            }
            bot.clicks(ADA, "reinstate.pick").await;
            bot.hears(ADA, "The run has begun").await;
            approved(bot).await;
            assert_eq!(bot.ends().await, Outcome::Restored);
            bot.reads_all();
        },
    )
    .await;
}
