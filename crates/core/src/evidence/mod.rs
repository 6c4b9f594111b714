//! Evidence: typed facts, each with the time at which it was read, plus gaps. A gap has a reason for people. It must
//! never count as good: every rule that needs the source answers `cannot-tell`.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

mod atlassian;
mod entra;
mod log;
mod role;
mod source;

pub use atlassian::*;
pub use entra::*;
pub use log::*;
pub use role::*;
pub use source::Source;

use super::finding::Cause;
use super::subject::{RecordId, Subject, normalize};

/// Why something could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// A short sentence for people.
    pub reason: String,
    /// The service's own id of the refused request, for a ticket.
    pub request: Option<String>,
}

impl std::fmt::Display for Gap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.reason)
    }
}

impl From<String> for Gap {
    fn from(reason: String) -> Self {
        Self { reason, request: None }
    }
}

impl From<&str> for Gap {
    fn from(reason: &str) -> Self {
        reason.to_owned().into()
    }
}

/// The ids of the installation, which support asks for first, and what the configuration says about the job.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Installation {
    pub organization: Option<String>,
    /// The tenant id of the identity provider.
    pub tenant: Option<String>,
    /// Object id of the Atlassian enterprise application.
    pub application: Option<String>,
    /// The SCIM directory that the job writes to, according to the configuration. What Graph shows takes precedence.
    #[serde(default)]
    pub job_directory: Option<String>,
    /// Whether the job provisions everybody, according to the configuration. What Graph shows takes precedence.
    #[serde(default)]
    pub sync_all: Option<bool>,
    /// How many members of a group the synchronization takes, according to the configuration.
    #[serde(default)]
    pub group_members: Option<i64>,
}

/// The result of reading one source.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Read<T> {
    /// Not read, because nothing needed it.
    #[default]
    NotAsked,
    /// Requested, but it could not be read.
    Gap(Gap),
    Seen {
        at: Timestamp,
        value: T,
    },
}

impl<T> Read<T> {
    /// A value that was read at this time.
    pub fn seen(at: Timestamp, value: T) -> Self {
        Self::Seen { at, value }
    }

    /// The value, if it was read.
    pub fn get(&self) -> Option<&T> {
        match self {
            Self::Seen { value, .. } => Some(value),
            _ => None,
        }
    }

    pub fn at(&self) -> Option<Timestamp> {
        match self {
            Self::Seen { at, .. } => Some(*at),
            _ => None,
        }
    }

    /// Why it could not be read, with the refused request.
    pub fn why(&self) -> Option<&Gap> {
        match self {
            Self::Gap(gap) => Some(gap),
            _ => None,
        }
    }

    /// Why it could not be read, in words.
    pub fn gap(&self) -> Option<&str> {
        match self {
            Self::Gap(gap) => Some(&gap.reason),
            _ => None,
        }
    }
}

/// A start of the job by an earlier run whose cycle has ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobStart {
    pub at: Timestamp,
    /// The state of the job before the start, as the step recorded it.
    pub before: serde_json::Value,
}

/// Everything that was read for one diagnosis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// What was asked, with the identities that the reading found.
    pub subject: Subject,
    /// When the reading began.
    pub asked_at: Timestamp,
    pub places: Installation,
    /// Live users with the id, UPN, mail or alias that was asked for.
    pub users: Read<Vec<IdpUser>>,
    /// Deleted users with that name.
    pub deleted_users: Read<Vec<IdpUser>>,
    /// Groups of which the person is a direct member.
    pub memberships: Read<Vec<IdpGroup>>,
    /// Groups of which the person is a direct or nested member.
    pub nested: Read<Vec<IdpGroup>>,
    /// The dynamic groups of the tenant. Read only if the person is in no assigned group and a group is assigned.
    #[serde(default)]
    pub dynamic_groups: Read<Vec<DynamicGroup>>,
    pub assignments: Read<Vec<Assignment>>,
    pub job: Read<Job>,
    /// Who stopped the job, according to the audit log. Read only if the job is stopped.
    pub stopped_by: Read<Option<StoppedBy>>,
    /// What a cycle may still do to people. Read only if the job may be started.
    pub pending: Read<Pending>,
    /// The Atlassian applications of the tenant. Read only if the configured one has no job.
    pub applications: Read<Vec<Application>>,
    pub mapping: Read<Mapping>,
    /// The log entries of the person, newest first.
    pub log: Read<Vec<LogEntry>>,
    /// Accounts that have one of the addresses, or are linked to one of the records.
    pub accounts: Read<Vec<Account>>,
    /// Accounts with the person's name, or with their local part and a suffix. Read only if the person's user object is
    /// young. They are not candidates for the person's account.
    #[serde(default)]
    pub namesakes: Read<Vec<Account>>,
    /// Links that were found by the addresses.
    pub links: Read<Vec<ScimLink>>,
    /// Links by account id.
    pub account_links: BTreeMap<String, Read<Vec<ScimLink>>>,
    /// Records that were found by `userName` and `externalId`, by directory.
    pub records: BTreeMap<String, Read<Vec<ScimRecord>>>,
    /// Records that were read by id. `None` means that the record does not exist (404).
    pub records_by_id: Vec<(RecordId, Read<Option<ScimRecord>>)>,
    /// The permission document of each account.
    pub permissions: BTreeMap<String, Read<Permissions>>,
    /// The app roles of each account.
    pub roles: BTreeMap<String, Read<Vec<AppRole>>>,
    /// The user directories of each account. Read only if the account is suspended, or if its roles do not show its
    /// status in each directory.
    #[serde(default)]
    pub user_directories: BTreeMap<String, Read<Vec<UserDirectory>>>,
    /// The last uses of each account.
    pub last_active: BTreeMap<String, Read<Vec<AppUse>>>,
    /// The person who deactivated an account, according to the organization's audit log. Read only if provisioning has
    /// the account as active.
    #[serde(default)]
    pub deactivated_by: BTreeMap<String, Read<Option<String>>>,
    pub domains: Read<Vec<Domain>>,
    /// The domains that the tenant of the identity provider has verified. Read only if the organization has not verified
    /// the domain of the person's address.
    #[serde(default)]
    pub tenant_domains: Read<Vec<String>>,
    /// Groups of the organization with the names of missing groups.
    pub groups: Read<Vec<OrgGroup>>,
    /// The groups that the person's account is in, read by their ids.
    #[serde(default)]
    pub shown_groups: Read<Vec<OrgGroup>>,
    /// Groups whose names contain the name of a group that grants no app. Read only if the person has no app.
    #[serde(default)]
    pub similar_groups: Read<Vec<OrgGroup>>,
    /// The groups that have a role in the app that was asked for. Read only if no expected group grants it.
    #[serde(default)]
    pub granting_groups: Read<Vec<OrgGroup>>,
    /// The roles that a group grants, by group id. Read for the expected groups, and for groups whose names conflict.
    pub group_roles: BTreeMap<String, Read<Vec<GroupRole>>>,
    /// Apps with their seats.
    pub workspaces: Read<Vec<Workspace>>,
    /// IdP group ids by SCIM group id, for the SCIM groups whose `externalId` was read.
    pub scim_groups: Read<BTreeMap<String, String>>,
    /// Live users by the address of another account. Read only if that account may be written.
    pub bearers: BTreeMap<String, Read<Vec<IdpUser>>>,
    /// Live users by `externalId`: the users for whom the job would write this value. Read for every record whose owner
    /// matters. An empty list means that the value belongs to nobody. More than one user means that the value does not
    /// identify a person.
    pub owners: BTreeMap<String, Read<Vec<IdpUser>>>,
    /// Attributes of the person that the job's mapping names and that could not be selected, with the reason.
    #[serde(default)]
    pub unselected: BTreeMap<String, Gap>,
    /// When this program last removed an obstacle for the person. An older refusal no longer proves anything.
    #[serde(default)]
    pub cleared: Option<Timestamp>,
    /// The groups for which a run of this program has sent the person's membership.
    #[serde(default)]
    pub sent_memberships: BTreeSet<String>,
    /// The starts of the job by earlier runs, from the journal. Read only if the job does not run.
    #[serde(default)]
    pub starts: Vec<JobStart>,
    /// Plans that never worked here, from the journal. Read only if access is missing.
    #[serde(default)]
    pub hopeless: Vec<HopelessPlan>,
}

/// A plan that failed against a cause in many repairs of this organization, and never worked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HopelessPlan {
    pub cause: Cause,
    /// The actions of its steps, as [`crate::plan::essence`] names them.
    pub actions: Vec<String>,
    /// In how many repairs it was carried out and access was still missing.
    pub failed: u64,
}

impl Evidence {
    /// Evidence in which nothing was read yet.
    #[must_use]
    pub fn new(subject: Subject, asked_at: Timestamp) -> Self {
        Self {
            subject,
            asked_at,
            places: Installation::default(),
            users: Read::NotAsked,
            deleted_users: Read::NotAsked,
            memberships: Read::NotAsked,
            nested: Read::NotAsked,
            dynamic_groups: Read::NotAsked,
            assignments: Read::NotAsked,
            job: Read::NotAsked,
            stopped_by: Read::NotAsked,
            pending: Read::NotAsked,
            applications: Read::NotAsked,
            mapping: Read::NotAsked,
            log: Read::NotAsked,
            accounts: Read::NotAsked,
            namesakes: Read::NotAsked,
            links: Read::NotAsked,
            account_links: BTreeMap::new(),
            records: BTreeMap::new(),
            records_by_id: Vec::new(),
            permissions: BTreeMap::new(),
            roles: BTreeMap::new(),
            user_directories: BTreeMap::new(),
            last_active: BTreeMap::new(),
            deactivated_by: BTreeMap::new(),
            domains: Read::NotAsked,
            tenant_domains: Read::NotAsked,
            groups: Read::NotAsked,
            shown_groups: Read::NotAsked,
            similar_groups: Read::NotAsked,
            granting_groups: Read::NotAsked,
            group_roles: BTreeMap::new(),
            workspaces: Read::NotAsked,
            scim_groups: Read::NotAsked,
            bearers: BTreeMap::new(),
            owners: BTreeMap::new(),
            unselected: BTreeMap::new(),
            cleared: None,
            sent_memberships: BTreeSet::new(),
            starts: Vec::new(),
            hopeless: Vec::new(),
        }
    }

    /// What could not be read: one entry for each source and reason, in the order of the trail.
    #[must_use]
    pub fn gaps(&self) -> Vec<(Source, String)> {
        let mut all: Vec<(Source, String)> = Vec::new();
        for (source, gap) in self.every_gap() {
            if !all.iter().any(|(s, r)| *s == source && *r == gap.reason) {
                all.push((source, gap.reason.clone()));
            }
        }
        for account in self.accounts.get().into_iter().flatten().filter(|known| known.groups.is_none()) {
            all.push((Source::Groups, format!("the groups of account {} were not shown", account.id)));
        }
        all
    }

    /// The requests that a service refused: source, reason, and the service's own id of the request.
    #[must_use]
    pub fn refused_requests(&self) -> Vec<(Source, &str, &str)> {
        let gaps = self.every_gap().into_iter();
        gaps.filter_map(|(source, gap)| Some((source, gap.reason.as_str(), gap.request.as_deref()?)))
            .collect()
    }

    fn every_gap<'e>(&'e self) -> Vec<(Source, &'e Gap)> {
        let mut all: Vec<(Source, &'e Gap)> = Vec::new();
        let mut add = |source: Source, gap: Option<&'e Gap>| all.extend(gap.map(|gap| (source, gap)));
        add(Source::Users, self.users.why());
        for gap in self.unselected.values() {
            add(Source::Users, Some(gap));
        }
        for read in self.bearers.values() {
            add(Source::Users, read.why());
        }
        for read in self.owners.values() {
            add(Source::Users, read.why());
        }
        add(Source::DeletedUsers, self.deleted_users.why());
        add(Source::Memberships, self.memberships.why());
        add(Source::NestedMemberships, self.nested.why());
        add(Source::DynamicGroups, self.dynamic_groups.why());
        add(Source::Assignments, self.assignments.why());
        add(Source::TenantDomains, self.tenant_domains.why());
        add(Source::Applications, self.applications.why());
        add(Source::Jobs, self.job.why());
        add(Source::Schema, self.mapping.why());
        add(Source::AuditLog, self.stopped_by.why());
        add(Source::ProvisioningLog, self.log.why());
        add(Source::ProvisioningLog, self.pending.why());
        for read in self.records.values() {
            add(Source::ScimUsers, read.why());
        }
        for (_, read) in &self.records_by_id {
            add(Source::ScimUsers, read.why());
        }
        add(Source::ScimGroups, self.scim_groups.why());
        add(Source::ScimLinks, self.links.why());
        for read in self.account_links.values() {
            add(Source::ScimLinks, read.why());
        }
        add(Source::Accounts, self.accounts.why());
        add(Source::Accounts, self.namesakes.why());
        for read in self.permissions.values() {
            add(Source::Permissions, read.why());
        }
        for read in self.roles.values() {
            add(Source::Roles, read.why());
        }
        for read in self.user_directories.values() {
            add(Source::Directories, read.why());
        }
        for read in [&self.groups, &self.shown_groups, &self.similar_groups, &self.granting_groups] {
            add(Source::Groups, read.why());
        }
        for read in self.group_roles.values() {
            add(Source::GroupRoles, read.why());
        }
        add(Source::Workspaces, self.workspaces.why());
        add(Source::Domains, self.domains.why());
        for read in self.last_active.values() {
            add(Source::LastActive, read.why());
        }
        for read in self.deactivated_by.values() {
            add(Source::OrgAuditLog, read.why());
        }
        all
    }

    /// An account by id, if accounts were read.
    #[must_use]
    pub fn account(&self, id: &str) -> Option<&Account> {
        self.accounts.get()?.iter().find(|account| account.id == id)
    }

    /// Whether the domain of an address is verified. `None` if domains could not be read.
    #[must_use]
    pub fn on_verified_domain(&self, address: &str) -> Option<bool> {
        let domains = self.domains.get()?;
        let domain = address.rsplit_once('@').map(|(_, domain)| normalize(domain))?;
        Some(domains.iter().any(|known| known.verified && known.name == domain))
    }

    /// What is known of one record, from every source that could show it. `Some(None)` means that the record does not
    /// exist.
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
