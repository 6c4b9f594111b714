//! What comes next: the one place that decides it, from the fold and the time alone. It must never name a step
//! that needs an approval without one.

use std::time::Duration;

use jiff::Timestamp;

use super::{Current, Progress, Run};
use crate::plan::Step;
use crate::rules::Rules;
use crate::sweep::REPAIR_START_TIMEOUT;

/// How long after it was typed a command may be carried out.
pub const MAX_REQUEST_AGE: Duration = Duration::from_secs(15 * 60);

/// Times that [`Run::next`] needs from the configuration.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// `approvals.expire_after`
    pub expire_after: Duration,
    /// `approvals.start_within`
    pub start_within: Duration,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// Look up who the requester is and what they may do.
    Admit,
    /// Read everything and plan.
    Look,
    /// Do this step of the current plan.
    Step {
        /// Index.
        index: usize,
        /// It is the first after an approval: read and plan again first; another digest means a new approval.
        check_plan: bool,
    },
    /// All steps are settled: read everything and see whether access is back.
    Prove,
    /// Wait for an approval until then.
    AwaitApproval {
        until: Timestamp,
    },
    /// Nobody approved in time: write that down.
    Expire,
    /// The plan has no steps: end with the advice.
    Conclude,
    AwaitPerson,
    /// Somebody stopped the run, and no step is on its way: end it.
    Stop,
    /// Nothing is left to do.
    Nothing,
}

impl Current {
    /// Whether the time to begin a step, counted from the approval or the end of the step before, has run out.
    /// An approval from as far in the future was given before the clock was set back: how old it is, nobody knows.
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

    /// What comes next, and never a step that needs an approval without one.
    #[must_use]
    pub fn next(&self, now: Timestamp, rules: &Rules, limits: &Limits) -> Next {
        if self.ended.is_some() || self.asked.is_none() {
            return Next::Nothing;
        }
        // A step that has begun is brought to its end first: what is on its way cannot be called back. What was taken
        // and only takes long is done; nothing is gained by waiting for it.
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
        // Begun is the point of no return: the recovery path is the normal path.
        if progress.is_begun() {
            return Next::Step { index, check_plan: false };
        }
        let needed = rules.needs(step.risk);
        if needed == 0 {
            return Next::Step { index, check_plan: false };
        }
        let started = current.progress.iter().any(|progress| *progress != Progress::Open);
        if self.approvals() < needed {
            // An approval is asked for the world as it is now, not as it was before the first steps.
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

    /// Whether nothing was done yet and the time for it is over: a command is for now, and a repair of a sweep for the
    /// day after the approval of its list. To be admitted or planned is not to be begun.
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

    /// Whether no step was begun, and no person has answered or is asked. What people answer has its own limits.
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

    /// Whether a step that has begun is too late to be sent again: its approval was for another hour.
    #[must_use]
    pub fn is_too_late(&self, step: &Step, now: Timestamp, rules: &Rules, limits: &Limits) -> bool {
        let late = self.current.as_ref().is_some_and(|current| current.is_late(now, limits));
        rules.needs(step.risk) > 0 && late
    }
}

fn add(at: Timestamp, wait: Duration) -> Timestamp {
    at.checked_add(wait).unwrap_or(Timestamp::MAX)
}
