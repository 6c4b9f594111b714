//! The expected apps of a person: one line for each, with a mark and a word.

use serde_json::Value as Json;

use crate::slack::blocks::section;
use crate::slack::markup::Markup;
use reinstate_core::Diagnosis;

/// How many apps are shown. The rest is counted.
const MAX_APPS: usize = 20;

/// The apps, those that are missing first. Nothing if no expected app is known.
pub(super) fn apps(diagnosis: &Diagnosis) -> Vec<Json> {
    let missing = diagnosis.apps.missing.iter().flatten().map(|app| {
        let name = Markup::new().literal(":x: missing – *").escaped(&app.name.to_string());
        name.literal("*: ").literal(app.why.word())
    });
    let present = diagnosis.apps.present.iter().flatten().map(|app| {
        let name = Markup::new().literal(":white_check_mark: open – *").escaped(&app.name.to_string());
        name.literal("*: ").escaped(&app.role)
    });
    let all: Vec<Markup> = missing.chain(present).collect();
    if all.is_empty() {
        return Vec::new();
    }
    let mut lines: Vec<Markup> = all.iter().take(MAX_APPS).cloned().collect();
    if all.len() > MAX_APPS {
        lines.push(Markup::new().literal("… and ").number(all.len() - MAX_APPS).literal(" more apps"));
    }
    vec![section(&Markup::lines(&lines, 2900))]
}
