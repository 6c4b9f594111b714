//! Whose is which record: the arranging of ties, and what may be read off them. It never decides by a name alone
//! where an id is known, and never takes a record whose owner is unread for an abandoned one.

use super::case::Case;
use super::record_link::RecordLink;
use crate::evidence::{IdpUser, LogEntry, Read};
use crate::subject::normalize;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Owner<'a> {
    Person,
    /// Another living person's.
    Other(&'a IdpUser),
    /// The job would write its `externalId` for nobody who lives.
    Nobody,
    /// It cannot be told, so it counts as somebody's.
    Unread,
}

impl<'a> Case<'a> {
    /// Whose a record is: of the person of whom the job writes its `externalId`. A value that two people have belongs to
    /// the other one too, so it has to be looked up who has it; object ids alone are unique.
    #[must_use]
    pub fn owner(&self, tie: &RecordLink<'a>) -> Owner<'a> {
        // Without an externalId nothing names an owner, and a name may have been another person's.
        let Some(external) = tie.record.and_then(|record| record.external_id.as_deref()) else {
            return Owner::Unread;
        };
        if self.person.is_some_and(|person| normalize(&person.id) == normalize(external)) {
            return Owner::Person;
        }
        let Some(owners) = self.e.owners.get(external).and_then(Read::get) else { return Owner::Unread };
        let is_person = |user: &&IdpUser| self.person.is_some_and(|person| person.id == user.id);
        match owners.iter().find(|user| !is_person(user)) {
            Some(other) => Owner::Other(other),
            None if owners.is_empty() && !self.identity.external_id.may_be(external) => Owner::Nobody,
            None => Owner::Person,
        }
    }

    /// Whether a record belongs to another living person; `None` where its owner is unread.
    #[must_use]
    pub fn is_anothers(&self, tie: &RecordLink<'a>) -> Option<bool> {
        match self.owner(tie) {
            Owner::Person | Owner::Nobody => Some(false),
            Owner::Other(_) => Some(true),
            Owner::Unread => None,
        }
    }

    /// Whether every configured directory was asked for the person's names and id.
    #[must_use]
    pub fn every_directory_was_read(&self) -> bool {
        !self.e.records.is_empty() && self.e.records.values().all(|read| read.get().is_some())
    }

    /// The record the identity provider believes to be the person's: the target of its newest success.
    #[must_use]
    pub fn anchor(&self) -> Option<&'a str> {
        let log = self.e.log.get()?;
        log.iter().filter(|entry| entry.succeeded()).find_map(|entry| entry.target.as_deref())
    }

    /// The SCIM directory the job writes to: by its settings, else the only one that is configured, else the one that
    /// holds the record it wrote, if that is known to be the person's.
    #[must_use]
    pub fn target_directory(&self) -> Option<&str> {
        let said = self.e.mapping.get().and_then(|mapping| mapping.directory.as_deref());
        let mut configured = self.e.records.keys();
        let only = configured.next().filter(|_| configured.next().is_none()).map(String::as_str);
        said.or(only).or_else(|| {
            let anchor = self.anchor()?;
            let tie = self.record_links.iter().find(|tie| tie.id.record == anchor)?;
            (self.owner(tie) == Owner::Person).then_some(tie.id.directory.as_str())
        })
    }

    /// Whether a record has the person's `userName`. Names that differ by case alone are one name to Atlassian.
    #[must_use]
    pub fn has_the_name(&self, tie: &RecordLink<'_>) -> bool {
        let name = tie.record.and_then(|record| record.user_name.as_deref());
        name.is_some_and(|name| self.identity.user_name.may_be(name))
    }

    /// Whether a record has the `externalId` that the job writes for the person.
    #[must_use]
    pub fn has_the_external_id(&self, tie: &RecordLink<'_>) -> bool {
        let external = tie.record.and_then(|record| record.external_id.as_deref());
        external.is_some_and(|external| self.identity.external_id.may_be(external))
    }

    /// Records of the person, in whatever directory: linked to their account, or found by their id or names. None that
    /// is known to be another living person's.
    pub fn own_records(&self) -> impl Iterator<Item = &RecordLink<'a>> {
        let account = self.account.map(|account| account.id.as_str());
        self.record_links.iter().filter(move |tie| {
            let linked = account.is_some() && tie.account.as_deref() == account;
            let person_id = self.person.is_some_and(|person| {
                tie.record.and_then(|record| record.external_id.as_deref()) == Some(person.id.as_str())
            });
            let named = person_id || self.has_the_external_id(tie) || self.has_the_name(tie);
            (linked || named || tie.by_address) && self.is_anothers(tie) != Some(true)
        })
    }

    /// The record of an earlier object of the same name: its externalId was an object id that is gone, the job maps
    /// the object id, and the person is younger than the record.
    #[must_use]
    pub fn recreated(&self) -> Option<&RecordLink<'a>> {
        let person = self.person?;
        let expression = self.e.mapping.get()?.external_id_expression()?;
        if self.own.as_ref().is_some_and(|own| own.account.is_some()) || !expression.is_object_id() {
            return None;
        }
        self.conflicting_records().find(|tie| {
            let Some(record) = tie.record else { return false };
            let was_object_id = record.external_id.as_deref().is_some_and(is_object_id);
            let younger = person.created.zip(record.created).is_some_and(|(person, record)| person > record);
            was_object_id && self.owner(tie) == Owner::Nobody && younger
        })
    }

    /// Whether a record is one that an earlier identity left on an account: its owner is gone, and the person is younger
    /// than it. The account may be the same person's, or somebody else has inherited the address.
    #[must_use]
    pub fn is_former_identity(&self, tie: &RecordLink<'a>) -> bool {
        let created = tie.record.and_then(|record| record.created);
        let younger = self.person.and_then(|person| person.created).zip(created);
        tie.account.is_some()
            && self.owner(tie) == Owner::Nobody
            && younger.is_some_and(|(person, record)| person > record)
    }

    /// The log since the newest success of the person, newest first; `None` when unread. What is older proves nothing
    /// about today.
    fn since_success(&self) -> Option<impl Iterator<Item = &'a LogEntry>> {
        Some(self.e.log.get()?.iter().take_while(|entry| !(entry.succeeded() && entry.is_export())))
    }

    /// The newest log entry in which the target refused because a value is taken. A refusal from before something
    /// was moved out of the way proves nothing about today.
    #[must_use]
    pub fn conflict(&self) -> Option<&'a LogEntry> {
        self.since_success()?
            .find(|entry| entry.is_conflict())
            .filter(|entry| entry.at.zip(self.e.cleared).is_none_or(|(at, cleared)| at >= cleared))
    }

    /// Whether the identity provider tried to *create* the person since its last success and was refused: then it does
    /// not know any record as theirs. `None` when the log is unread.
    #[must_use]
    pub fn create_was_refused(&self) -> Option<bool> {
        let is_create = |entry: &LogEntry| entry.action.eq_ignore_ascii_case("create");
        Some(self.since_success()?.any(|entry| is_create(entry) && entry.is_conflict()))
    }

    /// Whether the newest verdict since the last success is that nothing entitles the person. A comparison and an attempt
    /// to write are made only for those who are entitled. `None` when unread.
    #[must_use]
    pub fn is_not_entitled(&self) -> Option<bool> {
        let compared = |entry: &LogEntry| entry.skip_reason.as_deref() == Some("RedundantExport");
        let attempted = |entry: &LogEntry| entry.is_export() && entry.skip_reason.is_none();
        let newest = self
            .since_success()?
            .find(|entry| entry.is_not_entitled() || compared(entry) || attempted(entry));
        Some(newest.is_some_and(LogEntry::is_not_entitled))
    }

    /// The newest failure since the last success, if there is one; `None` when the log is unread.
    #[must_use]
    pub fn newest_failure(&self) -> Option<Option<&'a LogEntry>> {
        Some(self.since_success()?.find(|entry| entry.status.eq_ignore_ascii_case("failure")))
    }

    /// Whether the job has written the person at least once; `None` when the log is unread.
    #[must_use]
    pub fn was_written(&self) -> Option<bool> {
        Some(self.e.log.get()?.iter().any(|entry| entry.succeeded() && entry.is_export()))
    }

    /// Records that keep the person from being written. Such a record is not the person's own; it holds the person's
    /// name, id or address in the job's directory, or is linked to the account that has the address; and the log shows
    /// a refusal newer than the last success, or the record is linked to a wrong account.
    pub fn conflicting_records(&self) -> impl Iterator<Item = &RecordLink<'a>> {
        let own = self.own.as_ref().map(|tie| tie.id.clone());
        let target = self.target_directory().map(str::to_owned);
        let bearer = self.bearer().map(|account| account.id.as_str());
        let refused = self.conflict().is_some();
        self.record_links.iter().filter(move |tie| {
            let here = target.as_ref().is_some_and(|id| *id == tie.id.directory);
            let holds = here && self.holds_something(tie);
            let on_bearer = bearer.is_some() && tie.account.as_deref() == bearer;
            let on_wrong = match (tie.account.as_deref(), bearer) {
                (Some(linked), Some(bearer)) => linked != bearer,
                _ => false,
            };
            Some(&tie.id) != own.as_ref() && (holds || on_bearer) && (refused || (holds && on_wrong))
        })
    }

    /// Whether a record holds the person's name, id or address. Of one that was not read, the address alone tells.
    fn holds_something(&self, tie: &RecordLink<'_>) -> bool {
        let Some(record) = tie.record else { return tie.by_address };
        let address = record.email.as_deref().is_some_and(|email| self.identity.email.may_be(email));
        address || self.has_the_name(tie) || self.has_the_external_id(tie)
    }

    /// Whether a record that was read has something of the person's, and its owner is unread.
    pub(super) fn a_read_record_may_be_own(&self) -> bool {
        let unread = |tie: &RecordLink<'a>| tie.record.is_some() && self.owner(tie) == Owner::Unread;
        self.record_links.iter().any(|tie| unread(tie) && self.holds_something(tie))
    }

    /// Whether a record may be the person's and it cannot be told: its owner is unread, or the log that would tell
    /// whether the identity provider knows it.
    #[must_use]
    pub fn record_is_unread(&self) -> bool {
        let concerns = |tie: &&RecordLink<'a>| self.holds_something(tie) || tie.by_address;
        let mut others = self.record_links.iter().filter(concerns);
        self.own.is_none()
            && others.any(|tie| match self.owner(tie) {
                Owner::Unread => true,
                Owner::Person | Owner::Nobody => self.e.log.get().is_none() && !self.has_no_job(),
                Owner::Other(_) => false,
            })
    }
}

/// Object ids are GUIDs; import numbers and nicknames are not.
pub(super) fn is_object_id(text: &str) -> bool {
    let parts: Vec<usize> = text.split('-').map(str::len).collect();
    parts == [8, 4, 4, 4, 12] && text.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
}
