//! Decides what to read next, as a pure function of the evidence. Reading less keeps a check fast; reading what a
//! condition needs keeps a step safe. It must never request the same thing under two names, and never omit what a
//! condition of the op reads.

use std::collections::BTreeSet;

use super::read_request::{MAX_ROLES, ReadRequest, mapping};
use super::wants_apps;
use super::wants_effect::effect;
use super::wants_identity::{claimable_domain, history, name_owner, names, other_identities, owner};
use crate::world::ReadScope;
use reinstate_core::Op;
use reinstate_core::diagnose::Case;
use reinstate_core::evidence::{Claim, Evidence};
use reinstate_core::subject::{Who, normalize};

/// Everything that can be requested now. The caller filters out what was already read. `last` means that nothing else is
/// left to request.
pub(super) fn wants(look: &ReadScope, e: &Evidence, directories: &[String], last: bool) -> Vec<ReadRequest> {
    match look {
        ReadScope::Everything => {
            let mut all = everything(e, directories, true, true);
            if wants_apps::has_what_is_needed(e, last) {
                all.retain(|want| !matches!(want, ReadRequest::Domains | ReadRequest::Permissions(_)));
            }
            all
        }
        ReadScope::For(op) => {
            let mut all = everything(e, directories, op.rung() <= 2, false);
            // An account is ended only if the person has access through another one.
            if op.rung() >= 9 {
                wants_apps::granted_apps(&Case::new(e), &mut all);
            }
            if let Some(job) = e.job.get().filter(|_| op.is_tenant_wide()) {
                all.push(ReadRequest::Pending(job.id.clone()));
            }
            if let Op::RestoreAccess { account, .. } | Op::SuspendAccess { account, .. } = op {
                all.push(ReadRequest::UserDirectories(account.clone()));
            }
            all
        }
        ReadScope::Effect(op) => effect(op, e, directories),
    }
}

/// A step reads everything that its conditions may need. It reads the log only if a condition depends on it, because
/// the log allows five requests in ten seconds and a plan has many steps. Only the log shows that provisioning is
/// harmless.
fn everything(e: &Evidence, directories: &[String], by_log: bool, diagnosing: bool) -> Vec<ReadRequest> {
    let mut all = vec![ReadRequest::Assignments, ReadRequest::Jobs, ReadRequest::Domains];
    names(e, directories, &mut all);
    mapping(e, &mut all);
    let case = Case::new(e);
    if let Some(person) = case.person {
        all.push(ReadRequest::Memberships(person.id.clone()));
        let scoped = e.mapping.get().is_some_and(|mapping| mapping.scoped);
        let log_decides =
            scoped || case.is_assigned() == Some(false) || (case.own.is_none() && e.links.get().is_some());
        if let Some(job) = e.job.get().filter(|_| by_log || log_decides) {
            all.push(ReadRequest::Log(job.id.clone(), person.id.clone()));
        }
        if case.is_assigned() == Some(false) {
            all.push(ReadRequest::Nested(person.id.clone()));
            if diagnosing && e.assignments.get().into_iter().flatten().any(|assignment| assignment.is_group) {
                all.push(ReadRequest::DynamicGroups);
            }
            // The settings are stored with the mapping, so they are read after it.
            all.extend(e.mapping.get().map(|_| ReadRequest::Settings));
        }
    }
    standstill(e, &mut all);
    accounts(e, &case, &mut all);
    suspension(&case, &mut all);
    others(e, &case, &mut all);
    wants_apps::renamed_groups(&case, &mut all);
    if diagnosing {
        wants_apps::clashing_groups(&case, &mut all);
        wants_apps::granted_apps(&case, &mut all);
        history(e, &case, &mut all);
        claimable_domain(&case, &mut all);
        let account = case.account.filter(|account| case.is_deactivated_while_linked(account));
        all.extend(account.map(|account| ReadRequest::DeactivatedBy(account.id.clone())));
    }
    other_identities(&case, &mut all);
    all
}

/// Links, permissions and roles of every account that may belong to the person, and the accounts behind links.
fn accounts(e: &Evidence, case: &Case<'_>, all: &mut Vec<ReadRequest>) {
    // The person was found by the address in the request. The identity provider keeps these two attributes unique.
    let logins = case.person.into_iter().flat_map(|person| person.upn.iter().chain(&person.mail));
    let mut known: BTreeSet<String> = logins.map(|address| normalize(address)).collect();
    if let Who::Email(email) = &e.subject.who {
        known.insert(normalize(email));
    }
    for account in e.accounts.get().into_iter().flatten() {
        // See docs/reference/rules.md#atlassian-managed-accounts-only.
        if account.claim != Claim::Unmanaged {
            all.push(ReadRequest::LinksOf(account.id.clone()));
            all.push(ReadRequest::Permissions(account.id.clone()));
        }
        all.push(ReadRequest::Roles(account.id.clone()));
        // Whether the owner ever used the account despite an unconfirmed address.
        if account.email_verified == Some(false) {
            all.push(ReadRequest::LastActive(account.id.clone()));
        }
        // An account with none of the person's addresses may belong to another person.
        let other = account.email.as_deref().map(normalize).filter(|email| !known.contains(email));
        all.extend(other.filter(|_| case.person.is_some()).map(ReadRequest::Bearers));
    }
    for tie in &case.record_links {
        let is_namesake = |id: &String| e.namesakes.get().into_iter().flatten().any(|known| known.id == *id);
        if let Some(id) = &tie.account
            && e.accounts.get().is_some()
            && e.account(id).is_none()
            && !is_namesake(id)
        {
            all.push(ReadRequest::AccountsById(vec![id.clone()]));
        }
        let key_at_hand = e.records.get(&tie.id.directory).is_some_and(|read| read.get().is_some());
        if tie.record.is_none() && key_at_hand {
            all.push(ReadRequest::RecordById(tie.id.clone()));
        }
        all.extend(owner(e, case, tie));
        all.extend(name_owner(case, tie));
    }
}

/// Why the job does not run, and what is pending in its log. Only if the job may have to be started. A rejected key
/// needs a decision by a person, whatever the log says.
fn standstill(e: &Evidence, all: &mut Vec<ReadRequest>) {
    let Some(job) = e.job.get().filter(|job| !job.key_is_rejected()) else { return };
    if !job.is_quarantined() && job.standstill().is_some() {
        all.push(ReadRequest::Stopper);
    }
    let lost = |code: &str| code.ends_with("InvalidAnchor");
    let anchor = e.log.get().into_iter().flatten().any(|entry| entry.error_code.as_deref().is_some_and(lost));
    if !job.runs() || anchor {
        all.push(ReadRequest::Pending(job.id.clone()));
    }
}

/// In which directories the account is suspended, which of them count, and the seats of the apps. Only for an account
/// that is suspended somewhere, or whose roles do not show its state.
fn suspension(case: &Case<'_>, all: &mut Vec<ReadRequest>) {
    let Some(account) = case.account else { return };
    let rows = case.role_rows(account).unwrap_or_default();
    let somewhere = rows.iter().any(|row| row.is_status("suspended") == Some(true));
    let suspended = account.is_member("suspended") || somewhere;
    if suspended || rows.iter().any(|row| row.app && row.is_status("active").is_none()) {
        all.push(ReadRequest::UserDirectories(account.id.clone()));
    }
    if !suspended {
        return;
    }
    all.push(ReadRequest::Workspaces);
    let known = case.directories_of(account).unwrap_or_default();
    let known = known.iter().map(|directory| directory.id.as_str());
    let mut directories: BTreeSet<&str> = rows.iter().filter_map(|row| row.directory.as_deref()).collect();
    directories.extend(known);
    let expected = case.expected().unwrap_or_default();
    if directories.len() > 1 && !expected.is_empty() {
        all.push(ReadRequest::OrgGroups(expected.iter().map(|group| group.name.clone()).collect()));
    }
    // If the account has no role there, the roles of its groups tell which seats it will take.
    let without = |id: &&str| !rows.iter().any(|row| row.app && row.directory.as_deref() == Some(*id));
    if case.suspended_in(account).iter().any(without) {
        let groups = account.groups.iter().flatten().filter(|group| !group.id.is_empty());
        all.extend(groups.take(MAX_ROLES).map(|group| ReadRequest::GroupRoles(group.id.clone())));
    }
}

/// Which of two accounts is used, and who has the other account's address. Only if there are two accounts, or if the
/// request is about another account than the person's.
fn others(e: &Evidence, case: &Case<'_>, all: &mut Vec<ReadRequest>) {
    let own = case.account.map(|account| account.id.as_str());
    let asked = e.subject.accounts.iter().any(|id| Some(id.as_str()) != own);
    if case.other.is_none() && case.candidates.is_empty() && !asked {
        return;
    }
    for account in e.accounts.get().into_iter().flatten() {
        all.push(ReadRequest::LastActive(account.id.clone()));
        all.extend(account.email.as_deref().map(|email| ReadRequest::Bearers(normalize(email))));
    }
    // An address that was parked may have to be restored, and no account has it now.
    all.extend(e.subject.addresses.iter().cloned().map(ReadRequest::Bearers));
}

#[cfg(test)]
mod tests {
    use super::*;
    use reinstate_core::Subject;
    use reinstate_core::evidence::Read;

    #[test]
    fn the_first_round_asks_for_everything_that_the_address_alone_can_find() {
        let subject = Subject::asked(Who::Email("Jane@acme.example".into()));
        let e = Evidence::new(subject, jiff::Timestamp::UNIX_EPOCH);
        let first: BTreeSet<ReadRequest> =
            wants(&ReadScope::Everything, &e, &["d1".into()], false).into_iter().collect();
        let jane = || "jane@acme.example".to_owned();
        let expected = BTreeSet::from([
            ReadRequest::Users(jane()),
            ReadRequest::Assignments,
            ReadRequest::Jobs,
            ReadRequest::Workspaces,
            ReadRequest::AccountsByEmail(vec![jane(), "Jane@acme.example".to_owned()]),
            ReadRequest::LinksByEmail(jane()),
            ReadRequest::RecordsByName("d1".into(), jane()),
        ]);
        assert_eq!(first, expected);
    }

    #[test]
    fn a_gap_is_not_asked_around() {
        let subject = Subject::asked(Who::Email("jane@acme.example".into()));
        let mut e = Evidence::new(subject, jiff::Timestamp::UNIX_EPOCH);
        e.users = Read::Gap("403".into());
        let wanted = wants(&ReadScope::Everything, &e, &[], false);
        assert!(
            !wanted.iter().any(|want| matches!(want, ReadRequest::Strays(_) | ReadRequest::Memberships(_))),
            "{wanted:?}"
        );
    }
}
