//! Validates JSON against the part of OpenAPI's schema language that the published documents use. A keyword that it does
//! not know is an error of the test, so that nothing is skipped silently.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// What only describes, or restricts the text of a value more closely than a simulator's ids need.
const IGNORED: [&str; 4] = ["format", "pattern", "readOnly", "description"];
const KNOWN: [&str; 15] = [
    "$ref",
    "type",
    "enum",
    "nullable",
    "required",
    "properties",
    "additionalProperties",
    "minProperties",
    "items",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minimum",
    "maximum",
    "allOf",
];

/// The schemas of one document.
pub struct Schemas(pub Map<String, Value>);

impl Schemas {
    /// The differences between a value and a schema, each with its place.
    pub fn faults(&self, schema: &Value, value: &Value, place: &str) -> Vec<String> {
        let schema = self.resolved(schema);
        let Some(map) = schema.as_object() else { panic!("{place}: {schema} is no schema") };
        for keyword in map.keys() {
            let known = KNOWN.contains(&keyword.as_str()) || ["oneOf", "anyOf"].contains(&keyword.as_str());
            assert!(known || IGNORED.contains(&keyword.as_str()), "{place}: unknown keyword {keyword}");
        }
        if value.is_null() {
            return if self.may_be_null(map) { Vec::new() } else { vec![format!("{place}: null")] };
        }
        let mut faults = Vec::new();
        for part in list(map, "allOf") {
            let found = self.faults(part, value, place).into_iter();
            faults.extend(found.filter(|fault| !is_undeclared(fault, place)));
        }
        for keyword in ["oneOf", "anyOf"] {
            let of = |part| {
                let found = self.faults(part, value, place).into_iter();
                found.filter(|fault| !is_undeclared(fault, place)).collect()
            };
            let all: Vec<Vec<String>> = list(map, keyword).map(of).collect();
            if !all.is_empty() && all.iter().all(|found| !found.is_empty()) {
                faults.extend(all.into_iter().min_by_key(Vec::len).unwrap_or_default());
            }
        }
        if let Some(kind) = map.get("type").and_then(Value::as_str)
            && !is_type(kind, value)
        {
            faults.push(format!("{place}: {value} is no {kind}"));
            return faults;
        }
        if let Some(Value::Array(allowed)) = map.get("enum")
            && !allowed.contains(value)
        {
            faults.push(format!("{place}: {value} is none of {allowed:?}"));
        }
        match value {
            Value::Object(fields) => self.object(&schema, fields, place, &mut faults),
            Value::Array(items) => self.array(map, items, place, &mut faults),
            Value::Number(number) => {
                let limit = |key: &str| map.get(key).and_then(Value::as_f64);
                let number = number.as_f64().unwrap();
                if limit("minimum").is_some_and(|least| number < least)
                    || limit("maximum").is_some_and(|most| number > most)
                {
                    faults.push(format!("{place}: {number} is out of range"));
                }
            }
            _ => {}
        }
        faults
    }

    fn object(&self, schema: &Value, fields: &Map<String, Value>, place: &str, faults: &mut Vec<String>) {
        for name in list(schema.as_object().unwrap(), "required").filter_map(Value::as_str) {
            if !fields.contains_key(name) {
                faults.push(format!("{place}: {name} is missing"));
            }
        }
        let (declared, open) = self.declared(schema);
        for (name, value) in fields {
            let place = format!("{place}/{name}");
            match declared.get(name.as_str()) {
                Some(schema) => faults.extend(self.faults(schema, value, &place)),
                None if open == Some(Value::Bool(true)) => {}
                None => match &open {
                    Some(schema @ Value::Object(_)) => faults.extend(self.faults(schema, value, &place)),
                    _ => faults.push(format!("{place}: {UNDECLARED}")),
                },
            }
        }
    }

    fn array(&self, map: &Map<String, Value>, items: &[Value], place: &str, faults: &mut Vec<String>) {
        let limit = |key: &str| map.get(key).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
        if limit("minItems").is_some_and(|least| items.len() < least)
            || limit("maxItems").is_some_and(|most| items.len() > most)
        {
            faults.push(format!("{place}: {} items", items.len()));
        }
        if map.get("uniqueItems") == Some(&Value::Bool(true))
            && (1..items.len()).any(|at| items[..at].contains(&items[at]))
        {
            faults.push(format!("{place}: an item twice"));
        }
        let Some(schema) = map.get("items") else { return };
        for item in items {
            faults.extend(self.faults(schema, item, &format!("{place}/[]")));
        }
    }

    /// The declared properties of an object, and what others may be. A schema that declares nothing is open, as OpenAPI
    /// says.
    fn declared(&self, schema: &Value) -> (BTreeMap<String, Value>, Option<Value>) {
        let schema = self.resolved(schema);
        let map = schema.as_object().unwrap();
        let mut all = BTreeMap::new();
        let mut open = map.get("additionalProperties").cloned();
        let mut declares = map.contains_key("properties");
        for (name, schema) in map.get("properties").and_then(Value::as_object).into_iter().flatten() {
            all.insert(name.clone(), schema.clone());
        }
        for part in ["allOf", "oneOf", "anyOf"].iter().flat_map(|keyword| list(map, keyword)) {
            let (fields, others) = self.declared(part);
            declares |= !fields.is_empty();
            // The part itself was validated with its own schemas.
            for name in fields.into_keys() {
                all.entry(name).or_insert_with(|| Value::Object(Map::new()));
            }
            open = open.or(others.filter(|others| *others != Value::Bool(true)));
        }
        if !declares && open.is_none() {
            open = Some(Value::Bool(true));
        }
        (all, open)
    }

    fn may_be_null(&self, map: &Map<String, Value>) -> bool {
        map.get("nullable") == Some(&Value::Bool(true))
            || map.get("enum").and_then(Value::as_array).is_some_and(|allowed| allowed.contains(&Value::Null))
            || ["allOf", "oneOf", "anyOf"]
                .iter()
                .flat_map(|keyword| list(map, keyword))
                .any(|part| self.resolved(part).as_object().is_some_and(|part| self.may_be_null(part)))
    }

    /// Follows references.
    fn resolved(&self, schema: &Value) -> Value {
        let mut schema = schema.clone();
        while let Some(name) = schema.get("$ref").and_then(Value::as_str) {
            let name = name.rsplit('/').next().unwrap();
            schema = self.0.get(name).unwrap_or_else(|| panic!("there is no schema {name}")).clone();
        }
        schema
    }
}

const UNDECLARED: &str = "it is not declared";

/// Whether a fault is about an undeclared property of the value at this place. Of a composed schema, the whole is asked
/// for that.
fn is_undeclared(fault: &str, place: &str) -> bool {
    let inner = fault.strip_suffix(UNDECLARED).and_then(|fault| fault.strip_prefix(place));
    inner.and_then(|name| name.strip_prefix('/')).is_some_and(|name| !name.contains('/'))
}

fn list<'a>(map: &'a Map<String, Value>, keyword: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    map.get(keyword).and_then(Value::as_array).into_iter().flatten()
}

fn is_type(kind: &str, value: &Value) -> bool {
    match kind {
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => panic!("unknown type {kind}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_keyword_finds_its_fault() {
        let named =
            json!({"Name": {"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}}});
        let schemas = Schemas(named.as_object().unwrap().clone());
        let name = json!({"$ref": "#/components/schemas/Name"});
        let of = |schema: &Value, value: Value| schemas.faults(schema, &value, "");
        assert!(of(&name, json!({"a": "x"})).is_empty());
        assert_eq!(of(&name, json!({})), [": a is missing"]);
        assert_eq!(of(&name, json!({"a": 1})), ["/a: 1 is no string"]);
        assert_eq!(of(&name, json!({"a": null})), ["/a: null"]);
        assert_eq!(of(&name, json!({"a": "x", "b": 1})), ["/b: it is not declared"]);
        let both = json!({"allOf": [name, {"properties": {"b": {"type": "integer", "maximum": 3}}}]});
        assert!(of(&both, json!({"a": "x", "b": 3})).is_empty());
        assert_eq!(of(&both, json!({"a": "x", "b": 4})), ["/b: 4 is out of range"]);
        assert_eq!(of(&both, json!({"a": "x", "c": 4})), ["/c: it is not declared"]);
        let deep = json!({"allOf": [{"properties": {"d": name}}, {"properties": {"e": {"type": "string"}}}]});
        assert_eq!(of(&deep, json!({"d": {"a": "x", "b": 1}})), ["/d/b: it is not declared"]);
        let flag = |allowed: bool| json!({"type": "object", "properties": {"allowed": {"enum": [allowed]}}});
        let either = json!({"oneOf": [flag(true), flag(false)]});
        assert!(of(&either, json!({"allowed": true})).is_empty());
        assert_eq!(of(&either, json!({"allowed": 1})).len(), 1);
        let some = json!({"anyOf": [name, {"type": "object", "nullable": true}]});
        assert!(of(&some, json!(null)).is_empty() && of(&some, json!({"a": "x"})).is_empty());
        assert_eq!(of(&some, json!("x")).len(), 1);
        let list = json!({"type": "array", "minItems": 1, "items": {"enum": ["x"]}});
        assert!(of(&list, json!(["x"])).is_empty());
        assert_eq!(of(&list, json!([])).len() + of(&list, json!(["y"])).len(), 2);
        let open = json!({"type": "object", "additionalProperties": {"type": "boolean"}});
        assert!(of(&open, json!({"x": true})).is_empty());
        assert_eq!(of(&open, json!({"x": 1})), ["/x: 1 is no boolean"]);
        assert!(of(&json!({"type": "object"}), json!({"x": 1})).is_empty(), "it declares nothing");
    }
}
