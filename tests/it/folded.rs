//! A cache of folded runs, for tests that poll until something has happened. Folding a journal costs far more than
//! asking whether it has grown, so a run is folded again only after its journal has grown.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use reinstate::exec::{Journal, JournalError};
use reinstate_core::Run;

/// The folded runs, each with the number of its last folded entry.
#[derive(Default)]
pub struct Folded(Mutex<BTreeMap<String, (i64, Run)>>);

impl Folded {
    /// The total number of entries of all runs, at the last read.
    pub fn entries(&self) -> i64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).values().map(|(seq, _)| seq).sum()
    }

    /// The run with this id, as the journal has it now.
    pub async fn run(&self, journal: &Journal, id: &str) -> Result<Run, JournalError> {
        let row = journal.store().run(id).await?;
        let seq = row.map(|row| row.seq);
        {
            let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((at, run)) = known.get(id)
                && Some(*at) == seq
            {
                return Ok(run.clone());
            }
        }
        let run = journal.run(id).await?;
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(id.to_owned(), (run.seq, run.clone()));
        Ok(run)
    }
}
