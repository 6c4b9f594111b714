//! Which warnings hold, which of them are new, and which told ones are over. It must never take an unread fact for a
//! good one: what is unread warns of nothing and ends nothing.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use super::{Facts, GROUP, GroupSize, SEATS, Stage, Told, Warning};
use crate::evidence::{Job, Workspace};

const DAY: Duration = Duration::from_secs(24 * 3600);
/// How long an active job may be without a finished cycle. A cycle takes about 40 minutes.
const MAX_CYCLE_PAUSE: Duration = Duration::from_secs(3 * 3600);
/// From this percentage on, seats and groups are nearly full.
const NEAR_PERCENT: i128 = 95;
/// Below this percentage, they no longer are. It is lower, so that one person who comes and goes is told once.
const OVER_PERCENT: i128 = 90;

/// What a look changes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct News {
    /// The warnings that were not told.
    pub tell: Vec<Warning>,
    /// The subjects that are certainly over. They are told again if they come back.
    pub over: Vec<String>,
}

impl Stage {
    /// The stage of a credential that ends at `ends`. `None`: there is time.
    #[must_use]
    pub fn of(ends: Timestamp, now: Timestamp) -> Option<Self> {
        let within = |days: u32| now.checked_add(DAY * days).is_ok_and(|then| ends <= then);
        match () {
            () if ends <= now => Some(Self::Over),
            () if within(1) => Some(Self::Day),
            () if within(7) => Some(Self::Week),
            () if within(30) => Some(Self::Month),
            () => None,
        }
    }
}

/// The warnings that hold now.
#[must_use]
pub fn warnings(facts: &Facts, now: Timestamp) -> Vec<Warning> {
    let expiries = facts.expiries.iter().filter_map(|expiry| {
        let ends = *expiry.ends.get()?;
        Some(Warning::Expiry { of: expiry.of.clone(), ends, stage: Stage::of(ends, now)? })
    });
    let apps = facts.apps.get().into_iter().flatten();
    let seats = apps.filter(|app| seats(app).is_some_and(is_nearly_full));
    let limit = facts.group_limit;
    let groups = facts.groups.get().into_iter().flatten().filter_map(|group| {
        let limit = limit?;
        is_near(group, limit).then(|| Warning::Group { group: group.clone(), limit })
    });
    let no_cycle = facts.job.get().and_then(|job| standstill(job, now));
    expiries
        .chain(seats.map(|app| Warning::Seats { app: app.clone() }))
        .chain(groups)
        .chain(no_cycle)
        .collect()
}

/// What is new about the warnings, and what of the told ones is over.
#[must_use]
pub fn news(facts: &Facts, told: &[Told], now: Timestamp) -> News {
    let mut tell = warnings(facts, now);
    let mut named = BTreeSet::new();
    tell.retain(|warning| {
        let subject = warning.subject();
        let is_told = told.iter().any(|told| told.subject == subject && told.level >= warning.level());
        !is_told && named.insert(subject)
    });
    let mut over: Vec<String> =
        told.iter().map(|told| told.subject.clone()).filter(|subject| is_over(facts, subject)).collect();
    over.sort_unstable();
    over.dedup();
    News { tell, over }
}

/// Whether a group is nearly as large as the synchronization takes.
#[must_use]
pub fn is_near(group: &GroupSize, limit: i64) -> bool {
    group.members.is_some_and(|members| is_nearly_full((members, limit)))
}

/// Whether a group is not known to be small.
#[must_use]
pub fn may_matter(group: &GroupSize, limit: i64) -> bool {
    group.members.is_none_or(|members| percent_reached((members, limit), OVER_PERCENT))
}

/// Whether a told warning is certainly over. A date stays told, and so does a standstill: another one is another subject.
fn is_over(facts: &Facts, subject: &str) -> bool {
    if let Some(id) = subject.strip_prefix(SEATS) {
        let Some(apps) = facts.apps.get() else { return false };
        let mut same = apps.iter().filter(|app| app.id == id);
        return same.all(|app| seats(app).is_some_and(|seats| !percent_reached(seats, OVER_PERCENT)));
    }
    if let Some(id) = subject.strip_prefix(GROUP) {
        let (Some(groups), Some(limit)) = (facts.groups.get(), facts.group_limit) else { return false };
        return !groups.iter().any(|group| group.id == id && may_matter(group, limit));
    }
    false
}

/// The seats that are taken and all seats. `None` if they are not counted.
fn seats(app: &Workspace) -> Option<(i64, i64)> {
    Some((app.usage?, app.capacity?)).filter(|(_, all)| *all > 0)
}

fn is_nearly_full(of: (i64, i64)) -> bool {
    percent_reached(of, NEAR_PERCENT)
}

fn percent_reached((taken, all): (i64, i64), percent: i128) -> bool {
    i128::from(taken) * 100 >= i128::from(all) * percent
}

/// Whether a cycle has ended within the last hours. `None` if no cycle is known to have ended: the first one may take long.
#[must_use]
pub fn has_recent_cycle(job: &Job, now: Timestamp) -> Option<bool> {
    let until = last_cycle(job)?.checked_add(MAX_CYCLE_PAUSE).ok()?;
    Some(now < until)
}

/// When the last known cycle of a job ended.
#[must_use]
pub fn last_cycle(job: &Job) -> Option<Timestamp> {
    job.last_cycle.max(job.last_success)
}

fn standstill(job: &Job, now: Timestamp) -> Option<Warning> {
    let is_active =
        |word: &Option<String>| word.as_deref().is_some_and(|word| word.eq_ignore_ascii_case("active"));
    let is_late = has_recent_cycle(job, now) == Some(false);
    if !is_late || !job.runs() || !(is_active(&job.schedule) || is_active(&job.code)) {
        return None;
    }
    Some(Warning::NoCycle { job: job.id.clone(), since: last_cycle(job)? })
}
