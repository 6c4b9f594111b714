//! The facts of an entry: the part that is kept forever and names nobody. A report counts with nothing else, so a run
//! counts the same before and after retention erased its personal part. Facts of older versions lack some fields. A
//! missing field must stay unknown; it never gets a default that is only usually right.

use serde::Deserialize;
use serde_json::Value;

use crate::finding::{Cause, Verdict};
use crate::op::Risk;
use crate::run::Outcome;

/// The facts are not those of an entry of this kind. The text of the entry is never quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the facts of an entry cannot be read")]
pub struct Illegible;

/// What a run should achieve, without the ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum GoalKind {
    Repair,
    Undo,
    Retire,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Planned {
    pub(super) verdict: Verdict,
    /// Every finding, in the order of the trail.
    pub(super) causes: Vec<Cause>,
    /// The findings that block access. `None` in facts of older versions.
    #[serde(default)]
    pub(super) blocking: Option<Vec<Cause>>,
    /// The action of each step.
    pub(super) steps: Vec<String>,
    /// The risk of each step. `None` in facts of older versions.
    #[serde(default)]
    pub(super) risks: Option<Vec<Risk>>,
}

/// The facts that a report uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Facts {
    /// `None` in facts of older versions.
    Opened(Option<GoalKind>),
    Planned(Planned),
    Approved,
    Declined,
    Expired,
    Began {
        step: usize,
        /// How many approvals the step needed. `None` in entries of older versions.
        needs: Option<u32>,
    },
    /// The wanted state of this step was read back, or was there before it began.
    Done(usize),
    NoEffect(usize),
    Ended(Outcome),
    /// An entry that no figure depends on.
    Other,
}

#[derive(Deserialize)]
struct Opened {
    #[serde(default)]
    goal: Option<GoalKind>,
}

#[derive(Deserialize)]
struct OfStep {
    step: usize,
    #[serde(default)]
    needs: Option<u32>,
}

#[derive(Deserialize)]
struct Ended {
    outcome: Outcome,
}

impl Facts {
    /// Reads the facts of an entry of this kind.
    pub(super) fn read(kind: &str, facts: Value) -> Result<Self, Illegible> {
        let step = |facts| of::<OfStep>(facts).map(|read| (read.step, read.needs));
        Ok(match kind {
            "opened" => Self::Opened(of::<Opened>(facts)?.goal),
            "planned" => Self::Planned(of(facts)?),
            "approved" => Self::Approved,
            "declined" => Self::Declined,
            "expired" => Self::Expired,
            "began" => {
                let (step, needs) = step(facts)?;
                Self::Began { step, needs }
            }
            "confirmed" | "already" => Self::Done(step(facts)?.0),
            "no-effect" => Self::NoEffect(step(facts)?.0),
            "ended" => Self::Ended(of::<Ended>(facts)?.outcome),
            _ => Self::Other,
        })
    }
}

fn of<T: for<'de> Deserialize<'de>>(facts: Value) -> Result<T, Illegible> {
    serde_json::from_value(facts).map_err(|_| Illegible)
}
