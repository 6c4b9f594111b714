//! The state of a sweep: what it does, or for whom it waits and until when.

use jiff::Timestamp;

use super::{SweepView, count};
use crate::slack::markup::Markup;
use crate::slack::messages;
use reinstate_core::sweep::{RepairCounts, Sweep, SweepNext};

/// Before this many repairs have ended, an estimate would be a guess.
const MIN_REPAIRS_TO_ESTIMATE: u64 = 5;

/// The state of the sweep, in one or two sentences.
pub(super) fn state(view: &SweepView<'_>) -> Markup {
    let sweep = view.sweep;
    if sweep.ended.is_some() {
        let text = Markup::new().literal(if sweep.ended_by.is_some() { "" } else { "*Ended.* " });
        return text.then(&messages::sweep_end(sweep));
    }
    match view.next() {
        SweepNext::Survey => reading(sweep),
        SweepNext::AwaitRequest(until) => Markup::new()
            .literal("*Everything is read, and nothing was changed.* The button works until ")
            .time(until)
            .literal("."),
        SweepNext::AwaitApproval(until) => awaits_approval(view, until),
        SweepNext::AwaitPerson => {
            let text = progress(sweep).literal("\n*Paused, needs an operator:* ");
            if let Some(by) = &sweep.paused_by {
                return text.user(by).literal(" paused the repairs. Press *Go on* or *Stop*.");
            }
            let why = sweep.paused.as_ref().map(messages::pause_message).unwrap_or_default();
            text.escaped(&why).literal(". Look at what failed, then go on or stop.")
        }
        SweepNext::Repair => progress(sweep),
        SweepNext::End(_) | SweepNext::Nothing => Markup::new().literal("*Ending.*"),
    }
}

fn reading(sweep: &Sweep) -> Markup {
    match sweep.progress {
        Some((_, [accounts, looks, looked])) if accounts > 0 => {
            let word = if accounts == 1 { " account" } else { " accounts" };
            let text = Markup::new().literal("*Reading ").then(&count(accounts)).literal(word);
            if looks == 0 {
                return text.literal(".*");
            }
            text.literal(".* Looked closely at ")
                .then(&count(looked))
                .literal(" of ")
                .then(&count(looks))
                .literal(".")
        }
        _ => Markup::new().literal("*Reading all accounts and groups.*"),
    }
}

/// A list of more than five people needs an approver.
fn awaits_approval(view: &SweepView<'_>, until: Timestamp) -> Markup {
    let text = Markup::new().literal("*Waiting for approval* until ").time(until);
    let Some((by, _)) = &view.sweep.requested else { return text.literal(".") };
    let approvers = messages::approvers(view.access, std::slice::from_ref(&by.by.id));
    let text = text.literal(": ").user(&by.by.id).literal(" asks ");
    let text = if approvers.is_empty() { text.literal("an approver") } else { text.then(&approvers) };
    text.literal(" to approve or decline.")
}

/// The counts of the repairs, and the estimated time of completion.
fn progress(sweep: &Sweep) -> Markup {
    let total = sweep.surveyed.as_ref().map_or(0, |surveyed| surveyed.list.repairs().len());
    let total = u64::try_from(total).unwrap_or(u64::MAX);
    let (at, counts) = sweep.repaired.unwrap_or((Timestamp::MIN, RepairCounts::default()));
    let ended = counts.restored + counts.skipped + counts.failed;
    let mut text = Markup::new()
        .literal("*Repairing:* ")
        .then(&count(counts.restored))
        .literal(" of ")
        .then(&count(total))
        .literal(" restored");
    if counts.skipped > 0 {
        text = text.literal(", ").then(&count(counts.skipped)).literal(" skipped because they had changed");
    }
    if counts.failed > 0 {
        let word = if counts.failed == 1 { " needs another look" } else { " need another look" };
        text = text.literal(", ").then(&count(counts.failed)).literal(word);
    }
    let began = sweep.approved.as_ref().map(|(_, at)| *at).or(sweep.requested.as_ref().map(|(_, at)| *at));
    let seconds = began.map_or(0, |began| at.duration_since(began).as_secs());
    let left = total.saturating_sub(ended);
    match u64::try_from(seconds) {
        Ok(seconds) if ended >= MIN_REPAIRS_TO_ESTIMATE && seconds > 0 && left > 0 => {
            let minutes = (left * seconds / ended).div_ceil(60);
            let word = if minutes == 1 { " more minute." } else { " more minutes." };
            text.literal(". At this rate about ").then(&count(minutes)).literal(word)
        }
        _ => text.literal(". In waves of 5, 50 and the rest; whatever people ask for meanwhile goes first."),
    }
}
