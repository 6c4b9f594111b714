//! Provision on demand: one user, or one group with up to five members. HTTP 200 is not success: the verdict
//! stands inside, in one of two shapes. Must never call a skipped export a repair.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::Entra;
use super::steps::{self, Scoping, SkipReason, Status, Step};
use crate::upstream::error::CallError;
use crate::upstream::lenient;

/// Members that one request may carry.
pub const MAX_MEMBERS: usize = 5;

/// What Entra says it did. Whether it is so is seen at Atlassian alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Exported.
    Applied,
    /// Skipped, because Entra's own cache says that both sides agree. Not a repair.
    EntraThinksInSync,
    /// Skipped: the person is not in scope; the parts that are false say why.
    OutOfScope(Scoping),
    /// Skipped for another reason, or failed.
    Failed {
        /// Microsoft's code.
        code: Option<String>,
        /// Microsoft's sentence; may hold personal data.
        reason: Option<String>,
    },
    /// The answer could not be understood.
    Unknown,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnDemand {
    pub verdict: Verdict,
    /// The id of the change in the provisioning log.
    pub change_id: Option<String>,
    /// The object at the target, by the id Entra knows it by.
    pub target_id: Option<String>,
    /// For a support case.
    pub request_id: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Pair {
    key: Value,
    value: Value,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Key {
    #[serde(deserialize_with = "lenient::text")]
    result: Option<String>,
    #[serde(deserialize_with = "lenient::object")]
    details: KeyDetails,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct KeyDetails {
    #[serde(deserialize_with = "lenient::text")]
    error_code: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    error_message: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Item {
    #[serde(deserialize_with = "lenient::text")]
    change_id: Option<String>,
    #[serde(deserialize_with = "lenient::list")]
    provisioning_steps: Vec<Step>,
    #[serde(deserialize_with = "lenient::object")]
    status_info: StatusInfo,
    #[serde(deserialize_with = "lenient::object")]
    target_identity: Identity,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct StatusInfo {
    #[serde(deserialize_with = "lenient::text")]
    status: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    error_code: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    reason: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Identity {
    #[serde(deserialize_with = "lenient::text")]
    id: Option<String>,
}

impl Entra {
    /// Provisions one user now.
    ///
    /// # Errors
    /// See [`CallError`]. Not repeated after an unknown outcome.
    pub async fn provision_user(
        &self,
        service_principal: &str,
        job: &str,
        rule: &str,
        user: &str,
    ) -> Result<OnDemand, CallError> {
        let subject = json!({"objectId": user, "objectTypeName": "User"});
        self.provision(service_principal, job, rule, subject).await
    }

    /// Provisions one group now, with these of its members.
    ///
    /// # Errors
    /// See [`CallError`]; [`CallError::Invalid`] for no member or more than [`MAX_MEMBERS`].
    pub async fn provision_members(
        &self,
        service_principal: &str,
        job: &str,
        rule: &str,
        group: &str,
        users: &[String],
    ) -> Result<OnDemand, CallError> {
        if users.is_empty() || users.len() > MAX_MEMBERS {
            return Err(CallError::Invalid { why: "one to five members go with one group" });
        }
        // `User` and `Group` are case-sensitive in effect: lower case stands for other sources.
        let members: Vec<_> =
            users.iter().map(|u| json!({"objectId": u, "objectTypeName": "User"})).collect();
        let subject = json!({"objectId": group, "objectTypeName": "Group", "links": {"members": members}});
        self.provision(service_principal, job, rule, subject).await
    }

    async fn provision(
        &self,
        service_principal: &str,
        job: &str,
        rule: &str,
        subject: Value,
    ) -> Result<OnDemand, CallError> {
        let call = Self::synchronization(self.post(), service_principal)
            .at("jobs")
            .id("job", job)
            .at("provisionOnDemand")
            .json(json!({"parameters": [{"ruleId": rule, "subjects": [subject]}]}))
            // "Typically under 30 seconds", and the limit of 5 in 10 s may have to be waited out before.
            .within(Duration::from_secs(60), Duration::from_secs(90));
        let answer = self.send(call, &self.on_demand).await?;
        // It was taken, whatever it says of itself; an answer we cannot read is an unknown verdict.
        let pair: Pair = answer.json().unwrap_or_default();
        Ok(OnDemand { request_id: answer.request_id, ..judge(&pair) })
    }
}

/// `key` and `value` are strings that hold JSON; taken as JSON, too, should that change.
fn inner(value: &Value) -> Value {
    match value {
        Value::String(text) => serde_json::from_str(text).unwrap_or_default(),
        other => other.clone(),
    }
}

fn judge(pair: &Pair) -> OnDemand {
    let key: Key = serde_json::from_value(inner(&pair.key)).unwrap_or_default();
    let items: Vec<Item> = match inner(&pair.value) {
        Value::Array(items) => items.into_iter().filter_map(|i| serde_json::from_value(i).ok()).collect(),
        one => serde_json::from_value(one).into_iter().collect(),
    };
    let mut steps = Vec::new();
    for item in &items {
        steps.extend(item.provisioning_steps.iter().cloned());
    }
    let info =
        |pick: fn(&StatusInfo) -> Option<&String>| items.iter().find_map(|i| pick(&i.status_info).cloned());
    let status = key
        .result
        .as_deref()
        .and_then(Status::read)
        .or_else(|| items.iter().filter_map(|i| Status::read(i.status_info.status.as_deref()?)).max())
        .or_else(|| steps.iter().filter_map(Step::ended).max());
    let code = key.details.error_code.or_else(|| info(|i| i.error_code.as_ref()));
    let said = key.details.error_message.or_else(|| info(|i| i.reason.as_ref()));
    let skip = code.as_deref().map(SkipReason::read).filter(|r| !matches!(r, SkipReason::Other(_)));
    let skip = skip.or_else(|| steps::skip_reason(&steps));
    let verdict = match (status, skip) {
        (Some(Status::Success | Status::Warning), _) => Verdict::Applied,
        (Some(Status::Skipped), Some(SkipReason::RedundantExport)) => Verdict::EntraThinksInSync,
        (Some(Status::Skipped), Some(SkipReason::NotEntitled)) => Verdict::OutOfScope(steps::scoping(&steps)),
        (Some(Status::Skipped), _) if steps::scoping(&steps).is_negative() => {
            Verdict::OutOfScope(steps::scoping(&steps))
        }
        (Some(Status::Skipped | Status::Failure), skip) => {
            let other = match skip {
                Some(SkipReason::Other(text)) => Some(text),
                _ => None,
            };
            let step = steps.iter().find(|s| s.ended() == Some(Status::Failure));
            let reason = said.or_else(|| step.and_then(|s| s.description.clone()));
            Verdict::Failed { code: code.or(other), reason }
        }
        (None, _) => Verdict::Unknown,
    };
    OnDemand {
        verdict,
        change_id: items.iter().find_map(|i| i.change_id.clone()),
        target_id: items.iter().find_map(|i| i.target_identity.id.clone()),
        request_id: None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{asked, tenant};
    use super::*;
    use crate::upstream::probe::status;

    fn verdict(key: &str, value: &str) -> Verdict {
        judge(&Pair { key: key.into(), value: value.into() }).verdict
    }

    const B: &str = "Microsoft.Identity.Health.CPP.Common.DataContracts.SyncFabric.StatusInfo";

    #[test]
    fn both_shapes_in_any_casing() {
        let redundant = r#"{"changeId":"c","provisioningSteps":[{"name":"EntryImport","type":"Import","status":"Success"},
            {"name":"EntrySynchronizationSkip","type":"export","status":"SKIPPED","details":{"SkipReason":"RedundantExport"}}],
            "statusInfo":{"status":"Skipped","errorCode":null},"targetIdentity":{"id":"t"}}"#;
        for (key, value) in [
            (r#"{"result":"Skipped","details":{"errorCode":"RedundantExport"}}"#, redundant.to_owned()),
            (r#"{"result":"skipped"}"#, redundant.to_owned()),
            (B, format!("[{redundant}]")),
            (B, redundant.to_owned()),
            (
                B,
                format!(
                    "[{}]",
                    redundant.replace(
                        r#""statusInfo":{"status":"Skipped","errorCode":null}"#,
                        r#""statusInfo":null"#
                    )
                ),
            ),
        ] {
            let judged = judge(&Pair { key: key.into(), value: value.clone().into() });
            assert_eq!(judged.verdict, Verdict::EntraThinksInSync, "{key} {value}");
            assert_eq!((judged.change_id.as_deref(), judged.target_id.as_deref()), (Some("c"), Some("t")));
        }
        assert_eq!(verdict(r#"{"result":"SUCCESS","details":{}}"#, "{}"), Verdict::Applied);
        assert_eq!(verdict(B, r#"[{"statusInfo":{"status":"success"}}]"#), Verdict::Applied);
        // One of several failed.
        let mixed = r#"[{"statusInfo":{"status":"Success"}},{"statusInfo":{"status":"Failure","errorCode":"EntryConflict","reason":"r"}}]"#;
        let failed = Verdict::Failed { code: Some("EntryConflict".into()), reason: Some("r".into()) };
        assert_eq!(verdict(B, mixed), failed);
    }

    #[test]
    fn out_of_scope_says_which_part() {
        let value = r#"{"provisioningSteps":[{"name":"EntrySynchronizationScoping","type":"Scoping","status":"Success",
            "details":{"IsActive":"True","Assigned":"False","ScopeEvaluationResult":"{}"}},
            {"name":"EntrySynchronizationSkip","status":"Skipped","details":{"SkipReason":"NotEffectivelyEntitled"}}]}"#;
        let key = r#"{"result":"Skipped","details":{"errorCode":"NotEffectivelyEntitled"}}"#;
        for (key, value) in [(key, value.to_owned()), (B, format!("[{value}]"))] {
            let Verdict::OutOfScope(scoping) = verdict(key, &value) else { panic!("{key}") };
            assert_eq!((scoping.active, scoping.assigned), (Some(true), Some(false)));
        }
    }

    #[test]
    fn what_is_not_understood_is_not_success() {
        for (key, value) in [("", ""), (B, "{}"), (B, "[]"), (r#"{"result":"Brilliant"}"#, "{}"), ("[]", "7")]
        {
            assert_eq!(verdict(key, value), Verdict::Unknown, "{key} {value}");
        }
        let failed = Verdict::Failed { code: Some("SomethingNew".into()), reason: None };
        assert_eq!(verdict(r#"{"result":"Skipped","details":{"errorCode":"SomethingNew"}}"#, "{}"), failed);
    }

    #[tokio::test]
    async fn the_body_is_exact_and_sent_once() {
        let (probe, entra) =
            tenant(|seen, _| if seen.body.contains("Group") { status(204, "") } else { status(502, "") })
                .await;
        assert!(!entra.provision_user("sp", "j", "r#V2", "u").await.unwrap_err().is_not_done());
        let done = entra.provision_members("sp", "j", "r", "g", &["u".into(), "v".into()]).await.unwrap();
        assert_eq!(done.verdict, Verdict::Unknown);
        assert!(entra.provision_members("sp", "j", "r", "g", &vec!["u".into(); 6]).await.is_err());
        assert_eq!(
            asked(&probe),
            ["POST /graph/v1.0/servicePrincipals/sp/synchronization/jobs/j/provisionOnDemand"; 2]
        );
        let bodies: Vec<_> = probe.seen().into_iter().skip(1).map(|s| s.body).collect();
        assert_eq!(
            serde_json::from_str::<Value>(&bodies[0]).unwrap(),
            json!({"parameters": [{"ruleId": "r#V2", "subjects": [{"objectId": "u", "objectTypeName": "User"}]}]})
        );
        assert_eq!(
            serde_json::from_str::<Value>(&bodies[1]).unwrap(),
            json!({"parameters": [{"ruleId": "r", "subjects": [{"objectId": "g", "objectTypeName": "Group", "links": {"members": [
                {"objectId": "u", "objectTypeName": "User"}, {"objectId": "v", "objectTypeName": "User"}]}}]}]})
        );
    }
}
