//! Functions for scenarios that set up the tenant, and the tenant's state as one canonical value. The routers must
//! never use this module: for them the directory is read-only.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::mapping::default_schema;
use super::state::{
    App, Assignment, DEFAULT_ACCESS, Entra, Export, Group, Job, JobCode, LogEntry, LogError, Member,
    ServicePrincipal, Shared, Subject, USER_ROLE, User,
};
use super::switches::Switches;

/// The end of a client secret that does not run out in any test.
const NO_END: Timestamp = Timestamp::constant(4_102_358_400, 0);

/// An id that is the same in every run, so that snapshots can be compared.
fn stable(kind: u32, number: usize) -> String {
    format!("{kind:08x}-0000-4000-8000-{number:012x}")
}

impl Entra {
    /// An empty tenant with an application "Atlassian Cloud" that has no synchronization job yet.
    #[must_use]
    pub fn new(tenant_id: &str) -> Self {
        let mut entra = Self {
            tenant_id: tenant_id.to_owned(),
            domains: Vec::new(),
            apps: BTreeMap::new(),
            users: BTreeMap::new(),
            deleted_users: BTreeMap::new(),
            groups: BTreeMap::new(),
            service_principals: BTreeMap::new(),
            atlassian: String::new(),
            assignments: Vec::new(),
            log: Vec::new(),
            audits: Vec::new(),
            switches: Switches::default(),
            ahead: SignedDuration::ZERO,
            delta: super::delta_places::Store::default(),
            tokens: BTreeMap::new(),
            limits: BTreeMap::new(),
            nicknames: BTreeSet::new(),
            holders: None,
            services: None,
        };
        entra.atlassian = entra.add_service_principal("Atlassian Cloud");
        entra
    }

    /// The time at this tenant.
    pub(super) fn now(&self) -> Timestamp {
        let real = crate::clock::now();
        real.checked_add(self.ahead).unwrap_or(real)
    }

    /// From now on the job writes to these services, and no longer over the network. `None` ends that.
    pub fn write_through(&mut self, services: Option<crate::in_process::Services>) {
        self.services = services;
    }

    /// Wraps the tenant for the routers.
    #[must_use]
    pub fn shared(self) -> Shared {
        std::sync::Arc::new(std::sync::Mutex::new(self))
    }

    /// Registers an app that may ask for tokens.
    pub fn add_app(&mut self, client_id: &str, secret: &str, roles: &[&str]) {
        let app = App {
            secret: Some(secret.to_owned()),
            secret_ends: NO_END,
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            ..App::default()
        };
        self.apps.insert(client_id.to_owned(), app);
    }

    /// Adds an enterprise application and returns its object id.
    pub fn add_service_principal(&mut self, name: &str) -> String {
        let number = self.service_principals.len();
        let id = stable(0x5e, number);
        let sp = ServicePrincipal {
            id: id.clone(),
            app_id: stable(0xa9, number),
            display_name: name.to_owned(),
            owners: Vec::new(),
            job: None,
        };
        self.service_principals.insert(id.clone(), sp);
        id
    }

    /// Adds an enabled member with a mailbox at `upn` and returns the object id.
    pub fn add_user(&mut self, upn: &str, display_name: &str) -> String {
        let number = self.users.len().saturating_add(self.deleted_users.len()).saturating_add(1);
        let id = stable(0xe1, number);
        let mut names = display_name.splitn(2, ' ');
        let user = User {
            id: id.clone(),
            upn: upn.to_owned(),
            mail: Some(upn.to_owned()),
            proxy_addresses: vec![format!("SMTP:{upn}")],
            other_mails: Vec::new(),
            account_enabled: true,
            user_type: "Member".to_owned(),
            display_name: display_name.to_owned(),
            given_name: names.next().map(str::to_owned),
            surname: names.next().map(str::to_owned),
            mail_nickname: Some(self.fresh_nickname(upn)),
            employee_id: Some(format!("{}", number.saturating_add(10_000))),
            extension_attributes: BTreeMap::from([(
                "extensionAttribute1".to_owned(),
                format!("acme-{number:05}"),
            )]),
            ..User::default()
        };
        self.users.insert(id.clone(), user);
        id
    }

    /// The part of the name before the `@`, without the characters that Graph forbids in a `mailNickname`. A number
    /// follows if another person already has this nickname.
    fn fresh_nickname(&mut self, upn: &str) -> String {
        let local = upn.split('@').next().unwrap_or_default();
        let plain: String =
            local.chars().filter(|c| c.is_ascii() && !"@()/[]';:<>, \\\"".contains(*c)).collect();
        let numbered = |number: u32| if number < 2 { plain.clone() } else { format!("{plain}{number}") };
        let free = (1..).map(numbered).find(|name| self.nicknames.insert(name.to_lowercase()));
        free.unwrap_or(plain)
    }

    /// Soft-deletes a user: removed from groups, kept among the deleted users, with the id in front of the name.
    pub fn delete_user(&mut self, id: &str, at: Timestamp) {
        if let Some(mut user) = self.users.remove(id) {
            user.deleted = Some(at);
            user.upn = format!("{}{}", id.replace('-', ""), user.upn);
            self.deleted_users.insert(id.to_owned(), user);
            self.thaw();
            for group in self.groups.values_mut() {
                group.members.retain(|member| member.id != id);
            }
            self.assignments.retain(|assignment| assignment.principal != id);
        }
    }

    /// Adds a security group and returns its object id.
    pub fn add_group(&mut self, display_name: &str) -> String {
        let id = stable(0x96, self.groups.len().saturating_add(1));
        let group = Group {
            id: id.clone(),
            display_name: display_name.to_owned(),
            security_enabled: true,
            membership_rule: None,
            rule_is_paused: false,
            on_premises_sync_enabled: None,
            created: Timestamp::UNIX_EPOCH,
            members: Vec::new(),
        };
        self.groups.insert(id.clone(), group);
        id
    }

    /// Makes a user a direct member, with a date long ago.
    pub fn add_member(&mut self, group: &str, user: &str) {
        self.add_member_at(group, user, Timestamp::UNIX_EPOCH);
    }

    /// Makes a user or group a direct member at this time.
    pub fn add_member_at(&mut self, group: &str, member: &str, since: Timestamp) {
        self.thaw();
        if let Some(group) = self.groups.get_mut(group)
            && !group.has(member)
        {
            group.members.push(Member { id: member.to_owned(), since });
        }
    }

    /// Ends a membership.
    pub fn remove_member(&mut self, group: &str, member: &str) {
        self.thaw();
        if let Some(group) = self.groups.get_mut(group) {
            group.members.retain(|one| one.id != member);
        }
    }

    /// Adds a group to another group.
    pub fn nest(&mut self, parent: &str, child: &str) {
        self.add_member(parent, child);
    }

    /// Assigns a group to the Atlassian application, with a date long ago.
    pub fn assign_group(&mut self, group: &str) {
        self.assign_at(group, Timestamp::UNIX_EPOCH);
    }

    /// Assigns a user to the Atlassian application, with a date long ago.
    pub fn assign_user(&mut self, user: &str) {
        self.assign_at(user, Timestamp::UNIX_EPOCH);
    }

    /// Assigns a user or group to the Atlassian application at this time.
    pub fn assign_at(&mut self, principal: &str, created: Timestamp) {
        self.assign_with(principal, USER_ROLE, created);
    }

    /// Assigns a user or group to the Atlassian application without a role, with a date long ago.
    pub fn assign_default_access(&mut self, principal: &str) {
        self.assign_with(principal, DEFAULT_ACCESS, Timestamp::UNIX_EPOCH);
    }

    fn assign_with(&mut self, principal: &str, app_role: &str, created: Timestamp) {
        self.assignments.push(Assignment {
            id: format!("asg{}", principal.replace('-', "")),
            principal: principal.to_owned(),
            resource: self.atlassian.clone(),
            app_role: app_role.to_owned(),
            is_broken: false,
            created,
        });
    }

    /// Ends an assignment to the Atlassian application.
    pub fn unassign(&mut self, principal: &str) {
        let resource = self.atlassian.clone();
        self.assignments.retain(|one| one.principal != principal || one.resource != resource);
    }

    /// Gives the Atlassian application a job with the default schema. Returns the id of the job. Its first cycle
    /// checks every object, unless the scenario calls [`Entra::settle_watermark`] at the end.
    pub fn job(&mut self, base_address: &str, secret: &str) -> String {
        let sp = self.atlassian.clone();
        let id = format!("scim.{}.{}", self.tenant_id.replace('-', ""), stable(0x0b, 1));
        let job = Job {
            id: id.clone(),
            template_id: "scim".into(),
            code: JobCode::Active,
            schedule_state: "Active".into(),
            interval: "PT40M".into(),
            quarantine: None,
            last_execution: None,
            last_success: None,
            last_export: None,
            steady_first: Some(Timestamp::UNIX_EPOCH),
            steady_last: Some(Timestamp::UNIX_EPOCH),
            schema: default_schema(&stable(0x4e, 1)),
            base_address: base_address.to_owned(),
            secret_token: secret.to_owned(),
            sync_all: false,
            cache: BTreeMap::new(),
            seen: BTreeMap::new(),
            escrows: BTreeMap::new(),
            running: false,
            run_again: false,
        };
        if let Some(sp) = self.service_principals.get_mut(&sp) {
            sp.job = Some(job);
        }
        id
    }

    /// The job of the Atlassian application.
    pub fn atlassian_job(&mut self) -> Option<&mut Job> {
        let sp = self.atlassian.clone();
        self.job_mut(&sp)
    }

    /// The job of an application.
    pub fn job_mut(&mut self, sp: &str) -> Option<&mut Job> {
        self.service_principals.get_mut(sp)?.job.as_mut()
    }

    /// Makes the engine's cache hold this object: its SCIM id, these members (object ids), and the attributes that it
    /// would export now.
    pub fn remember_export(&mut self, object: &str, anchor: &str, members: &[&str]) {
        let attributes = self.attributes_now(object);
        if let Some(job) = self.atlassian_job() {
            let export = Export {
                anchor: Some(anchor.to_owned()),
                attributes,
                members: members.iter().map(|id| (*id).to_owned()).collect(),
            };
            job.cache.insert(object.to_owned(), export);
        }
    }

    /// Makes the last cycle have seen everything as it is now, so that the next one finds no change. A stopped job
    /// has seen nothing since it stopped.
    pub fn settle_watermark(&mut self, now: Timestamp) {
        let sp = self.atlassian.clone();
        let seen = self.sources(&sp, now);
        if let Some(job) = self.job_mut(&sp).filter(|job| job.schedule_state == "Active") {
            job.seen = seen;
        }
    }

    /// Appends an event to the provisioning log.
    pub fn log_entry(&mut self, mut entry: LogEntry) {
        entry.service_principal = self.atlassian.clone();
        if let Some(job) = self.atlassian_job() {
            entry.job_id = job.id.clone();
        }
        self.log.push(entry);
    }

    /// Appends a past failure of a user to the log.
    pub fn log_failure(&mut self, user: &str, action: &str, code: &str, reason: &str, at: Timestamp) {
        let name = self.users.get(user).map(|user| user.upn.clone()).unwrap_or_default();
        let source = Subject { id: user.to_owned(), name, kind: "User".into() };
        let mut entry = LogEntry::about(source, at);
        entry.action = action.into();
        entry.status = "Failure".into();
        entry.error = Some(LogError { code: code.into(), reason: reason.into() });
        self.log_entry(entry);
    }

    /// The whole state without times, random ids and tokens: equal states give equal values.
    #[must_use]
    pub fn snapshot(&self) -> Value {
        let mut assignments: Vec<Value> =
            self.assignments.iter().map(|a| json!([a.resource, a.principal])).collect();
        assignments.sort_by_key(Value::to_string);
        json!({
            "users": self.users.values().map(person).collect::<Vec<_>>(),
            "deletedUsers": self.deleted_users.values().map(person).collect::<Vec<_>>(),
            "groups": self.groups.values().map(|group| {
                let mut members: Vec<&str> = group.members.iter().map(|member| member.id.as_str()).collect();
                members.sort_unstable();
                json!({
                    "id": group.id, "displayName": group.display_name, "members": members,
                    "securityEnabled": group.security_enabled, "membershipRule": group.membership_rule,
                })
            }).collect::<Vec<_>>(),
            "assignments": assignments,
            "servicePrincipals": self.service_principals.values().map(|sp| json!({
                "id": sp.id, "displayName": sp.display_name, "job": sp.job.as_ref().map(job),
            })).collect::<Vec<_>>(),
        })
    }
}

fn person(user: &User) -> Value {
    let mut map = user.properties();
    map.retain(|name, value| !name.ends_with("DateTime") && !value.is_null());
    map.into()
}

fn job(job: &Job) -> Value {
    json!({
        "id": job.id,
        "code": format!("{:?}", job.code),
        "schedule": job.schedule_state,
        "quarantine": job.quarantine.as_ref().map(|quarantine| quarantine.reason.clone()),
        "syncAll": job.sync_all,
        "baseAddress": job.base_address,
        "cache": job.cache.iter().map(|(id, export)| (id.clone(), json!({
            "anchor": export.anchor, "attributes": export.attributes, "members": export.members,
        }))).collect::<serde_json::Map<_, _>>(),
        "escrows": job.escrows.keys().collect::<Vec<_>>(),
    })
}
