//! Causes at the Atlassian account itself (docs/reference/rules.md#atlassian-account-states).

use super::{Answer, Case, fact};
use crate::evidence::{Account, Source};
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

fn is_inactive(account: &Account) -> bool {
    !account.for_deletion
        && account.status.as_deref().is_some_and(|status| status.eq_ignore_ascii_case("inactive"))
}

/// The person's account, if it is inactive. Otherwise the answer of the rule.
fn inactive<'a>(case: &Case<'a>) -> Result<&'a Account, Answer> {
    if case.e.accounts.get().is_none() {
        return Err(Answer::Unread(&[Source::Accounts]));
    }
    case.account.filter(|account| is_inactive(account)).ok_or(Answer::No)
}

/// Whether only the identity provider can activate the account: a record is linked to it, or the permission document
/// says so.
fn held_by_idp(case: &Case<'_>, account: &Account) -> Option<bool> {
    if case.record_links.iter().any(|record_link| record_link.account.as_deref() == Some(account.id.as_str()))
    {
        return Some(true);
    }
    let permissions = case.e.permissions.get(&account.id)?.get()?;
    Some(permissions.0.get("lifecycle.enablement").is_some_and(|reason| {
        reason.as_deref().is_some_and(|reason| reason.starts_with("externalDirectory"))
    }))
}

/// The account is inactive, and only the identity provider can activate it. Not reported together with
/// `idp-user-disabled`, which explains it.
pub(super) fn deactivated_by_idp(case: &Case<'_>) -> Answer {
    let account = match inactive(case) {
        Ok(account) => account,
        Err(answer) => return answer,
    };
    if case.person.is_none_or(|person| person.enabled == Some(false)) {
        return Answer::No;
    }
    match held_by_idp(case, account) {
        Some(true) => {
            on_account(case, Cause::DeactivatedByIdp, "is inactive and linked to provisioning", is_inactive)
        }
        Some(false) => Answer::No,
        None => Answer::Unread(&[Source::ScimLinks, Source::Permissions]),
    }
}

/// The account is inactive, and only an administrator can have deactivated it.
pub(super) fn deactivated_locally(case: &Case<'_>) -> Answer {
    let account = match inactive(case) {
        Ok(account) => account,
        Err(answer) => return answer,
    };
    match held_by_idp(case, account) {
        Some(false) => on_account(
            case,
            Cause::DeactivatedLocally,
            "is inactive and not linked to provisioning",
            is_inactive,
        ),
        Some(true) => Answer::No,
        None => Answer::Unread(&[Source::ScimLinks, Source::Permissions]),
    }
}

/// The sources that would show whether the account is suspended.
fn needed(case: &Case<'_>, account: &Account) -> &'static [Source] {
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
        None => return Answer::Unread(needed(case, account)),
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
    if case.missing().is_none_or(|missing| !missing.is_empty()) {
        return Answer::No;
    }
    on_account(case, Cause::NotInDirectory, "is a member of no directory", |account| {
        account.is_active()
            && account.membership.as_deref().is_some_and(|m| m.eq_ignore_ascii_case("no_membership"))
    })
}
