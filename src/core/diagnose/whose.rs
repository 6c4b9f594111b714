//! Whose is which record: the arranging of ties, and what may be read off them. It never decides by a name alone
//! where an id is known.

use super::case::{Case, Tie};
use crate::core::evidence::{Evidence, LogEntry, Read};
use crate::core::subject::fold;

impl<'a> Case<'a> {
    /// Whether a record carries the object id of somebody else (product.md 9: an externalId that never was an
    /// object id is a stale record as well, as long as the job maps the object id). `None` where the mapping that
    /// would tell was not read.
    #[must_use]
    pub fn is_foreign(&self, tie: &Tie<'_>) -> Option<bool> {
        let (Some(person), Some(record)) = (self.person, tie.record) else { return Some(false) };
        let Some(external) = record.external_id.as_deref() else { return Some(false) };
        if external == person.id {
            return Some(false);
        }
        match self.e.mapping.get()?.external_id_from.as_deref() {
            Some(from) => Some(from.to_lowercase().contains("objectid")),
            None => Some(is_object_id(external)),
        }
    }

    /// Whether every configured directory was asked for the person's names and id.
    #[must_use]
    pub fn every_directory_was_read(&self) -> bool {
        !self.e.records.is_empty() && self.e.records.values().all(|read| read.get().is_some())
    }

    /// The record the identity provider believes to be the person's.
    #[must_use]
    pub fn anchor(&self) -> Option<&'a str> {
        let log = self.e.log.get()?;
        log.iter().filter(|entry| entry.succeeded()).find_map(|entry| entry.target.as_deref())
    }

    /// The SCIM directory the job writes to: by its settings, else the one that holds the record it wrote.
    #[must_use]
    pub fn target_directory(&self) -> Option<&str> {
        let said = self.e.mapping.get().and_then(|mapping| mapping.directory.as_deref());
        said.or_else(|| {
            let anchor = self.anchor()?;
            self.ties.iter().find(|tie| tie.id.record == anchor).map(|tie| tie.id.directory.as_str())
        })
    }

    /// Records of the person, in whatever directory: linked to their account, or found by their id or names.
    pub fn mine(&self) -> impl Iterator<Item = &Tie<'a>> {
        let account = self.account.map(|account| account.id.as_str());
        self.ties.iter().filter(move |tie| {
            let linked = account.is_some() && tie.account.as_deref() == account;
            let named = tie.record.is_some_and(|record| {
                let name = record.user_name.as_deref().map(fold);
                let same_id = self.person.is_some_and(|p| record.external_id.as_deref() == Some(&p.id));
                same_id || (name.is_some() && name == self.wanted_name)
            });
            linked || named || tie.by_address
        })
    }

    /// The record of an earlier object of the same name: its externalId was an object id that is gone, the job maps
    /// the object id, and the person is younger than the record (product.md 9, `identity-recreated`).
    #[must_use]
    pub fn recreated(&self) -> Option<&Tie<'a>> {
        let person = self.person?;
        let from = self.e.mapping.get()?.external_id_from.as_deref()?;
        if self.own.as_ref().is_some_and(|own| own.account.is_some())
            || !from.to_lowercase().contains("objectid")
        {
            return None;
        }
        self.in_the_way().find(|tie| {
            let Some(record) = tie.record else { return false };
            let Some(external) = record.external_id.as_deref().filter(|id| is_object_id(id)) else {
                return false;
            };
            let gone = matches!(self.e.owners.get(external), Some(Read::Seen { value: None, .. }));
            let younger = person.created.zip(record.created).is_some_and(|(person, record)| person > record);
            external != person.id && gone && younger
        })
    }

    /// The newest log entry in which the target refused because a value is taken. A refusal from before something
    /// was moved out of the way proves nothing about today.
    #[must_use]
    pub fn conflict(&self) -> Option<&'a LogEntry> {
        // A success after the refusal means that it was overcome.
        self.e
            .log
            .get()?
            .iter()
            .take_while(|entry| !(entry.succeeded() && is_export(entry)))
            .find(|entry| entry.is_conflict())
            .filter(|entry| entry.at.zip(self.e.cleared).is_none_or(|(at, cleared)| at >= cleared))
    }

    /// Records other than the person's own that hold the person's userName, address or externalId in a directory.
    pub fn in_the_way(&self) -> impl Iterator<Item = &Tie<'a>> {
        let own = self.own.as_ref().map(|tie| tie.id.clone());
        let name = self.wanted_name.clone();
        let wanted = self.wanted.clone();
        let person = self.person.map(|person| person.id.clone());
        // Names are unique in one directory; a record of another one takes nothing (atlassian.md 5.5).
        let target = self.target_directory().map(str::to_owned);
        let target = target.or_else(|| own.as_ref().map(|id| id.directory.clone()));
        self.ties.iter().filter(move |tie| {
            let holds = match tie.record {
                Some(record) => {
                    let same_name = record.user_name.as_deref().map(fold) == name && name.is_some();
                    let same_mail = record.email.as_deref().map(fold) == wanted && wanted.is_some();
                    same_name || same_mail || (person.is_some() && record.external_id == person)
                }
                None => tie.by_address,
            };
            let here = target.as_ref().is_none_or(|id| *id == tie.id.directory);
            Some(&tie.id) != own.as_ref() && here && holds
        })
    }
}

/// Whether the target was written to.
pub(super) fn is_export(entry: &LogEntry) -> bool {
    matches!(entry.action.to_lowercase().as_str(), "create" | "update")
}

/// Object ids are GUIDs; import numbers and nicknames are not.
pub(super) fn is_object_id(text: &str) -> bool {
    let parts: Vec<usize> = text.split('-').map(str::len).collect();
    parts == [8, 4, 4, 4, 12] && text.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
}

/// Joins what the link calls and the directories say of each record.
pub(super) fn ties(e: &Evidence) -> Vec<Tie<'_>> {
    let mut all: Vec<Tie<'_>> = Vec::new();
    let by_id = e.records_by_id.iter().filter_map(|(_, read)| read.get()?.as_ref());
    for record in e.records.values().filter_map(Read::get).flatten().chain(by_id) {
        if !all.iter().any(|tie| tie.id == record.id) {
            all.push(Tie {
                id: record.id.clone(),
                link_known: true,
                account: record.account.clone(),
                record: Some(record),
                by_address: false,
            });
        }
    }
    let by_address = e.links.get().into_iter().flatten().map(|link| (link, true));
    let by_account = e.account_links.values().filter_map(Read::get).flatten().map(|link| (link, false));
    for (link, by_address) in by_address.chain(by_account) {
        // A record that the directory itself says is gone is gone, whatever an index still shows.
        if e.record(&link.id) == Some(None) {
            continue;
        }
        match all.iter_mut().find(|tie| tie.id == link.id) {
            Some(tie) => {
                tie.by_address |= by_address;
                // The directory and the index disagree: then neither is known.
                if tie.account.is_some() && link.account.is_some() && tie.account != link.account {
                    tie.link_known = false;
                }
                tie.account = tie.account.take().or_else(|| link.account.clone());
            }
            None => all.push(Tie {
                id: link.id.clone(),
                link_known: true,
                account: link.account.clone(),
                record: None,
                by_address,
            }),
        }
    }
    all.sort_by(|a, b| a.id.cmp(&b.id));
    all
}
