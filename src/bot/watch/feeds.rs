//! Reads the feeds, each from its stored place, and keeps what they reported together with the new places. A feed only
//! says where to look. A place must never be written before what was read up to it.

use futures_util::future::join_all;

use super::{Look, LookError, gauge, held};
use reinstate_core::watch::{Changed, Feed, FeedAnswer, Place, Signal, WatchReason};
use reinstate_store::{FeedState, Reported};

/// How many rounds of one feed are read in one look. The rest waits for the next look.
const MAX_ROUNDS: usize = 20;

/// What the rounds of one feed came to.
struct FeedRead {
    feed: Feed,
    signals: Vec<Signal>,
    /// Where the next look begins. `None`: where this one began.
    next: Option<Place>,
    unread: Option<String>,
    /// Whether it is unknown what happened before the new place.
    is_gap: bool,
}

impl Look<'_> {
    pub(super) async fn read_feeds(&self) -> Result<(), LookError> {
        let known = self.store.feeds().await?;
        let state = |feed: Feed| known.iter().find(|state| state.feed == feed.word());
        let place = |feed: Feed| state(feed).and_then(|state| state.place.clone()).map(Place);
        let read = join_all(Feed::ALL.map(|feed| self.read_feed(feed, place(feed)))).await;
        for one in &read {
            let before = state(one.feed).and_then(|state| state.unread.as_deref());
            match &one.unread {
                Some(why) if before != Some(why) => {
                    tracing::warn!(feed = one.feed.word(), why, "a feed is not watched");
                }
                None if before.is_some() => tracing::info!(feed = one.feed.word(), "a feed is watched again"),
                _ => {}
            }
            let unread = u64::from(one.unread.is_some());
            metrics::gauge!("reinstate_watch_feeds_unread", "feed" => one.feed.word()).set(gauge(unread));
        }
        let gaps: Vec<Feed> = read.iter().filter(|one| one.is_gap).map(|one| one.feed).collect();
        let reason = (!gaps.is_empty()).then_some(WatchReason::Gap { feeds: gaps });
        let sweep_for = reason.and_then(|reason| serde_json::to_string(&reason).ok());
        let mut states = Vec::with_capacity(read.len());
        let mut reported = Vec::new();
        for one in read {
            reported.extend(one.signals.into_iter().filter_map(queued));
            states.push(FeedState {
                feed: one.feed.word().to_owned(),
                place: one.next.map(|place| place.0),
                unread: one.unread,
                told: false,
            });
        }
        held(self.store.keep_round(self.epoch, states, reported, sweep_for).await?)
    }

    async fn read_feed(&self, feed: Feed, since: Option<Place>) -> FeedRead {
        let mut read =
            FeedRead { feed, signals: Vec::new(), next: None, unread: None, is_gap: since.is_none() };
        let mut place = since;
        for _ in 0..MAX_ROUNDS {
            match self.app.world.changes(feed, place.as_ref()).await {
                FeedAnswer::Read(round) => {
                    read.signals.extend(round.signals);
                    read.next = Some(round.next.clone());
                    if !round.has_more {
                        return read;
                    }
                    place = Some(round.next);
                }
                FeedAnswer::Expired if place.is_some() => {
                    tracing::info!(
                        feed = feed.word(),
                        "the place of a feed has expired; it begins at the present"
                    );
                    read.is_gap = true;
                    place = None;
                }
                FeedAnswer::Expired => {
                    read.unread = Some(NO_PLACE.to_owned());
                    break;
                }
                FeedAnswer::Unread(why) => {
                    read.unread = Some(why);
                    break;
                }
            }
        }
        // Without a new place, there is nothing yet from which on the feed is watched.
        read.is_gap &= read.next.is_some();
        read
    }
}

const NO_PLACE: &str = "the service gives no place to begin";

/// A group as a whole is counted and not looked at: the reports of its members name people.
fn queued(signal: Signal) -> Option<Reported> {
    if matches!(signal.changed, Changed::Group(_)) {
        metrics::counter!("reinstate_watch_groups_total").increment(1);
        tracing::info!(
            feed = signal.feed.word(),
            "a group changed as a whole; its members are not looked at"
        );
        return None;
    }
    Some(Reported {
        subject: signal.changed.text(),
        changed_at: signal.at.map(|at| at.as_millisecond()),
        at_source: signal.feed.is_at_source(),
        entry: signal.entry.map(|entry| format!("{} {entry}", signal.feed.word())),
        by: signal.by,
    })
}
