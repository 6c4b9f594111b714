//! What to read next about the identity of a person: their names, the record that the identity provider takes for
//! theirs, the owners of records, and accounts that may be theirs as well. It must never request something that only a
//! guess would need.

use std::collections::BTreeSet;

use super::read_request::{MAX_PER_SEARCH, ReadRequest};
use reinstate_core::diagnose::{Case, RecordLink};
use reinstate_core::evidence::{Evidence, IdpUser};
use reinstate_core::subject::{RecordId, Who, normalize};

/// The person by every address, and all accounts and records with one of these addresses.
pub(super) fn names(e: &Evidence, directories: &[String], all: &mut Vec<ReadRequest>) {
    let mut asked: BTreeSet<String> = BTreeSet::new();
    if let Who::Email(email) = &e.subject.who {
        asked.insert(normalize(email));
    }
    let found: Vec<&IdpUser> = e.users.get().into_iter().flatten().collect();
    // The identity provider does not know account ids, so the account's address is used.
    if let Who::Account(id) = &e.subject.who {
        all.push(ReadRequest::AccountsById(vec![id.clone()]));
        asked.extend(e.account(id).and_then(|account| account.email.as_deref()).map(normalize));
    }
    for address in &asked {
        all.push(ReadRequest::Users(address.clone()));
        if e.users.get().is_some_and(Vec::is_empty) {
            all.push(ReadRequest::Strays(address.clone()));
        }
    }
    all.extend(by_record(e).map(ReadRequest::UserById));
    let mut addresses = asked;
    if let [person] = found.as_slice() {
        addresses.extend(person.addresses());
        for directory in directories {
            all.push(ReadRequest::RecordsByExternal(directory.clone(), person.id.clone()));
        }
    }
    let case = Case::new(e);
    if let (Some(person), Some(mapping)) = (case.person, e.mapping.get()) {
        let unusual = mapping.unusual_attributes().into_iter();
        all.extend(unusual.map(|name| ReadRequest::Attribute(person.id.clone(), name)));
    }
    // A guest's address may be written in two forms.
    addresses.extend(case.identity.email.all().iter().map(|address| normalize(address)));
    let mut user_names = addresses.clone();
    user_names.extend(case.identity.user_name.all().iter().map(|name| normalize(name)));
    for external in case.identity.external_id.all() {
        all.extend(directories.iter().map(|id| ReadRequest::RecordsByExternal(id.clone(), external.clone())));
    }
    // The record that the identity provider takes for the person's, even if it has another name. It costs a call only if
    // it is not a record that was read already.
    if let Some(anchor) = case.anchor().filter(|_| case.person.is_some() && case.anchor_link().is_none()) {
        let target = case.target_directory();
        let here = directories.iter().filter(|id| target.is_none_or(|target| target == id.as_str()));
        let ids = here.map(|directory| RecordId { directory: directory.clone(), record: anchor.to_owned() });
        all.extend(ids.map(ReadRequest::RecordById));
    }
    let emails: Vec<String> = addresses.iter().filter(|address| address.contains('@')).cloned().collect();
    for address in emails {
        all.push(ReadRequest::LinksByEmail(address.clone()));
        all.push(ReadRequest::AccountsByEmail(spellings(e, address)));
    }
    for directory in directories {
        for name in &user_names {
            all.push(ReadRequest::RecordsByName(directory.clone(), name.clone()));
        }
    }
    let ids: Vec<String> = e.subject.accounts.iter().cloned().collect();
    all.extend(ids.chunks(MAX_PER_SEARCH).map(|ids| ReadRequest::AccountsById(ids.to_vec())));
    all.extend(
        e.subject
            .records
            .iter()
            .filter(|id| directories.contains(&id.directory))
            .cloned()
            .map(ReadRequest::RecordById),
    );
}

/// The owner of the record that is linked to the account in the request, if nobody has the account's address. An old
/// address still leads to the person.
fn by_record(e: &Evidence) -> Option<String> {
    let Who::Account(id) = &e.subject.who else { return None };
    if !e.users.get().is_some_and(Vec::is_empty) {
        return None;
    }
    let case = Case::new(e);
    let linked = case.record_links.iter().filter(|link| link.account.as_ref() == Some(id));
    let external = linked.filter_map(|link| link.record?.external_id.as_ref());
    let owners: BTreeSet<&str> = external
        .filter_map(|external| e.owners.get(external)?.get())
        .flatten()
        .map(|user| user.id.as_str())
        .collect();
    match owners.into_iter().collect::<Vec<_>>().as_slice() {
        [one] => Some((*one).to_owned()),
        _ => None,
    }
}

/// An address as the sources write it. It is not documented whether a search finds an address that is written with
/// other letters in upper case.
fn spellings(e: &Evidence, address: String) -> Vec<String> {
    let people = e.users.get().into_iter().flatten();
    let written = people.flat_map(|user| user.upn.iter().chain(&user.mail).chain(&user.aliases));
    let asked = match &e.subject.who {
        Who::Email(email) => Some(email),
        Who::Account(_) => None,
    };
    let mut others: Vec<String> = written
        .chain(asked)
        .filter(|text| normalize(text) == address && **text != address)
        .cloned()
        .collect();
    others.sort();
    others.dedup();
    let mut all = vec![address];
    all.extend(others.into_iter().take(MAX_PER_SEARCH - 1));
    all
}

/// Who has the name of a record without `externalId`. Nothing else shows its owner.
pub(super) fn name_owner(case: &Case<'_>, tie: &RecordLink<'_>) -> Option<ReadRequest> {
    // Before the mapping is read, each name is another name.
    case.identity.user_name.all().first()?;
    let record = tie.record.filter(|record| record.external_id.is_none() && !case.has_the_name(tie))?;
    record.user_name.as_deref().map(|name| ReadRequest::Bearers(normalize(name)))
}

/// The owner of a record. An object id is enough on its own. Another value may belong to two people, which matters if
/// something is to be repaired.
pub(super) fn owner(e: &Evidence, case: &Case<'_>, tie: &RecordLink<'_>) -> Option<ReadRequest> {
    let external = tie.record?.external_id.clone()?;
    let is_id = case.person.is_some_and(|person| person.id == external);
    let is_mapped = case.identity.external_id.may_be(&external);
    let repair = || case.e.accounts.get().is_some() && case.has_access() == Some(false);
    let mapping = e.mapping.get();
    let wanted = !is_id && (!is_mapped || repair()) && (mapping.is_some() || case.has_no_job());
    wanted.then(|| ReadRequest::Owner(external, mapping.and_then(|mapping| mapping.external_id_from.clone())))
}

/// Whether earlier work of the person may be on another account. Only if their user object is young.
pub(super) fn history(e: &Evidence, case: &Case<'_>, all: &mut Vec<ReadRequest>) {
    let Some(account) = case.account.filter(|_| case.may_have_history_elsewhere()) else { return };
    all.push(ReadRequest::LastActive(account.id.clone()));
    if case.has_older_use() != Some(false) {
        return;
    }
    let local = case.wanted.as_deref().and_then(|address| address.split(['@', '+']).next());
    let name = case.person.and_then(|person| person.name.clone());
    let terms = name.into_iter().chain(local.map(|local| format!("{local}+")));
    all.extend(terms.filter(|term| term.len() > 1).map(ReadRequest::Namesakes));
    for other in e.namesakes.get().into_iter().flatten().filter(|other| case.is_namesake(other)) {
        all.push(ReadRequest::LastActive(other.id.clone()));
        if case.use_ended_then(other) == Some(true) {
            all.push(ReadRequest::LinksOf(other.id.clone()));
            all.extend(other.email.as_deref().map(|email| ReadRequest::Bearers(normalize(email))));
        }
    }
}

/// The directory that the job writes to, if the person has records in several, or if access is missing and there are
/// several directories. Also the use of the account of an
/// earlier identity, if the person was created again.
pub(super) fn other_identities(case: &Case<'_>, all: &mut Vec<ReadRequest>) {
    let directories: BTreeSet<&str> = case.own_records().map(|tie| tie.id.directory.as_str()).collect();
    let in_doubt = case.e.records.len() > 1 && case.has_access() == Some(false);
    if directories.len() > 1 || in_doubt {
        all.extend(case.e.mapping.get().map(|_| ReadRequest::Settings));
    }
    let former = case.conflicting_records().filter(|tie| case.is_former_identity(tie));
    all.extend(former.filter_map(|tie| tie.account.clone()).map(ReadRequest::LastActive));
}

/// Whether the organization can claim the domain of the address. Only if access is missing and the domain is not verified
/// at Atlassian. A guest's domain belongs to others.
pub(super) fn claimable_domain(case: &Case<'_>, all: &mut Vec<ReadRequest>) {
    let own = case.person.is_some_and(|person| !person.is_guest());
    let address = case.wanted.as_deref().filter(|_| own && case.has_access() == Some(false));
    if address.is_some_and(|address| case.e.on_verified_domain(address) == Some(false)) {
        all.push(ReadRequest::TenantDomains);
    }
}
