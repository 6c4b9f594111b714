//! Provisioning jobs: their state, their settings, and the two ways to start one. The reset scopes must never contain
//! `ForceDeletes`.

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::Entra;
use crate::upstream::error::CallError;
use crate::upstream::http::Call;
use crate::upstream::lenient;
use reinstate_core::op::ResetScope;

/// A job. Unknown codes are kept as text.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct Job {
    #[serde(deserialize_with = "lenient::text")]
    pub id: Option<String>,
    #[serde(deserialize_with = "lenient::object")]
    pub schedule: Schedule,
    #[serde(deserialize_with = "lenient::object")]
    pub status: JobStatus,
}

/// The schedule of a job.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct Schedule {
    /// `Active`, `Disabled`, `Paused`.
    #[serde(deserialize_with = "lenient::text")]
    pub state: Option<String>,
}

/// The state of a job. Microsoft writes a time in the year 1 for "never"; it is read as `None`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct JobStatus {
    /// `NotConfigured`, `NotRun`, `Active`, `Paused`, `Quarantine`.
    #[serde(deserialize_with = "lenient::text")]
    pub code: Option<String>,
    pub last_execution: Option<Execution>,
    pub last_successful_execution: Option<Execution>,
    pub quarantine: Option<Quarantine>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct Execution {
    /// `Succeeded`, `Failed`, `EntryLevelErrors`.
    #[serde(deserialize_with = "lenient::text")]
    pub state: Option<String>,
    #[serde(deserialize_with = "lenient::time")]
    pub time_began: Option<Timestamp>,
    #[serde(deserialize_with = "lenient::time")]
    pub time_ended: Option<Timestamp>,
    #[serde(deserialize_with = "lenient::object")]
    pub error: JobError,
}

/// Why a job is in quarantine.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct Quarantine {
    #[serde(deserialize_with = "lenient::text")]
    pub reason: Option<String>,
    #[serde(deserialize_with = "lenient::object")]
    pub error: JobError,
}

/// An error of a cycle or of a quarantine; all fields are empty if there was none.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct JobError {
    #[serde(deserialize_with = "lenient::text")]
    pub code: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub message: Option<String>,
    /// Whether an admin of the tenant has to correct something before the job can work.
    #[serde(deserialize_with = "lenient::flag")]
    pub tenant_actionable: Option<bool>,
}

/// The settings of a job. The secret among them is never read from the answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// True: all users; false: only assigned users.
    pub sync_all: Option<bool>,
    /// The SCIM URL that the job writes to; it ends with the id of the Atlassian directory.
    pub base_address: Option<String>,
    /// True: a user who falls out of scope is left alone.
    pub skip_out_of_scope_deletions: Option<bool>,
}

#[derive(Deserialize)]
struct Setting {
    #[serde(default, deserialize_with = "lenient::text")]
    key: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    value: Option<String>,
}

impl Entra {
    pub(super) fn synchronization(call: Call, service_principal: &str) -> Call {
        call.at("servicePrincipals").id("service_principal", service_principal).at("synchronization")
    }

    /// The jobs of an application; normally one.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn jobs(&self, service_principal: &str) -> Result<Vec<Job>, CallError> {
        self.all(Self::synchronization(self.get(), service_principal).at("jobs")).await
    }

    pub async fn job(&self, service_principal: &str, job: &str) -> Result<Job, CallError> {
        self.one(Self::synchronization(self.get(), service_principal).at("jobs").id("job", job)).await
    }

    /// The settings of an application's provisioning. They are optional: Microsoft documents the read only for the beta
    /// version, and no rule may need them (docs/reference/rules.md#entra-beta-settings).
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn settings(&self, service_principal: &str) -> Result<Settings, CallError> {
        let pairs: Vec<Setting> =
            self.all(Self::synchronization(self.get_beta(), service_principal).at("secrets")).await?;
        let mut settings = Settings::default();
        for Setting { key, value } in pairs {
            match key.as_deref().map(lenient::folded).as_deref() {
                Some("syncall") => settings.sync_all = value.as_deref().and_then(lenient::to_flag),
                Some("baseaddress") => settings.base_address = value,
                Some("skipoutofscopedeletions") => {
                    settings.skip_out_of_scope_deletions = value.as_deref().and_then(lenient::to_flag);
                }
                _ => {}
            }
        }
        Ok(settings)
    }

    /// Starts a paused job, or ends its quarantine.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn start_job(&self, service_principal: &str, job: &str) -> Result<(), CallError> {
        let call =
            Self::synchronization(self.post(), service_principal).at("jobs").id("job", job).at("start");
        self.send(write(call), &self.graph).await.map(drop)
    }

    /// Restarts a job for its whole scope.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn restart_job(
        &self,
        service_principal: &str,
        job: &str,
        scope: ResetScope,
    ) -> Result<(), CallError> {
        let call =
            Self::synchronization(self.post(), service_principal).at("jobs").id("job", job).at("restart");
        let body = json!({"criteria": {"resetScope": scope.flags()}});
        self.send(write(call.json(body)), &self.graph).await.map(drop)
    }
}

/// The timeout of a write is shorter than that of a read, because the run has a lease.
fn write(call: Call) -> Call {
    call.within(Duration::from_secs(30), Duration::from_secs(30))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{asked, tenant};
    use super::*;
    use crate::upstream::probe::{ok, status};

    #[tokio::test]
    async fn a_quarantined_job_is_read_with_its_nulls() {
        let (probe, entra) = tenant(|_, _| {
            ok(r#"{"value":[{"id":"scim.t.j","templateId":"scim","schedule":{"state":"Active","interval":"PT40M","expiration":null},
            "status":{"code":"Quarantine","lastExecution":{"state":"Failed","timeBegan":"0001-01-01T00:00:00Z","error":null},
            "lastSuccessfulExecution":null,"steadyStateFirstAchievedTime":"0001-01-01T00:00:00Z","countSuccessiveCompleteFailures":"1",
            "quarantine":{"reason":"SomethingNew","nextAttempt":"2026-11-24T10:00:00Z",
            "error":{"code":"SystemForCrossDomainIdentityManagementInvalidCredentials"}}}}]}"#)
        })
        .await;
        let jobs = entra.jobs("sp").await.unwrap();
        let quarantine = jobs[0].status.quarantine.as_ref().unwrap();
        assert_eq!(quarantine.reason.as_deref(), Some("SomethingNew"));
        assert!(quarantine.error.code.as_deref().unwrap().ends_with("InvalidCredentials"));
        assert_eq!(asked(&probe), ["GET /graph/v1.0/servicePrincipals/sp/synchronization/jobs"]);
    }

    #[tokio::test]
    async fn settings_leave_the_secret_behind() {
        let (probe, entra) = tenant(|_, _| {
            ok(r#"{"value":[{"key":"SecretToken","value":"sesame"},{"key":"SyncAll","value":"False"},
                {"key":"BaseAddress","value":"https://api.atlassian.com/scim/directory/d1"}]}"#)
        })
        .await;
        let settings = entra.settings("sp").await.unwrap();
        assert_eq!(settings.sync_all, Some(false));
        assert!(settings.base_address.as_deref().unwrap().ends_with("/d1"));
        assert!(!format!("{settings:?}").contains("sesame"));
        assert_eq!(asked(&probe), ["GET /graph/beta/servicePrincipals/sp/synchronization/secrets"]);
    }

    #[tokio::test]
    async fn starting_is_sent_once() {
        let (probe, entra) = tenant(|_, _| status(503, "")).await;
        assert!(!entra.start_job("sp", "j:1").await.unwrap_err().is_not_done());
        assert!(entra.restart_job("sp", "j", ResetScope::Usual).await.is_err());
        assert_eq!(
            asked(&probe),
            [
                "POST /graph/v1.0/servicePrincipals/sp/synchronization/jobs/j%3A1/start",
                "POST /graph/v1.0/servicePrincipals/sp/synchronization/jobs/j/restart"
            ]
        );
        let body = probe.seen().last().unwrap().json();
        assert_eq!(body, json!({"criteria": {"resetScope": "Watermark, Escrows, QuarantineState"}}));
    }
}
