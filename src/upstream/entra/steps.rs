//! The steps of one provisioning attempt, which on-demand answers and the provisioning log share: what was
//! skipped and why, and what the scoping found. Names and casing are not stable, so all are compared folded.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::upstream::lenient::{self, folded};

#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct Step {
    #[serde(deserialize_with = "lenient::text")]
    pub name: Option<String>,
    #[serde(rename = "type", deserialize_with = "lenient::text")]
    kind: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    provisioning_step_type: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub status: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub description: Option<String>,
    #[serde(deserialize_with = "lenient::object")]
    details: BTreeMap<String, Value>,
}

/// How something ended, with the casing and synonyms folded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Done.
    Success,
    /// Done, with a remark.
    Warning,
    /// Evaluated, and nothing done.
    Skipped,
    /// Not done.
    Failure,
}

impl Status {
    /// Reads a status in any casing; an unknown word is `None`.
    #[must_use]
    pub fn read(raw: &str) -> Option<Self> {
        match folded(raw).as_str() {
            "success" | "succeeded" => Some(Self::Success),
            "warning" => Some(Self::Warning),
            "skipped" | "skip" => Some(Self::Skipped),
            "failure" | "failed" | "fail" | "error" => Some(Self::Failure),
            _ => None,
        }
    }
}

/// Why nothing was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SkipReason {
    /// Entra believes that both sides agree; it does not look at the members of the target.
    RedundantExport,
    /// Not assigned, inactive, or without the role.
    NotEntitled,
    /// Anything else, as it came.
    Other(String),
}

impl SkipReason {
    /// Reads a code or a sentence.
    #[must_use]
    pub fn read(raw: &str) -> Self {
        let name = folded(raw);
        if name.contains("redundantexport") || name.contains("sourceandtargetsystemsalreadymatch") {
            Self::RedundantExport
        } else if name.contains("noteffectivelyentitled") || name.contains("notassignedtotheapplication") {
            Self::NotEntitled
        } else {
            Self::Other(raw.chars().take(200).collect())
        }
    }
}

/// What the scoping step found. `None` means not said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scoping {
    /// Active in the source.
    pub active: Option<bool>,
    pub assigned: Option<bool>,
    /// Has the role that is needed.
    pub entitled: Option<bool>,
    /// Passes the scoping filters.
    pub in_scope: Option<bool>,
    /// The clauses that were false.
    pub failed_clauses: Vec<String>,
}

impl Scoping {
    /// Something was found to be false.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        [self.active, self.assigned, self.entitled, self.in_scope].contains(&Some(false))
            || !self.failed_clauses.is_empty()
    }

    fn note(&mut self, name: &str, value: &Value) {
        let key = folded(name);
        if key.contains("scopeevaluationresult") {
            // A JSON object inside a string: clause -> passed.
            let parsed = value.as_str().and_then(|s| serde_json::from_str::<BTreeMap<String, Value>>(s).ok());
            let failed = parsed.into_iter().flatten().filter(|(_, passed)| flag(passed) == Some(false));
            self.failed_clauses.extend(failed.map(|(clause, _)| clause));
            return;
        }
        let slot = match key.as_str() {
            k if k.contains("entitled") || k.contains("requiredrole") => &mut self.entitled,
            k if k.contains("provisioningscope") || k.contains("scopingfilter") => &mut self.in_scope,
            "assigned" | "isassigned" => &mut self.assigned,
            k if k.starts_with("assignedto") => &mut self.assigned,
            "active" | "isactive" => &mut self.active,
            k if k.starts_with("activein") => &mut self.active,
            _ => return,
        };
        // One step that says no outweighs another that says yes.
        match flag(value) {
            Some(false) => *slot = Some(false),
            Some(true) => *slot = slot.or(Some(true)),
            None => {}
        }
    }
}

fn flag(value: &Value) -> Option<bool> {
    value.as_bool().or_else(|| value.as_str().and_then(lenient::to_flag))
}

impl Step {
    /// `import`, `scoping`, `matching`, `export`, …, folded.
    #[must_use]
    pub fn kind(&self) -> String {
        folded(self.kind.as_deref().or(self.provisioning_step_type.as_deref()).unwrap_or_default())
    }

    #[must_use]
    pub fn ended(&self) -> Option<Status> {
        self.status.as_deref().and_then(Status::read)
    }

    /// A detail by name, whatever its casing and spacing.
    #[must_use]
    pub fn detail(&self, name: &str) -> Option<String> {
        let name = folded(name);
        self.details.iter().find(|(key, _)| folded(key) == name).and_then(|(_, v)| lenient::to_text(v))
    }

    fn is_scoping(&self) -> bool {
        self.kind() == "scoping" || self.name.as_deref().is_some_and(|n| folded(n).contains("scoping"))
    }

    fn skip_reason(&self) -> Option<SkipReason> {
        let named = ["SkipReason", "SkippedReason", "ReasonForSkip"].iter().find_map(|n| self.detail(n));
        if let Some(raw) = named {
            return Some(SkipReason::read(&raw));
        }
        if self.ended() != Some(Status::Skipped) {
            return None;
        }
        let more = ["ErrorCode", "Reason"].iter().find_map(|n| self.detail(n));
        more.or_else(|| self.description.clone()).map(|raw| SkipReason::read(&raw))
    }
}

/// The first skip reason that is understood, else the first there is.
#[must_use]
pub fn skip_reason(steps: &[Step]) -> Option<SkipReason> {
    let mut found: Vec<_> = steps.iter().filter_map(Step::skip_reason).collect();
    found.sort_by_key(|reason| matches!(reason, SkipReason::Other(_)));
    found.into_iter().next()
}

/// What the scoping steps found; a skipped step of another kind may repeat it.
#[must_use]
pub fn scoping(steps: &[Step]) -> Scoping {
    let mut scoping = Scoping::default();
    for step in steps.iter().filter(|s| s.is_scoping() || s.ended() == Some(Status::Skipped)) {
        for (name, value) in &step.details {
            scoping.note(name, value);
        }
    }
    scoping
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scoping_goes_by_several_names() {
        for details in [
            r#"{"IsActive":"True","Assigned":"False","IsEffectivelyEntitledForProvisioning":"False","IsInProvisioningScopeDisplayName":"True","ScopeEvaluationResult":"{\"Marketing filter.department EQUALS 'Marketing'\":false}"}"#,
            r#"{"Active in the source system":true,"Assigned to the application":"false","User has the required role":"False","Scoping filter evaluation passed":"true","ScopeEvaluationResult":"{\"Marketing filter.department EQUALS 'Marketing'\":\"False\"}"}"#,
        ] {
            let step: Step = serde_json::from_str(&format!(
                r#"{{"name":"EntrySynchronizationScoping","details":{details}}}"#
            ))
            .unwrap();
            let scoping = scoping(&[step]);
            assert_eq!(
                (scoping.active, scoping.assigned, scoping.entitled, scoping.in_scope),
                (Some(true), Some(false), Some(false), Some(true))
            );
            assert_eq!(scoping.failed_clauses, ["Marketing filter.department EQUALS 'Marketing'"]);
            assert!(scoping.is_negative());
        }
    }

    #[test]
    fn skip_reasons_are_found_where_they_are() {
        let of = |json: &str| skip_reason(&[serde_json::from_str(json).unwrap()]);
        assert_eq!(of(r#"{"details":{"Skip Reason":"redundantExport"}}"#), Some(SkipReason::RedundantExport));
        assert_eq!(
            of(r#"{"status":"SKIPPED","description":"1) This object is not assigned to the application"}"#),
            Some(SkipReason::NotEntitled)
        );
        assert_eq!(of(r#"{"status":"success","description":"fine"}"#), None);
        assert_eq!(of(r#"{"status":"skipped","details":null}"#), None);
    }
}
