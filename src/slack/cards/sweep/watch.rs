//! Why the watch opened a sweep, and which feeds it cannot read. It must say each in words of the vendors' consoles.

use crate::slack::markup::Markup;
use reinstate_core::watch::{Feed, WatchReason, Watched};

use super::count;

/// Why everybody is read.
pub(super) fn opened(watch: &Watched) -> Markup {
    let text = Markup::new().literal("*Opened by the watch:* ");
    let text = match &watch.reason {
        WatchReason::Storm { people } => text
            .then(&count(*people))
            .literal(" people changed at once. So everybody is read, and nobody is looked at alone."),
        WatchReason::Gap { feeds } => {
            let names: Vec<Markup> = feeds.iter().map(|feed| Markup::new().literal(name(*feed))).collect();
            text.literal("it begins now to follow ")
                .then(&Markup::list(&names, ", "))
                .literal(". What happened before is unknown, so everybody is read once.")
        }
        WatchReason::Lost { .. } | WatchReason::Warned { .. } => text,
    };
    let lines: Vec<Markup> = std::iter::once(text).chain(unread(watch)).collect();
    Markup::lines(&lines, 2900)
}

/// The feeds that are not watched, one line each.
pub(super) fn unread(watch: &Watched) -> Vec<Markup> {
    let line = |(feed, why): &(Feed, String)| {
        Markup::new().literal("*Not watched:* ").literal(name(*feed)).literal(", because ").escaped(why)
    };
    watch.unread.iter().map(line).collect()
}

/// A feed as the consoles call it.
fn name(feed: Feed) -> &'static str {
    match feed {
        Feed::Users => "the users in Entra",
        Feed::Groups => "the group members in Entra",
        Feed::ProvisioningLog => "Entra's provisioning log",
        Feed::Events => "Atlassian's audit log",
    }
}
