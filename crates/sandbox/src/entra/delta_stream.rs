//! One stream of changes: what it has seen of each object, and the difference between then and now. The directory keeps
//! no history, so a stream compares. It must never tell an order, and never report a member that was deleted: customers
//! report that the real one does not.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::answer::Refusal;
use super::delta_places::{Kind, Seen, Snapshot, Stream};
use super::filter::{Op, parse};
use super::request::Ask;
use super::state::{Entra, Group, User};

/// The properties of a stream without `$select`.
const USER_FIELDS: &[&str] = &["id", "userPrincipalName", "displayName", "mail", "givenName", "surname"];
const GROUP_FIELDS: &[&str] = &["id", "displayName", "description", "mail", "securityEnabled", "members"];
/// The documented number of objects that a filter may name.
const MAX_FILTERED: usize = 50;
/// How many members one item names. The documents say that a large group is repeated, but not from which size.
const MEMBERS_PER_ITEM: usize = 20;

impl Stream {
    /// The stream that a first request names.
    pub fn asked(ask: &Ask, kind: Kind) -> Result<Self, Refusal> {
        let default = if kind == Kind::Users { USER_FIELDS } else { GROUP_FIELDS };
        let mut select: Vec<String> = match ask.option("$select") {
            Some(list) => list.split(',').map(|name| name.trim().to_owned()).collect(),
            None => default.iter().map(|name| (*name).to_owned()).collect(),
        };
        let known = match kind {
            Kind::Users => User::default().properties(),
            Kind::Groups => Group::default().properties(),
        };
        let is_known = |name: &str| known.contains_key(name) || kind == Kind::Groups && name == "members";
        if let Some(unknown) = select.iter().find(|name| !is_known(name)) {
            let text = format!("Could not find a property named '{unknown}'.");
            return Err(Refusal::bad(format!("Parsing OData Select and Expand failed: {text}")));
        }
        // The id is always there.
        select.retain(|name| name != "id");
        let ids = ask.option("$filter").map(filtered).transpose()?;
        if ids.is_some() && ask.option("$deltatoken") == Some("latest") {
            let text = "No document tells whether a filter may stand beside the latest token.";
            return Err(Refusal::new(400, "Request_UnsupportedQuery", text));
        }
        Ok(Self { kind, select, ids, history: Vec::new() })
    }

    /// Whether both follow the same.
    pub fn is_like(&self, other: &Self) -> bool {
        self.kind == other.kind && self.select == other.select && self.ids == other.ids
    }

    pub fn selected(&self) -> String {
        self.select.join(",")
    }

    /// What the stream shows now. A change is seen at the next request, and shown when it is old enough.
    pub fn shown(&mut self, entra: &Entra, lag: SignedDuration, now: Timestamp) -> Snapshot {
        let newest = self.look(entra);
        match self.history.last() {
            None => self.history.push((Timestamp::MIN, newest)),
            Some((_, known)) if *known == newest => {}
            Some(_) => self.history.push((now, newest)),
        }
        let until = now.checked_sub(lag).unwrap_or(Timestamp::MIN);
        let ripe = self.history.iter().rposition(|(at, _)| *at <= until).unwrap_or_default();
        self.history.drain(..ripe);
        self.history.first().map(|(_, shown)| Arc::clone(shown)).unwrap_or_default()
    }

    /// The difference of two snapshots, in no order.
    pub fn items(&self, entra: &Entra, before: &Snapshot, after: &Snapshot, minimal: bool) -> Vec<Value> {
        let ids: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        let mut items: Vec<(u64, Value)> = Vec::new();
        for id in ids {
            let (old, new) = (before.get(id), after.get(id));
            if old == new {
                continue;
            }
            let was_there = old.is_some_and(|old| !old.is_deleted);
            match new {
                None => items.push((digest(id), removed(id, "deleted"))),
                Some(new) if !new.is_deleted => {
                    // An object that was restored comes back as a new one.
                    let old = old.filter(|_| was_there).map(Arc::as_ref);
                    let found = self.changed(entra, id, old, new, minimal);
                    items.extend(found.into_iter().map(|item| (digest(id), item)));
                }
                Some(_) if was_there => items.push((digest(id), removed(id, "changed"))),
                Some(_) => {}
            }
        }
        items.sort_by_key(|(order, _)| *order);
        items.into_iter().map(|(_, item)| item).collect()
    }

    /// What there is now.
    fn look(&self, entra: &Entra) -> Snapshot {
        let wanted = |id: &String| self.ids.as_ref().is_none_or(|ids| ids.contains(id));
        let before = self.history.last().map(|(_, known)| known);
        let keep = |id: &String, seen: Seen| {
            let known = before.and_then(|known| known.get(id)).filter(|known| ***known == seen);
            (id.clone(), known.map_or_else(|| Arc::new(seen), Arc::clone))
        };
        let digests =
            |all: &Map<String, Value>| self.select.iter().map(|name| digest(&all.get(name))).collect();
        let mut all = BTreeMap::new();
        match self.kind {
            Kind::Users => {
                for (is_deleted, users) in [(true, &entra.deleted_users), (false, &entra.users)] {
                    for (id, user) in users.iter().filter(|(id, _)| wanted(id)) {
                        let digests = digests(&user.properties());
                        all.extend([keep(id, Seen { is_deleted, digests, ..Seen::default() })]);
                    }
                }
            }
            Kind::Groups => {
                let has_members = self.select.iter().any(|name| name == "members");
                for (id, group) in entra.groups.iter().filter(|(id, _)| wanted(id)) {
                    let members =
                        group.members.iter().filter(|_| has_members).map(|member| member.id.clone());
                    let (digests, members) = (digests(&group.properties()), members.collect());
                    all.extend([keep(id, Seen { is_deleted: false, digests, members })]);
                }
            }
        }
        Arc::new(all)
    }

    /// The items about one object. A group with many new members has several.
    fn changed(&self, entra: &Entra, id: &str, old: Option<&Seen>, new: &Seen, minimal: bool) -> Vec<Value> {
        let user = entra.users.get(id).map(User::properties);
        let all = user.or_else(|| entra.groups.get(id).map(Group::properties)).unwrap_or_default();
        let mut item = Map::from_iter([("id".to_owned(), json!(id))]);
        let mut has_changed = old.is_none();
        for (number, name) in self.select.iter().enumerate().filter(|(_, name)| *name != "members") {
            let is_new = old.is_none_or(|old| old.digests.get(number) != new.digests.get(number));
            has_changed |= is_new;
            let value = all.get(name).cloned().unwrap_or_default();
            // A property that was never set is not sent. One that became empty is.
            if (is_new && (old.is_some() || !value.is_null())) || (!is_new && !minimal && !value.is_null()) {
                item.insert(name.clone(), value);
            }
        }
        let none = BTreeSet::new();
        let before = old.map_or(&none, |old| &old.members);
        // A member that was deleted disappears without a word (microsoft-graph-docs issues 14708 and 18628).
        let exists =
            |member: &&String| entra.users.contains_key(*member) || entra.groups.contains_key(*member);
        let of = |member: &String| if entra.users.contains_key(member) { "user" } else { "group" };
        let added = new
            .members
            .difference(before)
            .map(|member| json!({"@odata.type": format!("#microsoft.graph.{}", of(member)), "id": member}));
        let gone = before.difference(&new.members).filter(exists).map(|member| {
            let kind = format!("#microsoft.graph.{}", of(member));
            json!({"@odata.type": kind, "id": member, "@removed": {"reason": "deleted"}})
        });
        let members: Vec<Value> = added.chain(gone).collect();
        if members.is_empty() {
            return if has_changed { vec![item.into()] } else { Vec::new() };
        }
        let with = |part: &[Value]| {
            let mut item = item.clone();
            item.insert("members@delta".to_owned(), part.into());
            Value::Object(item)
        };
        members.chunks(MEMBERS_PER_ITEM).map(with).collect()
    }
}

fn removed(id: &str, reason: &str) -> Value {
    json!({"id": id, "@removed": {"reason": reason}})
}

fn digest(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// `id eq '…' or id eq '…'`, the only filter of a delta query.
fn filtered(text: &str) -> Result<BTreeSet<String>, Refusal> {
    let mut ids = BTreeSet::new();
    for part in text.split(" or ") {
        let clauses = parse(part).map_err(|why| Refusal::bad(format!("Invalid filter clause: {why}")))?;
        match clauses.as_slice() {
            [one] if one.path == "id" && one.op == Op::Eq && one.quoted => {
                ids.extend(one.values.iter().cloned());
            }
            _ => return Err(Refusal::bad("A delta query can be filtered by ids only.")),
        }
    }
    if ids.len() > MAX_FILTERED {
        return Err(Refusal::bad("A delta query can be filtered by 50 ids at most."));
    }
    Ok(ids)
}
