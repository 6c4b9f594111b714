//! Why an account is deactivated: by provisioning, by an administrator of this organization, or elsewhere
//! (docs/reference/rules.md#deactivated-accounts). The record's `active` shows what provisioning wants. A link alone
//! must never prove that provisioning did it.

use super::case::Case;
use super::{Answer, RecordLink, fact};
use crate::evidence::{Account, Claim, Read, Source};
use crate::finding::{Cause, Fact, Finding};

/// What the records that are linked to an account show about `active`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LinkedRecords {
    /// No record is linked.
    None,
    /// At least one record is inactive.
    Inactive,
    /// Every record was read and is active.
    Active,
    /// No record is known to be inactive, and one was not read.
    Unread,
}

impl<'a> Case<'a> {
    /// Whether this organization manages an account. `None` if neither the search nor the permission document shows it.
    #[must_use]
    pub fn manages(&self, account: &Account) -> Option<bool> {
        match account.claim {
            Claim::Managed => Some(true),
            Claim::Unmanaged => Some(false),
            Claim::Unknown => self.e.permissions.get(&account.id).and_then(Read::get).map(|_| true),
        }
    }

    /// What the linked records show about `active`.
    pub(super) fn linked_records(&self, account: &Account) -> LinkedRecords {
        let linked =
            || self.record_links.iter().filter(|link| link.account.as_deref() == Some(account.id.as_str()));
        // If two sources disagree about the link, the record shows nothing about this account.
        let shown = |link: &RecordLink<'_>| link.record.filter(|_| link.link_known)?.active;
        let active = |wanted: Option<bool>| linked().any(|link| shown(link) == wanted);
        if linked().next().is_none() {
            LinkedRecords::None
        } else if active(Some(false)) {
            LinkedRecords::Inactive
        } else if active(None) {
            LinkedRecords::Unread
        } else {
            LinkedRecords::Active
        }
    }

    /// Whether the account is inactive although each of its linked records is active.
    #[must_use]
    pub fn is_deactivated_while_linked(&self, account: &Account) -> bool {
        account.is_deactivated() && self.linked_records(account) == LinkedRecords::Active
    }

    /// The person who deactivated the account, if the organization's audit log names one.
    #[must_use]
    pub fn deactivated_by(&self, account: &Account) -> Option<&'a str> {
        self.e.deactivated_by.get(&account.id)?.get()?.as_deref()
    }

    /// Whether only the identity provider can activate the account: a record is linked to it, or the permission
    /// document shows it.
    pub(super) fn is_held_by_idp(&self, account: &Account) -> Option<bool> {
        if self.linked_records(account) != LinkedRecords::None {
            return Some(true);
        }
        let permissions = self.e.permissions.get(&account.id)?.get()?;
        Some(permissions.0.get("lifecycle.enablement").is_some_and(|reason| {
            reason.as_deref().is_some_and(|reason| reason.starts_with("externalDirectory"))
        }))
    }
}

/// The person's account, if it is deactivated. Otherwise the answer of the rule.
fn deactivated<'a>(case: &Case<'a>) -> Result<&'a Account, Answer> {
    if case.e.accounts.get().is_none() {
        return Err(Answer::Unread(&[Source::Accounts]));
    }
    case.account.filter(|account| account.is_deactivated()).ok_or(Answer::No)
}

fn finding(case: &Case<'_>, cause: Cause, account: &Account, says: &str) -> Answer {
    let says = format!("account {} {says}", account.id);
    fact(&case.e.accounts, Source::Accounts, says)
        .map_or(Answer::No, |first| Answer::Yes(Finding::new(cause, first)))
}

/// What the linked record shows, as a fact.
fn record_fact(case: &Case<'_>, account: &Account) -> Option<Fact> {
    let linked = |link: &&RecordLink<'_>| link.account.as_deref() == Some(account.id.as_str());
    let (link, active) = case
        .record_links
        .iter()
        .filter(linked)
        .find_map(|link| Some((link, link.record.and_then(|record| record.active)?)))?;
    let read = case.e.records.get(&link.id.directory)?;
    let state = if active { "active" } else { "inactive" };
    fact(read, Source::ScimUsers, format!("the linked record {} is {state}", link.id.record))
}

/// Provisioning deactivated the account: its record is inactive, or is linked and was not read. Not reported together
/// with `idp-user-disabled`, which explains it.
pub(super) fn by_idp(case: &Case<'_>) -> Answer {
    let account = match deactivated(case) {
        Ok(account) => account,
        Err(answer) => return answer,
    };
    if case.person.is_none_or(|person| person.enabled == Some(false)) {
        return Answer::No;
    }
    match (case.is_held_by_idp(account), case.linked_records(account)) {
        (Some(false), _) | (_, LinkedRecords::Active) => Answer::No,
        (None, _) => Answer::Unread(&[Source::ScimLinks, Source::Permissions]),
        (Some(true), _) => {
            match finding(case, Cause::DeactivatedByIdp, account, "is inactive and linked to provisioning") {
                Answer::Yes(finding) => Answer::Yes(finding.and(record_fact(case, account))),
                other => other,
            }
        }
    }
}

/// An administrator deactivated the account: provisioning does not hold it.
pub(super) fn locally(case: &Case<'_>) -> Answer {
    let account = match deactivated(case) {
        Ok(account) => account,
        Err(answer) => return answer,
    };
    match case.is_held_by_idp(account) {
        Some(false) => {
            finding(case, Cause::DeactivatedLocally, account, "is inactive and not linked to provisioning")
        }
        Some(true) => Answer::No,
        None => Answer::Unread(&[Source::ScimLinks, Source::Permissions]),
    }
}

/// The account is inactive, but provisioning wants it active: its record is active, and the person is enabled and
/// provisioned. So an administrator deactivated the account in Atlassian, and the identity provider does not see it.
pub(super) fn while_linked(case: &Case<'_>) -> Answer {
    let account = match deactivated(case) {
        Ok(account) => account,
        Err(answer) => return answer,
    };
    let Some(person) = case.person else {
        return if case.e.users.get().is_some() { Answer::No } else { Answer::Unread(&[Source::Users]) };
    };
    if case.linked_records(account) != LinkedRecords::Active {
        return Answer::No;
    }
    let reached = match case.is_assigned() {
        Some(false) if !super::assignment_is_contradicted(case) => return Answer::No,
        None if !super::assignment_is_contradicted(case) => None,
        _ => Some(true),
    };
    match (person.enabled, reached, case.manages(account)) {
        (Some(false), ..) | (_, _, Some(false)) => Answer::No,
        (None, ..) => Answer::Unread(&[Source::Users]),
        (_, None, _) => Answer::Unread(&[Source::Assignments, Source::Memberships]),
        (.., None) => Answer::Unread(&[Source::Permissions]),
        (Some(true), Some(_), Some(true)) => {
            match finding(case, Cause::DeactivatedWhileLinked, account, "is inactive") {
                Answer::Yes(finding) => Answer::Yes(
                    finding
                        .and(record_fact(case, account))
                        .and(fact(&case.e.users, Source::Users, "the person is enabled"))
                        .and(case.deactivated_by(account).and_then(|name| {
                            let read = case.e.deactivated_by.get(&account.id)?;
                            fact(read, Source::OrgAuditLog, format!("{name} deactivated the account"))
                        })),
                ),
                other => other,
            }
        }
    }
}

/// The account is inactive, and this organization does not manage it. Only the organization that manages it can
/// activate it.
pub(super) fn elsewhere(case: &Case<'_>) -> Answer {
    let account = match deactivated(case) {
        Ok(account) => account,
        Err(answer) => return answer,
    };
    match case.manages(account) {
        Some(true) => Answer::No,
        None => Answer::Unread(&[Source::Permissions]),
        Some(false) => finding(
            case,
            Cause::DeactivatedElsewhere,
            account,
            "is inactive, and this organization does not manage it",
        ),
    }
}
