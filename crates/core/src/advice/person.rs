//! Advice about the person at the identity provider. This program never writes to that directory.

use super::{application, listed, name, provisioning};
use crate::diagnose::{Case, assigned_by};
use crate::evidence::{Assignment, DynamicGroup};
use crate::finding::Cause;
use crate::planner::last_used;

pub(super) fn advise(cause: Cause, case: &Case<'_>) -> Option<String> {
    let name = name(case);
    let id = case.person.map(|person| format!(" (object id {})", person.id)).unwrap_or_default();
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
            "Assign {name}{id}: {}, or in {} > Users and groups, add a group they are a direct member of.",
            membership(case),
            application(case)
        ),
        Cause::NestedOnly => format!(
            "Provisioning does not look into nested groups. In the Entra admin center, Groups: {} ({name}{id}), or assign the inner group itself in {} > Users and groups.",
            membership(case),
            application(case)
        ),
        Cause::AssignmentBroken => {
            let broken: Vec<&Assignment> = assigned_by(case).collect();
            let plain: Vec<&str> =
                broken.iter().filter(|a| !is_secure(case, a)).map(|a| a.name.as_str()).collect();
            let security = if plain.is_empty() {
                String::new()
            } else {
                format!(
                    " {} is no security group, and provisioning takes only members of security groups.",
                    plain.join(", ")
                )
            };
            format!(
                "{name}{id} is assigned by {}, but the identity provider accepts none of these assignments. In {} > Users and groups: select the assignment, choose Edit assignment and select a role that exists (User). If it is a group's, you can instead assign {name} directly with that role. Never remove the assignment of a group: Atlassian could lose the group.{security}",
                listed(broken.iter().map(|a| a.name.as_str()), "nothing that was read"),
                application(case)
            )
        }
        Cause::DynamicGroupPending => {
            let paused = dynamic(case).into_iter().filter(|group| group.paused == Some(true));
            let rules: Vec<String> = paused
                .map(|group| {
                    let rule = group.rule.as_deref().unwrap_or("its rule was not shown");
                    format!("{} (object id {}, rule: {rule})", group.name, group.id)
                })
                .collect();
            format!(
                "In the Entra admin center, Groups > the group > Dynamic membership rules: end the pause of {}. Then check with Validate Rules that the rule includes {name}{id}. If it does not, change the attribute that the rule names, or the rule.",
                rules.join("; ")
            )
        }
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

/// How the person becomes a member of an assigned group. Only its rule makes somebody a member of a dynamic group.
fn membership(case: &Case<'_>) -> String {
    let dynamic = dynamic(case);
    let is_dynamic = |assignment: &&Assignment| dynamic.iter().any(|group| group.id == assignment.principal);
    let groups = case.e.assignments.get().into_iter().flatten().filter(|assignment| assignment.is_group);
    let (by_rule, by_hand): (Vec<&Assignment>, Vec<&Assignment>) = groups.partition(is_dynamic);
    let names = |all: &[&Assignment]| all.iter().map(|a| a.name.as_str()).collect::<Vec<_>>().join(", ");
    let rule = format!(
        "change the attribute of the person that the rule of a dynamic group names ({}), or the rule",
        names(&by_rule)
    );
    match (by_hand.is_empty(), by_rule.is_empty()) {
        (false, true) => {
            format!("make them a direct member of a group that is assigned ({})", names(&by_hand))
        }
        (false, false) => {
            format!("make them a direct member of a group that is assigned ({}), {rule}", names(&by_hand))
        }
        (true, false) => rule,
        (true, true) => "assign a group first (none is assigned yet)".to_owned(),
    }
}

/// The assigned groups that are known to be dynamic.
fn dynamic<'a>(case: &Case<'a>) -> Vec<&'a DynamicGroup> {
    let assigned = case.e.assignments.get().map(Vec::as_slice).unwrap_or_default();
    let all = case.e.dynamic_groups.get().into_iter().flatten();
    all.filter(|group| assigned.iter().any(|assignment| assignment.principal == group.id)).collect()
}

/// Whether an assignment is a person's, or that of a group that is not known to lack security.
fn is_secure(case: &Case<'_>, assignment: &Assignment) -> bool {
    let group = case.expected().into_iter().flatten().find(|group| group.id == assignment.principal);
    group.is_none_or(|group| group.security != Some(false))
}
