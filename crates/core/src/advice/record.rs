//! Advice about records, addresses and domains that neither the organization nor this program can change.

use super::name;
use crate::diagnose::Case;
use crate::finding::Cause;

pub(super) fn advise(cause: Cause, case: &Case<'_>) -> Option<String> {
    let name = name(case);
    let domain = name.rsplit_once('@').map_or("the domain", |(_, domain)| domain);
    Some(match cause {
        Cause::EmailHeldOutside => format!(
            "An account that this organization does not manage has the address {name}. If nobody manages it, claim it: admin.atlassian.com, Settings > Domains > {domain} > Claim accounts. If another organization manages it, its admins must release it or change its address. A portal-only customer account of the service desk is migrated under Products > the service desk > Portal-only customers > {name}."
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
        Cause::OrphanedRecord => {
            let record_link = case.own_records().find(|record_link| record_link.record.is_some())?;
            let account = record_link.account.as_deref().unwrap_or("it is linked to none");
            format!(
                "If {name} has left: deactivate the account ({account}) in admin.atlassian.com, Directory > Managed accounts, and have SCIM record {} of directory {} removed (the ticket below asks for it). If they should be back, restore them in Entra first.",
                record_link.id.record, record_link.id.directory
            )
        }
        Cause::DomainNotClaimed => match case.domain_is_claimable() {
            Some(true) => format!(
                "Verify {domain} and claim its accounts: admin.atlassian.com, Settings > Domains > Add domain > {domain}, then Claim accounts. Until then Atlassian neither links nor updates accounts of that domain. Then provision {name} again."
            ),
            Some(false) => format!(
                "{domain} is not a domain that your Entra tenant has verified, so its accounts belong to others, and this organization does not manage them. Ask {name} to sign in to Atlassian with an account of their own. In {}, allow external people to be synchronized, then provision {name} again. Or give {name} an address on a domain of your organization.",
                super::directory(case)
            ),
            None => format!(
                "This organization does not manage accounts of the domain of {name}, and whether your Entra tenant has verified that domain could not be read. If it has, the domain can be claimed: admin.atlassian.com, Settings > Domains. If it has not, its accounts belong to others, and only their organization can change them."
            ),
        },
        Cause::NotInDirectory => format!(
            "In admin.atlassian.com, Directory > Users > Invite users: invite {name} to the organization's directory, or add them to a synced group that gives an app."
        ),
        _ => return None,
    })
}
