//! The provisioning of one user: import, scoping, matching, export, as the service's own log names the steps. Like
//! the real service, the engine trusts its cache more than the target. It must never hold the tenant's lock while it
//! waits for the target.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::mapping;
use super::outcome::{BAD_KEY, retry_at};
use super::scim::{Kind, Refused, Scim, read};
use super::state::{Assignment, Entra, Escrow, Export, Job, JobCode, LogEntry, Quarantine, Shared, User};
use super::switches::Switches;
use crate::lock;

/// What starts the engine.
#[derive(Clone, Debug)]
pub(super) enum Trigger {
    /// `provisionOnDemand`
    OnDemand,
    /// A cycle with its id.
    Cycle(String),
}

/// The scoping result of a user for the application.
#[derive(Clone, Debug)]
pub(super) struct Scoping {
    pub active: bool,
    pub assigned: bool,
    /// Whether one of the assignments gives a role that exists.
    pub has_role: bool,
    pub in_filter: bool,
    said: Map<String, Value>,
}

impl Scoping {
    /// Whether the service would provision the user.
    pub fn entitled(&self) -> bool {
        self.active && self.assigned && self.has_role && self.in_filter
    }
}

impl Entra {
    /// Evaluates enabled, assignment and scoping filter. Nested groups do not count (section 5).
    pub(super) fn scoping(&self, sp: &str, user: &User, now: Timestamp) -> Scoping {
        let job = self.service_principals.get(sp).and_then(|sp| sp.job.as_ref());
        let until = now.checked_sub(self.switches.assignment_honoured_after).unwrap_or(now);
        let honoured = |a: &&Assignment| a.resource == sp && a.created <= until;
        let reaches = |a: &&Assignment| {
            let group = self.groups.get(&a.principal);
            a.principal == user.id || group.is_some_and(|group| group.security_enabled && group.has(&user.id))
        };
        let reaching: Vec<&Assignment> = self.assignments.iter().filter(honoured).filter(reaches).collect();
        let everybody = job.is_some_and(|job| job.sync_all);
        let (in_filter, said) = job
            .and_then(|job| mapping::object(&job.schema, "User"))
            .map_or((false, Map::new()), |mapping| mapping::scope(mapping, &user.properties()));
        Scoping {
            active: user.account_enabled && user.deleted.is_none(),
            assigned: everybody || !reaching.is_empty(),
            has_role: everybody || reaching.iter().any(|assignment| !assignment.is_broken),
            in_filter,
            said,
        }
    }
}

pub(super) struct Work {
    pub scim: Scim,
    pub switches: Switches,
    pub mapping: Value,
    pub export: Export,
    pub tries: u32,
    pub entry: LogEntry,
}

impl Work {
    /// Copies everything that the engine needs from the tenant at one moment.
    pub fn take(
        entra: &Entra,
        sp: &str,
        kind: Kind,
        id: &str,
        name: &str,
        how: &Trigger,
        now: Timestamp,
    ) -> Option<Self> {
        let job = entra.service_principals.get(sp)?.job.as_ref()?;
        let mut entry = LogEntry::about(LogEntry::subject(kind, id, name), now);
        entry.job_id = job.id.clone();
        entry.service_principal = sp.to_owned();
        if let Trigger::Cycle(cycle) = how {
            entry.cycle_id = cycle.clone();
        }
        let described = format!("Retrieved {} '{name}' from Microsoft Entra ID", kind.name());
        entry.step("EntryImport", "Import", "Success", described, &[("objectId", id.to_owned())]);
        Some(Self {
            scim: Scim {
                base: job.base_address.clone(),
                key: job.secret_token.clone(),
                strings: entra.switches.booleans_as_strings,
                services: entra.services.clone(),
            },
            switches: entra.switches.clone(),
            mapping: mapping::object(&job.schema, kind.name())?.clone(),
            export: job.cache.get(id).cloned().unwrap_or_default(),
            tries: job.escrows.get(id).map_or(0, |escrow| escrow.tries),
            entry,
        })
    }
}

/// Provisions one user and writes the event to the log. None if there is no such user, job or mapping.
pub(super) async fn user(
    state: &Shared,
    sp: &str,
    id: &str,
    how: &Trigger,
    now: Timestamp,
) -> Option<LogEntry> {
    let (mut work, scoping, mut source) = {
        let entra = lock(state);
        let user = entra.users.get(id).or_else(|| entra.deleted_users.get(id))?;
        let work = Work::take(&entra, sp, Kind::User, id, &user.upn, how, now)?;
        (work, entra.scoping(sp, user, now), user.source(&entra.switches))
    };
    source.insert("IsSoftDeleted".into(), (!scoping.entitled()).into());
    let mut entry = work.entry.clone();
    scoping_step(&mut entry, &scoping);
    let desired = mapping::values(&work.mapping, &source, &work.switches);
    let entry = run(&mut work, entry, &scoping, desired, how, now).await;
    settle(state, sp, id, &work, entry.clone(), how, now, |job, export| {
        let cached = job.cache.entry(id.to_owned()).or_default();
        cached.anchor = export.anchor.clone();
        cached.attributes = export.attributes.clone();
        if cached.attributes.get("active") == Some(&Value::Bool(false)) {
            // The service drops the memberships of a user whom it disables. It does not restore them when the user is
            // enabled again ("Known limitations", R2).
            for other in job.cache.values_mut() {
                other.members.remove(id);
            }
        }
    });
    Some(entry)
}

fn scoping_step(entry: &mut LogEntry, scoping: &Scoping) {
    let word = |is: bool| if is { "True" } else { "False" }.to_owned();
    let details = [
        ("IsActive", word(scoping.active)),
        ("Assigned", word(scoping.assigned)),
        ("IsEffectivelyEntitledForProvisioning", word(scoping.active && scoping.has_role)),
        ("IsInProvisioningScopeDisplayName", word(scoping.in_filter)),
        ("ScopeEvaluationResult", Value::Object(scoping.said.clone()).to_string()),
    ];
    let status = if scoping.entitled() { "Success" } else { "Skipped" };
    let text = "Determine if User in scope by evaluating against each scoping filter";
    entry.step("EntrySynchronizationScoping", "Scoping", status, text, &details);
}

async fn run(
    work: &mut Work,
    mut entry: LogEntry,
    scoping: &Scoping,
    mut desired: BTreeMap<String, Value>,
    how: &Trigger,
    now: Timestamp,
) -> LogEntry {
    let on_demand = matches!(how, Trigger::OnDemand);
    if !mapping::enabled(&work.mapping) {
        return entry.skip("NotEffectivelyEntitled", "The mapping of users is switched off.");
    }
    let disabling = !scoping.entitled();
    // On-demand provisioning disables an unassigned user, but ignores a user who is disabled or deleted in Entra.
    if disabling && (work.export.anchor.is_none() || (on_demand && !scoping.active)) {
        let text = format!(
            "The User '{}' will be skipped due to the following reasons: 1) This object is not assigned to the \
             application. 2) This object does not have required entitlement for provisioning.",
            entry.source.name
        );
        return entry.skip("NotEffectivelyEntitled", &text);
    }
    if disabling {
        desired.retain(|path, _| path == "active");
    }
    let known = work.export.anchor.is_some();
    let record = match match_record(work, Kind::User, &desired).await {
        Ok(record) => record,
        Err(Unmatched::Refused(refused)) => {
            return entry.refused("EntryImport", "Matching", &refused, work.tries, now);
        }
        Err(Unmatched::Gone) => {
            let text = "The object that was matched before was not found in the target system.".to_owned();
            return entry.fail("EntryImport", "Matching", "InvalidAnchor", text);
        }
        Err(Unmatched::Many(attribute)) => {
            let text = format!("More than one record has this value of {attribute}.");
            let code = "SystemForCrossDomainIdentityManagementMultipleEntriesInResponse";
            return entry.fail("EntryImport", "Matching", code, text);
        }
    };
    let Some(record) = record else {
        if disabling {
            return entry.skip("RedundantExport", "There is nothing to disable in the target system.");
        }
        return create(work, Kind::User, entry, &desired, now).await;
    };
    entry.step("EntryImport", "Matching", "Success", "Retrieved the record from Atlassian Cloud", &[]);
    let anchor = record.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    entry.target = LogEntry::subject(Kind::User, &anchor, &entry.source.name);
    let from_target =
        !known || work.export.anchor.is_none() || (on_demand && work.switches.compare_with_target);
    work.export.anchor = Some(anchor.clone());
    let changes: Vec<_> = desired
        .iter()
        .map(|(path, new)| {
            let old =
                if from_target { read(&record, path) } else { work.export.attributes.get(path).cloned() };
            (path.clone(), old, new.clone())
        })
        .filter(|(_, old, new)| old.as_ref() != Some(new))
        .collect();
    work.export.attributes.extend(desired.clone());
    if changes.is_empty() {
        let text = "The state of the user in both the source and target systems already match.";
        return entry.skip("RedundantExport", text);
    }
    if !mapping::flows(&work.mapping, "Update") {
        return entry.skip("EntrySynchronizationSkipped", "The mapping does not allow updates.");
    }
    if let Err(refused) = work.scim.update(Kind::User, &anchor, &changes).await {
        for (path, old, _) in &changes {
            match old {
                Some(old) => work.export.attributes.insert(path.clone(), old.clone()),
                None => work.export.attributes.remove(path),
            };
        }
        return entry.refused("EntryExportUpdate", "Export", &refused, work.tries, now);
    }
    entry.action = if disabling { "Disable" } else { "Update" }.into();
    entry.modified =
        changes.iter().map(|(path, old, new)| (path.clone(), old.as_ref().map(text), text(new))).collect();
    entry.step("EntryExportUpdate", "Export", "Success", "The record was updated in Atlassian Cloud", &[]);
    entry
}

/// Creates the record of a user or group.
pub(super) async fn create(
    work: &mut Work,
    kind: Kind,
    mut entry: LogEntry,
    desired: &BTreeMap<String, Value>,
    now: Timestamp,
) -> LogEntry {
    entry.action = "Create".into();
    if !mapping::flows(&work.mapping, "Add") {
        return entry.skip("EntrySynchronizationSkipped", "The mapping does not allow new objects.");
    }
    entry.step("EntrySynchronizationAdd", "Matching", "Success", "No record matches; one will be made", &[]);
    match work.scim.create(kind, desired).await {
        Ok(record) => {
            let anchor = record.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
            entry.target = LogEntry::subject(kind, &anchor, &entry.source.name);
            entry.modified = desired.iter().map(|(path, new)| (path.clone(), None, text(new))).collect();
            entry.step("EntryExportAdd", "Export", "Success", "The record was made in Atlassian Cloud", &[]);
            work.export.anchor = Some(anchor);
            work.export.attributes = desired.clone();
            entry
        }
        Err(refused) => entry.refused("EntryExportAdd", "Export", &refused, work.tries, now),
    }
}

/// Why no record was matched.
pub(super) enum Unmatched {
    Refused(Refused),
    Gone,
    Many(String),
}

/// The record of the anchor, or a record with the same matching attribute. If the record of the anchor is gone and
/// the switch allows a new match, the anchor is dropped.
pub(super) async fn match_record(
    work: &mut Work,
    kind: Kind,
    desired: &BTreeMap<String, Value>,
) -> Result<Option<Value>, Unmatched> {
    if let Some(anchor) = work.export.anchor.clone() {
        match work.scim.get(kind, &anchor).await {
            Ok(record) => return Ok(Some(record)),
            Err(refused) if refused.status == Some(404) && work.switches.rematch_when_gone => {
                work.export.anchor = None;
                work.export.attributes.clear();
                work.export.members.clear();
            }
            Err(refused) if refused.status == Some(404) => return Err(Unmatched::Gone),
            Err(refused) => return Err(Unmatched::Refused(refused)),
        }
    }
    for attribute in mapping::matching(&work.mapping) {
        let Some(value) = desired.get(&attribute).and_then(Value::as_str) else { continue };
        let mut found = work.scim.find(kind, &attribute, value).await.map_err(Unmatched::Refused)?;
        if found.len() > 1 {
            return Err(Unmatched::Many(attribute));
        }
        if let Some(record) = found.pop() {
            return Ok(Some(record));
        }
    }
    Ok(None)
}

/// Stores the result: cache, retry, quarantine, log.
#[allow(clippy::too_many_arguments)]
pub(super) fn settle(
    state: &Shared,
    sp: &str,
    id: &str,
    work: &Work,
    mut entry: LogEntry,
    how: &Trigger,
    now: Timestamp,
    remember: impl FnOnce(&mut Job, &Export),
) {
    let mut entra = lock(state);
    let latency = match how {
        Trigger::OnDemand => entra.switches.log_latency,
        Trigger::Cycle(_) => entra.switches.cycle_log_latency,
    };
    entry.visible = now.checked_add(latency).unwrap_or(now);
    if let Some(job) = entra.job_mut(sp) {
        if work.export.anchor.is_some() || job.cache.contains_key(id) {
            remember(job, &work.export);
        }
        match &entry.error {
            None => {
                job.escrows.remove(id);
            }
            Some(error) => {
                let tries = work.tries.saturating_add(1);
                let next = retry_at(tries, now);
                job.escrows.insert(id.to_owned(), Escrow { tries, next, source: Value::Null });
                if error.code == BAD_KEY {
                    quarantine(job, &error.code, now);
                }
            }
        }
    }
    entra.log.push(entry);
}

/// Bad credentials cause an immediate quarantine (section 6.1).
fn quarantine(job: &mut Job, code: &str, now: Timestamp) {
    job.code = if job.code == JobCode::Paused { JobCode::Paused } else { JobCode::Quarantine };
    job.quarantine = Some(Quarantine {
        reason: "EncounteredQuarantineException".into(),
        began: now,
        next_attempt: now.checked_add(jiff::SignedDuration::from_hours(24)).unwrap_or(now),
        code: code.into(),
        message: "Please provide a valid tenant URL and secret token for your application.".into(),
        tenant_actionable: true,
    });
}

/// A value as the log prints it, with capitalised booleans.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "True".into(),
        Value::Bool(false) => "False".into(),
        other => other.to_string(),
    }
}

impl Entra {
    /// What the engine would export for this object now. For a deleted person: what it would have exported.
    pub(super) fn attributes_now(&self, id: &str) -> BTreeMap<String, Value> {
        let person = self.users.get(id).or_else(|| self.deleted_users.get(id));
        let (kind, source) = match (person, self.groups.get(id)) {
            (Some(user), _) => ("User", user.source(&self.switches)),
            (None, Some(group)) => (
                "Group",
                Map::from_iter([
                    ("displayName".to_owned(), group.display_name.clone().into()),
                    ("objectId".to_owned(), id.into()),
                ]),
            ),
            (None, None) => return BTreeMap::new(),
        };
        self.export_of(kind, source)
    }

    /// What the engine would export for an object with these attributes, if it is entitled.
    fn export_of(&self, kind: &str, mut source: Map<String, Value>) -> BTreeMap<String, Value> {
        source.insert("IsSoftDeleted".into(), false.into());
        let job = self.service_principals.get(&self.atlassian).and_then(|sp| sp.job.as_ref());
        job.and_then(|job| mapping::object(&job.schema, kind))
            .map(|mapping| mapping::values(mapping, &source, &self.switches))
            .unwrap_or_default()
    }

    /// What the job writes into this target attribute for a person. The person need not exist.
    #[must_use]
    pub fn mapped(&self, user: &User, target: &str) -> Option<String> {
        let all = self.export_of("User", user.source(&self.switches));
        all.get(target).and_then(Value::as_str).map(str::to_owned)
    }
}
