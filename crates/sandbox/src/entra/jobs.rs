//! Synchronization jobs: how Graph shows them, and start, pause, restart. It must never obey `ForceDeletes` or the
//! scopes that Microsoft marks as not to be used.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::answer::{Refusal, Reply};
use super::assignments::resolve;
use super::audits::{RESTARTED, STARTED, STOPPED};
use super::request::Ask;
use super::state::By;
use super::state::{Entra, Job, JobCode, Quarantine, Run};

const READ_PERMISSIONS: &[&str] = &["Synchronization.Read.All", "Synchronization.ReadWrite.All"];
pub(super) const WRITE_PERMISSIONS: &[&str] = &["Synchronization.ReadWrite.All"];
/// Graph's value for "never".
const NEVER: &str = "0001-01-01T00:00:00Z";

impl JobCode {
    fn name(self) -> &'static str {
        match self {
            Self::NotConfigured => "NotConfigured",
            Self::NotRun => "NotRun",
            Self::Active => "Active",
            Self::Paused => "Paused",
            Self::Quarantine => "Quarantine",
        }
    }
}

/// The job as a Graph resource.
pub(super) fn show(job: &Job) -> Value {
    json!({
        "id": job.id,
        "templateId": job.template_id,
        "schedule": {"expiration": null, "interval": job.interval, "state": job.schedule_state},
        "status": {
            "code": job.code.name(),
            "countSuccessiveCompleteFailures": u8::from(job.quarantine.is_some()),
            "escrowsPruned": false,
            "lastExecution": job.last_execution.as_ref().map(run),
            "lastSuccessfulExecution": job.last_success.as_ref().map(run),
            "lastSuccessfulExecutionWithExports": job.last_export.as_ref().map(run),
            "progress": [],
            "quarantine": job.quarantine.as_ref().map(quarantine),
            "steadyStateFirstAchievedTime": time(job.steady_first),
            "steadyStateLastAchievedTime": time(job.steady_last),
            "synchronizedEntryCountByType": [],
            "troubleshootingUrl": "",
        },
        "synchronizationJobSettings": [{"name": "AzureIngestionAttributeOptimization", "value": "False"}],
    })
}

fn time(at: Option<Timestamp>) -> String {
    at.map_or_else(|| NEVER.to_owned(), |at| at.to_string())
}

fn run(run: &Run) -> Value {
    json!({
        "activityIdentifier": run.id,
        "countEntitled": run.imported,
        "countEntitledForProvisioning": run.imported,
        "countEscrowed": run.escrowed,
        "countEscrowedRaw": run.escrowed,
        "countExported": run.exported,
        "countExports": run.exported,
        "countImported": run.imported,
        "countImportedDeltas": run.imported,
        "countImportedReferenceDeltas": 0,
        "state": run.state,
        "timeBegan": run.began.to_string(),
        "timeEnded": run.ended.to_string(),
        "error": run.error.as_ref().map(|(code, message)| {
            json!({"code": code, "message": message, "tenantActionable": true})
        }),
    })
}

fn quarantine(quarantine: &Quarantine) -> Value {
    json!({
        "currentBegan": quarantine.began.to_string(),
        "nextAttempt": quarantine.next_attempt.to_string(),
        "reason": quarantine.reason,
        "seriesBegan": quarantine.began.to_string(),
        "seriesCount": 1,
        "error": {
            "code": quarantine.code, "message": quarantine.message, "tenantActionable": quarantine.tenant_actionable,
        },
    })
}

/// The job with this id, or 404.
pub(super) fn find<'a>(entra: &'a Entra, sp: &str, id: &str) -> Result<&'a Job, Refusal> {
    entra
        .service_principals
        .get(sp)
        .and_then(|sp| sp.job.as_ref())
        .filter(|job| job.id == id)
        .ok_or_else(|| Refusal::new(404, "Request_ResourceNotFound", format!("Job '{id}' was not found.")))
}

fn find_mut<'a>(entra: &'a mut Entra, sp: &str, id: &str) -> Result<&'a mut Job, Refusal> {
    find(entra, sp, id)?;
    entra.job_mut(sp).ok_or_else(|| Refusal::missing(id))
}

/// `GET …/synchronization/jobs`
pub(super) fn list(entra: &Entra, ask: &Ask, key: &str) -> Result<Reply, Refusal> {
    ask.only(&[])?;
    let sp = resolve(entra, key)?;
    ask.need_or_own(entra, &sp, READ_PERMISSIONS)?;
    let jobs: Vec<Value> =
        entra.service_principals.get(&sp).and_then(|sp| sp.job.as_ref()).map(show).into_iter().collect();
    Ok(Reply::ok(json!({
        "@odata.context": format!("{}/v1.0/$metadata#servicePrincipals('{sp}')/synchronization/jobs", ask.base),
        "value": jobs,
    })))
}

/// `GET …/jobs/{id}`
pub(super) fn one(entra: &Entra, ask: &Ask, key: &str, id: &str) -> Result<Reply, Refusal> {
    ask.only(&[])?;
    let sp = resolve(entra, key)?;
    ask.need_or_own(entra, &sp, READ_PERMISSIONS)?;
    Ok(Reply::ok(show(find(entra, &sp, id)?)))
}

/// `GET …/jobs/{id}/schema`
pub(super) fn schema(entra: &Entra, ask: &Ask, key: &str, id: &str) -> Result<Reply, Refusal> {
    ask.only(&[])?;
    let sp = resolve(entra, key)?;
    ask.need_or_own(entra, &sp, READ_PERMISSIONS)?;
    Ok(Reply::ok(find(entra, &sp, id)?.schema.clone()))
}

/// `GET /beta/…/synchronization/secrets`: documented for the beta version only, so a switch may refuse it. In v1.0 the
/// segment cannot be read.
pub(super) fn secrets(entra: &Entra, ask: &Ask, key: &str) -> Result<Reply, Refusal> {
    ask.only(&[])?;
    let sp = resolve(entra, key)?;
    ask.need_or_own(entra, &sp, READ_PERMISSIONS)?;
    if !entra.switches.secrets_readable {
        return Err(Refusal::denied());
    }
    let values = entra.service_principals.get(&sp).and_then(|sp| sp.job.as_ref()).map(|job| {
        json!([
            {"key": "BaseAddress", "value": job.base_address},
            {"key": "SecretToken", "value": "*"},
            {"key": "SyncAll", "value": job.sync_all.to_string()},
        ])
    });
    Ok(Reply::ok(json!({
        "@odata.context": format!("{}/beta/$metadata#servicePrincipals('{sp}')/synchronization/secrets", ask.base),
        "value": values.unwrap_or_else(|| json!([])),
    })))
}

fn to_write<'a>(entra: &'a mut Entra, ask: &Ask, key: &str, id: &str) -> Result<&'a mut Job, Refusal> {
    ask.only(&[])?;
    let sp = resolve(entra, key)?;
    ask.need_or_own(entra, &sp, WRITE_PERMISSIONS)?;
    if !ask.has(WRITE_PERMISSIONS) && !entra.switches.owner_may_start {
        return Err(Refusal::new(401, "UnknownError", ""));
    }
    find_mut(entra, &sp, id)
}

fn remember(entra: &mut Entra, ask: &Ask, activity: &str) {
    entra.audit(activity, By::App(ask.caller.client_id.clone()), crate::clock::now());
}

/// `POST …/start`: resumes the job and clears the quarantine.
pub(super) fn start(entra: &mut Entra, ask: &Ask, key: &str, id: &str) -> Result<Reply, Refusal> {
    let job = to_write(entra, ask, key, id)?;
    job.quarantine = None;
    job.code = JobCode::Active;
    job.schedule_state = "Active".into();
    remember(entra, ask, STARTED);
    Ok(Reply::empty())
}

/// `POST …/pause`
pub(super) fn pause(entra: &mut Entra, ask: &Ask, key: &str, id: &str) -> Result<Reply, Refusal> {
    let job = to_write(entra, ask, key, id)?;
    job.code = JobCode::Paused;
    job.schedule_state = "Paused".into();
    remember(entra, ask, STOPPED);
    Ok(Reply::empty())
}

/// `POST …/restart`: section 6.4. Empty criteria do the same as the portal's button.
pub(super) fn restart(entra: &mut Entra, ask: &Ask, key: &str, id: &str) -> Result<Reply, Refusal> {
    let job = to_write(entra, ask, key, id)?;
    let empty = Map::new();
    let body = match &ask.body {
        Value::Null => &empty,
        Value::Object(body) if body.keys().all(|key| key == "criteria") => body,
        _ => return Err(Refusal::bad("The body must be an object with the parameter 'criteria'.")),
    };
    let scope = match body.get("criteria") {
        None | Some(Value::Null) => None,
        Some(Value::Object(criteria)) if criteria.keys().all(|key| key == "resetScope") => {
            criteria.get("resetScope")
        }
        Some(_) => return Err(Refusal::bad("criteria takes resetScope only.")),
    };
    let scope = match scope {
        None | Some(Value::Null) => "Watermark, Escrows, QuarantineState",
        Some(Value::String(scope)) => scope.as_str(),
        Some(_) => return Err(Refusal::bad("resetScope must be a string of flags.")),
    };
    let flags: Vec<&str> = scope.split(',').map(str::trim).collect();
    for flag in &flags {
        match *flag {
            "Escrows" | "Watermark" | "QuarantineState" | "Full" => {}
            "ForceDeletes" => {
                return Err(Refusal::fault(
                    403,
                    "Authorization_RequestDenied",
                    "Reinstate must never force deletes",
                ));
            }
            "None" | "ConnectorDataStore" => {
                return Err(Refusal::bad(format!("The reset scope '{flag}' is marked as not to be used.")));
            }
            other => return Err(Refusal::bad(format!("'{other}' is not a reset scope."))),
        }
    }
    let has = |flag: &str| flags.contains(&flag) || flags.contains(&"Full");
    if has("Watermark") {
        job.seen.clear();
        job.steady_first = None;
    }
    if has("Escrows") {
        job.escrows.clear();
    }
    if has("QuarantineState") {
        job.quarantine = None;
    }
    if flags.contains(&"Full") {
        job.cache.clear();
    }
    job.schedule_state = "Active".into();
    job.code = if job.quarantine.is_some() { JobCode::Quarantine } else { JobCode::Active };
    remember(entra, ask, RESTARTED);
    Ok(Reply::empty())
}
