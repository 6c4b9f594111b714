//! Decides what a run does next, from the fold and the time alone. No other place decides this. It must never return a
//! step that lacks an approval it needs.

use std::time::Duration;

use jiff::Timestamp;

use super::{Current, Progress, Run};
use crate::plan::Step;
use crate::rules::Rules;
use crate::sweep::REPAIR_START_TIMEOUT;

/// The maximum age of a typed command. An older command is not carried out.
pub const MAX_REQUEST_AGE: Duration = Duration::from_secs(15 * 60);

/// The limits that [`Run::next`] needs from the configuration.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// `approvals.expire_after`
    pub expire_after: Duration,
    /// `approvals.start_within`
    pub start_within: Duration,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// Look up who the requester is and what they are allowed to do.
    Admit,
    /// Read everything and make a plan.
    Look,
    /// Carry out this step of the current plan.
    Step {
        /// The index of the step in the plan.
        index: usize,
        /// Whether this is the first step after an approval. Then the executor reads and plans again first. If the
        /// digest differs, the plan needs a new approval.
        check_plan: bool,
    },
    /// All steps are settled: read everything and check whether access is restored.
    Prove,
    /// Wait for an approval until this time.
    AwaitApproval {
        until: Timestamp,
    },
    /// Nobody approved in time: record that.
    Expire,
    /// The plan has no steps: end the run with the advice.
    Conclude,
    AwaitPerson,
    /// Somebody stopped the run, and no step may still be on its way: end the run.
    Stop,
    /// The run has ended, or has no entries.
    Nothing,
}

impl Current {
    /// Whether the time limit for the next step has passed. The limit counts from the newest approval or from the end
    /// of the step before, whichever is later. A time further in the future than the limit means that the clock was set
    /// back. The age is then unknown, so it counts as late.
    fn is_late(&self, now: Timestamp, limits: &Limits) -> bool {
        let approved_at = self.approvals.iter().map(|approval| approval.at).max().unwrap_or(self.at);
        let since = self.settled_at.map_or(approved_at, |settled| settled.max(approved_at));
        now.duration_since(since).unsigned_abs() > limits.start_within
    }
}

impl Run {
    /// Whether the run waits for an approval of this digest now.
    #[must_use]
    pub fn awaits(&self, digest: &str, now: Timestamp, rules: &Rules, limits: &Limits) -> bool {
        let this = self.current.as_ref().is_some_and(|current| current.digest.as_deref() == Some(digest));
        this && matches!(self.next(now, rules, limits), Next::AwaitApproval { .. })
    }

    /// The next action. It is never a step that lacks an approval it needs.
    #[must_use]
    pub fn next(&self, now: Timestamp, rules: &Rules, limits: &Limits) -> Next {
        if self.ended.is_some() || self.asked.is_none() {
            return Next::Nothing;
        }
        // A step whose call may have been sent comes first, because a call cannot be taken back. A step that was
        // accepted does not hold up the stop: it only takes long, and waiting gains nothing.
        if self.is_stopped() && !self.is_unanswered() {
            return Next::Stop;
        }
        if self.admitted.is_none() {
            return Next::Admit;
        }
        if self.waiting.is_some() {
            return Next::AwaitPerson;
        }
        let Some(current) = &self.current else { return Next::Look };
        if self.look_again {
            return Next::Look;
        }
        if current.plan.steps.is_empty() {
            return Next::Conclude;
        }
        let Some((index, step, progress)) = self.open_step() else { return Next::Prove };
        // A step that has begun must be finished. Recovery after a crash takes this same path.
        if progress.is_begun() {
            return Next::Step { index, check_plan: false };
        }
        let needed = rules.needs(step.risk);
        if needed == 0 {
            return Next::Step { index, check_plan: false };
        }
        let started = current.progress.iter().any(|progress| *progress != Progress::Open);
        if self.approvals() < needed {
            // After the first steps the state has changed, so an approval needs a new reading and a new plan.
            if started {
                return Next::Look;
            }
            let until = add(current.at, limits.expire_after);
            return if now >= until { Next::Expire } else { Next::AwaitApproval { until } };
        }
        if current.is_late(now, limits) {
            return Next::Look;
        }
        Next::Step { index, check_plan: !started }
    }

    /// Whether the start time has passed and nothing was begun. A command must begin within [`MAX_REQUEST_AGE`]. A
    /// repair of a sweep must begin within a day after its list was approved. Admission and planning do not count as a
    /// beginning.
    #[must_use]
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        let Some(opened_at) = self.opened_at else { return false };
        if !self.is_untouched() {
            return false;
        }
        let until = match &self.part {
            Some(part) => part.until.unwrap_or_else(|| add(opened_at, REPAIR_START_TIMEOUT)),
            None => add(opened_at, MAX_REQUEST_AGE),
        };
        now > until
    }

    /// Whether no step has begun and no person has answered or is being asked. Answers of people have limits of their
    /// own.
    fn is_untouched(&self) -> bool {
        let open = |current: &Current| {
            current.approvals.is_empty()
                && current.progress.iter().all(|progress| *progress == Progress::Open)
        };
        self.plans <= 1
            && self.waiting.is_none()
            && !self.look_again
            && self.current.as_ref().is_none_or(open)
    }

    /// Whether a step that has begun is too old to be sent again: its approval is no longer fresh.
    #[must_use]
    pub fn is_too_late(&self, step: &Step, now: Timestamp, rules: &Rules, limits: &Limits) -> bool {
        let late = self.current.as_ref().is_some_and(|current| current.is_late(now, limits));
        rules.needs(step.risk) > 0 && late
    }
}

fn add(at: Timestamp, wait: Duration) -> Timestamp {
    at.checked_add(wait).unwrap_or(Timestamp::MAX)
}
