//! The one pipeline: gather, add prior runs, diagnose, plan. `check` in Slack and in the terminal, a repair and a
//! sweep all use it. The same evidence therefore always gives the same plan. It only reads, and must never write to
//! the journal.

use reinstate_core::sweep::{Census, SweepQuery};
use reinstate_core::{
    Diagnosis, Evidence, Op, Plan, Rules, Step, Subject, diagnose, plan, retire_plan, undo_plan,
};

use super::prior_runs::PriorRuns;
use crate::world::{ReadScope, World};

/// Where the evidence comes from.
pub enum Gather<'a> {
    /// Reads everything for one person.
    Person(Subject),
    /// The same, and all other requests pass first.
    Background(Subject),
    /// Reuses what the lists of a sweep already hold, and reads only the rest.
    Listed(&'a SweepQuery, &'a Census),
}

pub enum PlanFor<'a> {
    /// Restore access.
    Repair,
    /// Reverse the steps that another run began.
    Undo(&'a [Op]),
    /// Retire the account that another run left over.
    Retire(&'a str),
}

/// The result of one assessment of a person.
#[derive(Clone, Debug)]
pub struct Assessment {
    pub diagnosis: Diagnosis,
    pub plan: Plan,
    /// Why prior runs could not be read, where they might matter. An old refusal in the log then keeps its weight.
    pub prior_runs_unread: Option<String>,
}

/// Assesses one person and makes a plan. `tried` holds the steps that this run has already settled.
pub async fn assess(
    world: &dyn World,
    prior_runs: &PriorRuns,
    rules: &Rules,
    gather: Gather<'_>,
    goal: PlanFor<'_>,
    tried: &[Step],
) -> Assessment {
    let (evidence, prior_runs_unread) = gather_evidence(world, prior_runs, gather).await;
    assess_evidence(&evidence, prior_runs_unread, rules, goal, tried)
}

/// The first half: gathers the evidence and adds prior runs. Also returns why prior runs could not be read.
pub async fn gather_evidence(
    world: &dyn World,
    prior_runs: &PriorRuns,
    gather: Gather<'_>,
) -> (Evidence, Option<String>) {
    let mut evidence = match gather {
        Gather::Person(subject) => world.gather(subject, ReadScope::Everything).await,
        Gather::Background(subject) => world.gather_in_background(subject).await,
        Gather::Listed(asked, census) => world.look(asked, census).await,
    };
    let prior_runs_unread = prior_runs.add_to(&mut evidence).await.err();
    (evidence, prior_runs_unread)
}

/// The second half: diagnoses and plans. It reads nothing.
#[must_use]
pub fn assess_evidence(
    evidence: &Evidence,
    prior_runs_unread: Option<String>,
    rules: &Rules,
    goal: PlanFor<'_>,
    tried: &[Step],
) -> Assessment {
    let diagnosis = diagnose(evidence);
    let plan = match goal {
        PlanFor::Repair => plan(evidence, &diagnosis, rules, tried),
        PlanFor::Undo(begun) => undo_plan(evidence, &diagnosis, rules, begun, tried),
        PlanFor::Retire(account) => retire_plan(evidence, &diagnosis, rules, account, tried),
    };
    Assessment { diagnosis, plan, prior_runs_unread }
}
