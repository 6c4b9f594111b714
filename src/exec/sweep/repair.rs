//! The repairs of a sweep, in waves: each is a run like any other, opened for exactly one account and one plan digest,
//! which ends by itself where the account has another plan by then. It must never open a run that the approved list
//! does not name, nor the next wave while the one before is on its way.

use std::time::Duration;

use jiff::Timestamp;

use super::carry::Let;
use crate::exec::Engine;
use reinstate_core::Outcome;
use reinstate_core::run::{Goal, Request, SweepPart};
use reinstate_core::sweep::{RepairCounts, RepairList, Sweep, SweepEvent};
use reinstate_store::Lease;

/// Repairs on their way at once: provisioning on demand takes five calls in ten seconds from all of them together.
const MAX_OPEN_REPAIRS: usize = 4;
/// The stop rule: so many failures, and more than one in so many that have ended.
const MIN_FAILURES_TO_STOP: u64 = 2;
const MAX_FAILURE_RATIO: u64 = 5;
/// How often the counts are written down.
const REPORT_INTERVAL: Duration = Duration::from_secs(3);

/// How the repairs of a list stand.
#[derive(Default)]
struct RepairProgress {
    counts: RepairCounts,
    open: usize,
    /// The place of the first that was not begun.
    next: Option<usize>,
    refused: bool,
}

impl Engine {
    /// One look at the repairs: counts what has ended, opens what may begin, and waits a little.
    pub(super) async fn repair_next(&self, sweep: &Sweep, lease: &Lease) -> Result<(), Let> {
        let (Some(surveyed), Some((requester, _))) = (&sweep.surveyed, &sweep.requested) else {
            return Err(Let::Again);
        };
        let list = surveyed.list.repairs();
        let standing = self.standing(list, &lease.run).await?;
        let counts = standing.counts;
        let known = sweep.repaired.map(|(_, counts)| counts).unwrap_or_default();
        let ended = counts.restored + counts.skipped + counts.failed;
        let all = standing.next.is_none() && standing.open == 0;
        let failed = counts.failed.saturating_sub(sweep.forgiven);
        let stop = failed >= MIN_FAILURES_TO_STOP && failed * MAX_FAILURE_RATIO > ended;
        if counts != known && (all || stop || standing.refused || is_due(sweep)) {
            let event = SweepEvent::SweepRepaired {
                begun: counts.begun,
                restored: counts.restored,
                skipped: counts.skipped,
                failed: counts.failed,
            };
            return self.append_on(sweep, lease, event).await.map(drop);
        }
        if standing.refused {
            let says = "The requester no longer has the role operator, so nothing more was begun.";
            return self.end_sweep(sweep, lease, says.to_owned()).await;
        }
        if all {
            return self.end_sweep(sweep, lease, ending(counts)).await;
        }
        if stop {
            let why = format!("{failed} of {ended} repairs did not bring access back");
            let event = SweepEvent::SweepPaused { by: None, why };
            return self.append_on(sweep, lease, event).await.map(drop);
        }
        let may = standing.next.filter(|place| {
            let wave = RepairList::wave_of(*place);
            // The wave before must have ended: an open run is before this place.
            let same = place.checked_sub(1).is_none_or(|before| RepairList::wave_of(before) == wave);
            standing.open < MAX_OPEN_REPAIRS && (same || standing.open == 0)
        });
        match may.and_then(|place| list.get(place)) {
            Some(one) if !self.ledger.store().is_busy().await? => {
                let part = SweepPart {
                    sweep: lease.run.clone(),
                    digest: one.digest.clone(),
                    until: sweep.begins_until(),
                };
                let asked = Request {
                    by: requester.by.clone(),
                    channel: String::new(),
                    text: one.query.clone(),
                    response_url: None,
                    aim: Goal::default(),
                };
                let (id, key) = (uuid::Uuid::now_v7().to_string(), key(&lease.run, &one.subject));
                self.ledger.open_part(id, key, asked, part, crate::clock::now()).await?;
                self.work.notify_one();
            }
            _ => tokio::time::sleep(self.timing.poll).await,
        }
        Err(Let::Again)
    }

    /// Counts the runs of this sweep, in the order of the list.
    async fn standing(
        &self,
        list: &[reinstate_core::sweep::ListedRepair],
        sweep: &str,
    ) -> Result<RepairProgress, Let> {
        let runs = self.ledger.store().children(sweep).await?;
        let mut standing = RepairProgress::default();
        for (place, one) in list.iter().enumerate() {
            let Some((run, end)) = runs.get(&key(sweep, &one.subject)) else {
                standing.next = standing.next.or(Some(place));
                continue;
            };
            standing.counts.begun += 1;
            match end.as_deref().map(outcome) {
                Some(Some(Outcome::Restored | Outcome::Healthy)) => standing.counts.restored += 1,
                Some(Some(Outcome::Skipped | Outcome::Busy)) => standing.counts.skipped += 1,
                Some(end) => {
                    standing.counts.failed += 1;
                    standing.refused |= end == Some(Outcome::Refused);
                }
                // A run that waits for a person is in nobody's way, and not restored.
                None => match self.ledger.run(run).await {
                    Ok(folded) if folded.waiting.is_none() => standing.open += 1,
                    _ => standing.counts.failed += 1,
                },
            }
        }
        Ok(standing)
    }
}

/// What a repair of a sweep is known by: opened twice, it is the same run.
fn key(sweep: &str, subject: &str) -> String {
    format!("sweep {sweep} {subject}")
}

/// How a run ended, by the facts of its end.
fn outcome(facts: &str) -> Option<Outcome> {
    let facts: serde_json::Value = serde_json::from_str(facts).ok()?;
    serde_json::from_value(facts.get("outcome")?.clone()).ok()
}

fn is_due(sweep: &Sweep) -> bool {
    let last = sweep.repaired.map(|(at, _)| at).unwrap_or(Timestamp::MIN);
    let since = crate::clock::now().duration_since(last);
    Duration::try_from(since).is_ok_and(|since| since >= REPORT_INTERVAL)
}

fn ending(counts: RepairCounts) -> String {
    let whose = if counts.begun == 1 { "account has its" } else { "accounts have their" };
    let mut says = format!("{} of {} {whose} access back", counts.restored, counts.begun);
    if counts.skipped > 0 {
        says.push_str(&format!("; {} were skipped because they had changed since", counts.skipped));
    }
    if counts.failed > 0 {
        says.push_str(&format!("; {} need another look", counts.failed));
    }
    says.push('.');
    says
}
