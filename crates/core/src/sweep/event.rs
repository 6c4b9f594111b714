//! The entries of a sweep's journal, in the core's own words. An entry is never changed: what it means now must be what
//! it meant when it was written, so a new field has a default.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{RepairList, Tally};
use crate::evidence::Source;
use crate::fold::{JournalEvent, Kind};
use crate::run::{Outcome, Request};

/// One entry of the journal of a sweep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum SweepEvent {
    /// Somebody, or the schedule, asked for a sweep.
    SweepOpened {
        /// Who and where; nobody for the schedule.
        asked: Request,
        /// The rule that lets them.
        rule: String,
    },
    /// How far the reading is, for people.
    SweepProgress {
        accounts: u64,
        /// Looks to be taken, as far as known.
        looks: u64,
        looked: u64,
    },
    /// Everything was read.
    SweepSurveyed {
        tally: Tally,
        /// Sides that could not be read, with the reason.
        unread: Vec<(Source, String)>,
        /// What can be repaired harmlessly.
        list: RepairList,
        /// How many need an approval of their own.
        approvals: u64,
        /// What changed since the sweep before; nothing for the first.
        since: Option<SinceLastSweep>,
    },
    /// An operator wants the list carried out, and is the requester of every repair.
    SweepRequested {
        by: Request,
        /// The list's digest.
        digest: String,
        /// The rule that gives them the role of an operator; empty in entries of version 1.
        #[serde(default)]
        rule: String,
    },
    SweepApproved {
        /// Slack user id.
        by: String,
        /// The list's digest.
        digest: String,
    },
    /// The repairs stand still until somebody says go on.
    SweepPaused {
        /// Who; nobody for the stop rule.
        by: Option<String>,
        why: String,
    },
    SweepResumed {
        /// Slack user id.
        by: String,
    },
    /// How far the repairs are.
    SweepRepaired {
        begun: u64,
        /// Restored, or in order by then.
        restored: u64,
        /// Skipped: the account had changed since.
        skipped: u64,
        /// Not restored.
        failed: u64,
    },
    /// Somebody tried something they may not do.
    SweepDenied {
        /// Slack user id.
        by: String,
        what: String,
        why: String,
    },
    SweepEnded {
        #[serde(rename = "says")]
        message: String,
        /// The person who stopped or declined it; none where it came to its end by itself. Version 1 does not say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
}

/// What changed since the sweep before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SinceLastSweep {
    /// When that one was opened.
    pub at: Timestamp,
    /// Not healthy now, and not on its list.
    pub newly: u64,
    /// On its list, and healthy now.
    pub gone: u64,
    /// On both, with other causes.
    pub otherwise: u64,
}

impl SweepEvent {
    /// The name of the entry, as the store keeps it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::SweepOpened { .. } => Kind::Sweep.opening(),
            Self::SweepProgress { .. } => "sweep-progress",
            Self::SweepSurveyed { .. } => "sweep-surveyed",
            Self::SweepRequested { .. } => "sweep-requested",
            Self::SweepApproved { .. } => "sweep-approved",
            Self::SweepPaused { .. } => "sweep-paused",
            Self::SweepResumed { .. } => "sweep-resumed",
            Self::SweepRepaired { .. } => "sweep-repaired",
            Self::SweepDenied { .. } => "sweep-denied",
            Self::SweepEnded { .. } => "sweep-ended",
        }
    }
}

impl JournalEvent for SweepEvent {
    fn kind(&self) -> &'static str {
        Self::kind(self)
    }

    fn facts(&self) -> Value {
        match self {
            Self::SweepRequested { digest, .. } | Self::SweepApproved { digest, .. } => {
                json!({ "digest": digest })
            }
            Self::SweepSurveyed { tally, list, .. } => {
                json!({ "tally": tally, "digest": list.digest(), "repairs": list.repairs().len() })
            }
            Self::SweepRepaired { begun, restored, skipped, failed } => {
                json!({ "begun": begun, "restored": restored, "skipped": skipped, "failed": failed })
            }
            Self::SweepOpened { .. }
            | Self::SweepProgress { .. }
            | Self::SweepPaused { .. }
            | Self::SweepResumed { .. }
            | Self::SweepDenied { .. }
            | Self::SweepEnded { .. } => json!({}),
        }
    }

    fn is_end(&self) -> bool {
        matches!(self, Self::SweepEnded { .. })
    }

    fn outcome(&self) -> Option<Outcome> {
        None
    }
}
