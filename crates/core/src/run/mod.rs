//! A run is the fold of its journal entries. [`Run::next`] derives the next action from it. No other state exists:
//! there is no flag and no state column. The fold refuses an entry that is not legal after the entries before it. So a
//! forged or incomplete journal stops the run; it never causes an action.

mod event;
mod legal;
mod next;
mod reason;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::diagnose::Diagnosis;
use super::fold::{Fold, Kind};
use super::op::{Op, Risk};
use super::plan::{Plan, Step};
pub use event::{Event, Goal, Outcome, PauseReason, Request, Requester, SweepPart, begun};
pub use next::{Limits, MAX_REQUEST_AGE, Next};
pub use reason::{EndMessage, EndReason, PauseDetail, PauseMessage};

/// One person's approval of one digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// Slack user id.
    pub by: String,
    pub digest: String,
    pub at: Timestamp,
}

/// How far a step has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Progress {
    #[default]
    Open,
    /// Begun, not settled. The step may have been sent.
    Begun,
    /// Begun, and accepted by the upstream service. The run waits for the effect.
    Accepted,
    /// Settled: the wanted state was read back, or was already there.
    Done,
    /// The upstream service accepted it, but nothing changed.
    Fruitless,
}

impl Progress {
    /// Whether the step has begun and is not settled.
    #[must_use]
    pub fn is_begun(self) -> bool {
        matches!(self, Self::Begun | Self::Accepted)
    }
}

/// The plan that a run carries out at the moment.
#[derive(Clone, Debug)]
pub struct Current {
    pub diagnosis: Diagnosis,
    pub plan: Plan,
    /// The plan's digest. `None` for a plan without steps.
    pub digest: Option<String>,
    pub at: Timestamp,
    /// Approvals of exactly this digest.
    pub approvals: Vec<Approval>,
    /// One entry per step of the plan.
    pub progress: Vec<Progress>,
    /// When the newest step began. A step that is sent again keeps the time of its first beginning.
    pub begun_at: Option<Timestamp>,
    /// When the last step was settled.
    pub settled_at: Option<Timestamp>,
    /// Set when somebody declined the plan, when nobody approved it in time, or when it is not the plan that a sweep
    /// listed. The first of these stays.
    pub closed: Option<Outcome>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The step that the pause concerns, if any.
    pub step: Option<usize>,
    pub halt: PauseReason,
    pub why: PauseMessage,
}

/// The fold of a run's entries.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// Sequence number of the last entry.
    pub seq: i64,
    pub asked: Option<Request>,
    /// The sweep that this run is part of, if any.
    pub part: Option<SweepPart>,
    pub opened_at: Option<Timestamp>,
    /// The rule that admitted the requester, and what WHO was resolved to.
    pub admitted: Option<(String, super::Who)>,
    pub current: Option<Current>,
    /// The ops that the run began or finished under earlier plans, each with whether it took effect.
    pub done: Vec<(Op, bool)>,
    /// The steps of earlier plans that were settled. A step that was refused is not among them, so it may be tried
    /// again.
    settled: Vec<Step>,
    pub waiting: Option<Waiting>,
    /// Set when a person asked for a new reading, or when a step changed nothing. The next action is to plan again.
    pub look_again: bool,
    /// How many plans the run has had.
    pub plans: u32,
    /// The person who asked to stop the run before its next step.
    pub cancelled: Option<String>,
    pub ended: Option<(Outcome, EndMessage)>,
}

impl Fold for Run {
    type Event = Event;

    const KIND: Kind = Kind::Run;

    fn seq(&self) -> i64 {
        self.seq
    }

    fn judge(&self, seq: i64, event: &Event) -> Result<(), &'static str> {
        self.legal(seq, event)
    }

    fn take(&mut self, seq: i64, at: Timestamp, event: &Event) {
        self.seq = seq;
        match event {
            Event::Opened { asked, part } => {
                self.asked = Some(asked.clone());
                self.part = part.clone();
                self.opened_at = Some(at);
            }
            Event::Admitted { rule, who } => self.admitted = Some((rule.clone(), who.clone())),
            Event::Planned { diagnosis, plan, digest } => {
                self.retire();
                self.plans += 1;
                self.look_again = false;
                self.current = Some(Current {
                    diagnosis: (**diagnosis).clone(),
                    progress: vec![Progress::Open; plan.steps.len()],
                    plan: (**plan).clone(),
                    digest: digest.clone(),
                    at,
                    approvals: Vec::new(),
                    begun_at: None,
                    settled_at: None,
                    closed: self.unlisted(plan, digest.as_deref()),
                });
            }
            Event::Approved { by, digest } => {
                if let Some(current) = &mut self.current {
                    current.approvals.push(Approval { by: by.clone(), digest: digest.clone(), at });
                }
            }
            Event::Began { step, .. } => self.begin(*step, at),
            Event::Accepted { step } => self.mark(*step, Progress::Accepted, None),
            Event::Already { step } | Event::Confirmed { step, .. } => {
                self.mark(*step, Progress::Done, Some(at))
            }
            Event::NoEffect { step, .. } => {
                self.mark(*step, Progress::Fruitless, Some(at));
                self.look_again = true;
            }
            Event::Paused { step, halt, why } => {
                self.waiting = Some(Waiting { step: *step, halt: *halt, why: why.clone() });
            }
            Event::Retried { .. } => {
                self.waiting = None;
                self.look_again = true;
            }
            Event::Ended { outcome, message } => self.ended = Some((*outcome, message.clone())),
            Event::Cancelled { by } => self.cancelled = Some(by.clone()),
            Event::Declined { .. } => self.close(Outcome::Declined),
            Event::Expired { .. } => self.close(Outcome::Expired),
            Event::Snapshot { .. } | Event::Denied { .. } => {}
        }
    }

    fn is_complete(event: &Event) -> Result<(), &'static str> {
        match event {
            Event::Began { needs: None, .. } => Err("it does not say how many approvals it needs"),
            _ => Ok(()),
        }
    }

    fn denied(by: String, what: String, why: String) -> Event {
        Event::Denied { by, what, why }
    }
}

impl Run {
    /// A run of a sweep carries out only the plan on the approved list. Any other plan is closed at once, with this
    /// outcome.
    fn unlisted(&self, plan: &Plan, digest: Option<&str>) -> Option<Outcome> {
        let part = self.part.as_ref()?;
        if plan.steps.is_empty() || digest == Some(part.digest.as_str()) {
            return None;
        }
        Some(if self.done.is_empty() { Outcome::Skipped } else { Outcome::Advice })
    }

    fn close(&mut self, outcome: Outcome) {
        if let Some(current) = &mut self.current {
            current.closed = current.closed.or(Some(outcome));
        }
    }

    fn begin(&mut self, step: usize, at: Timestamp) {
        if let Some(current) = &mut self.current
            && current.progress.get(step) == Some(&Progress::Open)
        {
            current.begun_at = Some(at);
        }
        self.mark(step, Progress::Begun, None);
    }

    fn mark(&mut self, step: usize, progress: Progress, settled: Option<Timestamp>) {
        if let Some(current) = &mut self.current {
            if let Some(slot) = current.progress.get_mut(step) {
                *slot = progress;
            }
            current.settled_at = settled.or(current.settled_at);
        }
    }

    /// Keeps what the superseded plan did, because later plans and undo need it.
    fn retire(&mut self) {
        self.settled = self.tried();
        let Some(current) = self.current.take() else { return };
        for (step, progress) in current.plan.steps.iter().zip(&current.progress) {
            match progress {
                Progress::Done => self.done.push((step.op.clone(), true)),
                Progress::Begun | Progress::Accepted | Progress::Fruitless => {
                    self.done.push((step.op.clone(), false));
                }
                Progress::Open => {}
            }
        }
    }

    /// The people who approved the current plan.
    #[must_use]
    pub fn approved_by(&self) -> BTreeSet<String> {
        self.current
            .iter()
            .flat_map(|current| &current.approvals)
            .map(|approval| approval.by.clone())
            .collect()
    }

    /// The settled steps of this run, each with the state before it. The planner does not propose them again on the
    /// same evidence. This includes confirmed steps: if access is still missing after one, it did not help.
    #[must_use]
    pub fn tried(&self) -> Vec<Step> {
        let now = self.current.iter().flat_map(|current| current.plan.steps.iter().zip(&current.progress));
        let settled =
            now.filter(|(_, p)| matches!(p, Progress::Fruitless | Progress::Done)).map(|(step, _)| step);
        self.settled.iter().chain(settled).cloned().collect()
    }

    /// The ops that the run began or finished under all plans, each with whether it took effect.
    #[must_use]
    pub fn steps_done(&self) -> Vec<(Op, bool)> {
        let mut all = self.done.clone();
        if let Some(current) = &self.current {
            for (step, progress) in current.plan.steps.iter().zip(&current.progress) {
                match progress {
                    Progress::Done => all.push((step.op.clone(), true)),
                    Progress::Begun | Progress::Accepted | Progress::Fruitless => {
                        all.push((step.op.clone(), false));
                    }
                    Progress::Open => {}
                }
            }
        }
        all
    }

    /// The first step of the current plan that is not done.
    #[must_use]
    pub fn open_step(&self) -> Option<(usize, &Step, Progress)> {
        let current = self.current.as_ref()?;
        current
            .plan
            .steps
            .iter()
            .zip(&current.progress)
            .enumerate()
            .find(|(_, (_, progress))| !matches!(progress, Progress::Done))
            .map(|(index, (step, progress))| (index, step, *progress))
    }

    fn open_index(&self) -> Option<usize> {
        self.open_step().map(|(index, _, _)| index)
    }

    /// Whether somebody stopped the run, or its plan was closed.
    fn is_stopped(&self) -> bool {
        self.cancelled.is_some() || self.current.as_ref().is_some_and(|current| current.closed.is_some())
    }

    /// How many people approved the current plan.
    fn approvals(&self) -> u32 {
        let count = self.current.as_ref().map_or(0, |current| current.approvals.len());
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// Whether a step was sent, or may have been sent, and the run does not wait for a person.
    fn is_on_its_way(&self) -> bool {
        self.waiting.is_none() && self.open_step().is_some_and(|(_, _, p)| p.is_begun())
    }

    /// Whether a step has begun and it is unknown whether the upstream service accepted it.
    fn is_unanswered(&self) -> bool {
        self.is_on_its_way() && self.open_step().is_some_and(|(_, _, p)| p == Progress::Begun)
    }

    /// The highest risk among the steps that are not done.
    #[must_use]
    pub fn open_risk(&self) -> Option<Risk> {
        let current = self.current.as_ref()?;
        let open = current.plan.steps.iter().zip(&current.progress).filter(|(_, p)| **p == Progress::Open);
        open.map(|(step, _)| step.risk).max()
    }

    /// How many steps have each progress, for a progress line.
    #[must_use]
    pub fn tally(&self) -> BTreeMap<&'static str, usize> {
        let mut tally = BTreeMap::new();
        for progress in self.current.iter().flat_map(|current| &current.progress) {
            let word = match progress {
                Progress::Open => "open",
                Progress::Begun | Progress::Accepted => "begun",
                Progress::Done => "done",
                Progress::Fruitless => "fruitless",
            };
            *tally.entry(word).or_insert(0) += 1;
        }
        tally
    }
}
