//! Reads the feeds: what changed since a place, as reports of whom to read again. A place is text of the service that
//! only this file understands, and it must never be logged. A feed that cannot be read must never look quiet.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Live;
use super::bulk::REMOVALS;
use super::fetch::reason;
use crate::upstream::CallError;
use crate::upstream::atlassian::actions::{Concern, concern};
use crate::upstream::atlassian::event_stream::{StreamEvent, StreamPlace};
use crate::upstream::entra::delta::ChangedGroup;
use crate::upstream::entra::log::LogEntry;
use crate::upstream::entra::steps::Status;
use reinstate_core::watch::{Changed, Feed, FeedAnswer, Place, Round, Signal};

/// How far a round of the provisioning log reaches back behind its place. Its entries have the time of the attempt and
/// arrive later; no number is published (docs/reference/rules.md#entra-late-log).
const LOG_OVERLAP: SignedDuration = SignedDuration::from_mins(30);

/// Why there is no round.
enum NoRound {
    Expired,
    Unread(String),
}

impl From<String> for NoRound {
    fn from(why: String) -> Self {
        Self::Unread(why)
    }
}

/// The place in the provisioning log. It names the job, so that a quiet round is one call.
#[derive(Serialize, Deserialize)]
struct LogPlace {
    job: String,
    newest: Timestamp,
    /// Where the feed began. What is older was read by the sweep with which the watch began.
    #[serde(default)]
    began: Option<Timestamp>,
    /// The rest of a round that was not read to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rest: Option<String>,
}

impl Live {
    pub(super) async fn read_changes(&self, feed: Feed, since: Option<&Place>) -> FeedAnswer {
        let read = match feed {
            Feed::Users => self.changed_users(since).await,
            Feed::Groups => self.changed_groups(since).await,
            Feed::ProvisioningLog => self.logged(since).await,
            Feed::Events => self.events(since).await,
        };
        match read {
            Ok(round) => {
                let (signals, has_more) = (round.signals.len(), round.has_more);
                tracing::debug!(feed = feed.word(), signals, has_more, "read a feed");
                FeedAnswer::Read(round)
            }
            Err(NoRound::Expired) => FeedAnswer::Expired,
            Err(NoRound::Unread(why)) => FeedAnswer::Unread(why),
        }
    }

    async fn changed_users(&self, since: Option<&Place>) -> Result<Round, NoRound> {
        let entra = self.entra().map_err(|why| why.reason)?;
        let Some(Place(place)) = since else {
            return Ok(start(entra.latest_users().await.map_err(unread)?));
        };
        let read = entra.changed_users(place).await.map_err(unlinked)?;
        let ids = read.changed.into_iter().map(|user| user.id.ok_or_else(nameless));
        let changed = ids.map(|id| id.map(Changed::User)).collect::<Result<BTreeSet<_>, _>>()?;
        let signals = changed.into_iter().map(|changed| anonymous(Feed::Users, changed)).collect();
        Ok(Round { signals, next: Place(read.next), has_more: read.has_more })
    }

    async fn changed_groups(&self, since: Option<&Place>) -> Result<Round, NoRound> {
        let entra = self.entra().map_err(|why| why.reason)?;
        let Some(Place(place)) = since else {
            return Ok(start(entra.latest_groups().await.map_err(unread)?));
        };
        let read = entra.changed_groups(place).await.map_err(unlinked)?;
        let mut changed = BTreeSet::new();
        if !read.changed.is_empty() {
            let provisioned = self.provisioned_groups().await;
            for group in read.changed {
                changed.extend(group_changes(group, provisioned.as_ref())?);
            }
        }
        let signals = changed.into_iter().map(|changed| anonymous(Feed::Groups, changed)).collect();
        Ok(Round { signals, next: Place(read.next), has_more: read.has_more })
    }

    /// The groups that the job provisions. `None` if it provisions every group, or if this cannot be read; then every
    /// group counts. It is read only when a group has changed: most groups of a tenant have nothing to do with
    /// Atlassian.
    async fn provisioned_groups(&self) -> Option<BTreeSet<String>> {
        let entra = self.entra().ok()?;
        let sync_all = match self.clients.places.sync_all {
            Some(known) => known,
            None => entra.settings(&self.service_principal).await.ok()?.sync_all?,
        };
        if sync_all {
            return None;
        }
        let assigned = entra.assigned_to(&self.service_principal).await.ok()?;
        Some(assigned.into_iter().filter_map(|one| one.principal_id).collect())
    }

    async fn logged(&self, since: Option<&Place>) -> Result<Round, NoRound> {
        let entra = self.entra().map_err(|why| why.reason)?;
        let Some(Place(place)) = since else {
            let job = self.job().await.map_err(|why| why.reason)?.id;
            let newest = entra.newest_log_time(&job).await.map_err(unread)?;
            let newest = newest.ok_or_else(|| "the service does not tell its time".to_owned())?;
            return Ok(start(written(&LogPlace { job, newest, began: Some(newest), rest: None })?));
        };
        let place: LogPlace = read_place(place)?;
        // A job that was deleted and created again has a log of its own.
        if self.known_job().is_some_and(|job| job != place.job) {
            return Err(NoRound::Expired);
        }
        let read = match &place.rest {
            Some(link) => entra.log_after(link).await.map_err(unlinked)?,
            None => {
                let from = place.newest.checked_sub(LOG_OVERLAP).unwrap_or(Timestamp::MIN);
                entra.log_since(&place.job, from).await.map_err(unread)?
            }
        };
        let newest = read.entries.iter().filter_map(|entry| entry.at).max();
        let newest = newest.map_or(place.newest, |newest| newest.max(place.newest));
        let has_more = read.next.is_some();
        let is_new = |entry: &LogEntry| place.began.is_none() || entry.at.is_none() || entry.at > place.began;
        let signals = read.entries.into_iter().filter(is_new).filter_map(log_signal).collect();
        let next = LogPlace { job: place.job, newest, began: place.began, rest: read.next };
        let next = Place(written(&next)?);
        Ok(Round { signals, next, has_more })
    }

    async fn events(&self, since: Option<&Place>) -> Result<Round, NoRound> {
        let org = self.org().map_err(|why| why.reason)?;
        let Some(Place(place)) = since else {
            let place = org.latest_event().await.map_err(unread)?;
            let place = place.ok_or_else(|| "the service does not tell its time".to_owned())?;
            return Ok(start(written(&place)?));
        };
        let place: StreamPlace = read_place(place)?;
        let read = org.events_since(&place).await.map_err(|error| match error.is_unknown_cursor() {
            true => NoRound::Expired,
            false => unread(error),
        })?;
        let (mut signals, mut ignored) = (Vec::new(), 0_usize);
        for event in read.events {
            let found = event_signals(event);
            ignored += usize::from(found.is_empty());
            signals.extend(found);
        }
        tracing::debug!(ignored, "events that concern nobody's access");
        Ok(Round { signals, next: Place(written(&read.next)?), has_more: read.has_more })
    }
}

fn unread(error: CallError) -> NoRound {
    NoRound::Unread(reason(&error).reason)
}

fn unlinked(error: CallError) -> NoRound {
    if error.is_expired_link() { NoRound::Expired } else { unread(error) }
}

fn nameless() -> NoRound {
    NoRound::Unread("an object that has changed came without its id".to_owned())
}

/// The empty round that begins a feed.
fn start(place: String) -> Round {
    Round { signals: Vec::new(), next: Place(place), has_more: false }
}

fn written(place: &impl Serialize) -> Result<String, NoRound> {
    serde_json::to_string(place).map_err(|_| NoRound::Unread("the place could not be written".to_owned()))
}

/// A place that this version did not write is worth as much as one that the service has forgotten.
fn read_place<T: serde::de::DeserializeOwned>(place: &str) -> Result<T, NoRound> {
    serde_json::from_str(place).map_err(|_| NoRound::Expired)
}

/// The deltas tell neither when nor by whom.
fn anonymous(feed: Feed, changed: Changed) -> Signal {
    Signal { feed, changed, at: None, by: None, entry: None }
}

/// The members that came or left, and the group if it has changed itself. Only direct members are provisioned, so a
/// group within a group does not count.
fn group_changes(
    group: ChangedGroup,
    provisioned: Option<&BTreeSet<String>>,
) -> Result<Vec<Changed>, NoRound> {
    let id = group.id.clone().ok_or_else(nameless)?;
    // The assignments of a removed group may be gone with it.
    if !group.is_removed() && provisioned.is_some_and(|known| !known.contains(&id)) {
        return Ok(Vec::new());
    }
    let itself = group.is_itself_changed().then_some(Changed::Group(id));
    let members = group.members.into_iter().filter(|member| member.is_user());
    Ok(members.filter_map(|member| member.id.map(Changed::User)).chain(itself).collect())
}

/// The report of a log entry that may cost access: it failed, was skipped, or took something away. A status that is not
/// known counts too.
fn log_signal(entry: LogEntry) -> Option<Signal> {
    let is_done = matches!(entry.status, Some(Status::Success | Status::Warning));
    let takes_away = entry.action.as_deref().is_some_and(|action| REMOVALS.contains(&action));
    if is_done && !takes_away {
        return None;
    }
    let changed = match (entry.source_id, entry.target_id) {
        (Some(group), _) if entry.is_about_group => Changed::Group(group),
        (Some(user), _) => Changed::User(user),
        (None, Some(record)) if !entry.is_about_group => Changed::Record(record),
        (None, _) => return None,
    };
    Some(Signal { feed: Feed::ProvisioningLog, changed, at: entry.at, by: None, entry: entry.id })
}

/// The reports of an event: one for each account or record that it names. An event that names nobody says nothing about
/// whom to read.
fn event_signals(event: StreamEvent) -> Vec<Signal> {
    let changed: BTreeSet<Changed> = match concern(&event.action) {
        None => BTreeSet::new(),
        Some(Concern::Organization) => BTreeSet::from([Changed::Organization(event.action)]),
        Some(Concern::Account) => event.accounts.into_iter().map(Changed::Account).collect(),
        Some(Concern::Record) => {
            let accounts = event.accounts.into_iter().map(Changed::Account);
            accounts.chain(event.others.into_iter().map(Changed::Record)).collect()
        }
    };
    let (at, by, entry) = (event.at, event.by, event.id);
    let report = |changed| Signal { feed: Feed::Events, changed, at, by: by.clone(), entry: entry.clone() };
    changed.into_iter().map(report).collect()
}
