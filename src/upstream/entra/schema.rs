//! A job's schema, boiled down to what a diagnosis asks: which rule to provision by, what feeds the address and
//! the external id, by what objects are matched, and whether groups are synced at all.

use serde::Deserialize;

use super::Entra;
use crate::upstream::error::CallError;
use crate::upstream::lax::{self, folded};

/// What a job's schema says, as far as it could be found. `None` means not said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping {
    /// The rule to name when provisioning a user on demand.
    pub user_rule: Option<String>,
    /// The rule to name when provisioning a group on demand.
    pub group_rule: Option<String>,
    /// False: users are not synced.
    pub users_enabled: Option<bool>,
    /// False: groups are not synced; also when there is no mapping for them at all.
    pub groups_enabled: Option<bool>,
    /// False: memberships of existing groups are never changed (no Update, or `members` not mapped).
    pub memberships_flow: Option<bool>,
    /// A scoping filter stands on users.
    pub users_filtered: bool,
    /// What feeds `userName`.
    pub user_name: Option<Feed>,
    /// What feeds the work address.
    pub work_email: Option<Feed>,
    /// What feeds a user's `externalId`.
    pub external_id: Option<Feed>,
    /// What feeds a group's `externalId`.
    pub group_external_id: Option<Feed>,
    /// The target attributes users are matched by, first one first.
    pub user_matching: Vec<String>,
    /// The target attributes groups are matched by, first one first.
    pub group_matching: Vec<String>,
}

/// Where a target attribute comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Feed {
    /// The source attribute, when it flows as it is.
    pub attribute: Option<String>,
    /// Every source attribute that takes part, in order; more than the one above for an expression.
    pub mentions: Vec<String>,
}

#[derive(Clone, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Schema {
    #[serde(deserialize_with = "lax::list")]
    synchronization_rules: Vec<Rule>,
}

#[derive(Clone, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Rule {
    #[serde(deserialize_with = "lax::text")]
    id: Option<String>,
    #[serde(deserialize_with = "lax::text")]
    source_directory_name: Option<String>,
    #[serde(deserialize_with = "lax::list")]
    metadata: Vec<Pair>,
    #[serde(deserialize_with = "lax::list")]
    object_mappings: Vec<ObjectMapping>,
}

#[derive(Clone, Deserialize, Default)]
#[serde(default)]
struct Pair {
    #[serde(deserialize_with = "lax::text")]
    key: Option<String>,
    #[serde(deserialize_with = "lax::text")]
    value: Option<String>,
}

#[derive(Clone, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct ObjectMapping {
    #[serde(deserialize_with = "lax::flag")]
    enabled: Option<bool>,
    #[serde(deserialize_with = "lax::text")]
    flow_types: Option<String>,
    #[serde(deserialize_with = "lax::text")]
    source_object_name: Option<String>,
    scope: serde_json::Value,
    #[serde(deserialize_with = "lax::list")]
    attribute_mappings: Vec<AttributeMapping>,
}

#[derive(Clone, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct AttributeMapping {
    #[serde(deserialize_with = "lax::number")]
    matching_priority: Option<i64>,
    #[serde(deserialize_with = "lax::text")]
    target_attribute_name: Option<String>,
    #[serde(deserialize_with = "lax::object")]
    source: Source,
}

#[derive(Clone, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Source {
    #[serde(deserialize_with = "lax::text")]
    expression: Option<String>,
    #[serde(deserialize_with = "lax::text")]
    name: Option<String>,
    #[serde(rename = "type", deserialize_with = "lax::text")]
    kind: Option<String>,
}

impl Entra {
    /// What the job's schema says.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn mapping(&self, service_principal: &str, job: &str) -> Result<Mapping, CallError> {
        let call =
            Self::synchronization(self.get(), service_principal).at("jobs").id("job", job).at("schema");
        let schema: Schema = self.one(call).await?;
        if schema.synchronization_rules.is_empty() {
            return Err(CallError::Garbled { why: "no synchronization rules".to_owned() });
        }
        Ok(read(&schema))
    }
}

fn read(schema: &Schema) -> Mapping {
    let users = pick(schema, "user");
    let groups = pick(schema, "group");
    let enabled = |found: &Option<(&Rule, &ObjectMapping)>| match found {
        // A rule without a mapping for this kind of object does not sync it.
        None if schema.synchronization_rules.is_empty() => None,
        None => Some(false),
        Some((_, mapping)) => Some(mapping.enabled != Some(false)),
    };
    let mut read =
        Mapping { users_enabled: enabled(&users), groups_enabled: enabled(&groups), ..Mapping::default() };
    if let Some((rule, mapping)) = users {
        read.user_rule = rule.id.clone();
        read.users_filtered = has_filter(&mapping.scope);
        read.user_name = mapping.feed(|t| t == "username");
        read.work_email = mapping
            .feed(|t| t.starts_with("emails") && t.contains("work"))
            .or_else(|| mapping.feed(|t| t.starts_with("email")));
        read.external_id = mapping.feed(|t| t == "externalid");
        read.user_matching = mapping.matching();
    }
    if let Some((rule, mapping)) = groups {
        read.group_rule = rule.id.clone();
        read.group_external_id = mapping.feed(|t| t == "externalid");
        read.group_matching = mapping.matching();
        let updates = mapping.flow_types.as_deref().is_none_or(|f| f.to_ascii_lowercase().contains("update"));
        let members = mapping.attribute_mappings.is_empty() || mapping.feed(|t| t == "members").is_some();
        read.memberships_flow = Some(updates && members);
    }
    read
}

/// The rule that provisions this kind of object out of Entra, preferring what says that it can do so on demand.
fn pick<'a>(schema: &'a Schema, kind: &str) -> Option<(&'a Rule, &'a ObjectMapping)> {
    let mut best: Option<(u8, &Rule, &ObjectMapping)> = None;
    for rule in &schema.synchronization_rules {
        for mapping in &rule.object_mappings {
            if mapping.source_object_name.as_deref().map(folded).as_deref() != Some(kind) {
                continue;
            }
            let rank = u8::from(mapping.enabled != Some(false)) * 8
                + u8::from(rule.on_demand() == Some(true)) * 4
                + u8::from(rule.reads_entra()) * 2
                + u8::from(rule.on_demand().is_none());
            if best.is_none_or(|(other, ..)| rank > other) {
                best = Some((rank, rule, mapping));
            }
        }
    }
    best.map(|(_, rule, mapping)| (rule, mapping))
}

impl Rule {
    fn on_demand(&self) -> Option<bool> {
        let mut pairs = self.metadata.iter();
        let pair =
            pairs.find(|p| p.key.as_deref().map(folded).as_deref() == Some("supportsprovisionondemand"))?;
        pair.value.as_deref().and_then(lax::to_flag)
    }

    fn reads_entra(&self) -> bool {
        let name = self.source_directory_name.as_deref().map(folded).unwrap_or_default();
        name.contains("azureactivedirectory") || name.contains("entra")
    }
}

impl ObjectMapping {
    fn feed(&self, wanted: impl Fn(&str) -> bool) -> Option<Feed> {
        let target = |m: &&AttributeMapping| {
            wanted(&m.target_attribute_name.as_deref().map(folded).unwrap_or_default())
        };
        self.attribute_mappings.iter().find(target).map(|m| m.source.feed())
    }

    fn matching(&self) -> Vec<String> {
        let priority = |m: &&AttributeMapping| m.matching_priority.filter(|p| *p >= 1);
        let mut found: Vec<_> = self.attribute_mappings.iter().filter(|m| priority(m).is_some()).collect();
        found.sort_by_key(priority);
        found.into_iter().filter_map(|m| m.target_attribute_name.clone()).collect()
    }
}

impl Source {
    fn feed(&self) -> Feed {
        let expression = self.expression.as_deref().unwrap_or_default();
        // `Coalesce([mail], [userPrincipalName])`: the attributes stand in brackets.
        let mut mentions: Vec<String> = expression
            .split('[')
            .skip(1)
            .filter_map(|rest| rest.split_once(']'))
            .map(|(name, _)| name.trim().to_owned())
            .filter(|name| !name.is_empty())
            .collect();
        let plain = match self.kind.as_deref().map(folded).as_deref() {
            Some("function" | "constant") => None,
            Some("attribute") => self.name.clone().or_else(|| mentions.first().cloned()),
            // Without a type an expression that is one attribute, or none, names it.
            _ if expression.is_empty() => self.name.clone(),
            _ if expression.trim().starts_with('[') && mentions.len() == 1 => mentions.first().cloned(),
            _ => None,
        };
        if let Some(name) = plain.as_ref().filter(|_| mentions.is_empty()) {
            mentions.push(name.clone());
        }
        Feed { attribute: plain, mentions }
    }
}

/// A scope holds `groups` of clauses; an empty one filters nothing.
fn has_filter(scope: &serde_json::Value) -> bool {
    use serde_json::Value;
    match scope {
        Value::Null => false,
        Value::Object(parts) => parts.values().any(has_filter),
        Value::Array(items) => !items.is_empty(),
        Value::String(text) => !text.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(value: serde_json::Value) -> Mapping {
        read(&serde_json::from_value(value).unwrap())
    }

    #[test]
    fn the_usual_schema() {
        let read = of(json!({"id": "x", "synchronizationRules": [
            {"id": "in", "sourceDirectoryName": "Atlassian Cloud", "metadata": null,
             "objectMappings": [{"enabled": true, "sourceObjectName": "User"}]},
            {"id": "R#V2", "sourceDirectoryName": "Azure Active Directory",
             "metadata": [{"key": "SupportsProvisionOnDemand", "value": "True"}],
             "objectMappings": [
                {"enabled": true, "flowTypes": "Add,Update,Delete", "sourceObjectName": "User", "scope": {"groups": []},
                 "attributeMappings": [
                    {"matchingPriority": 2, "targetAttributeName": "externalId",
                     "source": {"type": "Attribute", "name": "objectId", "expression": "[objectId]"}},
                    {"matchingPriority": 1, "targetAttributeName": "userName",
                     "source": {"type": "Attribute", "name": "userPrincipalName"}},
                    {"matchingPriority": 0, "targetAttributeName": "emails[type eq \"work\"].value",
                     "source": {"type": "Function", "name": "Coalesce", "expression": "Coalesce([mail], [userPrincipalName])"}}]},
                {"enabled": false, "flowTypes": "Add", "sourceObjectName": "Group",
                 "attributeMappings": [{"targetAttributeName": "displayName", "matchingPriority": 1, "source": null}]}]}]}));
        assert_eq!(read.user_rule.as_deref(), Some("R#V2"));
        assert_eq!((read.users_enabled, read.groups_enabled), (Some(true), Some(false)));
        assert_eq!(read.memberships_flow, Some(false));
        assert!(!read.users_filtered);
        assert_eq!(read.user_matching, ["userName", "externalId"]);
        assert_eq!(read.external_id.unwrap().attribute.as_deref(), Some("objectId"));
        let email = read.work_email.unwrap();
        assert_eq!(
            (email.attribute, email.mentions),
            (None, vec!["mail".into(), "userPrincipalName".into()])
        );
    }

    #[test]
    fn sparse_schemas_say_what_they_can() {
        assert_eq!(of(json!({})), Mapping::default());
        let read = of(json!({"synchronizationRules": [{"id": "r", "objectMappings": [
            {"sourceObjectName": "user", "scope": {"groups": [{"clauses": []}]}, "attributeMappings": null}]}]}));
        assert_eq!(read.user_rule.as_deref(), Some("r"));
        assert!(read.users_filtered);
        assert_eq!(
            (read.users_enabled, read.groups_enabled, read.group_rule),
            (Some(true), Some(false), None)
        );
    }

    #[test]
    fn the_rule_that_supports_on_demand_is_picked() {
        let rule = |id: &str, on_demand: &str| {
            json!({"id": id, "sourceDirectoryName": "Microsoft Entra ID",
                "metadata": [{"key": "supportsProvisionOnDemand", "value": on_demand}],
                "objectMappings": [{"enabled": true, "sourceObjectName": "User"}, {"enabled": true, "sourceObjectName": "Group"}]})
        };
        let read =
            of(json!({"synchronizationRules": [rule("a", "false"), rule("b", "true"), rule("c", "false")]}));
        assert_eq!((read.user_rule.as_deref(), read.group_rule.as_deref()), (Some("b"), Some("b")));
    }
}
