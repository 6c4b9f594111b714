//! The evidence, arranged for the rules: who the person is, which account and which record are theirs, what is
//! missing. It only arranges; whatever it cannot know stays `None`.

use std::collections::BTreeSet;

use super::{Candidate, Groups};
use crate::core::evidence::{Account, Claim, Evidence, IdpGroup, IdpUser, LogEntry, Read, ScimRecord};
use crate::core::subject::{RecordId, Subject, Who, fold};

/// A SCIM record and the account it is linked to, from every source that shows it.
#[derive(Clone, Debug)]
pub struct Tie<'a> {
    /// The record.
    pub id: RecordId,
    /// Whether any source shows the link.
    pub link_known: bool,
    /// The account it is linked to.
    pub account: Option<String>,
    /// The record itself, where the directory's key is at hand.
    pub record: Option<&'a ScimRecord>,
    /// Whether it was found by the person's address.
    pub by_address: bool,
}

/// The arranged evidence.
pub struct Case<'a> {
    /// The evidence itself.
    pub e: &'a Evidence,
    /// The one live person, if there is exactly one.
    pub person: Option<&'a IdpUser>,
    /// The address the identity provider wants the account to bear, lower case.
    pub wanted: Option<String>,
    /// The `userName` the identity provider wants, lower case.
    pub wanted_name: Option<String>,
    /// Every record that concerns the person.
    pub ties: Vec<Tie<'a>>,
    /// The person's own record.
    pub own: Option<Tie<'a>>,
    /// The account the person should use.
    pub account: Option<&'a Account>,
    /// Another managed account of the two when the record is linked to one and the address on the other.
    pub other: Option<&'a Account>,
    /// More than one person or account was meant.
    pub candidates: Vec<Candidate>,
}

impl<'a> Case<'a> {
    /// Arranges the evidence.
    #[must_use]
    pub fn new(e: &'a Evidence) -> Self {
        let users = e.users.get().map(Vec::as_slice).unwrap_or_default();
        let person = if let [one] = users { Some(one) } else { None };
        let mut case = Self {
            e,
            person,
            wanted: wanted_email(e, person),
            wanted_name: wanted_name(e, person),
            ties: ties(e),
            own: None,
            account: None,
            other: None,
            candidates: Vec::new(),
        };
        if users.len() > 1 {
            case.candidates = users.iter().map(user_candidate).collect();
            return case;
        }
        case.own = case.find_own();
        case.choose_account();
        case
    }

    /// Which record is the person's: by externalId, by the log's anchor, by userName, by address.
    fn find_own(&self) -> Option<Tie<'a>> {
        let person = self.person?;
        // Where records stand in several directories, the one the job writes to holds the person's own.
        let target = self.target_directory();
        let mut ties: Vec<&Tie<'a>> = self.ties.iter().collect();
        ties.sort_by_key(|tie| target.is_some_and(|id| id != tie.id.directory));
        let of =
            |test: &dyn Fn(&Tie<'a>) -> bool| ties.iter().find(|tie| test(tie)).map(|tie| (*tie).clone());
        of(&|tie| tie.record.is_some_and(|record| record.external_id.as_deref() == Some(&person.id)))
            .or_else(|| {
                let anchor = self.anchor()?;
                of(&|tie| tie.id.record == anchor && !self.is_foreign(tie))
            })
            .or_else(|| {
                of(&|tie| {
                    let name = tie.record.and_then(|record| record.user_name.as_deref()).map(fold);
                    name.is_some() && name == self.wanted_name && !self.is_foreign(tie)
                })
            })
            // Without the directory's key only the link by address is left to go by.
            .or_else(|| of(&|tie| tie.record.is_none() && tie.by_address && tie.account.is_some()))
            .or_else(|| of(&|tie| tie.record.is_none() && tie.by_address))
    }

    /// Whether a record carries the object id of somebody else (product.md 9: an externalId that never was an
    /// object id is a stale record as well, as long as the job maps the object id).
    #[must_use]
    pub fn is_foreign(&self, tie: &Tie<'_>) -> bool {
        let (Some(person), Some(record)) = (self.person, tie.record) else { return false };
        let Some(external) = record.external_id.as_deref() else { return false };
        if external == person.id {
            return false;
        }
        match self.e.mapping.get().and_then(|mapping| mapping.external_id_from.as_deref()) {
            Some(from) => from.to_lowercase().contains("objectid"),
            None => is_object_id(external),
        }
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

    /// Whether no Atlassian application of the tenant has a synchronization job.
    #[must_use]
    pub fn has_no_job(&self) -> bool {
        self.e.job.get().is_none()
            && self.e.applications.get().is_some_and(|all| all.iter().all(|application| !application.has_job))
    }

    /// Whether another application has the job: what is assigned to the configured one then says nothing.
    #[must_use]
    pub fn is_wrong_application(&self) -> bool {
        self.e.applications.get().is_some_and(|all| all.iter().any(|application| application.has_job))
    }

    /// The person's record, if it is linked to the person's account and everything up to the groups is good.
    #[must_use]
    pub fn good_record(&self) -> Option<&Tie<'a>> {
        let person = self.person?;
        let account = self.account?;
        let own = self.own.as_ref()?;
        let assigned = self.is_assigned() == Some(true) || super::assignment_is_contradicted(self);
        let member = account.membership.as_deref().is_none_or(|m| !m.eq_ignore_ascii_case("suspended"));
        let linked = own.account.as_deref() == Some(account.id.as_str());
        let good = person.enabled == Some(true)
            && assigned
            && linked
            && account.is_active()
            && member
            && self.other.is_none();
        good.then_some(own)
    }

    /// When the person came into reach of provisioning: their own creation, or that of the first assignment that
    /// reaches them, whichever is later. Graph gives no time for a membership (product.md 9).
    #[must_use]
    pub fn reached_at(&self) -> Option<jiff::Timestamp> {
        let person = self.person?;
        let expected = self.expected()?;
        let mut first: Option<jiff::Timestamp> = None;
        for assignment in self.e.assignments.get()? {
            let mine = assignment.principal == person.id
                || expected.iter().any(|group| group.id == assignment.principal);
            if mine {
                let created = assignment.created?;
                first = Some(first.map_or(created, |known| known.min(created)));
            }
        }
        Some(first?.max(person.created.unwrap_or(jiff::Timestamp::MIN)))
    }

    /// Whether a group was assigned after the last cycle ended.
    #[must_use]
    pub fn is_young(&self, group: &IdpGroup) -> bool {
        let last = self.e.job.get().and_then(|job| job.last_cycle);
        let created = self.e.assignments.get().into_iter().flatten().find(|a| a.principal == group.id);
        created.and_then(|a| a.created).zip(last).is_some_and(|(created, last)| created > last)
    }

    /// Expected groups that the directory shows under an older name, with that name.
    #[must_use]
    pub fn renamed(&self) -> Vec<(&'a IdpGroup, &'a str)> {
        let Some(shown) = self.account.and_then(|account| account.groups.as_ref()) else { return Vec::new() };
        let by_name = |group: &IdpGroup| shown.iter().any(|known| fold(&known.name) == fold(&group.name));
        let expected = self.expected().unwrap_or_default();
        let renamed = expected.into_iter().filter(|group| !by_name(group));
        renamed.filter_map(|group| Some((group, self.old_name(group)?))).collect()
    }

    /// The name of the SCIM group that carries the IdP group's id, where the account is shown in it.
    fn old_name(&self, group: &IdpGroup) -> Option<&'a str> {
        let shown = self.account?.groups.as_ref()?;
        let record = self.own.as_ref().and_then(|tie| tie.record)?;
        self.e.scim_groups.get()?.iter().find_map(|(scim_id, idp_id)| {
            let old = record.groups.iter().find(|known| known.id == *scim_id)?;
            let here = *idp_id == group.id && shown.iter().any(|known| fold(&known.name) == fold(&old.name));
            here.then_some(old.name.as_str())
        })
    }

    /// The record the identity provider believes to be the person's.
    #[must_use]
    pub fn anchor(&self) -> Option<&'a str> {
        let log = self.e.log.get()?;
        log.iter().filter(|entry| entry.succeeded()).find_map(|entry| entry.target.as_deref())
    }

    /// product.md 9: which of two accounts is kept.
    fn choose_account(&mut self) {
        let Some(accounts) = self.e.accounts.get() else { return };
        let open = |account: &&Account| account.status.as_deref() != Some("closed");
        let linked = self.own.as_ref().and_then(|tie| tie.account.as_deref());
        let linked = linked.and_then(|id| accounts.iter().find(|account| account.id == id));
        let wanted = self.wanted.clone().or_else(|| asked_address(self.e));
        let bearer = wanted.as_deref().and_then(|address| {
            let mut all: Vec<&Account> = accounts.iter().filter(open).filter(|a| a.bears(address)).collect();
            all.sort_by_key(|account| !self.is_managed(account));
            all.first().copied()
        });
        if let Some(linked) = linked {
            self.account = Some(linked);
            if let Some(bearer) = bearer.filter(|b| b.id != linked.id && self.is_managed(b)) {
                self.other = Some(bearer);
                match (self.is_used(linked), self.is_used(bearer)) {
                    (Some(false), Some(true)) => (self.account, self.other) = (Some(bearer), Some(linked)),
                    // Nothing is lost whichever is kept; the one the record is on needs the milder repair.
                    (Some(true | false), Some(false)) => {}
                    _ => {
                        self.candidates = vec![self.account_candidate(linked), self.account_candidate(bearer)]
                    }
                }
            }
            return;
        }
        let addresses = self.addresses();
        let mine: Vec<&Account> = accounts
            .iter()
            .filter(open)
            .filter(|account| account.email.as_deref().is_some_and(|email| addresses.contains(&fold(email))))
            .collect();
        match (mine.as_slice(), bearer) {
            ([], None) => self.account = accounts.iter().find(|account| asked_account(self.e, &account.id)),
            ([one], None) => self.account = Some(one),
            ([] | [_], Some(bearer)) => self.account = Some(bearer),
            (many, _) => {
                self.candidates = many.iter().map(|account| self.account_candidate(account)).collect()
            }
        }
    }

    /// Whether the organization manages an account. Where the search does not say, the permission document does:
    /// Atlassian answers it for managed accounts only (atlassian.md 4).
    #[must_use]
    pub fn is_managed(&self, account: &Account) -> bool {
        match account.claim {
            Claim::Managed => true,
            Claim::Unmanaged => false,
            Claim::Unknown => self.e.permissions.get(&account.id).is_some_and(|read| read.get().is_some()),
        }
    }

    /// Whether an account has activity, groups or roles; `None` when one of them is unread and none is there.
    #[must_use]
    pub fn is_used(&self, account: &Account) -> Option<bool> {
        let last = self.e.last_active.get(&account.id).and_then(Read::get).map(|uses| !uses.is_empty());
        let roles =
            self.e.roles.get(&account.id).and_then(Read::get).map(|roles| roles.iter().any(|held| held.app));
        let groups = account.groups.as_ref().map(|groups| !groups.is_empty());
        let all = [last, roles, groups];
        if all.contains(&Some(true)) {
            return Some(true);
        }
        if all.contains(&None) { None } else { Some(false) }
    }

    /// Every address that may be the person's, lower case.
    #[must_use]
    pub fn addresses(&self) -> BTreeSet<String> {
        let mut all = self.e.subject.addresses.clone();
        all.extend(self.person.map(IdpUser::addresses).unwrap_or_default());
        all.extend(self.wanted.clone());
        all
    }

    /// The address to show for the person.
    #[must_use]
    pub fn email(&self) -> Option<String> {
        let shown = self.person.and_then(|person| {
            person.mail.iter().chain(&person.upn).find(|a| Some(fold(a)) == self.wanted).cloned()
        });
        shown
            .or_else(|| self.wanted.clone())
            .or_else(|| self.account.and_then(|account| account.email.clone()))
            .or_else(|| asked_address(self.e))
    }

    /// Groups of the application of which the person is a direct member; `None` when not known.
    #[must_use]
    pub fn expected(&self) -> Option<Vec<&'a IdpGroup>> {
        if self.is_wrong_application() {
            return None;
        }
        let assignments = self.e.assignments.get()?;
        let mut groups: Vec<&IdpGroup> = self
            .e
            .memberships
            .get()?
            .iter()
            .filter(|group| assignments.iter().any(|a| a.is_group && a.principal == group.id))
            .collect();
        groups.sort();
        groups.dedup();
        Some(groups)
    }

    /// Whether the directory shows the account in this group: by the SCIM group's externalId where it is known,
    /// else by name (product.md 9: a renamed group is not missing).
    #[must_use]
    pub fn shows(&self, group: &IdpGroup) -> Option<bool> {
        self.e.accounts.get()?;
        let Some(account) = self.account else { return Some(false) };
        let groups = account.groups.as_ref()?;
        let name = fold(&group.name);
        if groups.iter().any(|shown| fold(&shown.name) == name) {
            return Some(true);
        }
        Some(self.old_name(group).is_some())
    }

    /// Expected groups that the directory does not show; `None` when not known.
    #[must_use]
    pub fn missing(&self) -> Option<Vec<&'a IdpGroup>> {
        let mut missing = Vec::new();
        for group in self.expected()? {
            if !self.shows(group)? {
                missing.push(group);
            }
        }
        Some(missing)
    }

    /// Groups as shown to people and scripts.
    #[must_use]
    pub fn groups(&self) -> Groups {
        if !self.candidates.is_empty() {
            return Groups::default();
        }
        let names = |groups: Vec<&IdpGroup>| {
            let mut names: Vec<String> = groups.into_iter().map(|group| group.name.clone()).collect();
            names.sort();
            names
        };
        let present = self.expected().and_then(|groups| {
            let mut shown = Vec::new();
            for group in groups {
                if self.shows(group)? {
                    shown.push(group);
                }
            }
            Some(names(shown))
        });
        Groups { expected: self.expected().map(names), present, missing: self.missing().map(names) }
    }

    /// Whether the person is assigned directly or through a group they are a direct member of.
    #[must_use]
    pub fn is_assigned(&self) -> Option<bool> {
        let person = self.person?;
        if self.is_wrong_application() {
            return None;
        }
        let assignments = self.e.assignments.get()?;
        if assignments.iter().any(|a| !a.is_group && a.principal == person.id) {
            return Some(true);
        }
        if !assignments.iter().any(|a| a.is_group) {
            return Some(false);
        }
        Some(!self.expected()?.is_empty())
    }

    /// product.md 4: active, membership active, nothing missing, and at least one app role.
    #[must_use]
    pub fn has_access(&self) -> Option<bool> {
        self.e.accounts.get()?;
        let Some(account) = self.account else { return Some(false) };
        let member = account.membership.as_deref().is_none_or(|m| m.eq_ignore_ascii_case("active"));
        if !account.is_active() || !member {
            return Some(false);
        }
        match self.missing() {
            Some(missing) if !missing.is_empty() => return Some(false),
            Some(_) => {}
            None => return None,
        }
        let role = self.has_role(account);
        // A state that was not shown is a gap, and a gap is not health.
        let shown = account.status.is_some() && account.membership.is_some();
        if shown || role == Some(false) { role } else { None }
    }

    /// Whether an account has any app role; platform roles are not apps.
    #[must_use]
    pub fn has_role(&self, account: &Account) -> Option<bool> {
        Some(self.e.roles.get(&account.id)?.get()?.iter().any(|held| held.app))
    }

    /// The newest log entry in which the target refused because a value is taken.
    #[must_use]
    pub fn conflict(&self) -> Option<&'a LogEntry> {
        // A success after the refusal means that it was overcome.
        self.e
            .log
            .get()?
            .iter()
            .take_while(|entry| !(entry.succeeded() && is_export(entry)))
            .find(|entry| entry.is_conflict())
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

    /// The subject with every identity that was found.
    #[must_use]
    pub fn subject(&self) -> Subject {
        let mut subject = self.e.subject.clone();
        subject.person = self.person.map(|person| person.id.clone());
        subject.addresses = self.addresses();
        subject.accounts.extend(self.account.map(|account| account.id.clone()));
        subject.accounts.extend(self.other.map(|account| account.id.clone()));
        subject.records.extend(self.own.as_ref().map(|tie| tie.id.clone()));
        subject.records.extend(self.in_the_way().map(|tie| tie.id.clone()));
        subject
    }

    fn account_candidate(&self, account: &Account) -> Candidate {
        let mut says = Vec::new();
        match self.e.last_active.get(&account.id) {
            Some(Read::Seen { value, .. }) if value.is_empty() => says.push("never used".to_owned()),
            Some(Read::Seen { value, .. }) => {
                says.extend(value.iter().map(|used| format!("last active in {} on {}", used.app, used.day)));
            }
            _ => says.push("last use not read".to_owned()),
        }
        match &account.groups {
            Some(groups) => says.push(format!("{} groups", groups.len())),
            None => says.push("groups not read".to_owned()),
        }
        let links = self.ties.iter().filter(|tie| tie.account.as_deref() == Some(&account.id)).count();
        says.push(format!("{links} provisioning records linked"));
        Candidate {
            kind: "atlassian-account".to_owned(),
            id: account.id.clone(),
            email: account.email.clone(),
            name: account.name.clone(),
            says,
        }
    }
}

fn user_candidate(user: &IdpUser) -> Candidate {
    let says = match user.enabled {
        Some(true) => "enabled",
        Some(false) => "disabled",
        None => "unknown whether enabled",
    };
    Candidate {
        kind: "idp-user".to_owned(),
        id: user.id.clone(),
        email: user.mail.clone().or_else(|| user.upn.clone()),
        name: user.name.clone(),
        says: vec![says.to_owned()],
    }
}

fn asked_address(e: &Evidence) -> Option<String> {
    match &e.subject.who {
        Who::Email(email) => Some(fold(email)),
        Who::Account(_) => None,
    }
}

fn asked_account(e: &Evidence, id: &str) -> bool {
    matches!(&e.subject.who, Who::Account(asked) if asked == id)
}

/// Whether the target was written to.
pub(super) fn is_export(entry: &LogEntry) -> bool {
    matches!(entry.action.to_lowercase().as_str(), "create" | "update")
}

/// The address the job would write: what the mapping says, else the mail, else the UPN (entra.md 8).
fn wanted_email(e: &Evidence, person: Option<&IdpUser>) -> Option<String> {
    let from = e.mapping.get().and_then(|mapping| mapping.email_from.as_deref());
    attribute(person?, from, &["mail", "userprincipalname"]).filter(|value| value.contains('@'))
}

fn wanted_name(e: &Evidence, person: Option<&IdpUser>) -> Option<String> {
    let from = e.mapping.get().and_then(|mapping| mapping.user_name_from.as_deref());
    attribute(person?, from, &["userprincipalname", "mail"])
}

/// The first attribute named in a source expression that has a value; expressions such as
/// `Coalesce([mail], [userPrincipalName])` name several.
fn attribute(person: &IdpUser, from: Option<&str>, otherwise: &[&str]) -> Option<String> {
    let value = |name: &str| match name {
        "mail" => person.mail.as_deref().filter(|mail| !mail.is_empty()).map(fold),
        "userprincipalname" => person.upn.as_deref().map(fold),
        _ => None,
    };
    let from = from.map(str::to_lowercase).unwrap_or_default();
    let mut named: Vec<(usize, &str)> = ["mail", "userprincipalname"]
        .into_iter()
        .filter_map(|name| Some((position(&from, name)?, name)))
        .collect();
    named.sort_unstable();
    if named.is_empty() {
        return otherwise.iter().find_map(|name| value(name));
    }
    named.into_iter().find_map(|(_, name)| value(name))
}

/// Where a whole attribute name stands in an expression: `mail` is not in `mailNickname`.
fn position(expression: &str, name: &str) -> Option<usize> {
    expression.match_indices(name).map(|(at, _)| at).find(|at| {
        let after = expression.get(at + name.len()..).and_then(|rest| rest.chars().next());
        !after.is_some_and(char::is_alphanumeric)
    })
}

/// Object ids are GUIDs; import numbers and nicknames are not.
pub(super) fn is_object_id(text: &str) -> bool {
    let parts: Vec<usize> = text.split('-').map(str::len).collect();
    parts == [8, 4, 4, 4, 12] && text.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
}

/// Joins what the link calls and the directories say of each record.
fn ties(e: &Evidence) -> Vec<Tie<'_>> {
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
