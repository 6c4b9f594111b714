//! The synchronization schema: the default schema of the gallery application, and how the engine reads it: values,
//! matching attributes, scoping filter. The engine must never use a mapping that the schema does not show, because
//! the bot diagnoses from the same schema.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::expression::{self, Expression, Outcome, parse};
use super::switches::Switches;

/// The object mapping for `User` or `Group`, enabled or not.
pub(super) fn object<'a>(schema: &'a Value, source: &str) -> Option<&'a Value> {
    rules(schema)
        .flat_map(|rule| rule.get("objectMappings").and_then(Value::as_array).into_iter().flatten())
        .find(|mapping| mapping.get("sourceObjectName").and_then(Value::as_str) == Some(source))
}

fn rules(schema: &Value) -> impl Iterator<Item = &Value> {
    schema.get("synchronizationRules").and_then(Value::as_array).into_iter().flatten()
}

/// Whether the schema has this rule, so that it can run on demand.
pub(super) fn has_rule(schema: &Value, id: &str) -> bool {
    rules(schema).any(|rule| rule.get("id").and_then(Value::as_str) == Some(id))
}

/// Whether the mapping is switched on.
pub(super) fn enabled(mapping: &Value) -> bool {
    mapping.get("enabled").and_then(Value::as_bool).unwrap_or(false)
}

/// Whether the mapping's flow types name this kind (`Add`, `Update`, `Delete`).
pub(super) fn flows(mapping: &Value, kind: &str) -> bool {
    mapping
        .get("flowTypes")
        .and_then(Value::as_str)
        .is_some_and(|types| types.split(',').any(|one| one.trim() == kind))
}

fn attribute_mappings(mapping: &Value) -> impl Iterator<Item = &Value> {
    mapping.get("attributeMappings").and_then(Value::as_array).into_iter().flatten()
}

/// Whether the mapping names this target attribute.
pub(super) fn maps(mapping: &Value, target: &str) -> bool {
    attribute_mappings(mapping)
        .any(|one| one.get("targetAttributeName").and_then(Value::as_str) == Some(target))
}

/// The values that the target should have. Empty sources are left out, because Entra sends no nulls on create.
/// Expressions that cannot be evaluated here are left out too.
pub(super) fn values(
    mapping: &Value,
    source: &Map<String, Value>,
    switches: &Switches,
) -> BTreeMap<String, Value> {
    attribute_mappings(mapping)
        .filter_map(|one| {
            let target = one.get("targetAttributeName")?.as_str()?;
            let expression = read_source(one.get("source")?)?;
            let value = match expression.evaluate(source, switches.empty_condition_is_false)? {
                Outcome::Flag(is) => is.into(),
                // The only Boolean attribute: the texts "True" and "False" become booleans.
                Outcome::Text(text) if target == "active" && text == "True" => true.into(),
                Outcome::Text(text) if target == "active" && text == "False" => false.into(),
                Outcome::Text(text) => text.into(),
                Outcome::Many(all) => all.into(),
                Outcome::Null => return None,
            };
            (target != "members" && value != "").then(|| (target.to_owned(), value))
        })
        .collect()
}

fn read_source(source: &Value) -> Option<Expression> {
    let name = source.get("name").and_then(Value::as_str).unwrap_or_default();
    match source.get("type").and_then(Value::as_str)? {
        "Attribute" => Some(Expression::Attribute(name.to_owned())),
        "Constant" => Some(Expression::Constant(name.to_owned())),
        "Function" => parse(source.get("expression").and_then(Value::as_str)?),
        _ => None,
    }
}

/// The target attributes for matching, by priority.
pub(super) fn matching(mapping: &Value) -> Vec<String> {
    let mut found: Vec<(i64, String)> = attribute_mappings(mapping)
        .filter_map(|one| {
            let priority = one.get("matchingPriority")?.as_i64().filter(|priority| *priority >= 1)?;
            Some((priority, one.get("targetAttributeName")?.as_str()?.to_owned()))
        })
        .collect();
    found.sort();
    found.into_iter().map(|(_, name)| name).collect()
}

/// Evaluates the scoping filter: at least one group must match with all of its clauses. Returns the result, and that
/// of each clause.
pub(super) fn scope(mapping: &Value, object: &Map<String, Value>) -> (bool, Map<String, Value>) {
    let mut said = Map::new();
    let groups = mapping.pointer("/scope/groups").and_then(Value::as_array);
    let Some(groups) = groups.filter(|groups| !groups.is_empty()) else { return (true, said) };
    let mut inside = false;
    for group in groups {
        let name = group.get("name").and_then(Value::as_str).unwrap_or("filter");
        let mut all = true;
        for clause in group.get("clauses").and_then(Value::as_array).into_iter().flatten() {
            let (text, good) = clause_holds(clause, object);
            said.insert(format!("{name}.{text}"), good.into());
            all &= good;
        }
        inside |= all;
    }
    (inside, said)
}

fn clause_holds(clause: &Value, object: &Map<String, Value>) -> (String, bool) {
    let field = |name: &str| clause.get(name).and_then(Value::as_str).unwrap_or_default();
    let (attribute, operator) = (field("sourceOperandName"), field("operatorName"));
    let wanted =
        clause.pointer("/targetOperand/values/0").and_then(Value::as_str).unwrap_or_default().to_owned();
    let actual = match object.get(attribute) {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Bool(is)) => Some(if *is { "True".into() } else { "False".into() }),
        _ => None,
    };
    let good = match operator {
        "EQUALS" => actual.as_deref() == Some(wanted.as_str()),
        "NOT EQUALS" => actual.as_deref() != Some(wanted.as_str()),
        "IS TRUE" => actual.as_deref() == Some("True"),
        "IS FALSE" => actual.as_deref() == Some("False"),
        "IS NULL" => actual.is_none(),
        "IS NOT NULL" => actual.is_some(),
        _ => false,
    };
    (format!("{attribute} {operator} '{wanted}'"), good)
}

fn attribute(target: &str, source: &str, priority: i64) -> Value {
    json!({
        "defaultValue": null, "exportMissingReferences": false, "flowBehavior": "FlowWhenChanged",
        "flowType": "Always", "matchingPriority": priority, "targetAttributeName": target,
        "source": expression::source(source),
    })
}

fn mapping(source: &str, target: &str, attributes: &[Value]) -> Value {
    json!({
        "enabled": true, "flowTypes": "Add,Update,Delete", "metadata": [],
        "name": format!("Provision Microsoft Entra ID {source}s"),
        "scope": {"categoryFilterGroups": [], "groups": [], "inputFilterGroups": []},
        "sourceObjectName": source, "targetObjectName": target, "attributeMappings": attributes,
    })
}

/// The gallery application's schema, with one rule for users and groups.
pub(super) fn default_schema(rule: &str) -> Value {
    let active = "Switch([IsSoftDeleted], , \"False\", \"True\", \"True\", \"False\")";
    let users = [
        attribute("userName", "[userPrincipalName]", 1),
        attribute("active", active, 0),
        attribute("emails[type eq \"work\"].value", "[mail]", 0),
        attribute("externalId", "[objectId]", 0),
        attribute("name.givenName", "[givenName]", 0),
        attribute("name.familyName", "[surname]", 0),
        attribute("displayName", "[displayName]", 0),
    ];
    let groups = [
        attribute("displayName", "[displayName]", 1),
        attribute("externalId", "[objectId]", 0),
        attribute("members", "[members]", 0),
    ];
    json!({
        "id": rule, "version": "v2.2",
        "directories": [],
        "synchronizationRules": [{
            "id": rule, "name": "USERGROUP_OUTBOUND_USERGROUP", "priority": 1, "editable": true,
            "sourceDirectoryName": "Microsoft Entra ID", "targetDirectoryName": "Atlassian Cloud",
            "containerFilter": null, "groupFilter": null,
            "metadata": [{"key": "supportsProvisionOnDemand", "value": "true"}],
            "objectMappings": [
                mapping("Group", "urn:ietf:params:scim:schemas:core:2.0:Group", &groups),
                mapping("User", "urn:ietf:params:scim:schemas:core:2.0:User", &users),
            ],
        }],
    })
}
