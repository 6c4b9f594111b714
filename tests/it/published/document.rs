//! One published document: which requests it declares, and which answers to them.

use std::path::Path;

use reinstate_sandbox::wire::Call;
use serde_json::{Map, Value};

use super::schema::Schemas;

/// A published document, as the excerpt in `tests/it/data/openapi`.
pub struct Document {
    paths: Map<String, Value>,
    schemas: Schemas,
}

impl Document {
    pub fn read(name: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/it/data/openapi/{name}.json"));
        let text = std::fs::read_to_string(path).unwrap();
        let mut document: Value = serde_json::from_str(&text).unwrap();
        let mut part = |key: &str| match document[key].take() {
            Value::Object(map) => map,
            other => panic!("{name}: {key} is {other}"),
        };
        Self { paths: part("paths"), schemas: Schemas(part("schemas")) }
    }

    /// The template of a path, and whether its method is declared. A template without variables is preferred.
    pub fn template(&self, call: &Call) -> Option<(&str, Option<&Value>)> {
        let fits = |template: &&String| {
            let (wanted, sent) = (template.split('/'), call.path.split('/'));
            wanted.clone().count() == sent.clone().count()
                && wanted.zip(sent).all(|(wanted, sent)| match wanted.starts_with('{') {
                    true => !sent.is_empty(),
                    false => wanted == sent,
                })
        };
        let template = self.paths.keys().filter(fits).min_by_key(|template| template.matches('{').count())?;
        Some((template, self.paths[template].get(call.method.to_ascii_lowercase())))
    }

    /// The differences between a recorded call and the document.
    pub fn faults(&self, operation: &Value, call: &Call) -> Vec<String> {
        let mut faults = self.query(operation, call);
        faults.extend(self.body(operation, call));
        faults.extend(self.answer(operation, call));
        faults
    }

    fn query(&self, operation: &Value, call: &Call) -> Vec<String> {
        let declared: Vec<&Value> = operation["parameters"].as_array().into_iter().flatten().collect();
        let pairs: Vec<(String, String)> =
            url::form_urlencoded::parse(call.query.as_bytes()).into_owned().collect();
        let mut faults = Vec::new();
        for (name, text) in &pairs {
            let Some(parameter) = declared.iter().find(|one| one["name"] == name.as_str()) else {
                faults.push(format!("query {name}: it is not declared"));
                continue;
            };
            let schema = &parameter["schema"];
            let schema = if schema["type"] == "array" { &schema["items"] } else { schema };
            let value = match schema["type"].as_str() {
                Some("integer" | "number" | "boolean") => serde_json::from_str(text).unwrap_or(Value::Null),
                _ => Value::String(text.clone()),
            };
            faults.extend(self.schemas.faults(schema, &value, &format!("query {name}")));
        }
        let missing = declared.iter().filter(|one| {
            one["required"] == true && !pairs.iter().any(|(name, _)| one["name"] == name.as_str())
        });
        faults.extend(missing.map(|one| format!("query {}: it is missing", one["name"])));
        faults
    }

    fn body(&self, operation: &Value, call: &Call) -> Vec<String> {
        let declared = &operation["requestBody"];
        match (declared.is_null(), &call.body) {
            (true, Value::Null) => Vec::new(),
            (true, body) => vec![format!("body: {body} is not declared")],
            (false, Value::Null) if declared["required"] == true => vec!["body: it is missing".to_owned()],
            (false, Value::Null) => Vec::new(),
            (false, body) => {
                let content = declared["content"].as_object().unwrap();
                let (kind, media) = content.iter().next().unwrap();
                let body = match (kind.as_str(), body) {
                    ("application/x-www-form-urlencoded", Value::String(form)) => pairs(form),
                    _ => body.clone(),
                };
                self.schemas.faults(&media["schema"], &body, "body")
            }
        }
    }

    fn answer(&self, operation: &Value, call: &Call) -> Vec<String> {
        let Some(answer) = &call.answer else { return Vec::new() };
        let answers = operation["responses"].as_object().unwrap();
        let class = format!("{}XX", call.status / 100);
        let Some(declared) = answers.get(&call.status.to_string()).or_else(|| answers.get(&class)) else {
            return vec![format!("status {}: it is not declared", call.status)];
        };
        match declared.get("schema") {
            Some(schema) => self.schemas.faults(schema, answer, &format!("answer {}", call.status)),
            None => Vec::new(),
        }
    }
}

/// A form as an object.
fn pairs(form: &str) -> Value {
    let pairs = url::form_urlencoded::parse(form.as_bytes()).into_owned();
    Value::Object(pairs.map(|(name, value)| (name, Value::String(value))).collect())
}
