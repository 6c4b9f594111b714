//! Strict parsing of search requests, and opaque cursors. The cursor of a GET list remembers its request, because the
//! service documents that everything else beside it is ignored. The cursor of a POST search does not. Cursors contain
//! `/` and `+`, so that a client that does not encode them loses its place.

use serde_json::{Map, Value, json};

use super::ask::{Ask, Reply};
use super::state::Atlassian;

/// What a field of a search may contain.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Text,
    Flag,
    Number,
    /// 1 to 10 strings. If the list is not empty, only its values are allowed.
    List(&'static [&'static str]),
    OneOf(&'static [&'static str]),
    Sort,
    /// An object with operators, which its reader checks.
    Query,
}

/// The fields that a search accepts.
pub(super) type Spec = &'static [(&'static str, Kind)];

pub(super) fn invalid(detail: impl Into<String>) -> Reply {
    let detail = detail.into();
    Reply::admin("ADMIN-400-24", "Invalid request body", detail.clone()).faulty(detail)
}

pub(super) fn body(ask: &Ask) -> Result<Map<String, Value>, Reply> {
    ask.object().map_err(invalid)
}

/// An optional body. Without a body, the search is empty.
pub(super) fn optional_body(ask: &Ask) -> Result<Map<String, Value>, Reply> {
    if ask.has_body() { body(ask) } else { Ok(Map::new()) }
}

/// The deprecated GET lists take the same filters as query parameters. A list repeats the parameter.
pub(super) fn from_query(ask: &Ask, spec: Spec) -> Result<Map<String, Value>, Reply> {
    let mut found = Map::new();
    for (name, text) in &ask.query {
        let kind = spec.iter().find(|(n, _)| n == name).map(|(_, kind)| *kind);
        match kind {
            Some(Kind::List(_)) => {
                let list = found.entry(name.clone()).or_insert_with(|| json!([]));
                if let Some(list) = list.as_array_mut() {
                    list.push(json!(text));
                }
            }
            Some(Kind::Number) => {
                let number: u64 = text.parse().map_err(|_| invalid(format!("{name} must be a number")))?;
                found.insert(name.clone(), json!(number));
            }
            Some(Kind::Flag) => drop(found.insert(name.clone(), json!(text == "true"))),
            Some(_) => drop(found.insert(name.clone(), json!(text))),
            None => return Err(invalid(format!("unknown query parameter {name}"))),
        }
    }
    Ok(found)
}

pub(super) fn check(body: &Map<String, Value>, spec: Spec) -> Result<(), Reply> {
    for (name, value) in body {
        let Some((_, kind)) = spec.iter().find(|(n, _)| n == name) else {
            return Err(invalid(format!("unknown field {name}")));
        };
        let fits = match kind {
            Kind::Text => value.as_str().is_some_and(|t| !t.is_empty()),
            Kind::Flag => value.is_boolean(),
            Kind::Number => value.as_u64().is_some(),
            Kind::OneOf(known) => value.as_str().is_some_and(|t| known.contains(&t)),
            Kind::List(known) => value.as_array().is_some_and(|list| {
                let good = |t: &str| known.is_empty() || known.contains(&t);
                (1..=10).contains(&list.len()) && list.iter().all(|v| v.as_str().is_some_and(good))
            }),
            Kind::Query => value.is_object(),
            Kind::Sort => value.as_array().is_some_and(|list| list.iter().all(Value::is_object)),
        };
        if !fits {
            return Err(invalid(format!("the value of {name} is not allowed")));
        }
    }
    Ok(())
}

/// A search in progress: the request, the offset, and the page size.
pub(super) struct Walk {
    pub body: Map<String, Value>,
    offset: usize,
    limit: usize,
}

impl Walk {
    /// Starts a POST search, or continues at a cursor. Published clients send filters and `expand` again with every
    /// cursor. It is not documented whether the filters apply when a client omits them.
    pub fn search(
        tenant: &Atlassian,
        body: Map<String, Value>,
        default: usize,
        most: usize,
    ) -> Result<Self, Reply> {
        let mut sent = body.clone();
        let resumes = sent.remove("cursor").is_some() && !tenant.switches.cursor_holds_search;
        let held = Self::new(tenant, body, default, most)?;
        if !resumes {
            return Ok(held);
        }
        let offset = held.offset;
        Ok(Self { offset, ..Self::new(tenant, sent, default, most)? })
    }

    /// Starts a list, or continues the one of a cursor. Everything else beside a cursor is ignored.
    pub fn new(
        tenant: &Atlassian,
        body: Map<String, Value>,
        default: usize,
        most: usize,
    ) -> Result<Self, Reply> {
        let (body, offset) = match body.get("cursor").and_then(Value::as_str) {
            Some(cursor) => match tenant.cursors.get(cursor) {
                Some((Value::Object(body), offset)) => (body.clone(), *offset),
                _ => {
                    let text = "The cursor is not valid";
                    let refused = Reply::admin("ADMIN-400-1", "Invalid cursor", text);
                    // Nobody can know when a cursor expires.
                    let was_valid = tenant.expired.contains(cursor);
                    return Err(if was_valid { refused } else { refused.faulty(text) });
                }
            },
            None => (body, 0),
        };
        let limit = match body.get("limit").and_then(Value::as_u64) {
            Some(limit) => usize::try_from(limit).unwrap_or(0),
            None => default,
        };
        if !(1..=most).contains(&limit) {
            return Err(invalid(format!("limit must be between 1 and {most}")));
        }
        Ok(Self { body, offset, limit })
    }

    /// The strings of a list field. None if it was not sent.
    pub fn list(&self, name: &str) -> Option<Vec<String>> {
        let list = self.body.get(name)?.as_array()?;
        Some(list.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.body.get(name).and_then(Value::as_str)
    }

    pub fn expands(&self, name: &str) -> bool {
        self.list("expand").is_some_and(|list| list.iter().any(|e| e == name))
    }

    /// This page of `all`, and the offset of the next page if there is more.
    pub fn take<T: Clone>(&self, all: &[T]) -> (Vec<T>, Option<usize>) {
        let page: Vec<T> = all.iter().skip(self.offset).take(self.limit).cloned().collect();
        let end = self.end(page.len());
        (page, (end < all.len()).then_some(end))
    }

    /// The end of a page of this size.
    pub fn end(&self, size: usize) -> usize {
        self.offset.saturating_add(size)
    }

    /// Creates the cursor that continues at `offset`.
    pub fn cursor(self, tenant: &mut Atlassian, offset: Option<usize>) -> Value {
        let Some(offset) = offset else { return Value::Null };
        let body = Value::Object(self.body);
        // The same place in the same search gets the same cursor, so that a repeated cursor can be noticed.
        let known =
            tenant.cursors.iter().find(|(_, (b, o))| *o == offset && *b == body).map(|(c, _)| c.clone());
        let cursor = known.unwrap_or_else(|| {
            let number = tenant.made.get("cursor").copied().unwrap_or_default();
            tenant.made.insert("cursor", number.saturating_add(1));
            let cursor = format!("kloHX1/{number:04x}+{offset:x}.Akx/P48NYQ==");
            tenant.cursors.insert(cursor.clone(), (body, offset));
            cursor
        });
        json!(cursor)
    }
}
