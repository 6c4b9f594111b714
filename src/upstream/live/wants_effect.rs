//! What to read to see whether one op has taken effect. It must never read more than that, because it is read again and
//! again while the effect is awaited.

use super::read_request::{ReadRequest, mapping};
use super::wants_identity::names;
use reinstate_core::diagnose::Case;
use reinstate_core::{Evidence, Op};

/// Only what shows whether one op has taken effect.
pub(super) fn effect(op: &Op, e: &Evidence, directories: &[String]) -> Vec<ReadRequest> {
    let mut all = Vec::new();
    match op {
        Op::ProvisionUser { person, .. } => {
            all.push(ReadRequest::UserById(person.clone()));
            mapping(e, &mut all);
            if e.users.get().is_some() {
                names(e, directories, &mut all);
                all.retain(|want| !matches!(want, ReadRequest::Users(_) | ReadRequest::Strays(_)));
            }
            // If there are several directories, the settings tell which one counts.
            if directories.len() > 1 {
                all.extend(e.mapping.get().map(|_| ReadRequest::Settings));
            }
            let linked = Case::new(e).own.and_then(|tie| tie.account);
            all.extend(linked.map(|id| ReadRequest::AccountsById(vec![id])));
        }
        Op::ProvisionMembership { account: None, .. } => {
            all.extend(
                e.subject.addresses.iter().map(|address| ReadRequest::AccountsByEmail(vec![address.clone()])),
            );
        }
        Op::RestoreAccess { account, .. } | Op::SuspendAccess { account, .. } => {
            all.push(ReadRequest::AccountsById(vec![account.clone()]));
            all.push(ReadRequest::Roles(account.clone()));
            all.push(ReadRequest::UserDirectories(account.clone()));
        }
        Op::ProvisionMembership { account: Some(account), .. }
        | Op::ActivateAccount { account }
        | Op::CancelDeletion { account }
        | Op::DeactivateAccount { account }
        | Op::ScheduleDeletion { account }
        | Op::ParkEmail { account, .. }
        | Op::ReturnEmail { account, .. } => all.push(ReadRequest::AccountsById(vec![account.clone()])),
        Op::StartProvisioning { .. } | Op::RestartProvisioning { .. } => all.push(ReadRequest::Jobs),
        Op::UnlinkRecord { record, account } => {
            all.push(ReadRequest::LinksOf(account.clone()));
            all.push(ReadRequest::RecordById(record.clone()));
        }
        Op::DeleteRecord { record } => all.push(ReadRequest::RecordById(record.clone())),
        Op::ForgetAccountRecords { account, records } => {
            all.push(ReadRequest::LinksOf(account.clone()));
            all.extend(records.iter().cloned().map(ReadRequest::RecordById));
        }
    }
    let known = |want: &ReadRequest| match want {
        ReadRequest::RecordById(id) => directories.contains(&id.directory),
        _ => true,
    };
    all.retain(known);
    all
}
