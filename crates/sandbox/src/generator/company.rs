//! Builds the tenant of a blueprint: groups, directories, applications and people, everything in order. Faults come
//! afterwards.

use super::blueprint::{
    Assigned, Blueprint, Colleagues, GroupNames, OtherApplication, PersonKind, SecondDirectory,
    UserDirectories,
};
use super::people::Hire;
use super::truth::Truth;
use super::world::{ALIAS, GroupLink, SECOND, World};
use super::{history, schema};
use crate::atlassian::{Grant, ManagedBy, Membership};
use crate::tenant::{STAFF, Tenant};

const SECOND_KEY: &str = "sandbox-second-key";

impl World {
    /// The tenant with its groups and without people.
    fn new(blueprint: &Blueprint) -> Self {
        let mut tenant = Tenant::without_people();
        tenant.atlassian.switches = blueprint.atlassian.clone();
        tenant.entra.switches = blueprint.entra.clone();
        let mut world = Self {
            tenant,
            blueprint: blueprint.clone(),
            truth: Truth::default(),
            groups: Vec::new(),
            who: String::new(),
            injected: Vec::new(),
        };
        let (jira, wiki) = (world.tenant.jira.clone(), world.tenant.wiki.clone());
        let (jira_users, wiki_users) = (world.tenant.jira_users.clone(), world.tenant.wiki_users.clone());
        world.link_group(&jira_users, "jira-users", &[(&jira, blueprint.jira_role)]);
        let roles: Vec<(&str, &str)> =
            blueprint.wiki_role.iter().map(|role| (wiki.as_str(), *role)).collect();
        world.link_group(&wiki_users, "wiki-users", &roles);
        world
    }

    /// Gives an assigned group its names, its ids and its roles.
    fn link_group(&mut self, idp: &str, before: &str, roles: &[(&str, &str)]) {
        let (there, here) = names(self.blueprint.group_names, before);
        let external = self.blueprint.group_ids.then(|| idp.to_owned());
        if let Some(group) = self.tenant.entra.groups.get_mut(idp) {
            group.display_name = there;
        }
        let (mut scim, mut org) = (String::new(), String::new());
        for group in self.tenant.atlassian.scim_groups.values_mut().filter(|group| group.name == before) {
            group.name.clone_from(&here);
            group.external_id.clone_from(&external);
            scim.clone_from(&group.id);
        }
        for group in self.tenant.atlassian.groups.values_mut().filter(|group| group.name == before) {
            group.name.clone_from(&here);
            group.grants = roles.iter().map(|(resource, role)| grant(resource, role)).collect();
            org.clone_from(&group.id);
        }
        self.groups.push(GroupLink { idp: idp.to_owned(), scim, org, name: here });
    }

    fn add_site(&mut self) {
        let site = self.tenant.atlassian.add_workspace("jira-software", "Berlin Jira");
        for workspace in self.tenant.atlassian.workspaces.iter_mut().filter(|one| one.id == site) {
            "https://berlin.atlassian.net".clone_into(&mut workspace.host_url);
        }
        self.tenant.atlassian.add_group("berlin-users", true, &[(&site, "atlassian/user")]);
        let group = self.tenant.entra.add_group("berlin-users");
        self.tenant.entra.assign_group(&group);
        self.link_group(&group, "berlin-users", &[(&site, "atlassian/user")]);
    }

    fn map(&mut self) {
        let blueprint = self.blueprint.clone();
        let tenant = &mut self.tenant;
        schema::fill(tenant, "externalId", blueprint.external_id);
        schema::fill(tenant, "userName", Some(blueprint.user_name));
        schema::fill(tenant, "emails[type eq \"work\"].value", Some(blueprint.email));
        schema::fill(tenant, "active", blueprint.active);
        schema::match_by(tenant, blueprint.matching);
        if !blueprint.group_ids {
            schema::without_group_ids(tenant);
        }
        if let Some(job) = tenant.entra.atlassian_job() {
            job.sync_all = matches!(blueprint.assigned, Assigned::SyncAll | Assigned::GroupsAndSyncAll);
        }
        if blueprint.audit_log {
            tenant.grant_audit_log();
        }
    }

    fn add_directories(&mut self) {
        let kind = self.blueprint.second_directory;
        if kind != SecondDirectory::None {
            self.tenant.atlassian.add_directory(SECOND, SECOND_KEY);
        }
        match kind {
            SecondDirectory::WithKey | SecondDirectory::WithKeyAndRecord => {
                self.tenant.with_key.push((SECOND.to_owned(), SECOND_KEY.to_owned()));
            }
            SecondDirectory::WithoutKey => self.tenant.without_key.push(SECOND.to_owned()),
            SecondDirectory::None | SecondDirectory::Unknown => {}
        }
        if kind == SecondDirectory::WithKeyAndRecord {
            let values = self.values_of_person();
            let record = self.tenant.atlassian.scim_record(SECOND, &values.email, "", None);
            self.write_values(&record, &values);
            if let Some(person) = self.truth.humans.first_mut() {
                person.records.insert(record);
            }
        }
    }

    fn add_application(&mut self) {
        let kind = self.blueprint.other_application;
        if kind == OtherApplication::None {
            return;
        }
        let job = self.tenant.entra.atlassian_job().cloned();
        let other = self.tenant.entra.add_service_principal("Atlassian Cloud (old)");
        let job = job.filter(|_| kind != OtherApplication::WithoutJob).map(|mut job| {
            job.id = format!("{}.other", job.id);
            // It never provisioned anybody.
            job.cache.clear();
            if kind == OtherApplication::OtherService {
                "https://scim.other.example/v2".clone_into(&mut job.base_address);
            }
            job
        });
        if let Some(application) = self.tenant.entra.service_principals.get_mut(&other) {
            application.job = job;
        }
    }

    fn add_user_directories(&mut self) {
        let kind = self.blueprint.user_directories;
        if kind == UserDirectories::One {
            return;
        }
        let second = self.tenant.atlassian.add_user_directory("Second people");
        let account = self.account_of_person();
        match kind {
            UserDirectories::WikiInSecond => {
                if let Some(wiki) = self.groups.get(1).map(|group| group.name.clone()) {
                    self.tenant.atlassian.move_group(&wiki, &second);
                }
            }
            UserDirectories::SuspendedElsewhere => {
                self.tenant.atlassian.put_in(&account, &second, Membership::Suspended);
            }
            UserDirectories::One | UserDirectories::Empty => {}
        }
    }

    fn add_rest(&mut self) {
        let account = self.account_of_person();
        let jira = self.tenant.jira.clone();
        if let Some(role) = self.blueprint.direct_role
            && let Some(known) = self.tenant.atlassian.accounts.get_mut(&account)
        {
            known.direct_roles.insert((jira.clone(), role.to_owned()));
        }
        if self.blueprint.is_org_admin
            && let Some(known) = self.tenant.atlassian.accounts.get_mut(&account)
        {
            known.platform_roles.push("atlassian/org-admin".to_owned());
        }
        if self.blueprint.local_group {
            self.tenant.atlassian.add_group("local-jira", false, &[(&jira, "atlassian/user")]);
            self.tenant.atlassian.add_member(&account, "local-jira");
        }
        for workspace in &mut self.tenant.atlassian.workspaces {
            if self.blueprint.seats_full {
                workspace.usage = workspace.capacity;
            }
            if !self.blueprint.seats_known {
                (workspace.usage, workspace.capacity) = (None, None);
            }
        }
        if self.blueprint.foreign_alias_account {
            let foreign = self.tenant.account(ALIAS, "Jane Elsewhere", 0);
            if let Some(known) = self.tenant.atlassian.accounts.get_mut(&foreign) {
                (known.managed_by, known.membership) = (ManagedBy::Another, Membership::None);
            }
            if let Some(person) = self.truth.humans.first_mut() {
                person.spare_accounts.insert(foreign);
            }
        }
    }

    fn add_colleagues(&mut self) {
        self.employ(&Hire::member("Rick Roe", "rick.roe@acme.example"));
        match self.blueprint.colleagues {
            Colleagues::None => {}
            Colleagues::SimilarAddress => {
                self.employ(&Hire::member("Mary Jane", "mary.jane@acme.example"));
                self.employ(&Hire::member("Anne Doe", "ane@acme.example"));
            }
            Colleagues::SameName => {
                let given_name = Some("Janey");
                self.employ(&Hire { given_name, ..Hire::member("Jane Doe", "jane.doe2@acme.example") });
            }
            Colleagues::NicknameOfPerson => {
                let nickname = Some("jane");
                self.employ(&Hire { nickname, ..Hire::member("Jan Ed", "jan.ed@acme.example") });
            }
            Colleagues::DeletedSimilarAddress => {
                let at = self.employ(&Hire::member("Mary Jane", "mary.jane@acme.example"));
                self.retire(at);
            }
        }
    }
}

/// The names of an assigned group in Entra and at Atlassian.
fn names(kind: GroupNames, plain: &str) -> (String, String) {
    match kind {
        GroupNames::Same => (plain.to_owned(), plain.to_owned()),
        GroupNames::Capitals => (plain.to_uppercase(), plain.to_owned()),
        GroupNames::DoubleBlank => (plain.replace('-', "  "), plain.replace('-', " ")),
        GroupNames::Decomposed => (format!("{plain}-e\u{301}quipe"), format!("{plain}-\u{e9}quipe")),
    }
}

fn grant(resource: &str, role: &str) -> Grant {
    let owner = resource.split(':').nth(2).unwrap_or_default().to_owned();
    Grant { resource_id: resource.to_owned(), owner, roles: vec![role.to_owned()], default_role: None }
}

/// Builds the tenant of a blueprint, with the staff of the help desk or without.
pub(super) fn build(blueprint: &Blueprint, staff: bool) -> World {
    let mut blueprint = blueprint.clone();
    // Without a mailbox, an address that comes from the mailbox alone would be missing, which is a fault.
    if blueprint.person == PersonKind::NoMailbox && !blueprint.email.contains("[userPrincipalName]") {
        blueprint.email = "Coalesce([mail], [userPrincipalName])";
    }
    let mut world = World::new(&blueprint);
    world.map();
    if blueprint.second_site {
        world.add_site();
    }
    world.employ_person();
    world.add_colleagues();
    for (address, name) in STAFF.into_iter().filter(|_| staff) {
        world.employ(&Hire::member(name, address));
    }
    world.add_directories();
    world.add_application();
    world.add_user_directories();
    world.add_rest();
    history::write(&mut world);
    world
}
