//! What a close look at one person means for the watch: whether they lost access, whether that was told before, and when
//! to look again. It is pure; times are arguments. It must never call an intended removal an incident, nor a person whom
//! the next cycle of the job may still serve.

use std::time::Duration;

use jiff::Timestamp;

use crate::Diagnosis;
use crate::evidence::{Job, Read};
use crate::finding::{Cause, Verdict};

/// Somebody decided at the identity provider that this person has no access. That is no incident.
const INTENDED: &[Cause] =
    &[Cause::IdpUserMissing, Cause::IdpUserDeleted, Cause::IdpUserDisabled, Cause::NotAssigned];

/// A joiner has these causes until a cycle of the job has served them.
const JOINING: &[Cause] = &[Cause::NeverProvisioned, Cause::SyncPending, Cause::DynamicGroupPending];

/// A person whom the identity provider has just changed may have these causes too until the next cycle. If Atlassian
/// reports the same person, nothing is waited for: then something was lost there.
const CARRIED_BY_A_CYCLE: &[Cause] = &[Cause::MembershipDrift, Cause::PropagationLag, Cause::EmailMismatch];

/// How long after a cycle its results may still be invisible at Atlassian.
const VISIBLE_AFTER: Duration = Duration::from_secs(15 * 60);
/// How often a person is looked at who waits for a cycle. A cycle takes about 40 minutes, and a look about 18 calls.
const CYCLE_INTERVAL: Duration = Duration::from_secs(20 * 60);
/// When a person with an incident is looked at again if no feed reports a change. The pause doubles with each look: the
/// feeds report a recovery, so these looks only find what the feeds have missed.
const FIRST_PAUSE: Duration = Duration::from_secs(3600);
const MAX_PAUSE: Duration = Duration::from_secs(24 * 3600);
/// After this many looks, only a feed or a sweep finds the recovery.
const MAX_LOOKS: u32 = 9;

/// Why a person is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named {
    /// The newest change that was reported.
    pub changed_at: Timestamp,
    /// Whether only the identity provider reported it.
    pub only_at_source: bool,
    /// How often the person was looked at since.
    pub looks: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    Healthy,
    /// The person is meant to have no access.
    Removed,
    /// The next cycle of the job may give the access.
    Joining,
    /// Only a fault that concerns everybody keeps the access away. It is told once, and not for each person.
    OnlyTenantFault,
    /// The evidence does not allow an answer.
    Unknown,
    /// Access is missing, for these causes.
    Lost(Vec<Cause>),
}

/// What becomes of the incident of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IncidentChange {
    Keep,
    /// Tell it. It takes the place of an open incident with other causes.
    Open(String),
    Close {
        /// Whether the person has access again. Otherwise they are meant to have none by now.
        recovered: bool,
    },
}

/// When the watch looks at a person again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookAgain {
    At(Timestamp),
    /// When a feed reports the person again.
    WhenReported,
}

/// Judges a fresh diagnosis. `faults` are the causes that concern everybody.
#[must_use]
pub fn judge(
    diagnosis: &Diagnosis,
    job: &Read<Job>,
    faults: &[Cause],
    named: &Named,
    now: Timestamp,
) -> Judgement {
    let mut causes: Vec<Cause> =
        diagnosis.findings.iter().filter(|finding| finding.blocking).map(|finding| finding.code).collect();
    causes.sort_unstable();
    causes.dedup();
    if causes.iter().any(|cause| INTENDED.contains(cause)) {
        return Judgement::Removed;
    }
    match diagnosis.verdict {
        Verdict::Healthy => return Judgement::Healthy,
        Verdict::CannotTell => return Judgement::Unknown,
        Verdict::Broken => {}
    }
    let any = !causes.is_empty();
    causes.retain(|cause| !faults.contains(cause));
    if any && causes.is_empty() {
        return Judgement::OnlyTenantFault;
    }
    let joins = |cause: &Cause| {
        JOINING.contains(cause) || (named.only_at_source && CARRIED_BY_A_CYCLE.contains(cause))
    };
    if any && causes.iter().all(joins) && !has_been_served(job, named.changed_at, now) {
        return Judgement::Joining;
    }
    Judgement::Lost(causes)
}

/// Whether a look would come too early: only the identity provider has reported the person, and the job is known not to
/// have carried the change yet. Until then, nothing can be lost at Atlassian, and a look costs about 18 calls.
#[must_use]
pub fn is_too_early(job: &Read<Job>, named: &Named, now: Timestamp) -> bool {
    let is_known = job.get().is_some_and(|job| job.cycle_began.is_some() && job.last_cycle.is_some());
    named.only_at_source && is_known && !has_been_served(job, named.changed_at, now)
}

/// Whether a cycle that began after the change has ended, and its results must be visible by now. A job that cannot be
/// read has served nobody.
fn has_been_served(job: &Read<Job>, changed_at: Timestamp, now: Timestamp) -> bool {
    let Some(job) = job.get() else { return false };
    let (Some(began), Some(ended)) = (job.cycle_began, job.last_cycle) else { return false };
    began > changed_at && later(ended, VISIBLE_AFTER) <= now
}

/// Decides what is told and when to look again. `open` are the causes of the person's open incident, as text.
#[must_use]
pub fn decide(
    open: Option<&str>,
    judgement: &Judgement,
    named: &Named,
    now: Timestamp,
) -> (IncidentChange, LookAgain) {
    let close = |recovered| match open {
        Some(_) => IncidentChange::Close { recovered },
        None => IncidentChange::Keep,
    };
    match judgement {
        Judgement::Healthy => (close(true), LookAgain::WhenReported),
        Judgement::Removed => (close(false), LookAgain::WhenReported),
        Judgement::Joining => (IncidentChange::Keep, LookAgain::At(later(now, CYCLE_INTERVAL))),
        Judgement::OnlyTenantFault => (IncidentChange::Keep, again(named.looks, now)),
        // One more look, because a service that did not answer may answer then.
        Judgement::Unknown if open.is_none() => {
            let next = if named.looks == 0 { LookAgain::At(now) } else { LookAgain::WhenReported };
            (IncidentChange::Keep, next)
        }
        Judgement::Unknown => (IncidentChange::Keep, again(named.looks, now)),
        Judgement::Lost(causes) => {
            let causes = written(causes);
            if open == Some(causes.as_str()) {
                return (IncidentChange::Keep, again(named.looks, now));
            }
            (IncidentChange::Open(causes), LookAgain::At(later(now, FIRST_PAUSE)))
        }
    }
}

/// The causes as text, to compare them with those that were told. No causes are also a text.
#[must_use]
pub fn written(causes: &[Cause]) -> String {
    causes.iter().map(|cause| cause.code()).collect::<Vec<_>>().join(" ")
}

fn again(looks: u32, now: Timestamp) -> LookAgain {
    if looks >= MAX_LOOKS {
        return LookAgain::WhenReported;
    }
    LookAgain::At(later(now, FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(looks)).min(MAX_PAUSE)))
}

fn later(at: Timestamp, wait: Duration) -> Timestamp {
    at.checked_add(wait).unwrap_or(Timestamp::MAX)
}
