//! A run is nothing but the fold of its journal entries, and [`Run::next`] says what comes next. There is no
//! second truth: no flag, no state column. An entry that is not legal after those before it is refused when the
//! run is read, so a forged or torn journal stops instead of acting.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::diagnose::Diagnosis;
use super::op::{Op, Risk};
use super::plan::{Plan, Step};
use super::planner::Rules;

/// Where a command came from, as Slack signed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Slack user id of the requester.
    pub by: String,
    /// Their team, if Slack gave one.
    pub team: Option<String>,
    /// Their enterprise, if Slack gave one.
    pub enterprise: Option<String>,
    /// The channel it was typed in.
    pub channel: String,
    /// The words after the command.
    pub text: String,
    /// Where private answers may go for 30 minutes.
    pub response_url: Option<String>,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Access was good from the start.
    Healthy,
    /// Access is back, and that was proven.
    Restored,
    /// Only people can do what is left; the advice says what.
    Advice,
    /// It could not be told.
    CannotTell,
    /// The requester may not do this, or the words named nobody.
    Refused,
    /// Another run is on the same identities.
    Busy,
    /// Somebody declined.
    Declined,
    /// Nobody approved in time.
    Expired,
    /// Somebody stopped it.
    Cancelled,
}

/// Why a run waits for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Halt {
    /// The world is not the one the plan was made for.
    Changed,
    /// A condition is not read and true any more.
    Condition,
    /// An irreversible call may or may not have happened.
    Ambiguous,
    /// The upstream refused.
    Refused,
    /// It was accepted and does not show.
    Unconfirmed,
    /// The daily cap is reached.
    Cap,
}

/// One entry of the journal of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Event {
    /// Somebody asked for a repair.
    Opened {
        /// Who and where.
        asked: Asked,
    },
    /// The requester may do it.
    Admitted {
        /// The rule that says so.
        rule: String,
        /// The address or account id that WHO turned out to be.
        who: super::Who,
    },
    /// Everything was read, and this is the plan. A later one supersedes it and its approvals.
    Planned {
        /// What was found.
        diagnosis: Box<Diagnosis>,
        /// What should be done.
        plan: Box<Plan>,
        /// The plan's digest; `None` without steps.
        digest: Option<String>,
    },
    /// One person approved one digest.
    Approved {
        /// Slack user id.
        by: String,
        /// What they approved.
        digest: String,
    },
    /// Somebody declined.
    Declined {
        /// Slack user id.
        by: String,
        /// What they declined.
        digest: String,
    },
    /// Nobody approved in time.
    Expired {
        /// What was not approved.
        digest: String,
    },
    /// Somebody stopped the run.
    Cancelled {
        /// Slack user id.
        by: String,
    },
    /// What was there before a risky step, for undo.
    Snapshot {
        /// The step.
        step: usize,
        /// Account, records and groups as they were.
        was: Value,
    },
    /// A step begins: the point of no return. Nothing leaves the house before this is committed.
    Began {
        /// The step.
        step: usize,
        /// What was there.
        before: Value,
    },
    /// A step was done already when its turn came.
    Already {
        /// The step.
        step: usize,
    },
    /// A step's wanted state was read back.
    Confirmed {
        /// The step.
        step: usize,
        /// What is there now.
        after: Value,
    },
    /// A step that repeats what provisioning would do was accepted and changed nothing; the next rung may help.
    NoEffect {
        /// The step.
        step: usize,
        /// What was said.
        why: String,
    },
    /// The run waits for a person.
    Paused {
        /// The step, if it was one.
        step: Option<usize>,
        /// Why.
        halt: Halt,
        /// In words.
        why: String,
    },
    /// A person wants a new look.
    Retried {
        /// Slack user id.
        by: String,
    },
    /// Somebody tried something they may not do; nothing came of it.
    Denied {
        /// Slack user id.
        by: String,
        /// What they tried.
        what: String,
        /// Why not.
        why: String,
    },
    /// The end.
    Ended {
        /// How.
        outcome: Outcome,
        /// In words.
        says: String,
    },
}

impl Event {
    /// The kind, as the store keeps it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Opened { .. } => "opened",
            Self::Admitted { .. } => "admitted",
            Self::Planned { .. } => "planned",
            Self::Approved { .. } => "approved",
            Self::Declined { .. } => "declined",
            Self::Expired { .. } => "expired",
            Self::Cancelled { .. } => "cancelled",
            Self::Snapshot { .. } => "snapshot",
            Self::Began { .. } => "began",
            Self::Already { .. } => "already",
            Self::Confirmed { .. } => "confirmed",
            Self::NoEffect { .. } => "no-effect",
            Self::Paused { .. } => "paused",
            Self::Retried { .. } => "retried",
            Self::Denied { .. } => "denied",
            Self::Ended { .. } => "ended",
        }
    }
}

/// A person × a digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// Slack user id.
    pub by: String,
    /// What was approved.
    pub digest: String,
    /// When.
    pub at: Timestamp,
}

/// How far a step has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Progress {
    /// Not begun.
    #[default]
    Open,
    /// Begun, not settled.
    Begun,
    /// Settled: confirmed, or done already.
    Done,
    /// It was accepted and changed nothing.
    Fruitless,
}

/// The plan a run is on.
#[derive(Clone, Debug)]
pub struct Current {
    /// What was found.
    pub diagnosis: Diagnosis,
    /// What is to be done.
    pub plan: Plan,
    /// The plan's digest.
    pub digest: Option<String>,
    /// When it was made.
    pub at: Timestamp,
    /// Approvals of exactly this digest.
    pub approvals: Vec<Approval>,
    /// Progress per step.
    pub progress: Vec<Progress>,
    /// When the last step was settled.
    pub settled_at: Option<Timestamp>,
    /// Somebody declined it, or nobody approved in time: the first of Approved and these wins.
    pub closed: Option<Outcome>,
}

impl Current {
    /// Whether the time to begin a step, counted from the approval or the end of the step before, has run out.
    fn is_late(&self, now: Timestamp, limits: &Limits) -> bool {
        let approved_at = self.approvals.iter().map(|approval| approval.at).max().unwrap_or(self.at);
        let since = self.settled_at.map_or(approved_at, |settled| settled.max(approved_at));
        now > add(since, limits.start_within)
    }
}

/// Waiting for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The step, if it was one.
    pub step: Option<usize>,
    /// Why.
    pub halt: Halt,
    /// In words.
    pub why: String,
}

/// The fold of a run's entries.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// Number of the last entry.
    pub seq: i64,
    /// Who asked.
    pub asked: Option<Asked>,
    /// When.
    pub opened_at: Option<Timestamp>,
    /// The rule that admitted the requester, and whom WHO turned out to be.
    pub admitted: Option<(String, super::Who)>,
    /// The current plan.
    pub current: Option<Current>,
    /// What the run has done under earlier plans: op and whether it changed anything.
    pub done: Vec<(Op, bool)>,
    /// Of these, the provisioning that came to its end; what was refused on the way may be tried again.
    settled: Vec<Op>,
    /// Waiting for a person.
    pub waiting: Option<Waiting>,
    /// A person asked for a new look, or a step was fruitless: plan again.
    pub look_again: bool,
    /// How many plans there were.
    pub plans: u32,
    /// Who wants it stopped before its next step.
    pub cancelled: Option<String>,
    /// The end.
    pub ended: Option<(Outcome, String)>,
}

/// An entry that cannot follow those before it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("entry {seq} ({kind}) cannot stand there: {why}")]
pub struct Illegal {
    /// Its number.
    pub seq: i64,
    /// Its kind.
    pub kind: &'static str,
    /// Why.
    pub why: &'static str,
}

/// Times that [`Run::next`] needs from the configuration.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// `approvals.expire_after`
    pub expire_after: Duration,
    /// `approvals.start_within`
    pub start_within: Duration,
}

/// What comes next.
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
        /// Expiry.
        until: Timestamp,
    },
    /// Nobody approved in time: write that down.
    Expire,
    /// The plan has no steps: end with the advice.
    Conclude,
    /// Wait for a person.
    AwaitPerson,
    /// Somebody stopped the run, and no step is on its way: end it.
    Stop,
    /// Nothing is left to do.
    Nothing,
}

impl Run {
    /// Folds entries into a run.
    ///
    /// # Errors
    /// [`Illegal`] for the first entry that cannot stand where it stands.
    pub fn fold<'a>(entries: impl IntoIterator<Item = (i64, Timestamp, &'a Event)>) -> Result<Self, Illegal> {
        let mut run = Self::default();
        for (seq, at, event) in entries {
            run.apply(seq, at, event)?;
        }
        Ok(run)
    }

    /// Applies one entry.
    ///
    /// # Errors
    /// [`Illegal`] when it cannot follow what is there.
    pub fn apply(&mut self, seq: i64, at: Timestamp, event: &Event) -> Result<(), Illegal> {
        self.legal(seq, event).map_err(|why| Illegal { seq, kind: event.kind(), why })?;
        self.seq = seq;
        match event {
            Event::Opened { asked } => {
                self.asked = Some(asked.clone());
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
                    settled_at: None,
                    closed: None,
                });
            }
            Event::Approved { by, digest } => {
                if let Some(current) = &mut self.current {
                    current.approvals.push(Approval { by: by.clone(), digest: digest.clone(), at });
                }
            }
            Event::Began { step, .. } => self.mark(*step, Progress::Begun, None),
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
            Event::Ended { outcome, says } => self.ended = Some((*outcome, says.clone())),
            Event::Cancelled { by } => self.cancelled = Some(by.clone()),
            Event::Declined { .. } => self.close(Outcome::Declined),
            Event::Expired { .. } => self.close(Outcome::Expired),
            Event::Snapshot { .. } | Event::Denied { .. } => {}
        }
        Ok(())
    }

    fn close(&mut self, outcome: Outcome) {
        if let Some(current) = &mut self.current {
            current.closed = current.closed.or(Some(outcome));
        }
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
                Progress::Begun | Progress::Fruitless => self.done.push((step.op.clone(), false)),
                Progress::Open => {}
            }
        }
    }

    fn legal(&self, seq: i64, event: &Event) -> Result<(), &'static str> {
        if seq != self.seq + 1 {
            return Err("its number does not follow");
        }
        if self.ended.is_some() && !matches!(event, Event::Denied { .. }) {
            return Err("the run has ended");
        }
        if self.asked.is_none() != matches!(event, Event::Opened { .. }) {
            return Err("a run begins with its opening, once");
        }
        let progress =
            |step: &usize| self.current.as_ref().and_then(|current| current.progress.get(*step)).copied();
        match event {
            Event::Planned { plan, digest, .. } if plan.digest() != *digest => {
                Err("the digest is not the plan's")
            }
            Event::Planned { .. } if self.admitted.is_none() => Err("nobody was admitted"),
            Event::Planned { .. } if self.waiting.is_some() => Err("the run waits for a person"),
            Event::Planned { .. } if self.is_on_its_way() && !self.look_again => Err("a step is on its way"),
            Event::Retried { .. } if self.is_on_its_way() => Err("a step is on its way"),
            Event::Approved { by, digest } => self.legal_approval(by, digest),
            Event::Declined { digest, .. } | Event::Expired { digest } => self.legal_answer(digest),
            Event::Began { step, .. } => {
                match (progress(step), self.current.as_ref().and_then(|c| c.plan.steps.get(*step))) {
                    _ if self.waiting.is_some() => Err("the run waits for a person"),
                    _ if self.open_index() != Some(*step) => Err("another step comes first"),
                    // A step that can safely be sent again may begin again; a one-shot step never does.
                    (Some(Progress::Begun), Some(step)) if step.op.is_one_shot() => {
                        Err("a one-shot step begins once")
                    }
                    (Some(Progress::Open | Progress::Begun), _) => Ok(()),
                    _ => Err("there is no such open step"),
                }
            }
            Event::Confirmed { step, .. } | Event::NoEffect { step, .. } => match progress(step) {
                Some(Progress::Begun) => Ok(()),
                _ => Err("the step has not begun"),
            },
            Event::Already { step } => match progress(step) {
                _ if self.open_index() != Some(*step) => Err("another step comes first"),
                Some(Progress::Open) => Ok(()),
                _ => Err("the step is not open"),
            },
            _ => Ok(()),
        }
    }

    /// An answer is about the current plan, and the first one that closes it is the last.
    fn legal_answer(&self, digest: &str) -> Result<(), &'static str> {
        let Some(current) = &self.current else { return Err("there is no plan") };
        if current.digest.as_deref() != Some(digest) {
            return Err("it is about another plan");
        }
        if current.closed.is_some() {
            return Err("the plan was declined or has expired");
        }
        Ok(())
    }

    fn legal_approval(&self, by: &str, digest: &str) -> Result<(), &'static str> {
        self.legal_answer(digest)?;
        let Some(current) = &self.current else { return Err("there is no plan") };
        if current.approvals.iter().any(|approval| approval.by == by) {
            return Err("one person approves once");
        }
        if self.asked.as_ref().is_some_and(|asked| asked.by == by) {
            return Err("nobody approves their own request");
        }
        Ok(())
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

    /// Ops of this run that were done and changed nothing: not to be proposed again.
    #[must_use]
    pub fn tried(&self) -> Vec<Op> {
        let now = self.current.iter().flat_map(|current| current.plan.steps.iter().zip(&current.progress));
        // Provisioning that was confirmed and yet leaves access missing has been tried as well.
        let settled =
            now.filter(|(_, p)| matches!(p, Progress::Fruitless | Progress::Done)).map(|(step, _)| &step.op);
        self.settled.iter().chain(settled).filter(|op| op.rung() <= 2).cloned().collect()
    }

    /// Steps done so far, over all plans, with whether they took effect.
    #[must_use]
    pub fn steps_done(&self) -> Vec<(Op, bool)> {
        let mut all = self.done.clone();
        if let Some(current) = &self.current {
            for (step, progress) in current.plan.steps.iter().zip(&current.progress) {
                match progress {
                    Progress::Done => all.push((step.op.clone(), true)),
                    Progress::Begun | Progress::Fruitless => all.push((step.op.clone(), false)),
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

    /// Whether a step was sent, or may have been, and nobody is asked about it yet.
    fn is_on_its_way(&self) -> bool {
        self.waiting.is_none() && self.open_step().is_some_and(|(_, _, p)| p == Progress::Begun)
    }

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
        // A step that has begun is brought to its end first: what is on its way cannot be called back.
        let closed = self.current.as_ref().is_some_and(|current| current.closed.is_some());
        if (self.cancelled.is_some() || closed) && !self.is_on_its_way() {
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
        if progress == Progress::Begun {
            return Next::Step { index, check_plan: false };
        }
        let needed = rules.needs(step.risk);
        if needed == 0 {
            return Next::Step { index, check_plan: false };
        }
        let started = current.progress.iter().any(|progress| *progress != Progress::Open);
        let approvals = u32::try_from(current.approvals.len()).unwrap_or(u32::MAX);
        if approvals < needed {
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

    /// Whether a step that has begun is too late to be sent again: its approval was for another hour.
    #[must_use]
    pub fn is_too_late(&self, step: &Step, now: Timestamp, rules: &Rules, limits: &Limits) -> bool {
        let late = self.current.as_ref().is_some_and(|current| current.is_late(now, limits));
        rules.needs(step.risk) > 0 && late
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
                Progress::Begun => "begun",
                Progress::Done => "done",
                Progress::Fruitless => "fruitless",
            };
            *tally.entry(word).or_insert(0) += 1;
        }
        tally
    }
}

fn add(at: Timestamp, wait: Duration) -> Timestamp {
    at.checked_add(wait).unwrap_or(Timestamp::MAX)
}
