//! The people of a generated tenant: their user object, their account, and the record that the job would have written.

use std::collections::BTreeSet;

use super::blueprint::{AskedBy, Assigned, PersonKind};
use super::truth::Human;
use super::world::{ALIAS, World};
use crate::entra::{Assignment, DEFAULT_ACCESS, User};
use crate::tenant::{DIRECTORY, hours_ago};

/// Who is hired.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hire {
    pub name: &'static str,
    pub upn: &'static str,
    pub mail: Option<&'static str>,
    pub guest: bool,
    pub nickname: Option<&'static str>,
    pub given_name: Option<&'static str>,
}

impl Hire {
    /// An employee whose user principal name is the address.
    pub fn member(name: &'static str, address: &'static str) -> Self {
        Self { name, upn: address, mail: Some(address), guest: false, nickname: None, given_name: None }
    }
}

/// What the job writes for a user.
#[derive(Clone, Debug)]
pub(super) struct Values {
    pub external_id: Option<String>,
    pub user_name: String,
    pub email: String,
}

impl World {
    /// The person of interest.
    #[must_use]
    pub fn person(&self) -> Human {
        self.truth.humans.first().cloned().unwrap_or_default()
    }

    /// The object id of the person of interest. Empty once a fault has removed the user object.
    pub(super) fn idp_of_person(&self) -> String {
        self.person().idp.unwrap_or_default()
    }

    pub(super) fn account_of_person(&self) -> String {
        self.person().account.unwrap_or_default()
    }

    /// The record of the person in the job's directory.
    pub(super) fn record_of_person(&self) -> String {
        let records = self.person().records;
        let here = |id: &&String| {
            self.tenant.atlassian.scim_users.get(*id).is_some_and(|record| record.directory == DIRECTORY)
        };
        records.iter().find(here).cloned().unwrap_or_default()
    }

    pub(super) fn values_of_person(&self) -> Values {
        self.values(&self.idp_of_person())
    }

    /// What the job writes for a user, present or deleted.
    pub(super) fn values(&self, idp: &str) -> Values {
        let entra = &self.tenant.entra;
        let none = User::default();
        let user = entra.users.get(idp).or_else(|| entra.deleted_users.get(idp)).unwrap_or(&none);
        let email = entra.mapped(user, "emails[type eq \"work\"].value");
        let email = email.or_else(|| user.mail.clone()).unwrap_or_else(|| user.upn.clone());
        Values {
            external_id: entra.mapped(user, "externalId"),
            user_name: entra.mapped(user, "userName").unwrap_or_else(|| email.clone()),
            email,
        }
    }

    /// Makes a record hold these values.
    pub(super) fn write_values(&mut self, record: &str, values: &Values) {
        if let Some(known) = self.tenant.atlassian.scim_users.get_mut(record) {
            known.external_id.clone_from(&values.external_id);
            known.user_name.clone_from(&values.user_name);
            known.email.clone_from(&values.email);
        }
    }

    /// The person of interest, as the blueprint says.
    pub(super) fn employ_person(&mut self) {
        let plain = Hire::member("Jane Doe", "jane@acme.example");
        let hire = match self.blueprint.person {
            PersonKind::Plain => plain,
            PersonKind::OtherName => Hire { upn: "jd0417@acme.example", ..plain },
            PersonKind::Guest => Hire {
                upn: "jane_partner.example#EXT#@acme.example",
                mail: Some("jane@partner.example"),
                guest: true,
                ..plain
            },
            PersonKind::Capitals => Hire::member("Jane Doe", "Jane@Acme.example"),
            PersonKind::Unicode => Hire::member("Zo\u{eb} Doe", "zo\u{eb}.doe@acme.example"),
            PersonKind::NoMailbox => Hire { mail: None, ..plain },
        };
        let hire = Hire { nickname: Some("jdoe"), ..hire };
        let at = self.employ(&hire);
        let idp = self.idp_of_person();
        if self.blueprint.aliases
            && let Some(user) = self.tenant.entra.users.get_mut(&idp)
        {
            user.proxy_addresses.push(format!("smtp:{ALIAS}"));
            user.other_mails.push("jane@home.example".to_owned());
            if let Some(human) = self.truth.humans.get_mut(at) {
                human.addresses.extend([ALIAS.to_owned(), "jane@home.example".to_owned()]);
            }
        }
        self.who = match self.blueprint.asked_by {
            AskedBy::Address => hire.mail.unwrap_or(hire.upn).to_owned(),
            AskedBy::UserPrincipalName => hire.upn.to_owned(),
            AskedBy::AccountId => self.account_of_person(),
        };
        self.assign_person(&idp);
    }

    /// Hires somebody for whom everything is in order. Returns their place among the humans.
    pub(super) fn employ(&mut self, hire: &Hire) -> usize {
        let idp = self.tenant.entra.add_user(hire.upn, hire.name);
        if let Some(user) = self.tenant.entra.users.get_mut(&idp) {
            let local = hire.upn.split(['@', '#']).next().unwrap_or_default();
            user.on_premises_upn = Some(format!("{local}@corp.acme.example"));
            user.mail = hire.mail.map(str::to_owned);
            user.proxy_addresses = hire.mail.iter().map(|mail| format!("SMTP:{mail}")).collect();
            if let Some(nickname) = hire.nickname {
                user.mail_nickname = Some(nickname.to_owned());
            }
            if let Some(name) = hire.given_name {
                user.given_name = Some(name.to_owned());
            }
            if hire.guest {
                "Guest".clone_into(&mut user.user_type);
                user.proxy_addresses.clear();
            }
        }
        let human = Human {
            name: hire.name.to_owned(),
            asked: hire.mail.unwrap_or(hire.upn).to_owned(),
            idp: Some(idp.clone()),
            addresses: hire.mail.into_iter().chain([hire.upn]).map(str::to_owned).collect(),
            living: true,
            ..Human::default()
        };
        self.truth.humans.push(human);
        let at = self.truth.humans.len().saturating_sub(1);
        self.provision(at);
        at
    }

    /// Makes the account and the record of a human, as the job would, with all assigned groups.
    fn provision(&mut self, at: usize) {
        let Some(idp) = self.truth.humans.get(at).and_then(|human| human.idp.clone()) else { return };
        let name = self.truth.humans.get(at).map(|human| human.name.clone()).unwrap_or_default();
        let values = self.values(&idp);
        let contributions = if self.blueprint.used { 120 } else { 0 };
        let account = self.tenant.account(&values.email.to_lowercase(), &name, contributions);
        let record = self.tenant.atlassian.scim_record(DIRECTORY, &values.email, "", Some(&account));
        self.write_values(&record, &values);
        if let Some(human) = self.truth.humans.get_mut(at) {
            human.account = Some(account);
            human.addresses.insert(values.email);
            human.records.insert(record.clone());
        }
        for group in self.groups.clone() {
            self.tenant.entra.add_member(&group.idp, &idp);
            self.tenant.atlassian.join(&record, &group.name);
        }
        self.exported(&idp, &record);
    }

    /// Makes the identity provider's cache hold a record and the memberships that the person has now.
    pub(super) fn exported(&mut self, idp: &str, record: &str) {
        self.tenant.entra.remember_export(idp, record, &[]);
        for group in self.groups.clone() {
            let is_member = self.tenant.entra.groups.get(&group.idp).is_some_and(|known| known.has(idp));
            let known = self.tenant.entra.atlassian_job().and_then(|job| job.cache.get(&group.idp));
            let mut members: BTreeSet<String> =
                known.map(|export| export.members.clone()).unwrap_or_default();
            if is_member {
                members.insert(idp.to_owned());
            }
            let members: Vec<&str> = members.iter().map(String::as_str).collect();
            self.tenant.entra.remember_export(&group.idp, &group.scim, &members);
        }
    }

    /// Changes the person's way into the application from "through the groups" to that of the blueprint.
    fn assign_person(&mut self, idp: &str) {
        let kind = self.blueprint.assigned;
        if matches!(kind, Assigned::Direct | Assigned::SyncAll) {
            self.leave_groups();
            self.give_direct_role();
        }
        let entra = &mut self.tenant.entra;
        match kind {
            Assigned::Groups | Assigned::SyncAll | Assigned::GroupsAndSyncAll => {}
            Assigned::GroupsAndDirect | Assigned::Direct => entra.assign_user(idp),
            Assigned::DynamicGroups => {
                for group in entra.groups.values_mut() {
                    group.membership_rule = Some("user.accountEnabled -eq true".to_owned());
                }
            }
            Assigned::DefaultAccess => {
                for assignment in &mut entra.assignments {
                    DEFAULT_ACCESS.clone_into(&mut assignment.app_role);
                }
            }
            Assigned::OneBroken => {
                if let Some(assignment) = entra.assignments.first_mut() {
                    assignment.is_broken = true;
                }
            }
        }
    }

    /// Takes the person out of every assigned group, in each place.
    pub(super) fn leave_groups(&mut self) {
        let (idp, record) = (self.idp_of_person(), self.record_of_person());
        for group in self.groups.clone() {
            self.tenant.entra.remove_member(&group.idp, &idp);
            self.tenant.atlassian.leave(&record, &group.name);
            if let Some(export) =
                self.tenant.entra.atlassian_job().and_then(|job| job.cache.get_mut(&group.idp))
            {
                export.members.remove(&idp);
            }
        }
    }

    /// Gives the person's account a role in Jira by hand.
    pub(super) fn give_direct_role(&mut self) {
        let (account, jira) = (self.account_of_person(), self.tenant.jira.clone());
        if let Some(known) = self.tenant.atlassian.accounts.get_mut(&account) {
            known.direct_roles.insert((jira, "atlassian/user".to_owned()));
        }
    }

    /// Deletes a colleague at the identity provider. Atlassian keeps their account, inactive, without a record.
    pub(super) fn retire(&mut self, at: usize) {
        let Some(human) = self.truth.humans.get_mut(at) else { return };
        human.living = false;
        let (idp, account) =
            (human.idp.take().unwrap_or_default(), human.account.clone().unwrap_or_default());
        let records = std::mem::take(&mut human.records);
        self.tenant.entra.delete_user(&idp, hours_ago(50));
        for record in records {
            self.forget(&record);
        }
        self.tenant.atlassian.set_active(&account, false);
        if let Some(job) = self.tenant.entra.atlassian_job() {
            job.cache.remove(&idp);
            job.cache.values_mut().for_each(|export| export.members.retain(|id| *id != idp));
        }
    }

    /// Deletes a record and its memberships at Atlassian. The identity provider does not learn of it.
    pub(super) fn forget(&mut self, record: &str) {
        for group in self.groups.clone() {
            self.tenant.atlassian.leave(record, &group.name);
        }
        self.tenant.atlassian.scim_users.remove(record);
    }

    /// The assignments that reach the person directly or through a group.
    pub(super) fn assignments_of_person(&mut self) -> Vec<&mut Assignment> {
        let idp = self.idp_of_person();
        let groups: BTreeSet<String> = self
            .groups
            .iter()
            .map(|group| group.idp.clone())
            .filter(|group| self.tenant.entra.groups.get(group).is_some_and(|known| known.has(&idp)))
            .collect();
        let all = self.tenant.entra.assignments.iter_mut();
        all.filter(|one| one.principal == idp || groups.contains(&one.principal)).collect()
    }
}
