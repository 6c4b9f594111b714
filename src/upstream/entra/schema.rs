//! Extracts from a job's schema what a diagnosis needs: the rule for provisioning, the sources of the address and the
//! external id, the attributes for matching, and whether groups are synced. It must never guess: what the schema does
//! not say is `None`.

use serde::Deserialize;

use super::Entra;
use crate::upstream::error::CallError;
use crate::upstream::lenient::{self, folded};

/// The relevant parts of a job's schema. `None` means that the schema does not say it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping {
    /// The rule for provisioning a user on demand.
    pub user_rule: Option<String>,
    /// The rule for provisioning a group on demand.
    pub group_rule: Option<String>,
    /// False if groups are not synced; also if they have no mapping at all.
    pub groups_enabled: Option<bool>,
    /// False if memberships of existing groups are never changed (no Update, or `members` is not mapped).
    pub memberships_flow: Option<bool>,
    /// Whether users have a scoping filter.
    pub users_filtered: bool,
    /// The source expression of `userName`.
    pub user_name: Option<String>,
    /// The source expression of the work address.
    pub work_email: Option<String>,
    /// The source expression of a user's `externalId`.
    pub external_id: Option<String>,
    /// The source expression of a user's `active`.
    pub active: Option<String>,
    /// The source expression of a group's `externalId`.
    pub group_external_id: Option<String>,
    /// The target attributes that users are matched by, in order of precedence.
    pub user_matching: Vec<String>,
    /// The target attributes that groups are matched by, in order of precedence.
    pub group_matching: Vec<String>,
}

#[derive(Clone, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Schema {
    #[serde(deserialize_with = "lenient::list")]
    synchronization_rules: Vec<Rule>,
}

#[derive(Clone, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Rule {
    #[serde(deserialize_with = "lenient::text")]
    id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    source_directory_name: Option<String>,
    #[serde(deserialize_with = "lenient::list")]
    metadata: Vec<Pair>,
    #[serde(deserialize_with = "lenient::list")]
    object_mappings: Vec<ObjectMapping>,
}

#[derive(Clone, Deserialize, Default)]
#[serde(default)]
struct Pair {
    #[serde(deserialize_with = "lenient::text")]
    key: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    value: Option<String>,
}

#[derive(Clone, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct ObjectMapping {
    #[serde(deserialize_with = "lenient::flag")]
    enabled: Option<bool>,
    #[serde(deserialize_with = "lenient::text")]
    flow_types: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    source_object_name: Option<String>,
    scope: serde_json::Value,
    #[serde(deserialize_with = "lenient::list")]
    attribute_mappings: Vec<AttributeMapping>,
}

#[derive(Clone, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct AttributeMapping {
    #[serde(deserialize_with = "lenient::number")]
    matching_priority: Option<i64>,
    #[serde(deserialize_with = "lenient::text")]
    target_attribute_name: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    default_value: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    flow_type: Option<String>,
    #[serde(deserialize_with = "lenient::object")]
    source: Source,
}

#[derive(Clone, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Source {
    #[serde(deserialize_with = "lenient::text")]
    expression: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    name: Option<String>,
    #[serde(rename = "type", deserialize_with = "lenient::text")]
    kind: Option<String>,
}

impl Entra {
    /// Reads the schema of the job.
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
    let mut read = Mapping { groups_enabled: enabled(&groups), ..Mapping::default() };
    if let Some((rule, mapping)) = users {
        read.user_rule = rule.id.clone();
        read.users_filtered = has_filter(&mapping.scope);
        read.user_name = mapping.feed(|t| t == "username");
        read.work_email = mapping
            .feed(|t| t.starts_with("emails") && t.contains("work"))
            .or_else(|| mapping.feed(|t| t.starts_with("email")));
        read.external_id = mapping.feed(|t| t == "externalid");
        read.active = mapping.feed(|t| t == "active");
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

/// The rule that provisions this kind of object from Entra. A rule that is marked for provisioning on demand is
/// preferred.
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
        pair.value.as_deref().and_then(lenient::to_flag)
    }

    fn reads_entra(&self) -> bool {
        let name = self.source_directory_name.as_deref().map(folded).unwrap_or_default();
        name.contains("azureactivedirectory") || name.contains("entra")
    }
}

impl ObjectMapping {
    /// The source expression of a target attribute; `None` if it is not mapped.
    fn feed(&self, wanted: impl Fn(&str) -> bool) -> Option<String> {
        let target = |m: &&AttributeMapping| {
            wanted(&m.target_attribute_name.as_deref().map(folded).unwrap_or_default())
        };
        self.attribute_mappings.iter().find(target).map(AttributeMapping::expression)
    }

    fn matching(&self) -> Vec<String> {
        let priority = |m: &&AttributeMapping| m.matching_priority.filter(|p| *p >= 1);
        let mut found: Vec<_> = self.attribute_mappings.iter().filter(|m| priority(m).is_some()).collect();
        found.sort_by_key(priority);
        found.into_iter().filter_map(|m| m.target_attribute_name.clone()).collect()
    }
}

impl AttributeMapping {
    /// The source expression. It is empty if it is not understood or not applied to every change, because its value
    /// is then unknown.
    fn expression(&self) -> String {
        let always = self.flow_type.as_deref().is_none_or(|flow| flow.eq_ignore_ascii_case("Always"));
        let (name, written) = (self.source.name.as_deref(), self.source.expression.as_deref());
        let text = match (self.source.kind.as_deref().map(folded).as_deref(), name, written) {
            (Some("attribute") | None, Some(name), None) => format!("[{name}]"),
            (Some("constant"), Some(name), None) => quoted(name),
            (_, _, Some(written)) => written.trim().to_owned(),
            (_, _, None) => String::new(),
        };
        match self.default_value.as_deref() {
            _ if !always || text.is_empty() => String::new(),
            // The value that is written if the source is empty.
            Some(default) => format!("Coalesce({text}, {})", quoted(default)),
            None => text,
        }
    }
}

/// A text as a constant of an expression.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Whether a scope filters anything. It holds `groups` of clauses, and an empty one filters nothing.
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
        assert_eq!(read.groups_enabled, Some(false));
        assert_eq!(read.memberships_flow, Some(false));
        assert!(!read.users_filtered);
        assert_eq!(read.user_matching, ["userName", "externalId"]);
        assert_eq!(read.external_id.as_deref(), Some("[objectId]"));
        assert_eq!(read.user_name.as_deref(), Some("[userPrincipalName]"), "from the name alone");
        assert_eq!(read.work_email.as_deref(), Some("Coalesce([mail], [userPrincipalName])"));
    }

    #[test]
    fn an_expression_says_what_is_written_at_every_change_or_nothing() {
        let feed = |mapping: serde_json::Value| {
            let mut mapping = mapping;
            mapping["targetAttributeName"] = json!("externalId");
            let rule = json!({"id": "r", "objectMappings": [{"sourceObjectName": "User", "attributeMappings": [mapping]}]});
            of(json!({"synchronizationRules": [rule]})).external_id
        };
        let source = json!({"type": "Attribute", "name": "employeeId", "expression": "[employeeId]"});
        assert_eq!(feed(json!({"source": source, "flowType": "Always"})).as_deref(), Some("[employeeId]"));
        let with_default = feed(json!({"source": source, "defaultValue": "no \"id\""}));
        assert_eq!(with_default.as_deref(), Some(r#"Coalesce([employeeId], "no \"id\"")"#));
        assert_eq!(feed(json!({"source": source, "flowType": "ObjectAddOnly"})).as_deref(), Some(""));
        assert_eq!(feed(json!({"source": null})).as_deref(), Some(""));
        assert_eq!(feed(json!({"source": {"type": "Constant", "name": "x"}})).as_deref(), Some("\"x\""));
    }

    #[test]
    fn sparse_schemas_say_what_they_can() {
        assert_eq!(of(json!({})), Mapping::default());
        let read = of(json!({"synchronizationRules": [{"id": "r", "objectMappings": [
            {"sourceObjectName": "user", "scope": {"groups": [{"clauses": []}]}, "attributeMappings": null}]}]}));
        assert_eq!(read.user_rule.as_deref(), Some("r"));
        assert!(read.users_filtered);
        assert_eq!((read.groups_enabled, read.group_rule), (Some(false), None));
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
