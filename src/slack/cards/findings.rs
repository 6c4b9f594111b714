//! The causes with their facts, and what could not be read.

use serde_json::Value as Json;
use url::Url;

use crate::slack::blocks::{context, section};
use crate::slack::markup::Markup;
use reinstate_core::{Cause, Diagnosis};

/// How many causes the details show, and how many facts of each. The rest is counted.
const MAX_FINDINGS: usize = 40;
const MAX_FACTS: usize = 40;

/// What is broken, with its facts. Each cause links to its page in `docs`.
pub(super) fn found(diagnosis: &Diagnosis, docs: Option<&Url>) -> Vec<Json> {
    let mut blocks = Vec::new();
    for finding in diagnosis.findings.iter().take(MAX_FINDINGS) {
        let title = finding.code.title();
        let title = match docs.and_then(|docs| page(docs, finding.code)) {
            Some(page) => Markup::new().literal("*").link(page.as_str(), title),
            None => Markup::new().literal("*").literal(title),
        };
        let mut lines = vec![title.literal("* ").code(finding.code.code())];
        lines.extend(finding.because.iter().take(MAX_FACTS).map(|fact| {
            let text = Markup::new().literal("• ").escaped(&fact.message).literal(" (");
            text.literal(fact.source.name()).literal(", ").time(fact.seen_at).literal(")")
        }));
        if finding.because.len() > MAX_FACTS {
            lines.push(
                Markup::new()
                    .literal("… and ")
                    .number(finding.because.len() - MAX_FACTS)
                    .literal(" more facts"),
            );
        }
        blocks.push(section(&Markup::lines(&lines, 2900)));
    }
    if diagnosis.findings.len() > MAX_FINDINGS {
        blocks.push(context(&[Markup::new()
            .literal("… and ")
            .number(diagnosis.findings.len() - MAX_FINDINGS)
            .literal(" more findings")]));
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

/// The page of a cause, a file in the folder `docs/causes`.
pub(super) fn page(docs: &Url, cause: Cause) -> Option<Url> {
    let mut page = docs.clone();
    page.path_segments_mut().ok()?.pop_if_empty().push(&format!("{}.md", cause.code()));
    Some(page)
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
