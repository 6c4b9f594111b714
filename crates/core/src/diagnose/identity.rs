//! Causes at the owner of a record: a user object was created again, or a record outlived its user object
//! (docs/reference/rules.md#recreated-identity). A name alone must never prove that two objects are the same person.

use super::record_links::is_object_id;
use super::scope::is_due;
use super::{Answer, Case, Owner, fact};
use crate::evidence::{Read, Source};
use crate::finding::{Cause, Finding};
use crate::subject::normalize;

/// A live object with the same name has a new id, and the job maps `externalId` from the object id. It may be a
/// different human. So the names, the date of creation and the last activity are compared
/// (docs/reference/rules.md#recreated-identity).
pub(super) fn identity_recreated(case: &Case<'_>) -> Answer {
    let Some(person) = case.person.filter(|_| is_due(case)) else { return Answer::No };
    let Some(record_link) = case.recreated() else {
        return may_be_recreated(case);
    };
    let (Some(record), Some(read)) = (record_link.record, case.e.records.get(&record_link.id.directory))
    else {
        return Answer::No;
    };
    let day = |at: Option<jiff::Timestamp>| {
        at.map_or("an unknown day".to_owned(), |at| at.strftime("%Y-%m-%d").to_string())
    };
    let external = record.external_id.as_deref().unwrap_or("none");
    let old = format!(
        "record {} of {} carries the object id {external}",
        record_link.id.record,
        day(record.created)
    );
    let new = format!(
        "no user has that id any more; {} has the id {} and was created on {}",
        person.name.as_deref().unwrap_or("the person"),
        person.id,
        day(person.created)
    );
    let account = record_link.account.as_deref().and_then(|id| case.e.account(id)).and_then(|account| {
        let uses = case.e.last_active.get(&account.id).and_then(Read::get);
        let last = uses.and_then(|uses| uses.iter().map(|used| used.day.as_str()).max());
        let says = format!(
            "account {} is named {}, last active on {}",
            account.id,
            account.name.as_deref().unwrap_or("nothing that is shown"),
            last.unwrap_or("no day that is known")
        );
        fact(&case.e.accounts, Source::Accounts, says)
    });
    fact(read, Source::ScimUsers, old).map_or(Answer::No, |first| {
        Answer::Yes(
            Finding::new(Cause::IdentityRecreated, first)
                .and(fact(&case.e.users, Source::Users, new))
                .and(account),
        )
    })
}

/// The answer if `identity_recreated` found nothing. It is unread if a record has another object id and its owner or
/// the mapping is unread.
fn may_be_recreated(case: &Case<'_>) -> Answer {
    for record_link in case.conflicting_records() {
        let external = record_link.record.and_then(|record| record.external_id.as_deref());
        let Some(external) = external.filter(|id| is_object_id(id)) else { continue };
        if case.e.mapping.get().is_none() {
            return Answer::Unread(&[Source::Jobs, Source::Schema]);
        }
        if matches!(case.e.owners.get(external), Some(Read::Gap(_))) {
            return Answer::Unread(&[Source::Users]);
        }
    }
    Answer::No
}

/// The record's user object no longer exists at the identity provider. Reported together with `idp-user-missing` or
/// `idp-user-deleted`.
pub(super) fn orphaned_record(case: &Case<'_>) -> Answer {
    match &case.e.users {
        Read::Seen { value, .. } if value.is_empty() => {}
        Read::Seen { .. } => return Answer::No,
        _ => return Answer::Unread(&[Source::Users]),
    }
    let addresses = case.addresses();
    let holds =
        |email: &Option<String>| email.as_deref().is_some_and(|email| addresses.contains(&normalize(email)));
    let account = case.account.map(|account| account.id.as_str());
    for record_link in &case.record_links {
        let linked = account.is_some() && record_link.account.as_deref() == account;
        let Some(record) = record_link.record else {
            if linked || record_link.by_address {
                return Answer::Unread(&[Source::ScimUsers]);
            }
            continue;
        };
        let names = holds(&record.user_name) || holds(&record.email);
        if !(linked || names || record_link.by_address) {
            continue;
        }
        let gone = match (case.owner(record_link), record.external_id.as_deref()) {
            // An `externalId` that never was an object id proves too little alone; a name must match as well.
            (Owner::Nobody, Some(id)) => is_object_id(id) || names,
            (Owner::Unread, _) if case.owner_cannot_be_found(record_link) => {
                return Answer::Unread(&[Source::Users]);
            }
            (Owner::Unread, _) => names,
            _ => false,
        };
        let Some(read) = case.e.records.get(&record_link.id.directory).filter(|_| gone) else { continue };
        let linked =
            record_link.account.as_deref().map_or("no account".to_owned(), |id| format!("account {id}"));
        let says = format!(
            "record {} carries {} and is linked to {linked}",
            record_link.id.record,
            record.external_id.as_deref().unwrap_or("no externalId")
        );
        if let Some(first) = fact(read, Source::ScimUsers, says) {
            let finding = Finding::new(Cause::OrphanedRecord, first);
            return Answer::Yes(finding.and(fact(
                &case.e.users,
                Source::Users,
                "no live user has that object id or one of its names",
            )));
        }
    }
    Answer::No
}
