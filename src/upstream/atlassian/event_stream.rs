//! The audit log as a feed: what has happened since a cursor. The stream is in the order in which the log took the
//! events in, so late ones are not lost. It needs a plan with Atlassian Guard; without it, an answer may be empty, and
//! that proves nothing. This module must never use our own clock.

use jiff::Timestamp;
use reqwest::Method;
use serde::{Deserialize, Serialize};

use super::Atlassian;
use super::events::{Event, Events};
use crate::upstream::error::CallError;

/// The largest page.
const PAGE: usize = 500;
/// How many pages are read at most; the next round continues after them.
const MAX_PAGES: usize = 20;
/// The type of an account in the context of an event.
const ACCOUNT_TYPE: &str = "users";

/// Where to read on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StreamPlace {
    /// A time, in epoch milliseconds. For the first round only.
    From(i64),
    Cursor(String),
}

/// One event of the stream.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StreamEvent {
    pub id: Option<String>,
    /// In lower case.
    pub action: String,
    pub at: Option<Timestamp>,
    /// The person who did it.
    pub by: Option<String>,
    /// The accounts in the context.
    pub accounts: Vec<String>,
    /// What else is in the context, by its id.
    pub others: Vec<String>,
}

/// What a round has read.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamRound {
    pub events: Vec<StreamEvent>,
    pub next: StreamPlace,
    pub has_more: bool,
}

impl From<Event> for StreamEvent {
    fn from(event: Event) -> Self {
        let by = event.person();
        let (mut accounts, mut others) = (Vec::new(), Vec::new());
        for context in event.attributes.context {
            let is_account = context.kind.as_deref() == Some(ACCOUNT_TYPE);
            if is_account { &mut accounts } else { &mut others }.extend(context.id);
        }
        let action = event.attributes.action.unwrap_or_default().to_lowercase();
        Self { id: event.id, action, at: event.attributes.time, by, accounts, others }
    }
}

impl Atlassian {
    /// The place of now. What happened before is not in the stream, however late it comes. `None` if the service does
    /// not tell its time.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn latest_event(&self) -> Result<Option<StreamPlace>, CallError> {
        let call = self.v1(Method::GET).at("events-stream").query("limit", "1").query("sortOrder", "desc");
        let answer = self.http.send(&call, &self.event_stream).await?;
        let page: Events = answer.json()?;
        let newest = page.data.into_iter().filter_map(|event| event.attributes.time).max();
        let now = answer.date.or(newest);
        Ok(now.map(|now| StreamPlace::From(now.as_millisecond())))
    }

    /// The events since a place.
    ///
    /// # Errors
    /// See [`CallError`]; [`CallError::is_unknown_cursor`] if the service no longer knows the place.
    pub async fn events_since(&self, place: &StreamPlace) -> Result<StreamRound, CallError> {
        let (mut events, mut next) = (Vec::new(), place.clone());
        for _ in 0..MAX_PAGES {
            let call =
                self.v1(Method::GET).at("events-stream").query("limit", "500").query("sortOrder", "asc");
            let call = match &next {
                StreamPlace::From(time) => call.query("from", &time.to_string()),
                StreamPlace::Cursor(cursor) => call.query("cursor", cursor),
            };
            let page: Events = self.http.send(&call, &self.event_stream).await?.json()?;
            // Even the last page has a cursor, to ask again later.
            let cursor = page.next().map(StreamPlace::Cursor);
            let is_last = page.data.len() < PAGE || cursor.is_none();
            events.extend(page.data.into_iter().map(StreamEvent::from));
            if !is_last && cursor.as_ref() == Some(&next) {
                return Err(CallError::TooMany);
            }
            next = cursor.unwrap_or(next);
            if is_last {
                return Ok(StreamRound { events, next, has_more: false });
            }
        }
        Ok(StreamRound { events, next, has_more: true })
    }
}
