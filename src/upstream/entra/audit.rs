//! Who last started or stopped a provisioning job, from the directory's audit log. That log shares its rate limit
//! with the provisioning log, so it is read only when a job does not run. It must never report a person whom the log
//! does not name.

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;

use super::Entra;
use crate::upstream::error::CallError;
use crate::upstream::{lenient, literal};

/// How many pages of the audit log are read; provisioning settings change seldom.
const MAX_PAGES: usize = 4;

/// One change of an application's provisioning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobChange {
    pub at: Option<Timestamp>,
    /// The activity, such as `Disable/pause provisioning configuration`.
    pub activity: String,
    /// The person who did it, by name or address.
    pub by_user: Option<String>,
    /// The application that did it.
    pub by_app: Option<String>,
    /// The ids of the changed objects. Microsoft may include the object id of the application.
    pub targets: Vec<String>,
}

/// The newest changes, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobChanges {
    pub changes: Vec<JobChange>,
    /// Whether the log was read to its end. If not, a change that is not in the list may still exist.
    pub complete: bool,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Raw {
    #[serde(deserialize_with = "lenient::time")]
    activity_date_time: Option<Timestamp>,
    #[serde(deserialize_with = "lenient::text")]
    activity_display_name: Option<String>,
    #[serde(deserialize_with = "lenient::object")]
    initiated_by: By,
    #[serde(deserialize_with = "lenient::list")]
    target_resources: Vec<Target>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct By {
    #[serde(deserialize_with = "lenient::object")]
    user: Name,
    #[serde(deserialize_with = "lenient::object")]
    app: Name,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Name {
    #[serde(deserialize_with = "lenient::text")]
    id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    display_name: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    user_principal_name: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    app_id: Option<String>,
}

impl Name {
    fn shown(self) -> Option<String> {
        self.display_name.or(self.user_principal_name).or(self.id).or(self.app_id)
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Target {
    #[serde(deserialize_with = "lenient::text")]
    id: Option<String>,
}

impl From<Raw> for JobChange {
    fn from(raw: Raw) -> Self {
        Self {
            at: raw.activity_date_time,
            activity: raw.activity_display_name.unwrap_or_default(),
            by_user: raw.initiated_by.user.shown(),
            by_app: raw.initiated_by.app.shown(),
            targets: raw.target_resources.into_iter().filter_map(|target| target.id).collect(),
        }
    }
}

impl Entra {
    /// The changes of provisioning in the whole tenant since then. The reference page marks both properties of the
    /// filter as filterable, but not `category` (docs/reference/rules.md#entra-audit-log).
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn job_changes(&self, since: Timestamp) -> Result<JobChanges, CallError> {
        let filter = format!(
            "loggedByService eq {} and activityDateTime ge {since:.0}",
            literal::odata("Account Provisioning")
        );
        let call = self
            .get()
            .at("auditLogs/directoryAudits")
            .query("$filter", &filter)
            .query("$orderby", "activityDateTime desc")
            .query("$top", "100")
            .within(Duration::from_secs(30), Duration::from_secs(60));
        let (raw, complete) = self.pages::<Raw>(call, &self.audit, MAX_PAGES).await?;
        let mut changes: Vec<JobChange> = raw.into_iter().map(JobChange::from).collect();
        changes.sort_by_key(|change| std::cmp::Reverse(change.at));
        Ok(JobChanges { changes, complete })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{asked, tenant};
    use crate::upstream::probe::ok;

    #[tokio::test]
    async fn changes_name_who_made_them_and_survive_nulls() {
        let (probe, entra) = tenant(|_, _| {
            ok(r#"{"value":[
                {"activityDateTime":"2026-11-20T08:00:00Z","activityDisplayName":"Disable/pause provisioning configuration",
                 "initiatedBy":{"user":null,"app":{"appId":null,"displayName":"Microsoft Entra Provisioning Service"}},
                 "targetResources":[{"id":"sp-1","displayName":"Atlassian Cloud"},{"id":null}]},
                {"activityDateTime":"2026-11-21T08:00:00Z","activityDisplayName":"Disable/pause provisioning configuration",
                 "initiatedBy":{"user":{"id":"u1","displayName":null,"userPrincipalName":"ada@acme.example"},"app":null},
                 "targetResources":null}]}"#)
        })
        .await;
        let changes = entra.job_changes("2026-10-26T00:00:00Z".parse().unwrap()).await.unwrap();
        assert!(changes.complete);
        let changes = changes.changes;
        assert_eq!(changes[0].by_user.as_deref(), Some("ada@acme.example"), "the newest first");
        assert_eq!(changes[1].by_app.as_deref(), Some("Microsoft Entra Provisioning Service"));
        assert_eq!(changes[1].targets, ["sp-1"]);
        let line = asked(&probe).remove(0);
        let filter = "$filter=loggedByService%20eq%20%27Account%20Provisioning%27%20and%20";
        assert!(line.contains(&format!("/auditLogs/directoryAudits?{filter}")), "{line}");
        assert!(line.contains("activityDateTime%20ge%202026-10-26T00%3A00%3A00Z"), "{line}");
    }
}
