//! Tenants whose job writes something other than the object id into `externalId`, as Microsoft's default table does.
//! Any arranged tenant can be converted. The schema, the records and the engine's cache change together, so that the
//! same events have happened under the other mapping.
//!
//! Four scenarios are special, because they are about the object id:
//!
//! - `identity-recreated` and `identity-recreated-recycled`: a value that is not an object id does not show that an
//!   object was deleted and created again. The diagnosis finds only an old, conflicting record. If the new object has
//!   the same value as the old one, nothing is wrong: the record is the person's own.
//! - `pull-sync` and `healthy-pull-sync`: there is no job, so there is no mapping. Atlassian's own integration always
//!   writes the object id. These tenants do not change.

use std::collections::BTreeMap;

use serde_json::Value;

use super::entra::{User, mapping_source};
use super::tenant::Tenant;

/// The attribute that the job writes into `externalId`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExternalIdFrom {
    /// `[objectId]`, as Atlassian tells admins to configure it.
    ObjectId,
    /// `[mailNickname]`, as in Microsoft's default table.
    MailNickname,
    /// `[employeeId]`
    EmployeeId,
    /// `[extensionAttribute1]`
    ExtensionAttribute1,
    /// Any other expression. The simulated job can evaluate `PCase([mailNickname])`, and the bot cannot.
    Expression(&'static str),
}

impl ExternalIdFrom {
    fn expression(self) -> &'static str {
        match self {
            Self::ObjectId => "[objectId]",
            Self::MailNickname => "[mailNickname]",
            Self::EmployeeId => "[employeeId]",
            Self::ExtensionAttribute1 => "[extensionAttribute1]",
            Self::Expression(text) => text,
        }
    }
}

impl Tenant {
    /// Makes the job write this attribute into `externalId`, as if it had always done so. The records of people,
    /// active or deleted, get their value. A record with the id of a deleted object gets a value that no person has.
    /// A value that was never an object id stays. Without a job nothing changes.
    pub fn map_external_id(&mut self, from: ExternalIdFrom) {
        let old = self.external_ids();
        if !self.set_source("externalId", from.expression()) {
            return;
        }
        let new = self.external_ids();
        let mut changed: BTreeMap<String, Option<String>> = BTreeMap::new();
        for (id, before) in old {
            if let Some(before) = before {
                changed.insert(before, new.get(&id).cloned().flatten());
            }
        }
        for record in self.atlassian.scim_users.values_mut() {
            let Some(before) = record.external_id.clone() else { continue };
            record.external_id = match changed.get(&before) {
                Some(after) => after.clone(),
                None if is_object_id(&before) => self.entra.mapped(&former_person(&before), "externalId"),
                None => Some(before),
            };
        }
        let after = |value: &str| changed.get(value).cloned().flatten();
        if let Some(job) = self.entra.atlassian_job() {
            for (id, export) in &mut job.cache {
                if !new.contains_key(id) {
                    continue;
                }
                if let Some(value) = export.attributes.get_mut("externalId")
                    && let Some(after) = value.as_str().and_then(after)
                {
                    *value = Value::from(after);
                }
            }
        }
        for entry in self.entra.log.iter_mut().filter(|entry| entry.source.kind == "User") {
            for (_, old, value) in entry.modified.iter_mut().filter(|(name, ..)| name == "externalId") {
                *old = old.take().map(|old| after(&old).unwrap_or(old));
                *value = after(value).unwrap_or_else(|| value.clone());
            }
            if let Some(error) = &mut entry.error {
                for (before, after) in &changed {
                    let after = after.as_deref().unwrap_or_default();
                    let said = format!("externalId[{before}]");
                    error.reason = error.reason.replace(&said, &format!("externalId[{after}]"));
                }
            }
        }
    }

    /// Makes the job fill a target attribute of people from this expression. Returns whether a job fills it.
    pub fn set_source(&mut self, target: &str, expression: &str) -> bool {
        let rules = self.entra.atlassian_job().and_then(|job| job.schema.get_mut("synchronizationRules"));
        let rules = rules.and_then(Value::as_array_mut).into_iter().flatten();
        let objects = rules.filter_map(|rule| rule.get_mut("objectMappings")?.as_array_mut()).flatten();
        let users = objects.filter(|object| object.get("sourceObjectName") == Some(&"User".into()));
        let all = users.filter_map(|object| object.get_mut("attributeMappings")?.as_array_mut()).flatten();
        let mut found = false;
        for mapping in all.filter(|one| one.get("targetAttributeName") == Some(&target.into())) {
            if let Some(source) = mapping.get_mut("source") {
                *source = mapping_source(expression);
                found = true;
            }
        }
        found
    }

    /// What the job now writes into `externalId`, by object id.
    fn external_ids(&self) -> BTreeMap<String, Option<String>> {
        let people = self.entra.users.values().chain(self.entra.deleted_users.values());
        people.map(|user| (user.id.clone(), self.entra.mapped(user, "externalId"))).collect()
    }
}

/// A person who is no longer in any list. No other person has these values.
fn former_person(id: &str) -> User {
    let end = id.rsplit('-').next().unwrap_or_default().trim_start_matches('0');
    let left = format!("left.{end}");
    User {
        id: id.to_owned(),
        upn: format!("{left}@acme.example"),
        mail: Some(format!("{left}@acme.example")),
        mail_nickname: Some(left.clone()),
        employee_id: Some(format!("90{end}")),
        extension_attributes: BTreeMap::from([("extensionAttribute1".to_owned(), left)]),
        ..User::default()
    }
}

/// Object ids are GUIDs; the numbers of an import are not.
fn is_object_id(text: &str) -> bool {
    uuid::Uuid::try_parse(text).is_ok_and(|_| text.len() == 36)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenarios::{ALL, find};

    fn ids(tenant: &Tenant) -> Vec<Option<String>> {
        tenant.atlassian.scim_users.values().map(|record| record.external_id.clone()).collect()
    }

    #[test]
    fn the_object_id_changes_nothing() {
        for scenario in ALL {
            let mut tenant = scenario.tenant();
            if tenant.external_ids().iter().any(|(id, value)| value.as_ref() != Some(id)) {
                // This scenario has its own mapping, or no job.
                continue;
            }
            let before = (tenant.atlassian.snapshot(), tenant.entra.snapshot());
            tenant.map_external_id(ExternalIdFrom::ObjectId);
            let kept = (tenant.atlassian.snapshot(), tenant.entra.snapshot()) == before;
            assert!(kept, "{}: {:?}", scenario.name, ids(&tenant));
        }
    }

    #[test]
    fn records_carry_the_value_of_their_person_and_an_old_one_that_of_a_former_person() {
        let made = |name: &str, from: ExternalIdFrom| {
            let mut tenant = find(name).map(crate::scenarios::Scenario::tenant).unwrap_or_default();
            tenant.map_external_id(from);
            ids(&tenant).into_iter().map(Option::unwrap_or_default).collect::<Vec<String>>()
        };
        assert_eq!(made("healthy", ExternalIdFrom::MailNickname), ["ada", "grace", "vera", "jane"]);
        assert_eq!(made("healthy", ExternalIdFrom::EmployeeId), ["10001", "10002", "10003", "10004"]);
        assert_eq!(made("orphaned-record", ExternalIdFrom::MailNickname)[3], "jane");
        assert_eq!(made("identity-recreated", ExternalIdFrom::MailNickname)[3], "left.beef");
        assert_eq!(made("identity-recreated", ExternalIdFrom::ExtensionAttribute1)[3], "left.beef");
        assert_eq!(made("stale-record-conflict", ExternalIdFrom::MailNickname)[3], "import-1042");
        assert_eq!(made("healthy", ExternalIdFrom::Expression("PCase([mailNickname])"))[3], "Jane");
        assert!(made("healthy-pull-sync", ExternalIdFrom::MailNickname)[3].starts_with("000000e1-"));
    }

    #[test]
    fn the_engine_finds_nothing_to_write_in_what_it_wrote_before() {
        let mut tenant = find("healthy").map(crate::scenarios::Scenario::tenant).unwrap_or_default();
        tenant.map_external_id(ExternalIdFrom::MailNickname);
        let entra = &mut tenant.entra;
        let now: Vec<Option<String>> =
            entra.users.values().map(|user| entra.mapped(user, "externalId")).collect();
        let people: Vec<String> = entra.users.keys().cloned().collect();
        let job = entra.atlassian_job().unwrap();
        let known = people.iter().map(|id| {
            job.cache
                .get(id)
                .and_then(|export| export.attributes.get("externalId")?.as_str().map(str::to_owned))
        });
        assert_eq!(known.collect::<Vec<_>>(), now);
    }
}
