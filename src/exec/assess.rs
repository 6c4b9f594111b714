//! The one pipe: gather, add prior runs, diagnose, plan. `check` in Slack and in the terminal, a repair and a sweep all
//! take it, so one state of the world has one plan, whoever asks. It only reads, and must never write anything down.

use reinstate_core::sweep::{Census, SweepQuery};
use reinstate_core::{Diagnosis, Op, Plan, Rules, Step, Subject, diagnose, plan, retire_plan, undo_plan};

use super::prior_runs::PriorRuns;
use crate::world::{ReadScope, World};

/// Where the evidence comes from.
pub enum Gather<'a> {
    /// Everything is read for one person.
    Person(Subject),
    /// What the lists of a sweep know is not read again.
    Listed(&'a SweepQuery, &'a Census),
}

pub enum PlanFor<'a> {
    /// Bringing access back.
    Repair,
    /// Taking back what another run began.
    Undo(&'a [Op]),
    /// Retiring the account that another run left over.
    Retire(&'a str),
}

/// What one look at a person came to.
#[derive(Clone, Debug)]
pub struct Assessment {
    pub diagnosis: Diagnosis,
    pub plan: Plan,
    /// Why prior runs were not read, where they might matter. An old refusal keeps its weight then.
    pub prior_runs_unread: Option<String>,
}

/// Looks at one person and plans. `tried` are the steps that this run has settled.
pub async fn assess(
    world: &dyn World,
    prior_runs: &PriorRuns,
    rules: &Rules,
    gather: Gather<'_>,
    goal: PlanFor<'_>,
    tried: &[Step],
) -> Assessment {
    let mut evidence = match gather {
        Gather::Person(subject) => world.gather(subject, ReadScope::Everything).await,
        Gather::Listed(asked, census) => world.look(asked, census).await,
    };
    let prior_runs_unread = prior_runs.add_to(&mut evidence).await.err();
    let diagnosis = diagnose(&evidence);
    let plan = match goal {
        PlanFor::Repair => plan(&evidence, &diagnosis, rules, tried),
        PlanFor::Undo(begun) => undo_plan(&evidence, &diagnosis, rules, begun, tried),
        PlanFor::Retire(account) => retire_plan(&evidence, &diagnosis, rules, account, tried),
    };
    Assessment { diagnosis, plan, prior_runs_unread }
}
