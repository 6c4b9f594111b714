//! Typed facts, each with the time it was seen, plus gaps. A gap is never "fine": it carries its reason to the
//! person, and every rule that needs it says `cannot-tell` instead of guessing.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

mod atlassian;
mod entra;
mod source;

pub use atlassian::*;
pub use entra::*;
pub use source::Source;

use super::subject::{RecordId, Subject, normalize};

/// Why something could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// A short sentence for people.
    pub reason: String,
    /// The service's id of the request that it refused, for a ticket.
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

/// Where all of this was read: what support asks for first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Installation {
    pub organization: Option<String>,
    /// The tenant of the identity provider.
    pub tenant: Option<String>,
    /// Object id of the Atlassian enterprise application.
    pub application: Option<String>,
}

/// One reading of one source.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Read<T> {
    /// Nobody asked, because nothing needed it.
    #[default]
    NotAsked,
    /// It was asked and could not be read.
    Gap(Gap),
    Seen {
        at: Timestamp,
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

    pub fn at(&self) -> Option<Timestamp> {
        match self {
            Self::Seen { at, .. } => Some(*at),
            _ => None,
        }
    }

    /// Why it could not be read, with the request that was refused.
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

/// All that was read for one question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// What was asked, with the identities that turned up on the way.
    pub subject: Subject,
    /// When the gathering began.
    pub asked_at: Timestamp,
    pub places: Installation,
    /// Live users whose id, UPN, mail or alias is the question's.
    pub users: Read<Vec<IdpUser>>,
    /// Deleted users of that name.
    pub deleted_users: Read<Vec<IdpUser>>,
    /// Direct groups of the person.
    pub memberships: Read<Vec<IdpGroup>>,
    /// Direct and nested groups of the person.
    pub nested: Read<Vec<IdpGroup>>,
    pub assignments: Read<Vec<Assignment>>,
    pub job: Read<Job>,
    /// Who stopped the job, if the audit log says: asked only where it stands still.
    pub stopped_by: Read<Option<StoppedBy>>,
    /// What the job may still do to people: asked only where it may be started.
    pub pending: Read<Pending>,
    /// The tenant's Atlassian applications: asked only where the configured one has no job.
    pub applications: Read<Vec<Application>>,
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
    /// The user directories that an account is in: asked only where it is suspended, or where its roles do not say
    /// how it stands.
    #[serde(default)]
    pub user_directories: BTreeMap<String, Read<Vec<UserDirectory>>>,
    /// Last use per account.
    pub last_active: BTreeMap<String, Read<Vec<AppUse>>>,
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
    /// The live users of whom the job would write this externalId: asked for every record whose owner matters. None
    /// is a value that belongs to nobody; more than one is a value that does not tell people apart.
    pub owners: BTreeMap<String, Read<Vec<IdpUser>>>,
    /// When this program last moved something out of the person's way: an older refusal proves nothing any more.
    #[serde(default)]
    pub cleared: Option<Timestamp>,
}

impl Evidence {
    /// Nothing read yet.
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
            assignments: Read::NotAsked,
            job: Read::NotAsked,
            stopped_by: Read::NotAsked,
            pending: Read::NotAsked,
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
            user_directories: BTreeMap::new(),
            last_active: BTreeMap::new(),
            domains: Read::NotAsked,
            groups: Read::NotAsked,
            group_roles: BTreeMap::new(),
            workspaces: Read::NotAsked,
            scim_groups: Read::NotAsked,
            bearers: BTreeMap::new(),
            owners: BTreeMap::new(),
            cleared: None,
        }
    }

    /// What could not be read, one entry a source and reason, in the order of the trail.
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

    /// Requests that a service refused, with the reason and its own id of the request.
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
        for read in self.bearers.values() {
            add(Source::Users, read.why());
        }
        for read in self.owners.values() {
            add(Source::Users, read.why());
        }
        add(Source::DeletedUsers, self.deleted_users.why());
        add(Source::Memberships, self.memberships.why());
        add(Source::NestedMemberships, self.nested.why());
        add(Source::Assignments, self.assignments.why());
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
        for read in self.permissions.values() {
            add(Source::Permissions, read.why());
        }
        for read in self.roles.values() {
            add(Source::Roles, read.why());
        }
        for read in self.user_directories.values() {
            add(Source::Directories, read.why());
        }
        add(Source::Groups, self.groups.why());
        for read in self.group_roles.values() {
            add(Source::GroupRoles, read.why());
        }
        add(Source::Workspaces, self.workspaces.why());
        add(Source::Domains, self.domains.why());
        for read in self.last_active.values() {
            add(Source::LastActive, read.why());
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
        let domain = address.rsplit_once('@').map(|(_, domain)| normalize(domain))?;
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
