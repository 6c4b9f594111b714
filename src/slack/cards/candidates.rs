//! The people or accounts that WHO could mean. One of several accounts can be chosen to be kept. The button carries the
//! person asked about and the account. It decides nothing by itself.

use serde_json::Value as Json;

use super::{MAX_ADDRESS_CHARACTERS, MAX_NAME_CHARACTERS, shortened};
use crate::slack::action::ButtonAction;
use crate::slack::blocks::{Button, Style, actions, section};
use crate::slack::markup::Markup;
use crate::slack::value::Value;
use reinstate_core::diagnose::{Candidate, CandidateKind};
use reinstate_core::{Diagnosis, Names};

/// How many candidates are shown. More than two accounts of one person are rare.
const MAX_CANDIDATES: usize = 5;
/// The maximum number of characters of one candidate.
const MAX_LINE_CHARACTERS: usize = 190;

/// The candidates, each with its button if it can be chosen. `value` is what the other buttons of the card carry.
pub(super) fn candidates(diagnosis: &Diagnosis, value: &Value) -> Vec<Json> {
    let mut blocks = Vec::new();
    for (index, candidate) in diagnosis.candidates.iter().take(MAX_CANDIDATES).enumerate() {
        let account = candidate.kind == CandidateKind::AtlassianAccount;
        let names = &diagnosis.names;
        let name = if account { names.dated(&candidate.id) } else { person(candidate) };
        let mut text = Markup::new().literal(if account { "*Account* " } else { "*Person* " }).escaped(&name);
        if let Some(email) = &candidate.email {
            text = text.literal(" ").escaped(&shortened(email, MAX_ADDRESS_CHARACTERS));
        }
        for remark in &candidate.remarks {
            text = text.literal(" · ").escaped(&names.in_words(remark));
        }
        blocks.push(section(&Markup::lines(&[text], MAX_LINE_CHARACTERS)));
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

fn person(candidate: &Candidate) -> String {
    let end = Names::default().label(&candidate.id);
    match candidate.name.as_deref() {
        Some(name) => format!("{} ({end})", shortened(name, MAX_NAME_CHARACTERS)),
        None => end,
    }
}
