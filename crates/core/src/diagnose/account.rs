//! Causes at the Atlassian account itself, except its deactivation
//! (docs/reference/rules.md#atlassian-account-states).

use super::scope::is_due;
use super::{Answer, Case, fact};
use crate::evidence::{Account, Read, Source};
use crate::finding::{Cause, Finding};

fn on_account(case: &Case<'_>, cause: Cause, says: &str, test: impl Fn(&Account) -> bool) -> Answer {
    if case.e.accounts.get().is_none() {
        return Answer::Unread(&[Source::Accounts]);
    }
    let Some(account) = case.account else { return Answer::No };
    if !test(account) {
        return Answer::No;
    }
    fact(&case.e.accounts, Source::Accounts, format!("account {} {says}", account.id))
        .map_or(Answer::No, |fact| Answer::Yes(Finding::new(cause, fact)))
}

/// The account is scheduled for deletion. The grace period is 14 days.
pub(super) fn pending_deletion(case: &Case<'_>) -> Answer {
    on_account(case, Cause::PendingDeletion, "is scheduled for deletion", |account| account.for_deletion)
}

/// The account that holds the person's address is on a verified domain, and this organization does not manage it. Any
/// update by SCIM takes such an account out of its synced groups
/// (docs/reference/rules.md#atlassian-managed-accounts-only).
pub(super) fn unclaimed(case: &Case<'_>) -> Answer {
    if !is_due(case) {
        return Answer::No;
    }
    if case.e.accounts.get().is_none() {
        return Answer::Unread(&[Source::Accounts]);
    }
    let mut unread: Option<&'static [Source]> = None;
    for account in case.account.into_iter().chain(case.bearer()) {
        let Some(email) = account.email.as_deref().filter(|_| !account.kind_is_not_a_person()) else {
            continue;
        };
        match (case.manages(account), case.e.on_verified_domain(email)) {
            (Some(true), _) | (_, Some(false)) => {}
            (None, _) => unread = Some(&[Source::Permissions]),
            (Some(false), None) => unread = Some(&[Source::Domains]),
            (Some(false), Some(true)) => {
                let domain = email.rsplit_once('@').map_or(email, |(_, domain)| domain);
                let says = format!("account {} has the address {email} and is not managed", account.id);
                return fact(&case.e.accounts, Source::Accounts, says).map_or(Answer::No, |first| {
                    Answer::Yes(Finding::new(Cause::AccountUnclaimed, first).and(fact(
                        &case.e.domains,
                        Source::Domains,
                        format!("{domain} is a verified domain of the organization"),
                    )))
                });
            }
        }
    }
    unread.map_or(Answer::No, Answer::Unread)
}

/// The answer for an address that was never confirmed, if it is unknown whether the account was used.
pub(super) const UNCONFIRMED: &[Source] = &[Source::LastActive];

/// The owner never confirmed the address of the account. It blocks only if access is missing or the account was never
/// used; otherwise it is advice.
pub(super) fn email_unverified(case: &Case<'_>) -> Answer {
    if case.e.accounts.get().is_none() {
        return Answer::Unread(&[Source::Accounts]);
    }
    let Some(account) = case.account else { return Answer::No };
    match account.email_verified {
        Some(true) => return Answer::No,
        None => return Answer::Unread(&[Source::Accounts]),
        Some(false) => {}
    }
    let uses = case.e.last_active.get(&account.id);
    let lacks_access = case.has_access() == Some(false);
    let never_used = match uses.and_then(Read::get) {
        Some(uses) => uses.is_empty(),
        None if lacks_access => false,
        None => return Answer::Unread(UNCONFIRMED),
    };
    let says = format!("the address of account {} was never confirmed", account.id);
    fact(&case.e.accounts, Source::Accounts, says).map_or(Answer::No, |first| {
        let unused = uses.filter(|_| never_used);
        let unused = unused.and_then(|read| fact(read, Source::LastActive, "the account was never used"));
        let mut finding = Finding::new(Cause::EmailUnverified, first).and(unused);
        finding.blocking = never_used || lacks_access;
        Answer::Yes(finding)
    })
}

/// The sources that would show whether the account is suspended.
pub(super) fn suspension_sources(case: &Case<'_>, account: &Account) -> &'static [Source] {
    let rows = case.role_rows(account);
    match rows.map(|rows| rows.iter().any(|row| row.is_status("suspended") == Some(true))) {
        None => &[Source::Roles],
        Some(true) => &[Source::Memberships, Source::Assignments, Source::Groups],
        Some(false) => &[Source::Accounts, Source::Directories],
    }
}

/// The account is suspended in a directory. Its groups are still listed but have no effect (ID-7848).
pub(super) fn suspended(case: &Case<'_>) -> Answer {
    if case.e.accounts.get().is_none() {
        return Answer::Unread(&[Source::Accounts]);
    }
    let Some(account) = case.account else { return Answer::No };
    let roles = case.e.roles.get(&account.id);
    match case.is_suspended(account) {
        Some(false) => return Answer::No,
        Some(true) => {}
        None => return Answer::Unread(suspension_sources(case, account)),
    }
    let places: Vec<String> =
        case.suspended_in(account).iter().map(|id| case.directory_name(account, id)).collect();
    let places = (!places.is_empty()).then(|| format!(" in directory {}", places.join(" and directory ")));
    let places = places.unwrap_or_default();
    let first = if account.is_member("suspended") {
        let says = format!("account {} has its membership suspended{places}", account.id);
        fact(&case.e.accounts, Source::Accounts, says)
    } else {
        let says = format!("account {} is suspended{places}, and active elsewhere", account.id);
        roles.and_then(|read| fact(read, Source::Roles, says))
    };
    first.map_or(Answer::No, |first| Answer::Yes(Finding::new(Cause::Suspended, first)))
}

/// The account is managed but a member of no directory. Not reported if missing groups explain it.
pub(super) fn not_in_directory(case: &Case<'_>) -> Answer {
    let is_outside = |account: &Account| {
        account.is_active()
            && account.membership.as_deref().is_some_and(|m| m.eq_ignore_ascii_case("no_membership"))
    };
    match case.missing() {
        Some(missing) if !missing.is_empty() => Answer::No,
        Some(_) => on_account(case, Cause::NotInDirectory, "is a member of no directory", is_outside),
        // Whether missing groups explain it is unknown.
        None if case.account.is_some_and(is_outside) => {
            Answer::Unread(&[Source::Memberships, Source::Assignments])
        }
        None => Answer::No,
    }
}
