//! Advice about an account that nothing at the identity provider can repair: it is deactivated, not managed, not
//! confirmed, or scheduled for deletion. About an account that this organization does not manage there is only advice.

use super::{name, provisioning};
use crate::diagnose::Case;
use crate::evidence::Account;
use crate::finding::Cause;

pub(super) fn advise(cause: Cause, case: &Case<'_>) -> Option<String> {
    let person = name(case);
    Some(match cause {
        Cause::DeactivatedWhileLinked => format!(
            "{} whether {} was deactivated on purpose; if so, disable {person} in Entra instead. Otherwise you can also do the repair in Entra: disable {person}, wait for one cycle (about 40 minutes), enable {person}, and wait for another. Then the status is sent again.",
            case.deactivated_by(case.account?)
                .map_or("Find out first".to_owned(), |name| format!("Ask {name}")),
            called(case.account?)
        ),
        Cause::DeactivatedElsewhere => {
            let account = case.account?;
            format!(
                "This organization does not manage {}, so nothing here can activate it. The admins of the organization that manages {} can: admin.atlassian.com, Directory > Managed accounts > Reactivate account. If they do not want to, give {person} another address in Entra.",
                called(account),
                domain_of(account)
            )
        }
        Cause::AccountUnclaimed => {
            let account = unclaimed(case)?;
            format!(
                "This organization does not manage {}, although {} is verified. In admin.atlassian.com, Settings > Domains > {} > Claim accounts: claim it. If it is not listed there, another organization manages it, and its admins must release it. Do not provision {person} before: an update of an unclaimed account takes it out of its synced groups.",
                called(account),
                domain_of(account),
                domain_of(account)
            )
        }
        Cause::EmailUnverified => format!(
            "The address of {} was never confirmed. Ask its owner to open Atlassian's confirmation mail, or to sign in at https://id.atlassian.com, which sends it again. Look in the spam folder as well.",
            called(case.account?)
        ),
        // An account that the organization manages is repaired by a step.
        Cause::PendingDeletion => {
            let account = case.account.filter(|account| case.manages(account) == Some(false))?;
            format!(
                "This organization does not manage {}, so it cannot cancel the deletion. Only the owner of the account can: sign in at https://id.atlassian.com within 14 days after the deletion was requested. Afterwards, provision {person} in {}.",
                called(account),
                provisioning(case)
            )
        }
        _ => return None,
    })
}

/// The account that holds the person's address and is not managed.
fn unclaimed<'a>(case: &Case<'a>) -> Option<&'a Account> {
    let mut all = case.account.into_iter().chain(case.bearer());
    all.find(|account| case.manages(account) == Some(false))
}

fn called(account: &Account) -> String {
    match account.email.as_deref() {
        Some(email) => format!("account {} ({email})", account.id),
        None => format!("account {}", account.id),
    }
}

fn domain_of(account: &Account) -> &str {
    let domain = account.email.as_deref().and_then(|email| email.rsplit_once('@'));
    domain.map_or("its domain", |(_, domain)| domain)
}
