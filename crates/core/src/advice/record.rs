//! Advice about records, addresses and domains that neither the organization nor this program can change.

use super::{application, name};
use crate::diagnose::Case;
use crate::finding::Cause;

pub(super) fn advise(cause: Cause, case: &Case<'_>) -> Option<String> {
    let name = name(case);
    let domain = name.rsplit_once('@').map_or("the domain", |(_, domain)| domain);
    Some(match cause {
        Cause::EmailHeldOutside => format!(
            "An account that this organization does not manage bears {name}. If it is on {domain}, claim it: admin.atlassian.com, Settings > Domains > {domain} > Claim accounts. If another organization manages it, its admins must release it or change its address. A portal-only customer account of the service desk is migrated under Products > the service desk > Portal-only customers > {name}."
        ),
        Cause::EmailHeldByManagedAccount | Cause::LinkedToOtherAccount => {
            let other = &case.other.as_ref()?.id;
            format!(
                "Account {other} stands in the way. If it is somebody else's, give it an address of their own: admin.atlassian.com, Directory > Managed accounts > account {other} > Edit details. Then ask for the repair of {name} again."
            )
        }
        Cause::TwoDirectories => {
            let target = case.target_directory().unwrap_or("not known");
            let others: Vec<&str> = case
                .own_records()
                .map(|record_link| record_link.id.directory.as_str())
                .filter(|id| *id != target)
                .collect();
            format!(
                "In admin.atlassian.com, Security > Identity providers: the job writes to directory {target}, and {} holds the person as well. See to which one {domain} is linked. Remove the other one only after its people are unlinked.",
                super::listed(others.into_iter(), "another one")
            )
        }
        Cause::StaleAnchor => {
            let groups = super::listed(
                case.expected().into_iter().flatten().map(|group| group.name.as_str()),
                "the assigned ones",
            );
            format!(
                "The identity provider looks for a record that was deleted. In {} > Users and groups, look up the groups; in Groups, take {name} out of theirs ({groups}; the person, never the group), wait for one cycle (about 40 minutes), and put them back. If that does not help, restart provisioning with everything matched anew (resetScope Full); it concerns the whole tenant.",
                application(case)
            )
        }
        Cause::OrphanedRecord => {
            let record_link = case.own_records().find(|record_link| record_link.record.is_some())?;
            let account = record_link.account.as_deref().unwrap_or("it is linked to none");
            format!(
                "If {name} has left: deactivate the account ({account}) in admin.atlassian.com, Directory > Managed accounts, and have provisioning record {} of directory {} removed (the ticket below asks for it). If they should be back, restore them in Entra first.",
                record_link.id.record, record_link.id.directory
            )
        }
        Cause::DomainNotClaimed => format!(
            "Verify {domain} and claim its accounts: admin.atlassian.com, Settings > Domains > Add domain > {domain}, then Claim accounts. Until then Atlassian neither links nor updates accounts of that domain. Then provision {name} again."
        ),
        Cause::NotInDirectory => format!(
            "In admin.atlassian.com, Directory > Users > Invite users: invite {name} to the organization's directory, or add them to a synced group that gives an app."
        ),
        _ => return None,
    })
}
