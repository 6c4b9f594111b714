//! Causes and findings. A finding is a cause code that cites its facts; one that cites nothing cannot be made.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::evidence::Source;

macro_rules! causes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $blocking:literal, $title:literal;)*) => {
        /// Why access is missing. The order is that of the trail: what blocks first comes first.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Cause { $($(#[$doc])* $variant,)* }

        impl Cause {
            /// Every cause, in the order of the trail.
            pub const ALL: &[Cause] = &[$(Cause::$variant,)*];

            /// The stable code used in JSON, cards, metrics and documents.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Cause::$variant => $code,)* }
            }

            /// Whether it blocks access by itself.
            #[must_use]
            pub fn blocks(self) -> bool {
                match self { $(Cause::$variant => $blocking,)* }
            }

            /// What it means, in one line for a person.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Cause::$variant => $title,)* }
            }
        }
    };
}

causes! {
    /// The SCIM key the IdP uses was rejected.
    ScimKeyRejected = "scim-key-rejected", true, "Atlassian rejects the key that the identity provider uses";
    /// The job is in quarantine.
    ProvisioningQuarantined = "provisioning-quarantined", true, "Provisioning is in quarantine";
    /// The job does not run.
    ProvisioningStopped = "provisioning-stopped", true, "Provisioning is stopped";
    /// Groups are not part of the job.
    GroupSyncOff = "group-sync-off", true, "Provisioning does not carry groups";
    /// No Atlassian application of the tenant has a synchronization job.
    PullSync = "pull-sync", true, "Atlassian pulls people by itself; nothing is provisioned by SCIM";
    /// Nobody of that name at the IdP.
    IdpUserMissing = "idp-user-missing", true, "The identity provider knows nobody of that name";
    /// The person was deleted at the IdP.
    IdpUserDeleted = "idp-user-deleted", true, "The person was deleted at the identity provider";
    /// The person is disabled at the IdP.
    IdpUserDisabled = "idp-user-disabled", true, "The person is disabled at the identity provider";
    /// The person is not assigned to the application.
    NotAssigned = "not-assigned", true, "The person is not assigned to the Atlassian application";
    /// The person reaches the assigned group only through another group.
    NestedOnly = "nested-only", true, "The person is in the assigned group only through another group";
    /// The job's scoping filter leaves the person out.
    OutOfScope = "out-of-scope", true, "The provisioning filter leaves the person out";
    /// The person lacks an attribute that the job needs.
    AttributeMissing = "attribute-missing", true, "The person lacks an attribute that provisioning needs";
    /// The person or the assignment is newer than the last cycle.
    SyncPending = "sync-pending", true, "The assignment is newer than the last provisioning cycle";
    /// There is no SCIM record.
    NeverProvisioned = "never-provisioned", true, "The person was never provisioned";
    /// The record is linked to no account.
    RecordUnlinked = "record-unlinked", true, "The provisioning record is linked to no account";
    /// The record is linked to an account that is not the person's.
    LinkedToOtherAccount = "linked-to-other-account", true, "The provisioning record is linked to another account";
    /// Another record holds userName, e-mail or externalId.
    StaleRecordConflict = "stale-record-conflict", true, "An old provisioning record is in the way";
    /// Another managed account has the address.
    EmailHeldByManagedAccount = "email-held-by-managed-account", true, "Another managed account bears the person's address";
    /// An account that is not the organization's has the address.
    EmailHeldOutside = "email-held-outside", true, "An account outside the organization bears the person's address";
    /// The person has records in more than one SCIM directory.
    TwoDirectories = "two-directories", true, "Two provisioning directories hold the person";
    /// One account, differing addresses.
    EmailMismatch = "email-mismatch", true, "The account bears another address than the identity provider says";
    /// The record belongs to an earlier object of the same name.
    IdentityRecreated = "identity-recreated", true, "The person was created anew at the identity provider";
    /// The IdP still points at a record that is gone.
    StaleAnchor = "stale-anchor", true, "The identity provider looks for a provisioning record that is gone";
    /// A record whose IdP object is gone.
    OrphanedRecord = "orphaned-record", true, "A provisioning record outlived its person";
    /// The address lies on a domain that is not claimed.
    DomainNotClaimed = "domain-not-claimed", true, "The domain of the person's address is not claimed";
    /// The account is scheduled for deletion.
    PendingDeletion = "pending-deletion", true, "The account is scheduled for deletion";
    /// The IdP deactivated the account.
    DeactivatedByIdp = "deactivated-by-idp", true, "The account was deactivated by provisioning";
    /// Somebody deactivated the account in Atlassian.
    DeactivatedLocally = "deactivated-locally", true, "The account was deactivated in Atlassian";
    /// Access of the account is suspended.
    Suspended = "suspended", true, "The account's access is suspended in the organization";
    /// The account is in no directory of the organization.
    NotInDirectory = "not-in-directory", true, "The account is in no user directory of the organization";
    /// All other stations are good; the group lacks the member.
    MembershipDrift = "membership-drift", true, "Group memberships were lost on the way to Atlassian";
    /// SCIM has the membership, the directory not yet.
    PropagationLag = "propagation-lag", true, "Atlassian has the membership but does not show it yet";
    /// A local group has the synced group's name.
    GroupNameConflict = "group-name-conflict", true, "A local group of the same name keeps the synced group out";
    /// A default group of an app has the synced group's name.
    DefaultGroupClash = "default-group-clash", true, "A default group of an app has the synced group's name";
    /// Atlassian keeps the old name of a renamed group.
    GroupRenamed = "group-renamed", true, "A group was renamed, and Atlassian keeps the old name";
    /// The groups carry no app role.
    GroupWithoutRole = "group-without-role", true, "The person's groups give no app role";
    /// No seat is left in the app.
    SeatsFull = "seats-full", true, "No seat is left in the app";
    /// The job matches on e-mail.
    MatchingOnEmail = "matching-on-email", false, "Provisioning matches people by e-mail address";
}

impl Serialize for Cause {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Cause {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = String::deserialize(deserializer)?;
        Cause::ALL
            .iter()
            .copied()
            .find(|cause| cause.code() == code)
            .ok_or_else(|| serde::de::Error::custom("unknown cause"))
    }
}

/// A fact as a finding cites it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    pub source: Source,
    /// What it says, in words. Never contains a time: the words are part of the plan's digest.
    #[serde(rename = "says")]
    pub message: String,
    pub seen_at: Timestamp,
}

/// A cause, proven.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    pub code: Cause,
    /// Whether access is missing because of it.
    pub blocking: bool,
    pub because: Vec<Fact>,
}

impl Finding {
    /// A finding with its first fact.
    #[must_use]
    pub fn new(code: Cause, fact: Fact) -> Self {
        Self { code, blocking: code.blocks(), because: vec![fact] }
    }

    /// Adds a fact.
    #[must_use]
    pub fn and(mut self, fact: Option<Fact>) -> Self {
        self.because.extend(fact);
        self
    }
}

/// The answer to "does this person have access?".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    Healthy,
    /// No, and this is why.
    Broken,
    /// It could not be judged.
    CannotTell,
}

impl Verdict {
    /// The word used in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Broken => "broken",
            Self::CannotTell => "cannot-tell",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_survive_a_round_trip() {
        let mut seen = std::collections::BTreeSet::new();
        for cause in Cause::ALL {
            assert!(seen.insert(cause.code()));
            let text = serde_json::to_string(cause).unwrap();
            assert_eq!(serde_json::from_str::<Cause>(&text).unwrap(), *cause);
        }
    }
}
