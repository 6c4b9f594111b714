//! Cards that Slack refuses: permanently, for a while, as a whole, or in one channel. The refusal of one card delays no
//! other card and no request for an approval, and the requester is told.

use reinstate_core::Outcome;
use reinstate_sandbox::lock;
use reinstate_sandbox::scenarios;
use reinstate_sandbox::slack::Restriction;
use reinstate_sandbox::tenant::{ADMINS, HELPDESK};
use reinstate_sandbox::wire::{Injection, Service};

use super::bot::{ADA, Bot, GRACE, tells, tells_in};
use super::slack_sweep;

const REPAIR: &str = "repair jane@acme.example";
const APPROVE: &str = "reinstate.approve";

async fn closes(bot: &Bot) {
    bot.app.drain(std::time::Duration::from_secs(60)).await;
    bot.is_quiet().await;
    bot.reads_all();
}

fn refusal(code: &str) -> Injection {
    let body = format!(r#"{{"ok":false,"error":"{code}"}}"#);
    Injection::Answer { status: 200, headers: Vec::new(), body }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_updated_any_more_is_posted_anew_and_the_requester_is_told() {
    for code in [
        "edit_window_closed",
        "cant_update_message",
        "update_failed",
        "external_channel_migrating",
        "msg_blocks_too_long",
    ] {
        tells("email-held", async |bot| {
            bot.says(ADA, REPAIR).await;
            let old = bot.sees("Waiting for approval").await;
            bot.sees("needs your approval").await;
            if code == "edit_window_closed" {
                lock(&bot.sandbox.slack).switches.edit_window = Some(-1);
            } else {
                lock(&bot.sandbox.slack).switches.refuse_updates = Some(code.to_owned());
            }
            bot.clicks(GRACE, APPROVE).await;
            assert_eq!(bot.ends().await, Outcome::Restored);
            bot.hears(ADA, "there is a new card").await;
            let root = bot.root().await;
            assert_ne!(root.ts, old.ts, "{code}");
            assert!(bot.shows(&root.ts).contains("Access restored and verified"), "{code}");
            bot.sees("has ended").await;
            // The buttons on the old card do nothing.
            bot.people.click(GRACE, &old.channel, &old.ts, APPROVE).await.unwrap();
            bot.hears(GRACE, "This is a copy of the card").await;
            closes(bot).await;
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_card_delays_no_request_for_an_approval_and_no_end() {
    tells("email-held", async |bot| {
        bot.sandbox.wire.inject_when(1000, refusal("fatal_error"), |call, _| {
            call.path.ends_with("chat.postMessage") && call.body["channel"] == HELPDESK
        });
        bot.says_in(HELPDESK, ADA, REPAIR).await;
        // Slack refuses the card in the help desk's channel. The approval is still requested.
        bot.sees("Waiting for approval").await;
        bot.clicks(GRACE, APPROVE).await;
        let run = bot.until("the repair", |run| run.ended.is_some()).await;
        assert_eq!(run.ended.unwrap().0, Outcome::Restored);
        let private = bot.hears(ADA, "Slack refuses the card of your run").await;
        assert!(bot.private(&private).contains("The run goes on"), "the approval was asked for elsewhere");
        bot.hears(ADA, "has ended").await;
        let stands = bot.app.journal.store().cards(&bot.run().await).await.unwrap();
        assert!(
            stands.iter().all(|card| card.role != reinstate_store::CardRole::Root),
            "it was refused until then: {stands:?}"
        );
        bot.sandbox.wire.clear_injections();
        closes(bot).await;
        assert_eq!(bot.root().await.channel, HELPDESK, "it is tried again");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_on_updates_delays_no_request_for_an_approval() {
    tells("email-held", async |bot| {
        let limited = Injection::Answer {
            status: 429,
            headers: vec![("retry-after".into(), "20".into())],
            body: r#"{"ok":false,"error":"ratelimited"}"#.into(),
        };
        bot.sandbox.wire.inject(Service::Slack, None, "chat.update", 1, limited);
        let gate = reinstate_sandbox::wire::Gate::default();
        let hold = Injection::Hold { after_effect: false, gate: gate.clone() };
        bot.sandbox.wire.inject(Service::Entra, Some("GET"), "/v1.0/users", 1, hold);
        bot.says_in(HELPDESK, ADA, REPAIR).await;
        // The root card is posted before anything is read, so it must be updated later.
        gate.reached().await;
        let root = bot.root().await;
        bot.is_quiet().await;
        gate.open();
        bot.sees("Waiting for approval").await;
        assert!(!bot.shows(&root.ts).contains("Waiting for approval"), "the update was limited");
        bot.clicks(GRACE, APPROVE).await;
        assert_eq!(bot.ends().await, Outcome::Restored);
        assert!(bot.shows(&root.ts).contains("Access restored"), "it is true afterwards");
        closes(bot).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_card_that_slack_does_not_take_as_a_whole_the_short_form_is_posted_and_works() {
    let mut tenant = scenarios::find("email-held").unwrap().tenant();
    tenant.slack.switches.most_characters = Some(650);
    tells_in(
        tenant,
        |_| {},
        async |bot| {
            bot.says(ADA, REPAIR).await;
            let card = bot.sees("Slack did not take the whole card").await;
            bot.clicks(GRACE, APPROVE).await;
            assert_eq!(bot.ends().await, Outcome::Restored);
            assert!(bot.shows(&card.ts).contains("Access restored"));
            closes(bot).await;
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_approval_can_be_asked_for_the_requester_is_told_and_it_is_tried_again() {
    let mut tenant = scenarios::find("email-held").unwrap().tenant();
    tenant.slack.switches.refuse_blocks = true;
    tells_in(
        tenant,
        |_| {},
        async |bot| {
            bot.says(ADA, REPAIR).await;
            bot.hears(ADA, "nobody can approve it yet").await;
            lock(&bot.sandbox.slack).switches.refuse_blocks = false;
            bot.sees("Waiting for approval").await;
            bot.clicks(GRACE, APPROVE).await;
            assert_eq!(bot.ends().await, Outcome::Restored);
            closes(bot).await;
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_takes_no_card_is_left_and_one_without_threads_is_spoken_to_beside_them() {
    for restriction in [Restriction::ReadOnly, Restriction::ThreadOnly] {
        let mut tenant = scenarios::find("email-held").unwrap().tenant();
        tenant.slack.channels.get_mut(HELPDESK).unwrap().restriction = Some(restriction);
        tells_in(
            tenant,
            |_| {},
            async |bot| {
                bot.says_in(HELPDESK, ADA, REPAIR).await;
                bot.hears(ADA, "its card now stands in").await;
                bot.clicks(GRACE, APPROVE).await;
                assert_eq!(bot.ends().await, Outcome::Restored);
                assert_eq!(bot.root().await.channel, ADMINS);
                closes(bot).await;
            },
        )
        .await;
    }
    let mut tenant = scenarios::find("email-held").unwrap().tenant();
    tenant.slack.channels.get_mut(ADMINS).unwrap().restriction = Some(Restriction::NonThreadable);
    tells_in(
        tenant,
        |_| {},
        async |bot| {
            bot.says(ADA, REPAIR).await;
            assert!(bot.sees("needs your approval").await.thread_ts.is_none());
            bot.clicks(GRACE, APPROVE).await;
            assert_eq!(bot.ends().await, Outcome::Restored);
            assert!(bot.sees("has ended").await.thread_ts.is_none());
            closes(bot).await;
        },
    )
    .await;
    tells("email-held", async |bot| {
        bot.says(ADA, REPAIR).await;
        bot.sees("needs your approval").await;
        let root = bot.root().await;
        lock(&bot.sandbox.slack).channels.get_mut(ADMINS).unwrap().locked_threads.insert(root.ts);
        bot.clicks(GRACE, APPROVE).await;
        assert_eq!(bot.ends().await, Outcome::Restored);
        assert!(bot.sees("has ended").await.thread_ts.is_none());
        closes(bot).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_card_of_a_sweep_cannot_be_posted_its_requester_is_told() {
    let mut tenant = slack_sweep::tenant(3);
    tenant.slack.channels.get_mut(ADMINS).unwrap().restriction = Some(Restriction::ReadOnly);
    tells_in(
        tenant,
        |_| {},
        async |bot| {
            bot.says_in(HELPDESK, ADA, "sweep").await;
            let private = bot.hears(ADA, "cannot be posted").await;
            let words = bot.private(&private);
            assert!(words.contains("the rules of the channel do not let Reinstate post"), "{words}");
            lock(&bot.sandbox.slack).channels.get_mut(ADMINS).unwrap().restriction = None;
            bot.sees("can be repaired harmlessly").await;
            closes(bot).await;
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_posted_of_repairs_is_told_to_the_operator_who_asked_for_them() {
    let mut tenant = slack_sweep::tenant(7);
    tenant.employee("linus@acme.example", "Linus");
    tenant.slack.add_user("U0LINUS", "linus", "Linus", "linus@acme.example");
    tenant.slack.channels.get_mut(ADMINS).unwrap().members.insert("U0LINUS".to_owned());
    tenant.entra.settle_watermark(reinstate::clock::now());
    let operators = |env: &mut reinstate::config::Env| {
        env.insert("REINSTATE_ACCESS__OPERATOR__USERS".to_owned(), "U0ADA,U0LINUS".to_owned());
    };
    tells_in(tenant, operators, async |bot| {
        bot.says(ADA, "sweep").await;
        bot.button("reinstate.sweep_repair").await;
        bot.is_quiet().await;
        // The card in the channel can be updated, but the approvers cannot be called.
        lock(&bot.sandbox.slack).channels.get_mut(ADMINS).unwrap().restriction = Some(Restriction::ReadOnly);
        bot.clicks("U0LINUS", "reinstate.sweep_repair").await;
        bot.hears("U0LINUS", "cannot be posted").await;
        lock(&bot.sandbox.slack).channels.get_mut(ADMINS).unwrap().restriction = None;
        bot.sees("waits for an approver").await;
        closes(bot).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_on_posts_in_one_channel_delays_no_request_for_an_approval_in_another() {
    tells("email-held", async |bot| {
        let limited = Injection::Answer {
            status: 429,
            headers: vec![("retry-after".into(), "20".into())],
            body: r#"{"ok":false,"error":"ratelimited"}"#.into(),
        };
        bot.sandbox.wire.inject_when(1, limited, |call, _| {
            call.path.ends_with("chat.postMessage") && call.body["channel"] == HELPDESK
        });
        bot.says_in(HELPDESK, ADA, REPAIR).await;
        bot.sees("Waiting for approval").await;
        let stands = bot.app.journal.store().cards(&bot.run().await).await.unwrap();
        assert!(
            stands.iter().all(|card| card.role != reinstate_store::CardRole::Root),
            "it was limited until then: {stands:?}"
        );
        bot.clicks(GRACE, APPROVE).await;
        assert_eq!(bot.ends().await, Outcome::Restored);
        assert_eq!(bot.root().await.channel, HELPDESK, "it is posted afterwards");
        closes(bot).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_channel_that_became_shared_the_approvers_are_not_called_and_the_requester_is_told() {
    tells("email-held", async |bot| {
        let gate = reinstate_sandbox::wire::Gate::default();
        let hold = Injection::Hold { after_effect: false, gate: gate.clone() };
        bot.sandbox.wire.inject(Service::Entra, Some("GET"), "/v1.0/users", 1, hold);
        bot.says(ADA, REPAIR).await;
        gate.reached().await;
        bot.root().await;
        lock(&bot.sandbox.slack).channels.get_mut(ADMINS).unwrap().is_ext_shared = true;
        // The cached data of the channel expires after ten seconds.
        tokio::time::sleep(std::time::Duration::from_secs(11)).await;
        gate.open();
        bot.hears(ADA, "cannot be posted").await;
        bot.is_quiet().await;
        let called = {
            let slack = lock(&bot.sandbox.slack);
            slack.messages.iter().any(|one| one.text.contains("needs your approval"))
        };
        assert!(!called, "another company reads the channel");
        let run = bot.run().await;
        bot.says(ADA, &format!("cancel {run}")).await;
        closes(bot).await;
    })
    .await;
}
