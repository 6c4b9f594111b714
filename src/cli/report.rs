//! `check --json`: one object that always has all its keys (docs/reference/rules.md#stable-json). Scripts depend on
//! it, so no key may be renamed.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::exec::assess::Assessment;
use reinstate_core::Finding;
use reinstate_core::diagnose::NOT_EXAMINED;

/// The source name of prior runs in the journal. It appears only if they may matter and could not be read.
pub const PRIOR_RUNS: &str = "reinstate.prior-runs";

pub fn json(query: &str, assessment: &Assessment) -> Value {
    let Assessment { diagnosis, plan, prior_runs_unread } = assessment;
    let unread = diagnosis.unread.iter().map(|(source, reason)| json!({"source": source, "reason": reason}));
    let prior_runs = prior_runs_unread.iter().map(|why| json!({"source": PRIOR_RUNS, "reason": why}));
    json!({
        "schema": 1,
        "account": {
            "query": query,
            "email": diagnosis.email,
            "atlassian_account_id": diagnosis.account,
            "idp_user_id": diagnosis.person,
            "scim_user_id": diagnosis.record,
        },
        "verdict": diagnosis.verdict.word(),
        "groups": {
            "expected": diagnosis.groups.expected,
            "present": diagnosis.groups.present,
            "missing": diagnosis.groups.missing,
            "extra": diagnosis.groups.extra,
        },
        "apps": {
            "expected": diagnosis.apps.expected,
            "present": diagnosis.apps.present,
            "missing": diagnosis.apps.missing,
        },
        "findings": diagnosis.findings.iter().map(finding).collect::<Vec<_>>(),
        "unread": unread.chain(prior_runs).collect::<Vec<_>>(),
        "not_examined": NOT_EXAMINED,
        "candidates": diagnosis.candidates,
        "plan": {
            "digest": plan.digest(),
            "steps": plan.steps.iter().map(|step| json!({
                "action": step.op.action(),
                "risk": step.risk.word(),
                "target": step.op.target(),
                "undo": step.undo,
            })).collect::<Vec<_>>(),
            "skipped": plan.skipped,
            "cost": plan.cost,
            "advice": plan.advice,
            "tickets": plan.tickets,
        },
    })
}

/// The verdict and the causes of such an object, as [`reinstate_core::bundle::Codes::causes`] writes them. `None` if
/// they are not there.
pub fn causes(answer: &Value) -> Option<String> {
    let codes: Vec<&str> = answer
        .get("findings")?
        .as_array()?
        .iter()
        .filter_map(|finding| finding.get("code")?.as_str())
        .collect();
    let causes = if codes.is_empty() { "no cause".to_owned() } else { codes.join(", ") };
    Some(format!("{}: {causes}", answer.get("verdict")?.as_str()?))
}

fn finding(finding: &Finding) -> Value {
    json!({
        "code": finding.code,
        "blocking": finding.blocking,
        "because": finding.because.iter().map(|fact| json!({
            "source": fact.source,
            "says": fact.message,
            "seen_at": second(fact.seen_at),
        })).collect::<Vec<_>>(),
    })
}

/// A time as the schema defines it: UTC, whole seconds.
fn second(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::second;

    #[test]
    fn a_time_is_shown_in_whole_seconds() {
        let at = "2026-11-23T10:00:00.934970626Z".parse().expect("a time");
        assert_eq!(second(at), "2026-11-23T10:00:00Z");
    }
}
