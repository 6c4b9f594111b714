//! A sweep that was asked for in Slack: the fold of its journal entries, like a run, and [`Sweep::next`] says what comes
//! next. It shares the journal, leases and cards of the runs; what it repairs are runs of their own. It must never name
//! a repair that nobody asked for, or that lacks the approval its list needs.

use std::time::Duration;

use jiff::Timestamp;

use super::{RepairList, SinceLastSweep, SweepEvent, Tally};
use crate::evidence::Source;
use crate::fold::{Fold, Kind};
use crate::run::{Limits, MAX_REQUEST_AGE, Request};

/// How long harmless steps may begin after the list was approved (docs/reference/rules.md#repairs-of-a-sweep).
pub const REPAIR_START_TIMEOUT: Duration = Duration::from_secs(24 * 3600);
/// How long a finished sweep offers its button.
const OFFER_TIMEOUT: Duration = Duration::from_secs(24 * 3600);

/// What a sweep found.
#[derive(Clone, Debug, PartialEq)]
pub struct SurveyResult {
    pub at: Timestamp,
    pub tally: Tally,
    /// Sides that could not be read.
    pub unread: Vec<(Source, String)>,
    /// What can be repaired harmlessly.
    pub list: RepairList,
    /// How many need an approval of their own.
    pub approvals: u64,
    /// What changed since the sweep before.
    pub since: Option<SinceLastSweep>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RepairCounts {
    pub begun: u64,
    pub restored: u64,
    pub skipped: u64,
    /// Not restored.
    pub failed: u64,
}

/// The fold of a sweep's entries.
#[derive(Clone, Debug, Default)]
pub struct Sweep {
    /// Number of the last entry.
    pub seq: i64,
    pub asked: Option<Request>,
    pub opened_at: Option<Timestamp>,
    /// Accounts listed, looks to be taken, looks taken.
    pub progress: Option<(Timestamp, [u64; 3])>,
    pub surveyed: Option<SurveyResult>,
    /// Who wants the list carried out, and since when.
    pub requested: Option<(Request, Timestamp)>,
    /// Who approved it, and when.
    pub approved: Option<(String, Timestamp)>,
    /// Why it stands still.
    pub paused: Option<String>,
    /// Who paused it; nobody where the stop rule did, or while nothing is paused.
    pub paused_by: Option<String>,
    /// How often it was paused.
    pub pauses: u32,
    /// The repairs so far, and when that was counted.
    pub repaired: Option<(Timestamp, RepairCounts)>,
    /// Failures that somebody has seen and said go on to.
    pub forgiven: u64,
    pub ended: Option<String>,
    /// Who stopped or declined it; nobody where it came to its end by itself.
    pub ended_by: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SweepNext {
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
    Nothing,
}

impl Fold for Sweep {
    type Event = SweepEvent;

    const KIND: Kind = Kind::Sweep;

    fn seq(&self) -> i64 {
        self.seq
    }

    fn judge(&self, seq: i64, event: &SweepEvent) -> Result<(), &'static str> {
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
            SweepEvent::SweepProgress { .. } | SweepEvent::SweepSurveyed { .. }
                if self.surveyed.is_some() =>
            {
                Err("everything was read before")
            }
            SweepEvent::SweepRequested { digest, .. } => self.judge_request(digest),
            SweepEvent::SweepApproved { by, digest } => self.judge_approval(by, digest),
            SweepEvent::SweepRepaired { .. } | SweepEvent::SweepPaused { .. } if !self.may_repair() => {
                Err("nothing was approved")
            }
            SweepEvent::SweepRepaired { .. } | SweepEvent::SweepPaused { .. } if self.paused.is_some() => {
                Err("the repairs stand still")
            }
            SweepEvent::SweepResumed { .. } if self.paused.is_none() => Err("the repairs do not stand still"),
            _ => Ok(()),
        }
    }

    fn take(&mut self, seq: i64, at: Timestamp, event: &SweepEvent) {
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
                self.surveyed = Some(SurveyResult {
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
                    RepairCounts { begun: *begun, restored: *restored, skipped: *skipped, failed: *failed };
                self.repaired = Some((at, counts));
            }
            SweepEvent::SweepDenied { .. } => {}
            SweepEvent::SweepEnded { message: says, by } => {
                self.ended = Some(says.clone());
                self.ended_by.clone_from(by);
            }
        }
    }

    fn is_complete(event: &SweepEvent) -> Result<(), &'static str> {
        match event {
            SweepEvent::SweepRequested { rule, .. } if rule.is_empty() => {
                Err("it does not say by which rule the repairs may be asked for")
            }
            _ => Ok(()),
        }
    }

    fn denied(by: String, what: String, why: String) -> SweepEvent {
        SweepEvent::SweepDenied { by, what, why }
    }
}

impl Sweep {
    fn judge_request(&self, digest: &str) -> Result<(), &'static str> {
        if self.requested.is_some() {
            return Err("the repairs were asked for before");
        }
        if self.digest().as_deref() != Some(digest) {
            return Err("it is about another list");
        }
        Ok(())
    }

    fn judge_approval(&self, by: &str, digest: &str) -> Result<(), &'static str> {
        let Some((requester, _)) = &self.requested else { return Err("nobody asked for the repairs") };
        if requester.by.id == by {
            return Err("nobody approves their own request");
        }
        if self.digest().as_deref() != Some(digest) {
            return Err("it is about another list");
        }
        if self.approved.is_some() {
            return Err("the list was approved before");
        }
        Ok(())
    }

    /// Who may stop it besides approvers: the person who asked for the repairs, and before that the person who asked for
    /// the sweep. Nobody for a sweep by schedule.
    #[must_use]
    pub fn requester(&self) -> Option<&Request> {
        let asked = self.requested.as_ref().map(|(by, _)| by).or(self.asked.as_ref());
        asked.filter(|asked| !asked.by.id.is_empty())
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
        Some(add(since, REPAIR_START_TIMEOUT))
    }

    /// Whether it was typed too long ago and nothing of it was done. What the schedule asks for is no command.
    #[must_use]
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        let (Some(asked), Some(opened_at)) = (&self.asked, self.opened_at) else { return false };
        let untouched = self.progress.is_none() && self.surveyed.is_none() && self.ended.is_none();
        untouched && !asked.by.id.is_empty() && now > add(opened_at, MAX_REQUEST_AGE)
    }

    /// Whether the sweep waits for an approval of this list now.
    #[must_use]
    pub fn awaits(&self, digest: &str, now: Timestamp, limits: &Limits) -> bool {
        self.digest().as_deref() == Some(digest)
            && matches!(self.next(now, limits), SweepNext::AwaitApproval(_))
    }

    /// What comes next. It never says `Repair` without the approval that the list needs.
    #[must_use]
    pub fn next(&self, now: Timestamp, limits: &Limits) -> SweepNext {
        if self.ended.is_some() || self.asked.is_none() {
            return SweepNext::Nothing;
        }
        let Some(surveyed) = &self.surveyed else { return SweepNext::Survey };
        if surveyed.list.repairs().is_empty() {
            return SweepNext::End("There is nothing that could be repaired harmlessly.");
        }
        let Some((_, requested_at)) = &self.requested else {
            let until = add(surveyed.at, OFFER_TIMEOUT);
            return if now < until {
                SweepNext::AwaitRequest(until)
            } else {
                SweepNext::End(
                    "Nobody asked for the repairs within a day; another sweep will see what is there then.",
                )
            };
        };
        if !self.may_repair() {
            let until = add(*requested_at, limits.expire_after);
            return if now < until {
                SweepNext::AwaitApproval(until)
            } else {
                SweepNext::End("Nobody approved the list in time. None of it was repaired.")
            };
        }
        if self.begins_until().is_some_and(|until| now >= until) {
            return SweepNext::End(
                "A day has passed since the approval; what was not begun by then was left.",
            );
        }
        if self.paused.is_some() { SweepNext::AwaitPerson } else { SweepNext::Repair }
    }
}

fn add(at: Timestamp, wait: Duration) -> Timestamp {
    at.checked_add(wait).unwrap_or(Timestamp::MAX)
}
