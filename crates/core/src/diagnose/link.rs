//! Causes at the SCIM record and its link (docs/reference/rules.md#scim-record-and-link-of-atlassian). Fixed rules
//! distinguish causes that look alike (docs/reference/rules.md#record-and-link).

use super::{Answer, Case, Owner, RecordLink, fact};
use crate::evidence::{Read, Source};
use crate::finding::{Cause, Fact, Finding};

/// Whether the person should have a record: one live person, enabled and assigned.
fn should_have_record(case: &Case<'_>) -> bool {
    super::scope::is_due(case) && !case.has_no_job()
}

pub(super) fn links_fact(case: &Case<'_>, says: impl Into<String>) -> Option<Fact> {
    let says = says.into();
    fact(&case.e.links, Source::ScimLinks, says.clone()).or_else(|| {
        let read = case.e.records.values().find(|read| read.get().is_some())?;
        fact(read, Source::ScimUsers, says)
    })
}

/// The person has no record, and nothing else explains this (docs/reference/rules.md#record-and-link).
pub(super) fn never_provisioned(case: &Case<'_>) -> Answer {
    if !should_have_record(case) || case.own.is_some() {
        return Answer::No;
    }
    // A record with an older address is visible only in its own directory.
    if !case.every_directory_was_read() {
        return Answer::Unread(&[Source::ScimUsers]);
    }
    // If a record may be the person's, it is not proven that there is none.
    if case.record_is_unread() {
        return Answer::Unread(&[Source::Users, Source::Schema, Source::ProvisioningLog]);
    }
    let refused = case.conflict().is_some();
    let pending = case.account.is_some_and(|account| account.for_deletion);
    if case.conflicting_records().next().is_some() || refused || pending {
        return Answer::No;
    }
    let Some(first) = links_fact(case, "no SCIM record of the person exists") else {
        return Answer::No;
    };
    Answer::Yes(Finding::new(Cause::NeverProvisioned, first).and(fact(
        &case.e.log,
        Source::ProvisioningLog,
        match case.anchor() {
            Some(_) => "the identity provider once wrote a record that is gone",
            None => "the identity provider has written none",
        },
    )))
}

/// The person's record exists and is linked to no account.
pub(super) fn record_unlinked(case: &Case<'_>) -> Answer {
    let Some(own) = &case.own else {
        let mut unlinked = case.record_links.iter().filter(|link| link.account.is_none());
        let in_question = should_have_record(case) && case.record_is_unread() && unlinked.next().is_some();
        return if in_question {
            Answer::Unread(&[Source::Users, Source::Schema, Source::ProvisioningLog])
        } else {
            Answer::No
        };
    };
    if own.account.is_some() || !own.link_known {
        return Answer::No;
    }
    // Atlassian refuses no person their own record. After a refusal, this may be an old record that has the address.
    if own.record.is_none() && case.conflict().is_some() {
        return Answer::Unread(&[Source::ScimUsers]);
    }
    let says = format!("record {} is linked to no account", own.id.record);
    links_fact(case, says).map_or(Answer::No, |fact| Answer::Yes(Finding::new(Cause::RecordUnlinked, fact)))
}

/// Whether the record is linked to one account while another managed account has the address.
fn is_split(case: &Case<'_>) -> bool {
    case.other.is_some() && case.own.as_ref().is_some_and(|own| own.account.is_some())
}

fn split_facts(case: &Case<'_>, cause: Cause) -> Answer {
    let (Some(own), Some(accounts)) = (&case.own, case.e.accounts.get()) else { return Answer::No };
    let linked = own.account.as_deref().unwrap_or("none");
    let Some(bearer) = case
        .account
        .into_iter()
        .chain(case.other)
        .find(|account| Some(account.id.as_str()) != own.account.as_deref())
    else {
        return Answer::No;
    };
    let bears =
        accounts.iter().find(|account| account.id == linked).and_then(|account| account.email.clone());
    let first =
        links_fact(case, format!("the person's record {} is linked to account {linked}", own.id.record));
    let Some(first) = first else { return Answer::No };
    let says = format!(
        "account {linked} bears {}, while account {} bears {}",
        bears.as_deref().unwrap_or("no address that is shown"),
        bearer.id,
        bearer.email.as_deref().unwrap_or("the person's address"),
    );
    Answer::Yes(
        Finding::new(cause, first)
            .and(fact(&case.e.accounts, Source::Accounts, says))
            .and(conflict_fact(case)),
    )
}

pub(super) fn conflict_fact(case: &Case<'_>) -> Option<Fact> {
    let entry = case.conflict()?;
    let detail = entry.detail.as_deref().or(entry.error_code.as_deref()).unwrap_or("the value is taken");
    fact(
        &case.e.log,
        Source::ProvisioningLog,
        format!("Atlassian refused the identity provider with 409: {detail}"),
    )
}

/// The record is linked to an account without the person's address, while another managed account has that address
/// (docs/reference/rules.md#record-and-link). If Atlassian also refused a write with 409, the cause is
/// `email-held-by-managed-account`.
pub(super) fn linked_to_other_account(case: &Case<'_>) -> Answer {
    if !is_split(case) || case.conflict().is_some() {
        return Answer::No;
    }
    split_facts(case, Cause::LinkedToOtherAccount)
}

/// A managed account that is not linked to the person's record has the wanted address, and Atlassian refused the create
/// or update with 409 (docs/reference/rules.md#record-and-link). Not reported if an unlinked old record has the name,
/// because that explains the refusal. An old record that is linked to this account does not prevent the report.
pub(super) fn email_held_by_managed_account(case: &Case<'_>) -> Answer {
    if !should_have_record(case) {
        return Answer::No;
    }
    if is_split(case) {
        return match &case.e.log {
            Read::Seen { .. } if case.conflict().is_some() => {
                split_facts(case, Cause::EmailHeldByManagedAccount)
            }
            Read::Seen { .. } => Answer::No,
            _ => Answer::Unread(&[Source::ProvisioningLog]),
        };
    }
    let (None, Some(account)) = (&case.own, case.account) else { return Answer::No };
    if case.record_is_unread() {
        return Answer::Unread(&[Source::Users, Source::Schema, Source::ProvisioningLog]);
    }
    // A record that was not read may have the person's name and explain the refusal.
    if !case.every_directory_was_read() {
        return Answer::Unread(&[Source::ScimUsers]);
    }
    let bears = case.wanted.as_deref().is_some_and(|wanted| account.bears(wanted));
    if !bears || !case.is_managed(account) || account.for_deletion || account.kind_is_not_a_person() {
        return Answer::No;
    }
    if case
        .conflicting_records()
        .any(|record_link| record_link.account.as_deref() != Some(account.id.as_str()))
    {
        return Answer::No;
    }
    if case.e.log.get().is_none() {
        return Answer::Unread(&[Source::ProvisioningLog]);
    }
    // A record in the directory of the job may explain the refusal, and it is unknown which directory that is.
    let unlinked = |link: &RecordLink<'_>| link.account.is_none() && case.holds_something(link);
    if case.target_directory().is_none() && case.record_links.iter().any(unlinked) {
        return Answer::Unread(&[Source::Schema]);
    }
    match conflict_fact(case) {
        Some(first) => Answer::Yes(Finding::new(Cause::EmailHeldByManagedAccount, first).and(fact(
            &case.e.accounts,
            Source::Accounts,
            format!("managed account {} bears the address", account.id),
        ))),
        None => Answer::No,
    }
}

/// Another record has the person's `userName`, e-mail or `externalId`, and the person has no working record.
pub(super) fn stale_record_conflict(case: &Case<'_>) -> Answer {
    if !should_have_record(case) {
        return Answer::No;
    }
    let works = case.own.as_ref().is_some_and(|own| {
        own.account.is_some() && own.account.as_deref() == case.account.map(|account| account.id.as_str())
    });
    if works && case.conflict().is_none() {
        return Answer::No;
    }
    let mut finding: Option<Finding> = None;
    let recreated = case.recreated().map(|record_link| record_link.id.clone());
    for record_link in
        case.conflicting_records().filter(|record_link| Some(&record_link.id) != recreated.as_ref())
    {
        match case.owner(record_link) {
            // The record of a living colleague is in use, so it is not stale.
            Owner::Other(_) => continue,
            Owner::Unread => {
                return Answer::Unread(&[Source::Users, Source::Jobs, Source::Schema, Source::ScimUsers]);
            }
            Owner::Person | Owner::Nobody => {}
        }
        let holds = record_link.record.map_or_else(
            || "the person's address".to_owned(),
            |record| {
                let name = record.user_name.as_deref().unwrap_or("unknown");
                format!("userName {name}, externalId {}", record.external_id.as_deref().unwrap_or("none"))
            },
        );
        let linked =
            record_link.account.as_deref().map_or("no account".to_owned(), |id| format!("account {id}"));
        let says = format!("record {} holds {holds} and is linked to {linked}", record_link.id.record);
        let Some(fact) = links_fact(case, says) else { continue };
        finding = Some(match finding {
            Some(known) => known.and(Some(fact)),
            None => Finding::new(Cause::StaleRecordConflict, fact),
        });
    }
    finding.map_or(Answer::No, |finding| Answer::Yes(finding.and(conflict_fact(case))))
}
