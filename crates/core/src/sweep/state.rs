//! A sweep that was requested in Slack: the fold of its journal entries, like a run. [`Sweep::next`] derives the next
//! action. Sweeps share the journal, the leases and the cards with runs; each repair is a run of its own. It must never
//! return a repair that nobody requested, or one whose list lacks the approval it needs.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use super::{RepairList, RepairPreview, SinceLastSweep, SweepEvent, Tally};
use crate::evidence::Source;
use crate::fold::{Fold, Kind};
use crate::run::{EndMessage, EndReason, Limits, MAX_REQUEST_AGE, PauseMessage, Request};
use crate::warning::Warning;
use crate::watch::{WatchReason, Watched};

/// How long repairs may begin after the list was approved or, if it needs no approval, requested
/// (docs/reference/rules.md#repairs-of-a-sweep).
pub const REPAIR_START_TIMEOUT: Duration = Duration::from_secs(24 * 3600);
/// How long the card of a finished sweep offers the button for the repairs.
const OFFER_TIMEOUT: Duration = Duration::from_secs(24 * 3600);

/// What a sweep found.
#[derive(Clone, Debug, PartialEq)]
pub struct SurveyResult {
    pub at: Timestamp,
    pub tally: Tally,
    /// The sources that could not be read, with the reason.
    pub unread: Vec<(Source, String)>,
    /// The repairs whose steps are all harmless.
    pub list: RepairList,
    /// How many accounts have a plan that needs an approval of its own.
    pub approvals: u64,
    /// What changed since the previous sweep.
    pub since: Option<SinceLastSweep>,
    /// What people read of the list before they ask for it or approve it.
    pub preview: RepairPreview,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RepairCounts {
    pub begun: u64,
    pub restored: u64,
    pub skipped: u64,
    /// Ended without restored access.
    pub failed: u64,
}

/// The fold of a sweep's entries.
#[derive(Clone, Debug, Default)]
pub struct Sweep {
    /// Sequence number of the last entry.
    pub seq: i64,
    pub asked: Option<Request>,
    /// Why the watch opened it.
    pub watch: Option<Watched>,
    pub opened_at: Option<Timestamp>,
    /// Who asked for another sweep while this one read, by Slack user id.
    pub joined: BTreeSet<String>,
    /// Three counts with their time: accounts listed, accounts to be read one by one, accounts read one by one.
    pub progress: Option<(Timestamp, [u64; 3])>,
    pub surveyed: Option<SurveyResult>,
    /// Who requested the repairs on the list, and when.
    pub requested: Option<(Request, Timestamp)>,
    /// Who approved the list, and when.
    pub approved: Option<(String, Timestamp)>,
    /// Why the repairs are paused.
    pub paused: Option<PauseMessage>,
    /// Who paused the repairs. `None` if the stop rule paused them, or if they are not paused.
    pub paused_by: Option<String>,
    /// When the repairs were paused. `None` if they are not paused.
    pub paused_at: Option<Timestamp>,
    /// The number of the entry that requested the repairs.
    pub requested_entry: Option<i64>,
    /// How often the repairs were paused.
    pub pauses: u32,
    /// The counts of the repairs so far, and when they were taken.
    pub repaired: Option<(Timestamp, RepairCounts)>,
    /// How many failures there were when somebody last resumed the repairs. The stop rule does not count these again.
    pub forgiven: u64,
    pub ended: Option<EndMessage>,
    pub ended_at: Option<Timestamp>,
    /// Who stopped or declined the sweep. `None` if it ended by itself.
    pub ended_by: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SweepNext {
    /// Read everything.
    Survey,
    /// Wait until this time for somebody to request the repairs.
    AwaitRequest(Timestamp),
    /// Wait until this time for an approver.
    AwaitApproval(Timestamp),
    /// Wait for somebody to resume the repairs.
    AwaitPerson,
    /// Carry out the repairs on the list.
    Repair,
    /// End the sweep with this message: the time is over, or there is nothing to do.
    End(EndReason),
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
            SweepEvent::SweepProgress { .. }
            | SweepEvent::SweepSurveyed { .. }
            | SweepEvent::SweepJoined { .. }
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
            SweepEvent::SweepOpened { asked, watch, .. } => {
                self.asked = Some(asked.clone());
                self.watch.clone_from(watch);
                self.opened_at = Some(at);
            }
            SweepEvent::SweepProgress { accounts, looks, looked } => {
                self.progress = Some((at, [*accounts, *looks, *looked]));
            }
            SweepEvent::SweepJoined { by } => {
                self.joined.insert(by.clone());
            }
            SweepEvent::SweepSurveyed { tally, unread, list, approvals, since, preview } => {
                self.surveyed = Some(SurveyResult {
                    at,
                    tally: tally.clone(),
                    unread: unread.clone(),
                    list: list.clone(),
                    approvals: *approvals,
                    since: since.clone(),
                    preview: preview.clone(),
                });
            }
            SweepEvent::SweepRequested { by, .. } => {
                self.requested = Some((by.clone(), at));
                self.requested_entry = Some(seq);
            }
            SweepEvent::SweepApproved { by, .. } => self.approved = Some((by.clone(), at)),
            SweepEvent::SweepPaused { by, why } => {
                self.paused = Some(why.clone());
                self.paused_by.clone_from(by);
                self.paused_at = Some(at);
                self.pauses += 1;
            }
            SweepEvent::SweepResumed { .. } => {
                self.paused = None;
                self.paused_by = None;
                self.paused_at = None;
                self.forgiven = self.repaired.map_or(0, |(_, counts)| counts.failed);
            }
            SweepEvent::SweepRepaired { begun, restored, skipped, failed } => {
                let counts =
                    RepairCounts { begun: *begun, restored: *restored, skipped: *skipped, failed: *failed };
                self.repaired = Some((at, counts));
            }
            SweepEvent::SweepDenied { .. } => {}
            SweepEvent::SweepEnded { message, by } => {
                self.ended = Some(message.clone());
                self.ended_at = Some(at);
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

    /// The person who may stop the sweep, besides approvers. This is the person who requested the repairs or, before
    /// that request, the person who requested the sweep. `None` for a scheduled sweep.
    #[must_use]
    pub fn requester(&self) -> Option<&Request> {
        let asked = self.requested.as_ref().map(|(by, _)| by).or(self.asked.as_ref());
        asked.filter(|asked| !asked.by.id.is_empty())
    }

    /// The digest of the list. `None` before the survey, and for an empty list.
    #[must_use]
    pub fn digest(&self) -> Option<String> {
        self.surveyed.as_ref().and_then(|surveyed| surveyed.list.digest())
    }

    /// Whether the repairs were requested, and approved if the list needs an approver.
    #[must_use]
    pub fn may_repair(&self) -> bool {
        let needs = self.surveyed.as_ref().is_some_and(|surveyed| surveyed.list.needs_approver());
        self.requested.is_some() && (!needs || self.approved.is_some())
    }

    /// Why it ends if a person stops it now.
    #[must_use]
    pub fn stop_reason(&self) -> EndReason {
        match (&self.surveyed, self.may_repair()) {
            (None, _) => EndReason::ReadingStopped,
            (Some(_), false) => EndReason::OfferStopped,
            (Some(_), true) => EndReason::RepairsStopped,
        }
    }

    /// Until when its repairs may begin, once they may.
    #[must_use]
    pub fn begins_until(&self) -> Option<Timestamp> {
        let requested = self.requested.as_ref().map(|(_, at)| *at);
        let since = self.approved.as_ref().map(|(_, at)| *at).or(requested)?;
        Some(add(since, REPAIR_START_TIMEOUT))
    }

    /// Whether the sweep is only about what was found before, such as people whom the watch has looked at. It reads nobody.
    #[must_use]
    pub fn is_limited(&self) -> bool {
        self.watch.as_ref().is_some_and(Watched::is_limited)
    }

    /// What runs out, if the sweep only tells that.
    #[must_use]
    pub fn warnings(&self) -> Option<&[Warning]> {
        match self.watch.as_ref().map(|watch| &watch.reason) {
            Some(WatchReason::Warned { warnings }) => Some(warnings),
            _ => None,
        }
    }

    /// Whether the sweep reads everybody, or is about to. Another request for a sweep then joins this one.
    #[must_use]
    pub fn is_reading(&self, now: Timestamp) -> bool {
        let is_open = self.ended.is_none() && self.asked.is_some() && !self.is_overdue(now);
        is_open && self.surveyed.is_none() && !self.is_limited()
    }

    /// Whether the command is too old and nothing was done for it yet. A scheduled sweep is not a command, so it is
    /// never overdue.
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

    /// The next action. It is never `Repair` without the approval that the list needs.
    #[must_use]
    pub fn next(&self, now: Timestamp, limits: &Limits) -> SweepNext {
        if self.ended.is_some() || self.asked.is_none() {
            return SweepNext::Nothing;
        }
        let Some(surveyed) = &self.surveyed else { return SweepNext::Survey };
        if surveyed.list.repairs().is_empty() {
            return SweepNext::End(EndReason::NothingToRepair);
        }
        let Some((_, requested_at)) = &self.requested else {
            let until = add(surveyed.at, OFFER_TIMEOUT);
            return if now < until {
                SweepNext::AwaitRequest(until)
            } else {
                SweepNext::End(EndReason::NotRequested)
            };
        };
        if !self.may_repair() {
            let until = add(*requested_at, limits.expire_after);
            return if now < until {
                SweepNext::AwaitApproval(until)
            } else {
                SweepNext::End(EndReason::ListNotApproved)
            };
        }
        if self.begins_until().is_some_and(|until| now >= until) {
            return SweepNext::End(EndReason::ListExpired);
        }
        if self.paused.is_some() { SweepNext::AwaitPerson } else { SweepNext::Repair }
    }
}

fn add(at: Timestamp, wait: Duration) -> Timestamp {
    at.checked_add(wait).unwrap_or(Timestamp::MAX)
}
