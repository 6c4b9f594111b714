//! The provisioning cycle. It checks only what changed since the last cycle, which is why memberships can be lost
//! permanently (R2, R3, R4 of the reference). It must never run by itself: a tick of the tenant, a start or a restart
//! runs it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::engine::{self, Trigger};
use super::mapping;
use super::membership::{self, Links};
use super::scim::{Kind, Scim};
use super::state::{Entra, Job, JobCode, Run, Shared};
use crate::lock;

/// Runs one cycle of every due job.
pub async fn tick_cycle(state: &Shared) {
    let ids: Vec<String> = lock(state).service_principals.keys().cloned().collect();
    for sp in ids {
        cycle_of(state, &sp).await;
    }
}

/// Runs one cycle of the job of one application, and another one if it was requested meanwhile.
pub(super) async fn cycle_of(state: &Shared, sp: &str) {
    loop {
        if !begin(state, sp, crate::clock::now()) {
            return;
        }
        run(state, sp).await;
        let mut entra = lock(state);
        let Some(job) = entra.job_mut(sp) else { return };
        job.running = false;
        if !std::mem::take(&mut job.run_again) {
            return;
        }
    }
}

/// Whether a cycle may begin now: not paused, not in quarantine before its next attempt, not running.
fn begin(state: &Shared, sp: &str, now: Timestamp) -> bool {
    let mut entra = lock(state);
    let Some(job) = entra.job_mut(sp) else { return false };
    let waits = job.quarantine.as_ref().is_some_and(|quarantine| now < quarantine.next_attempt);
    if waits || job.schedule_state != "Active" {
        return false;
    }
    if job.running {
        job.run_again = true;
        return false;
    }
    job.running = true;
    true
}

#[derive(Default)]
struct Counts {
    imported: u64,
    exported: u64,
    escrowed: u64,
}

async fn run(state: &Shared, sp: &str) {
    let began = crate::clock::now();
    let how = Trigger::Cycle(uuid::Uuid::new_v4().to_string());
    let initial = lock(state).job_mut(sp).is_some_and(|job| job.seen.is_empty());
    let mut counts = Counts::default();
    let users = due_users(&lock(state), sp, began);
    for id in users {
        if quarantined(state, sp) {
            break;
        }
        let source = lock(state).source_of_user(sp, &id, began);
        let entry = engine::user(state, sp, &id, &how, began).await;
        note(state, sp, &id, source, entry, &mut counts);
    }
    let groups = due_groups(&lock(state), sp, began);
    for (id, mut links) in groups {
        if quarantined(state, sp) {
            break;
        }
        links.resend = initial && lock(state).switches.restart_resends_members;
        let source = lock(state).source_of_group(sp, &id, began);
        if source.get("assigned") == Some(&Value::Bool(false)) || source.is_null() {
            drop_group(state, sp, &id).await;
            note(state, sp, &id, source, None, &mut counts);
        } else {
            let entry = membership::group(state, sp, &id, &links, &how, began).await;
            note(state, sp, &id, source, entry, &mut counts);
        }
    }
    let Trigger::Cycle(cycle) = how else { return };
    end(state, sp, cycle, began, &counts);
}

fn quarantined(state: &Shared, sp: &str) -> bool {
    // A quarantine from before this cycle does not stop it, because this cycle is its next attempt.
    lock(state).job_mut(sp).is_some_and(|job| {
        job.quarantine.as_ref().is_some_and(|quarantine| crate::clock::now() < quarantine.next_attempt)
    })
}

/// Moves the watermark of one object. If the object failed, it waits for its retry instead.
fn note(
    state: &Shared,
    sp: &str,
    id: &str,
    source: Value,
    entry: Option<super::state::LogEntry>,
    counts: &mut Counts,
) {
    counts.imported = counts.imported.saturating_add(1);
    let mut entra = lock(state);
    let Some(job) = entra.job_mut(sp) else { return };
    match entry {
        Some(entry) if entry.error.is_some() => {
            counts.escrowed = counts.escrowed.saturating_add(1);
            if let Some(escrow) = job.escrows.get_mut(id) {
                escrow.source = source;
            }
        }
        Some(entry) => {
            if entry.status == "Success" {
                counts.exported = counts.exported.saturating_add(1);
            }
            job.seen.insert(id.to_owned(), source);
        }
        None => {
            job.seen.insert(id.to_owned(), source);
        }
    }
}

fn due(job: &Job, id: &str, source: &Value, now: Timestamp) -> bool {
    match job.escrows.get(id) {
        Some(escrow) if escrow.source == *source => escrow.next <= now,
        _ => job.seen.get(id) != Some(source),
    }
}

/// The changed users among those who are in scope or were exported before.
fn due_users(entra: &Entra, sp: &str, now: Timestamp) -> Vec<String> {
    let Some(job) = entra.service_principals.get(sp).and_then(|sp| sp.job.as_ref()) else {
        return Vec::new();
    };
    if !mapping::object(&job.schema, "User").is_some_and(mapping::enabled) {
        return Vec::new();
    }
    let everyone = entra.users.values().chain(entra.deleted_users.values());
    everyone
        .filter(|user| {
            let scoping = entra.scoping(sp, user, now);
            (scoping.active && scoping.assigned)
                || job.cache.get(&user.id).is_some_and(|export| export.anchor.is_some())
        })
        .map(|user| user.id.clone())
        .filter(|id| due(job, id, &entra.source_of_user(sp, id, now), now))
        .collect()
}

/// The changed groups, each with the members that were added and removed since the last cycle.
fn due_groups(entra: &Entra, sp: &str, now: Timestamp) -> Vec<(String, Links)> {
    let Some(job) = entra.service_principals.get(sp).and_then(|sp| sp.job.as_ref()) else {
        return Vec::new();
    };
    if !mapping::object(&job.schema, "Group").is_some_and(mapping::enabled) {
        return Vec::new();
    }
    let known = job.cache.iter().filter(|(id, export)| export.anchor.is_some() && !is_person(entra, id));
    let mut ids: BTreeSet<String> = known.map(|(id, _)| id.clone()).collect();
    ids.extend(entra.groups.keys().filter(|id| entra.group_in_scope(sp, id, now)).cloned());
    ids.into_iter()
        .filter_map(|id| {
            let source = entra.source_of_group(sp, &id, now);
            due(job, &id, &source, now).then(|| {
                let (old, new) = (members(job.seen.get(&id)), members(Some(&source)));
                let gone = if job.seen.contains_key(&id) {
                    old.difference(&new).cloned().collect()
                } else {
                    // A full check finds the members that the cache has and the source does not.
                    let cached = job.cache.get(&id).map(|export| export.members.clone()).unwrap_or_default();
                    cached.difference(&new).cloned().collect()
                };
                let links =
                    Links { add: new.difference(&old).cloned().collect(), remove: gone, resend: false };
                (id, links)
            })
        })
        .collect()
}

fn is_person(entra: &Entra, id: &str) -> bool {
    entra.users.contains_key(id) || entra.deleted_users.contains_key(id)
}

fn members(source: Option<&Value>) -> BTreeSet<String> {
    let list = source.and_then(|source| source.get("members")).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

impl Entra {
    /// The source of every object that a cycle would check.
    pub(super) fn sources(&self, sp: &str, now: Timestamp) -> BTreeMap<String, Value> {
        let users = self.users.keys().map(|id| (id.clone(), self.source_of_user(sp, id, now)));
        let groups = self.groups.keys().filter(|id| self.group_in_scope(sp, id, now));
        users.chain(groups.map(|id| (id.clone(), self.source_of_group(sp, id, now)))).collect()
    }

    fn source_of_user(&self, sp: &str, id: &str, now: Timestamp) -> Value {
        let Some(user) = self.users.get(id).or_else(|| self.deleted_users.get(id)) else {
            return Value::Null;
        };
        json!({"properties": user.properties(), "entitled": self.scoping(sp, user, now).entitled()})
    }

    fn source_of_group(&self, sp: &str, id: &str, now: Timestamp) -> Value {
        let Some(group) = self.groups.get(id) else { return Value::Null };
        // The provisioning service does not treat nested groups as members.
        let members: BTreeSet<&str> = group
            .members
            .iter()
            .map(|member| member.id.as_str())
            .filter(|id| self.users.contains_key(*id))
            .collect();
        json!({"name": group.display_name, "assigned": self.group_in_scope(sp, id, now), "members": members})
    }

    /// Whether the service provisions this group: assigned and security-enabled, or everything is synced.
    pub(super) fn group_in_scope(&self, sp: &str, id: &str, now: Timestamp) -> bool {
        let until = now.checked_sub(self.switches.assignment_honoured_after).unwrap_or(now);
        let all =
            self.service_principals.get(sp).and_then(|sp| sp.job.as_ref()).is_some_and(|job| job.sync_all);
        let assigned =
            self.assignments.iter().any(|a| a.resource == sp && a.principal == id && a.created <= until);
        self.groups.get(id).is_some_and(|group| group.security_enabled) && (all || assigned)
    }
}

/// Deletes a group that left the scope in the target, as Microsoft's article warns.
async fn drop_group(state: &Shared, sp: &str, id: &str) {
    let found = {
        let mut entra = lock(state);
        let (strings, services) = (entra.switches.booleans_as_strings, entra.services.clone());
        entra.job_mut(sp).and_then(|job| {
            let anchor = job.cache.remove(id)?.anchor?;
            let (base, key) = (job.base_address.clone(), job.secret_token.clone());
            Some((Scim { base, key, strings, services }, anchor))
        })
    };
    if let Some((scim, anchor)) = found
        && let Err(refused) = scim.delete(Kind::Group, &anchor).await
    {
        tracing::warn!(status = refused.status, "the simulated service could not delete a group");
    }
}

fn end(state: &Shared, sp: &str, id: String, began: Timestamp, counts: &Counts) {
    let now = crate::clock::now();
    let mut entra = lock(state);
    let Some(job) = entra.job_mut(sp) else { return };
    let stopped = job.quarantine.as_ref().filter(|quarantine| now < quarantine.next_attempt).cloned();
    let result = match (&stopped, counts.escrowed) {
        (Some(_), _) => "Failed",
        (None, 0) => "Succeeded",
        (None, _) => "EntryLevelErrors",
    };
    let run = Run {
        id,
        began,
        ended: now,
        state: result.into(),
        imported: counts.imported,
        exported: counts.exported,
        escrowed: counts.escrowed,
        error: stopped.as_ref().map(|quarantine| (quarantine.code.clone(), quarantine.message.clone())),
    };
    job.last_execution = Some(run.clone());
    if stopped.is_some() {
        return;
    }
    job.quarantine = None;
    if job.code != JobCode::Paused {
        job.code = JobCode::Active;
    }
    job.steady_first.get_or_insert(now);
    if counts.escrowed == 0 {
        job.steady_last = Some(now);
        job.last_success = Some(run.clone());
        if counts.exported > 0 {
            job.last_export = Some(run);
        }
    }
}
