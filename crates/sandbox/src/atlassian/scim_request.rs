//! The parts of a SCIM request: its body, its filter, its page, and the requested attributes.

use serde_json::{Value, json};

use super::ask::{Ask, Reply};
use super::rules::same;
use super::state::Atlassian;

pub(super) const BASE_URL: &str = "https://api.atlassian.com/scim/directory";

/// The body of a SCIM write.
pub(super) fn body(ask: &Ask) -> Result<serde_json::Map<String, Value>, Reply> {
    ask.object().map_err(|why| Reply::scim(400, Some("invalidSyntax"), why).faulty(why))
}

/// `attribute eq "value"`, the only supported filter, and only for the given attributes (ACCESS-1424).
pub(super) fn filter(ask: &Ask, allowed: &[&str]) -> Result<Option<(String, String)>, Reply> {
    let Some(text) = ask.param("filter") else { return Ok(None) };
    let parsed = || {
        let (attribute, rest) = text.trim().split_once(' ')?;
        let (operator, value) = rest.trim_start().split_once(' ')?;
        let name = allowed.iter().find(|a| same(a, attribute))?;
        // The value is a JSON string (RFC 7644 section 3.4.2.2), so quotation marks in it are escaped.
        let value: String = serde_json::from_str(value.trim()).ok()?;
        same(operator, "eq").then(|| ((*name).to_owned(), value))
    };
    match parsed() {
        Some(found) => Ok(Some(found)),
        None => {
            let refused = Reply::scim(400, Some("invalidFilter"), format!("Unsupported filter: {text}"));
            // A job may be configured so. That is a fault of the tenant, and not of the program.
            Err(if ask.by_job { refused } else { refused.faulty("a filter that Atlassian does not support") })
        }
    }
}

/// A page of a list. `shapes` is whether it obeys `attributes` and `excludedAttributes`. As recorded, `itemsPerPage` is the size of a page, not the number of items on it.
pub(super) fn page<T>(
    tenant: &Atlassian,
    ask: &Ask,
    found: &[T],
    shapes: bool,
    render: impl Fn(&T) -> Value,
) -> Result<Reply, Reply> {
    let known = ["filter", "startIndex", "count", "attributes", "excludedAttributes"];
    if let Some(name) = ask.unknown_param(&known) {
        let text = format!("unknown query parameter {name}");
        return Err(Reply::scim(400, Some("invalidValue"), text.clone()).faulty(text));
    }
    let start = number(ask, "startIndex", 1)?.max(1);
    let count = number(ask, "count", tenant.switches.scim_page_size)?.min(tenant.switches.scim_max_count);
    let resources: Vec<Value> = found
        .iter()
        .skip(start.saturating_sub(1))
        .take(count)
        .map(|item| if shapes { shaped(ask, render(item)) } else { Ok(render(item)) })
        .collect::<Result<_, _>>()?;
    Ok(Reply::ok(json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": found.len(), "startIndex": start, "itemsPerPage": count, "Resources": resources
    })))
}

fn number(ask: &Ask, name: &str, default: usize) -> Result<usize, Reply> {
    ask.param(name).map_or(Ok(default), |text| {
        text.parse().map_err(|_| {
            Reply::scim(400, Some("invalidValue"), format!("{name} is not a number")).faulty("a page number")
        })
    })
}

/// Applies `attributes` xor `excludedAttributes`.
pub(super) fn shaped(ask: &Ask, resource: Value) -> Result<Value, Reply> {
    let kept = kept(ask)?;
    let Value::Object(map) = resource else { return Ok(resource) };
    Ok(Value::Object(map.into_iter().filter(|(key, _)| kept(key)).collect()))
}

/// Which attributes are shown. `id` and `schemas` always are.
pub(super) fn kept(ask: &Ask) -> Result<impl Fn(&str) -> bool + use<>, Reply> {
    let list =
        |name| ask.param(name).map(|t: &str| t.split(',').map(|a| a.trim().to_owned()).collect::<Vec<_>>());
    let (wanted, excluded) = (list("attributes"), list("excludedAttributes"));
    if wanted.is_some() && excluded.is_some() {
        let text = "attributes and excludedAttributes exclude each other";
        return Err(Reply::scim(400, Some("invalidValue"), text).faulty(text));
    }
    Ok(move |key: &str| {
        let named = |list: &Vec<String>| list.iter().any(|a| same(a.split('.').next().unwrap_or(a), key));
        key == "id"
            || key == "schemas"
            || (wanted.as_ref().is_none_or(named) && !excluded.as_ref().is_some_and(named))
    })
}
