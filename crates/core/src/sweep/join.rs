//! Joins the bulk reading with each listed account, and decides which accounts need a reading of their own. An account
//! counts as good only if everything that a diagnosis could call broken was read and is good. All others are diagnosed,
//! so a doubt costs calls but never gives a wrong answer.

use std::collections::{BTreeSet, HashSet};

use super::{Census, ListedAccount, People, Records, key};
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
            let need = if census.trouble || self.cut_short { LookDepth::Local } else { LookDepth::Close };
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

    fn need(&self, listed: &ListedAccount, person: Option<usize>) -> LookDepth {
        if !self.can_judge() {
            return LookDepth::Local;
        }
        let account = &listed.account;
        let user = person.and_then(|row| self.users.get()?.user(row));
        let inactive =
            account.status.as_deref().is_some_and(|status| status.eq_ignore_ascii_case("inactive"));
        let Some(user) = user else {
            // Both Entra and Atlassian agree that the person has left. A separate reading could not find anything to
            // repair.
            let gone = account.email.as_deref().is_some_and(|email| self.nobody_bears(email));
            return if inactive && !account.for_deletion && gone {
                LookDepth::Local
            } else {
                LookDepth::Close
            };
        };
        if inactive && !account.for_deletion && user.enabled == Some(false) {
            return LookDepth::Local;
        }
        let active = account.is_active() && account.knows_status() && account.is_member("active");
        // If a bulk source is unread, it is unread for many accounts. Reading each of them separately would take too
        // many calls. So they are diagnosed with what was read.
        let unread = listed.opens_app.is_none() || account.groups.is_none() || self.several.get().is_none();
        if active && unread {
            return LookDepth::Local;
        }
        if self.is_in_several(&account.id) != Some(false) {
            return LookDepth::Close;
        }
        let apps = listed.opens_app == Some(true);
        // An unconfirmed address is a fault of its own, unless the account was used.
        let confirmed = account.email_verified != Some(false);
        let good = active
            && apps
            && confirmed
            && self.names_agree(listed, &user)
            && self.groups_agree(listed, &user.id);
        match (good, self.trouble) {
            (true, false) => LookDepth::Nothing,
            (true, true) => LookDepth::Local,
            // Without the job's mapping, no reading can tell which record is whose.
            (false, _) if self.mapping.gap().is_some() => LookDepth::Local,
            (false, _) => LookDepth::Close,
        }
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
            return true;
        }
        self.is_assigned(&user.id) && self.record_agrees(account, user, &identity)
    }

    /// If every directory was read: whether exactly one record is the person's, and it is linked to this account.
    fn record_agrees(&self, account: &Account, user: &IdpUser, identity: &Identity) -> bool {
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
                    && record.active != Some(false);
                let same_name = record.user_name.as_deref().map(normalize) == name;
                if ids.insert(record.id.record.clone()) && mine && same_name {
                    right += 1;
                }
            }
        }
        // An anchor on another record needs a look of its own.
        let anchor = self.log.get().and_then(|log| log.anchor(&user.id));
        let anchored = anchor.is_none_or(|anchor| ids.contains(anchor));
        (right == 1 && ids.len() == 1 && anchored) || (ids.is_empty() && !every)
    }

    /// Whether the directory shows every expected group, by its name or by an older name of the same SCIM group.
    fn groups_agree(&self, listed: &ListedAccount, person: &str) -> bool {
        let Some(shown) = &listed.account.groups else { return false };
        let shown: BTreeSet<String> = shown.iter().map(|group| normalize_name(&group.name)).collect();
        let Some(expected) = self.groups_of(person) else { return false };
        let missing: Vec<&IdpGroup> =
            expected.iter().filter(|group| !shown.contains(&normalize_name(&group.name))).collect();
        if missing.is_empty() {
            return true;
        }
        let records = self.linked(&listed.account.id);
        missing.iter().all(|group| {
            records.iter().any(|record| {
                let known = self.scim_groups.get(&record.id.directory).and_then(Read::get);
                record.groups.iter().any(|old| {
                    let same = known.and_then(|known| known.get(&old.id)) == Some(&group.id);
                    same && shown.contains(&normalize_name(&old.name))
                })
            })
        })
    }
}
