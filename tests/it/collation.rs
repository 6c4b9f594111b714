//! PostgreSQL with common locales. Their collation rules ignore and reorder characters. No decision of the bot may
//! depend on these rules.

use reinstate_core::Outcome;
use reinstate_sandbox::scenarios::find;

use super::bot::{ADA, Bot, GRACE, unpaced};
use super::crash::tell;
use super::place::On;
use super::slack_sweep;

/// A sweep reads everything, its list is approved and carried out, and it ends.
async fn a_sweep_ends(on: On) {
    let Some(place) = on.place().await else { return };
    let bot = Bot::start_at(place, slack_sweep::tenant(7), |_| {}, unpaced()).await;
    bot.says(ADA, "sweep").await;
    bot.hears(ADA, "has begun").await;
    bot.sees("can be repaired harmlessly").await;
    bot.clicks(ADA, "reinstate.sweep_repair").await;
    bot.sees("waits for an approver").await;
    bot.clicks(GRACE, "reinstate.approve").await;
    let (_, course) = slack_sweep::sweep(&bot, |course| course.ended.is_some()).await;
    let counts = course.repaired.unwrap().1;
    assert_eq!((counts.begun, counts.restored, counts.skipped, counts.failed), (7, 7, 0, 0));
    bot.is_quiet().await;
    bot.reads_all();
    bot.closes().await;
}

/// A repair with an approval and an irreversible step, carried out by the real program.
async fn a_story_ends(on: On) {
    reinstate::upstream::install_tls();
    let Some(end) = tell(on, find("email-held").unwrap(), None).await else { return };
    assert_eq!(end.outcome, Outcome::Restored);
    assert!(!end.asked_person, "{:?}", end.journal);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_ends_under_the_locale_of_the_container_image() {
    a_sweep_ends(On::PostgresGlibc).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_ends_under_a_locale_of_icu() {
    a_sweep_ends(On::PostgresIcu).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_story_ends_under_the_locale_of_the_container_image() {
    a_story_ends(On::PostgresGlibc).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_story_ends_under_a_locale_of_icu() {
    a_story_ends(On::PostgresIcu).await;
}
