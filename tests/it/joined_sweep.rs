//! A second `sweep` while one reads joins the first: nothing is read twice, and everybody who asked hears the end.

use std::time::Duration;

use reinstate::exec::Loaded;

use crate::bot::{ADA, Bot, GRACE, VERA, tells_in};
use crate::slack_sweep::sweep;
use crate::stopped_sweep::{crowd, reading};

fn two_operators(env: &mut reinstate::config::Env) {
    env.insert("REINSTATE_ACCESS__OPERATOR__USERS".to_owned(), format!("{ADA},{VERA}"));
}

/// How many sweeps were ever opened.
async fn sweeps(bot: &Bot) -> usize {
    let mut count = 0;
    for row in bot.app.journal.store().recent_runs(50).await.unwrap() {
        count += usize::from(matches!(bot.app.journal.load(&row.run).await.unwrap(), Loaded::Sweep(..)));
    }
    count
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_request_joins_the_sweep_that_reads_and_hears_its_end() {
    tells_in(crowd(), two_operators, async |bot| {
        let id = reading(bot).await;
        let card = bot.root().await;
        bot.says(VERA, "sweep").await;
        let told = bot.hears(VERA, "A sweep is reading already, asked for by @ada").await;
        let link = format!("p{}|its card>", card.ts.replace('.', ""));
        assert!(told.text.contains(&link), "{}", told.text);
        // Each person joins once, and the requester is in it already.
        bot.says(VERA, "sweep").await;
        bot.hears(VERA, "So no second one was started").await;
        bot.says(ADA, "sweep").await;
        bot.hears(ADA, "So no second one was started").await;
        assert_eq!(sweeps(bot).await, 1);
        bot.says(VERA, "status").await;
        bot.hears(VERA, "sweep, asked by @ada: reading since").await;
        bot.sandbox.wire.set_latency(Duration::ZERO);
        let (read, found) = sweep(bot, |sweep| sweep.surveyed.is_some()).await;
        assert_eq!((read, found.joined.into_iter().collect::<Vec<_>>()), (id, vec![VERA.to_owned()]));
        let told = bot.sees("this sweep has read everything").await;
        assert_eq!(told.thread_ts.as_deref(), Some(card.ts.as_str()));
        assert!(bot.shows(&told.ts).starts_with("@vera this"), "{}", bot.shows(&told.ts));
        // Now that it has read everything, another request reads again.
        bot.says(VERA, "sweep").await;
        bot.hears(VERA, "has begun. It only reads").await;
        assert_eq!(sweeps(bot).await, 2);
        sweep(bot, |sweep| {
            sweep.asked.as_ref().is_some_and(|by| by.by.id == VERA) && sweep.surveyed.is_some()
        })
        .await;
        bot.is_quiet().await;
        bot.reads_all();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_joined_hear_that_it_was_stopped() {
    tells_in(crowd(), two_operators, async |bot| {
        let id = reading(bot).await;
        bot.says(VERA, "sweep").await;
        bot.hears(VERA, "A sweep is reading already").await;
        bot.says(GRACE, &format!("cancel {id}")).await;
        bot.hears(GRACE, "The sweep is stopped").await;
        let told = bot.sees("this sweep has no result").await;
        let told = bot.shows(&told.ts);
        insta::assert_snapshot!(told, @"@vera this sweep has no result. *Stopped by* @grace. Nothing was changed. It was stopped before everything was read, so it has no result.");
        bot.is_quiet().await;
        bot.reads_all();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_requests_in_the_same_moment_the_second_joins() {
    tells_in(crowd(), two_operators, async |bot| {
        bot.sandbox.wire.set_latency(Duration::from_millis(200));
        tokio::join!(bot.says(ADA, "sweep"), bot.says(VERA, "sweep"));
        let told = [bot.hears(ADA, "sweep").await.text, bot.hears(VERA, "sweep").await.text];
        let joined = told.iter().filter(|text| text.contains("So no second one was started")).count();
        assert_eq!((joined, sweeps(bot).await), (1, 1), "{told:?}");
        bot.sandbox.wire.set_latency(Duration::ZERO);
        sweep(bot, |sweep| sweep.surveyed.is_some()).await;
        bot.is_quiet().await;
        bot.reads_all();
    })
    .await;
}
