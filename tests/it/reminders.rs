//! Who is awaited for a day hears of it once more, and nobody else does: requesters of paused runs, and approvers. Whom a plan is about is not asked to approve it.

use reinstate::bot::poster::REMIND_AFTER;
use reinstate::config::Env;
use reinstate_core::Outcome;
use reinstate_sandbox::lock;
use reinstate_sandbox::scenarios::find;
use reinstate_sandbox::tenant::{ADMINS, Tenant};
use reinstate_sandbox::wire::{Injection, Service};

use super::bot::{ADA, Bot, GRACE, tells_in};
use super::overdue::shifts_clock;
use super::slack_sweep;
use super::stops::{closes, no_steps};

const REPAIR: &str = "repair jane@acme.example";
/// A little more than [`REMIND_AFTER`], in seconds.
const A_DAY: i64 = 25 * 3600;

fn set(key: &'static str, value: &'static str) -> impl FnOnce(&mut Env) {
    move |env| {
        env.insert(format!("REINSTATE_{key}"), value.to_owned());
    }
}

/// Jane, whom the plan is about, reads the channel where approvals are asked for.
fn with_jane_as_an_admin() -> Tenant {
    let mut tenant = find("email-held").unwrap().tenant();
    tenant.slack.channels.get_mut(ADMINS).unwrap().members.insert("U0JANE".into());
    tenant
}

/// Looks for runs that have waited for long, as the bot does every ten minutes. Returns how many are drawn again.
async fn looks(bot: &Bot) -> usize {
    let found = bot.app.journal.store().draw_long_waiting(REMIND_AFTER).await.unwrap();
    bot.app.nudge();
    bot.is_quiet().await;
    found
}

/// The texts of all messages with these words, private ones too.
fn said(bot: &Bot, words: &str) -> Vec<String> {
    let slack = lock(&bot.sandbox.slack);
    let privates = slack.ephemerals.iter().map(|one| &one.text);
    slack
        .messages
        .iter()
        .map(|one| &one.text)
        .chain(privates)
        .filter(|text| text.contains(words))
        .cloned()
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_requester_is_reminded_once_of_each_pause_that_lasts_a_day() {
    tells_in(find("email-held").unwrap().tenant(), no_steps, async |bot| {
        bot.says(ADA, REPAIR).await;
        let card = bot.root().await;
        for pauses in 1..=2 {
            bot.clicks(GRACE, "reinstate.approve").await;
            bot.until("the pause", |run| run.waiting.is_some()).await;
            bot.is_quiet().await;
            assert_eq!(looks(bot).await, 0, "it has not waited for long");
            shifts_clock(bot, A_DAY).await;
            assert_eq!(looks(bot).await, 1);
            let reminder = bot.sees("has been waiting since").await;
            assert!(
                reminder.text.starts_with("<@U0ADA>") && reminder.text.contains("*Retry*"),
                "{reminder:?}"
            );
            assert_eq!(reminder.thread_ts.as_ref(), Some(&card.ts), "in the thread of the card");
            assert_eq!(looks(bot).await, 0, "once");
            assert_eq!(said(bot, "has been waiting").len(), pauses);
            shifts_clock(bot, 0).await;
            bot.clicks(ADA, "reinstate.retry").await;
            bot.until("another plan", |run| run.waiting.is_none()).await;
            bot.button("reinstate.approve").await;
        }
        closes(bot).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn approvers_who_have_a_week_are_reminded_once_after_a_day() {
    let week = set("APPROVALS__EXPIRE_AFTER", "7d");
    tells_in(find("email-held").unwrap().tenant(), week, async |bot| {
        bot.says(ADA, REPAIR).await;
        bot.button("reinstate.approve").await;
        bot.is_quiet().await;
        assert_eq!(looks(bot).await, 0, "they were asked just now");
        shifts_clock(bot, A_DAY).await;
        assert_eq!(looks(bot).await, 1);
        let reminder = bot.sees("has been waiting for your approval since").await;
        assert!(reminder.text.starts_with("<@U0GRACE>") && !reminder.text.contains(ADA), "{reminder:?}");
        assert_eq!(looks(bot).await, 0);
        assert_eq!(said(bot, "has been waiting").len(), 1, "once, and nobody else");
        shifts_clock(bot, 0).await;
        bot.clicks(GRACE, "reinstate.approve").await;
        assert_eq!(bot.ends().await, Outcome::Restored);
        shifts_clock(bot, A_DAY).await;
        assert_eq!(looks(bot).await, 0, "a run that has ended waits for nobody");
        closes(bot).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn approvers_of_a_list_and_the_requester_of_its_paused_runs_are_reminded_once() {
    tells_in(slack_sweep::tenant(12), set("APPROVALS__EXPIRE_AFTER", "7d"), async |bot| {
        let refuse = Injection::Answer { status: 403, headers: Vec::new(), body: "{}".to_owned() };
        bot.sandbox.wire.inject(Service::Entra, Some("POST"), "/provisionOnDemand", 1000, refuse);
        bot.says(ADA, "sweep").await;
        bot.clicks(ADA, "reinstate.sweep_repair").await;
        bot.button("reinstate.approve").await;
        bot.is_quiet().await;
        assert_eq!(looks(bot).await, 0, "they were asked just now");
        shifts_clock(bot, A_DAY).await;
        for _ in 0..2 {
            looks(bot).await;
            let reminders = said(bot, "has been waiting for an approver since");
            assert!(reminders.len() == 1 && reminders[0].starts_with("<@U0GRACE>"), "{reminders:?}");
        }
        shifts_clock(bot, 0).await;
        bot.clicks(GRACE, "reinstate.approve").await;
        slack_sweep::sweep(bot, |course| course.paused.is_some()).await;
        bot.is_quiet().await;
        let parts = said(bot, "A repair of your sweep stopped").len();
        assert!(parts > 0);
        shifts_clock(bot, A_DAY).await;
        for _ in 0..2 {
            looks(bot).await;
            assert_eq!(said(bot, "A repair of your sweep is still waiting").len(), parts);
        }
        closes(bot).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_a_plan_is_about_is_neither_asked_to_approve_it_nor_told_the_end() {
    tells_in(with_jane_as_an_admin(), set("ACCESS__APPROVER__USERS", "U0GRACE,U0JANE"), async |bot| {
        bot.says(ADA, REPAIR).await;
        let called = bot.sees("needs your approval").await;
        assert!(called.text.contains("<@U0GRACE>") && !called.text.contains("<@U0JANE>"), "{called:?}");
        let card = bot.root().await;
        assert!(!bot.shows(&card.ts).contains("<@U0JANE>"), "{}", bot.shows(&card.ts));
        bot.clicks(GRACE, "reinstate.approve").await;
        assert_eq!(bot.ends().await, Outcome::Restored);
        bot.is_quiet().await;
        assert_eq!(said(bot, "<@U0JANE>"), Vec::<String>::new());
        closes(bot).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_may_approve_the_requester_hears_it() {
    tells_in(with_jane_as_an_admin(), set("ACCESS__APPROVER__USERS", "U0ADA,U0JANE"), async |bot| {
        bot.says(ADA, REPAIR).await;
        let told = bot.sees("nobody may approve the repair").await;
        assert!(told.text.starts_with("<@U0ADA>") && told.text.contains("`access.approver`"), "{told:?}");
        let card = bot.root().await;
        assert!(bot.shows(&card.ts).contains("nobody else may approve this"), "{}", bot.shows(&card.ts));
        closes(bot).await;
    })
    .await;
}
