//! What the runs of some time achieved, in figures, from their journals alone. A [`Tally`] takes one run after the other
//! and keeps only counts and the names that it must not count twice. A [`Report`] must never hold anything that names a
//! person: no name, no address, no id. It must never guess: what retention erased and the facts do not tell is counted
//! as unread.

mod attempts;
mod facts;
mod lasting_change;
mod period;
mod run_record;
mod spread;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;

use super::evidence::HopelessPlan;
use super::finding::Cause;
use super::op::Risk;
use super::plan::WorkedHere;
pub use facts::Illegible;
pub use lasting_change::ends_with_one_change;
pub use period::Unit;
pub use run_record::{Remains, RunRecord};
pub use spread::Spread;

use attempts::{PlanKind, PlanResult, Remedy};
use run_record::{Closed, MainCause, PlanRecord};

/// From how many people on a cause is recurring.
const MIN_PEOPLE: u64 = 2;

/// From how many failures on a plan that never worked here is not proposed again.
const HOPELESS: u64 = 5;

/// The figures of the runs that were opened in some time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub since: Timestamp,
    pub until: Timestamp,
    /// The length of a period in [`CauseFigures::by_period`].
    pub unit: Unit,
    /// Runs that were opened to restore somebody's access.
    pub repairs: u64,
    /// Runs that were opened to undo or to tidy up after another run.
    pub other_runs: u64,
    /// How the repairs ended, by the word of the outcome. The rest is still open.
    pub outcomes: BTreeMap<&'static str, u64>,
    pub people: People,
    /// From the command to the end of each repair that restored access.
    pub time_to_access: Spread,
    /// The cause of each repair that found access missing, the most frequent first.
    pub causes: Vec<CauseFigures>,
    /// Repairs that found access missing without a proven cause.
    pub without_cause: u64,
    pub approvals: Approvals,
    /// The steps that began in any run, by risk.
    pub steps: BTreeMap<Risk, u64>,
    /// Causes that several people had and that one change ends, those of the most people first.
    pub recurring: Vec<Recurring>,
    /// What was tried against which cause, the most frequent first.
    pub remedies: Vec<RemedyFigures>,
    pub unread: Unread,
}

/// Whom repairs gave their access back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct People {
    /// People, each counted once.
    pub helped: u64,
    /// Repairs of people who cannot be told apart any more, because retention erased who they are.
    pub repairs_without_person: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CauseFigures {
    pub cause: Cause,
    /// Repairs in which this cause blocked access first.
    pub repairs: u64,
    /// The same by the first day of the period in which the repair was opened.
    pub by_period: BTreeMap<Date, u64>,
}

/// The plans that had to be approved and were answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Approvals {
    /// From the plan to the last approval that it needed.
    pub wait: Spread,
    pub declined: u64,
    pub expired: u64,
}

impl Report {
    /// What is known of this step against this cause. `None` if it was not tried.
    #[must_use]
    pub fn worked_here(&self, cause: Cause, action: &str) -> Option<WorkedHere> {
        let figures = self.remedies.iter().find(|one| one.cause == cause && one.action == action)?;
        let worked = &figures.worked;
        Some(WorkedHere { tried: figures.tried, worked: worked.count(), seconds: worked.median() })
    }
}

impl Approvals {
    /// How many plans were approved by enough people and carried out.
    #[must_use]
    pub fn approved(&self) -> u64 {
        self.wait.count()
    }
}

/// A cause that one change ends for everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recurring {
    pub cause: Cause,
    /// People, each counted once.
    pub people: u64,
}

/// What was tried against a cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemedyFigures {
    pub cause: Cause,
    /// The action of the step.
    pub action: String,
    /// In how many repairs that have ended it was tried.
    pub tried: u64,
    /// From its beginning until access was back, in the repairs in which it was.
    pub worked: Spread,
}

/// What could not be read, so that the other figures lack it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unread {
    /// Runs whose journal cannot be read at all. No figure has them.
    pub runs: u64,
    /// Runs whose personal part was erased by retention. They count as far as their facts allow.
    pub erased: u64,
    /// Of these, runs of which it is not known what they were for.
    pub goals: u64,
    /// Of these, repairs of which it is not known which cause blocked access.
    pub causes: u64,
    /// Of these, steps whose risk is not known.
    pub risks: u64,
}

/// Adds up runs to a [`Report`].
#[derive(Clone, Debug)]
pub struct Tally {
    report: Report,
    helped: BTreeSet<String>,
    causes: BTreeMap<Cause, BTreeMap<Date, u64>>,
    people_by_cause: BTreeMap<Cause, BTreeSet<String>>,
    remedies: BTreeMap<Remedy, (u64, Spread)>,
    /// For each kind of plan: in how many repairs it worked, and in how many it failed.
    plans: BTreeMap<PlanKind, (u64, u64)>,
}

impl Tally {
    #[must_use]
    pub fn new(since: Timestamp, until: Timestamp) -> Self {
        let report = Report {
            since,
            until,
            unit: Unit::of(since, until),
            repairs: 0,
            other_runs: 0,
            outcomes: BTreeMap::new(),
            people: People::default(),
            time_to_access: Spread::default(),
            causes: Vec::new(),
            without_cause: 0,
            approvals: Approvals::default(),
            steps: BTreeMap::new(),
            recurring: Vec::new(),
            remedies: Vec::new(),
            unread: Unread::default(),
        };
        Self {
            report,
            helped: BTreeSet::new(),
            causes: BTreeMap::new(),
            people_by_cause: BTreeMap::new(),
            remedies: BTreeMap::new(),
            plans: BTreeMap::new(),
        }
    }

    /// Counts a run that cannot be read.
    pub fn add_unreadable(&mut self) {
        self.report.unread.runs += 1;
    }

    /// Counts a run.
    pub fn add(&mut self, run: &RunRecord) {
        let Some(opened_at) = run.opened_at else { return self.add_unreadable() };
        self.report.unread.erased += u64::from(run.is_erased);
        run.plans.iter().for_each(|plan| self.add_plan(plan));
        match run.is_repair() {
            Some(true) => self.add_repair(run, opened_at),
            Some(false) => self.report.other_runs += 1,
            None => self.report.unread.goals += 1,
        }
    }

    /// Counts the answers to a plan and the steps of it that began.
    fn add_plan(&mut self, plan: &PlanRecord) {
        let approvals = &mut self.report.approvals;
        match (plan.closed, plan.approved_at()) {
            (Some(Closed::Declined), _) => approvals.declined += 1,
            (Some(Closed::Expired), _) => approvals.expired += 1,
            (None, Some(at)) => approvals.wait.add(plan.at, at),
            (None, None) => {}
        }
        for step in plan.begun() {
            match step.risk {
                Some(risk) => *self.report.steps.entry(risk).or_default() += 1,
                None => self.report.unread.risks += 1,
            }
        }
    }

    fn add_repair(&mut self, run: &RunRecord, opened_at: Timestamp) {
        self.report.repairs += 1;
        if let Some((outcome, _)) = run.ended {
            *self.report.outcomes.entry(outcome.word()).or_default() += 1;
        }
        if let Some(restored_at) = run.restored_at() {
            self.report.time_to_access.add(opened_at, restored_at);
            match run.person() {
                Some(person) => drop(self.helped.insert(person.to_owned())),
                None => self.report.people.repairs_without_person += 1,
            }
        }
        if let Some(plan) = run.first_broken() {
            self.add_causes(run, plan, opened_at);
        }
        for (kind, result) in attempts::plans_of(run) {
            let (worked, failed) = self.plans.entry(kind).or_default();
            *if result == PlanResult::Worked { worked } else { failed } += 1;
        }
        for (remedy, worked) in attempts::of_run(run) {
            let (tried, spread) = self.remedies.entry(remedy).or_default();
            *tried += 1;
            if let Some((began, back)) = worked {
                spread.add(began, back);
            }
        }
    }

    fn add_causes(&mut self, run: &RunRecord, plan: &PlanRecord, opened_at: Timestamp) {
        match plan.cause() {
            MainCause::Proven(cause) => {
                let period = self.report.unit.start(opened_at);
                *self.causes.entry(cause).or_default().entry(period).or_default() += 1;
            }
            MainCause::NotProven => self.report.without_cause += 1,
            MainCause::Unread => self.report.unread.causes += 1,
        }
        if let (Some(person), Some(blocking)) = (run.person(), &plan.facts.blocking) {
            for cause in lasting_change::of_person(&plan.facts.causes, blocking) {
                self.people_by_cause.entry(cause).or_default().insert(person.to_owned());
            }
        }
    }

    /// The plans that failed often and never worked.
    #[must_use]
    pub fn hopeless(&self) -> Vec<HopelessPlan> {
        let never = self.plans.iter().filter(|(_, (worked, failed))| *worked == 0 && *failed >= HOPELESS);
        let plan = |((cause, actions), (_, failed)): (&PlanKind, &(u64, u64))| HopelessPlan {
            cause: *cause,
            actions: actions.clone(),
            failed: *failed,
        };
        never.map(plan).collect()
    }

    /// The figures of the runs that were added.
    #[must_use]
    pub fn report(&self) -> Report {
        let mut report = self.report.clone();
        report.people.helped = count(&self.helped);
        let by_cause = self.causes.iter().map(|(cause, by_period)| CauseFigures {
            cause: *cause,
            repairs: by_period.values().sum(),
            by_period: by_period.clone(),
        });
        report.causes = by_cause.collect();
        report.causes.sort_by_key(|one| std::cmp::Reverse(one.repairs));
        let recurring = self
            .people_by_cause
            .iter()
            .map(|(cause, people)| Recurring { cause: *cause, people: count(people) });
        report.recurring = recurring.filter(|one| one.people >= MIN_PEOPLE).collect();
        report.recurring.sort_by_key(|one| std::cmp::Reverse(one.people));
        let remedies = self.remedies.iter().map(|((cause, action), (tried, worked))| RemedyFigures {
            cause: *cause,
            action: action.clone(),
            tried: *tried,
            worked: worked.clone(),
        });
        report.remedies = remedies.collect();
        report.remedies.sort_by_key(|one| std::cmp::Reverse(one.tried));
        report
    }
}

fn count(people: &BTreeSet<String>) -> u64 {
    u64::try_from(people.len()).unwrap_or(u64::MAX)
}
