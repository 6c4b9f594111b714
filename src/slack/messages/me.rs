//! What a cause means for the person themselves, and what they can do. The words are plain, for people who have never
//! heard of provisioning. Pure. The text must never name another person, an id or a group.

use reinstate_core::Cause;

/// A cause in plain words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlainWords {
    pub what: &'static str,
    /// What to do about it.
    pub next: &'static str,
}

const ADMINS: &str = "Your admins can fix this. Press the button below to ask them.";

/// The explanation of a cause for the person whose access it affects.
#[must_use]
pub fn plain(cause: Cause) -> PlainWords {
    use Cause as C;
    let (what, next) = match cause {
        C::ScimKeyRejected | C::ProvisioningQuarantined | C::ProvisioningStopped => (
            "Your company passes its list of people on to Atlassian by itself. That has stopped, for everybody, not only for you.",
            ADMINS,
        ),
        C::GroupSyncOff | C::PullSync => (
            "Your company's groups, which open Jira and Confluence to you, are not passed on to Atlassian.",
            ADMINS,
        ),
        C::IdpUserMissing | C::IdpUserDeleted => (
            "Your company's directory of people does not know your e-mail address, so Atlassian does not know it either.",
            "Ask your help desk whether your address has changed. The button below asks the admins.",
        ),
        C::IdpUserDisabled => (
            "Your company account is switched off, and so is your Atlassian account.",
            "Only your company can switch it on again. The button below asks the admins.",
        ),
        C::AssignmentBroken => (
            "Your company has given you Atlassian, but its directory of people does not accept that entry.",
            ADMINS,
        ),
        C::DynamicGroupPending => (
            "Your company fills one of its groups by a rule. The rule is paused, so you are not in the group yet.",
            ADMINS,
        ),
        C::ExportFailing => {
            ("Your company passes your data on to Atlassian, and Atlassian refuses them.", ADMINS)
        }
        C::NotAssigned | C::NestedOnly | C::OutOfScope => (
            "Your company has not given you Atlassian yet: you are not on the list of people who get it.",
            "Ask your manager or your admins to add you. The button below asks the admins.",
        ),
        C::AttributeMissing => (
            "Something that Atlassian needs to know about you is empty in your company's directory of people.",
            ADMINS,
        ),
        C::SyncPending | C::PropagationLag => (
            "You were given access a short while ago, and Atlassian has not caught up yet.",
            "Wait an hour and try again. If nothing has changed by then, press the button below.",
        ),
        C::NeverProvisioned => ("Your company has not passed your name on to Atlassian yet.", ADMINS),
        C::RecordUnlinked
        | C::LinkedToOtherAccount
        | C::StaleRecordConflict
        | C::EmailHeldByManagedAccount
        | C::TwoDirectories
        | C::EmailMismatch
        | C::IdentityRecreated
        | C::StaleAnchor
        | C::WrongAnchor
        | C::OrphanedRecord => (
            "Your company account and your Atlassian account have lost each other. Nothing of what you wrote is gone.",
            ADMINS,
        ),
        C::EmailHeldOutside | C::DomainNotClaimed | C::AccountUnclaimed => (
            "Your e-mail address belongs to an Atlassian account that your company does not look after.",
            ADMINS,
        ),
        C::PendingDeletion => (
            "Your Atlassian account is marked to be deleted. That can still be taken back.",
            "Please do not wait: press the button below today.",
        ),
        C::DeactivatedElsewhere => (
            "Your Atlassian account is switched off by another company, which looks after it.",
            "Ask the people of that company to switch it on. The button below asks your own admins.",
        ),
        C::EmailUnverified => (
            "Nobody has confirmed yet that the e-mail address of your Atlassian account is yours.",
            "Look for a message from Atlassian in your mailbox, and confirm the address. The button below asks the admins.",
        ),
        C::DeactivatedByIdp
        | C::DeactivatedLocally
        | C::DeactivatedWhileLinked
        | C::Suspended
        | C::NotInDirectory => ("Your Atlassian account is switched off for your company.", ADMINS),
        C::MembershipDrift
        | C::GroupNameConflict
        | C::DefaultGroupClash
        | C::GroupTooLarge
        | C::GroupRenamed => (
            "You belong to the right groups in your company, but Atlassian does not know of all of them.",
            ADMINS,
        ),
        C::RoleTooWeak => (
            "You can open the Atlassian product, but with fewer rights than your group should give you.",
            ADMINS,
        ),
        C::AppNotGranted => ("The groups you belong to do not open this Atlassian product.", ADMINS),
        C::HistoryElsewhere => {
            ("What you wrote earlier may belong to another Atlassian account of yours.", ADMINS)
        }
        C::ActiveMapping => {
            ("Your company's directory does not tell Atlassian correctly who is active.", ADMINS)
        }
        C::GroupWithoutRole => ("The groups you belong to do not open any Atlassian product.", ADMINS),
        C::SeatsFull => {
            ("All licences that your company bought are in use, so there is none left for you.", ADMINS)
        }
        C::MatchingOnEmail => (
            "Your company recognises people by their e-mail address. If yours changes, your access may break.",
            "You need not do anything.",
        ),
    };
    PlainWords { what, next }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_has_to_know_our_trade() {
        let trade = [
            "scim",
            "provision",
            "idp",
            "identity provider",
            "entra",
            "tenant",
            "record",
            "linked",
            "digest",
        ];
        for cause in Cause::ALL {
            let PlainWords { what, next } = plain(*cause);
            let text = format!("{what} {next}").to_lowercase();
            assert!(trade.iter().all(|word| !text.contains(word)), "{}: {text}", cause.code());
            assert!(what.ends_with('.') && next.ends_with('.'), "{text}");
        }
    }
}
