//! Opens the sweeps of the watch. The card of a sweep is the message: about the people who lost access, or about
//! everybody where single looks are not enough. Everything that a message says is in the store before, so a process
//! that dies here has its message sent by the next look. It must never open the same sweep twice.

use jiff::Timestamp;

use super::people::ACTION_PREFIX;
use super::tenant::cause_of;
use super::{Look, LookError, held};
use crate::bot::commands::reading_sweep;
use crate::bot::schedule::request;
use crate::exec::watch_key;
use reinstate_core::watch::{Feed, TenantFault, WatchReason, Watched};
use reinstate_store::{IncidentRow, StoreError, TENANT_PREFIX};

impl Look<'_> {
    /// Sends what is written and not sent yet.
    pub(super) async fn open_notices(&self) -> Result<(), LookError> {
        for notice in self.store.unopened_notices().await? {
            let rows = self.store.incidents_of(&notice).await?;
            let reason = WatchReason::Lost {
                faults: rows.iter().filter_map(fault).collect(),
                actions: rows.iter().filter_map(action).collect(),
            };
            self.open_sweep(notice.clone(), &notice, reason).await?;
        }
        let Some(wanted) = self.store.wanted_sweep().await? else { return Ok(()) };
        let key = format!("for {}", wanted.since);
        if reading_sweep(self.app).await?.is_some_and(|(row, _)| row.key != watch_key(&key)) {
            // It may have read some people before they changed. So another sweep follows when it is over.
            return Ok(());
        }
        match serde_json::from_str(&wanted.reason) {
            Ok(reason) => self.open_sweep(uuid::Uuid::now_v7().to_string(), &key, reason).await?,
            Err(error) => tracing::error!(%error, "why the watch wants a sweep cannot be read"),
        }
        held(self.store.sweep_is_open(self.epoch, wanted.since).await?)
    }

    async fn open_sweep(&self, id: String, key: &str, reason: WatchReason) -> Result<(), LookError> {
        let unread = self.untold().await?;
        let told = unread.iter().map(|(feed, why)| (feed.word().to_owned(), why.clone())).collect();
        let watched = Watched { reason, unread };
        let now: Timestamp = self.app.journal.now().await?;
        self.app.journal.open_watch(id, key, request(self.app), watched, now).await?;
        self.store.feeds_told(told).await?;
        self.app.nudge();
        Ok(())
    }

    /// The feeds that cannot be read, if no message has said so.
    async fn untold(&self) -> Result<Vec<(Feed, String)>, StoreError> {
        let states = self.store.feeds().await?;
        let untold = |feed: &Feed| {
            let state = states.iter().find(|state| state.feed == feed.word() && !state.told)?;
            state.unread.clone().map(|why| (*feed, why))
        };
        Ok(Feed::ALL.iter().filter_map(untold).collect())
    }
}

fn fault(row: &IncidentRow) -> Option<TenantFault> {
    let cause = cause_of(row)?;
    Some(TenantFault { cause, evidence: row.details.clone().unwrap_or_default() })
}

fn action(row: &IncidentRow) -> Option<String> {
    row.person.strip_prefix(TENANT_PREFIX)?.strip_prefix(ACTION_PREFIX).map(str::to_owned)
}
