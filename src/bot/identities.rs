//! The identities to which one Slack address leads: users of the identity provider, accounts and addresses. What cannot
//! be read must never count as "not their own".

use std::collections::BTreeSet;

use reinstate_core::access::Ownership;
use reinstate_core::evidence::IdpUser;
use reinstate_core::subject::normalize;
use reinstate_core::{Evidence, Subject, diagnose};

/// The identities of one address. None if they could not be read.
pub(crate) struct MaybeIdentities(pub(crate) Option<Identities>);

/// The users, accounts and addresses that belong to one person.
pub(crate) struct Identities {
    pub(crate) people: BTreeSet<String>,
    pub(crate) accounts: BTreeSet<String>,
    pub(crate) addresses: BTreeSet<String>,
}

pub(crate) fn identities(evidence: &Evidence, email: &str) -> Option<Identities> {
    let users = evidence.users.get()?;
    // If the accounts could not be read, one of them may belong to this person.
    if evidence.accounts.gap().is_some() {
        return None;
    }
    let found = diagnose(evidence);
    // Every account found by this address, or by a record of it, counts as theirs. It is safer to lose an approver than
    // to let somebody approve a plan on their own account.
    let accounts = evidence.accounts.get().into_iter().flatten().map(|account| account.id.clone());
    let mut mine = Identities {
        people: users.iter().map(|user| user.id.clone()).chain(found.person).collect(),
        accounts: accounts.chain(found.account).chain(found.subject.accounts).collect(),
        addresses: users.iter().flat_map(IdpUser::addresses).collect(),
    };
    mine.addresses.insert(normalize(email));
    Some(mine)
}

pub(crate) fn compare(mine: &Identities, subject: &Subject) -> Ownership {
    // The list of a sweep names a person where no account exists yet.
    let same = subject.person.as_ref().is_some_and(|person| mine.people.contains(person))
        || !mine.people.is_disjoint(&subject.accounts)
        || !mine.accounts.is_disjoint(&subject.accounts)
        || !mine.addresses.is_disjoint(&subject.addresses);
    if same {
        Ownership::Yes
    } else if mine.people.is_empty() && mine.accounts.is_empty() {
        Ownership::Nobody
    } else {
        Ownership::No
    }
}
