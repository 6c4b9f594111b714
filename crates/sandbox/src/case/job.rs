//! The synchronization job: its state, its mapping, and what it believes it has written.

use jiff::{SignedDuration, Timestamp};
use reinstate_core::diagnose::Case;
use reinstate_core::evidence::{Job as Known, Mapping, StoppedBy};
use reinstate_core::subject::normalize_name;
use serde_json::{Value, json};

use super::Missing;
use crate::entra::{By, Entra, JobCode, Quarantine, Run, STOPPED};
use crate::tenant::{SCIM_KEY, Tenant};

pub(super) fn arrange(case: &Case<'_>, tenant: &mut Tenant, missing: &mut Missing) {
    let e = case.e;
    // One optional permission is for both sources.
    if e.stopped_by.get().is_some() || e.tenant_domains.get().is_some() {
        tenant.grant_audit_log();
    }
    if let Some(all) = e.applications.get() {
        // The configured application has no job.
        let own = tenant.entra.atlassian.clone();
        if let Some(application) = tenant.entra.service_principals.get_mut(&own) {
            application.job = None;
        }
        for application in all.iter().filter(|application| application.id != own) {
            other_application(&mut tenant.entra, &application.id, &application.name, application.has_job);
        }
        return;
    }
    if let Some(job) = e.job.get() {
        state(job, &mut tenant.entra);
    }
    if let Some(mapping) = e.mapping.get() {
        schema(mapping, case, tenant, missing);
    }
    stopped_by(case, tenant);
    cache(case, tenant);
}

fn other_application(entra: &mut Entra, id: &str, name: &str, has_job: bool) {
    let made = entra.add_service_principal(name);
    let Some(mut application) = entra.service_principals.remove(&made) else { return };
    application.id = id.to_owned();
    entra.service_principals.insert(id.to_owned(), application);
    if has_job {
        let own = std::mem::replace(&mut entra.atlassian, id.to_owned());
        entra.job("", SCIM_KEY);
        entra.atlassian = own;
    }
}

fn state(known: &Known, entra: &mut Entra) {
    let Some(job) = entra.atlassian_job() else { return };
    job.id.clone_from(&known.id);
    job.schedule_state = known.schedule.clone().unwrap_or_else(|| "Active".to_owned());
    job.code = match known.code.as_deref().map(str::to_lowercase).as_deref() {
        Some("notconfigured") => JobCode::NotConfigured,
        Some("notrun") => JobCode::NotRun,
        Some("paused") => JobCode::Paused,
        Some("quarantine") => JobCode::Quarantine,
        _ => JobCode::Active,
    };
    let ended = known.last_cycle.or(known.last_success);
    job.quarantine = known.quarantine.clone().map(|reason| Quarantine {
        reason,
        began: ended.unwrap_or(Timestamp::UNIX_EPOCH),
        next_attempt: ended.unwrap_or(Timestamp::UNIX_EPOCH),
        code: known.error_code.clone().unwrap_or_default(),
        message: String::new(),
        tenant_actionable: known.tenant_actionable != Some(false),
    });
    let failed = known.error_code.clone().filter(|_| known.quarantine.is_none());
    job.last_execution = known.last_cycle.map(|ended| run(known.cycle_began, ended, failed));
    job.last_success = known.last_success.map(|ended| run(None, ended, None));
}

fn run(began: Option<Timestamp>, ended: Timestamp, failed: Option<String>) -> Run {
    Run {
        id: "00000000-0000-4000-8000-0000000000ca".to_owned(),
        began: began.unwrap_or(ended),
        ended,
        state: if failed.is_some() { "Failed" } else { "Succeeded" }.to_owned(),
        imported: 0,
        exported: 0,
        escrowed: 0,
        error: failed.map(|code| (code, String::new())),
    }
}

fn schema(mapping: &Mapping, case: &Case<'_>, tenant: &mut Tenant, missing: &mut Missing) {
    let targets = [
        ("userName", &mapping.user_name_from),
        ("emails[type eq \"work\"].value", &mapping.email_from),
        ("externalId", &mapping.external_id_from),
        ("active", &mapping.active_from),
    ];
    for (target, from) in targets {
        match from {
            Some(from) => drop(tenant.set_source(target, from)),
            None => without(object(tenant, "User"), target),
        }
    }
    if mapping.directory.as_deref().is_some_and(|id| id != crate::tenant::DIRECTORY) {
        missing
            .add("The job writes to a directory that the bot cannot read, so it writes to another one here.");
    }
    if let Some(group) = object(tenant, "Group").filter(|_| !mapping.groups_on) {
        group["enabled"] = false.into();
    }
    let left_out = case.e.log.get().into_iter().flatten().find_map(|entry| {
        let compared = entry.skip_reason.as_deref() == Some("RedundantExport");
        let written = entry.succeeded() && entry.is_export();
        (written || compared || entry.filtered_out).then_some(entry.filtered_out)
    });
    if let Some(user) = object(tenant, "User") {
        order(user, &mapping.matching);
        if mapping.scoped {
            missing
                .add("The rules of the scoping filter are not known. The filter here has the same result.");
            let operator = if left_out == Some(true) { "IS NULL" } else { "IS NOT NULL" };
            user["scope"] = json!({"categoryFilterGroups": [], "inputFilterGroups": [], "groups": [{
                "name": "Filter", "clauses": [{
                    "sourceOperandName": "displayName", "operatorName": operator, "targetOperand": {"values": []},
                }],
            }]});
        }
    }
    if let Some(job) = tenant.entra.atlassian_job() {
        job.sync_all = mapping.sync_all.or(case.e.places.sync_all) == Some(true);
    }
}

/// The mapping of users or groups.
fn object<'t>(tenant: &'t mut Tenant, source: &str) -> Option<&'t mut Value> {
    let rules = tenant.entra.atlassian_job()?.schema.get_mut("synchronizationRules")?.as_array_mut()?;
    let objects =
        rules.iter_mut().filter_map(|rule| rule.get_mut("objectMappings")?.as_array_mut()).flatten();
    objects.into_iter().find(|object| object.get("sourceObjectName") == Some(&source.into()))
}

fn attributes(object: &mut Value) -> Option<&mut Vec<Value>> {
    object.get_mut("attributeMappings")?.as_array_mut()
}

fn without(object: Option<&mut Value>, target: &str) {
    if let Some(all) = object.and_then(attributes) {
        all.retain(|one| one.get("targetAttributeName") != Some(&target.into()));
    }
}

/// The target attributes for matching, in their order.
fn order(object: &mut Value, matching: &[String]) {
    for one in attributes(object).into_iter().flatten() {
        let target = one.get("targetAttributeName").and_then(Value::as_str).unwrap_or_default();
        let place = matching.iter().position(|known| known == target).map_or(0, |at| at.saturating_add(1));
        one["matchingPriority"] = place.into();
    }
}

fn stopped_by(case: &Case<'_>, tenant: &mut Tenant) {
    let e = case.e;
    let at = e.asked_at.saturating_sub(SignedDuration::from_hours(24)).unwrap_or(e.asked_at);
    match e.stopped_by.get() {
        Some(Some(StoppedBy::Named(name))) => tenant.entra.audit(STOPPED, By::User(name.clone()), at),
        Some(Some(StoppedBy::Service)) => {
            tenant.entra.audit(STOPPED, By::App("Microsoft Entra Provisioning Service".to_owned()), at);
        }
        Some(None) | None => {}
    }
}

/// What the job believes it has written: the person's anchor, and the person as a member of the expected groups.
fn cache(case: &Case<'_>, tenant: &mut Tenant) {
    let (Some(person), Some(anchor)) = (case.person, case.anchor()) else { return };
    tenant.entra.remember_export(&person.id, anchor, &[]);
    for group in case.expected().into_iter().flatten() {
        let name = normalize_name(&group.name);
        let scim = tenant.atlassian.scim_groups.values().find(|known| normalize_name(&known.name) == name);
        if let Some(id) = scim.map(|known| known.id.clone()) {
            tenant.entra.remember_export(&group.id, &id, &[&person.id]);
        }
    }
}
