//! Advice: what only a person can do about a cause, with the exact place and the exact values from the evidence. It
//! produces text only; advice must never become a step.

mod account;
mod anchor;
mod group;
mod job;
mod person;
mod record;

use super::diagnose::{Case, Diagnosis};
use super::finding::Cause;
use super::op::Op;
pub(super) use group::put_back;

/// The advice for a cause. `None` if a step can repair it.
pub(super) fn advise(cause: Cause, case: &Case<'_>) -> Option<String> {
    job::advise(cause, case)
        .or_else(|| person::advise(cause, case))
        .or_else(|| account::advise(cause, case))
        .or_else(|| record::advise(cause, case))
        .or_else(|| anchor::advise(cause, case))
        .or_else(|| group::advise(cause, case))
}

/// What to know about missing apps that no cause explains, and about missing apps that were not asked for.
pub(super) fn about_apps(diagnosis: &Diagnosis) -> Vec<String> {
    group::about_apps(diagnosis)
}

/// How a person carries out an op by hand that the configuration does not allow this program to do.
pub(super) fn by_hand(op: &Op, case: &Case<'_>) -> String {
    let application = application(case);
    match op {
        Op::ProvisionUser { person, .. } => {
            format!("By hand: {application} > Provisioning > Provision on demand, for user {person}.")
        }
        Op::ProvisionMembership { group_name, person, .. } => format!(
            "By hand: {application} > Provisioning > Provision on demand, for group {group_name} with member {person} alone."
        ),
        Op::RestoreAccess { account, .. } => restore_by_hand(account),
        Op::ActivateAccount { account } => format!(
            "By hand: admin.atlassian.com, Directory > Managed accounts > account {account} > Reactivate account."
        ),
        Op::CancelDeletion { account } => format!(
            "By hand: admin.atlassian.com, Directory > Managed accounts > account {account} > Cancel deletion."
        ),
        Op::ParkEmail { account, to, .. } => format!(
            "By hand: admin.atlassian.com, Directory > Managed accounts > account {account} > Edit details: set the e-mail to {to}."
        ),
        Op::ReturnEmail { account, to, .. } => format!(
            "By hand: admin.atlassian.com, Directory > Managed accounts > account {account} > Edit details: set the e-mail to {to}."
        ),
        Op::SuspendAccess { account, .. } => {
            format!("By hand: admin.atlassian.com, Directory > Users > account {account} > Suspend access.")
        }
        Op::DeactivateAccount { account } => format!(
            "By hand: admin.atlassian.com, Directory > Managed accounts > account {account} > Deactivate account."
        ),
        Op::ScheduleDeletion { account } => format!(
            "By hand: admin.atlassian.com, Directory > Managed accounts > account {account} > Delete account."
        ),
        Op::StartProvisioning { .. } => {
            format!("By hand: {application} > Provisioning > Start provisioning.")
        }
        Op::RestartProvisioning { .. } => {
            format!("By hand: {application} > Provisioning > Restart provisioning.")
        }
        Op::UnlinkRecord { .. } | Op::DeleteRecord { .. } | Op::ForgetAccountRecords { .. } => {
            "No admin console has a page for this; the ticket asks Atlassian for it.".to_owned()
        }
    }
}

/// Where a person lifts a suspension.
pub(super) fn restore_by_hand(account: &str) -> String {
    format!("By hand: admin.atlassian.com, Directory > Users > account {account} > Restore access.")
}

/// The Atlassian application in the Entra admin center.
fn application(case: &Case<'_>) -> String {
    let id = case.e.places.application.as_deref();
    let id = id.map(|id| format!(" (object id {id})")).unwrap_or_default();
    format!("Entra admin center, Enterprise applications > the Atlassian application{id}")
}

fn provisioning(case: &Case<'_>) -> String {
    format!("{} > Provisioning", application(case))
}

/// The page at Atlassian of the directory that the job writes to.
fn directory(case: &Case<'_>) -> String {
    let id = case.target_directory().map(|id| format!(" {id}")).unwrap_or_default();
    format!("admin.atlassian.com, Security > Identity providers > the directory{id}")
}

/// The person, in the form by which an admin finds them.
fn name(case: &Case<'_>) -> String {
    case.email().unwrap_or_else(|| "the person".to_owned())
}

/// The names, separated by commas. If there are none, the text of `none`.
fn listed<'a>(names: impl Iterator<Item = &'a str>, none: &str) -> String {
    let names: Vec<&str> = names.collect();
    if names.is_empty() { none.to_owned() } else { names.join(", ") }
}
