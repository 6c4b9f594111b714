//! The sentences about a sweep, besides its card. Pure.

use jiff::Timestamp;

use super::{approvers, end_message};
use crate::config::Access;
use crate::slack::markup::Markup;
use reinstate_core::run::{EndMessage, EndReason};
use reinstate_core::short_id;
use reinstate_core::sweep::Sweep;
use reinstate_core::watch::Feed;

#[must_use]
pub fn sweep_begun(sweep: &str, channel: &str) -> Markup {
    Markup::new()
        .literal("The sweep ")
        .code(short_id(sweep))
        .literal(" has begun. It only reads. Its card stands in ")
        .channel(channel)
        .literal(".")
}

/// Another sweep still reads, so no second one was started.
#[must_use]
pub fn sweep_joined(first: &Sweep, link: Option<&str>, channel: &str) -> Markup {
    let text = Markup::new().literal("A sweep is reading already");
    let text = match first.asked.as_ref().map(|asked| asked.by.id.as_str()) {
        Some("") | None => text,
        Some(by) => text.literal(", asked for by ").user(by),
    };
    let text = text.literal(". So no second one was started. You hear in the thread of ");
    let text = match link {
        Some(link) => text.link(link, "its card"),
        None => text.literal("its card in ").channel(channel),
    };
    text.literal(" when it has read everything.")
}

/// Tells those who joined a sweep that it has read everything, or that it was stopped before that.
#[must_use]
pub fn joined_sweep_over<'a>(people: impl Iterator<Item = &'a String>, sweep: &Sweep) -> Markup {
    let people: Vec<Markup> = people.map(|id| Markup::new().user(id)).collect();
    let text = Markup::list(&people, " ");
    if sweep.surveyed.is_some() {
        return text.literal(" this sweep has read everything. The card above shows what it found.");
    }
    text.literal(" this sweep has no result. ").then(&sweep_end(sweep))
}

/// How a sweep has ended: who ended it, and what that means.
#[must_use]
pub(crate) fn sweep_end(sweep: &Sweep) -> Markup {
    let Some(message) = &sweep.ended else { return Markup::new() };
    let how = match message {
        EndMessage::Reason(
            EndReason::ReadingStopped | EndReason::OfferStopped | EndReason::RepairsStopped,
        ) => "*Stopped by* ",
        EndMessage::Reason(EndReason::ListDeclined) => "*Declined by* ",
        _ => "*Ended by* ",
    };
    let text = match &sweep.ended_by {
        Some(by) => Markup::new().literal(how).user(by).literal(". "),
        None => Markup::new(),
    };
    let text = match (message, &sweep.surveyed, sweep.repaired) {
        (EndMessage::Reason(EndReason::RepairsStopped), Some(surveyed), Some((_, counts))) => text
            .number(usize::try_from(counts.restored).unwrap_or(usize::MAX))
            .literal(" of ")
            .number(surveyed.list.repairs().len())
            .literal(" accounts have their access back. "),
        _ => text,
    };
    text.escaped(&end_message(message))
}

/// `history SWEEP`: what the sweep is, its state, and how many runs it started. A list of these may follow.
#[must_use]
pub fn history_of_a_sweep(sweep: &str, line: &Markup, runs: usize) -> Markup {
    let text = Markup::new().literal("This is the id of a sweep, not of a person. ").then(line).literal(". ");
    let text = match runs {
        0 => text.literal("It has begun no repair. "),
        _ => text.literal("The repairs that it began, newest first: ").number(runs).literal(". "),
    };
    text.literal("Type `/reinstate status ").escaped(sweep).literal("` to see what it found.")
}

/// The repairs of a sweep wait for a person, because something failed or because somebody pressed Pause.
#[must_use]
pub fn sweep_stopped(requester: &str, by: Option<&str>, why: &str) -> Markup {
    let text = Markup::new().user(requester);
    if let Some(by) = by {
        return text
            .literal(" The repairs of this sweep are paused: ")
            .user(by)
            .literal(" pressed *Pause*. Press *Go on* or *Stop* on the card above.");
    }
    text.literal(" The repairs of this sweep stopped and wait for an operator: ")
        .escaped(why.trim_end_matches('.'))
        .literal(". Look at what failed. Then press *Go on* or *Stop* on the card above.")
}

/// Calls the approvers to the card of a sweep. `since` is set if they were called before.
#[must_use]
pub fn sweep_waits(access: &Access, requester: Option<&str>, since: Option<Timestamp>) -> Markup {
    let but: Vec<String> = requester.map(str::to_owned).into_iter().collect();
    let text = approvers(access, &but);
    match since {
        Some(since) => text
            .literal(" the list of repairs above has been waiting for an approver since ")
            .time(since)
            .literal("."),
        None => text.literal(" the list of repairs above waits for an approver."),
    }
}

/// A sweep whose repairs were asked for has ended.
#[must_use]
pub fn sweep_over(requester: &str, sweep: &Sweep) -> Markup {
    let what = if sweep.may_repair() {
        " the repairs of this sweep have ended. "
    } else {
        " this sweep has ended, and none of its repairs has begun. "
    };
    Markup::new().user(requester).literal(what).then(&sweep_end(sweep))
}

/// A run of a sweep, which has no card, waits for a person. `since` is set if the person was told before.
#[must_use]
pub fn part_stopped(run: &str, whose: &Markup, why: &str, since: Option<Timestamp>) -> Markup {
    let run = short_id(run);
    let text = match since {
        Some(_) => Markup::new().literal("A repair of your sweep is still waiting, the one for "),
        None => Markup::new().literal("A repair of your sweep stopped, the one for "),
    };
    let text = text.then(whose);
    let text = match since {
        Some(since) => text.literal(", since ").time(since),
        None => text,
    };
    text.literal(". Why: ")
        .escaped(why.trim_end_matches('.'))
        .literal(". Type `/reinstate status ")
        .escaped(run)
        .literal("` to look at it. Type `/reinstate cancel ")
        .escaped(run)
        .literal("` to end it, then ask for a repair of this account by itself.")
}

/// A feed that the watch cannot read, and why.
pub(crate) fn not_watched(feed: Feed, why: &str) -> Markup {
    Markup::new().literal("*Not watched:* ").literal(feed_name(feed)).literal(", because ").escaped(why)
}

/// A feed as the consoles call it.
pub(crate) fn feed_name(feed: Feed) -> &'static str {
    match feed {
        Feed::Users => "the users in Entra",
        Feed::Groups => "the group members in Entra",
        Feed::ProvisioningLog => "Entra's provisioning log",
        Feed::Events => "Atlassian's audit log",
    }
}
