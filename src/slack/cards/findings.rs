//! What is broken: the causes with the facts behind them, the groups, and what could not be read.

use serde_json::Value as Json;

use crate::core::Diagnosis;
use crate::slack::blocks::{context, section};
use crate::slack::markup::Markup;

/// What is broken, with the facts behind it.
pub(super) fn found(diagnosis: &Diagnosis) -> Vec<Json> {
    let mut blocks = Vec::new();
    for finding in diagnosis.findings.iter().take(8) {
        let head = Markup::new().ours("*").ours(finding.code.title()).ours("* ").code(finding.code.code());
        let mut lines = vec![head];
        lines.extend(finding.because.iter().map(|fact| {
            Markup::new()
                .ours("• ")
                .data(&fact.says)
                .ours(" (")
                .ours(fact.source.name())
                .ours(", ")
                .time(fact.seen_at)
                .ours(")")
        }));
        blocks.push(section(&Markup::lines(&lines, 2900)));
    }
    if diagnosis.findings.len() > 8 {
        blocks.push(context(&[Markup::new()
            .ours("… and ")
            .number(diagnosis.findings.len() - 8)
            .ours(" more findings")]));
    }
    let groups = groups(diagnosis);
    if !groups.is_empty() {
        blocks.push(section(&groups));
    }
    if !diagnosis.unread.is_empty() {
        let mut lines = vec![Markup::new().ours("*Could not be read*")];
        lines.extend(
            diagnosis
                .unread
                .iter()
                .map(|(source, why)| Markup::new().ours("• ").ours(source.name()).ours(": ").data(why)),
        );
        blocks.push(section(&Markup::lines(&lines, 2900)));
    }
    blocks
}

pub(super) fn groups(diagnosis: &Diagnosis) -> Markup {
    let named = |title: &'static str, names: &Option<Vec<String>>| {
        let text = Markup::new().ours(title);
        match names {
            None => text.ours("not known"),
            Some(names) if names.is_empty() => text.ours("none"),
            Some(names) => {
                let shown: Vec<Markup> = names.iter().take(30).map(|name| Markup::new().code(name)).collect();
                let text = text.then(&Markup::list(&shown, ", "));
                if names.len() > 30 {
                    text.ours(" and ").number(names.len() - 30).ours(" more")
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
