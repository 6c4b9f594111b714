//! The provisioning log as a feed: what the job has done since a time. Entries arrive late and out of order, so a reader
//! must ask for more than it has missed. This module must never use our own clock.

use jiff::Timestamp;

use super::log::{LogEntry, Raw};
use super::{Entra, Listed};
use crate::upstream::error::CallError;
use crate::upstream::http::Call;
use crate::upstream::literal;

/// How many pages are read at most; the next round continues after them. Each has up to 500 entries.
const MAX_PAGES: usize = 20;

/// What a round has read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogRound {
    pub entries: Vec<LogEntry>,
    /// The link from which the next round continues. `None` if the log was read to its end.
    pub next: Option<String>,
}

impl Entra {
    /// The time of the newest entry of a job. If the log has no entry, the time at which the service answered. `None` if
    /// the service tells neither.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn newest_log_time(&self, job: &str) -> Result<Option<Timestamp>, CallError> {
        let filter = format!("jobId eq {}", literal::odata(job));
        let answer = self.send(self.log(&filter, "1"), &self.audit).await?;
        let page: Listed<Raw> = answer.json()?;
        let newest = page.value.into_iter().filter_map(|raw| LogEntry::from(raw).at).max();
        Ok(newest.or(answer.date))
    }

    /// The entries of a job since a time.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn log_since(&self, job: &str, since: Timestamp) -> Result<LogRound, CallError> {
        // No document names `ge` for this log.
        let filter = format!("jobId eq {} and activityDateTime gt {since:.0}", literal::odata(job));
        self.log_round(self.log(&filter, "500")).await
    }

    /// The entries of a round that was not read to its end.
    ///
    /// # Errors
    /// See [`CallError`]; [`CallError::is_expired_link`] if the service no longer knows the place.
    pub async fn log_after(&self, link: &str) -> Result<LogRound, CallError> {
        self.log_round(self.log("", "500").follow(link)?).await
    }

    async fn log_round(&self, first: Call) -> Result<LogRound, CallError> {
        let (mut entries, mut call, mut at) = (Vec::new(), first.clone(), None);
        for _ in 0..MAX_PAGES {
            let page: Listed<Raw> = self.send(call, &self.audit).await?.json()?;
            entries.extend(page.value.into_iter().map(LogEntry::from));
            let Some(next) = page.next else { return Ok(LogRound { entries, next: None }) };
            // A link to another host is refused before it is kept.
            call = first.follow(&next)?;
            if at.as_ref() == Some(&next) {
                return Err(CallError::TooMany);
            }
            at = Some(next);
        }
        Ok(LogRound { entries, next: at })
    }
}
