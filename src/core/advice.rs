//! What only a person can do about a cause: the exact place and the exact values, from the evidence. It is words
//! alone; nothing here ever becomes a step.

use super::diagnose::{Case, local_group};
use super::finding::Cause;

const PROVISIONING: &str =
    "Entra admin center, Enterprise applications > the Atlassian application > Provisioning";

/// What only a person can do; `None` where a step does it.
pub(super) fn advise(cause: Cause, case: &Case<'_>) -> Option<String> {
    job(cause).or_else(|| person(cause, case)).or_else(|| record(cause, case)).or_else(|| group(cause, case))
}

fn job(cause: Cause) -> Option<String> {
    Some(match cause {
        Cause::ScimKeyRejected => format!("In admin.atlassian.com, Security > Identity providers > the directory: make a new SCIM key. In {PROVISIONING} > Admin credentials: enter it as Secret token, test the connection, save, and start provisioning."),
        Cause::ProvisioningQuarantined => format!("In {PROVISIONING}: read the quarantine reason, mend it, then choose Restart provisioning. If it counts deletions, look at them before anybody allows them."),
        Cause::ProvisioningStopped => format!("In {PROVISIONING}: ask who stopped it and why, then choose Start provisioning."),
        Cause::GroupSyncOff => format!("In {PROVISIONING} > Mappings: enable the group mapping, with Update among its actions and the members attribute mapped."),
        Cause::PullSync => "Reinstate works with SCIM provisioning. Here Atlassian pulls by itself: in admin.atlassian.com, Security > Identity providers > the directory, choose Sync now (it runs every 4 hours) and read its sync history for the person.".to_owned(),
        Cause::MatchingOnEmail => format!("The job matches on e-mail, so a rename will make a duplicate. In {PROVISIONING} > Mappings > Users: match on externalId, filled from objectId, with precedence 1. An initial cycle follows."),
        _ => return None,
    })
}

fn person(cause: Cause, case: &Case<'_>) -> Option<String> {
    let name = case.email().unwrap_or_else(|| "the person".to_owned());
    let assigned = case.e.assignments.get().into_iter().flatten().filter(|a| a.is_group);
    let groups = assigned.map(|a| a.name.as_str()).collect::<Vec<_>>().join(", ");
    Some(match cause {
        Cause::IdpUserMissing => {
            format!("Check the spelling of {name}. If the person is new, create them in Entra first.")
        }
        Cause::IdpUserDeleted => format!(
            "In the Entra admin center, Users > Deleted users: restore {name} if they should be back. Deleted users are kept for 30 days."
        ),
        Cause::IdpUserDisabled => format!(
            "If {name} should work again, set Account enabled in the Entra admin center, Users > the person. Otherwise this is as it should be."
        ),
        Cause::NotAssigned => format!(
            "Assign {name} to the Atlassian application: make them a direct member of one of its groups ({}). Entra admin center, Enterprise applications > the Atlassian application > Users and groups.",
            if groups.is_empty() { "none is assigned yet" } else { &groups }
        ),
        Cause::NestedOnly => format!(
            "Provisioning does not look into nested groups. Make {name} a direct member of an assigned group ({groups}), or assign the inner group itself to the application."
        ),
        Cause::OutOfScope => {
            let clauses: Vec<&str> = case
                .e
                .log
                .get()
                .and_then(|log| log.iter().find(|entry| entry.filtered_out))
                .map(|entry| entry.failed_clauses.iter().map(String::as_str).collect())
                .unwrap_or_default();
            let clauses =
                if clauses.is_empty() { "see its clauses there".to_owned() } else { clauses.join(", ") };
            format!(
                "The scoping filter leaves {name} out: {clauses}. Change the attribute of the person in Entra, or the filter in {PROVISIONING} > Mappings > Users > Source object scope."
            )
        }
        Cause::AttributeMissing => {
            let from = case.e.mapping.get().and_then(|mapping| mapping.email_from.clone());
            format!(
                "Fill the attribute {} of {name} in Entra (mail is set by an Exchange mailbox only), or let the job fall back in {PROVISIONING} > Mappings > Users: Coalesce([mail], [userPrincipalName]).",
                from.unwrap_or_else(|| "that the log names".to_owned())
            )
        }
        Cause::SyncPending => {
            "The next cycle comes within about 40 minutes and does the same by itself.".to_owned()
        }
        _ => return None,
    })
}

fn record(cause: Cause, case: &Case<'_>) -> Option<String> {
    let name = case.email().unwrap_or_else(|| "the person".to_owned());
    let domain = name.rsplit_once('@').map_or("the domain", |(_, domain)| domain);
    Some(match cause {
        Cause::EmailHeldOutside => format!("An account that this organization does not manage bears {name}. If it is on {domain}, claim it: admin.atlassian.com, Settings > Domains > {domain} > Claim accounts. If another organization manages it, its admins must release it or change its address. A portal-only customer account of the service desk is migrated under Settings > Portal-only accounts."),
        Cause::TwoDirectories => "In admin.atlassian.com, Security > Identity providers: see which directory is in use and to which one the domain is linked. Remove the other one only after its people are unlinked.".to_owned(),
        Cause::StaleAnchor => format!("The identity provider looks for a record that was deleted. In Enterprise applications > the Atlassian application > Users and groups: take {name} out of its groups (the person, never the group), wait for one cycle (about 40 minutes), and put them back. If that does not help, restart provisioning with everything matched anew (resetScope Full); it concerns the whole tenant."),
        Cause::OrphanedRecord => {
            let tie = case.mine().find(|tie| tie.record.is_some())?;
            format!("If {name} has left: remove provisioning record {} of directory {} and deactivate the account in admin.atlassian.com, Directory > Users. If they should be back, restore them in Entra first.", tie.id.record, tie.id.directory)
        }
        Cause::DomainNotClaimed => format!("Verify {domain} and claim its accounts: admin.atlassian.com, Settings > Domains > Add domain, then Claim accounts. Until then Atlassian neither links nor updates accounts of that domain. Then provision {name} again."),
        Cause::NotInDirectory => format!("Invite {name} to the organization's directory, or add them to a synced group that gives an app."),
        _ => return None,
    })
}

fn group(cause: Cause, case: &Case<'_>) -> Option<String> {
    let clashing = || {
        let missing = case.missing().unwrap_or_default();
        let names: Vec<&str> = missing
            .iter()
            .filter_map(|group| local_group(case, group))
            .map(|group| group.name.as_str())
            .collect();
        names.join(", ")
    };
    Some(match cause {
        Cause::PropagationLag => {
            "Wait some minutes and check again: Atlassian has the membership and does not show it yet."
                .to_owned()
        }
        Cause::GroupNameConflict => format!(
            "In admin.atlassian.com, Security > Identity providers > the directory > Review groups: compare the members of {}, then let the identity provider take the group over (this replaces its members), or give the Entra group a new name as a new group. Never delete or un-assign the group: its permissions would be lost.",
            clashing()
        ),
        Cause::DefaultGroupClash => format!(
            "{} is a default group of an app, which cannot be synced. In admin.atlassian.com, Apps > the app > Manage access: make another group the default one, or use a new Entra group with another name. Never delete or un-assign the group.",
            clashing()
        ),
        Cause::GroupRenamed => {
            let renamed: Vec<String> = case
                .renamed()
                .iter()
                .map(|(group, old)| format!("{} is called {old} there", group.name))
                .collect();
            format!(
                "Atlassian takes no new name for a synced group: {}. Nothing is lost; give the Entra group its old name back, or make a new group and move its roles before the old one is touched.",
                renamed.join(", ")
            )
        }
        Cause::GroupWithoutRole => {
            let groups = case.account.and_then(|account| account.groups.as_ref()).into_iter().flatten();
            let names: Vec<&str> = groups.map(|group| group.name.as_str()).collect();
            if names.is_empty() {
                return Some("The account is in no group. Make the person a direct member of an assigned Entra group whose group at Atlassian has a role in an app.".to_owned());
            }
            format!(
                "In admin.atlassian.com, Directory > Groups: give one of the person's groups ({}) a role in an app.",
                names.join(", ")
            )
        }
        Cause::SeatsFull => {
            let full: Vec<&str> = case
                .e
                .workspaces
                .get()
                .into_iter()
                .flatten()
                .filter(|space| space.is_full() == Some(true))
                .map(|space| space.name.as_str())
                .collect();
            format!(
                "No seat is left in {}. In admin.atlassian.com, Billing > the app: add seats, or take access from people who do not use it (Directory > Users, by last activity). Then take the person out of the group at Entra and put them back.",
                full.join(", ")
            )
        }
        _ => return None,
    })
}
