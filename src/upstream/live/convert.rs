//! Converts the answers of the services to the types of the core. It must never invent a value: what a service did
//! not return stays `None`.

use std::collections::BTreeSet;

use crate::upstream::atlassian::groups;
use crate::upstream::atlassian::links::ScimLink;
use crate::upstream::atlassian::manage::{Permission, Privileges};
use crate::upstream::atlassian::users as atlassian;
use crate::upstream::entra::{audit, directory, jobs, log, schema, steps};
use crate::upstream::scim;
use reinstate_core::evidence as core;
use reinstate_core::subject::{RecordId, normalize};

pub(super) fn user(user: directory::User) -> Option<core::IdpUser> {
    let aliases = user.proxy_addresses.iter().chain(&user.other_mails);
    let plain = |alias: &String| match alias.split_once(':') {
        // Other address types (SIP, X500) are not e-mail addresses.
        Some((kind, address)) => kind.eq_ignore_ascii_case("smtp").then(|| address.to_owned()),
        None => Some(alias.clone()),
    };
    Some(core::IdpUser {
        id: user.id?,
        upn: user.user_principal_name,
        mail: user.mail.filter(|mail| !mail.is_empty()),
        aliases: aliases.filter_map(plain).collect(),
        enabled: user.account_enabled,
        name: user.display_name,
        kind: user.user_type,
        created: user.created_date_time,
        on_premises: user.on_premises_sync_enabled,
        attributes: user.attributes,
    })
}

pub(super) fn group(group: directory::Group) -> Option<core::IdpGroup> {
    Some(core::IdpGroup {
        id: group.id?,
        name: group.display_name.unwrap_or_default(),
        security: group.security_enabled,
    })
}

pub(super) fn dynamic_group(group: directory::Group) -> Option<core::DynamicGroup> {
    let state = group.membership_rule_processing_state.as_deref().map(str::to_lowercase);
    Some(core::DynamicGroup {
        id: group.id?,
        name: group.display_name.unwrap_or_default(),
        rule: group.membership_rule,
        paused: match state.as_deref() {
            Some("paused") => Some(true),
            Some("on") => Some(false),
            _ => None,
        },
    })
}

pub(super) fn assignment(assignment: directory::Assignment) -> Option<core::Assignment> {
    Some(core::Assignment {
        principal: assignment.principal_id?,
        is_group: assignment.principal_type.is_some_and(|kind| kind.eq_ignore_ascii_case("group")),
        name: assignment.principal_display_name.unwrap_or_default(),
        created: assignment.created_date_time,
        default_access: assignment.app_role_id.as_deref().map(is_default_access),
    })
}

/// Default Access is the role whose id contains no digit except zero.
fn is_default_access(role: &str) -> bool {
    role.chars().all(|c| c == '0' || c == '-')
}

pub(super) fn job(job: jobs::Job) -> Option<core::Job> {
    let status = job.status;
    let quarantine = status.quarantine.as_ref();
    let last = status.last_execution.as_ref();
    let in_quarantine = quarantine.and_then(|q| q.error.code.clone());
    Some(core::Job {
        id: job.id?,
        schedule: job.schedule.state,
        code: status.code.clone(),
        quarantine: quarantine.map(|q| q.reason.clone().unwrap_or_else(|| "no reason given".to_owned())),
        error_code: in_quarantine.or_else(|| last.and_then(|run| run.error.code.clone())),
        tenant_actionable: quarantine.and_then(|q| q.error.tenant_actionable),
        cycle_began: last.and_then(|run| run.time_began),
        last_cycle: last.and_then(|run| run.time_ended),
        last_success: status.last_successful_execution.as_ref().and_then(|run| run.time_ended),
    })
}

/// Who last stopped the job of this application, if it was stopped after it was last started. A change that names no
/// application may concern this one. It counts only if a person made it; a change by the service proves nothing.
///
/// A log that was not read to its end and contains no such change proves nothing, so it is an error.
pub(super) fn stopper(
    read: audit::JobChanges,
    service_principal: &str,
) -> Result<Option<core::StoppedBy>, String> {
    let ours = |change: &audit::JobChange| {
        let named = change.targets.iter().any(|id| id.eq_ignore_ascii_case(service_principal));
        named || (change.targets.is_empty() && change.by_user.is_some())
    };
    let newest = read.changes.into_iter().filter(ours).find(|change| {
        let activity = change.activity.to_lowercase();
        activity.starts_with("disable/") || activity.starts_with("enable/")
    });
    let newest = match newest {
        Some(newest) => newest,
        None if read.complete => return Ok(None),
        None => return Err("the audit log is longer than what is read of it".to_owned()),
    };
    if newest.activity.to_lowercase().starts_with("enable/") {
        return Ok(None);
    }
    Ok(match (newest.by_user, newest.by_app) {
        (Some(name), _) => Some(core::StoppedBy::Named(name)),
        (None, Some(app)) if app.to_lowercase().contains("provisioning") => Some(core::StoppedBy::Service),
        (None, Some(app)) => Some(core::StoppedBy::Named(app)),
        (None, None) => None,
    })
}

/// Counts what is pending in the log of a job. An incomplete log would give a count that is too low, so it is an
/// error.
pub(super) fn pending(log: log::LogRead) -> Result<core::Pending, String> {
    if !log.complete {
        return Err("the job's log of the last 30 days is too long to be counted".to_owned());
    }
    let mut settled: BTreeSet<(String, String)> = BTreeSet::new();
    let mut pending = core::Pending::default();
    for entry in log.entries {
        let (Some(action), Some(object)) = (entry.action, entry.source_id) else { continue };
        // The entries are sorted newest first, and the newest entry of an object counts. A staged deletion stays one.
        let newest = settled.insert((action.clone(), object));
        let waits = newest && entry.status == Some(steps::Status::Failure);
        match action.as_str() {
            "stageddelete" if newest => pending.staged_deletes += 1,
            "delete" if waits => pending.deletes += 1,
            "disable" if waits => pending.disables += 1,
            _ => {}
        }
    }
    Ok(pending)
}

pub(super) fn mapping(mapping: schema::Mapping) -> core::Mapping {
    core::Mapping {
        user_rule: mapping.user_rule,
        group_rule: mapping.group_rule,
        groups_on: mapping.groups_enabled != Some(false) && mapping.memberships_flow != Some(false),
        user_name_from: mapping.user_name,
        email_from: mapping.work_email,
        external_id_from: mapping.external_id,
        active_from: mapping.active,
        matching: mapping.user_matching,
        scoped: mapping.users_filtered,
        sync_all: None,
        directory: None,
    }
}

pub(super) fn log_entry(entry: log::LogEntry) -> core::LogEntry {
    let status = match entry.status {
        Some(steps::Status::Success) => "success",
        Some(steps::Status::Failure) => "failure",
        Some(steps::Status::Skipped) => "skipped",
        Some(_) => "warning",
        None => "unknown",
    };
    let wrapped = entry.wrapped.unwrap_or_default();
    core::LogEntry {
        at: entry.at,
        action: entry.action.unwrap_or_default(),
        status: status.to_owned(),
        error_code: entry.error_code,
        http_status: wrapped.status,
        scim_type: wrapped.scim_type,
        detail: wrapped.detail,
        skip_reason: entry.skip.map(|skip| match skip {
            steps::SkipReason::RedundantExport => "RedundantExport".to_owned(),
            steps::SkipReason::NotEntitled => "NotEffectivelyEntitled".to_owned(),
            steps::SkipReason::Other(other) => other,
        }),
        filtered_out: entry.scoping.in_scope == Some(false) || !entry.scoping.failed_clauses.is_empty(),
        scoping: core::Scoping {
            active: entry.scoping.active,
            assigned: entry.scoping.assigned,
            in_filter: entry.scoping.in_scope,
        },
        failed_clauses: entry.scoping.failed_clauses,
        target: entry.target_id,
        change_id: entry.change_id,
        cycle_id: entry.cycle_id,
        retry_at: wrapped.retry_at,
    }
}

pub(super) fn account(account: atlassian::Account) -> Option<core::Account> {
    let composite = account.status.as_deref().map(str::to_lowercase).unwrap_or_default();
    let claim = match account.claim_status.as_deref().map(str::to_lowercase).as_deref() {
        Some("managed") => core::Claim::Managed,
        Some("unmanaged") => core::Claim::Unmanaged,
        _ => core::Claim::Unknown,
    };
    // `status` combines the two other fields (docs/reference/rules.md#atlassian-account-status). It is used only if
    // they are absent.
    let status = account.account_status.or_else(|| match composite.as_str() {
        "active" | "suspended" | "not_invited" => Some("active".to_owned()),
        "deactivated" | "for_deletion" => Some("inactive".to_owned()),
        _ => None,
    });
    let membership = account.membership_status.or_else(|| match composite.as_str() {
        "active" => Some("active".to_owned()),
        "suspended" => Some("suspended".to_owned()),
        "not_invited" => Some("no_membership".to_owned()),
        _ => None,
    });
    let groups = account.groups.map(|groups| {
        // A group without a name is kept, because it may be one of those that seem to be missing.
        let named = groups.into_iter().map(|group| core::IdpGroup {
            id: group.id.unwrap_or_default(),
            name: group.name.unwrap_or_default(),
            security: None,
        });
        named.collect()
    });
    Some(core::Account {
        id: account.account_id?,
        kind: account.account_type,
        email: account.email,
        name: account.name,
        status,
        membership,
        for_deletion: account.for_deletion.unwrap_or(composite == "for_deletion"),
        claim,
        added: account.added_to_org.map(|at| at.strftime("%Y-%m-%d").to_string()),
        email_verified: account.email_verified,
        source: account.management_source,
        // An empty list may mean that the field was not returned; the role assignments show the truth.
        platform_roles: (!account.platform_roles.is_empty()).then_some(account.platform_roles),
        groups,
    })
}

/// Whether a resource is an app. A resource without an id and an owner does not count as one.
fn is_app(resource: &str, owner: &str) -> bool {
    let platform = owner == "platform" || resource.starts_with("ari:cloud:platform");
    let named = !resource.is_empty() || !owner.is_empty();
    named && !platform
}

pub(super) fn roles(all: Vec<atlassian::Roles>) -> Result<Vec<core::AppRole>, String> {
    let mut list = Vec::new();
    for held in all {
        let resource = held.resource_id.clone().unwrap_or_default();
        let owner = held.resource_owner.clone().unwrap_or_default().to_lowercase();
        let app = is_app(&resource, &owner);
        let row = core::AppRole {
            resource,
            directory: held.directory_id.clone(),
            status: held.user_directory_status.clone(),
            ..core::AppRole::default()
        };
        let names = held.names().ok_or("a role assignment of the account does not say its roles")?;
        if names.is_empty() {
            list.push(row);
            continue;
        }
        for role in names {
            list.push(core::AppRole {
                role: role.to_owned(),
                app: app && core::opens_app(role),
                direct: held.is_direct(role),
                ..row.clone()
            });
        }
    }
    list.sort();
    Ok(list)
}

pub(super) fn user_directory(directory: atlassian::Directory) -> Option<core::UserDirectory> {
    Some(core::UserDirectory { id: directory.directory_id?, name: directory.name })
}

pub(super) fn uses(last: atlassian::LastActive) -> Vec<core::AppUse> {
    let mut all: Vec<core::AppUse> = last
        .product_access
        .iter()
        .filter_map(|app| {
            let day = app.last()?.to_string();
            let name = app.key.clone().or_else(|| app.name.clone()).unwrap_or_else(|| "an app".to_owned());
            Some(core::AppUse { app: name, day: day.get(..10).unwrap_or(&day).to_owned() })
        })
        .collect();
    all.sort();
    all
}

pub(super) fn permissions(privileges: &Privileges, asked: &[&str]) -> core::Permissions {
    let said = asked.iter().filter_map(|name| {
        let reason = match privileges.get(name)? {
            Permission::Allowed => None,
            Permission::Refused(reason) => {
                Some(reason.clone().unwrap_or_else(|| "no reason given".to_owned()))
            }
        };
        Some(((*name).to_owned(), reason))
    });
    let mut permissions = core::Permissions(said.collect());
    // The reason for one's own account may appear at any privilege.
    if privileges.any_refused_for("administrative.notMyself") {
        permissions.0.insert("any".to_owned(), Some("administrative.notMyself".to_owned()));
    }
    permissions
}

pub(super) fn link(link: ScimLink) -> Option<core::ScimLink> {
    Some(core::ScimLink {
        id: RecordId { directory: link.directory_id.unwrap_or_default(), record: link.scim_user_id? },
        account: link.atlassian_account_id,
    })
}

pub(super) fn record(directory: &str, user: scim::ScimUser) -> Option<core::ScimRecord> {
    let account = user.account_id().map(str::to_owned);
    let email = user.email().map(str::to_owned);
    let groups = user.groups.unwrap_or_default().into_iter().filter_map(|group| {
        Some(core::IdpGroup { name: group.display.unwrap_or_default(), id: group.value?, security: None })
    });
    Some(core::ScimRecord {
        id: RecordId { directory: directory.to_owned(), record: user.id? },
        external_id: user.external_id,
        user_name: user.user_name,
        email,
        active: user.active,
        account,
        groups: groups.collect(),
        created: user.meta.created,
        modified: user.meta.last_modified,
    })
}

pub(super) fn org_group(group: groups::Group) -> Option<core::OrgGroup> {
    let synced = group.is_synced();
    Some(core::OrgGroup {
        id: group.id?,
        name: group.name?,
        synced,
        directory: group.directory_id,
        resources: group.counts.resources,
        members: group.counts.users,
    })
}

pub(super) fn group_role(held: groups::GroupRoles) -> Result<core::GroupRole, String> {
    let resource = held.resource_id.unwrap_or_default();
    let owner = held.resource_owner.unwrap_or_default().to_lowercase();
    let roles = held.roles.ok_or("a role assignment of the group does not say its roles")?;
    Ok(core::GroupRole {
        app: is_app(&resource, &owner),
        owner: Some(owner).filter(|owner| !owner.is_empty()),
        roles,
        is_default: held.default_role.is_some(),
        resource,
    })
}

pub(super) fn workspace(space: groups::Workspace) -> Option<core::Workspace> {
    let id = space.id?;
    let attributes = space.attributes;
    Some(core::Workspace {
        name: attributes.name.unwrap_or_else(|| id.clone()),
        key: attributes.type_key,
        site: attributes.host_url.as_deref().and_then(site),
        usage: attributes.usage,
        capacity: attributes.capacity,
        id,
    })
}

/// The name of a site: the first part of its host name, such as `acme` of `https://acme.atlassian.net`.
fn site(host_url: &str) -> Option<String> {
    let url = url::Url::parse(host_url).ok();
    let host = url.as_ref().and_then(url::Url::host_str).unwrap_or(host_url);
    let first = host.split('.').next().unwrap_or_default();
    (!first.is_empty()).then(|| first.to_owned())
}

/// The SCIM directory id in the URL that a job writes to: `…/scim/directory/{id}`.
pub(super) fn directory_of(base_address: &str) -> Option<String> {
    let (_, rest) = base_address.split_once("/scim/directory/")?;
    let id = rest.split(['/', '?']).next().unwrap_or_default();
    (!id.is_empty()).then(|| id.to_owned())
}

pub(super) fn domain(domain: atlassian::Domain) -> core::Domain {
    core::Domain {
        name: normalize(&domain.name),
        verified: domain.status.is_some_and(|status| status.eq_ignore_ascii_case("verified")),
    }
}

#[cfg(test)]
#[path = "convert_tests.rs"]
mod tests;
