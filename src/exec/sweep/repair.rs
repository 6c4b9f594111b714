//! The repairs of a sweep, in waves. Each repair is a normal run, opened for exactly one account and one plan digest.
//! It ends by itself if the account has another plan by then. This module must never open a run that the approved
//! list does not name. It must never open the next wave while a run of the wave before is still open.

use std::time::Duration;

use jiff::Timestamp;

use crate::exec::Engine;
use crate::exec::advance::Advance;
use reinstate_core::Outcome;
use reinstate_core::run::{EndReason, Goal, PauseDetail, Request, SweepPart};
use reinstate_core::sweep::{RepairCounts, RepairList, Sweep, SweepEvent};
use reinstate_store::Lease;

/// Repairs that run at the same time. All of them share the limit of provisioning on demand: five calls in ten
/// seconds.
const MAX_OPEN_REPAIRS: usize = 4;
/// The stop rule: at least this many failures, and more than one failure in this many ended runs.
const MIN_FAILURES_TO_STOP: u64 = 2;
const MAX_FAILURE_RATIO: u64 = 5;
/// How often the sweep writes its counts.
const REPORT_INTERVAL: Duration = Duration::from_secs(3);

/// The state of the repairs of a list.
#[derive(Default)]
struct RepairProgress {
    counts: RepairCounts,
    open: usize,
    /// The index of the first repair that was not opened.
    next: Option<usize>,
    refused: bool,
}

impl Engine {
    /// Counts the repairs that ended, opens what may begin, and then waits a little.
    pub(super) async fn repair_next(&self, sweep: &Sweep, lease: &Lease) -> Result<(), Advance> {
        let (Some(surveyed), Some((requester, _))) = (&sweep.surveyed, &sweep.requested) else {
            return Err(Advance::Again);
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
            return self.end_sweep(sweep, lease, EndReason::RequesterNotOperator).await;
        }
        if all {
            return self.end_sweep(sweep, lease, ending(counts)).await;
        }
        if stop {
            let why = PauseDetail::RepairsFailed { failed, ended }.into();
            let event = SweepEvent::SweepPaused { by: None, why };
            return self.append_on(sweep, lease, event).await.map(drop);
        }
        let may = standing.next.filter(|place| {
            let wave = RepairList::wave_of(*place);
            // The wave before must have ended: any run that is open belongs to an earlier place in the list.
            let same = place.checked_sub(1).is_none_or(|before| RepairList::wave_of(before) == wave);
            standing.open < MAX_OPEN_REPAIRS && (same || standing.open == 0)
        });
        match may.and_then(|place| list.get(place)) {
            Some(one) if !self.journal.store().is_busy().await? => {
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
                    helps: None,
                };
                let (id, key) = (uuid::Uuid::now_v7().to_string(), key(&lease.run, &one.subject));
                self.journal.open_part(id, key, asked, part, crate::clock::now()).await?;
                self.work.notify_one();
            }
            _ => tokio::time::sleep(self.timing.poll).await,
        }
        Err(Advance::Again)
    }

    /// Counts the runs of this sweep, in the order of the list.
    async fn standing(
        &self,
        list: &[reinstate_core::sweep::ListedRepair],
        sweep: &str,
    ) -> Result<RepairProgress, Advance> {
        let runs = self.journal.store().children(sweep).await?;
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
                // A run that waits for a person blocks nothing and counts as not restored.
                None => match self.journal.run(run).await {
                    Ok(folded) if folded.waiting.is_none() => standing.open += 1,
                    _ => standing.counts.failed += 1,
                },
            }
        }
        Ok(standing)
    }
}

/// The idempotency key of a repair of a sweep: opened twice, it is the same run.
fn key(sweep: &str, subject: &str) -> String {
    format!("sweep {sweep} {subject}")
}

/// The outcome of a run, from the facts of its last entry.
fn outcome(facts: &str) -> Option<Outcome> {
    let facts: serde_json::Value = serde_json::from_str(facts).ok()?;
    serde_json::from_value(facts.get("outcome")?.clone()).ok()
}

fn is_due(sweep: &Sweep) -> bool {
    let last = sweep.repaired.map(|(at, _)| at).unwrap_or(Timestamp::MIN);
    let since = crate::clock::now().duration_since(last);
    Duration::try_from(since).is_ok_and(|since| since >= REPORT_INTERVAL)
}

fn ending(counts: RepairCounts) -> EndReason {
    let RepairCounts { begun, restored, skipped, failed } = counts;
    EndReason::Repaired { begun, restored, skipped, failed }
}
