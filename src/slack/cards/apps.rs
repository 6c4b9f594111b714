//! The expected apps of a person: what people call them, and one line for each with a mark and a word.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::slack::blocks::section;
use crate::slack::markup::Markup;
use reinstate_core::Diagnosis;
use reinstate_core::diagnose::AppName;

/// How many apps are shown. The rest is counted.
const MAX_APPS: usize = 20;

/// What people call an app. The site stands behind it if the person has apps of several sites.
pub(super) fn label(app: &AppName, diagnosis: &Diagnosis) -> Markup {
    let name = match app.app.as_str() {
        "jira-software" | "jira" => "Jira",
        "jira-core" => "Jira Work Management",
        "jira-servicedesk" | "jira-service-management" => "Jira Service Management",
        "jira-product-discovery" => "Jira Product Discovery",
        "confluence" => "Confluence",
        "bitbucket" => "Bitbucket",
        "compass" => "Compass",
        "opsgenie" => "Opsgenie",
        "statuspage" => "Statuspage",
        "trello" => "Trello",
        other => other,
    };
    let present = diagnosis.apps.present.iter().flatten().map(|app| &app.name.site);
    let missing = diagnosis.apps.missing.iter().flatten().map(|app| &app.name.site);
    let sites: BTreeSet<&Option<String>> = present.chain(missing).collect();
    match &app.site {
        Some(site) if sites.len() > 1 => Markup::new().escaped(&format!("{name} ({site})")),
        _ => Markup::new().escaped(name),
    }
}

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
