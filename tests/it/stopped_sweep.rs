//! A sweep has an id like a run: `status`, `history`, `cancel` and `undo` say what it is and what to do. A sweep can be
//! stopped in any state, also while it reads. It stops before its next page, for its requester or for an approver.

use std::time::{Duration, Instant};

use reinstate_core::Outcome;
use reinstate_core::short_id;
use reinstate_sandbox::large_org::Crowd;
use reinstate_sandbox::wire::Service;

use crate::bot::{ADA, Bot, GRACE, VERA, plain, tells_in};
use crate::slack_sweep::{sweep, tenant};

const SWEEP_TIMEOUT: Duration = Duration::from_secs(60);

/// The number of calls so far to everything but Slack.
fn upstream(bot: &Bot) -> usize {
    bot.sandbox.wire.calls().iter().filter(|call| call.service != Service::Slack).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_says_what_the_id_of_a_sweep_is() {
    tells_in(
        tenant(1),
        |_| {},
        async |bot| {
            bot.says(ADA, "sweep").await;
            bot.hears(ADA, "has begun. It only reads").await;
            let card = bot.sees("can be repaired harmlessly").await;
            let (id, _) = sweep(bot, |sweep| sweep.surveyed.is_some()).await;

            bot.says(VERA, &format!("status {id}")).await;
            let told = bot.hears(VERA, "Everything is read, and nothing was changed").await;
            let shown = bot.private(&told);
            assert!(shown.contains(&format!("To stop this sweep, type `/reinstate cancel {id}`.")), "{shown}");
            assert!(shown.contains("The card of this sweep"), "{shown}");
            assert!(!shown.contains("[ Stop ]") && !shown.contains("Repair the harmless ones"), "{shown}");

            bot.says(VERA, &format!("history {id}")).await;
            let told = bot.hears(VERA, "This is the id of a sweep, not of a person").await;
            assert!(told.text.contains("It has begun no repair."), "{}", told.text);

            let answer = bot.says(ADA, &format!("undo {id}")).await;
            let said = plain(&answer.replace(&id, "ID"));
            insta::assert_snapshot!(said, @"`ID` is a sweep, not a run, so nothing was started. A sweep only reads; each repair that it began is a run. Type `/reinstate history ID` to see these runs, then `/reinstate undo RUN` with the id of one of them.");

            bot.says(VERA, &format!("cancel {id}")).await;
            bot.hears(VERA, "This needs the role approver").await;
            bot.clicks(ADA, "reinstate.sweep_repair").await;
            sweep(bot, |sweep| sweep.ended.is_some()).await;
            bot.sees("the repairs of this sweep have ended").await;
            bot.says(VERA, &format!("history {id}")).await;
            let told = bot.hears(VERA, "The repairs that it began, newest first: 1.").await;
            let part = bot.run().await;
            assert!(told.text.contains(short_id(&part)), "{}", told.text);
            assert_eq!(bot.app.journal.run(&part).await.unwrap().ended.unwrap().0, Outcome::Restored);
            bot.says(GRACE, &format!("cancel {id}")).await;
            bot.hears(GRACE, "The sweep has ended, so nothing was done.").await;
            bot.is_quiet().await;
            assert!(bot.shows(&card.ts).contains("*Ended.*"), "nobody ended it");
            bot.reads_all();
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_that_offers_its_repairs_is_stopped_by_an_approver() {
    tells_in(
        tenant(1),
        |_| {},
        async |bot| {
            bot.says(ADA, "sweep").await;
            bot.hears(ADA, "has begun. It only reads").await;
            let card = bot.sees("can be repaired harmlessly").await;
            let (id, _) = sweep(bot, |sweep| sweep.surveyed.is_some()).await;
            bot.says(GRACE, &format!("cancel {id}")).await;
            let told = bot.hears(GRACE, "The sweep is stopped").await;
            insta::assert_snapshot!(told.text.replace(&id, "ID"), @"The sweep is stopped: `ID`. Nothing was changed. To read the organization again, type `/reinstate sweep`.");
            bot.is_quiet().await;
            let shown = bot.shows(&card.ts);
            assert!(shown.contains("*Stopped by* @grace. Nothing was changed."), "{shown}");
            assert!(bot.button_now("reinstate.sweep_repair").is_none(), "{shown}");
            bot.reads_all();
        },
    )
    .await;
}

/// Waits until a sweep of many pages is in the middle of reading, with every answer slow. Returns its id.
pub async fn reading(bot: &Bot) -> String {
    bot.sandbox.wire.set_latency(Duration::from_millis(150));
    bot.says(ADA, "sweep").await;
    bot.hears(ADA, "has begun. It only reads").await;
    bot.sees("Reading all accounts and groups").await;
    let since = Instant::now();
    while upstream(bot) < 12 {
        assert!(since.elapsed() < SWEEP_TIMEOUT, "nothing is read");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let (id, course) = sweep(bot, |_| true).await;
    assert!(course.surveyed.is_none(), "it was read before it could be stopped");
    id
}

/// Checks that the sweep reads no further page, says who stopped it, stores no result, and blocks nothing.
async fn is_stopped(bot: &Bot, id: &str, by: &str) {
    // Calls that were already sent may arrive. No other call follows.
    tokio::time::sleep(Duration::from_millis(600)).await;
    let read = upstream(bot);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(upstream(bot), read, "it reads on");
    bot.is_quiet().await;
    let stopped = bot.app.journal.sweep(id).await.unwrap();
    assert!(stopped.surveyed.is_none() && stopped.progress.is_none(), "{stopped:?}");
    let card = bot.sees("It was stopped before everything was read").await;
    let shown = bot.shows(&card.ts);
    assert!(shown.contains(&format!("*Stopped by* @{by}. Nothing was changed.")), "{shown}");
    assert!(!shown.contains("[ Stop ]"), "{shown}");
    bot.says(VERA, &format!("status {id}")).await;
    let told = bot.hears(VERA, "It was stopped before everything was read").await;
    assert!(!bot.private(&told).contains("/reinstate cancel"), "there is nothing to stop");
    assert!(bot.app.journal.store().found_by(id).await.unwrap().is_empty(), "it kept what it found");

    // Another sweep begins immediately and reads to its end. It has no earlier result for comparison.
    bot.sandbox.wire.set_latency(Duration::ZERO);
    bot.says(ADA, "sweep").await;
    bot.hears(ADA, "has begun. It only reads").await;
    let (other, course) = sweep(bot, |sweep| sweep.surveyed.is_some()).await;
    assert_ne!(other, id);
    assert_eq!(course.surveyed.unwrap().since, None, "what was stopped is no result to compare with");
    bot.says(ADA, &format!("cancel {other}")).await;
    bot.hears(ADA, "The sweep").await;
    bot.is_quiet().await;
    bot.reads_all();
}

/// So many people that a sweep takes many pages.
pub fn crowd() -> reinstate_sandbox::tenant::Tenant {
    Crowd { people: 2500, groups: 8, broken_in: 0, seed: 3 }.company().tenant
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_is_stopped_while_it_reads_by_whoever_asked_for_it() {
    tells_in(
        crowd(),
        |_| {},
        async |bot| {
            let id = reading(bot).await;
            bot.says(VERA, &format!("cancel {id}")).await;
            bot.hears(VERA, "This needs the role approver").await;
            assert!(bot.app.journal.sweep(&id).await.unwrap().ended.is_none(), "a refusal stops nothing");
            bot.says(ADA, &format!("cancel {id}")).await;
            let told = bot.hears(ADA, "The sweep is stopped").await;
            insta::assert_snapshot!(told.text.replace(&id, "ID"), @"The sweep is stopped: `ID`. Nothing was changed. It was stopped before everything was read, so it has no result. To read the organization again, type `/reinstate sweep`.");
            is_stopped(bot, &id, "ada").await;
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approver_stops_a_sweep_by_the_button_on_its_card_while_it_reads() {
    tells_in(
        crowd(),
        |_| {},
        async |bot| {
            let id = reading(bot).await;
            bot.clicks(GRACE, "reinstate.cancel").await;
            sweep(bot, |sweep| sweep.ended_by.as_deref() == Some(GRACE)).await;
            is_stopped(bot, &id, "grace").await;
        },
    )
    .await;
}
