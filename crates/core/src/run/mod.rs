//! A run is nothing but the fold of its journal entries, and [`Run::next`] says what comes next. There is no
//! second truth: no flag, no state column. An entry that is not legal after those before it is refused when the
//! run is read, so a forged or torn journal stops instead of acting.

mod event;
mod legal;
mod next;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::diagnose::Diagnosis;
use super::fold::{Fold, Kind};
use super::op::{Op, Risk};
use super::plan::{Plan, Step};
pub use event::{Event, Goal, Outcome, PauseReason, Request, Requester, SweepPart, begun};
pub use next::{Limits, MAX_REQUEST_AGE, Next};

/// A person × a digest.
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
    /// Begun, not settled.
    Begun,
    /// Begun, and the upstream took it; its effect is waited for.
    Accepted,
    /// Settled: confirmed, or done already.
    Done,
    /// It was accepted and changed nothing.
    Fruitless,
}

impl Progress {
    /// Whether it has begun and is not settled.
    #[must_use]
    pub fn is_begun(self) -> bool {
        matches!(self, Self::Begun | Self::Accepted)
    }
}

/// The plan a run is on.
#[derive(Clone, Debug)]
pub struct Current {
    pub diagnosis: Diagnosis,
    /// What is to be done.
    pub plan: Plan,
    /// The plan's digest.
    pub digest: Option<String>,
    pub at: Timestamp,
    /// Approvals of exactly this digest.
    pub approvals: Vec<Approval>,
    /// Progress per step.
    pub progress: Vec<Progress>,
    /// When the newest step began; a step that is sent again began the first time.
    pub begun_at: Option<Timestamp>,
    /// When the last step was settled.
    pub settled_at: Option<Timestamp>,
    /// Somebody declined it, or nobody approved in time: the first of Approved and these wins.
    pub closed: Option<Outcome>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The step, if it was one.
    pub step: Option<usize>,
    pub halt: PauseReason,
    pub why: String,
}

/// The fold of a run's entries.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// Number of the last entry.
    pub seq: i64,
    pub asked: Option<Request>,
    /// The sweep it is part of.
    pub part: Option<SweepPart>,
    pub opened_at: Option<Timestamp>,
    /// The rule that admitted the requester, and whom WHO turned out to be.
    pub admitted: Option<(String, super::Who)>,
    pub current: Option<Current>,
    /// What the run has done under earlier plans: op and whether it changed anything.
    pub done: Vec<(Op, bool)>,
    /// Of these, the steps that came to their end; what was refused on the way may be tried again.
    settled: Vec<Step>,
    pub waiting: Option<Waiting>,
    /// A person asked for a new look, or a step was fruitless: plan again.
    pub look_again: bool,
    /// How many plans there were.
    pub plans: u32,
    /// Who wants it stopped before its next step.
    pub cancelled: Option<String>,
    pub ended: Option<(Outcome, String)>,
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
                self.waiting = None;
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
            Event::Ended { outcome, message: says } => self.ended = Some((*outcome, says.clone())),
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
    /// Of a sweep, only the listed plan is done: any other closes the run by itself.
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

    /// What the superseded plan did is kept: it was done, whatever comes next.
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

    /// Steps of this run that came to their end, each with what was there before: on the same evidence they are
    /// not proposed again. What was confirmed and yet leaves access missing has been tried as well.
    #[must_use]
    pub fn tried(&self) -> Vec<Step> {
        let now = self.current.iter().flat_map(|current| current.plan.steps.iter().zip(&current.progress));
        let settled =
            now.filter(|(_, p)| matches!(p, Progress::Fruitless | Progress::Done)).map(|(step, _)| step);
        self.settled.iter().chain(settled).cloned().collect()
    }

    /// Steps done so far, over all plans, with whether they took effect.
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

    /// The first step of the current plan that is not settled.
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

    /// Whether somebody stopped it, or its plan was closed.
    fn is_stopped(&self) -> bool {
        self.cancelled.is_some() || self.current.as_ref().is_some_and(|current| current.closed.is_some())
    }

    /// How many people approved the current plan.
    fn approvals(&self) -> u32 {
        let count = self.current.as_ref().map_or(0, |current| current.approvals.len());
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// Whether a step was sent, or may have been, and nobody is asked about it yet.
    fn is_on_its_way(&self) -> bool {
        self.waiting.is_none() && self.open_step().is_some_and(|(_, _, p)| p.is_begun())
    }

    /// Whether a step has begun of which nobody knows yet whether the upstream took it.
    fn is_unanswered(&self) -> bool {
        self.is_on_its_way() && self.open_step().is_some_and(|(_, _, p)| p == Progress::Begun)
    }

    /// The highest risk of the steps still open.
    #[must_use]
    pub fn open_risk(&self) -> Option<Risk> {
        let current = self.current.as_ref()?;
        let open = current.plan.steps.iter().zip(&current.progress).filter(|(_, p)| **p == Progress::Open);
        open.map(|(step, _)| step.risk).max()
    }

    /// Counts of steps by progress, for a progress line.
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
