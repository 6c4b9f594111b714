//! Advice about the person at the identity provider. This program never writes to that directory.

use super::{application, listed, name, provisioning};
use crate::diagnose::Case;
use crate::finding::Cause;
use crate::planner::last_used;

pub(super) fn advise(cause: Cause, case: &Case<'_>) -> Option<String> {
    let name = name(case);
    let id = case.person.map(|person| format!(" (object id {})", person.id)).unwrap_or_default();
    let assigned = case.e.assignments.get().into_iter().flatten().filter(|a| a.is_group);
    let groups = listed(assigned.map(|a| a.name.as_str()), "none is assigned yet");
    Some(match cause {
        Cause::IdpUserMissing => {
            format!(
                "Check the spelling of {name}. If the person is new, create them in the Entra admin center, Users > New user."
            )
        }
        Cause::IdpUserDeleted => format!(
            "In the Entra admin center, Users > Deleted users: restore {name} if they should be back. Deleted users are kept for 30 days."
        ),
        Cause::IdpUserDisabled => format!(
            "If {name} should work again: in the Entra admin center, Users > {name}{id} > Properties > Settings, set Account enabled. Otherwise this is as it should be."
        ),
        Cause::NotAssigned => format!(
            "Assign {name}{id}: make them a direct member of a group that is assigned ({groups}), or in {} > Users and groups, add a group they are a direct member of.",
            application(case)
        ),
        Cause::NestedOnly => format!(
            "Provisioning does not look into nested groups. In the Entra admin center, Groups: make {name}{id} a direct member of an assigned group ({groups}), or assign the inner group itself in {} > Users and groups.",
            application(case)
        ),
        Cause::OutOfScope => {
            let entry = case.e.log.get().and_then(|log| log.iter().find(|entry| entry.filtered_out));
            let clauses = entry.into_iter().flat_map(|entry| entry.failed_clauses.iter().map(String::as_str));
            format!(
                "The scoping filter leaves {name} out: {}. Change that attribute of the person in the Entra admin center, Users > {name}{id}, or the filter in {} > Mappings > Provision Microsoft Entra ID Users > Source object scope.",
                listed(clauses, "see its clauses there"),
                provisioning(case)
            )
        }
        Cause::AttributeMissing => {
            let from = case.e.mapping.get().and_then(|mapping| mapping.email_from.clone());
            format!(
                "Fill the attribute {} of {name}{id} in Entra (mail is set by an Exchange mailbox only), or let the job fall back in {} > Mappings > Provision Microsoft Entra ID Users: Coalesce([mail], [userPrincipalName]).",
                from.unwrap_or_else(|| "that the log names".to_owned()),
                provisioning(case)
            )
        }
        Cause::HistoryElsewhere => {
            let others: Vec<String> = case
                .former_accounts()
                .iter()
                .map(|account| {
                    let address = account.email.as_deref().unwrap_or("no address that is shown");
                    format!("account {} ({address}), {}", account.id, last_used(case, account))
                })
                .collect();
            format!(
                "The earlier work of {name} may be on {}. Compare the accounts in admin.atlassian.com, Directory > Managed accounts. A name proves nothing: ask the person. If it is theirs and the new account has no content, move the new account's address aside and give the old account the address {name}, then provision {name} again. If both have content, ask Atlassian's support: accounts cannot be merged.",
                others.join("; ")
            )
        }
        Cause::SyncPending => {
            "The next cycle comes within about 40 minutes and does the same by itself.".to_owned()
        }
        _ => return None,
    })
}
