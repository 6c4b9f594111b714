//! What only our own journal knows about a person: that something was moved out of their way, and when. An old
//! refusal in the provisioning log says nothing about a world that was changed since. It must never be the only
//! proof of anything: it takes weight from a fact and adds none.

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::OnceCell;

use super::{Journal, JournalError};
use reinstate_core::diagnose::Case;
use reinstate_core::run::PauseReason;
use reinstate_core::{Event, Evidence, Plan, Run, diagnose};
use reinstate_store::Store;

/// How many earlier runs on a person are looked at.
const MAX_PRIOR_RUNS: usize = 20;

/// Where prior runs are read.
pub enum PriorRuns {
    /// The journal of this process.
    Journal(Journal),
    /// The database of a command that needs none.
    Database(Database),
}

/// It is opened when a prior run may matter and not before: most checks end without it.
pub struct Database {
    url: SecretString,
    journal: OnceCell<Result<Journal, String>>,
}

impl PriorRuns {
    /// Those of a database that may not be there.
    #[must_use]
    pub fn in_database(url: SecretString) -> Self {
        Self::Database(Database { url, journal: OnceCell::new() })
    }

    /// Adds what they moved aside to the evidence, where a refusal stands there that it may explain.
    ///
    /// # Errors
    /// Why not all of them could be read. What was not read takes no weight from anything.
    pub async fn add_to(&self, evidence: &mut Evidence) -> Result<(), String> {
        if Case::new(evidence).conflict().is_none() {
            return Ok(());
        }
        let journal = self.journal().await?;
        let mut read = Ok(());
        let mut runs = Vec::new();
        for identity in diagnose(evidence).subject.claims() {
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
                Ok(events) => evidence.cleared = evidence.cleared.max(cleared(&events)),
                Err(JournalError::Store(error)) => read = Err(error.to_string()),
                // A run whose personal part was erased is too old to matter.
                Err(_) => {}
            }
        }
        if let Err(why) = &read {
            tracing::warn!(why, "not all prior runs on a person could be read");
        }
        read
    }

    async fn journal(&self) -> Result<&Journal, String> {
        match self {
            Self::Journal(journal) => Ok(journal),
            Self::Database(Database { url, journal }) => {
                let open = || async {
                    let store = Store::open_to_read(url.expose_secret()).await;
                    store.map(Journal::new).map_err(|error| error.to_string())
                };
                journal.get_or_init(open).await.as_ref().map_err(Clone::clone)
            }
        }
    }
}

/// When a run last began to move something aside. Began is enough, unless it was refused: whether it worked is seen
/// in the world.
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
