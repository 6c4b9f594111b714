//! What can be read next: one request for each thing that the evidence may hold. It only names requests; the files
//! beside it decide which ones are needed.

use reinstate_core::Source;
use reinstate_core::evidence::Evidence;
use reinstate_core::subject::RecordId;

/// How many accounts or groups one search accepts (docs/reference/rules.md#atlassian-search-limit).
pub(super) const MAX_PER_SEARCH: usize = 10;
/// For how many groups the roles are read. If a person has more groups, the rest stays undecided.
pub(super) const MAX_ROLES: usize = 300;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ReadRequest {
    /// Existing users whose UPN, mail or proxy address is this.
    Users(String),
    /// One user by object id.
    UserById(String),
    /// One attribute of the person that the job's mapping names and that is not read with every user.
    Attribute(String, String),
    /// Users with the address in another attribute, and deleted users. Only if nobody was found.
    Strays(String),
    Memberships(String),
    Nested(String),
    DynamicGroups,
    Assignments,
    Jobs,
    Mapping(String),
    Settings,
    Log(String, String),
    Stopper,
    /// What is pending in the whole log of the job.
    Pending(String),
    AccountsByEmail(Vec<String>),
    AccountsById(Vec<String>),
    /// Managed accounts by name or by local part.
    Namesakes(String),
    LinksByEmail(String),
    LinksOf(String),
    RecordsByName(String, String),
    RecordsByExternal(String, String),
    RecordById(RecordId),
    Permissions(String),
    Roles(String),
    /// The user directories that an account is in.
    UserDirectories(String),
    LastActive(String),
    /// Who deactivated this account.
    DeactivatedBy(String),
    Domains,
    /// The domains that the Entra tenant has verified.
    TenantDomains,
    OrgGroups(Vec<String>),
    /// The groups with these ids, which the account is in.
    ShownGroups(Vec<String>),
    /// The groups whose names contain this name.
    SimilarGroups(String),
    /// The groups that have a role on this resource.
    GrantingGroups(String),
    GroupRoles(String),
    Workspaces,
    Bearers(String),
    /// The owner of this externalId, by the expression that the job maps it from.
    Owner(String, Option<String>),
    ScimGroup(String, String),
}

impl ReadRequest {
    /// The source that it reads.
    pub(super) fn source(&self) -> Source {
        match self {
            Self::Users(_)
            | Self::UserById(_)
            | Self::Attribute(..)
            | Self::Strays(_)
            | Self::Bearers(_)
            | Self::Owner(..) => Source::Users,
            Self::Memberships(_) => Source::Memberships,
            Self::Nested(_) => Source::NestedMemberships,
            Self::DynamicGroups => Source::DynamicGroups,
            Self::Assignments => Source::Assignments,
            Self::Jobs => Source::Jobs,
            Self::Mapping(_) | Self::Settings => Source::Schema,
            Self::Log(..) | Self::Pending(_) => Source::ProvisioningLog,
            Self::Stopper => Source::AuditLog,
            Self::AccountsByEmail(_) | Self::AccountsById(_) | Self::Namesakes(_) => Source::Accounts,
            Self::LinksByEmail(_) | Self::LinksOf(_) => Source::ScimLinks,
            Self::RecordsByName(..) | Self::RecordsByExternal(..) | Self::RecordById(_) => Source::ScimUsers,
            Self::Permissions(_) => Source::Permissions,
            Self::Roles(_) => Source::Roles,
            Self::UserDirectories(_) => Source::Directories,
            Self::LastActive(_) => Source::LastActive,
            Self::DeactivatedBy(_) => Source::OrgAuditLog,
            Self::Domains => Source::Domains,
            Self::TenantDomains => Source::TenantDomains,
            Self::OrgGroups(_) | Self::ShownGroups(_) | Self::SimilarGroups(_) | Self::GrantingGroups(_) => {
                Source::Groups
            }
            Self::GroupRoles(_) => Source::GroupRoles,
            Self::Workspaces => Source::Workspaces,
            Self::ScimGroup(..) => Source::ScimGroups,
        }
    }
}

/// The job and its mapping.
pub(super) fn mapping(e: &Evidence, all: &mut Vec<ReadRequest>) {
    all.push(ReadRequest::Jobs);
    all.extend(e.job.get().map(|job| ReadRequest::Mapping(job.id.clone())));
}
