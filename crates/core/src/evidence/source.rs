//! The sources of facts. Their names are used in `check --json`, on cards and in documents, and must never change.

use serde::{Deserialize, Serialize};

macro_rules! sources {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// The source of a fact. The names are part of `check --json`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Source { $($(#[$doc])* $variant,)* }

        impl Source {
            pub const ALL: &[Source] = &[$(Source::$variant,)*];

            /// The stable name used in JSON, cards and documents.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Source::$variant => $name,)* }
            }
        }
    };
}

sources! {
    /// Users at the identity provider.
    Users = "entra.users",
    /// Users deleted at the identity provider within the last 30 days.
    DeletedUsers = "entra.deleted-users",
    /// Groups of which the person is a direct member.
    Memberships = "entra.memberships",
    /// Groups of which the person is a direct or nested member.
    NestedMemberships = "entra.nested-memberships",
    /// The dynamic groups of the tenant.
    DynamicGroups = "entra.dynamic-groups",
    /// The users and groups that are assigned to the Atlassian enterprise application.
    Assignments = "entra.assignments",
    /// The domains that the tenant of the identity provider has verified.
    TenantDomains = "entra.domains",
    /// The Atlassian applications of the tenant.
    Applications = "entra.applications",
    Jobs = "entra.jobs",
    /// Rules and attribute mappings of the job.
    Schema = "entra.schema",
    /// Who started and stopped the job.
    AuditLog = "entra.audit-log",
    /// What the job did for this person.
    ProvisioningLog = "entra.provisioning-log",
    /// SCIM records, read with the key of the directory.
    ScimUsers = "scim.users",
    /// SCIM groups, read with the key of the directory.
    ScimGroups = "scim.groups",
    /// Which SCIM record is linked to which account.
    ScimLinks = "atlassian.scim-links",
    Accounts = "atlassian.users",
    /// Which actions on an account are allowed, and why others are not.
    Permissions = "atlassian.permissions",
    /// App roles of an account.
    Roles = "atlassian.role-assignments",
    /// The user directories of an account.
    Directories = "atlassian.directories",
    Groups = "atlassian.groups",
    GroupRoles = "atlassian.group-role-assignments",
    /// Apps with their seats.
    Workspaces = "atlassian.workspaces",
    Domains = "atlassian.domains",
    /// When an account was last used.
    LastActive = "atlassian.last-active",
    /// Who deactivated an account. It needs Atlassian Guard, so it is optional.
    OrgAuditLog = "atlassian.audit-log",
}

impl Serialize for Source {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Source {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Source::ALL
            .iter()
            .copied()
            .find(|source| source.name() == name)
            .ok_or_else(|| serde::de::Error::custom("unknown source"))
    }
}
