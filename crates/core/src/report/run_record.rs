//! What a report needs of one run: when it was opened and how it ended, its plans, and their steps. It is made from the
//! entries of the run one by one, so that no fold is held in memory. It must never keep anything that names a person,
//! except whom the run is about; that is only compared, so that nobody is counted twice.

use jiff::Timestamp;
use serde_json::Value;

use super::facts::{Facts, GoalKind, Illegible, Planned};
use crate::diagnose::Diagnosis;
use crate::finding::{Cause, Verdict};
use crate::fold::JournalEvent as _;
use crate::op::Risk;
use crate::run::{Event, Outcome};
use crate::subject::name_of;

/// What is left of an entry.
#[derive(Clone, Debug)]
pub enum Remains<'a> {
    /// All of it.
    Event(&'a Event),
    /// Only its facts, because retention erased the rest.
    Facts {
        /// The name of the entry, as the store keeps it.
        kind: &'a str,
        facts: Value,
    },
}

/// One run, as far as a report counts it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunRecord {
    pub(super) opened_at: Option<Timestamp>,
    goal: Option<GoalKind>,
    pub(super) ended: Option<(Outcome, Timestamp)>,
    /// Whom the run is about, and how surely that is one human.
    person: Option<(Surety, String)>,
    /// Whether retention erased the personal part of an entry.
    pub(super) is_erased: bool,
    pub(super) plans: Vec<PlanRecord>,
}

/// By what a person is known. A later one is surer: two addresses may be one person's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Surety {
    Name,
    Account,
    Person,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PlanRecord {
    pub(super) at: Timestamp,
    pub(super) facts: Planned,
    pub(super) steps: Vec<StepRecord>,
    /// When each approval was written, oldest first.
    pub(super) approved: Vec<Timestamp>,
    pub(super) closed: Option<Closed>,
}

/// Why a plan is not carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closed {
    Declined,
    Expired,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct StepRecord {
    pub(super) action: String,
    /// `None` if the facts are of an older version.
    pub(super) risk: Option<Risk>,
    /// When it began first.
    pub(super) began: Option<Timestamp>,
    /// How many approvals it needed. `None` if it has not begun, or in entries of older versions.
    pub(super) needs: Option<u32>,
    /// Whether the wanted state was read back, or was there before the step began.
    pub(super) is_done: bool,
    /// Whether the service accepted it and nothing changed.
    pub(super) had_no_effect: bool,
}

/// What a run was about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MainCause {
    /// The first cause of the trail that blocks access.
    Proven(Cause),
    /// Access was missing, and no cause was proven.
    NotProven,
    /// Retention erased which of the causes blocked.
    Unread,
}

impl RunRecord {
    /// Adds the next entry of the run.
    ///
    /// # Errors
    /// [`Illegible`] if its facts are not those of its kind. The run must then not be counted.
    pub fn add(&mut self, at: Timestamp, entry: Remains<'_>) -> Result<(), Illegible> {
        let facts = match entry {
            Remains::Event(event) => {
                if let Event::Planned { diagnosis, .. } = event {
                    self.meet(diagnosis);
                }
                Facts::read(event.kind(), event.facts())?
            }
            Remains::Facts { kind, facts } => {
                self.is_erased = true;
                Facts::read(kind, facts)?
            }
        };
        self.take(at, facts)
    }

    fn take(&mut self, at: Timestamp, facts: Facts) -> Result<(), Illegible> {
        match facts {
            Facts::Opened(goal) => {
                self.opened_at = Some(at);
                self.goal = goal;
            }
            Facts::Planned(facts) => self.plans.push(PlanRecord::new(at, facts)),
            Facts::Ended(outcome) => self.ended = Some((outcome, at)),
            Facts::Approved => self.plan()?.approved.push(at),
            Facts::Declined => self.plan()?.close(Closed::Declined),
            Facts::Expired => self.plan()?.close(Closed::Expired),
            Facts::Began { step, needs } => {
                let step = self.step(step)?;
                step.began = step.began.or(Some(at));
                step.needs = step.needs.max(needs);
            }
            Facts::Done(step) => self.step(step)?.is_done = true,
            Facts::NoEffect(step) => self.step(step)?.had_no_effect = true,
            Facts::Other => {}
        }
        Ok(())
    }

    fn plan(&mut self) -> Result<&mut PlanRecord, Illegible> {
        self.plans.last_mut().ok_or(Illegible)
    }

    fn step(&mut self, index: usize) -> Result<&mut StepRecord, Illegible> {
        self.plan()?.steps.get_mut(index).ok_or(Illegible)
    }

    /// Keeps the surest name of the person.
    fn meet(&mut self, diagnosis: &Diagnosis) {
        let named = match (&diagnosis.person, &diagnosis.account) {
            (Some(person), _) => (Surety::Person, format!("idp:{person}")),
            (None, Some(account)) => (Surety::Account, format!("account:{account}")),
            (None, None) => (Surety::Name, name_of(&diagnosis.subject.who)),
        };
        if self.person.as_ref().is_none_or(|(surety, _)| *surety <= named.0) {
            self.person = Some(named);
        }
    }

    /// Whom the run is about. `None` if retention erased it, or if the run has no plan.
    pub(super) fn person(&self) -> Option<&str> {
        self.person.as_ref().map(|(_, name)| name.as_str())
    }

    /// Whether the run is a repair. `None` if retention erased it and the outcome does not tell.
    pub(super) fn is_repair(&self) -> Option<bool> {
        let outcome = self.ended.map(|(outcome, _)| outcome);
        match (self.goal, outcome) {
            (Some(goal), _) => Some(goal == GoalKind::Repair),
            (None, Some(Outcome::Restored | Outcome::Healthy | Outcome::CannotTell | Outcome::Skipped)) => {
                Some(true)
            }
            (None, Some(Outcome::Done)) => Some(false),
            (None, _) => None,
        }
    }

    /// When the run ended with access restored.
    pub(super) fn restored_at(&self) -> Option<Timestamp> {
        self.ended.filter(|(outcome, _)| *outcome == Outcome::Restored).map(|(_, at)| at)
    }

    /// The first plan that found access missing.
    pub(super) fn first_broken(&self) -> Option<&PlanRecord> {
        self.plans.iter().find(|plan| plan.facts.verdict == Verdict::Broken)
    }
}

impl PlanRecord {
    fn new(at: Timestamp, facts: Planned) -> Self {
        let risk = |index: usize| facts.risks.as_ref().and_then(|risks| risks.get(index)).copied();
        let step = |(index, action): (usize, &String)| StepRecord {
            action: action.clone(),
            risk: risk(index),
            ..StepRecord::default()
        };
        let steps = facts.steps.iter().enumerate().map(step).collect();
        Self { at, facts, steps, approved: Vec::new(), closed: None }
    }

    fn close(&mut self, closed: Closed) {
        self.closed = self.closed.or(Some(closed));
    }

    /// The cause that blocks access first.
    pub(super) fn cause(&self) -> MainCause {
        match &self.facts.blocking {
            Some(blocking) => {
                blocking.first().map_or(MainCause::NotProven, |cause| MainCause::Proven(*cause))
            }
            None => MainCause::Unread,
        }
    }

    /// The steps that began.
    pub(super) fn begun(&self) -> impl Iterator<Item = &StepRecord> {
        self.steps.iter().filter(|step| step.began.is_some())
    }

    /// When enough people had approved the plan. `None` if it needed nobody, or was not carried out.
    pub(super) fn approved_at(&self) -> Option<Timestamp> {
        let first = self.begun().filter_map(|step| step.began).min()?;
        match self.begun().map(|step| step.needs).max().flatten() {
            Some(0) => None,
            Some(needs) => self.approved.get(usize::try_from(needs).ok()?.checked_sub(1)?).copied(),
            // Entries of older versions do not say how many were needed. They were enough when the first step began.
            None => self.approved.iter().filter(|at| **at <= first).max().copied(),
        }
    }
}
