//! Causes at the address: an account outside the organization has it, its domain is not claimed, or the account has
//! another address (docs/reference/rules.md#atlassian-address-collisions).

use super::link::{conflict_fact, links_fact};
use super::scope::is_due;
use super::{Answer, Case, fact};
use crate::evidence::{Claim, Read, Source};
use crate::expression::Mapped;
use crate::finding::{Cause, Finding};
use crate::subject::normalize;

/// The sources that show whether the person has access (docs/reference/rules.md#access).
pub(super) const ACCESS_SOURCES: &[Source] = &[
    Source::Memberships,
    Source::Assignments,
    Source::Accounts,
    Source::Groups,
    Source::Roles,
    Source::GroupRoles,
];

/// Whether the links by address were read, and every configured directory by name and by id
/// (docs/reference/rules.md#complete-address-lookups).
fn look_ups_are_complete(case: &Case<'_>) -> bool {
    case.e.links.get().is_some() && case.every_directory_was_read()
}

/// The answer of a rule that needs the address that the job writes, if that address is unknown.
fn wanted_is_unread(case: &Case<'_>) -> Answer {
    let unread = matches!(case.identity.email, Mapped::Unread | Mapped::Either(_)) && !case.has_no_job();
    if unread { Answer::Unread(&[Source::Schema]) } else { Answer::No }
}

/// Either the account is shown and is unmanaged, or the address is in use and no visible account has it. The second
/// case is reported only if every lookup was read (docs/reference/rules.md#complete-address-lookups).
pub(super) fn email_held_outside(case: &Case<'_>) -> Answer {
    if !is_due(case) {
        return Answer::No;
    }
    let Some(wanted) = case.wanted.as_deref() else { return wanted_is_unread(case) };
    let Some(accounts) = case.e.accounts.get() else { return Answer::Unread(&[Source::Accounts]) };
    let linked = case.own.as_ref().is_some_and(|own| own.account.is_some());
    let bearer = accounts.iter().find(|account| account.bears(wanted));
    let says = match bearer {
        Some(account) if account.claim == Claim::Unmanaged && !linked => {
            format!("account {} bears {wanted} and is not managed by this organization", account.id)
        }
        Some(_) => return Answer::No,
        None if case.e.log.get().is_none() && !case.has_no_job() && !linked => {
            return Answer::Unread(&[Source::ProvisioningLog]);
        }
        None if case.conflict().is_none() || case.conflicting_records().next().is_some() => {
            return Answer::No;
        }
        None => format!("no account of this organization bears {wanted}"),
    };
    match case.e.on_verified_domain(wanted) {
        // An account on an unclaimed domain is expected to be unmanaged. `domain-not-claimed` reports this case.
        Some(false) => return Answer::No,
        None => return Answer::Unread(&[Source::Domains]),
        Some(true) => {}
    }
    if !look_ups_are_complete(case) {
        return Answer::Unread(&[Source::ScimUsers, Source::ScimLinks]);
    }
    fact(&case.e.accounts, Source::Accounts, says).map_or(Answer::No, |first| {
        let none = "no SCIM record of another object holds the address, the userName or the externalId";
        Answer::Yes(
            Finding::new(Cause::EmailHeldOutside, first).and(links_fact(case, none)).and(conflict_fact(case)),
        )
    })
}

/// The person has one account, whose address differs from the one that the job writes. Without the job's mapping, the
/// wanted address is unknown.
pub(super) fn email_mismatch(case: &Case<'_>) -> Answer {
    let (Some(person), Some(account), Some(own)) = (case.person, case.account, &case.own) else {
        return Answer::No;
    };
    let one = case.other.is_none() && own.account.as_deref() == Some(account.id.as_str());
    if person.enabled == Some(false) || !one || case.conflict().is_some() {
        return Answer::No;
    }
    let Some(borne) = account.email.as_deref() else { return Answer::No };
    let Some(wanted) = case.wanted.as_deref() else { return wanted_is_unread(case) };
    if normalize(borne) == wanted {
        return Answer::No;
    }
    let recorded = own.record.and_then(|record| record.email.as_deref());
    let first = fact(&case.e.accounts, Source::Accounts, format!("account {} bears {borne}", account.id));
    first.map_or(Answer::No, |first| {
        let record = recorded.and_then(|email| {
            let read = case.e.records.get(&own.id.directory)?;
            fact(read, Source::ScimUsers, format!("the record {} says {email}", own.id.record))
        });
        Answer::Yes(Finding::new(Cause::EmailMismatch, first).and(record).and(fact(
            &case.e.users,
            Source::Users,
            format!("the identity provider says {wanted}"),
        )))
    })
}

/// Atlassian links and updates only accounts of claimed domains. Not reported for a person who has access anyway, such
/// as a guest.
pub(super) fn domain_not_claimed(case: &Case<'_>) -> Answer {
    if !is_due(case) {
        return Answer::No;
    }
    let Some(wanted) = case.wanted.as_deref() else { return wanted_is_unread(case) };
    match case.e.on_verified_domain(wanted) {
        Some(false) if case.has_access() == Some(true) => Answer::No,
        Some(false) if case.has_access().is_none() => Answer::Unread(ACCESS_SOURCES),
        None if case.has_access() == Some(true) => Answer::No,
        None => Answer::Unread(&[Source::Domains]),
        Some(true) => Answer::No,
        Some(false) => {
            let domain = wanted.rsplit_once('@').map_or(wanted, |(_, domain)| domain);
            let says = format!("{domain} is not among the organization's verified domains");
            fact(&case.e.domains, Source::Domains, says).map_or(Answer::No, |first| {
                let account =
                    case.account.filter(|account| account.claim == Claim::Unmanaged).and_then(|account| {
                        let says = format!("account {} is not managed", account.id);
                        fact(&case.e.accounts, Source::Accounts, says)
                    });
                Answer::Yes(Finding::new(Cause::DomainNotClaimed, first).and(account))
            })
        }
    }
}

/// The person has records in more than one directory, and access is missing.
pub(super) fn two_directories(case: &Case<'_>) -> Answer {
    if case.person.is_none() || case.has_access() == Some(true) {
        return Answer::No;
    }
    if case.e.links.gap().is_some() && case.own.as_ref().is_none_or(|own| own.account.is_none()) {
        return Answer::Unread(&[Source::ScimLinks]);
    }
    let mut says: Vec<(&str, String)> = Vec::new();
    for record_link in case.own_records() {
        let linked =
            record_link.account.as_deref().map_or("no account".to_owned(), |id| format!("account {id}"));
        let line = format!(
            "directory {} holds record {}, linked to {linked}",
            record_link.id.directory, record_link.id.record
        );
        says.push((record_link.id.directory.as_str(), line));
    }
    let directories: std::collections::BTreeSet<&str> =
        says.iter().map(|(directory, _)| *directory).collect();
    if directories.len() < 2 {
        return Answer::No;
    }
    if case.has_access().is_none() {
        return Answer::Unread(ACCESS_SOURCES);
    }
    let mut facts = says.into_iter().filter_map(|(directory, line)| match case.e.records.get(directory) {
        Some(read @ Read::Seen { .. }) => fact(read, Source::ScimUsers, line),
        _ => links_fact(case, line),
    });
    let Some(first) = facts.next() else { return Answer::No };
    let mut finding =
        facts.fold(Finding::new(Cause::TwoDirectories, first), |finding, fact| finding.and(Some(fact)));
    if let Some(target) = case.target_directory() {
        finding = finding.and(fact(
            &case.e.mapping,
            Source::Schema,
            format!("the job writes to directory {target}"),
        ));
    }
    Answer::Yes(finding)
}
