//! Reads the runs of some time for a report, one after the other. It must never hold the entries of more than one run,
//! and one run that cannot be read must not keep the report from the others.

use jiff::Timestamp;

use reinstate_core::report::{Remains, Report, RunRecord, Tally};
use reinstate_core::{Event, Kind};
use reinstate_store::{Entry, StoreError};

use super::{Journal, JournalError, entry};

impl Journal {
    /// The figures of the runs that were opened at or after `since`. `until` is the present time.
    ///
    /// # Errors
    /// When the store fails. A run that cannot be read is only counted.
    pub async fn report(&self, since: Timestamp, until: Timestamp) -> Result<Report, StoreError> {
        let mut tally = Tally::new(since, until);
        let mut pages = self.store.runs_since(since, Kind::Run.opening());
        while let Some(page) = pages.next_page().await? {
            for run in page {
                match self.record(&run).await? {
                    Some(record) => tally.add(&record),
                    None => tally.add_unreadable(),
                }
            }
        }
        Ok(tally.report())
    }

    /// What a report needs of one run. None if the run cannot be read.
    pub(super) async fn record(&self, run: &str) -> Result<Option<RunRecord>, StoreError> {
        match self.stored(run).await {
            Ok(entries) => Ok(record(&entries)),
            Err(JournalError::Store(error)) if !matches!(error, StoreError::Tampered { .. }) => Err(error),
            Err(_) => Ok(None),
        }
    }
}

fn record(entries: &[Entry]) -> Option<RunRecord> {
    let mut record = RunRecord::default();
    for entry in entries {
        let event: Event;
        let remains = if entry.erased() {
            Remains::Facts { kind: &entry.kind, facts: serde_json::from_str(&entry.facts).ok()? }
        } else {
            event = entry::read(&entry.kind, entry.personal.as_deref(), entry.position).ok()?;
            Remains::Event(&event)
        };
        record.add(entry.at, remains).ok()?;
    }
    Some(record)
}
