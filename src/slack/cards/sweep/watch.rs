//! Why the watch opened a sweep, and which feeds it cannot read. It must say each in words of the vendors' consoles.

use crate::slack::markup::Markup;
use crate::slack::messages;
use reinstate_core::watch::{WatchReason, Watched};

use super::count;

/// Why everybody is read.
pub(super) fn opened(watch: &Watched) -> Markup {
    let text = Markup::new().literal("*Opened by the watch:* ");
    let text = match &watch.reason {
        WatchReason::Storm { people } => text
            .then(&count(*people))
            .literal(" people changed at once. So everybody is read, and nobody is looked at alone."),
        WatchReason::Gap { feeds } => {
            let names: Vec<Markup> =
                feeds.iter().map(|feed| Markup::new().literal(messages::feed_name(*feed))).collect();
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
    watch.unread.iter().map(|(feed, why)| messages::not_watched(*feed, why)).collect()
}
