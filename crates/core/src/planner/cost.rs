//! The cost of a plan, and what of it can be undone, as text (docs/reference/rules.md#costs-are-said-beforehand). The
//! text is part of what people approve, so it must never contain a time.

use crate::diagnose::Case;
use crate::evidence::{Account, Read};
use crate::names::shortened;
use crate::op::{Op, ResetScope};
use crate::plan::Step;
use crate::subject::{RecordId, normalize};

pub(crate) fn last_used(case: &Case<'_>, account: &Account) -> String {
    match case.e.last_active.get(&account.id).and_then(Read::get) {
        None => "last use not read".to_owned(),
        Some(uses) => match uses.iter().max_by(|a, b| (&a.day, &a.app).cmp(&(&b.day, &b.app))) {
            None => "never used".to_owned(),
            Some(last) => format!("last active in {} {}", last.app, last.day),
        },
    }
}

/// The cost of these steps, and what of it cannot be undone (docs/reference/rules.md#costs-are-said-beforehand).
pub(super) fn cost(case: &Case<'_>, steps: &[Step]) -> Vec<String> {
    let mut lines: Vec<String> = same_person(case).into_iter().collect();
    // A card shows the first lines, so the riskiest steps come first.
    let mut riskiest: Vec<&Step> = steps.iter().collect();
    riskiest.sort_by_key(|step| std::cmp::Reverse(step.risk));
    lines.extend(riskiest.iter().flat_map(|step| of_step(case, &step.op)));
    if steps.iter().any(|step| !step.op.records().is_empty()) {
        lines.push(
            "The person may lose the synced groups for some minutes, in the worst case for hours.".to_owned(),
        );
    }
    for line in steps.iter().filter_map(|step| what_stays(case, &step.op, steps)) {
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines
}

/// What an approver of `identity-recreated` confirms by approving (docs/reference/rules.md#recreated-identity).
fn same_person(case: &Case<'_>) -> Option<String> {
    let (record_link, person) = (case.recreated()?, case.person?);
    let account = case.e.account(record_link.account.as_deref()?)?;
    Some(format!(
        "By approving, you confirm that these are the same person: {} at the identity provider, and account {} of {}, {}.",
        person.name.as_deref().map_or_else(|| "unnamed".to_owned(), shortened),
        account.id,
        account.name.as_deref().map_or_else(|| "no name".to_owned(), shortened),
        last_used(case, account)
    ))
}

fn of_step(case: &Case<'_>, op: &Op) -> Vec<String> {
    let used = |account: &str| {
        case.e.account(account).map_or_else(|| "last use not read".to_owned(), |known| last_used(case, known))
    };
    match op {
        Op::DeleteRecord { record } => vec![anchored(case, record)],
        Op::ForgetAccountRecords { account, records } => {
            let all = format!(
                "All {} SCIM records of account {account} are deleted, in every directory of the organization.",
                records.len()
            );
            std::iter::once(all).chain(records.iter().map(|record| anchored(case, record))).collect()
        }
        Op::RestoreAccess { account, .. } => vec![format!(
            "Account {account} takes a seat again in every app in which it has a role. Without a free seat, Atlassian refuses."
        )],
        Op::SuspendAccess { account, .. } => vec![format!(
            "Account {account} loses every app of that directory at once. Its groups and roles are kept."
        )],
        Op::StartProvisioning { .. } => vec![
            "This concerns everybody in the tenant: provisioning now writes everything that changed since it stopped, deactivations too. No other repair runs until a cycle has ended: about 40 minutes, at most 24 hours.".to_owned(),
            pending(case),
        ],
        Op::RestartProvisioning { scope, .. } => {
            let matched = match scope {
                ResetScope::Usual => "",
                ResetScope::Full => " Every record of the tenant is matched again. A person without a match gets a second record, and a renamed group gets a second group without its apps.",
            };
            vec![
                format!("This concerns everybody in the tenant: provisioning examines everybody again. It takes 20 minutes to 24 hours, and no other repair runs meanwhile.{matched}"),
                pending(case),
            ]
        }
        Op::ParkEmail { account, from, .. } | Op::ReturnEmail { account, from, .. } => vec![format!(
            "Account {account}, {}, is signed out everywhere and can no longer sign in with {from}.",
            used(account)
        )],
        Op::DeactivateAccount { account } => vec![format!(
            "Account {account}, {}, is signed out everywhere and can no longer sign in. What it wrote stays under its name.",
            used(account)
        )],
        Op::ScheduleDeletion { account } => vec![format!(
            "Account {account}, {}, is deactivated at once and deleted after 14 days. Everything that it wrote will be shown as written by Former user.",
            used(account)
        )],
        Op::ProvisionUser { .. }
        | Op::ProvisionMembership { .. }
        | Op::ActivateAccount { .. }
        | Op::CancelDeletion { .. }
        | Op::UnlinkRecord { .. } => Vec::new(),
    }
}

/// Whether the identity provider is anchored on a record that is deleted, and what follows
/// (docs/reference/rules.md#object-connections).
fn anchored(case: &Case<'_>, record: &RecordId) -> String {
    let record = &record.record;
    match case.anchor() {
        Some(anchor) if anchor == record => format!(
            "The identity provider remembers record {record} as the person's. After it is deleted, provisioning on demand usually finds the person again. If it does not, an admin removes this one object connection by hand, or provisioning is restarted with the scope Full."
        ),
        Some(_) => format!("The identity provider does not use record {record}."),
        None => format!("It is not known whether the identity provider uses record {record}."),
    }
}

/// What a cycle may still do to people, counted from the job's log.
fn pending(case: &Case<'_>) -> String {
    match case.e.pending.get() {
        Some(pending) => format!(
            "The job's log shows what waits: {} deactivations and {} deletions that failed and will be tried again, {} staged deletions. People who left the scope since the last cycle are not counted there.",
            pending.disables, pending.deletes, pending.staged_deletes
        ),
        None => "It could not be read how many deactivations and deletions wait.".to_owned(),
    }
}

/// What cannot be undone. People read it before they approve.
pub(super) fn what_stays(case: &Case<'_>, op: &Op, steps: &[Step]) -> Option<String> {
    match op {
        Op::CancelDeletion { account } => Some(format!(
            "To undo this, account {account} would be scheduled for deletion again, with another 14 days."
        )),
        Op::UnlinkRecord { record, .. } | Op::DeleteRecord { record } => Some(format!(
            "Record {} cannot be put back as it was. Provisioning links the person to the account that has their address at that time.",
            record.record
        )),
        Op::ForgetAccountRecords { .. } => Some(
            "The records cannot be put back as they were. Provisioning links the person to the account that has their address at that time."
                .to_owned(),
        ),
        Op::StartProvisioning { .. } | Op::RestartProvisioning { .. } => {
            Some("This cannot be undone: what a cycle has written stays.".to_owned())
        }
        Op::ParkEmail { account, from, .. } => {
            let taker = steps.iter().find_map(|step| match &step.op {
                Op::ProvisionUser { account, email, .. } if normalize(email) == normalize(from) => Some(account.as_deref()),
                _ => None,
            });
            let taker = taker.map(|taker| taker.or_else(|| case.account.map(|known| known.id.as_str())));
            Some(match taker {
                Some(taker) => format!(
                    "{from} cannot go back to account {account} while account {} has it. This plan gives it to that account.",
                    taker.unwrap_or("that provisioning creates")
                ),
                None => format!("{from} can go back to account {account} only while nobody else has it."),
            })
        }
        _ => None,
    }
}
