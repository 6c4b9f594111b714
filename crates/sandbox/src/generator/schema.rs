//! Changes of a job's schema: what fills a target attribute, and by which attribute people are matched.

use serde_json::{Value, json};

use crate::entra::mapping_source;
use crate::tenant::Tenant;

/// The object mapping of people (`User`) or groups (`Group`).
pub(super) fn object<'t>(tenant: &'t mut Tenant, name: &str) -> Option<&'t mut Value> {
    let rules = tenant.entra.atlassian_job()?.schema.get_mut("synchronizationRules")?.as_array_mut()?;
    let objects =
        rules.iter_mut().filter_map(|rule| rule.get_mut("objectMappings")?.as_array_mut()).flatten();
    objects.into_iter().find(|object| object.get("sourceObjectName") == Some(&name.into()))
}

fn attributes<'t>(tenant: &'t mut Tenant, name: &str) -> Option<&'t mut Vec<Value>> {
    object(tenant, name)?.get_mut("attributeMappings")?.as_array_mut()
}

fn is(mapping: &Value, target: &str) -> bool {
    mapping.get("targetAttributeName").and_then(Value::as_str) == Some(target)
}

/// Fills a target attribute of people from this expression. Without one, the job no longer writes it.
pub(super) fn fill(tenant: &mut Tenant, target: &str, expression: Option<&str>) {
    let Some(all) = attributes(tenant, "User") else { return };
    match expression {
        None => all.retain(|mapping| !is(mapping, target)),
        Some(text) => {
            let found = all.iter_mut().find(|mapping| is(mapping, target));
            if let Some(source) = found.and_then(|mapping| mapping.get_mut("source")) {
                *source = mapping_source(text);
            }
        }
    }
}

/// Matches people by this attribute alone.
pub(super) fn match_by(tenant: &mut Tenant, target: &str) {
    for mapping in attributes(tenant, "User").into_iter().flatten() {
        let rank = u8::from(is(mapping, target));
        if let Some(priority) = mapping.get_mut("matchingPriority") {
            *priority = json!(rank);
        }
    }
}

/// The job no longer writes the object ids of groups.
pub(super) fn without_group_ids(tenant: &mut Tenant) {
    if let Some(all) = attributes(tenant, "Group") {
        all.retain(|mapping| !is(mapping, "externalId"));
    }
}
