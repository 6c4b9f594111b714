//! The entries of a run's journal. An entry that was written never changes its meaning. So a new field must have a
//! default, and no field may be reused for something else.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::reason::{EndMessage, PauseMessage};
use crate::Who;
use crate::diagnose::Diagnosis;
use crate::fold::{JournalEvent, Kind};
use crate::op::Op;
use crate::plan::Plan;

/// The person who asks for something, as named in a signed Slack payload.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requester {
    /// Slack user id. Empty if the schedule asked.
    #[serde(rename = "by")]
    pub id: String,
    /// The team id in the payload, if there is one.
    pub team: Option<String>,
    /// The enterprise id in the payload, if there is one.
    pub enterprise: Option<String>,
}

impl Requester {
    /// A requester without team and enterprise, because no payload names them.
    #[must_use]
    pub fn with_id(id: impl Into<String>) -> Self {
        Self { id: id.into(), team: None, enterprise: None }
    }
}

/// Where a command came from, as given in the payload that Slack signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Flattened: the journal entry has these fields at its own level, as in version 1.
    #[serde(flatten)]
    pub by: Requester,
    /// Id of the Slack channel in which the command was typed.
    pub channel: String,
    /// The text after the command name.
    pub text: String,
    /// The URL for private answers. Slack accepts answers there for 30 minutes.
    pub response_url: Option<String>,
    /// What the run should achieve.
    #[serde(default)]
    pub aim: Goal,
    /// Slack user id of the person who asked for this help, if somebody did. They hear the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub helps: Option<String>,
}

/// What a run should achieve. The goal only selects which planner function makes the plan; the rest of a run is the
/// same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Goal {
    /// Restore the person's access.
    Repair {
        /// If there are several accounts: the one that a person chose to keep.
        keep: Option<String>,
    },
    /// Undo the steps of another run.
    Undo { run: String },
    /// Retire the account that another run left without use.
    Retire { run: String },
}

impl Goal {
    /// The name used in the facts of an entry.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Repair { .. } => "repair",
            Self::Undo { .. } => "undo",
            Self::Retire { .. } => "retire",
        }
    }
}

impl Default for Goal {
    fn default() -> Self {
        Self::Repair { keep: None }
    }
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The person had access from the start.
    Healthy,
    /// Access is restored, and a reading has proven it.
    Restored,
    /// The requested change is done and was read back. This is the good end of an undo or a retirement.
    Done,
    /// Only people can do what is left. The advice says what.
    Advice,
    /// The diagnosis was not possible.
    CannotTell,
    /// The requester is not allowed to do this, or WHO named nobody.
    Refused,
    /// Another run has claimed the same identities.
    Busy,
    Declined,
    /// Nobody approved the plan in time.
    Expired,
    /// Somebody stopped the run.
    Cancelled,
    /// The account now has a different plan from the one on the sweep's list.
    Skipped,
}

/// Marks a run as part of a sweep: which sweep, and which plan the approved list contains.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweepPart {
    pub sweep: String,
    /// The digest of the plan on the approved list.
    pub digest: String,
    /// The time until which the run may begin. `None` in entries of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

impl Outcome {
    /// The name used in metrics and logs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Restored => "restored",
            Self::Done => "done",
            Self::Advice => "advice",
            Self::CannotTell => "cannot-tell",
            Self::Refused => "refused",
            Self::Busy => "busy",
            Self::Declined => "declined",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
            Self::Skipped => "skipped",
        }
    }
}

/// Why a run waits for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PauseReason {
    /// The state is not the one that the plan was made for.
    Changed,
    /// A condition is no longer both read and true.
    Condition,
    /// A one-shot call may or may not have been carried out.
    Ambiguous,
    Refused,
    /// The upstream service accepted the step, but its effect did not appear.
    Unconfirmed,
    /// The daily cap is reached.
    Cap,
}

/// One entry of the journal of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Event {
    /// Somebody asked for a run.
    Opened {
        asked: Request,
        /// The sweep that this run is part of, if any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        part: Option<SweepPart>,
    },
    /// The requester is allowed to do this.
    Admitted {
        /// The rule that allows it.
        rule: String,
        /// The address or account id that WHO was resolved to.
        who: Who,
    },
    /// Everything was read, and this is the plan. A later `Planned` supersedes this plan and its approvals.
    Planned {
        diagnosis: Box<Diagnosis>,
        plan: Box<Plan>,
        /// The plan's digest. `None` for a plan without steps.
        digest: Option<String>,
    },
    /// One person approved one digest.
    Approved {
        /// Slack user id.
        by: String,
        digest: String,
    },
    Declined {
        /// Slack user id.
        by: String,
        digest: String,
    },
    /// Nobody approved the plan in time.
    Expired { digest: String },
    /// Somebody stopped the run.
    Cancelled {
        /// Slack user id.
        by: String,
    },
    /// The state before a risky step, for undo.
    Snapshot {
        step: usize,
        /// The account, its records and its groups before the step.
        was: Value,
    },
    /// A step begins. The executor commits this entry before it sends anything. From here on, the step may have taken
    /// effect.
    Began {
        step: usize,
        before: Value,
        /// How many approvals the configuration required at that time. `None` in entries of older versions.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        needs: Option<u32>,
    },
    /// The upstream service accepted a step whose effect takes long. Each process that claims the run checks for the
    /// effect again.
    Accepted { step: usize },
    /// The wanted state of a step was already there when its turn came.
    Already { step: usize },
    /// The wanted state of a step was read back.
    Confirmed { step: usize, after: Value },
    /// A step that repeats what provisioning does was accepted but changed nothing. The next rung may help.
    NoEffect {
        step: usize,
        #[serde(flatten)]
        why: PauseMessage,
    },
    /// The run waits for a person.
    Paused {
        /// The step that the pause concerns, if any.
        step: Option<usize>,
        halt: PauseReason,
        #[serde(flatten)]
        why: PauseMessage,
    },
    /// A person asked for a new reading and a new plan.
    Retried {
        /// Slack user id.
        by: String,
    },
    /// Somebody tried something that they are not allowed to do. It had no effect.
    Denied {
        /// Slack user id.
        by: String,
        what: String,
        why: String,
    },
    Ended {
        outcome: Outcome,
        #[serde(flatten)]
        message: EndMessage,
    },
}

impl Event {
    /// The name of the entry, as the store writes it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Opened { .. } => Kind::Run.opening(),
            Self::Admitted { .. } => "admitted",
            Self::Planned { .. } => "planned",
            Self::Approved { .. } => "approved",
            Self::Declined { .. } => "declined",
            Self::Expired { .. } => "expired",
            Self::Cancelled { .. } => "cancelled",
            Self::Snapshot { .. } => "snapshot",
            Self::Began { .. } => "began",
            Self::Accepted { .. } => "accepted",
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

impl JournalEvent for Event {
    fn kind(&self) -> &'static str {
        Self::kind(self)
    }

    fn facts(&self) -> Value {
        match self {
            Self::Planned { plan, digest, diagnosis } => json!({
                "digest": digest,
                "verdict": diagnosis.verdict.word(),
                "causes": diagnosis.findings.iter().map(|finding| finding.code.code()).collect::<Vec<_>>(),
                "blocking": diagnosis
                    .findings
                    .iter()
                    .filter(|finding| finding.blocking)
                    .map(|finding| finding.code.code())
                    .collect::<Vec<_>>(),
                "steps": plan.steps.iter().map(|step| step.op.action()).collect::<Vec<_>>(),
                "risks": plan.steps.iter().map(|step| step.risk.word()).collect::<Vec<_>>(),
            }),
            Self::Approved { digest, .. } | Self::Declined { digest, .. } | Self::Expired { digest } => {
                json!({ "digest": digest })
            }
            Self::Began { step, needs, .. } => json!({ "step": step, "needs": needs }),
            Self::Snapshot { step, .. }
            | Self::Accepted { step }
            | Self::Already { step }
            | Self::Confirmed { step, .. }
            | Self::NoEffect { step, .. } => json!({ "step": step }),
            Self::Paused { step, halt, .. } => json!({ "step": step, "halt": halt }),
            Self::Ended { outcome, .. } => json!({ "outcome": outcome }),
            Self::Opened { asked, .. } => json!({ "goal": asked.aim.word() }),
            Self::Admitted { .. } | Self::Cancelled { .. } | Self::Retried { .. } | Self::Denied { .. } => {
                json!({})
            }
        }
    }

    fn is_end(&self) -> bool {
        matches!(self, Self::Ended { .. })
    }

    fn outcome(&self) -> Option<Outcome> {
        match self {
            Self::Ended { outcome, .. } => Some(*outcome),
            _ => None,
        }
    }
}

/// The ops that a run began, in order and each once. These may have to be undone. An op that was already done when its
/// turn came is not included, because the run did not change it.
#[must_use]
pub fn begun<'a>(events: impl IntoIterator<Item = &'a Event>) -> Vec<Op> {
    let mut plan: Option<&Plan> = None;
    let mut ops: Vec<Op> = Vec::new();
    for event in events {
        match event {
            Event::Planned { plan: newer, .. } => plan = Some(newer),
            Event::Began { step, .. } => {
                let op = plan.and_then(|plan| plan.steps.get(*step)).map(|step| &step.op);
                ops.extend(op.filter(|op| !ops.contains(op)).cloned());
            }
            _ => {}
        }
    }
    ops
}
