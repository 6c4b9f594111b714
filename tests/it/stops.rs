//! Nobody is left waiting. A run or a sweep that stops for a person tells its requester, once each time. And the bot
//! does not report something as broken after it has repaired it.

use reinstate::config::Env;
use reinstate_core::{Outcome, Verdict, Who};
use reinstate_sandbox::lock;
use reinstate_sandbox::scenarios;
use reinstate_sandbox::tenant::{ADMINS, HELPDESK};
use reinstate_sandbox::wire::{Gate, Injection, Service};

use super::bot::{ADA, Bot, GRACE, VERA, tells, tells_in};
use super::overdue::shifts_clock;
use super::slack_sweep;

const REPAIR: &str = "repair jane@acme.example";

pub fn no_steps(env: &mut Env) {
    env.insert("REINSTATE_LIMITS__RISKY_STEPS_PER_DAY".to_owned(), "0".to_owned());
}

pub async fn closes(bot: &Bot) {
    bot.app.drain(std::time::Duration::from_secs(60)).await;
    bot.is_quiet().await;
    bot.reads_all();
}

/// The number of messages in a channel that tell Ada of a stop.
fn told(bot: &Bot, channel: &str) -> usize {
    let slack = lock(&bot.sandbox.slack);
    let to_ada = |text: &str| text.starts_with("<@U0ADA>") && text.contains("is waiting");
    slack.messages.iter().filter(|one| one.channel == channel && to_ada(&one.text)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_stops_for_a_person_tells_its_requester_once_each_time() {
    let tenant = scenarios::find("email-held").unwrap().tenant();
    tells_in(tenant, no_steps, async |bot| {
        bot.says(ADA, REPAIR).await;
        let card = bot.root().await;
        bot.clicks(GRACE, "reinstate.approve").await;
        let message = bot.sees("is waiting").await;
        assert_eq!(message.thread_ts, Some(card.ts), "in the thread of the card");
        for part in [
            "<@U0ADA>",
            "limit of risky steps is used up: 0 of 0",
            "*Retry* reads everything again",
            "on the card above",
        ] {
            assert!(message.text.contains(part), "{part}: {}", message.text);
        }
        bot.is_quiet().await;
        assert_eq!(told(bot, ADMINS), 1);
        bot.clicks(ADA, "reinstate.retry").await;
        bot.until("another plan", |run| run.plans == 2 && run.waiting.is_none()).await;
        bot.clicks(GRACE, "reinstate.approve").await;
        bot.until("the second stop", |run| run.waiting.is_some()).await;
        bot.is_quiet().await;
        assert_eq!(told(bot, ADMINS), 2);
        closes(bot).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_card_is_not_in_their_channel_the_requester_is_told_alone() {
    let mut tenant = scenarios::find("email-held").unwrap().tenant();
    // The card cannot be posted in the channel where the command was typed.
    tenant.slack.channels.get_mut(HELPDESK).unwrap().is_ext_shared = true;
    tells_in(tenant, no_steps, async |bot| {
        bot.says_in(HELPDESK, ADA, REPAIR).await;
        bot.clicks(GRACE, "reinstate.approve").await;
        let private = bot.hears(ADA, "is waiting").await;
        let words = bot.private(&private);
        assert!(words.contains("*Retry* reads everything again") && words.contains("its card in"), "{words}");
        bot.is_quiet().await;
        assert_eq!((told(bot, ADMINS), told(bot, HELPDESK)), (0, 0));
        closes(bot).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_repairs_of_a_sweep_that_stop_tell_their_requester() {
    tells_in(
        slack_sweep::tenant(12),
        |_| {},
        async |bot| {
            let refuse = Injection::Answer { status: 403, headers: Vec::new(), body: "{}".to_owned() };
            bot.sandbox.wire.inject(Service::Entra, Some("POST"), "/provisionOnDemand", 1000, refuse);
            bot.says(ADA, "sweep").await;
            bot.clicks(ADA, "reinstate.sweep_repair").await;
            bot.clicks(GRACE, "reinstate.approve").await;
            slack_sweep::sweep(bot, |course| course.paused.is_some()).await;
            let message = bot.sees("The repairs of this sweep stopped").await;
            assert!(
                message.text.starts_with("<@U0ADA>") && message.text.contains("Go on"),
                "{}",
                message.text
            );
            // Each of these runs also waits for a person, and has no card of its own.
            let private = bot.sees("A repair of your sweep stopped").await;
            assert!(private.channel.starts_with('D'), "to her alone: {}", private.channel);
            assert!(
                private.text.contains("403") && private.text.contains("/reinstate cancel"),
                "{}",
                private.text
            );
            bot.clicks(ADA, "reinstate.retry").await;
            slack_sweep::sweep(bot, |course| course.pauses > 1).await;
            bot.is_quiet().await;
            let stops = {
                let slack = lock(&bot.sandbox.slack);
                let all =
                    slack.messages.iter().filter(|one| one.text.contains("repairs of this sweep stopped"));
                all.count()
            };
            assert_eq!(stops, 2, "once each time");
            closes(bot).await;
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_repaired_is_not_called_broken_afterwards_in_any_replica() {
    tells("membership-drift", async |bot| {
        let other = bot.replica().await;
        let jane = Who::Email("jane@acme.example".to_owned());
        let account = lock(&bot.sandbox.atlassian).bearer("jane@acme.example").unwrap().id.clone();
        let by_id = Who::Account(account);
        bot.says_in(HELPDESK, VERA, "check jane@acme.example").await;
        bot.hears(VERA, "cannot open").await;
        for who in [&jane, &by_id] {
            assert_eq!(other.app.shared_diagnosis(who).await.0.verdict, Verdict::Broken);
        }
        let before = bot.app.shared_diagnosis(&jane).await.2;
        assert_eq!(bot.app.shared_diagnosis(&jane).await.2, before, "it is shared while nothing changes");
        bot.says(ADA, REPAIR).await;
        assert_eq!(bot.ends().await, Outcome::Restored);
        bot.says_in(HELPDESK, VERA, "check jane@acme.example").await;
        bot.hears(VERA, "access is complete").await;
        for who in [&jane, &by_id] {
            assert_eq!(other.app.shared_diagnosis(who).await.0.verdict, Verdict::Healthy);
        }
        other.stop().await;
        closes(bot).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_whose_clock_is_ahead_of_the_database_does_not_call_broken_what_it_repaired() {
    tells("membership-drift", async |bot| {
        shifts_clock(bot, -30).await;
        let jane = Who::Email("jane@acme.example".to_owned());
        assert_eq!(bot.app.shared_diagnosis(&jane).await.0.verdict, Verdict::Broken);
        bot.says(ADA, REPAIR).await;
        assert_eq!(bot.ends().await, Outcome::Restored);
        assert_eq!(bot.app.shared_diagnosis(&jane).await.0.verdict, Verdict::Healthy);
        closes(bot).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_repairs_that_a_person_paused_their_requester_hears_who_did_it() {
    let mut tenant = slack_sweep::tenant(7);
    tenant.employee("linus@acme.example", "Linus");
    tenant.slack.add_user("U0LINUS", "linus", "Linus", "linus@acme.example");
    tenant.slack.channels.get_mut(ADMINS).unwrap().members.insert("U0LINUS".to_owned());
    tenant.entra.settle_watermark(reinstate::clock::now());
    let operators = |env: &mut Env| {
        env.insert("REINSTATE_ACCESS__OPERATOR__USERS".to_owned(), "U0ADA,U0LINUS".to_owned());
    };
    tells_in(tenant, operators, async |bot| {
        let gate = Gate::default();
        let hold = Injection::Hold { after_effect: false, gate: gate.clone() };
        bot.sandbox.wire.inject(Service::Entra, Some("POST"), "/provisionOnDemand", 1, hold);
        bot.says(ADA, "sweep").await;
        bot.clicks(ADA, "reinstate.sweep_repair").await;
        bot.clicks(GRACE, "reinstate.approve").await;
        gate.reached().await;
        bot.clicks("U0LINUS", "reinstate.sweep_pause").await;
        let message = bot.sees("pressed *Pause*").await;
        for part in ["<@U0ADA>", "<@U0LINUS>", "*Go on*", "*Stop*"] {
            assert!(message.text.contains(part), "{part}: {}", message.text);
        }
        assert!(!message.text.contains("failed"), "nothing failed: {}", message.text);
        let shown = bot.shows(message.thread_ts.as_deref().unwrap());
        assert!(shown.contains("paused the repairs") && !shown.contains("Look at what failed"), "{shown}");
        gate.open();
        bot.clicks(ADA, "reinstate.retry").await;
        slack_sweep::sweep(bot, |course| course.ended.is_some()).await;
        closes(bot).await;
    })
    .await;
}
