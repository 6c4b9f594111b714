//! Why a run or a sweep ended, or why it waits, as data: the ids and counts that the message needs. Journal entries are
//! never rewritten, so variants and fields are added but never renamed. It must never hold text for people.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::evidence::Source;

/// Why a run or a sweep ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum EndReason {
    /// The command was not carried out within [`crate::run::MAX_REQUEST_AGE`].
    CommandOverdue,
    /// The repair of a sweep did not begin within a day after the approval of its list.
    RepairOverdue,
    /// The same for the command that asks for a sweep.
    SweepOverdue,
    /// Another run has claimed the person.
    PersonBusy {
        /// That run.
        run: String,
    },
    /// Another run is at work, and one of the two changes the whole tenant.
    TenantBusy {
        /// That run.
        run: String,
    },
    /// The undone or retired run can no longer be read.
    EarlierRunUnreadable,
    /// The earlier run left no account over that could be retired.
    NoAccountLeftOver,
    /// The run has made as many plans as one run may make.
    TooManyPlans,
    /// The executor found that the time to approve was over.
    NotApproved,
    /// A person found it out, by a click that came too late.
    ApprovalOver,
    /// An approver declined the plan.
    Declined {
        /// Their words; empty where they gave none.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        why: String,
    },
    /// A person stopped the run.
    Stopped,
    /// A person stopped the run, which waited, to undo what it did.
    StoppedForUndo,
    /// Of a sweep: the account needs another plan than the listed one.
    AccountChanged,
    /// Of a sweep: the listed plan was carried out and did not restore access.
    ListedPlanInsufficient,
    /// An undo took back what it could.
    Undone,
    /// Nothing is left that an undo could take back.
    NothingToUndo,
    /// The account was retired.
    Retired,
    /// The plan says why the account cannot be retired.
    NotRetired,
    /// Access was read back after the last step.
    Restored {
        /// Groups that were read back; with none of them, an app role was.
        groups: usize,
    },
    /// Access was in order from the start.
    NothingToDo,
    /// The evidence does not tell whether access is in order.
    CannotTell,
    /// The plan has advice and no steps.
    Advice,
    /// The list of the sweep is empty.
    NothingToRepair,
    /// Nobody asked for the repairs of the list in time.
    NotRequested,
    /// Nobody approved the list in time.
    ListNotApproved,
    /// An approver declined the list.
    ListDeclined,
    /// The approval of the list has expired.
    ListExpired,
    /// The person who asked for the repairs is no longer an operator.
    RequesterNotOperator,
    /// Every repair of the list has ended.
    Repaired {
        /// Runs that were opened.
        begun: u64,
        /// Of these, with access in order.
        restored: u64,
        /// Of these, skipped because the account had changed.
        skipped: u64,
        /// Of these, not restored.
        failed: u64,
    },
    /// A person stopped the sweep while it read.
    ReadingStopped,
    /// A person stopped the sweep before the repairs were approved.
    OfferStopped,
    /// A person stopped the repairs.
    RepairsStopped,
}

/// Why a step or the repairs of a sweep came to nothing, more closely than [`super::PauseReason`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum PauseDetail {
    /// The object is not in the state that the plan was made for.
    Unexpected {
        /// The state in the plan.
        expected: Value,
        /// The state that was read.
        found: Value,
    },
    /// What the step depends on could not be read.
    Unread {
        /// From where.
        sources: Vec<Source>,
    },
    /// A one-shot call may have been sent.
    MaybeSent,
    /// The step began, and its approval is too old to send the call again.
    TooLateToSend,
    /// The upstream accepted the call, and its effect does not show.
    NotShown,
    /// The identity provider accepted the call, and Atlassian does not show its effect.
    NotProvisioned,
    /// The effect of an accepted call did not show in the time that it may take.
    NotShownWithin {
        /// That time.
        hours: u64,
    },
    /// The upstream kept refusing because of its rate limit.
    RateLimited,
    /// As many risky steps have begun as may begin in 24 hours.
    CapReached {
        /// How many have begun.
        used: i64,
        /// How many may begin.
        limit: i64,
    },
    /// Too many repairs of a sweep failed.
    RepairsFailed {
        /// How many failed.
        failed: u64,
        /// How many have ended.
        ended: u64,
    },
    /// A person paused the repairs.
    PausedByPerson,
}

/// What an entry says about an end. In JSON it is the field `reason` or the field `says`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EndMessage {
    /// Data, of which the views make a sentence.
    #[serde(rename = "reason")]
    Reason(EndReason),
    /// A sentence: the answer to a requester who was not admitted, and every end of version 1.
    #[serde(rename = "says")]
    Text(String),
}

/// What an entry says about a pause, or a step without effect. In JSON it is the field `reason` or the field `why`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PauseMessage {
    /// Data, of which the views make a sentence.
    #[serde(rename = "reason")]
    Detail(PauseDetail),
    /// A sentence: of an upstream service, of a condition, and every pause of version 1.
    #[serde(rename = "why")]
    Text(String),
}

impl From<EndReason> for EndMessage {
    fn from(reason: EndReason) -> Self {
        Self::Reason(reason)
    }
}

impl From<String> for EndMessage {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for EndMessage {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<PauseDetail> for PauseMessage {
    fn from(detail: PauseDetail) -> Self {
        Self::Detail(detail)
    }
}

impl From<String> for PauseMessage {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for PauseMessage {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
