//! Compares the world with the end state that an op wants. It is pure and uses the evidence alone. It must never report
//! `Done` for something that was not read.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Op, State};
use crate::diagnose::Case;
use crate::evidence::{Account, IdpGroup, Job, Read, Source};
use crate::subject::{RecordId, normalize, normalize_name};

impl Op {
    /// The state for a step that has not begun.
    #[must_use]
    pub fn state(&self, case: &Case<'_>) -> State {
        self.state_since(case, None)
    }

    /// The state for a step that began at this time. For some effects only the time tells whether the step caused them.
    #[must_use]
    pub fn state_since(&self, case: &Case<'_>, begun: Option<Timestamp>) -> State {
        match self {
            Self::ProvisionUser { account, email, .. } => provision_user(case, account.as_deref(), email),
            Self::ProvisionMembership { group, group_name, account, .. } => {
                membership(case, group, group_name, account.as_deref())
            }
            Self::RestoreAccess { account, directory } => {
                suspension(case, account, directory.as_deref(), false)
            }
            Self::SuspendAccess { account, directory } => {
                suspension(case, account, directory.as_deref(), true)
            }
            Self::ActivateAccount { account } => {
                on_account(case, account, |known| (known.is_active(), json!({ "status": known.status })))
            }
            Self::DeactivateAccount { account } => on_account(case, account, |known| {
                let inactive = known.status.as_deref().is_some_and(|s| s.eq_ignore_ascii_case("inactive"));
                (inactive, json!({ "status": known.status }))
            }),
            Self::CancelDeletion { account } => on_account(case, account, |known| {
                (!known.for_deletion, json!({ "for_deletion": known.for_deletion }))
            }),
            Self::ScheduleDeletion { account } => on_account(case, account, |known| {
                (known.for_deletion, json!({ "for_deletion": known.for_deletion }))
            }),
            Self::UnlinkRecord { record, account } => unlinked(case, record, account),
            Self::DeleteRecord { record } => deleted(case, record),
            Self::ForgetAccountRecords { account, records } => forgotten(case, account, records),
            Self::StartProvisioning { job } => cycled(case, job, begun, Job::runs),
            Self::RestartProvisioning { job, .. } => cycled(case, job, begun, |_| false),
            Self::ParkEmail { account, from, to } | Self::ReturnEmail { account, from, to } => {
                moved(case, account, from, to)
            }
        }
    }
}

fn on_account(case: &Case<'_>, id: &str, look: impl Fn(&Account) -> (bool, Value)) -> State {
    if case.e.accounts.get().is_none() {
        return State::Unread(vec![Source::Accounts]);
    }
    match case.e.account(id).map(look) {
        None => State::Blocked(format!("account {id} is not shown any more")),
        Some((true, value)) => State::Done(value),
        Some((false, value)) => State::Open(value),
    }
}

/// The suspension of an account in one directory, by its role assignments there. The account's membership status
/// decides only if the account is suspended everywhere, or has no other directory.
fn suspension(case: &Case<'_>, id: &str, directory: Option<&str>, wanted: bool) -> State {
    if case.e.accounts.get().is_none() {
        return State::Unread(vec![Source::Accounts]);
    }
    let Some(account) = case.e.account(id) else {
        return State::Blocked(format!("account {id} is not shown any more"));
    };
    let known = |suspended: bool| {
        let word = if suspended { "suspended" } else { "active" };
        let value = json!({ "access": word, "directory": directory });
        if suspended == wanted { State::Done(value) } else { State::Open(value) }
    };
    if account.is_member("suspended") {
        return match directory {
            None if !wanted => no_directory(),
            _ => known(true),
        };
    }
    let Some(rows) = case.role_rows(account) else { return State::Unread(vec![Source::Roles]) };
    let here = || rows.iter().filter(|row| directory.is_none() || row.directory.as_deref() == directory);
    if here().any(|row| row.is_status("suspended") == Some(true)) {
        return if directory.is_some() { known(true) } else { no_directory() };
    }
    let active = here().any(|row| row.directory.is_some() && row.is_status("active") == Some(true));
    if directory.is_none() {
        return if !wanted && account.is_member("active") { known(false) } else { no_directory() };
    }
    let alone = case.directories_of(account).is_some_and(|all| match all {
        [one] => Some(one.id.as_str()) == directory,
        _ => false,
    });
    let unknown = here().any(|row| row.status.is_some() && row.is_status("active").is_none());
    if !unknown && (active || (alone && account.is_member("active"))) {
        return known(false);
    }
    State::Unread(vec![Source::Roles, Source::Directories])
}

/// Steps of version 1 name no directory. The program does not choose one for them.
fn no_directory() -> State {
    State::Blocked("the step names no directory; ask again, which makes a plan that does".to_owned())
}

/// Done if a live record of the person is linked to the account, and the account has the wanted address.
fn provision_user(case: &Case<'_>, account: Option<&str>, email: &str) -> State {
    if case.e.links.get().is_none() && !case.every_directory_was_read() {
        return State::Unread(vec![Source::ScimLinks]);
    }
    if case.e.accounts.get().is_none() {
        return State::Unread(vec![Source::Accounts]);
    }
    let linked = case.own.as_ref().and_then(|record_link| record_link.account.clone());
    let before = json!({ "linked_to": linked });
    let Some(linked) = linked else { return State::Open(before) };
    let live = case.own.as_ref().and_then(|record_link| record_link.record).and_then(|record| record.active)
        != Some(false);
    let known = case.e.account(&linked);
    let bears = known.is_some_and(|known| known.bears(email));
    let usable = known.is_some_and(Account::is_active);
    let right = account.is_none_or(|wanted| wanted == linked);
    if right && live && bears && usable { State::Done(before) } else { State::Open(before) }
}

fn membership(case: &Case<'_>, group: &str, name: &str, account: Option<&str>) -> State {
    if case.e.accounts.get().is_none() {
        return State::Unread(vec![Source::Accounts]);
    }
    let known = match account {
        Some(id) => case.e.account(id),
        None => case.account,
    };
    let Some(known) = known else { return State::Open(json!({ "member": false })) };
    let Some(groups) = &known.groups else { return State::Unread(vec![Source::Groups]) };
    let by_name = groups.iter().any(|shown| normalize_name(&shown.name) == normalize_name(name));
    let renamed = IdpGroup { id: group.to_owned(), name: name.to_owned(), security: None };
    let by_id = case.account.is_some_and(|own| own.id == known.id) && case.shows(&renamed) == Some(true);
    if by_name || by_id {
        State::Done(json!({ "member": true }))
    } else {
        State::Open(json!({ "member": false }))
    }
}

fn unlinked(case: &Case<'_>, record: &RecordId, account: &str) -> State {
    let links = case.e.account_links.get(account);
    let Some(links) = links.and_then(Read::get) else { return State::Unread(vec![Source::ScimLinks]) };
    if links.iter().any(|link| link.id == *record && link.account.as_deref().is_none_or(|id| id == account)) {
        return State::Open(json!({ "linked_to": account }));
    }
    // The SCIM directory may be more up to date than the index that answers the link call.
    match case.e.record(record) {
        Some(Some(known)) if known.account.as_deref() == Some(account) => {
            State::Open(json!({ "linked_to": account }))
        }
        Some(Some(known)) if known.account.is_some() => {
            State::Blocked("the record is linked to yet another account".to_owned())
        }
        _ => State::Done(json!({ "linked_to": null })),
    }
}

fn deleted(case: &Case<'_>, record: &RecordId) -> State {
    match case.e.record(record) {
        None => State::Unread(vec![Source::ScimUsers]),
        Some(None) => State::Done(json!({ "exists": false })),
        Some(Some(_)) => State::Open(json!({ "exists": true })),
    }
}

fn forgotten(case: &Case<'_>, account: &str, records: &[RecordId]) -> State {
    let links = case.e.account_links.get(account);
    let Some(links) = links.and_then(Read::get) else { return State::Unread(vec![Source::ScimLinks]) };
    if let Some(new) = links.iter().find(|link| !records.contains(&link.id)) {
        return State::Blocked(format!("record {} has appeared since the plan was made", new.id.record));
    }
    let mut left: Vec<&RecordId> = links.iter().map(|link| &link.id).collect();
    left.extend(
        records
            .iter()
            .filter(|id| matches!(case.e.record(id), Some(Some(_))) && !left.contains(id))
            .collect::<Vec<_>>(),
    );
    left.sort();
    let before = json!({ "records": left.iter().map(|id| id.record.as_str()).collect::<Vec<_>>() });
    if left.is_empty() { State::Done(before) } else { State::Open(before) }
}

/// Done if the account has `to`. Open if it has `from` and no account has `to`.
fn moved(case: &Case<'_>, account: &str, from: &str, to: &str) -> State {
    if case.e.accounts.get().is_none() {
        return State::Unread(vec![Source::Accounts]);
    }
    let Some(known) = case.e.account(account) else {
        return State::Blocked(format!("account {account} is not shown any more"));
    };
    if known.bears(to) {
        return State::Done(json!({ "email": normalize(to) }));
    }
    let taken =
        case.e.accounts.get().into_iter().flatten().find(|other| other.id != account && other.bears(to));
    if let Some(other) = taken {
        return State::Blocked(format!("the address {to} is in use, by account {}", other.id));
    }
    if known.bears(from) {
        State::Open(json!({ "email": normalize(from) }))
    } else {
        State::Blocked(format!("the account bears neither {from} nor {to}"))
    }
}

/// Done if a cycle that began after the step has ended. Before the step begins, a job that already runs is done too.
fn cycled(case: &Case<'_>, job: &str, begun: Option<Timestamp>, already: impl Fn(&Job) -> bool) -> State {
    let Some(known) = case.e.job.get() else { return State::Unread(vec![Source::Jobs]) };
    if known.id != job {
        return State::Blocked(format!("the application's job is now {}", known.id));
    }
    let before = known.state();
    let Some(begun) = begun else {
        return if already(known) { State::Done(before) } else { State::Open(before) };
    };
    if known.cycle_began.is_some_and(|began| began >= begun) && known.last_cycle.is_some() {
        State::Done(before)
    } else if already(known) {
        // The job did not run before the step began, so the start worked and its cycle has not ended.
        State::Underway(before)
    } else {
        State::Open(before)
    }
}
