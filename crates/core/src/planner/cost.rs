//! The cost of a plan, and what of it can be undone, as text (docs/reference/rules.md#costs-are-said-beforehand). The
//! text is part of what people approve, so it must never contain a time.

use crate::diagnose::Case;
use crate::evidence::{Account, Read};
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
    let mut lines = Vec::new();
    if steps.iter().any(|step| !step.op.records().is_empty()) {
        lines.push(
            "Synced groups are gone until provisioned again: minutes, about 40 min if on-demand is refused, hours if a restart is needed."
                .to_owned(),
        );
    }
    lines.extend(same_person(case));
    for step in steps {
        lines.extend(of_step(case, &step.op));
        lines.extend(what_stays(case, &step.op, steps));
    }
    lines
}

/// What an approver of `identity-recreated` confirms by approving (docs/reference/rules.md#recreated-identity).
fn same_person(case: &Case<'_>) -> Option<String> {
    let (record_link, person) = (case.recreated()?, case.person?);
    let account = case.e.account(record_link.account.as_deref()?)?;
    Some(format!(
        "To approve is to say that this is the same person: {} at the identity provider, and account {} of {}, {}.",
        person.name.as_deref().unwrap_or("unnamed"),
        account.id,
        account.name.as_deref().unwrap_or("no name"),
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
                "All {} provisioning records of account {account} go, in every directory of the organization.",
                records.len()
            );
            std::iter::once(all).chain(records.iter().map(|record| anchored(case, record))).collect()
        }
        Op::RestoreAccess { account, .. } => vec![format!(
            "Account {account} takes its seats again in every app it has a role in; without a free seat Atlassian refuses."
        )],
        Op::SuspendAccess { account, .. } => vec![format!(
            "Account {account} loses every app of that directory at once; its groups and roles are kept."
        )],
        Op::StartProvisioning { .. } => vec![
            "Everybody in the tenant is touched: what changed at the identity provider while the job stood still is written now, deactivations included. No other repair runs until a cycle has ended: about 40 min, at most 24 h.".to_owned(),
            pending(case),
        ],
        Op::RestartProvisioning { scope, .. } => {
            let matched = match scope {
                ResetScope::Usual => "",
                ResetScope::Full => " Every record of the tenant is matched anew; where a match is not found, a second record is made.",
            };
            vec![
                format!("Everybody in the tenant is looked at again: 20 min to many hours, at most 24 h, and no other repair runs meanwhile.{matched}"),
                pending(case),
            ]
        }
        Op::ParkEmail { account, from, .. } | Op::ReturnEmail { account, from, .. } => vec![format!(
            "Account {account} is signed out everywhere and can no longer sign in with {from}; {}.",
            used(account)
        )],
        Op::DeactivateAccount { account } => vec![format!(
            "Account {account} is signed out everywhere and can no longer sign in; {}. What it wrote stays under its name.",
            used(account)
        )],
        Op::ScheduleDeletion { account } => vec![format!(
            "Account {account} is deactivated at once and deleted after 14 days; {}; everything written there will show as Former user.",
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
            "The identity provider is anchored on record {record}. After it is deleted, provision on demand usually matches the person again. If it does not, an admin removes this one object connection by hand, or provisioning is restarted with the scope Full."
        ),
        Some(_) => format!("The identity provider is not anchored on record {record}."),
        None => format!("Whether the identity provider is anchored on record {record} is not known."),
    }
}

/// What a cycle may still do to people, counted from the job's log.
fn pending(case: &Case<'_>) -> String {
    match case.e.pending.get() {
        Some(pending) => format!(
            "Waiting in the job's log: {} deactivations and {} deletions that failed and will be tried again, {} staged deletions. What left the scope since the last cycle comes on top and is counted nowhere.",
            pending.disables, pending.deletes, pending.staged_deletes
        ),
        None => "How many deactivations and deletions wait could not be read.".to_owned(),
    }
}

/// What cannot be undone. People read it before they approve.
pub(super) fn what_stays(case: &Case<'_>, op: &Op, steps: &[Step]) -> Option<String> {
    match op {
        Op::CancelDeletion { account } => Some(format!(
            "To undo it, account {account} would be scheduled for deletion anew, due 14 days from then."
        )),
        Op::UnlinkRecord { record, .. } | Op::DeleteRecord { record } => Some(format!(
            "Record {} is not put back as it was: provisioning ties the person to whichever account bears their address.",
            record.record
        )),
        Op::ForgetAccountRecords { .. } => Some(
            "The records are not put back as they were: provisioning ties the person to whichever account bears their address."
                .to_owned(),
        ),
        Op::StartProvisioning { .. } | Op::RestartProvisioning { .. } => {
            Some("It cannot be undone: what a cycle has written stays written.".to_owned())
        }
        Op::ParkEmail { account, from, .. } => {
            let taker = steps.iter().find_map(|step| match &step.op {
                Op::ProvisionUser { account, email, .. } if normalize(email) == normalize(from) => Some(account.as_deref()),
                _ => None,
            });
            let taker = taker.map(|taker| taker.or_else(|| case.account.map(|known| known.id.as_str())));
            Some(match taker {
                Some(taker) => format!(
                    "{from} cannot go back to account {account} while account {} bears it, which this plan brings about.",
                    taker.unwrap_or("that is made")
                ),
                None => format!("{from} can go back to account {account} only while nobody else bears it."),
            })
        }
        _ => None,
    }
}
