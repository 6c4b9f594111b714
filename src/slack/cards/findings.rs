//! What is broken: the causes with the facts behind them, the groups, and what could not be read.

use serde_json::Value as Json;
use url::Url;

use crate::slack::blocks::{context, section};
use crate::slack::markup::Markup;
use reinstate_core::{Cause, Diagnosis};

/// How much of a diagnosis is shown; the rest is counted.
#[derive(Clone, Copy)]
pub(super) struct Budget {
    findings: usize,
    /// Facts of each cause.
    facts: usize,
    /// Names in each list of groups.
    groups: usize,
}

/// In a channel: the reasons, not the whole evidence.
pub(super) const CHANNEL: Budget = Budget { findings: 4, facts: 3, groups: 10 };
/// For one person alone.
pub(super) const PRIVATE: Budget = Budget { findings: 8, facts: 8, groups: 30 };
/// On demand.
pub(super) const DETAILS: Budget = Budget { findings: 40, facts: 40, groups: 0 };

/// What is broken, with the facts behind it; each cause links to its page in `docs`.
pub(super) fn found(diagnosis: &Diagnosis, room: Budget, docs: Option<&Url>) -> Vec<Json> {
    let mut blocks = Vec::new();
    for finding in diagnosis.findings.iter().take(room.findings) {
        let title = finding.code.title();
        let title = match docs.and_then(|docs| page(docs, finding.code)) {
            Some(page) => Markup::new().literal("*").link(page.as_str(), title),
            None => Markup::new().literal("*").literal(title),
        };
        let mut lines = vec![title.literal("* ").code(finding.code.code())];
        lines.extend(finding.because.iter().take(room.facts).map(|fact| {
            Markup::new()
                .literal("• ")
                .escaped(&fact.message)
                .literal(" (")
                .literal(fact.source.name())
                .literal(", ")
                .time(fact.seen_at)
                .literal(")")
        }));
        if finding.because.len() > room.facts {
            lines.push(
                Markup::new()
                    .literal("… and ")
                    .number(finding.because.len() - room.facts)
                    .literal(" more facts"),
            );
        }
        blocks.push(section(&Markup::lines(&lines, 2900)));
    }
    if diagnosis.findings.len() > room.findings {
        blocks.push(context(&[Markup::new()
            .literal("… and ")
            .number(diagnosis.findings.len() - room.findings)
            .literal(" more findings")]));
    }
    if room.groups > 0 {
        let groups = groups(diagnosis, room.groups);
        if !groups.is_empty() {
            blocks.push(section(&groups));
        }
    }
    if !diagnosis.unread.is_empty() {
        let mut lines = vec![Markup::new().literal("*Could not be read*")];
        lines.extend(diagnosis.unread.iter().map(|(source, why)| {
            Markup::new().literal("• ").literal(source.name()).literal(": ").escaped(why)
        }));
        blocks.push(section(&Markup::lines(&lines, 2900)));
    }
    blocks
}

/// The page of a cause: a file of the folder `docs/causes`.
fn page(docs: &Url, cause: Cause) -> Option<Url> {
    let mut page = docs.clone();
    page.path_segments_mut().ok()?.pop_if_empty().push(&format!("{}.md", cause.code()));
    Some(page)
}

fn groups(diagnosis: &Diagnosis, most: usize) -> Markup {
    let named = |title: &'static str, names: &Option<Vec<String>>| {
        let text = Markup::new().literal(title);
        match names {
            None => text.literal("not known"),
            Some(names) if names.is_empty() => text.literal("none"),
            Some(names) => {
                let shown: Vec<Markup> =
                    names.iter().take(most).map(|name| Markup::new().code(name)).collect();
                let text = text.then(&Markup::list(&shown, ", "));
                if names.len() > most {
                    text.literal(" and ").number(names.len() - most).literal(" more")
                } else {
                    text
                }
            }
        }
    };
    let groups = &diagnosis.groups;
    if groups.expected.is_none() && groups.present.is_none() {
        return Markup::new();
    }
    let lines = [
        named("*Groups missing:* ", &groups.missing),
        named("*Groups present:* ", &groups.present),
        named("*Groups expected:* ", &groups.expected),
    ];
    Markup::lines(&lines, 2900)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cause_has_its_page_wherever_the_pages_are() {
        for (docs, wanted) in [
            ("https://wiki.acme.example/causes", "https://wiki.acme.example/causes/seats-full.md"),
            ("https://wiki.acme.example/causes/", "https://wiki.acme.example/causes/seats-full.md"),
            ("https://wiki.acme.example", "https://wiki.acme.example/seats-full.md"),
        ] {
            let page = page(&docs.parse().unwrap(), Cause::SeatsFull).unwrap();
            assert_eq!(page.as_str(), wanted);
        }
    }
}
