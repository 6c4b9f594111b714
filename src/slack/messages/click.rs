//! What a click that was not taken is answered: one sentence each, of what happened, why, and what to do next. Pure. Only these sentences are used, so that the same refusal reads the same
//! whichever button it was.

use super::end_reason;
use crate::slack::markup::Markup;
use reinstate_core::sweep::Sweep;

/// The run is over.
pub const RUN_ENDED: &str = "The run has ended, so nothing was done.";
/// It is on its way to its end.
pub const BEING_STOPPED: &str = "The run is being stopped already. Its card shows when it has ended.";
/// Nothing was planned yet.
pub const NO_PLAN: &str =
    "The run has no plan to decide on yet, so nothing was done. Its card shows when it has one.";
/// Another plan stands there by now.
pub const PLAN_CHANGED: &str = "The plan has changed since this card was drawn, so nothing was done. \
                                Look at the card again and decide on the new plan.";
/// Too late.
pub const APPROVAL_OVER: &str =
    "The time to approve this plan is over, so nothing was done. Ask for the repair again.";
/// Somebody else decided, or it went on.
pub const NO_APPROVAL_AWAITED: &str =
    "The run no longer waits for an approval, so nothing was done. Look at its card again.";
/// Somebody else retried, or it went on.
pub const NO_PERSON_AWAITED: &str =
    "The run no longer waits for a person, so nothing was done. Look at its card again.";
/// A message that is not the run's.
pub const NOT_ITS_CARD: &str = "This button does not stand on the run's card, so it does nothing. \
                                Type `/reinstate status` to find the run.";
/// An old private answer.
pub const NAMES_NOBODY: &str =
    "This button no longer says whom it is about. Type `/reinstate check WHO` instead.";
/// A run to be undone that is erased, or never was.
pub const NO_EARLIER_RUN: &str = "There is no such run, or it can no longer be read, so nothing was started. Type `/reinstate history WHO` to see the others.";
/// A run to be undone that is at work.
pub const NOT_ENDED: &str = "That run has not ended, so nothing was started. Stop it first, then ask again.";
/// A run to be undone that was never admitted.
pub const DID_NOTHING: &str = "That run did nothing, so there is nothing to take back.";

/// The sweep is over.
pub const SWEEP_ENDED: &str = "The sweep has ended, so nothing was done.";
/// A button of a run on a sweep.
pub const NOT_FOR_SWEEPS: &str = "This button does nothing on a sweep.";
/// A button of a sweep on a run.
pub const NOT_FOR_RUNS: &str = "This button does nothing on a run.";
/// The list is another one.
pub const LIST_CHANGED: &str =
    "The list has changed since this card was drawn, so nothing was done. Look at the card again.";
/// The list was decided on, or too old.
pub const NO_LIST_AWAITED: &str =
    "The sweep no longer waits for an approval of this list, so nothing was done. Look at its card again.";
/// The sweep stands elsewhere by now.
pub const SWEEP_MOVED_ON: &str = "The sweep has moved on, so nothing was done. Look at its card again.";
/// Its rows were erased.
pub const ROWS_GONE: &str = "The rows of this sweep are no longer kept. Ask for another sweep.";

/// `cancel RUN` was taken.
#[must_use]
pub fn stopped(run: &str) -> Markup {
    Markup::new()
        .literal("The run is stopped: ")
        .code(run)
        .literal(". What was done stays done; its card lists it.")
}

/// `cancel SWEEP` was taken.
#[must_use]
pub fn sweep_stopped(id: &str, sweep: &Sweep) -> Markup {
    let text = Markup::new().literal("The sweep is stopped: ").code(id).literal(". ");
    text.escaped(&end_reason(&sweep.stop_reason()))
        .literal(" To read the organization again, type `/reinstate sweep`.")
}

/// `undo SWEEP`.
#[must_use]
pub fn undo_of_a_sweep(id: &str) -> Markup {
    Markup::new()
        .code(id)
        .literal(" is a sweep, not a run, so nothing was started. A sweep only reads; each repair that it began is a run. ")
        .literal("Type `/reinstate history ")
        .escaped(id)
        .literal("` to see these runs, then `/reinstate undo RUN` with the id of one of them.")
}

/// A card that was posted twice.
#[must_use]
pub fn copy(link: Option<&str>) -> Markup {
    let text = Markup::new().literal("This is a copy of the card, so its buttons do nothing. ");
    match link {
        Some(link) => text.literal("Use the ").link(link, "card of the run").literal("."),
        None => text.literal("Type `/reinstate status` to find the run."),
    }
}
