//! The cause in one sentence. It must never name more causes than a reader takes in at once.

use url::Url;

use super::View;
use super::findings::page;
use crate::slack::markup::Markup;
use reinstate_core::{Diagnosis, Event, Finding, Verdict};

/// How many causes are named. The others are counted. The first one is what blocks first.
const MAX_CAUSES: usize = 1;

/// The cause of a run. After the run has ended well, what the cause was.
pub(super) fn of_run(view: &View<'_>) -> Markup {
    let Some(current) = &view.run.current else { return Markup::new() };
    if is_shown(&current.diagnosis) {
        return Markup::new().literal("*Cause:* ").then(&cause(&current.diagnosis, view.docs));
    }
    // The newest diagnosis is healthy. The first one says what was repaired.
    let first = view.events.iter().find_map(|(_, _, event)| match event {
        Event::Planned { diagnosis, .. } => Some(&**diagnosis),
        _ => None,
    });
    match first.filter(|first| is_shown(first)) {
        Some(first) => Markup::new().literal("*It was:* ").then(&cause(first, view.docs)),
        None => Markup::new(),
    }
}

fn is_shown(diagnosis: &Diagnosis) -> bool {
    diagnosis.verdict != Verdict::Healthy
}

/// What is wrong, in one sentence.
pub(super) fn cause(diagnosis: &Diagnosis, docs: Option<&Url>) -> Markup {
    let blocking: Vec<&Finding> = diagnosis.findings.iter().filter(|finding| finding.blocking).collect();
    if blocking.is_empty() {
        let missing = diagnosis.groups.missing.as_ref().map_or(0, Vec::len);
        let text = Markup::new();
        return match diagnosis.verdict {
            Verdict::Healthy => text.literal("none; access is complete."),
            Verdict::CannotTell => text.literal("not known, because not everything could be read."),
            Verdict::Broken if missing == 1 => text.literal("not proven; 1 expected group is missing."),
            Verdict::Broken if missing > 1 => {
                text.literal("not proven; ").number(missing).literal(" expected groups are missing.")
            }
            Verdict::Broken => text.literal("not proven; access is missing."),
        };
    }
    let named: Vec<Markup> = blocking.iter().take(MAX_CAUSES).map(|finding| title(finding, docs)).collect();
    let text = Markup::list(&named, "; ");
    match blocking.len().saturating_sub(MAX_CAUSES) {
        0 => text.literal("."),
        more => text.literal("; ").number(more).literal(" more in *Details*."),
    }
}

fn title(finding: &Finding, docs: Option<&Url>) -> Markup {
    let title = finding.code.title();
    match docs.and_then(|docs| page(docs, finding.code)) {
        Some(page) => Markup::new().link(page.as_str(), title),
        None => Markup::new().literal(title),
    }
}
