//! Which person each SCIM record belongs to, and what follows from that. It must never decide by a name alone if an id
//! is known. It must never treat a record as abandoned if its owner is unread.

use jiff::SignedDuration;

use super::case::Case;
use super::record_link::RecordLink;
use crate::evidence::{IdpUser, LogEntry, Read};
use crate::expression::Mapped;
use crate::subject::{RecordId, Who, normalize};

/// How long every tenant keeps its provisioning log. Tenants with a premium licence keep it for 30 days. Source:
/// <https://learn.microsoft.com/entra/identity/monitoring-health/reference-reports-data-retention>.
const LOG_KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Owner<'a> {
    Person,
    /// Another living person owns it.
    Other(&'a IdpUser),
    /// The job would write its `externalId` for no living person.
    Nobody,
    /// The owner is unknown, so the record counts as somebody else's.
    Unread,
}

impl<'a> Case<'a> {
    /// The owner of a record: the person for whom the job writes its `externalId`. If two people share the value, the
    /// record counts as the other person's. So every value has to be looked up; only object ids are unique.
    #[must_use]
    pub fn owner(&self, record_link: &RecordLink<'a>) -> Owner<'a> {
        // Without an `externalId`, nothing shows the owner. A name may have belonged to another person before.
        let Some(external) = record_link.record.and_then(|record| record.external_id.as_deref()) else {
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

    /// Whether a record belongs to another living person. `None` if its owner is unread.
    #[must_use]
    pub fn is_anothers(&self, record_link: &RecordLink<'a>) -> Option<bool> {
        match self.owner(record_link) {
            Owner::Person | Owner::Nobody => Some(false),
            Owner::Other(_) => Some(true),
            Owner::Unread => None,
        }
    }

    /// Whether the `userName` of a record is that of another living person. `None` if unknown. For a guest, the job
    /// writes a name that differs from the user principal name, so only the name of an ordinary user can be looked up.
    #[must_use]
    pub fn name_is_another_persons(&self, record_link: &RecordLink<'a>) -> Option<bool> {
        let name = record_link.record?.user_name.as_deref()?;
        if self.has_the_name(record_link) {
            return Some(false);
        }
        if self.colleague_with(name)?.is_some() {
            return Some(true);
        }
        let expression = self.e.mapping.get()?.user_name_expression()?;
        let attribute = expression.plain_attribute()?.to_lowercase();
        let (local, _) = name.rsplit_once('@')?;
        let is_looked_up = attribute == "mail" || (attribute == "userprincipalname" && !local.contains('_'));
        is_looked_up.then_some(false)
    }

    /// Whether every configured directory was read for the person's names and id.
    #[must_use]
    pub fn every_directory_was_read(&self) -> bool {
        !self.e.records.is_empty() && self.e.records.values().all(|read| read.get().is_some())
    }

    /// The record that the identity provider believes to be the person's: the target of its newest success.
    #[must_use]
    pub fn anchor(&self) -> Option<&'a str> {
        let log = self.e.log.get()?;
        log.iter().filter(|entry| entry.succeeded()).find_map(|entry| entry.target.as_deref())
    }

    /// The record of the anchor, if one of the directories has it.
    #[must_use]
    pub fn anchor_link(&self) -> Option<&RecordLink<'a>> {
        let anchor = self.anchor()?;
        self.record_links.iter().find(|link| link.id.record == anchor && link.record.is_some())
    }

    /// Whether no configured directory has the record of the anchor. `None` if one of them was not read for it, or if
    /// there is no anchor.
    #[must_use]
    pub fn anchor_is_gone(&self) -> Option<bool> {
        let anchor = self.anchor()?;
        if self.anchor_link().is_some() {
            return Some(false);
        }
        let is_gone = |directory: &String| {
            let id = RecordId { directory: directory.clone(), record: anchor.to_owned() };
            self.e.record(&id) == Some(None)
        };
        let target = self.written_directory();
        let mut asked =
            self.e.records.keys().filter(|id| target.is_none_or(|target| target == **id)).peekable();
        (asked.peek().is_some() && asked.all(is_gone)).then_some(true)
    }

    /// Whether the identity provider itself failed to find the record of the anchor, since its last success.
    #[must_use]
    pub fn anchor_was_not_found(&self) -> bool {
        self.since_success().is_some_and(|mut entries| entries.any(|entry| entry.is_lost_anchor()))
    }

    /// The SCIM directory that the job writes to. The job's settings decide, then the configuration. Without both, it
    /// is the only configured directory, else the directory of the anchor's record, which the job wrote.
    #[must_use]
    pub fn target_directory(&self) -> Option<&str> {
        self.written_directory().or_else(|| Some(self.anchor_link()?.id.directory.as_str()))
    }

    /// The job's directory, as far as it is known without the anchor.
    fn written_directory(&self) -> Option<&str> {
        let said = self.e.mapping.get().and_then(|mapping| mapping.directory.as_deref());
        let mut configured = self.e.records.keys();
        let only = configured.next().filter(|_| configured.next().is_none()).map(String::as_str);
        said.or(self.e.places.job_directory.as_deref()).or(only)
    }

    /// Whether the job provisions everybody, assigned or not. The job's settings decide, then the configuration. `None`
    /// if neither shows it.
    #[must_use]
    pub fn sync_all(&self) -> Option<bool> {
        self.e.mapping.get().and_then(|mapping| mapping.sync_all).or(self.e.places.sync_all)
    }

    /// Whether a record has the person's `userName`. Atlassian compares names without case.
    #[must_use]
    pub fn has_the_name(&self, record_link: &RecordLink<'_>) -> bool {
        let name = record_link.record.and_then(|record| record.user_name.as_deref());
        name.is_some_and(|name| self.identity.user_name.may_be(name))
    }

    /// Whether a record has the `externalId` that the job writes for the person.
    #[must_use]
    pub fn has_the_external_id(&self, record_link: &RecordLink<'_>) -> bool {
        let external = record_link.record.and_then(|record| record.external_id.as_deref());
        external.is_some_and(|external| self.identity.external_id.may_be(external))
    }

    /// Whether a record has the object id of the person as `externalId`, and what the job writes there is not known. An
    /// object id names one person only. If the job is known to write another value, this record is from before that.
    pub(super) fn has_the_object_id(&self, record_link: &RecordLink<'_>) -> bool {
        let external = record_link.record.and_then(|record| record.external_id.as_deref());
        self.identity.external_id.one().is_none()
            && self.person.zip(external).is_some_and(|(person, id)| normalize(&person.id) == normalize(id))
    }

    /// Whether one account was asked for, and a record that is linked to it does not show its owner. Its address may be an
    /// older one of a living person.
    #[must_use]
    pub fn owner_of_the_asked_account_is_unread(&self) -> bool {
        let Who::Account(id) = &self.e.subject.who else { return false };
        let mut linked = self.record_links.iter().filter(|link| link.account.as_ref() == Some(id));
        linked.any(|link| link.record.is_some() && self.owner_cannot_be_found(link))
    }

    /// Whether nothing shows the owner of a record. Where the job writes an `externalId`, a record without one was not
    /// made by the job, and its name is the only sign.
    pub(super) fn owner_cannot_be_found(&self, link: &RecordLink<'a>) -> bool {
        let is_written = self.e.mapping.get().is_some_and(|mapping| mapping.external_id_from.is_some());
        self.owner(link) == Owner::Unread && !(self.has_no_external_id(link) && is_written)
    }

    /// Whether a record was read and has no `externalId`.
    pub(super) fn has_no_external_id(&self, link: &RecordLink<'a>) -> bool {
        link.record.is_some_and(|record| record.external_id.is_none())
    }

    /// The records of the person, in every directory: linked to their account, or found by their id, name or address.
    /// Records that are known to belong to another living person are left out.
    pub fn own_records(&self) -> impl Iterator<Item = &RecordLink<'a>> {
        let account = self.account.map(|account| account.id.as_str());
        self.record_links.iter().filter(move |record_link| {
            let linked = account.is_some() && record_link.account.as_deref() == account;
            let named = self.owner(record_link) == Owner::Person
                || self.has_the_external_id(record_link)
                || self.has_the_name(record_link);
            (linked || named || record_link.by_address) && self.is_anothers(record_link) != Some(true)
        })
    }

    /// The record of an earlier object with the same name. Its `externalId` was an object id that no longer exists, the
    /// job maps the object id, and the person's object is younger than the record.
    #[must_use]
    pub fn recreated(&self) -> Option<&RecordLink<'a>> {
        let person = self.person?;
        let expression = self.e.mapping.get()?.external_id_expression()?;
        if self.own.as_ref().is_some_and(|own| own.account.is_some()) || !expression.is_object_id() {
            return None;
        }
        self.conflicting_records().find(|record_link| {
            let Some(record) = record_link.record else { return false };
            let was_object_id = record.external_id.as_deref().is_some_and(is_object_id);
            let younger = person.created.zip(record.created).is_some_and(|(person, record)| person > record);
            was_object_id && self.owner(record_link) == Owner::Nobody && younger
        })
    }

    /// Whether an earlier identity left this record on an account: its owner no longer exists, and the person's object
    /// is younger than the record. The account may belong to the same person, or somebody else may have inherited the
    /// address.
    #[must_use]
    pub fn is_former_identity(&self, record_link: &RecordLink<'a>) -> bool {
        let created = record_link.record.and_then(|record| record.created);
        let younger = self.person.and_then(|person| person.created).zip(created);
        record_link.account.is_some()
            && self.owner(record_link) == Owner::Nobody
            && younger.is_some_and(|(person, record)| person > record)
    }

    /// The log entries since the person's newest success, newest first. Older entries prove nothing about the present
    /// state. `None` if unread.
    fn since_success(&self) -> Option<impl Iterator<Item = &'a LogEntry> + use<'a>> {
        Some(self.e.log.get()?.iter().take_while(|entry| !(entry.succeeded() && entry.is_export())))
    }

    /// Whether a refusal proves nothing about the present state, because this program has removed an obstacle since.
    fn is_cleared(&self, entry: &LogEntry) -> bool {
        let since = entry.at.zip(self.e.cleared).is_some_and(|(at, cleared)| at < cleared);
        since && entry.is_conflict()
    }

    /// The conflicts since the last success, newest first: refusals because a value is in use. `None` if the log is
    /// unread.
    fn conflicts(&self) -> Option<impl Iterator<Item = &'a LogEntry>> {
        Some(self.since_success()?.filter(|entry| entry.is_conflict() && !self.is_cleared(entry)))
    }

    /// The newest conflict.
    #[must_use]
    pub fn conflict(&self) -> Option<&'a LogEntry> {
        self.conflicts()?.next()
    }

    /// Whether the identity provider tried to *create* the person since its last success and was refused by a conflict.
    /// It then knows no record as theirs. `None` if the log is unread.
    #[must_use]
    pub fn create_was_refused(&self) -> Option<bool> {
        Some(self.conflicts()?.any(|entry| entry.action.eq_ignore_ascii_case("create")))
    }

    /// The newest log entry that shows whether the identity provider provisions the person: it wrote or compared them,
    /// withdrew them, or found that the filter or the assignment leaves them out. `None` if the log is unread;
    /// `Some(None)` if no entry shows it.
    #[must_use]
    pub fn newest_verdict(&self) -> Option<Option<&'a LogEntry>> {
        Some(self.e.log.get()?.iter().find(|entry| entry.is_verdict()))
    }

    /// Whether the newest verdict of the identity provider is that no assignment entitles the person. `None` if the log
    /// is unread.
    #[must_use]
    pub fn is_not_entitled(&self) -> Option<bool> {
        Some(self.newest_verdict()?.is_some_and(LogEntry::is_not_entitled))
    }

    /// The newest failure since the last success, unless this program has removed its reason since. `None` if the log is
    /// unread; `Some(None)` if there is none.
    #[must_use]
    pub fn newest_failure(&self) -> Option<Option<&'a LogEntry>> {
        let newest = self.since_success()?.find(|entry| entry.is_failure());
        Some(newest.filter(|entry| !self.is_cleared(entry)))
    }

    /// Whether the job has written the person at least once. `None` if the log is unread.
    #[must_use]
    pub fn was_written(&self) -> Option<bool> {
        Some(self.e.log.get()?.iter().any(|entry| entry.succeeded() && entry.is_export()))
    }

    /// The records that prevent the person from being written. Such a record is not the person's own. It has the
    /// person's name, id or address in the job's directory, or it is linked to the account that has the address. In
    /// addition, there must be proof: a refusal newer than the last success, or a link of the record to a wrong
    /// account.
    pub fn conflicting_records(&self) -> impl Iterator<Item = &RecordLink<'a>> {
        let own = self.own.as_ref().map(|record_link| record_link.id.clone());
        let target = self.target_directory().map(str::to_owned);
        let bearer = self.bearer().map(|account| account.id.as_str());
        let account = self.account.map(|account| account.id.as_str());
        let refused = self.conflict().is_some();
        self.record_links.iter().filter(move |record_link| {
            let here = target.as_ref().is_some_and(|id| *id == record_link.id.directory);
            let holds = here && self.holds_something(record_link);
            let on_bearer = bearer.is_some() && record_link.account.as_deref() == bearer;
            let on_wrong = match (record_link.account.as_deref(), bearer) {
                (Some(linked), Some(bearer)) => linked != bearer && Some(linked) != account,
                _ => false,
            };
            Some(&record_link.id) != own.as_ref() && (holds || on_bearer) && (refused || (holds && on_wrong))
        })
    }

    /// Whether a record has the person's name, id or address. For a record that was not read, only the address is
    /// known.
    pub(super) fn holds_something(&self, record_link: &RecordLink<'_>) -> bool {
        let Some(record) = record_link.record else { return record_link.by_address };
        let address = record.email.as_deref().is_some_and(|email| self.identity.email.may_be(email));
        address || self.has_the_name(record_link) || self.has_the_external_id(record_link)
    }

    /// Whether a record is linked to no account, in a directory that the job does not write to. Such a record has no effect,
    /// and it is not the record of the person.
    pub(super) fn is_remainder(&self, record_link: &RecordLink<'a>) -> bool {
        let elsewhere = self.target_directory().is_some_and(|target| target != record_link.id.directory);
        elsewhere && record_link.account.is_none() && record_link.link_known
    }

    /// Whether a record that was read has the person's name, id or address, and its owner is unread.
    pub(super) fn a_read_record_may_be_own(&self) -> bool {
        let unread = |record_link: &RecordLink<'a>| {
            record_link.record.is_some() && self.owner(record_link) == Owner::Unread
        };
        let may_be_own = |record_link: &RecordLink<'a>| {
            self.holds_something(record_link)
                || (self.has_no_job() && self.is_named_as_the_person(record_link))
        };
        self.record_links.iter().any(|record_link| unread(record_link) && may_be_own(record_link))
    }

    /// Whether the person's record may exist although no look-up found it. A record with an older name and address can be
    /// found by its `externalId` or by the anchor alone.
    #[must_use]
    pub fn no_lookup_finds_the_record(&self) -> bool {
        let is_hidden = match self.identity.external_id {
            Mapped::Unread => true,
            // The job writes no `externalId`, so only the log could show the record.
            Mapped::Empty => self.anchor().is_none() && !self.log_covers_the_person(),
            Mapped::One(_) | Mapped::Either(_) => false,
        };
        self.own.is_none() && is_hidden && !self.has_no_job()
    }

    /// Whether the log was read and reaches back to the creation of the person's user object.
    fn log_covers_the_person(&self) -> bool {
        let created = self.person.and_then(|person| person.created);
        let age = created.map(|created| self.e.asked_at.duration_since(created));
        self.e.log.get().is_some() && age.is_some_and(|age| age < LOG_KEPT)
    }

    /// Whether no account was found, and the person may have one with an older address. Only the record that no look-up
    /// found shows it.
    pub(super) fn account_may_be_hidden(&self) -> bool {
        let is_written =
            !self.has_no_job() && (self.no_lookup_finds_the_record() || !self.every_directory_was_read());
        let is_hidden = is_written || self.a_read_record_may_be_own();
        self.e.accounts.get().is_some() && self.own.is_none() && is_hidden
    }

    /// Whether a record may be the person's, but this is unknown. Either its owner is unread, or the log is unread,
    /// which would show whether the identity provider knows the record.
    #[must_use]
    pub fn record_is_unread(&self) -> bool {
        if self.no_lookup_finds_the_record() {
            return true;
        }
        let concerns =
            |record_link: &&RecordLink<'a>| self.holds_something(record_link) || record_link.by_address;
        let mut others = self.record_links.iter().filter(concerns).filter(|link| !self.is_remainder(link));
        self.own.is_none()
            && others.any(|record_link| match self.owner(record_link) {
                Owner::Unread => true,
                Owner::Person | Owner::Nobody => self.e.log.get().is_none() && !self.has_no_job(),
                Owner::Other(_) => false,
            })
    }
}

/// Object ids are GUIDs. Import numbers and nicknames are not.
pub(super) fn is_object_id(text: &str) -> bool {
    let parts: Vec<usize> = text.split('-').map(str::len).collect();
    parts == [8, 4, 4, 4, 12] && text.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
}
