//! Cards under rate limits, lost answers, deleted messages and archived channels. A repair never waits for Slack.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use reinstate_core::Outcome;
use reinstate_sandbox::lock;
use reinstate_sandbox::tenant::{ADMINS, HELPDESK};
use reinstate_sandbox::wire::{Injection, Service};

use crate::bot::{ADA, GRACE, tells};

/// Measures the longest time that this process was suspended. The simulated services record when a call arrived. On a
/// busy machine, this is later than the sending, by at most this time.
struct Stalls(Arc<AtomicU64>, tokio::task::JoinHandle<()>);

impl Stalls {
    fn watch() -> Self {
        const POLL_INTERVAL: Duration = Duration::from_millis(10);
        let longest = Arc::new(AtomicU64::new(0));
        let noted = Arc::clone(&longest);
        let watching = tokio::spawn(async move {
            loop {
                let began = Instant::now();
                tokio::time::sleep(POLL_INTERVAL).await;
                let stood = began.elapsed().saturating_sub(POLL_INTERVAL).as_millis();
                noted.fetch_max(u64::try_from(stood).unwrap(), Ordering::Relaxed);
            }
        });
        Self(longest, watching)
    }

    fn longest(self) -> Duration {
        self.1.abort();
        Duration::from_millis(self.0.load(Ordering::Relaxed))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_is_updated_at_most_once_a_second_and_shows_the_last_state() {
    tells("email-held", async |bot| {
        let stalls = Stalls::watch();
        bot.says(ADA, "repair jane@acme.example").await;
        let card = bot.sees("Waiting for approval").await;
        bot.clicks(GRACE, "reinstate.approve").await;
        assert_eq!(bot.ends().await, Outcome::Restored);
        let calls = bot.sandbox.wire.calls();
        let updates: Vec<_> = calls
            .iter()
            .filter(|call| call.path.ends_with("chat.update") && call.body["ts"] == card.ts.as_str())
            .map(|call| call.at)
            .collect();
        let late = stalls.longest();
        for pair in updates.windows(2) {
            // If the machine was suspended in between, the first call may have been recorded late by that time.
            let apart = pair[1].duration_since(pair[0]).unsigned_abs();
            assert!(
                apart + late >= Duration::from_millis(950),
                "two updates within {apart:?}, at most {late:?} late"
            );
        }
        assert!(!updates.is_empty());
        assert!(bot.shows(&card.ts).contains("Access restored and verified"));
        bot.sees("has ended").await;
        bot.reads_all();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_and_lost_answers_delay_the_card_and_not_the_repair() {
    tells("membership-drift", async |bot| {
        let wire = &bot.sandbox.wire;
        let limited = Injection::Answer {
            status: 429,
            headers: vec![("retry-after".into(), "2".into())],
            body: "{\"ok\":false,\"error\":\"ratelimited\"}".into(),
        };
        wire.inject(Service::Slack, None, "chat.postMessage", 2, limited);
        wire.inject(Service::Slack, None, "chat.update", 1, Injection::LoseAnswer);
        bot.says(ADA, "repair jane@acme.example").await;
        let run = bot.until("the repair", |run| run.ended.is_some()).await;
        assert_eq!(run.ended.unwrap().0, Outcome::Restored);
        bot.is_quiet().await;
        bot.sees("Access restored and verified").await;
        bot.reads_all();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_card_is_survived_and_the_requester_is_told() {
    tells("email-held", async |bot| {
        bot.says_in(HELPDESK, ADA, "repair jane@acme.example").await;
        bot.sees("asked in").await;
        let root = bot.root().await;
        lock(&bot.sandbox.slack).delete_by_person(HELPDESK, &root.ts);
        bot.clicks(GRACE, "reinstate.approve").await;
        bot.hears(ADA, "Somebody deleted the card of your run").await;
        assert_eq!(bot.ends().await, Outcome::Restored);
        bot.reads_all();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archived_channel_is_survived_and_the_requester_is_told() {
    tells("email-held", async |bot| {
        bot.says_in(HELPDESK, ADA, "repair jane@acme.example").await;
        bot.sees("asked in").await;
        lock(&bot.sandbox.slack).channels.get_mut(HELPDESK).unwrap().is_archived = true;
        bot.clicks(GRACE, "reinstate.approve").await;
        bot.hears(ADA, "its card now stands in").await;
        assert_eq!(bot.ends().await, Outcome::Restored);
        assert_eq!(bot.root().await.channel, ADMINS);
        bot.reads_all();
    })
    .await;
}
