//! The entries of a run's journal, in the core's own words. An entry is never changed: what it means now must be
//! what it meant when it was written, so a new field has a default.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::Who;
use crate::diagnose::Diagnosis;
use crate::fold::{JournalEvent, Kind};
use crate::op::Op;
use crate::plan::Plan;

/// Who asks for something, as a signed payload of Slack names them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requester {
    /// Slack user id; empty for the schedule.
    #[serde(rename = "by")]
    pub id: String,
    /// The team of the payload, if it names one.
    pub team: Option<String>,
    /// The enterprise of the payload, if it names one.
    pub enterprise: Option<String>,
}

impl Requester {
    /// Somebody of whom no payload says where they belong.
    #[must_use]
    pub fn with_id(id: impl Into<String>) -> Self {
        Self { id: id.into(), team: None, enterprise: None }
    }
}

/// Where a command came from, as Slack signed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// In an entry its fields stand beside the others, as in version 1.
    #[serde(flatten)]
    pub by: Requester,
    /// The channel it was typed in.
    pub channel: String,
    /// The words after the command.
    pub text: String,
    /// Where private answers may go for 30 minutes.
    pub response_url: Option<String>,
    /// What the run is for.
    #[serde(default)]
    pub aim: Goal,
}

/// What a run is for. Everything else about it is the same: another aim only makes another plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Goal {
    /// Access is back.
    Repair {
        /// Of several accounts, the one that a person picked to be kept.
        keep: Option<String>,
    },
    /// What another run did is taken back.
    Undo { run: String },
    /// The account that another run left over is retired.
    Retire { run: String },
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
    /// Access was good from the start.
    Healthy,
    /// Access is back, and that was proven.
    Restored,
    /// What was asked for is done, and was read back: an undo, or an account that is retired.
    Done,
    /// Only people can do what is left; the advice says what.
    Advice,
    /// It could not be told.
    CannotTell,
    /// The requester may not do this, or the words named nobody.
    Refused,
    /// Another run is on the same identities.
    Busy,
    Declined,
    /// Nobody approved in time.
    Expired,
    /// Somebody stopped it.
    Cancelled,
    /// The account had another plan by then than the one on a sweep's list.
    Skipped,
}

/// A run that is one of many: the sweep it belongs to, and the one plan that was listed there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweepPart {
    pub sweep: String,
    /// The digest of the plan on the approved list.
    pub digest: String,
    /// Until when it may begin. None in entries of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

impl Outcome {
    /// The word used in metrics and logs.
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
    /// The world is not the one the plan was made for.
    Changed,
    /// A condition is not read and true any more.
    Condition,
    /// An irreversible call may or may not have happened.
    Ambiguous,
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
        asked: Request,
        /// The sweep it is part of, if it is one of many.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        part: Option<SweepPart>,
    },
    /// The requester may do it.
    Admitted {
        /// The rule that says so.
        rule: String,
        /// The address or account id that WHO turned out to be.
        who: Who,
    },
    /// Everything was read, and this is the plan. A later one supersedes it and its approvals.
    Planned {
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
        digest: String,
    },
    Declined {
        /// Slack user id.
        by: String,
        digest: String,
    },
    /// Nobody approved in time.
    Expired { digest: String },
    /// Somebody stopped the run.
    Cancelled {
        /// Slack user id.
        by: String,
    },
    /// What was there before a risky step, for undo.
    Snapshot {
        step: usize,
        /// Account, records and groups as they were.
        was: Value,
    },
    /// A step begins: the point of no return. Nothing is sent before this is committed.
    Began {
        step: usize,
        before: Value,
        /// How many approvals the configuration asked for when it began. None in entries of older versions.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        needs: Option<u32>,
    },
    /// The upstream took a step whose effect takes long. Each process that claims the run looks for it again.
    Accepted { step: usize },
    /// A step was done already when its turn came.
    Already { step: usize },
    /// A step's wanted state was read back.
    Confirmed { step: usize, after: Value },
    /// A step that repeats what provisioning would do was accepted and changed nothing; the next rung may help.
    NoEffect { step: usize, why: String },
    /// The run waits for a person.
    Paused {
        /// The step, if it was one.
        step: Option<usize>,
        halt: PauseReason,
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
        what: String,
        why: String,
    },
    Ended {
        outcome: Outcome,
        #[serde(rename = "says")]
        message: String,
    },
}

impl Event {
    /// The name of the entry, as the store keeps it.
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
                "steps": plan.steps.iter().map(|step| step.op.action()).collect::<Vec<_>>(),
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
            Self::Opened { .. }
            | Self::Admitted { .. }
            | Self::Cancelled { .. }
            | Self::Retried { .. }
            | Self::Denied { .. } => json!({}),
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

/// The ops that a run began, in order, each once: what may have to be taken back. What was done already when its turn
/// came is somebody else's.
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
