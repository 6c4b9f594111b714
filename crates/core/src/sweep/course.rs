//! The course of a sweep that was asked for in Slack: the fold of its journal entries, like a run, and [`Course::next`]
//! says what comes next. It shares the runs' journal, leases and cards; what it repairs are runs of their own.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{RepairList, Tally};
use crate::evidence::Source;
use crate::run::{Asked, CARRY_OUT_WITHIN, Limits};

/// How long harmless steps may begin after the list was approved (docs/reference/rules.md#repairs-of-a-sweep).
pub const START_WITHIN: Duration = Duration::from_secs(24 * 3600);
/// How long a finished sweep offers its button.
const OFFERED: Duration = Duration::from_secs(24 * 3600);

/// One entry of the journal of a sweep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum SweepEvent {
    /// Somebody, or the schedule, asked for a sweep.
    SweepOpened {
        /// Who and where; nobody for the schedule.
        asked: Asked,
        /// The rule that lets them.
        rule: String,
    },
    /// How far the reading is, for people.
    SweepProgress {
        /// Accounts listed.
        accounts: u64,
        /// Looks to be taken, as far as known.
        looks: u64,
        /// Looks taken.
        looked: u64,
    },
    /// Everything was read.
    SweepSurveyed {
        /// The counts.
        tally: Tally,
        /// Sides that could not be read, with the reason.
        unread: Vec<(Source, String)>,
        /// What can be repaired harmlessly.
        list: RepairList,
        /// How many need an approval of their own.
        approvals: u64,
        /// What changed since the sweep before; nothing for the first.
        since: Option<Since>,
    },
    /// An operator wants the list carried out, and is the requester of every repair.
    SweepRequested {
        /// Who.
        by: Asked,
        /// The list's digest.
        digest: String,
        /// The rule that gives them the role of an operator; empty in entries of version 1.
        #[serde(default)]
        rule: String,
    },
    /// An approver agrees.
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
        /// Why.
        why: String,
    },
    /// They go on.
    SweepResumed {
        /// Slack user id.
        by: String,
    },
    /// How far the repairs are.
    SweepRepaired {
        /// Runs begun.
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
        /// What they tried.
        what: String,
        /// Why not.
        why: String,
    },
    /// The end.
    SweepEnded {
        /// In words.
        says: String,
    },
}

/// What changed since the sweep before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Since {
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
    /// The kind, as the store keeps it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::SweepOpened { .. } => "sweep-opened",
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

    /// Whether an entry of this kind begins a sweep and not a run.
    #[must_use]
    pub fn opens(kind: &str) -> bool {
        kind == "sweep-opened"
    }
}

/// What a sweep found.
#[derive(Clone, Debug, PartialEq)]
pub struct Surveyed {
    /// When.
    pub at: Timestamp,
    /// The counts.
    pub tally: Tally,
    /// Sides that could not be read.
    pub unread: Vec<(Source, String)>,
    /// What can be repaired harmlessly.
    pub list: RepairList,
    /// How many need an approval of their own.
    pub approvals: u64,
    /// What changed since the sweep before.
    pub since: Option<Since>,
}

/// Counts of the repairs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Repaired {
    /// Runs begun.
    pub begun: u64,
    /// Restored.
    pub restored: u64,
    /// Skipped.
    pub skipped: u64,
    /// Not restored.
    pub failed: u64,
}

/// The fold of a sweep's entries.
#[derive(Clone, Debug, Default)]
pub struct Course {
    /// Number of the last entry.
    pub seq: i64,
    /// Who asked.
    pub asked: Option<Asked>,
    /// When.
    pub opened_at: Option<Timestamp>,
    /// Accounts listed, looks to be taken, looks taken.
    pub progress: Option<(Timestamp, [u64; 3])>,
    /// What was found.
    pub surveyed: Option<Surveyed>,
    /// Who wants the list carried out, and since when.
    pub requested: Option<(Asked, Timestamp)>,
    /// Who approved it, and when.
    pub approved: Option<(String, Timestamp)>,
    /// Why it stands still.
    pub paused: Option<String>,
    /// Who paused it; nobody where the stop rule did, or while nothing is paused.
    pub paused_by: Option<String>,
    /// How often it was paused.
    pub pauses: u32,
    /// The repairs so far, and when that was counted.
    pub repaired: Option<(Timestamp, Repaired)>,
    /// Failures that somebody has seen and said go on to.
    pub forgiven: u64,
    /// The end.
    pub ended: Option<String>,
}

/// What comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CourseNext {
    /// Read everything.
    Survey,
    /// Wait for somebody to ask for the repairs, until then.
    AwaitRequest(Timestamp),
    /// Wait for an approver, until then.
    AwaitApproval(Timestamp),
    /// Wait for somebody to say go on.
    AwaitPerson,
    /// Carry the list out.
    Repair,
    /// The time is over, or there is nothing to do: end with these words.
    End(&'static str),
    /// Nothing is left.
    Nothing,
}

impl Course {
    /// Folds entries.
    ///
    /// # Errors
    /// Why an entry cannot stand where it stands.
    pub fn fold<'a>(
        entries: impl IntoIterator<Item = (i64, Timestamp, &'a SweepEvent)>,
    ) -> Result<Self, &'static str> {
        let mut course = Self::default();
        for (seq, at, event) in entries {
            course.legal(seq, event)?;
            course.apply(seq, at, event);
        }
        Ok(course)
    }

    /// Whether an entry can follow.
    ///
    /// # Errors
    /// Why it cannot.
    pub fn legal(&self, seq: i64, event: &SweepEvent) -> Result<(), &'static str> {
        let mine = |digest: &str| self.digest().as_deref() == Some(digest);
        if seq != self.seq + 1 {
            return Err("its number does not follow");
        }
        if self.asked.is_none() != matches!(event, SweepEvent::SweepOpened { .. }) {
            return Err("a sweep begins with its opening, once");
        }
        if self.ended.is_some() && !matches!(event, SweepEvent::SweepDenied { .. }) {
            return Err("the sweep has ended");
        }
        match event {
            SweepEvent::SweepSurveyed { .. } if self.surveyed.is_some() => Err("it was surveyed before"),
            SweepEvent::SweepRequested { digest, .. } if self.requested.is_some() || !mine(digest) => {
                Err("another list, or it was asked for before")
            }
            SweepEvent::SweepApproved { by, digest } => match &self.requested {
                Some((requester, _)) if requester.by != *by && mine(digest) => Ok(()),
                _ => Err("nobody approves their own request, nor another list"),
            },
            SweepEvent::SweepRepaired { .. } if !self.may_repair() => Err("nothing was approved"),
            _ => Ok(()),
        }
    }

    /// Applies one entry that was found legal.
    pub fn apply(&mut self, seq: i64, at: Timestamp, event: &SweepEvent) {
        self.seq = seq;
        match event {
            SweepEvent::SweepOpened { asked, .. } => {
                self.asked = Some(asked.clone());
                self.opened_at = Some(at);
            }
            SweepEvent::SweepProgress { accounts, looks, looked } => {
                self.progress = Some((at, [*accounts, *looks, *looked]));
            }
            SweepEvent::SweepSurveyed { tally, unread, list, approvals, since } => {
                self.surveyed = Some(Surveyed {
                    at,
                    tally: tally.clone(),
                    unread: unread.clone(),
                    list: list.clone(),
                    approvals: *approvals,
                    since: since.clone(),
                });
            }
            SweepEvent::SweepRequested { by, .. } => self.requested = Some((by.clone(), at)),
            SweepEvent::SweepApproved { by, .. } => self.approved = Some((by.clone(), at)),
            SweepEvent::SweepPaused { by, why } => {
                self.paused = Some(why.clone());
                self.paused_by.clone_from(by);
                self.pauses += 1;
            }
            SweepEvent::SweepResumed { .. } => {
                self.paused = None;
                self.paused_by = None;
                self.forgiven = self.repaired.map_or(0, |(_, counts)| counts.failed);
            }
            SweepEvent::SweepRepaired { begun, restored, skipped, failed } => {
                let counts =
                    Repaired { begun: *begun, restored: *restored, skipped: *skipped, failed: *failed };
                self.repaired = Some((at, counts));
            }
            SweepEvent::SweepDenied { .. } => {}
            SweepEvent::SweepEnded { says } => self.ended = Some(says.clone()),
        }
    }

    /// The digest of the list; `None` before the survey, and of an empty list.
    #[must_use]
    pub fn digest(&self) -> Option<String> {
        self.surveyed.as_ref().and_then(|surveyed| surveyed.list.digest())
    }

    /// Whether the list was asked for, and approved where that is needed.
    #[must_use]
    pub fn may_repair(&self) -> bool {
        let needs = self.surveyed.as_ref().is_some_and(|surveyed| surveyed.list.needs_approver());
        self.requested.is_some() && (!needs || self.approved.is_some())
    }

    /// Until when its repairs may begin, once they may.
    #[must_use]
    pub fn begins_until(&self) -> Option<Timestamp> {
        let requested = self.requested.as_ref().map(|(_, at)| *at);
        let since = self.approved.as_ref().map(|(_, at)| *at).or(requested)?;
        Some(add(since, START_WITHIN))
    }

    /// Whether it was typed too long ago and nothing of it was done. What the schedule asks for is no command.
    #[must_use]
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        let (Some(asked), Some(opened_at)) = (&self.asked, self.opened_at) else { return false };
        let untouched = self.progress.is_none() && self.surveyed.is_none() && self.ended.is_none();
        untouched && !asked.by.is_empty() && now > add(opened_at, CARRY_OUT_WITHIN)
    }

    /// Whether the sweep waits for an approval of this list now.
    #[must_use]
    pub fn awaits(&self, digest: &str, now: Timestamp, limits: &Limits) -> bool {
        self.digest().as_deref() == Some(digest)
            && matches!(self.next(now, limits), CourseNext::AwaitApproval(_))
    }

    /// What comes next. It never says `Repair` without the approval that the list needs.
    #[must_use]
    pub fn next(&self, now: Timestamp, limits: &Limits) -> CourseNext {
        if self.ended.is_some() || self.asked.is_none() {
            return CourseNext::Nothing;
        }
        let Some(surveyed) = &self.surveyed else { return CourseNext::Survey };
        if surveyed.list.repairs().is_empty() {
            return CourseNext::End("There is nothing that could be repaired harmlessly.");
        }
        let Some((_, requested_at)) = &self.requested else {
            let until = add(surveyed.at, OFFERED);
            return if now < until {
                CourseNext::AwaitRequest(until)
            } else {
                CourseNext::End(
                    "Nobody asked for the repairs within a day; another sweep will see what is there then.",
                )
            };
        };
        if !self.may_repair() {
            let until = add(*requested_at, limits.expire_after);
            return if now < until {
                CourseNext::AwaitApproval(until)
            } else {
                CourseNext::End("Nobody approved the list in time. None of it was repaired.")
            };
        }
        if self.begins_until().is_some_and(|until| now >= until) {
            return CourseNext::End(
                "A day has passed since the approval; what was not begun by then was left.",
            );
        }
        if self.paused.is_some() { CourseNext::AwaitPerson } else { CourseNext::Repair }
    }
}

fn add(at: Timestamp, wait: Duration) -> Timestamp {
    at.checked_add(wait).unwrap_or(Timestamp::MAX)
}
