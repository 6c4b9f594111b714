//! The provisioning of one group and of its members. The engine sends changes of members only and never reads the
//! members of the target. It must never remove a member that the delta did not name.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::engine::{Trigger, Unmatched, Work, create, match_record, settle};
use super::mapping;
use super::scim::Kind;
use super::state::{LogEntry, Shared};
use crate::lock;

/// The members to process.
#[derive(Clone, Debug, Default)]
pub(super) struct Links {
    /// Object ids to add.
    pub add: Vec<String>,
    /// Object ids to remove.
    pub remove: Vec<String>,
    /// Whether members in the cache are sent again.
    pub resend: bool,
}

/// The resolved members.
#[derive(Debug, Default)]
struct Resolved {
    add: Vec<(String, String)>,
    remove: Vec<(String, String)>,
    /// The reason why the first omitted member was left out.
    left_out: Option<&'static str>,
}

/// Provisions one group with these links. None if there is no such group, job or mapping.
pub(super) async fn group(
    state: &Shared,
    sp: &str,
    id: &str,
    links: &Links,
    how: &Trigger,
    now: Timestamp,
) -> Option<LogEntry> {
    let (mut work, assigned, source) = {
        let entra = lock(state);
        let group = entra.groups.get(id)?;
        let work = Work::take(&entra, sp, Kind::Group, id, &group.display_name, how, now)?;
        let source: Map<String, Value> = [
            ("objectId".to_owned(), id.into()),
            ("displayName".to_owned(), group.display_name.clone().into()),
        ]
        .into_iter()
        .collect();
        (work, entra.group_in_scope(sp, id, now), source)
    };
    let mut entry = work.entry.clone();
    let word = if assigned { "True" } else { "False" };
    let details = [("IsActive", "True".to_owned()), ("Assigned", word.to_owned())];
    let status = if assigned { "Success" } else { "Skipped" };
    entry.step("EntrySynchronizationScoping", "Scoping", status, "Determine if Group in scope", &details);
    let mut sent = Resolved::default();
    let entry = if !assigned || !mapping::enabled(&work.mapping) {
        entry.skip("NotEffectivelyEntitled", "The Group is not assigned to the application.")
    } else {
        let desired = mapping::values(&work.mapping, &source, &work.switches);
        let before = work.export.anchor.clone();
        match match_record(&mut work, Kind::Group, &desired).await {
            Err(Unmatched::Refused(refused)) => {
                entry.refused("EntryImport", "Matching", &refused, work.tries, now)
            }
            Err(Unmatched::Gone) => {
                let text = "The group that was matched before was not found in the target system.";
                entry.fail("EntryImport", "Matching", "InvalidAnchor", text.to_owned())
            }
            Err(Unmatched::Many(attribute)) => {
                let code = "SystemForCrossDomainIdentityManagementMultipleEntriesInResponse";
                entry.fail(
                    "EntryImport",
                    "Matching",
                    code,
                    format!("More than one group has this {attribute}."),
                )
            }
            Ok(found) => {
                let made = found.is_none();
                let entry = match found {
                    // An existing group gets only member changes: renames are not propagated.
                    Some(record) => {
                        let mut entry = entry;
                        let anchor = record.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
                        entry.step("EntryImport", "Matching", "Success", "Retrieved the group", &[]);
                        entry.target = LogEntry::subject(Kind::Group, &anchor, &entry.source.name);
                        work.export.anchor = Some(anchor);
                        work.export.attributes = desired.clone();
                        entry
                    }
                    None => create(&mut work, Kind::Group, entry, &desired, now).await,
                };
                if entry.error.is_some() || entry.status == "Skipped" {
                    entry
                } else {
                    let fresh = made || before != work.export.anchor;
                    if fresh {
                        work.export.members.clear();
                    }
                    sent = resolve(state, sp, id, links, &work.export.members, now);
                    export_members(&work, entry, &mut sent, made, now).await
                }
            }
        }
    };
    settle(state, sp, id, &work, entry.clone(), how, now, |job, export| {
        let cached = job.cache.entry(id.to_owned()).or_default();
        if cached.anchor != export.anchor {
            cached.members.clear();
        }
        cached.anchor = export.anchor.clone();
        cached.attributes = export.attributes.clone();
        cached.members.extend(sent.add.iter().map(|(id, _)| id.clone()));
        for (id, _) in &sent.remove {
            cached.members.remove(id);
        }
    });
    Some(entry)
}

/// Turns object ids into SCIM ids. Omits those that are not members, out of scope or not yet provisioned.
fn resolve(
    state: &Shared,
    sp: &str,
    id: &str,
    links: &Links,
    known: &BTreeSet<String>,
    now: Timestamp,
) -> Resolved {
    let entra = lock(state);
    let mut out = Resolved::default();
    let cache = entra.service_principals.get(sp).and_then(|sp| sp.job.as_ref()).map(|job| &job.cache);
    let anchor = |id: &str| cache.and_then(|cache| cache.get(id)).and_then(|export| export.anchor.clone());
    for member in &links.add {
        let entitled = entra.groups.get(id).is_some_and(|group| group.has(member))
            && entra.users.get(member).is_some_and(|user| entra.scoping(sp, user, now).entitled());
        let left_out = match anchor(member) {
            _ if !entitled => "NotEffectivelyEntitled",
            None => "EntrySynchronizationSkipped",
            Some(_) if known.contains(member) && !links.resend => "RedundantExport",
            Some(anchor) => {
                out.add.push((member.clone(), anchor));
                continue;
            }
        };
        out.left_out.get_or_insert(left_out);
    }
    for member in &links.remove {
        if let Some(anchor) = anchor(member).filter(|_| known.contains(member)) {
            out.remove.push((member.clone(), anchor));
        }
    }
    out
}

async fn export_members(
    work: &Work,
    mut entry: LogEntry,
    sent: &mut Resolved,
    made: bool,
    now: Timestamp,
) -> LogEntry {
    let nothing = sent.add.is_empty() && sent.remove.is_empty();
    if nothing && made {
        return entry;
    }
    if nothing {
        let reason = sent.left_out.unwrap_or("RedundantExport");
        let text = match reason {
            "NotEffectivelyEntitled" => "The member is not assigned to the application or no direct member.",
            "EntrySynchronizationSkipped" => "The member has not been provisioned to the target system.",
            _ => "The state of the group in both the source and target systems already match.",
        };
        return entry.skip(reason, text);
    }
    if !mapping::maps(&work.mapping, "members") || !mapping::flows(&work.mapping, "Update") {
        sent.add.clear();
        sent.remove.clear();
        return entry.skip("EntrySynchronizationSkipped", "The mapping does not carry members.");
    }
    let Some(anchor) = work.export.anchor.as_deref() else { return entry };
    let ids = |list: &[(String, String)]| list.iter().map(|(_, anchor)| anchor.clone()).collect::<Vec<_>>();
    let (add, remove) = (ids(&sent.add), ids(&sent.remove));
    if let Err(refused) = work.scim.members(anchor, &add, &remove).await {
        sent.add.clear();
        sent.remove.clear();
        return entry.refused("EntryExportUpdate", "Export", &refused, work.tries, now);
    }
    if !made {
        entry.action = "Update".into();
    }
    entry.modified.extend(add.into_iter().map(|id| ("members".to_owned(), None, id)));
    entry.modified.extend(remove.into_iter().map(|id| ("members".to_owned(), Some(id), String::new())));
    entry.step("EntryExportUpdate", "Export", "Success", "Members were sent to Atlassian Cloud", &[]);
    entry
}
