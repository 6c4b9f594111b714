//! The answers to clicks that were not accepted, and the texts with which a click ends a run or a sweep. Each is short
//! and says what happened, why, and what to do next. Pure. Only these texts are used, so that the same refusal reads
//! the same for every button.

use super::end_reason;
use crate::slack::markup::Markup;
use reinstate_core::sweep::Sweep;

pub const RUN_ENDED: &str = "The run has ended, so nothing was done.";
/// The run is being cancelled.
pub const BEING_STOPPED: &str = "The run is being stopped already. Its card shows when it has ended.";
/// No plan exists yet.
pub const NO_PLAN: &str =
    "The run has no plan to decide on yet, so nothing was done. Its card shows when it has one.";
/// The run now has another plan.
pub const PLAN_CHANGED: &str = "The plan has changed since this card was drawn, so nothing was done. \
                                Look at the card again and decide on the new plan.";
/// The approval has expired.
pub const APPROVAL_OVER: &str =
    "The time to approve this plan is over, so nothing was done. Ask for the repair again.";
/// Somebody else decided, or the run went on.
pub const NO_APPROVAL_AWAITED: &str =
    "The run no longer waits for an approval, so nothing was done. Look at its card again.";
/// Somebody else retried, or the run went on.
pub const NO_PERSON_AWAITED: &str =
    "The run no longer waits for a person, so nothing was done. Look at its card again.";
/// The click came from a message that is not the run's card.
pub const NOT_ITS_CARD: &str = "This button does not stand on the run's card, so it does nothing. \
                                Type `/reinstate status` to find the run.";
/// The click came from an old private answer.
pub const NAMES_NOBODY: &str =
    "This button no longer says whom it is about. Type `/reinstate check WHO` instead.";
/// The run to be undone was erased or never existed.
pub const NO_EARLIER_RUN: &str = "There is no such run, or it can no longer be read, so nothing was started. Type `/reinstate history WHO` to see the others.";
/// The run to be undone is still open.
pub const NOT_ENDED: &str = "That run has not ended, so nothing was started. Stop it first, then ask again.";
/// The run to be undone was never admitted.
pub const DID_NOTHING: &str = "That run did nothing, so there is nothing to take back.";

pub const SWEEP_ENDED: &str = "The sweep has ended, so nothing was done.";
/// The button of a run, clicked on a sweep.
pub const NOT_FOR_SWEEPS: &str = "This button does nothing on a sweep.";
/// The button of a sweep, clicked on a run.
pub const NOT_FOR_RUNS: &str = "This button does nothing on a run.";
pub const LIST_CHANGED: &str =
    "The list has changed since this card was drawn, so nothing was done. Look at the card again.";
/// The list was already decided on, or its approval has expired.
pub const NO_LIST_AWAITED: &str =
    "The sweep no longer waits for an approval of this list, so nothing was done. Look at its card again.";
/// The sweep is now in another state.
pub const SWEEP_MOVED_ON: &str = "The sweep has moved on, so nothing was done. Look at its card again.";
/// The rows of the sweep were erased.
pub const ROWS_GONE: &str = "The rows of this sweep are no longer kept. Ask for another sweep.";

/// `cancel RUN` was taken.
#[must_use]
pub fn stopped(run: &str) -> Markup {
    Markup::new()
        .literal("The run is stopped: ")
        .code(run)
        .literal(". What was done stays done; its card lists it.")
}

/// The answer to an accepted `cancel SWEEP`.
#[must_use]
pub fn sweep_stopped(id: &str, sweep: &Sweep) -> Markup {
    let text = Markup::new().literal("The sweep is stopped: ").code(id).literal(". ");
    text.escaped(&end_reason(&sweep.stop_reason()))
        .literal(" To read the organization again, type `/reinstate sweep`.")
}

/// The answer to `undo SWEEP`.
#[must_use]
pub fn undo_of_a_sweep(id: &str) -> Markup {
    Markup::new()
        .code(id)
        .literal(" is a sweep, not a run, so nothing was started. A sweep only reads; each repair that it began is a run. ")
        .literal("Type `/reinstate history ")
        .escaped(id)
        .literal("` to see these runs, then `/reinstate undo RUN` with the id of one of them.")
}

/// The answer to a click on a card whose run is in another database.
#[must_use]
pub fn other_database() -> Markup {
    Markup::new().literal(
        "This card belongs to another Reinstate database than the one that answers now, so nothing was done. \
         To repair the person, type `/reinstate repair WHO`. Tell the people who run Reinstate: \
         `store.url` was changed, an older backup was restored, or a second Reinstate uses the same Slack app.",
    )
}

/// The answer to a click on a second copy of a card.
#[must_use]
pub fn copy(link: Option<&str>) -> Markup {
    let text = Markup::new().literal("This is a copy of the card, so its buttons do nothing. ");
    match link {
        Some(link) => text.literal("Use the ").link(link, "card of the run").literal("."),
        None => text.literal("Type `/reinstate status` to find the run."),
    }
}
