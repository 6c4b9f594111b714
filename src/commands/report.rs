//! `check --json`: one object whose keys are always there (product.md 7 and 9). Scripts rely on it; nothing here
//! may be renamed.

use serde_json::{Value, json};

use crate::core::{Diagnosis, Plan};

/// The object.
pub fn json(query: &str, diagnosis: &Diagnosis, plan: &Plan) -> Value {
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
        },
        "findings": diagnosis.findings,
        "unread": diagnosis.unread.iter().map(|(source, reason)| json!({"source": source, "reason": reason})).collect::<Vec<_>>(),
        "candidates": diagnosis.candidates,
        "plan": {
            "digest": plan.digest(),
            "steps": plan.steps.iter().map(|step| json!({
                "action": step.op.action(),
                "risk": step.risk.word(),
                "target": step.op.target(),
                "undo": step.undo,
            })).collect::<Vec<_>>(),
            "cost": plan.cost,
            "advice": plan.advice,
        },
    })
}
