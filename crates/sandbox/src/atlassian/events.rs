//! The organization's audit log. It is slow and has strict rate limits: ten calls of a path in a minute, and fifty of the stream.
//! It must never show an event before the log has taken it in.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::ask::{Answer, Ask, Reply};
use super::page::Walk;
use super::refusal::unknown;
use super::rules::same;
use super::state::{Atlassian, Event};
use super::switches::ScimContext;

const LIST_PARAMETERS: [&str; 10] =
    ["q", "from", "to", "action", "actor", "ip", "product", "location", "limit", "cursor"];
/// The actor of what nobody did. It has a word in place of an address.
const SYSTEM: &str = "atlassian-internal-system";
const STREAM_PARAMETERS: [&str; 5] = ["from", "to", "limit", "sortOrder", "cursor"];

pub(super) fn answer(tenant: &mut Atlassian, ask: &Ask, rest: &[&str]) -> Answer {
    match rest {
        ["events" | "events-stream", ..] if !tenant.has_guard && tenant.switches.unguarded_status == 403 => {
            Err(Reply::admin("ADMIN-403-3", "Forbidden", "The plan of the organization has no audit log"))
        }
        ["events"] => {
            limited(tenant, "events", tenant.switches.events_per_minute)?;
            list(tenant, ask, &LIST_PARAMETERS, 30, false)
        }
        ["events-stream"] => {
            limited(tenant, "events-stream", 50)?;
            list(tenant, ask, &STREAM_PARAMETERS, 200, true)
        }
        ["events", id] => {
            limited(tenant, "event", tenant.switches.events_per_minute)?;
            match tenant.events.iter().find(|e| e.id == *id) {
                Some(event) => Ok(Reply::ok(json!({"data": shown(tenant, event, false)}))),
                None => Err(Reply::admin("ADMIN-404-4", "Event not found", "No such event")),
            }
        }
        ["event-actions"] => {
            limited(tenant, "event-actions", tenant.switches.events_per_minute)?;
            let names: std::collections::BTreeSet<&str> =
                tenant.events.iter().map(|e| e.action.as_str()).collect();
            let data: Vec<Value> = names
                .into_iter()
                .map(|id| {
                    json!({"id": id, "type": "eventActions",
                           "attributes": {"groupDisplayName": "", "displayName": ""}})
                })
                .collect();
            Ok(Reply::ok(json!({"data": data})))
        }
        _ => Err(unknown()),
    }
}

/// 429 with the proxy's body. Its reset header is a point in time, not a number of seconds.
fn limited(tenant: &mut Atlassian, path: &'static str, most: usize) -> Result<(), Reply> {
    let now = tenant.now;
    let minute = SignedDuration::from_secs(60);
    let reads = tenant.reads.entry(path).or_default();
    reads.retain(|at| now.duration_since(*at) < minute);
    if reads.len() < most {
        reads.push(now);
        return Ok(());
    }
    let reset = reads.first().copied().unwrap_or(now).saturating_add(minute).unwrap_or(now);
    let mut reply = Reply::proxy(429, "Too Many Requests");
    reply.headers = vec![
        ("x-ratelimit-limit", most.to_string()),
        ("x-ratelimit-remaining", "0".to_owned()),
        ("x-ratelimit-reset", reset.to_string()),
    ];
    Err(reply)
}

fn list(tenant: &mut Atlassian, ask: &Ask, known: &[&str], size: u64, stream: bool) -> Answer {
    if let Some(name) = ask.unknown_param(known) {
        let text = format!("unknown query parameter {name}");
        return Err(Reply::admin("ADMIN-400-4", "Invalid request", text.clone()).faulty(text));
    }
    let mut query = Map::new();
    for name in ["q", "from", "to", "action", "sortOrder", "cursor"] {
        if let Some(value) = ask.param(name) {
            query.insert(name.to_owned(), json!(value));
        }
    }
    let limit = ask.param("limit").map_or(Ok(size), str::parse::<u64>);
    let limit = limit.map_err(|_| super::page::invalid("limit must be a number"))?;
    query.insert("limit".to_owned(), json!(limit));
    let walk = Walk::new(tenant, query, 30, 500)?;
    let (from, to) = (instant(walk.text("from"))?, instant(walk.text("to"))?);
    if !matches!(walk.text("sortOrder"), None | Some("asc" | "desc")) {
        return Err(super::page::invalid("sortOrder must be asc or desc"));
    }
    let ripe = |e: &Event| tenant.has_guard && e.processed <= tenant.now;
    let term = walk.text("q").map(str::to_lowercase);
    let mut found: Vec<&Event> = tenant
        .events
        .iter()
        .filter(|e| ripe(e) && from.is_none_or(|t| e.time >= t) && to.is_none_or(|t| e.time <= t))
        .filter(|e| walk.text("action").is_none_or(|a| same(a, &e.action)))
        .filter(|e| {
            let about = format!("{} {} {}", e.subject, e.message, tenant.email_of(&e.subject)).to_lowercase();
            term.as_ref().is_none_or(|t| about.contains(t))
        })
        .collect();
    if stream {
        found.sort_by_key(|e| e.processed);
    }
    if !stream || walk.text("sortOrder") == Some("desc") {
        found.reverse();
    }
    let (page, next) = walk.take(&found);
    let data: Vec<Value> = page.iter().map(|e| shown(tenant, e, stream)).collect();
    let size = data.len();
    // The last cursor of the stream stays valid, so that a client can poll for later events.
    let next = if stream { Some(walk.end(size)) } else { next };
    let next = walk.cursor(tenant, next);
    Ok(Reply::ok(json!({
        "data": data, "meta": {"next": next, "page_size": size}, "links": {"self": null, "prev": null, "next": next}
    })))
}

/// Times are epoch milliseconds, written as strings.
fn instant(text: Option<&str>) -> Result<Option<Timestamp>, Reply> {
    let Some(text) = text else { return Ok(None) };
    let read = text.parse::<i64>().ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    match read {
        Some(at) => Ok(Some(at)),
        None => Err(Reply::admin("ADMIN-400-3", "Invalid time", "Times are epoch milliseconds")
            .faulty("a time that is not in epoch milliseconds")),
    }
}

/// The actor of an event: an account with its address, or a part of the system with its name alone.
fn actor(tenant: &Atlassian, id: &str) -> Value {
    let Some(account) = tenant.accounts.get(id) else {
        if id == SYSTEM {
            return json!({"id": id, "name": "system", "email": id});
        }
        return json!({"id": id, "name": id});
    };
    let itself = format!("https://api.atlassian.com/users/{id}/manage/profile");
    let links = json!({"self": itself});
    json!({"id": id, "name": account.display_name(), "email": account.email, "links": links})
}

fn shown(tenant: &Atlassian, event: &Event, stream: bool) -> Value {
    let here = format!("https://api.atlassian.com/admin/v1/orgs/{}", tenant.org_id);
    let mut context = Vec::new();
    let is_about_record = event.action.starts_with("SCIM_USER_") || event.action.contains("_MEMBER");
    let record = tenant.scim_users.get(&event.subject);
    let account = match tenant.switches.scim_context {
        ScimContext::Account => record.and_then(|record| record.account.as_ref()),
        _ => None,
    };
    if tenant.switches.scim_context == ScimContext::Record
        && is_about_record
        && !tenant.accounts.contains_key(&event.subject)
    {
        context.push(json!({"id": event.subject, "type": "scimUsers", "attributes": {}}));
    }
    if let Some(account) = tenant.accounts.get(account.unwrap_or(&event.subject)) {
        context.push(json!({
            "id": account.id, "type": "users",
            "attributes": {"name": account.display_name(), "email": account.email, "accountType": account.kind},
            "links": {"self": format!("https://api.atlassian.com/users/{}/manage/profile", account.id)}
        }));
    }
    let mut attributes = json!({
        "time": event.time.to_string(), "action": event.action.to_lowercase(),
        "actor": actor(tenant, &event.actor),
        "context": context,
        "container": [{"id": tenant.org_id, "type": "orgs", "attributes": {"name": tenant.org_name},
                       "links": {"self": here}}]
    });
    if let Some(map) = attributes.as_object_mut().filter(|_| stream) {
        map.insert("processedAt".into(), json!(event.processed.to_string()));
    }
    json!({
        "id": event.id, "type": "events", "attributes": attributes,
        "links": {"self": format!("{here}/events/{}", event.id)},
        "message": {"content": event.message, "format": "simple"}
    })
}
