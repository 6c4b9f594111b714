//! The entries of a sweep's journal. An entry that was written never changes its meaning. So a new field must have a
//! default, and no field may be reused for something else.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{RepairList, RepairPreview, Tally};
use crate::evidence::Source;
use crate::fold::{JournalEvent, Kind};
use crate::run::{EndMessage, Outcome, PauseMessage, Request};
use crate::watch::Watched;

/// One entry of the journal of a sweep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum SweepEvent {
    /// Somebody, or the schedule, requested a sweep.
    SweepOpened {
        /// Who requested it, and where. The id is empty for the schedule.
        asked: Request,
        /// The rule that allows it.
        rule: String,
        /// Why the watch opened it. `None` if a person or the schedule did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        watch: Option<Watched>,
    },
    /// The progress of the reading. It is shown to people and decides nothing.
    SweepProgress {
        accounts: u64,
        /// How many accounts have to be read one by one, as far as known.
        looks: u64,
        looked: u64,
    },
    /// Everything was read.
    SweepSurveyed {
        tally: Tally,
        /// The sources that could not be read, with the reason.
        unread: Vec<(Source, String)>,
        /// The repairs whose steps are all harmless.
        list: RepairList,
        /// How many accounts have a plan that needs an approval of its own.
        approvals: u64,
        /// What changed since the previous sweep. `None` for the first sweep.
        since: Option<SinceLastSweep>,
        /// What people read of the list before they ask for it or approve it. Empty in entries of version 1.
        #[serde(default)]
        preview: RepairPreview,
    },
    /// An operator who asked for another sweep while this one still reads. They are told when everything is read.
    SweepJoined {
        /// Slack user id.
        by: String,
    },
    /// An operator requested the repairs on the list. The operator is the requester of every repair.
    SweepRequested {
        by: Request,
        digest: String,
        /// The rule that gives this person the operator role. Empty in entries of version 1.
        #[serde(default)]
        rule: String,
    },
    SweepApproved {
        /// Slack user id.
        by: String,
        digest: String,
    },
    /// The repairs are paused until somebody resumes them.
    SweepPaused {
        /// Who paused them. `None` for the stop rule.
        by: Option<String>,
        #[serde(flatten)]
        why: PauseMessage,
    },
    SweepResumed {
        /// Slack user id.
        by: String,
    },
    /// The progress of the repairs.
    SweepRepaired {
        begun: u64,
        /// Accounts with access, whether the run restored it or found it good.
        restored: u64,
        /// Accounts that were skipped because they changed after the survey.
        skipped: u64,
        /// Accounts whose run ended without restored access.
        failed: u64,
    },
    /// Somebody tried something that they are not allowed to do. It had no effect.
    SweepDenied {
        /// Slack user id.
        by: String,
        what: String,
        why: String,
    },
    SweepEnded {
        #[serde(flatten)]
        message: EndMessage,
        /// The person who stopped or declined the sweep. `None` if it ended by itself, and in entries of version 1.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
}

/// What changed since the previous sweep.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SinceLastSweep {
    /// When the previous sweep was opened.
    pub at: Timestamp,
    /// Accounts that are not healthy now and were not on the previous list of findings.
    pub newly: u64,
    /// Accounts that were on the previous list of findings and are healthy now.
    pub gone: u64,
    /// Accounts on both lists of findings, with different causes.
    pub otherwise: u64,
}

impl SweepEvent {
    /// The name of the entry, as the store writes it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::SweepOpened { .. } => Kind::Sweep.opening(),
            Self::SweepProgress { .. } => "sweep-progress",
            Self::SweepSurveyed { .. } => "sweep-surveyed",
            Self::SweepJoined { .. } => "sweep-joined",
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
            | Self::SweepJoined { .. }
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
