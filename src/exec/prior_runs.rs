//! What only the journal knows: that an earlier run moved something out of a person's way, and when, that an earlier run
//! started the job, and which steps never worked here. A refusal in the provisioning log from before such a change no
//! longer counts, and a start that ended in the same state is not repeated. A prior run must never be the only proof of
//! anything. It can only weaken a fact or prevent a step, never add one.

use std::collections::BTreeSet;

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::OnceCell;

use super::{Journal, JournalError};
use reinstate_core::diagnose::Case;
use reinstate_core::evidence::JobStart;
use reinstate_core::run::PauseReason;
use reinstate_core::{Event, Evidence, Op, Plan, Run, Verdict, diagnose};
use reinstate_store::{Store, StoreError};

/// How many earlier runs on a person are read.
const MAX_PRIOR_RUNS: usize = 20;

/// Where prior runs are read from.
pub enum PriorRuns {
    /// The journal of this process.
    Journal(Journal),
    /// The database of a command that works without one.
    Database(Database),
}

/// The database is opened only when a prior run may matter. Most checks end without it.
pub struct Database {
    url: SecretString,
    journal: OnceCell<Result<Option<Journal>, String>>,
}

impl PriorRuns {
    /// Prior runs from a database that may not exist.
    #[must_use]
    pub fn in_database(url: SecretString) -> Self {
        Self::Database(Database { url, journal: OnceCell::new() })
    }

    /// Adds the steps that never worked here, if access is missing. Also adds what prior runs moved aside, if the evidence
    /// holds a refusal that this may explain, the starts of the job by prior runs, if the job does not run, and the
    /// memberships that they sent, if a missing group is full.
    ///
    /// # Errors
    /// Why not all prior runs could be read. What was not read weakens no fact.
    pub async fn add_to(&self, evidence: &mut Evidence) -> Result<(), String> {
        let refused = Case::new(evidence).conflict().is_some();
        let full = !Case::new(evidence).full_groups().is_empty();
        let stopped = evidence.job.get().filter(|job| !job.runs()).map(|job| job_identity(&job.id));
        let matters = refused || full || stopped.is_some();
        if !matters && diagnose(evidence).verdict != Verdict::Broken {
            return Ok(());
        }
        let journal = match self.journal().await {
            Ok(Some(journal)) => journal,
            Err(why) if matters => return Err(why),
            Ok(None) | Err(_) => return Ok(()),
        };
        evidence.hopeless = journal.hopeless().await;
        let mut read = Ok(());
        let mut runs = Vec::new();
        let person = if refused || full { diagnose(evidence).subject.claims() } else { Vec::new() };
        for identity in stopped.into_iter().chain(person) {
            match journal.store().runs_for_identity(&identity).await {
                Ok(rows) => {
                    for row in rows {
                        if !runs.contains(&row.run) && runs.len() < MAX_PRIOR_RUNS {
                            runs.push(row.run);
                        }
                    }
                }
                Err(error) => read = Err(error.to_string()),
            }
        }
        for run in runs {
            match journal.entries::<Run>(&run).await {
                Ok(events) => {
                    evidence.cleared = evidence.cleared.max(cleared(&events));
                    evidence.starts.extend(starts(&events));
                    evidence.sent_memberships.extend(sent(&events));
                }
                Err(JournalError::Store(error)) => read = Err(error.to_string()),
                // Retention erased the personal part of this run, so the run is too old to matter.
                Err(_) => {}
            }
        }
        evidence.starts.sort_by_key(|start| start.at);
        if let Err(why) = &read {
            tracing::warn!(why, "not all prior runs on a person could be read");
        }
        read
    }

    /// The journal; none where no database was ever made, for then no run was recorded there.
    async fn journal(&self) -> Result<Option<&Journal>, String> {
        match self {
            Self::Journal(journal) => Ok(Some(journal)),
            Self::Database(Database { url, journal }) => {
                let open = || async {
                    match Store::open_to_read(url.expose_secret()).await {
                        Ok(store) => Ok(Some(Journal::new(store))),
                        Err(StoreError::NoFile(_)) => Ok(None),
                        Err(error) => Err(error.to_string()),
                    }
                };
                journal.get_or_init(open).await.as_ref().map(Option::as_ref).map_err(Clone::clone)
            }
        }
    }
}

/// The name under which the runs that started a job can be found.
pub(super) fn job_identity(job: &str) -> String {
    format!("job:{job}")
}

/// The groups to which a run has sent the person's membership, and the service did not refuse it.
fn sent(events: &[(i64, Timestamp, Event)]) -> BTreeSet<String> {
    let mut plan: Option<&Plan> = None;
    let (mut last, mut all) = (None, BTreeSet::new());
    for (_, _, event) in events {
        match event {
            Event::Planned { plan: newer, .. } => plan = Some(newer),
            Event::Began { step, .. } => {
                let op = plan.and_then(|plan| plan.steps.get(*step)).map(|step| &step.op);
                last = match op {
                    Some(Op::ProvisionMembership { group, .. }) => Some(group.clone()),
                    _ => None,
                };
                all.extend(last.clone());
            }
            Event::Paused { halt: PauseReason::Refused, .. } => {
                if let Some(group) = last.take() {
                    all.remove(&group);
                }
            }
            _ => {}
        }
    }
    all
}

/// The starts of the job whose cycle has ended, each with the state of the job before.
fn starts(events: &[(i64, Timestamp, Event)]) -> Vec<JobStart> {
    let mut plan: Option<&Plan> = None;
    let mut begun: Option<(usize, JobStart)> = None;
    let mut all = Vec::new();
    for (_, at, event) in events {
        match event {
            Event::Planned { plan: newer, .. } => {
                plan = Some(newer);
                begun = None;
            }
            Event::Began { step, before, .. } => {
                let op = plan.and_then(|plan| plan.steps.get(*step)).map(|step| &step.op);
                let start = JobStart { at: *at, before: before.clone() };
                begun = op.filter(|op| op.is_tenant_wide()).map(|_| (*step, start));
            }
            Event::Confirmed { step, .. } => {
                all.extend(begun.take().filter(|(known, _)| known == step).map(|(_, start)| start));
            }
            _ => {}
        }
    }
    all
}

/// When a run last began to move something aside. `Began` is enough unless the step was refused: the evidence shows
/// whether it worked.
fn cleared(events: &[(i64, Timestamp, Event)]) -> Option<Timestamp> {
    let mut plan: Option<&Plan> = None;
    let (mut earlier, mut last) = (None, None);
    for (_, at, event) in events {
        match event {
            Event::Planned { plan: newer, .. } => plan = Some(newer),
            Event::Began { step, .. } => {
                let op = plan.and_then(|plan| plan.steps.get(*step)).map(|step| &step.op);
                if op.is_some_and(|op| matches!(op.rung(), 4..=6 | 8)) {
                    earlier = last;
                    last = Some(*at);
                }
            }
            Event::Paused { halt: PauseReason::Refused, .. } => last = earlier,
            Event::Confirmed { .. } => earlier = last,
            _ => {}
        }
    }
    last
}
