//! Typed facts, each with the time it was seen, plus gaps. A gap is never "fine": it carries its reason to the
//! person, and every rule that needs it says `cannot-tell` instead of guessing.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::subject::{RecordId, Subject, fold};

macro_rules! sources {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// Where a fact comes from. The names are part of `check --json`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Source { $($(#[$doc])* $variant,)* }

        impl Source {
            /// Every source, in the order of the trail.
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
    /// Groups the person is a direct member of.
    Memberships = "entra.memberships",
    /// Groups the person is a member of, also through other groups.
    NestedMemberships = "entra.nested-memberships",
    /// Who and what is assigned to the Atlassian enterprise application.
    Assignments = "entra.assignments",
    /// The Atlassian applications of the tenant.
    Applications = "entra.applications",
    /// The synchronization job.
    Jobs = "entra.jobs",
    /// Rules and attribute mappings of the job.
    Schema = "entra.schema",
    /// What the job did for this person.
    ProvisioningLog = "entra.provisioning-log",
    /// SCIM records, read with the directory's own key.
    ScimUsers = "scim.users",
    /// SCIM groups, read with the directory's own key.
    ScimGroups = "scim.groups",
    /// Which SCIM record is linked to which account.
    ScimLinks = "atlassian.scim-links",
    /// Accounts in the organization.
    Accounts = "atlassian.users",
    /// What may be managed of an account, and why not.
    Permissions = "atlassian.permissions",
    /// App roles of an account.
    Roles = "atlassian.role-assignments",
    /// Groups of the organization.
    Groups = "atlassian.groups",
    /// What the groups grant.
    GroupRoles = "atlassian.group-role-assignments",
    /// Apps with their seats.
    Workspaces = "atlassian.workspaces",
    /// Claimed domains.
    Domains = "atlassian.domains",
    /// When an account was last used.
    LastActive = "atlassian.last-active",
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

/// One reading of one source.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Read<T> {
    /// Nobody asked, because nothing needed it.
    #[default]
    NotAsked,
    /// It was asked and could not be read; the reason is a short sentence for people.
    Gap(String),
    /// It was read.
    Seen {
        /// When.
        at: Timestamp,
        /// What.
        value: T,
    },
}

impl<T> Read<T> {
    /// A fact seen now.
    pub fn seen(at: Timestamp, value: T) -> Self {
        Self::Seen { at, value }
    }

    /// The fact, if it was read.
    pub fn get(&self) -> Option<&T> {
        match self {
            Self::Seen { value, .. } => Some(value),
            _ => None,
        }
    }

    /// When it was read.
    pub fn at(&self) -> Option<Timestamp> {
        match self {
            Self::Seen { at, .. } => Some(*at),
            _ => None,
        }
    }

    /// Why it could not be read.
    pub fn gap(&self) -> Option<&str> {
        match self {
            Self::Gap(reason) => Some(reason),
            _ => None,
        }
    }
}

/// A user object at the identity provider (Graph `user`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct IdpUser {
    /// Object id.
    pub id: String,
    /// `userPrincipalName`
    pub upn: Option<String>,
    /// `mail`; empty without an Exchange mailbox.
    pub mail: Option<String>,
    /// Addresses of `proxyAddresses` and `otherMails`, without the `smtp:` prefix.
    pub aliases: Vec<String>,
    /// `accountEnabled`; `None` when it could not be read.
    pub enabled: Option<bool>,
    /// `displayName`
    pub name: Option<String>,
    /// `userType`: Member or Guest.
    pub kind: Option<String>,
    /// `createdDateTime`
    pub created: Option<Timestamp>,
    /// `onPremisesSyncEnabled`
    pub on_premises: Option<bool>,
}

impl IdpUser {
    /// Every address of this user, lower case, the mail first.
    #[must_use]
    pub fn addresses(&self) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        for address in self.mail.iter().chain(&self.upn).chain(&self.aliases) {
            let address = fold(address);
            if address.contains('@') && !all.contains(&address) {
                all.push(address);
            }
        }
        all
    }
}

/// A group at the identity provider.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct IdpGroup {
    /// Object id.
    pub id: String,
    /// `displayName`; missing where the caller may not read it.
    pub name: String,
}

/// Who is assigned to the enterprise application (`appRoleAssignedTo`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Assignment {
    /// Object id of the user or group.
    pub principal: String,
    /// Whether it is a group.
    pub is_group: bool,
    /// Its display name.
    pub name: String,
    /// `createdDateTime`
    pub created: Option<Timestamp>,
}

/// The synchronization job of the enterprise application.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Job id, opaque.
    pub id: String,
    /// `schedule.state`: Active, Disabled, Paused.
    pub schedule: Option<String>,
    /// `status.code`: NotConfigured, NotRun, Active, Paused, Quarantine.
    pub code: Option<String>,
    /// `status.quarantine.reason`
    pub quarantine: Option<String>,
    /// Error code of the quarantine or of the last execution.
    pub error_code: Option<String>,
    /// End of the last execution; `None` for never.
    pub last_cycle: Option<Timestamp>,
}

/// An enterprise application whose name says Atlassian.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Application {
    /// Object id of the service principal.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether it has a synchronization job.
    pub has_job: bool,
}

/// Rules and mappings of the job (`schema`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Mapping {
    /// Rule that provisions users on demand.
    pub user_rule: Option<String>,
    /// Rule that provisions groups on demand; `None` when groups do not sync.
    pub group_rule: Option<String>,
    /// Whether the group mapping exists, is enabled and maps `members`.
    pub groups_on: bool,
    /// Source expression of `userName`.
    pub user_name_from: Option<String>,
    /// Source expression of `emails[type eq "work"].value`.
    pub email_from: Option<String>,
    /// Source expression of `externalId`.
    pub external_id_from: Option<String>,
    /// Target attributes that match, in order of precedence.
    pub matching: Vec<String>,
    /// Whether the user mapping has a scoping filter.
    pub scoped: bool,
    /// `SyncAll` of the job's settings; `None` when not readable.
    pub sync_all: Option<bool>,
    /// The SCIM directory the job writes to, by its settings; `None` when not asked or not readable.
    pub directory: Option<String>,
}

/// What the job did for this person once (`auditLogs/provisioning`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LogEntry {
    /// When.
    pub at: Option<Timestamp>,
    /// create, update, delete, disable, stagedDelete, other.
    pub action: String,
    /// success, failure, skipped, warning.
    pub status: String,
    /// Entra's own code, which may mislead; the HTTP status counts.
    pub error_code: Option<String>,
    /// The true HTTP status of the target's answer.
    pub http_status: Option<u16>,
    /// `scimType` of the target's answer.
    pub scim_type: Option<String>,
    /// `detail` of the target's answer.
    pub detail: Option<String>,
    /// Why nothing was exported, normalised (`NotEffectivelyEntitled`, `RedundantExport`).
    pub skip_reason: Option<String>,
    /// Whether the scoping filter said no. Everything else it says (active, assigned) stands elsewhere too.
    pub filtered_out: bool,
    /// The clauses of the filter that were false.
    pub failed_clauses: Vec<String>,
    /// `targetIdentity.id`: the SCIM record the IdP is anchored on.
    pub target: Option<String>,
    /// `changeId`, for a ticket.
    pub change_id: Option<String>,
}

impl LogEntry {
    /// Whether the target refused because a value is taken (HTTP 409).
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        let code = self.error_code.as_deref().unwrap_or_default();
        self.http_status == Some(409)
            || self.scim_type.as_deref() == Some("uniqueness")
            || code.ends_with("Conflict")
    }

    /// Whether this entry is a success.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        self.status.eq_ignore_ascii_case("success")
    }
}

/// Whether the organization manages an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Claim {
    /// It does.
    Managed,
    /// It does not.
    Unmanaged,
    /// Atlassian did not say.
    #[default]
    Unknown,
}

/// An Atlassian account as the organization sees it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// Account id, opaque.
    pub id: String,
    /// `accountType`: atlassian, customer, app.
    pub kind: Option<String>,
    /// Address it bears.
    pub email: Option<String>,
    /// Display name.
    pub name: Option<String>,
    /// `accountStatus`: active, inactive, closed.
    pub status: Option<String>,
    /// `membershipStatus`: active, suspended, no_membership.
    pub membership: Option<String>,
    /// Whether it is scheduled for deletion.
    pub for_deletion: bool,
    /// Whether the organization manages it.
    pub claim: Claim,
    /// `managementSource`: synced, invited.
    pub source: Option<String>,
    /// Platform roles such as `atlassian/org-admin`; `None` when not shown.
    pub platform_roles: Option<Vec<String>>,
    /// Groups it is a member of; `None` when not shown.
    pub groups: Option<Vec<IdpGroup>>,
    /// When it was added to the organization.
    pub added: Option<Timestamp>,
}

impl Account {
    /// Whether it bears this address.
    #[must_use]
    pub fn bears(&self, address: &str) -> bool {
        self.email.as_deref().is_some_and(|email| fold(email) == fold(address))
    }

    /// Whether it can be used at all: not deactivated, closed or on its way out.
    #[must_use]
    pub fn is_active(&self) -> bool {
        !self.for_deletion
            && self.status.as_deref().is_none_or(|status| status.eq_ignore_ascii_case("active"))
    }
}

/// One entry of the permission document `/manage`: allowed, or the reason why not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permissions(pub BTreeMap<String, Option<String>>);

impl Permissions {
    /// Whether an action is allowed; `None` when the document does not mention it.
    #[must_use]
    pub fn allows(&self, privilege: &str) -> Option<bool> {
        self.0.get(privilege).map(Option::is_none)
    }

    /// Whether any entry gives this reason.
    #[must_use]
    pub fn says(&self, reason: &str) -> bool {
        self.0.values().flatten().any(|given| given == reason)
    }
}

/// A link as `get-scim-links` shows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ScimLink {
    /// The record.
    pub id: RecordId,
    /// The account it is linked to; `None` is an unlinked record.
    pub account: Option<String>,
}

/// A SCIM user record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScimRecord {
    /// Directory and id.
    pub id: RecordId,
    /// `externalId`
    pub external_id: Option<String>,
    /// `userName`
    pub user_name: Option<String>,
    /// Primary e-mail.
    pub email: Option<String>,
    /// `active`
    pub active: Option<bool>,
    /// The linked account.
    pub account: Option<String>,
    /// Groups the record is a member of.
    pub groups: Vec<IdpGroup>,
    /// `meta.created`
    pub created: Option<Timestamp>,
}

/// A domain of the organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Domain {
    /// Name, lower case.
    pub name: String,
    /// Whether its claim is verified.
    pub verified: bool,
}

/// A group of the organization.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OrgGroup {
    /// Id in the organization.
    pub id: String,
    /// Name.
    pub name: String,
    /// Whether its members come from the identity provider.
    pub synced: Option<bool>,
}

/// A role that a group grants.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupRole {
    /// The app or site (ARI).
    pub resource: String,
    /// Whether it is an app of which the group gives a role.
    pub grants: bool,
    /// Whether the group is a default group of it.
    pub is_default: bool,
}

/// An app of the organization, with its seats.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workspace {
    /// The resource that roles name.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Seats taken.
    pub usage: Option<i64>,
    /// Seats there are; `None` is no limit.
    pub capacity: Option<i64>,
}

impl Workspace {
    /// Whether no seat is left; `None` when the seats are not counted.
    #[must_use]
    pub fn is_full(&self) -> Option<bool> {
        Some(self.usage? >= self.capacity?)
    }
}

/// An app role of an account.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AppRole {
    /// The app or site (ARI).
    pub resource: String,
    /// The role.
    pub role: String,
    /// Whether the resource is an app; platform roles such as organization admin are not.
    pub app: bool,
}

/// When an app was last used.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AppUse {
    /// App key such as `jira-software`.
    pub app: String,
    /// The day, as Atlassian gives it.
    pub day: String,
}

/// All that was read for one question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// What was asked, with the identities that turned up on the way.
    pub subject: Subject,
    /// When the gathering began.
    pub asked_at: Timestamp,
    /// Live users whose id, UPN, mail or alias is the question's.
    pub users: Read<Vec<IdpUser>>,
    /// Deleted users of that name.
    pub deleted_users: Read<Vec<IdpUser>>,
    /// Direct groups of the person.
    pub memberships: Read<Vec<IdpGroup>>,
    /// Direct and nested groups of the person.
    pub nested: Read<Vec<IdpGroup>>,
    /// Assignments of the application.
    pub assignments: Read<Vec<Assignment>>,
    /// The job.
    pub job: Read<Job>,
    /// The tenant's Atlassian applications: asked only where the configured one has no job.
    pub applications: Read<Vec<Application>>,
    /// Its rules.
    pub mapping: Read<Mapping>,
    /// The person's log, newest first.
    pub log: Read<Vec<LogEntry>>,
    /// Accounts bearing one of the addresses, or linked to one of the records.
    pub accounts: Read<Vec<Account>>,
    /// Links found by the addresses.
    pub links: Read<Vec<ScimLink>>,
    /// Links found by account id.
    pub account_links: BTreeMap<String, Read<Vec<ScimLink>>>,
    /// Records found by userName and externalId, per directory.
    pub records: BTreeMap<String, Read<Vec<ScimRecord>>>,
    /// Records asked for by id; `None` is a record that is gone (404).
    pub records_by_id: Vec<(RecordId, Read<Option<ScimRecord>>)>,
    /// Permission document per account.
    pub permissions: BTreeMap<String, Read<Permissions>>,
    /// App roles per account.
    pub roles: BTreeMap<String, Read<Vec<AppRole>>>,
    /// Last use per account.
    pub last_active: BTreeMap<String, Read<Vec<AppUse>>>,
    /// Domains of the organization.
    pub domains: Read<Vec<Domain>>,
    /// Organization groups with the names of missing ones.
    pub groups: Read<Vec<OrgGroup>>,
    /// What a group grants, by its id: asked only where a name clashes or a role is missing.
    pub group_roles: BTreeMap<String, Read<Vec<GroupRole>>>,
    /// Apps with their seats: asked only where a role is missing.
    pub workspaces: Read<Vec<Workspace>>,
    /// SCIM groups whose externalId was read: SCIM group id to IdP group id.
    pub scim_groups: Read<BTreeMap<String, String>>,
    /// Live users bearing an address of another account: asked only where that account may be written.
    pub bearers: BTreeMap<String, Read<Vec<IdpUser>>>,
    /// The live user behind an externalId: asked only for records of other accounts.
    pub owners: BTreeMap<String, Read<Option<IdpUser>>>,
}

impl Evidence {
    /// Nothing read yet.
    #[must_use]
    pub fn new(subject: Subject, asked_at: Timestamp) -> Self {
        Self {
            subject,
            asked_at,
            users: Read::NotAsked,
            deleted_users: Read::NotAsked,
            memberships: Read::NotAsked,
            nested: Read::NotAsked,
            assignments: Read::NotAsked,
            job: Read::NotAsked,
            applications: Read::NotAsked,
            mapping: Read::NotAsked,
            log: Read::NotAsked,
            accounts: Read::NotAsked,
            links: Read::NotAsked,
            account_links: BTreeMap::new(),
            records: BTreeMap::new(),
            records_by_id: Vec::new(),
            permissions: BTreeMap::new(),
            roles: BTreeMap::new(),
            last_active: BTreeMap::new(),
            domains: Read::NotAsked,
            groups: Read::NotAsked,
            group_roles: BTreeMap::new(),
            workspaces: Read::NotAsked,
            scim_groups: Read::NotAsked,
            bearers: BTreeMap::new(),
            owners: BTreeMap::new(),
        }
    }

    /// What could not be read, one entry a source and reason, in the order of the trail.
    #[must_use]
    pub fn gaps(&self) -> Vec<(Source, String)> {
        let mut all: Vec<(Source, String)> = Vec::new();
        let mut add = |source: Source, gap: Option<&str>| {
            if let Some(reason) = gap
                && !all.iter().any(|(s, r)| *s == source && r == reason)
            {
                all.push((source, reason.to_owned()));
            }
        };
        add(Source::Users, self.users.gap());
        for read in self.bearers.values() {
            add(Source::Users, read.gap());
        }
        for read in self.owners.values() {
            add(Source::Users, read.gap());
        }
        add(Source::DeletedUsers, self.deleted_users.gap());
        add(Source::Memberships, self.memberships.gap());
        add(Source::NestedMemberships, self.nested.gap());
        add(Source::Assignments, self.assignments.gap());
        add(Source::Applications, self.applications.gap());
        add(Source::Jobs, self.job.gap());
        add(Source::Schema, self.mapping.gap());
        add(Source::ProvisioningLog, self.log.gap());
        for read in self.records.values() {
            add(Source::ScimUsers, read.gap());
        }
        for (_, read) in &self.records_by_id {
            add(Source::ScimUsers, read.gap());
        }
        add(Source::ScimGroups, self.scim_groups.gap());
        add(Source::ScimLinks, self.links.gap());
        for read in self.account_links.values() {
            add(Source::ScimLinks, read.gap());
        }
        add(Source::Accounts, self.accounts.gap());
        for read in self.permissions.values() {
            add(Source::Permissions, read.gap());
        }
        for read in self.roles.values() {
            add(Source::Roles, read.gap());
        }
        add(Source::Groups, self.groups.gap());
        for read in self.group_roles.values() {
            add(Source::GroupRoles, read.gap());
        }
        add(Source::Workspaces, self.workspaces.gap());
        add(Source::Domains, self.domains.gap());
        for read in self.last_active.values() {
            add(Source::LastActive, read.gap());
        }
        all
    }

    /// An account by id, if accounts were read.
    #[must_use]
    pub fn account(&self, id: &str) -> Option<&Account> {
        self.accounts.get()?.iter().find(|account| account.id == id)
    }

    /// Whether an address lies on a verified domain; `None` when domains could not be read.
    #[must_use]
    pub fn on_verified_domain(&self, address: &str) -> Option<bool> {
        let domains = self.domains.get()?;
        let domain = address.rsplit_once('@').map(|(_, domain)| fold(domain))?;
        Some(domains.iter().any(|known| known.verified && known.name == domain))
    }

    /// What is known of one record, from every source that could know: `Some(None)` is a record that is gone.
    #[must_use]
    pub fn record(&self, id: &RecordId) -> Option<Option<&ScimRecord>> {
        let by_id = self.records_by_id.iter().find(|(known, _)| known == id).and_then(|(_, read)| read.get());
        if let Some(found) = by_id {
            return Some(found.as_ref());
        }
        let found = self.records.values().filter_map(Read::get).flatten().find(|record| record.id == *id)?;
        Some(Some(found))
    }
}

impl Account {
    /// Customer and app accounts are not people of the organization.
    #[must_use]
    pub fn kind_is_not_a_person(&self) -> bool {
        self.kind.as_deref().is_some_and(|kind| !kind.eq_ignore_ascii_case("atlassian"))
    }
}
