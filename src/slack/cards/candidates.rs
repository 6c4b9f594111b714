//! The people or accounts that WHO could mean. One of several accounts can be chosen to be kept. The button carries the
//! person asked about and the account. It decides nothing by itself.

use serde_json::Value as Json;

use crate::slack::action::ButtonAction;
use crate::slack::blocks::{Button, Style, actions, section};
use crate::slack::markup::Markup;
use crate::slack::value::Value;
use reinstate_core::Diagnosis;
use reinstate_core::diagnose::CandidateKind;

/// How many candidates are shown. More than two accounts of one person are rare.
const MAX_CANDIDATES: usize = 5;

/// The candidates, each with its button if it can be chosen. `value` is what the other buttons of the card carry.
pub(super) fn candidates(diagnosis: &Diagnosis, value: &Value) -> Vec<Json> {
    let mut blocks = Vec::new();
    for (index, candidate) in diagnosis.candidates.iter().take(MAX_CANDIDATES).enumerate() {
        let account = candidate.kind == CandidateKind::AtlassianAccount;
        let head = Markup::new()
            .literal(if account { "*Account* " } else { "*Person* " })
            .code(&candidate.id)
            .literal(" ")
            .escaped(candidate.email.as_deref().unwrap_or_default())
            .literal(" ")
            .escaped(candidate.name.as_deref().unwrap_or_default());
        let mut lines = vec![head];
        lines.extend(candidate.remarks.iter().map(|says| Markup::new().literal("• ").escaped(says)));
        blocks.push(section(&Markup::lines(&lines, 2900)));
        if account {
            let value = Value { keep: candidate.id.clone(), ..value.clone() }.text();
            let words = "Keep this account";
            let pick =
                Button { action: ButtonAction::Pick, words, value, style: Style::Plain, confirm: None };
            blocks.push(actions(&format!("pick-{index}"), &[pick]));
        }
    }
    blocks
}
