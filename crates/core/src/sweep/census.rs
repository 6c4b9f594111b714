//! The bulk reading of a sweep: every source except the accounts. A source that could not be read stays a gap with its
//! reason. It must never turn a gap into an empty value.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Grants, Keys, Logs, Members, People, Records, RoleList};
use crate::diagnose::diagnose;
use crate::evidence::{
    Application, Assignment, Domain, DynamicGroup, Evidence, IdpGroup, Job, Mapping, Pending, Read,
    ScimRecord, Source, StoppedBy,
};
use crate::finding::Cause;
use crate::subject::{Subject, Who};

/// The bulk reading of every source except the accounts. Those are judged page by page and not kept.
#[derive(Clone, Debug, Default)]
pub struct Census {
    pub job: Read<Job>,
    /// The Atlassian applications of the tenant. Read only if the configured one has no job.
    pub applications: Read<Vec<Application>>,
    /// The rules and attribute mappings of the job.
    pub mapping: Read<Mapping>,
    /// `SyncAll` and the directory that the job writes to.
    pub settings: Read<(Option<bool>, Option<String>)>,
    /// The assignments, the groups of the organization, what they grant, and the apps.
    pub grants: Grants,
    /// The lists of role holders that the sweep reads. `None` if it is unknown which ones it needs.
    pub role_lists: Option<Vec<RoleList>>,
    /// The dynamic groups of the tenant. Read only if a group is assigned.
    pub dynamic_groups: Read<Vec<DynamicGroup>>,
    /// Direct members of the assigned groups. A group is identified by its position among the assignments.
    pub members: Read<Members>,
    pub users: Read<People>,
    /// Users who were deleted within the last 30 days.
    pub deleted: Read<People>,
    /// SCIM records, by directory.
    pub records: BTreeMap<String, Read<Records>>,
    /// For each directory: IdP group ids by SCIM group id.
    pub scim_groups: BTreeMap<String, Read<BTreeMap<String, String>>>,
    pub log: Read<Logs>,
    /// What the next cycles of the job may still do to people.
    pub pending: Read<Pending>,
    /// Who stopped the job. Read only if it is stopped.
    pub stopped_by: Read<Option<StoppedBy>>,
    pub domains: Read<Vec<Domain>>,
    /// The accounts that are in more than one user directory.
    pub several: Read<Keys>,
    /// Why the list of accounts is not complete.
    pub accounts_gap: Option<String>,
    /// Whether the job has a fault that concerns everybody. [`Self::settle`] sets it.
    pub trouble: bool,
    /// The causes that concern everybody, in the order of the trail. [`Self::settle`] sets them.
    pub tenant_causes: Vec<Cause>,
}

impl Census {
    /// Indexes people by the `externalId` of their records, and finds faults that concern everybody. Call it once,
    /// after everything was read.
    pub fn settle(&mut self, at: Timestamp) {
        if let (Read::Seen { value: users, .. }, Some(mapping)) = (&mut self.users, self.mapping.get()) {
            users.index_external_ids(mapping);
        }
        let mut e = Evidence::new(Subject::asked(Who::Account(String::new())), at);
        e.job = self.job.clone();
        e.mapping = self.mapping.clone();
        e.applications = self.applications.clone();
        let causes = diagnose(&e).findings;
        self.trouble = causes.iter().any(|finding| finding.blocking && finding.code.blocks());
        self.tenant_causes = causes.iter().map(|finding| finding.code).collect();
        // Without any verified domain, every account has this cause.
        if self.domains.get().is_some_and(|domains| !domains.iter().any(|domain| domain.verified)) {
            self.tenant_causes.push(Cause::DomainNotClaimed);
        }
        self.tenant_causes.sort_unstable();
    }

    /// What could not be read, with the reason.
    #[must_use]
    pub fn gaps(&self) -> Vec<(Source, String)> {
        let mut all: Vec<(Source, String)> = Vec::new();
        let mut add = |source, gap: Option<&str>| all.extend(gap.map(|reason| (source, reason.to_owned())));
        add(Source::Users, self.users.gap());
        add(Source::DeletedUsers, self.deleted.gap());
        add(Source::Assignments, self.grants.assignments.gap());
        add(Source::DynamicGroups, self.dynamic_groups.gap());
        add(Source::Memberships, self.members.gap());
        add(Source::Groups, self.grants.groups.gap());
        self.grants.group_roles.values().for_each(|read| add(Source::GroupRoles, read.gap()));
        add(Source::Workspaces, self.grants.workspaces.gap());
        add(Source::Jobs, self.job.gap());
        add(Source::Schema, self.mapping.gap());
        add(Source::ProvisioningLog, self.log.gap());
        add(Source::AuditLog, self.stopped_by.gap());
        self.records.values().for_each(|read| add(Source::ScimUsers, read.gap()));
        self.scim_groups.values().for_each(|read| add(Source::ScimGroups, read.gap()));
        add(Source::Domains, self.domains.gap());
        add(Source::Directories, self.several.gap());
        add(Source::Accounts, self.accounts_gap.as_deref());
        // Many groups may be unread for one reason.
        let mut seen = Vec::new();
        all.retain(|gap| {
            let new = !seen.contains(gap);
            seen.extend(new.then(|| gap.clone()));
            new
        });
        all
    }

    pub(super) fn has_no_job(&self) -> bool {
        self.job.get().is_none()
            && self.applications.get().is_some_and(|all| all.iter().all(|application| !application.has_job))
    }

    pub(super) fn is_wrong_application(&self) -> bool {
        self.applications.get().is_some_and(|all| all.iter().any(|application| application.has_job))
    }

    /// Whether the sources were read without which no account can be called healthy.
    pub(super) fn can_judge(&self) -> bool {
        self.users.get().is_some()
            && self.grants.assignments.get().is_some()
            && self.members.get().is_some()
            && !self.is_wrong_application()
    }

    /// The assigned groups of which a person is a direct member. `None` if a source is unread.
    #[must_use]
    pub fn groups_of(&self, person: &str) -> Option<Vec<IdpGroup>> {
        let (assignments, members) = (self.grants.assignments.get()?, self.members.get()?);
        let group =
            |a: &Assignment| IdpGroup { id: a.principal.clone(), name: a.name.clone(), security: None };
        Some(members.groups_of(person).filter_map(|number| assignments.get(number).map(group)).collect())
    }

    pub(super) fn is_assigned(&self, person: &str) -> bool {
        let directly = |a: &Assignment| !a.is_group && a.principal == person;
        self.members.get().is_some_and(|members| members.groups_of(person).next().is_some())
            || self.grants.assignments.get().is_some_and(|all| all.iter().any(directly))
    }

    /// The records that are linked to an account, in every directory that was read.
    pub(super) fn linked(&self, account: &str) -> Vec<ScimRecord> {
        self.records.values().filter_map(Read::get).flat_map(|records| records.by_account(account)).collect()
    }

    /// Whether an account is in more than one user directory. `None` if unread.
    #[must_use]
    pub fn is_in_several(&self, account: &str) -> Option<bool> {
        self.several.get().map(|keys| keys.has(account))
    }

    pub(super) fn nobody_bears(&self, email: &str) -> bool {
        self.users.get().is_some_and(|users| users.by_address(email).is_empty())
    }
}
