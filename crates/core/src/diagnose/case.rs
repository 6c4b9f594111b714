//! Arranges the evidence for the rules: who the person is, which account and which record are theirs, what is missing.
//! It decides nothing else. What the evidence does not show stays `None`; it must never guess.

use std::collections::BTreeSet;

use super::attribute::Identity;
use super::record_link::{RecordLink, record_links};
use super::record_links::Owner;
use super::{Candidate, CandidateKind};
use crate::evidence::{Account, Claim, Evidence, IdpUser, Read};
use crate::subject::{Subject, Who, normalize};

/// The evidence of one person, with what follows directly from it.
pub struct Case<'a> {
    pub e: &'a Evidence,
    /// The live user object of the person, if exactly one was found.
    pub person: Option<&'a IdpUser>,
    /// What the job writes for the person.
    pub identity: Identity,
    /// The address that the account must have according to the job, normalized. `None` if unknown.
    pub wanted: Option<String>,
    /// Every record that concerns the person.
    pub record_links: Vec<RecordLink<'a>>,
    /// The person's own record.
    pub own: Option<RecordLink<'a>>,
    /// The account that the person should use.
    pub account: Option<&'a Account>,
    /// The second of two managed accounts, if the record is linked to one and the other has the address.
    pub other: Option<&'a Account>,
    /// What WHO could mean, if it matches more than one person or account.
    pub candidates: Vec<Candidate>,
}

impl<'a> Case<'a> {
    /// Arranges the evidence.
    #[must_use]
    pub fn new(e: &'a Evidence) -> Self {
        let users = e.users.get().map(Vec::as_slice).unwrap_or_default();
        let person = if let [one] = users { Some(one) } else { None };
        let identity = Identity::new(e.mapping.get(), person);
        let mut case = Self {
            e,
            person,
            wanted: identity.wanted_email(),
            identity,
            record_links: record_links(e),
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

    /// Finds the person's record. It tries, in this order: the `externalId`, the anchor in the log, the account that
    /// has the wanted address, and the `userName`. The last three count only if the record belongs to nobody else. A
    /// record with another `externalId` is never the person's by `userName` alone
    /// (docs/reference/rules.md#the-record-of-a-person).
    fn find_own(&self) -> Option<RecordLink<'a>> {
        self.person?;
        // If several directories have records of the person, the person's own record is in the one that the job writes
        // to.
        let target = self.target_directory();
        let mut links: Vec<&RecordLink<'a>> =
            self.record_links.iter().filter(|link| !self.is_remainder(link)).collect();
        // A directory should not have two records with one name. If it does, the linked one is used.
        links.sort_by_key(|link| {
            (target.is_some_and(|id| id != link.id.directory), link.account.is_none(), &link.id)
        });
        let of = |test: &dyn Fn(&RecordLink<'a>) -> bool| {
            links.iter().find(|link| test(link)).map(|link| (*link).clone())
        };
        let is_unnamed = |link: &RecordLink<'a>| self.has_no_external_id(link);
        let is_free = |link: &RecordLink<'a>| {
            matches!(self.owner(link), Owner::Person | Owner::Nobody)
                || (is_unnamed(link) && self.name_is_another_persons(link) == Some(false))
        };
        let is_by_id = |link: &RecordLink<'a>| self.has_the_external_id(link) || self.has_the_object_id(link);
        let anchor = self.anchor();
        let bearer = self.bearer().map(|account| account.id.as_str());
        let linked = |link: &RecordLink<'a>| bearer.is_some() && link.account.as_deref() == bearer;
        // An identity provider that tries to create the person does not know such a record as theirs.
        let is_known = || self.create_was_refused() == Some(false);
        of(&|link| is_by_id(link) && self.is_anothers(link) != Some(true))
            .or_else(|| of(&|link| anchor == Some(link.id.record.as_str()) && is_free(link)))
            .or_else(|| of(&|link| linked(link) && is_free(link) && is_known()))
            .or_else(|| of(&|link| self.has_the_name(link) && is_unnamed(link)))
            // Without the directory's key, only the link by address is known. Each step on such a record has the
            // condition that its owner was read, so that step stays unread.
            .or_else(|| {
                let by_address = |link: &RecordLink<'a>| link.record.is_none() && link.by_address;
                let found =
                    of(&|link| by_address(link) && link.account.is_some()).or_else(|| of(&by_address));
                // A record that was read and may be the person's takes precedence over a record that was not read.
                found.filter(|_| !self.a_read_record_may_be_own())
            })
    }

    /// The living person other than this one who has an address as UPN, mail or proxy address. `None` if unread. If it
    /// is unknown who this person is, any user with the address may be another one.
    #[must_use]
    pub fn colleague_with(&self, address: &str) -> Option<Option<&'a IdpUser>> {
        let users = self.e.bearers.get(&normalize(address))?.get()?;
        if self.person.is_none() && self.e.users.get().is_none() {
            return None;
        }
        Some(users.iter().find(|user| self.person.is_none_or(|person| person.id != user.id)))
    }

    /// Whether it is unknown which account is the person's: the account that was found may be another person's, or none
    /// was found and the person may have one. Then no access proves anything about this person.
    #[must_use]
    pub fn account_is_in_doubt(&self) -> bool {
        if self.person.is_none() {
            return false;
        }
        let Some(account) = self.account else { return self.account_may_be_hidden() };
        let address = account.email.as_deref();
        // A record of the person may be linked to the account of a colleague.
        let by_address = address.is_some_and(|address| {
            !self.addresses().contains(&normalize(address)) && self.colleague_with(address) != Some(None)
        });
        // The account of a colleague may have the person's address. A record that was not read and does not have it may
        // be that colleague's.
        let is_of_another = |link: &RecordLink<'a>| {
            link.account.as_deref() == Some(account.id.as_str())
                && (link.record.is_some() || !link.by_address)
                && match self.owner(link) {
                    Owner::Person | Owner::Nobody => false,
                    Owner::Other(_) => true,
                    // Without a job, nothing writes an `externalId`, so the record's names are the only sign.
                    Owner::Unread if self.has_no_job() => !self.is_named_as_the_person(link),
                    // A record with the person's name may be a colleague's that was renamed, if the identity provider
                    // tried to create the person all the same.
                    Owner::Unread => !(self.has_the_name(link) && self.create_was_refused() == Some(false)),
                }
        };
        // Which record is linked to the account was not read, and no other look-up found a record of the person.
        let links_unread = !self.has_no_job()
            && self.e.account_links.get(&account.id).is_some_and(|read| read.gap().is_some());
        let is_anothers = || self.record_links.iter().any(is_of_another);
        by_address || (self.own.is_none() && (links_unread || is_anothers()))
    }

    /// Whether a record was not read, or has an address of the person as its name or address.
    pub(super) fn is_named_as_the_person(&self, link: &RecordLink<'a>) -> bool {
        let addresses = self.addresses();
        link.record.is_none_or(|record| {
            let mut named = record.user_name.iter().chain(&record.email);
            named.any(|name| addresses.contains(&normalize(name)))
        })
    }

    /// The account that has the wanted address.
    #[must_use]
    pub fn bearer(&self) -> Option<&'a Account> {
        self.bearer_of(self.wanted.as_deref()?)
    }

    /// The account that has an address. A managed account takes precedence.
    fn bearer_of(&self, address: &str) -> Option<&'a Account> {
        let all = self.e.accounts.get()?.iter().filter(|account| is_open(account) && account.bears(address));
        all.min_by_key(|account| !self.is_managed(account))
    }

    /// See docs/reference/rules.md#which-of-two-accounts-is-kept.
    fn choose_account(&mut self) {
        let Some(accounts) = self.e.accounts.get() else { return };
        let open = |account: &&Account| is_open(account);
        let linked = self.own.as_ref().and_then(|record_link| record_link.account.as_deref());
        let linked = linked.and_then(|id| accounts.iter().find(|account| account.id == id));
        let wanted = self.wanted.clone().or_else(|| asked_address(self.e));
        // An address belongs to one account. If the evidence shows two, it was read while something changed, and the
        // program does not choose one.
        let twice: Vec<&Account> = wanted
            .iter()
            .flat_map(|address| {
                accounts.iter().filter(open).filter(|a| a.bears(address) && self.is_managed(a))
            })
            .collect();
        if twice.len() > 1 {
            self.candidates = twice.iter().map(|account| self.account_candidate(account)).collect();
            return;
        }
        let bearer = wanted.as_deref().and_then(|address| self.bearer_of(address));
        if let Some(linked) = linked {
            self.account = Some(linked);
            if let Some(bearer) = bearer.filter(|b| b.id != linked.id && self.is_managed(b)) {
                self.other = Some(bearer);
                let kept = self.e.subject.keep.as_deref();
                match (self.is_used(linked), self.is_used(bearer)) {
                    // A person has chosen. Both accounts are kept, and the plan needs an approval of its own.
                    _ if kept == Some(&linked.id) => {}
                    _ if kept == Some(&bearer.id) => {
                        (self.account, self.other) = (Some(bearer), Some(linked));
                    }
                    (Some(false), Some(true)) => (self.account, self.other) = (Some(bearer), Some(linked)),
                    // Nothing is lost with either choice. Keeping the account of the record needs the less destructive
                    // repair.
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
            .filter(|account| {
                account.email.as_deref().is_some_and(|email| addresses.contains(&normalize(email)))
            })
            .collect();
        match (mine.as_slice(), bearer) {
            ([], None) => {
                let asked = accounts.iter().find(|account| asked_account(self.e, &account.id));
                self.account = asked.or_else(|| self.linked_elsewhere(accounts));
            }
            ([one], None) => self.account = Some(one),
            ([] | [_], Some(bearer)) => self.account = Some(bearer),
            (many, _) if many.iter().any(|known| Some(&known.id) == self.e.subject.keep.as_ref()) => {
                let kept = |known: &Account| Some(&known.id) == self.e.subject.keep.as_ref();
                self.account = many.iter().copied().find(|known| kept(known));
                self.other = bearer.filter(|bearer| !kept(bearer) && self.is_managed(bearer));
            }
            (many, _) => {
                self.candidates = many.iter().map(|account| self.account_candidate(account)).collect()
            }
        }
    }

    /// The account to which another record of the person is linked: one with the `externalId` that the job writes for
    /// them, or one that was found by their address in a directory that was not read.
    fn linked_elsewhere(&self, accounts: &'a [Account]) -> Option<&'a Account> {
        let own = |link: &&RecordLink<'a>| {
            let is_by_id = self.has_the_external_id(link) && self.owner(link) == Owner::Person;
            link.link_known && (is_by_id || (link.record.is_none() && link.by_address))
        };
        let mut linked = self.record_links.iter().filter(own).filter_map(|link| link.account.as_deref());
        let id = linked.next()?;
        accounts.iter().find(|account| account.id == id)
    }

    /// Whether WHO matches more than one person or account and no record shows which one is meant. Then no cause can be
    /// named. It is not ambiguous if the person's record is linked to one of two accounts; then a person only chooses
    /// which account is kept.
    #[must_use]
    pub fn is_ambiguous(&self) -> bool {
        !self.candidates.is_empty() && self.other.is_none()
    }

    /// Whether the organization manages an account. If the search does not show it, the permission document decides
    /// (docs/reference/rules.md#atlassian-managed-accounts-only).
    #[must_use]
    pub fn is_managed(&self, account: &Account) -> bool {
        match account.claim {
            Claim::Managed => true,
            Claim::Unmanaged => false,
            Claim::Unknown => self.e.permissions.get(&account.id).is_some_and(|read| read.get().is_some()),
        }
    }

    /// Whether an account has activity, groups or app roles. `None` if none of them was found and one of them is
    /// unread.
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

    /// Whether the identity provider's own tenant has verified the domain of the wanted address, so that the
    /// organization can claim it. A guest's domain belongs to others. `None` if unread.
    #[must_use]
    pub fn domain_is_claimable(&self) -> Option<bool> {
        if self.person.is_some_and(IdpUser::is_guest) {
            return Some(false);
        }
        let (_, domain) = self.wanted.as_deref()?.rsplit_once('@')?;
        Some(self.e.tenant_domains.get()?.iter().any(|known| normalize(known) == domain))
    }

    /// Every address that may be the person's, lower case.
    #[must_use]
    pub fn addresses(&self) -> BTreeSet<String> {
        let mut all = self.e.subject.addresses.clone();
        all.extend(self.person.map(IdpUser::addresses).unwrap_or_default());
        // A guest's address may be written in two forms, and both are the person's.
        all.extend(self.identity.email.all().iter().map(|address| normalize(address)));
        all
    }

    /// The address to show for the person.
    #[must_use]
    pub fn email(&self) -> Option<String> {
        let shown = self.person.and_then(|person| {
            person.mail.iter().chain(&person.upn).find(|a| Some(normalize(a)) == self.wanted).cloned()
        });
        shown
            .or_else(|| self.wanted.clone())
            .or_else(|| self.account.and_then(|account| account.email.clone()))
            .or_else(|| asked_address(self.e))
    }

    /// The subject with every identity that was found.
    #[must_use]
    pub fn subject(&self) -> Subject {
        let mut subject = self.e.subject.clone();
        subject.person = self.person.map(|person| person.id.clone());
        subject.addresses = self.addresses();
        subject.accounts.extend(self.account.map(|account| account.id.clone()));
        subject.accounts.extend(self.other.map(|account| account.id.clone()));
        subject.records.extend(self.own.as_ref().map(|record_link| record_link.id.clone()));
        subject.records.extend(self.conflicting_records().map(|record_link| record_link.id.clone()));
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
            Some(groups) if groups.is_empty() => says.push("in no group".to_owned()),
            Some(groups) => says.push(format!("in {}", few(groups.iter().map(|group| group.name.as_str())))),
            None => says.push("groups not read".to_owned()),
        }
        match self.e.roles.get(&account.id).and_then(Read::get) {
            Some(roles) => {
                let apps: Vec<&str> = roles
                    .iter()
                    .filter(|held| held.app)
                    .map(|held| held.role.rsplit('/').next().unwrap_or(&held.role))
                    .collect();
                let says_none = "no app role".to_owned();
                says.push(if apps.is_empty() { says_none } else { format!("roles {}", few(apps)) });
            }
            None => says.push("roles not read".to_owned()),
        }
        let links = self
            .record_links
            .iter()
            .filter(|record_link| record_link.account.as_deref() == Some(&account.id))
            .count();
        says.push(format!("{links} SCIM {}", if links == 1 { "record" } else { "records" }));
        Candidate {
            kind: CandidateKind::AtlassianAccount,
            id: account.id.clone(),
            email: account.email.clone(),
            name: account.name.clone(),
            remarks: says,
        }
    }
}

fn is_open(account: &Account) -> bool {
    account.status.as_deref() != Some("closed")
}

/// The first names of a list, and how many more there are.
fn few<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    const MAX_SHOWN: usize = 6;
    let names: Vec<&str> = names.into_iter().collect();
    let shown = names.iter().take(MAX_SHOWN).copied().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(MAX_SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn user_candidate(user: &IdpUser) -> Candidate {
    let says = match user.enabled {
        Some(true) => "enabled",
        Some(false) => "disabled",
        None => "unknown whether enabled",
    };
    Candidate {
        kind: CandidateKind::IdpUser,
        id: user.id.clone(),
        email: user.mail.clone().or_else(|| user.upn.clone()),
        name: user.name.clone(),
        remarks: vec![says.to_owned()],
    }
}

fn asked_address(e: &Evidence) -> Option<String> {
    match &e.subject.who {
        Who::Email(email) => Some(normalize(email)),
        Who::Account(_) => None,
    }
}

fn asked_account(e: &Evidence, id: &str) -> bool {
    matches!(&e.subject.who, Who::Account(asked) if asked == id)
}
