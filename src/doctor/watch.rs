//! Checks of the feeds that the watch follows: whether each gives a place to begin. Only with `[watch] every`. A feed that
//! cannot be read must not make the whole report bad: the watch goes on with the others, and says which one is missing.

use futures_util::future::join_all;

use super::Check;
use crate::config::Config;
use crate::slack::messages::feed_name;
use crate::upstream::Clients;
use crate::upstream::live::Live;
use crate::world::World as _;
use reinstate_core::watch::{Feed, FeedAnswer};

pub(super) async fn look(config: &Config) -> Vec<Check> {
    if config.watch.every.is_none() {
        return Vec::new();
    }
    // A second set of clients, because a world owns its own.
    let Ok(clients) = Clients::new(config.upstream()) else { return Vec::new() };
    let world = Live::new(clients, config.entra.service_principal_id.clone());
    let probe = async |feed: Feed| (feed, world.changes(feed, None).await);
    join_all(Feed::ALL.map(probe)).await.into_iter().map(|(feed, answer)| check(feed, answer)).collect()
}

fn check(feed: Feed, answer: FeedAnswer) -> Check {
    let name = format!("watch.{}", feed.word());
    let what = feed_name(feed);
    match answer {
        // An organization without Atlassian Guard may get an empty log, and no answer says so.
        FeedAnswer::Read(_) if feed == Feed::Events => Check::good(
            &name,
            format!(
                "{what} can be followed. Without Atlassian Guard it may stay empty, and nothing shows that"
            ),
        ),
        FeedAnswer::Read(_) => Check::good(&name, format!("{what} can be followed")),
        FeedAnswer::Expired => {
            Check::by_hand(&name, format!("{what} cannot be followed: no place to begin"), fix(feed))
        }
        FeedAnswer::Unread(why) => {
            Check::by_hand(&name, format!("{what} cannot be followed: {why}"), fix(feed))
        }
    }
}

/// What each feed needs (docs/how-to/setup.md).
fn fix(feed: Feed) -> &'static str {
    match feed {
        Feed::Users => "Grant User.Read.All to the app registration, with admin consent",
        Feed::Groups => "Grant GroupMember.Read.All to the app registration, with admin consent",
        Feed::ProvisioningLog => {
            "Grant AuditLog.Read.All to the app registration, with admin consent. The log needs Entra ID P1"
        }
        Feed::Events => {
            "Give the organization key the scope to read events. The audit log needs Atlassian Guard; without it, losses \
             that begin at Atlassian are found by sweeps only"
        }
    }
}
