//! The people and groups at the identity provider, and the assignments to the application.

use std::collections::BTreeMap;

use jiff::Timestamp;
use reinstate_core::diagnose::Case;
use reinstate_core::evidence::{IdpGroup, IdpUser, Read};

use super::Missing;
use crate::entra::{Assignment, DEFAULT_ACCESS, Group, USER_ROLE, User};
use crate::tenant::Tenant;

pub(super) fn arrange(case: &Case<'_>, tenant: &mut Tenant, missing: &mut Missing) {
    let e = case.e;
    rename_application(case, tenant);
    let known = |read: &Read<Vec<IdpUser>>| read.get().cloned().unwrap_or_default();
    let others = e.owners.values().chain(e.bearers.values()).flat_map(known);
    for user in known(&e.users).into_iter().chain(others) {
        if tenant.entra.users.contains_key(&user.id) {
            continue;
        }
        tenant.entra.users.insert(user.id.clone(), person(&user, missing));
    }
    for user in known(&e.deleted_users) {
        let deleted = User { deleted: Some(e.asked_at), ..person(&user, missing) };
        tenant.entra.deleted_users.insert(user.id.clone(), deleted);
    }
    tenant.entra.domains.extend(e.tenant_domains.get().cloned().unwrap_or_default());
    memberships(case, tenant, missing);
    for dynamic in e.dynamic_groups.get().into_iter().flatten() {
        add_group(
            tenant,
            &IdpGroup { id: dynamic.id.clone(), name: dynamic.name.clone(), security: Some(true) },
        );
        if let Some(group) = tenant.entra.groups.get_mut(&dynamic.id) {
            group.membership_rule = Some(dynamic.rule.clone().unwrap_or_default());
            group.rule_is_paused = dynamic.paused == Some(true);
        }
    }
    assignments(case, tenant, missing);
}

/// The bot is configured with the id of the application.
fn rename_application(case: &Case<'_>, tenant: &mut Tenant) {
    let Some(id) = case.e.places.application.clone() else { return };
    let entra = &mut tenant.entra;
    if let Some(mut application) = entra.service_principals.remove(&entra.atlassian) {
        application.id.clone_from(&id);
        for assignment in entra.assignments.iter_mut().filter(|one| one.resource == entra.atlassian) {
            assignment.resource.clone_from(&id);
        }
        entra.atlassian.clone_from(&id);
        entra.service_principals.insert(id, application);
    }
}

fn person(user: &IdpUser, missing: &mut Missing) -> User {
    let short = user.id.get(..8).unwrap_or(&user.id);
    if user.upn.is_none() {
        missing.add(format!("Of the user {short}…, only the id is known."));
    }
    if user.enabled.is_none() {
        missing.add(format!("Whether the user {short}… is enabled is not known, so the user is disabled."));
    }
    let mut addresses: Vec<String> = user.mail.iter().map(|mail| format!("SMTP:{mail}")).collect();
    for alias in &user.aliases {
        if user.mail.as_ref() != Some(alias) {
            addresses.push(format!("smtp:{alias}"));
        }
    }
    let mut attributes: BTreeMap<String, String> = user.attributes.clone();
    let mut take = |name: &str| attributes.remove(name);
    let mut made = User {
        id: user.id.clone(),
        upn: user.upn.clone().unwrap_or_default(),
        mail: user.mail.clone(),
        proxy_addresses: addresses,
        account_enabled: user.enabled == Some(true),
        user_type: user.kind.clone().unwrap_or_default(),
        display_name: user.name.clone().unwrap_or_default(),
        given_name: take("givenName"),
        surname: take("surname"),
        department: take("department"),
        job_title: take("jobTitle"),
        mail_nickname: take("mailNickname"),
        employee_id: take("employeeId"),
        on_premises_upn: take("onPremisesUserPrincipalName"),
        on_premises_immutable_id: take("onPremisesImmutableId"),
        created: user.created.unwrap_or(Timestamp::UNIX_EPOCH),
        on_premises_sync_enabled: user.on_premises,
        ..User::default()
    };
    for (name, value) in attributes {
        if name.starts_with("extensionAttribute") {
            made.extension_attributes.insert(name, value);
        } else {
            missing.add(format!("The sandbox has no attribute {name}."));
        }
    }
    made
}

fn add_group(tenant: &mut Tenant, group: &IdpGroup) {
    if !tenant.entra.groups.contains_key(&group.id) {
        let made = Group {
            id: group.id.clone(),
            display_name: group.name.clone(),
            security_enabled: group.security != Some(false),
            membership_rule: None,
            rule_is_paused: false,
            on_premises_sync_enabled: None,
            created: Timestamp::UNIX_EPOCH,
            members: Vec::new(),
        };
        tenant.entra.groups.insert(group.id.clone(), made);
    }
}

fn memberships(case: &Case<'_>, tenant: &mut Tenant, missing: &mut Missing) {
    let Some(person) = case.person else { return };
    let direct = case.e.memberships.get().cloned().unwrap_or_default();
    for group in &direct {
        add_group(tenant, group);
        tenant.entra.add_member(&group.id, &person.id);
    }
    for group in case.e.nested.get().into_iter().flatten() {
        if direct.iter().any(|known| known.id == group.id) {
            continue;
        }
        add_group(tenant, group);
        match direct.first() {
            Some(child) => tenant.entra.nest(&group.id, &child.id),
            None => missing.add("Through which group the person is in a nested group is not known."),
        }
    }
}

fn assignments(case: &Case<'_>, tenant: &mut Tenant, missing: &mut Missing) {
    let Some(all) = case.e.assignments.get() else { return };
    let is_scoped = case.e.mapping.get().is_some_and(|mapping| mapping.scoped);
    for assignment in all {
        if assignment.is_group {
            let group =
                IdpGroup { id: assignment.principal.clone(), name: assignment.name.clone(), security: None };
            add_group(tenant, &group);
        }
        let mine = case.person.is_some_and(|person| person.id == assignment.principal)
            || tenant.entra.groups.get(&assignment.principal).is_some_and(|group| {
                case.person.is_some_and(|person| group.members.iter().any(|member| member.id == person.id))
            });
        if assignment.created.is_none() {
            missing.add("The time of an assignment is not known, so it is long ago.");
        }
        tenant.entra.assignments.push(Assignment {
            id: format!("asg{}", assignment.principal.replace('-', "")),
            principal: assignment.principal.clone(),
            resource: tenant.entra.atlassian.clone(),
            app_role: if assignment.default_access == Some(true) { DEFAULT_ACCESS } else { USER_ROLE }
                .to_owned(),
            // The identity provider said so after its last success.
            is_broken: mine && !is_scoped && case.is_not_entitled() == Some(true),
            created: assignment.created.unwrap_or(Timestamp::UNIX_EPOCH),
        });
    }
}
