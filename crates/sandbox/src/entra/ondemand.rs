//! `provisionOnDemand`: the checks of its body and the two shapes of its answer. It must never answer anything
//! but 200 once the engine has run: success, skip and failure all stand in the body.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::answer::{Refusal, Reply};
use super::assignments::resolve;
use super::engine::{self, Trigger};
use super::jobs::{self, WRITE_PERMISSIONS};
use super::limits::limit;
use super::mapping;
use super::membership::{self, Links};
use super::request::Ask;
use super::scim::Kind;
use super::state::{Entra, LogEntry, Shared, Subject};
use super::switches::{Shape, Switches};
use crate::lock;

struct Wanted {
    kind: Kind,
    id: String,
    members: Vec<String>,
}

/// `POST …/provisionOnDemand`
pub(super) async fn run(
    state: &Shared,
    ask: &Ask,
    key: &str,
    id: &str,
    now: Timestamp,
) -> Result<Reply, Refusal> {
    let (sp, wanted, switches) = {
        let mut entra = lock(state);
        let sp = admit(&mut entra, ask, key, id, now)?;
        let wanted = wanted(&entra, ask, &sp, id)?;
        (sp, wanted, entra.switches.clone())
    };
    if !switches.on_demand_latency.is_zero() {
        tokio::time::sleep(switches.on_demand_latency).await;
    }
    let how = Trigger::OnDemand;
    let entry = match wanted.kind {
        Kind::User => engine::user(state, &sp, &wanted.id, &how, now).await,
        Kind::Group => {
            let links =
                Links { add: wanted.members, remove: Vec::new(), resend: switches.resend_known_member };
            membership::group(state, &sp, &wanted.id, &links, &how, now).await
        }
    };
    let entry = entry.ok_or_else(|| {
        let text = format!("The object '{}' could not be found in the source directory.", wanted.id);
        Refusal::new(400, "RequestParameterInvalid", text)
    })?;
    Ok(Reply::ok(render(&ask.base, &switches, wanted.kind, &entry)))
}

/// Limit, permission, job, and what a stopped job allows.
fn admit(entra: &mut Entra, ask: &Ask, key: &str, id: &str, now: Timestamp) -> Result<String, Refusal> {
    limit(entra, "provisionOnDemand", &ask.caller.client_id, now)?;
    ask.only(&[])?;
    let sp = resolve(entra, key)?;
    ask.need_or_own(entra, &sp, WRITE_PERMISSIONS)?;
    let job = jobs::find(entra, &sp, id)?;
    let stopped = (job.quarantine.is_some() && !entra.switches.on_demand_while_quarantined)
        || (job.schedule_state != "Active" && !entra.switches.on_demand_while_paused);
    if stopped {
        let text = "The synchronization job is not in a state that allows provisioning on demand.";
        return Err(Refusal::new(400, "RequestParameterInvalid", text));
    }
    Ok(sp)
}

fn invalid(text: impl Into<String>) -> Refusal {
    Refusal::fault(400, "RequestParameterInvalid", text)
}

/// An object with exactly these keys; the last ones may be missing.
fn fields<'a>(
    value: &'a Value,
    needed: &[&str],
    optional: &[&str],
) -> Result<&'a Map<String, Value>, Refusal> {
    let map = value.as_object().ok_or_else(|| invalid("An object was expected in the request."))?;
    let unknown = map.keys().find(|key| !needed.contains(&key.as_str()) && !optional.contains(&key.as_str()));
    if let Some(key) = unknown {
        return Err(invalid(format!("The property '{key}' does not exist.")));
    }
    match needed.iter().find(|key| !map.contains_key(**key)) {
        Some(key) => Err(invalid(format!("The property '{key}' is missing."))),
        None => Ok(map),
    }
}

fn single<'a>(value: Option<&'a Value>, what: &str) -> Result<&'a Value, Refusal> {
    match value.and_then(Value::as_array).map(Vec::as_slice) {
        Some([one]) => Ok(one),
        _ => Err(invalid(format!("The request must have exactly one of {what}."))),
    }
}

fn text<'a>(map: &'a Map<String, Value>, key: &str) -> Result<&'a str, Refusal> {
    map.get(key).and_then(Value::as_str).ok_or_else(|| invalid(format!("'{key}' must be a string.")))
}

fn wanted(entra: &Entra, ask: &Ask, sp: &str, job: &str) -> Result<Wanted, Refusal> {
    let body = fields(&ask.body, &["parameters"], &[])?;
    let parameter = fields(single(body.get("parameters"), "parameters")?, &["ruleId", "subjects"], &[])?;
    let rule = text(parameter, "ruleId")?;
    if !mapping::has_rule(&jobs::find(entra, sp, job)?.schema, rule) {
        return Err(invalid(format!(
            "The request identified this synchronization job: {job}. The request also identified this \
             synchronization rule: {rule}. However, the job does not include the rule."
        )));
    }
    let subject =
        fields(single(parameter.get("subjects"), "subjects")?, &["objectId", "objectTypeName"], &["links"])?;
    let id = text(subject, "objectId")?.to_owned();
    let kind = match text(subject, "objectTypeName")? {
        "User" => Kind::User,
        "Group" => Kind::Group,
        other => return Err(invalid(format!("The object type '{other}' is not known to the rule."))),
    };
    let mut members = Vec::new();
    if let Some(links) = subject.get("links") {
        if kind == Kind::User {
            return Err(invalid("Links are for groups."));
        }
        let list = fields(links, &["members"], &[])?.get("members").and_then(Value::as_array);
        let list = list.filter(|list| (1..=5).contains(&list.len()));
        for member in list.ok_or_else(|| invalid("A group takes 1 to 5 members."))? {
            let member = fields(member, &["objectId", "objectTypeName"], &[])?;
            if text(member, "objectTypeName")? != "User" {
                return Err(invalid("Members must be of type 'User'."));
            }
            members.push(text(member, "objectId")?.to_owned());
        }
    }
    Ok(Wanted { kind, id, members })
}

fn render(base: &str, switches: &Switches, kind: Kind, entry: &LogEntry) -> Value {
    let case = |word: &str| if switches.odd_casing { word.to_lowercase() } else { word.to_owned() };
    let code = entry.error.as_ref().map(|error| error.code.as_str()).or_else(|| entry.skip_reason());
    let message = entry.steps.last().map(|step| step.description.as_str());
    let details = match code {
        Some(code) => json!({"errorCode": code, "errorMessage": message}),
        None => json!({}),
    };
    let mut object = event(entry, &case);
    if switches.leave_out_nulls {
        leave_out_nulls(&mut object);
    }
    if switches.empty_group_value && kind == Kind::Group {
        object = json!({});
    }
    let (key, value) = match switches.shape {
        Shape::A => {
            (json!({"result": case(&entry.status), "details": details}).to_string(), object.to_string())
        }
        Shape::B => (
            "Microsoft.Identity.Health.CPP.Common.DataContracts.SyncFabric.StatusInfo".to_owned(),
            json!([object]).to_string(),
        ),
    };
    json!({
        "@odata.context": format!("{base}/v1.0/$metadata#microsoft.graph.stringKeyStringValuePair"),
        "key": key,
        "value": value,
    })
}

fn event(entry: &LogEntry, case: &impl Fn(&str) -> String) -> Value {
    let at = entry.at.to_string();
    let identity = |subject: &Subject| json!({"id": subject.id, "type": subject.kind, "displayName": subject.name, "details": null});
    let steps: Vec<Value> = entry
        .steps
        .iter()
        .map(|step| {
            json!({
                "name": step.name, "type": case(&step.kind), "status": case(&step.status),
                "description": step.description, "timestamp": at, "details": step.details,
            })
        })
        .collect();
    let modified: Vec<Value> = entry
        .modified
        .iter()
        .map(|(name, old, new)| json!({"displayName": name, "oldValue": old, "newValue": new}))
        .collect();
    json!({
        "action": entry.action,
        "changeId": entry.change_id,
        "startTime": at,
        "endTime": at,
        "reportableIdentifier": entry.source.name,
        "modifiedProperties": modified,
        "provisioningSteps": steps,
        "statusInfo": {
            "status": case(&entry.status),
            "errorCode": entry.error.as_ref().map(|error| error.code.clone()),
            "reason": entry.error.as_ref().map(|error| error.reason.clone()),
            "additionalDetails": null,
            "errorCategory": entry.error.as_ref().map(|_| "Failure"),
            "recommendedAction": null,
        },
        "sourceIdentity": identity(&entry.source),
        "targetIdentity": identity(&entry.target),
        "sourceSystem": {"id": null, "name": "Microsoft Entra ID", "details": null},
        "targetSystem": {"id": null, "name": "Atlassian Cloud", "details": null},
    })
}

fn leave_out_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(leave_out_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(leave_out_nulls),
        _ => {}
    }
}
