//! Causes and findings. A finding is a cause code that cites the facts that prove it. It must never exist without a
//! fact.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::evidence::Source;

macro_rules! causes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $blocking:literal, $title:literal;)*) => {
        /// Why access is missing. The order is that of the trail: the causes that block first come first.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Cause { $($(#[$doc])* $variant,)* }

        impl Cause {
            pub const ALL: &[Cause] = &[$(Cause::$variant,)*];

            /// The stable code used in JSON, cards, metrics and documents.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Cause::$variant => $code,)* }
            }

            /// Whether this cause blocks access by itself.
            #[must_use]
            pub fn blocks(self) -> bool {
                match self { $(Cause::$variant => $blocking,)* }
            }

            /// What the cause means, in one line for a person.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Cause::$variant => $title,)* }
            }
        }
    };
}

causes! {
    /// Atlassian rejects the SCIM key that the identity provider uses.
    ScimKeyRejected = "scim-key-rejected", true, "Atlassian rejects the key that the identity provider uses";
    ProvisioningQuarantined = "provisioning-quarantined", true, "Provisioning is in quarantine";
    /// The job does not run.
    ProvisioningStopped = "provisioning-stopped", true, "Provisioning is stopped";
    /// The job does not provision groups.
    GroupSyncOff = "group-sync-off", true, "Provisioning does not carry groups";
    /// No Atlassian application of the tenant has a synchronization job.
    PullSync = "pull-sync", true, "Nothing is provisioned by SCIM; Atlassian reads the people by itself";
    /// The identity provider has no user with this name.
    IdpUserMissing = "idp-user-missing", true, "The identity provider has nobody with this name";
    /// The user was deleted at the identity provider.
    IdpUserDeleted = "idp-user-deleted", true, "The person was deleted at the identity provider";
    /// The user is disabled at the identity provider.
    IdpUserDisabled = "idp-user-disabled", true, "The person is disabled at the identity provider";
    NotAssigned = "not-assigned", true, "The person is not assigned to the Atlassian application";
    /// The person is a member of the assigned group only through another group.
    NestedOnly = "nested-only", true, "The person is in the assigned group only through another group";
    /// The scoping filter of the job leaves the person out.
    OutOfScope = "out-of-scope", true, "The provisioning filter leaves the person out";
    /// The person lacks an attribute that the job needs.
    AttributeMissing = "attribute-missing", true, "The person lacks an attribute that provisioning needs";
    /// The person or the assignment is newer than the last cycle.
    SyncPending = "sync-pending", true, "The assignment is newer than the last provisioning cycle";
    /// The person is assigned, enabled and in scope, and the job still finds no assignment that entitles them.
    AssignmentBroken = "assignment-broken", true, "The assignment exists, but the identity provider does not accept it";
    /// An assigned group is dynamic, its processing is paused, and the person is in no expected group.
    DynamicGroupPending = "dynamic-group-pending", true, "A dynamic group is paused, so the person is not in it";
    /// The person has no SCIM record.
    NeverProvisioned = "never-provisioned", true, "The person was never provisioned";
    /// The SCIM record is linked to no account.
    RecordUnlinked = "record-unlinked", true, "The person's SCIM record is not connected to an account";
    /// The SCIM record is linked to an account that is not the person's.
    LinkedToOtherAccount = "linked-to-other-account", true, "The person's SCIM record is connected to another account";
    /// Another SCIM record holds the person's `userName`, e-mail or `externalId`.
    StaleRecordConflict = "stale-record-conflict", true, "An old SCIM record blocks the person's provisioning";
    /// Another managed account has the person's address.
    EmailHeldByManagedAccount = "email-held-by-managed-account", true, "Another managed account uses the person's address";
    /// An account outside the organization has the person's address.
    EmailHeldOutside = "email-held-outside", true, "An account outside the organization uses the person's address";
    /// The person has SCIM records in more than one directory.
    TwoDirectories = "two-directories", true, "The person has SCIM records in two directories";
    /// The account has a different address from the one that the identity provider has.
    EmailMismatch = "email-mismatch", true, "The account has another address than the identity provider";
    /// The SCIM record belongs to an earlier user object with the same name.
    IdentityRecreated = "identity-recreated", true, "The person was deleted and created again at the identity provider";
    /// The identity provider is still anchored on a SCIM record that no longer exists.
    StaleAnchor = "stale-anchor", true, "The identity provider looks for a SCIM record that no longer exists";
    /// The identity provider is anchored on a record that is not the person's.
    WrongAnchor = "wrong-anchor", true, "The identity provider writes to the SCIM record of somebody else";
    /// The newest exports of the person or of a group of theirs failed, and no other cause explains it.
    ExportFailing = "export-failing", true, "Atlassian refuses what the identity provider writes";
    /// The user object of this SCIM record no longer exists.
    OrphanedRecord = "orphaned-record", true, "A SCIM record is left of a person who was deleted";
    /// The domain of the address is not claimed.
    DomainNotClaimed = "domain-not-claimed", true, "The domain of the person's address is not claimed";
    PendingDeletion = "pending-deletion", true, "The account is scheduled for deletion";
    /// The identity provider deactivated the account.
    DeactivatedByIdp = "deactivated-by-idp", true, "The account was deactivated by provisioning";
    /// An administrator deactivated the account in Atlassian.
    DeactivatedLocally = "deactivated-locally", true, "The account was deactivated in Atlassian";
    /// The account is inactive, but its SCIM record says that it is active.
    DeactivatedWhileLinked = "deactivated-while-linked", true, "The account was deactivated in Atlassian, but its SCIM record is active";
    /// The account is inactive, and this organization does not manage it.
    DeactivatedElsewhere = "deactivated-elsewhere", true, "The account is deactivated, and this organization does not manage it";
    /// The address is on a verified domain, and the account with this address is not managed.
    AccountUnclaimed = "account-unclaimed", true, "The account is on a verified domain, but it is not claimed";
    /// The owner of the account never confirmed its address.
    EmailUnverified = "email-unverified", true, "The e-mail address of the account was never confirmed";
    /// The account is suspended in a user directory.
    Suspended = "suspended", true, "The account's access is suspended in the organization";
    /// The account is in no user directory of the organization.
    NotInDirectory = "not-in-directory", true, "The account is in no user directory of the organization";
    /// Everything else on the trail is good, but the group lacks the member.
    MembershipDrift = "membership-drift", true, "Group memberships did not reach Atlassian";
    /// The SCIM group has the member; the user directory does not show it yet.
    PropagationLag = "propagation-lag", true, "Atlassian has the membership but does not show it yet";
    /// A local group has the name of the synced group.
    GroupNameConflict = "group-name-conflict", true, "A local group with the same name blocks the synced group";
    /// A default group of an app has the name of the synced group.
    DefaultGroupClash = "default-group-clash", true, "A default group of an app has the synced group's name";
    /// Atlassian keeps the old name of a renamed group.
    GroupRenamed = "group-renamed", true, "A group was renamed, and Atlassian keeps the old name";
    /// The person's groups grant no app.
    GroupWithoutRole = "group-without-role", true, "The person's groups grant no app";
    /// The app has no free seat.
    SeatsFull = "seats-full", true, "The app has no free seat";
    /// On an expected app, the account has only roles that are weaker than the role that its group grants.
    RoleTooWeak = "role-too-weak", true, "The account has a weaker role than its group grants";
    /// The group has as many members as the synchronization takes, and the person is missing from it.
    GroupTooLarge = "group-too-large", true, "A group has reached the size limit of the synchronization";
    /// The requested app is granted by none of the person's groups.
    AppNotGranted = "app-not-granted", true, "None of the person's groups grants the app";
    /// The job matches people by e-mail.
    MatchingOnEmail = "matching-on-email", false, "Provisioning matches people by e-mail address";
    /// Another account of the same name holds the person's earlier work.
    HistoryElsewhere = "history-elsewhere", false, "The person's earlier work may be on another account";
    /// The job's mapping of `active` does not follow the person's status.
    ActiveMapping = "active-mapping", false, "The job's mapping of active does not follow the person's status";
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
    /// What the fact says, for people. It must never contain a time, because the text is part of the plan's digest.
    #[serde(rename = "says")]
    pub message: String,
    pub seen_at: Timestamp,
}

/// A cause that was found, with the facts that prove it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    pub code: Cause,
    /// Whether this cause is a reason for the missing access. Otherwise it is advice.
    pub blocking: bool,
    pub because: Vec<Fact>,
}

impl Finding {
    /// A finding with its first fact.
    #[must_use]
    pub fn new(code: Cause, fact: Fact) -> Self {
        Self { code, blocking: code.blocks(), because: vec![fact] }
    }

    /// Adds a fact, if there is one.
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
    /// No. The findings say why.
    Broken,
    /// The evidence does not allow an answer.
    CannotTell,
}

impl Verdict {
    /// The name used in JSON.
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
