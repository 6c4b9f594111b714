//! Joins the bulk reading with each listed account, and decides which accounts need a reading of their own. An account
//! counts as good only if everything that a diagnosis could call broken was read and is good. All others are diagnosed,
//! so a doubt costs calls but never gives a wrong answer.

use std::collections::{BTreeSet, HashSet};

use super::grants::{Needed, add_needed, is_enough};
use super::{Census, HeldRoles, ListedAccount, People, Records, RoleList, key};
use crate::diagnose::Identity;
use crate::evidence::{Account, Claim, IdpGroup, IdpUser, Read};
use crate::expression::Mapped;
use crate::subject::{Who, normalize, normalize_name};

/// How closely an account is read for its diagnosis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LookDepth {
    /// No diagnosis is needed: all sources agree that the account is good.
    Nothing,
    /// Diagnose with the bulk reading only. More calls could not change the answer, or a source is missing for
    /// everybody.
    Local,
    /// Make separate calls for this account.
    Close,
}

/// One account or person that a sweep diagnoses.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepQuery {
    pub who: Who,
    pub need: LookDepth,
    /// The account as the search listed it. `None` for a person without an account.
    pub listed: Option<ListedAccount>,
}

/// What the join decides for one listed account.
#[derive(Clone, Debug, PartialEq)]
pub enum JoinOutcome {
    /// Not an account of a person of the organization, or already seen.
    Skip,
    Good,
    Look(Box<SweepQuery>),
    /// A further account of a person who is already covered by another account.
    Beside,
}

/// The state of the join: which accounts and people it has seen so far.
#[derive(Clone, Debug, Default)]
pub struct Join {
    listed: HashSet<u128>,
    covered: HashSet<u128>,
    /// Whether the list of accounts is incomplete. A person who was not seen may then still have an account.
    pub cut_short: bool,
}

impl Join {
    /// Judges the next account of the search.
    pub fn judge(&mut self, census: &Census, listed: ListedAccount) -> JoinOutcome {
        let account = &listed.account;
        let closed = account.status.as_deref() == Some("closed");
        if account.claim == Claim::Unmanaged || account.kind_is_not_a_person() || closed {
            return JoinOutcome::Skip;
        }
        if !self.listed.insert(key(&account.id)) {
            return JoinOutcome::Skip;
        }
        let person = census.person_of(&listed);
        let id = person.and_then(|row| census.users.get()?.id(row)).map(str::to_owned);
        if let Some(id) = &id
            && !self.covered.insert(key(id))
        {
            return JoinOutcome::Beside;
        }
        match census.need(&listed, person) {
            LookDepth::Nothing => JoinOutcome::Good,
            need => {
                let who = census.who(&listed, person);
                JoinOutcome::Look(Box::new(SweepQuery { who, need, listed: Some(listed) }))
            }
        }
    }

    /// The people who should have an account but were not seen with one. Call it after all accounts were judged.
    pub fn without_account<'a>(&'a self, census: &'a Census) -> impl Iterator<Item = SweepQuery> + 'a {
        let users = census.users.get().filter(|_| census.can_judge());
        let rows = users.map_or(0, People::len);
        (0..rows).filter_map(move |row| {
            let users = users?;
            let id = users.id(row)?;
            let first = users.row_of(id) == Some(row);
            let due = users.enabled(row) != Some(false) && first && !self.covered.contains(&key(id));
            if !due || !census.is_assigned(id) {
                return None;
            }
            let user = users.user(row)?;
            let who = [user.mail, user.upn].into_iter().flatten().find_map(|a| Who::parse(&a).ok())?;
            let need = if self.cut_short { LookDepth::Local } else { LookDepth::Close };
            Some(SweepQuery { who, need, listed: None })
        })
    }
}

impl Census {
    /// The row of the person who owns the account: found by the linked record, else by the address of the account.
    fn person_of(&self, listed: &ListedAccount) -> Option<usize> {
        let users = self.users.get()?;
        let linked = self.linked(&listed.account.id).into_iter();
        let mapping = self.mapping.get();
        let by_record = linked
            .filter_map(|record| {
                let external = record.external_id?;
                match mapping.map(|mapping| users.rows_by_external(mapping, &external)).as_deref() {
                    Some([one]) => Some(*one),
                    Some(_) => None,
                    None => users.row_of(&external),
                }
            })
            .next();
        by_record.or_else(|| match users.rows_by_address(listed.account.email.as_deref()?).as_slice() {
            [one] => Some(*one),
            _ => None,
        })
    }

    /// The words for `check` that lead to the same account.
    fn who(&self, listed: &ListedAccount, person: Option<usize>) -> Who {
        let user = person.and_then(|row| self.users.get()?.user(row));
        let email = listed.account.email.clone();
        let address = match user {
            Some(user) => {
                let own = email.filter(|email| user.addresses().contains(&normalize(email)));
                own.or(user.mail).or(user.upn)
            }
            None => email,
        };
        match address.as_deref().map(Who::parse) {
            Some(Ok(who @ Who::Email(_))) => who,
            _ => Who::Account(listed.account.id.clone()),
        }
    }

    /// Whether a record is linked to an account or has its address.
    fn has_record_of(&self, account: &Account) -> bool {
        let has_address =
            |records: &Records| account.email.as_deref().is_some_and(|e| records.has_address(e));
        !self.linked(&account.id).is_empty() || self.records.values().filter_map(Read::get).any(has_address)
    }

    fn need(&self, listed: &ListedAccount, person: Option<usize>) -> LookDepth {
        self.need_whatever_the_roles(listed, person).unwrap_or_else(|| self.need_by_roles(listed, person))
    }

    /// How closely to read an account for which the lists of role holders make no difference. `None` if they decide.
    fn need_whatever_the_roles(&self, listed: &ListedAccount, person: Option<usize>) -> Option<LookDepth> {
        if !self.can_judge() {
            return Some(LookDepth::Local);
        }
        let account = &listed.account;
        let user = person.and_then(|row| self.users.get()?.user(row));
        let inactive =
            account.status.as_deref().is_some_and(|status| status.eq_ignore_ascii_case("inactive"));
        let Some(user) = user else {
            // Both Entra and Atlassian agree that the person has left, and nothing of them remains. A separate reading
            // could not find anything to repair.
            let gone = account.email.as_deref().is_some_and(|email| self.nobody_bears(email));
            return Some(if inactive && !account.for_deletion && gone && !self.has_record_of(account) {
                LookDepth::Local
            } else {
                LookDepth::Close
            });
        };
        if inactive && !account.for_deletion && user.enabled == Some(false) {
            let identity = Identity::new(self.mapping.get(), Some(&user));
            let agrees = self.record_agrees(account, &user, &identity, RecordOf::Leaver);
            return Some(if agrees { LookDepth::Local } else { LookDepth::Close });
        }
        let active = is_in_use(account);
        // If a bulk source is unread, it is unread for many accounts. Reading each of them separately would take too
        // many calls. So they are diagnosed with what was read.
        let needed = self.needed(listed, &user.id);
        let unread = account.groups.is_none()
            || self.several.get().is_none()
            || self.role_lists.is_none()
            || matches!(needed, Err(Unknown::Unread));
        if active && unread {
            return Some(LookDepth::Local);
        }
        if self.is_in_several(&account.id) != Some(false) {
            return Some(LookDepth::Close);
        }
        let agrees = needed.is_ok() && self.all_but_roles_agree(listed, &user);
        // Without the job's mapping, no reading can tell which record is whose. Then only a doubt about the roles is a
        // reason for a close look.
        (!agrees && self.mapping.gap().is_none()).then_some(LookDepth::Close)
    }

    /// How closely to read an account for which the lists of role holders decide.
    fn need_by_roles(&self, listed: &ListedAccount, person: Option<usize>) -> LookDepth {
        let Some(user) = person.and_then(|row| self.users.get()?.user(row)) else { return LookDepth::Close };
        // A list that failed is unread for many accounts.
        if listed.roles.is_none() && is_in_use(&listed.account) {
            return LookDepth::Local;
        }
        let good = self.apps_agree(listed, &user.id) && self.all_but_roles_agree(listed, &user);
        match (good, self.trouble) {
            (true, false) => LookDepth::Nothing,
            (true, true) => LookDepth::Local,
            (false, _) if self.mapping.gap().is_some() && !self.roles_are_in_doubt(listed) => {
                LookDepth::Local
            }
            (false, _) => LookDepth::Close,
        }
    }

    fn all_but_roles_agree(&self, listed: &ListedAccount, user: &IdpUser) -> bool {
        // An unconfirmed address is a fault of its own, unless the account was used.
        let confirmed = listed.account.email_verified != Some(false);
        is_in_use(&listed.account)
            && confirmed
            && self.names_agree(listed, user)
            && self.groups_agree(listed, &user.id)
    }

    /// Whether the person is enabled and assigned, has the account's address alone, and has one record that is linked
    /// to the account. The newest log entry of the person must not be a failure.
    fn names_agree(&self, listed: &ListedAccount, user: &IdpUser) -> bool {
        let account = &listed.account;
        let identity = Identity::new(self.mapping.get(), Some(user));
        let own = account.email.as_deref().map(normalize);
        // If Atlassian pulls people by itself, no mapping says which address the account must have.
        let pulled = own.filter(|own| self.has_no_job() && user.addresses().contains(own));
        let wanted = identity.wanted_email().filter(|email| account.bears(email));
        let Some(email) = wanted.or(pulled) else { return false };
        let alone = self.users.get().is_some_and(|users| {
            user.addresses().iter().all(|address| users.rows_by_address(address).len() <= 1)
        });
        let claimed = self.domains.get().is_none_or(|domains| {
            let domain = email.rsplit_once('@').map(|(_, domain)| domain.to_owned());
            domains.iter().any(|known| known.verified && Some(&known.name) == domain.as_ref())
        });
        let complains = self.log.get().is_some_and(|log| log.complains_of(&user.id));
        if !alone || !claimed || complains || user.enabled != Some(true) {
            return false;
        }
        if self.has_no_job() {
            let is_of_another = |id: &str| is_another_user(self, id, &user.id);
            return !self
                .linked(&account.id)
                .iter()
                .any(|record| record.external_id.as_deref().is_some_and(is_of_another));
        }
        self.is_assigned(&user.id) && self.record_agrees(account, user, &identity, RecordOf::Member)
    }

    /// If every directory was read: whether exactly one record is the person's, and it is linked to this account. Of
    /// somebody who left, the record may be inactive, or there may be none.
    fn record_agrees(&self, account: &Account, user: &IdpUser, identity: &Identity, of: RecordOf) -> bool {
        let read: Vec<&Records> = self.records.values().filter_map(Read::get).collect();
        if read.is_empty() {
            return true;
        }
        let every = read.len() == self.records.len();
        let mut ids: BTreeSet<String> = BTreeSet::new();
        let mut right = 0;
        let external = match &identity.external_id {
            Mapped::One(value) => Some(normalize(value)),
            // A job that does not write `externalId` leaves it empty in each record.
            Mapped::Empty => None,
            Mapped::Unread | Mapped::Either(_) => return false,
        };
        // An `externalId` that two people share does not tell whose record it is.
        let users = self.users.get().zip(self.mapping.get()).zip(external.as_deref());
        if users.is_some_and(|((users, mapping), id)| users.rows_by_external(mapping, id).len() > 1) {
            return false;
        }
        let name = identity.wanted_name();
        for records in read {
            let named = name.as_deref().map(|name| records.by_name(name)).unwrap_or_default();
            let by_id = [Some(user.id.as_str()), identity.external_id.one()].into_iter().flatten();
            let by_id = by_id.flat_map(|id| records.by_external(id));
            for record in records.by_account(&account.id).into_iter().chain(by_id).chain(named) {
                let mine = record.external_id.as_deref().map(normalize) == external
                    && record.account.as_deref() == Some(account.id.as_str())
                    && (of == RecordOf::Leaver || record.active != Some(false));
                let same_name = record.user_name.as_deref().map(normalize) == name;
                if ids.insert(record.id.record.clone()) && mine && same_name {
                    right += 1;
                }
            }
        }
        // An anchor on another record needs a look of its own. The person's record may be in a directory that was not
        // read, and then the anchor is there too.
        let anchor = self.log.get().and_then(|log| log.anchor(&user.id));
        let anchored = anchor.is_none_or(|anchor| ids.contains(anchor));
        let elsewhere = anchor.is_none_or(|anchor| !self.has_read_record(anchor));
        (right == 1 && ids.len() == 1 && anchored)
            || (ids.is_empty() && (of == RecordOf::Leaver || (!every && elsewhere)))
    }

    /// Whether a record with this id was read in any directory.
    fn has_read_record(&self, id: &str) -> bool {
        self.records.values().filter_map(Read::get).any(|records| records.by_id(id).is_some())
    }

    /// Whether the directory shows every expected group, by its name or by an older name of the same SCIM group.
    fn groups_agree(&self, listed: &ListedAccount, person: &str) -> bool {
        let shown = self.shown_groups(listed, person);
        shown.is_some_and(|shown| shown.iter().all(|groups| !groups.is_empty()))
    }

    /// For each expected group of a person: the groups of the account that are this group. By name if the account has
    /// a group of the name of each; else by the `externalId` of the SCIM groups first, as a diagnosis does.
    fn shown_groups<'l>(&self, listed: &'l ListedAccount, person: &str) -> Option<Vec<Vec<&'l IdpGroup>>> {
        let shown = listed.account.groups.as_ref()?;
        let expected = self.groups_of(person)?;
        let named = |name: &str| -> Vec<&'l IdpGroup> {
            let name = normalize_name(name);
            shown.iter().filter(|known| !name.is_empty() && normalize_name(&known.name) == name).collect()
        };
        let by_name: Vec<Vec<&IdpGroup>> = expected.iter().map(|group| named(&group.name)).collect();
        if by_name.iter().all(|groups| !groups.is_empty()) {
            return Some(by_name);
        }
        let records = self.linked(&listed.account.id);
        let ids: Vec<(&str, &str)> = records
            .iter()
            .filter_map(|record| Some((record, self.scim_groups.get(&record.id.directory)?.get()?)))
            .flat_map(|(record, known)| {
                record.groups.iter().filter_map(|old| Some((old.name.as_str(), known.get(&old.id)?.as_str())))
            })
            .collect();
        let is_another = |shown: &IdpGroup, id: &str| {
            let name = normalize_name(&shown.name);
            let mut of = ids.iter().filter(|(known, _)| normalize_name(known) == name).peekable();
            of.peek().is_some() && of.all(|(_, known)| *known != id)
        };
        let found = expected.iter().map(|group| {
            let old =
                ids.iter().find(|(_, id)| *id == group.id).map(|(name, _)| named(name)).unwrap_or_default();
            if old.is_empty() {
                named(&group.name).into_iter().filter(|known| !is_another(known, &group.id)).collect()
            } else {
                old
            }
        });
        Some(found.collect())
    }

    /// Whether the account holds a sufficient role in every app that the person's groups grant; if they grant none, in
    /// any app. `false` also where the lists leave a doubt.
    fn apps_agree(&self, listed: &ListedAccount, person: &str) -> bool {
        let (Some(held), Some(lists)) = (listed.roles.as_ref(), self.role_lists.as_deref()) else {
            return false;
        };
        self.needed(listed, person).is_ok_and(|needed| satisfies(held, lists, &needed))
    }

    /// The weakest role that the person's groups grant on each app.
    fn needed(&self, listed: &ListedAccount, person: &str) -> Result<Needed<'_>, Unknown> {
        self.grants.groups.get().ok_or(Unknown::Unread)?;
        let shown = self.shown_groups(listed, person).ok_or(Unknown::NotListed)?;
        let mut needed = Needed::new();
        for id in shown.into_iter().flatten().map(|group| group.id.as_str()) {
            let known = self.grants.group(id).ok_or(Unknown::NotListed)?;
            if known.resources == Some(0) {
                continue;
            }
            match self.grants.group_roles.get(id) {
                Some(Read::Seen { value, .. }) => add_needed(&mut needed, value),
                Some(Read::Gap(_)) => return Err(Unknown::Unread),
                // The roles of a local group are not listed.
                Some(Read::NotAsked) | None => return Err(Unknown::NotListed),
            }
        }
        Ok(needed)
    }

    /// The numbers of the lists of role holders that decide about an account: those of the apps that it needs. All
    /// lists, if that is unknown. None, if the account is read closely whatever the lists contain: it need not wait.
    #[must_use]
    pub fn deciding_lists(&self, listed: &ListedAccount) -> Vec<u16> {
        let row = self.person_of(listed);
        if self.need_whatever_the_roles(listed, row) == Some(LookDepth::Close) {
            return Vec::new();
        }
        let lists = self.role_lists.as_deref().unwrap_or_default();
        let person = row.and_then(|row| self.users.get()?.id(row)).map(str::to_owned);
        let needed = person.and_then(|person| self.needed(listed, &person).ok()).unwrap_or_default();
        let decides = |list: &RoleList| {
            needed.is_empty()
                || list.resource.as_deref().is_some_and(|resource| needed.contains_key(resource))
        };
        let numbers = lists.iter().enumerate().filter(|(_, list)| decides(list));
        numbers.filter_map(|(number, _)| u16::try_from(number).ok()).collect()
    }

    /// Whether the lists do not show the roles of an account without doubt. Then only a reading of its own does.
    fn roles_are_in_doubt(&self, listed: &ListedAccount) -> bool {
        let lists = self.role_lists.as_deref().unwrap_or_default();
        listed.roles.as_ref().is_some_and(|held| held.roles(lists).is_none())
    }
}

/// Whether an account is active, in its status and in the user directory.
fn is_in_use(account: &Account) -> bool {
    account.is_active() && account.knows_status() && account.is_member("active")
}

/// Whether an object id is that of another user.
fn is_another_user(census: &Census, id: &str, person: &str) -> bool {
    id != person && census.users.get().is_some_and(|users| users.row_of(id).is_some())
}

/// Whose record is compared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum RecordOf {
    /// Somebody whom the job should provision.
    Member,
    /// Somebody who was disabled, and whose account is inactive.
    Leaver,
}

/// Why it is unknown which apps a person needs.
enum Unknown {
    /// A bulk source is unread, for many accounts.
    Unread,
    /// The bulk sources do not show it for this account.
    NotListed,
}

/// Whether the lists show without doubt a sufficient role in every needed app.
fn satisfies(held: &HeldRoles, lists: &[RoleList], needed: &Needed<'_>) -> bool {
    if needed.is_empty() {
        return held.opens_something(lists);
    }
    needed
        .iter()
        .all(|(resource, level)| held.role_on(lists, resource).is_some_and(|role| is_enough(role, *level)))
}
