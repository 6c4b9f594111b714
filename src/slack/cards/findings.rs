//! What is broken: the causes with the facts behind them, the groups, and what could not be read.

use serde_json::Value as Json;

use crate::core::Diagnosis;
use crate::slack::blocks::{context, section};
use crate::slack::markup::Markup;

/// How much of a diagnosis is shown; the rest is counted.
#[derive(Clone, Copy)]
pub(super) struct Room {
    /// Causes.
    findings: usize,
    /// Facts of each cause.
    facts: usize,
    /// Names in each list of groups.
    groups: usize,
}

/// In a channel: the reasons, not the whole evidence.
pub(super) const CHANNEL: Room = Room { findings: 4, facts: 3, groups: 10 };
/// For one person alone.
pub(super) const PRIVATE: Room = Room { findings: 8, facts: 8, groups: 30 };
/// On demand.
pub(super) const DETAILS: Room = Room { findings: 40, facts: 40, groups: 0 };

/// What is broken, with the facts behind it.
pub(super) fn found(diagnosis: &Diagnosis, room: Room) -> Vec<Json> {
    let mut blocks = Vec::new();
    for finding in diagnosis.findings.iter().take(room.findings) {
        let head = Markup::new().ours("*").ours(finding.code.title()).ours("* ").code(finding.code.code());
        let mut lines = vec![head];
        lines.extend(finding.because.iter().take(room.facts).map(|fact| {
            Markup::new()
                .ours("• ")
                .data(&fact.says)
                .ours(" (")
                .ours(fact.source.name())
                .ours(", ")
                .time(fact.seen_at)
                .ours(")")
        }));
        if finding.because.len() > room.facts {
            lines.push(
                Markup::new().ours("… and ").number(finding.because.len() - room.facts).ours(" more facts"),
            );
        }
        blocks.push(section(&Markup::lines(&lines, 2900)));
    }
    if diagnosis.findings.len() > room.findings {
        blocks.push(context(&[Markup::new()
            .ours("… and ")
            .number(diagnosis.findings.len() - room.findings)
            .ours(" more findings")]));
    }
    if room.groups > 0 {
        let groups = groups(diagnosis, room.groups);
        if !groups.is_empty() {
            blocks.push(section(&groups));
        }
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

fn groups(diagnosis: &Diagnosis, most: usize) -> Markup {
    let named = |title: &'static str, names: &Option<Vec<String>>| {
        let text = Markup::new().ours(title);
        match names {
            None => text.ours("not known"),
            Some(names) if names.is_empty() => text.ours("none"),
            Some(names) => {
                let shown: Vec<Markup> =
                    names.iter().take(most).map(|name| Markup::new().code(name)).collect();
                let text = text.then(&Markup::list(&shown, ", "));
                if names.len() > most {
                    text.ours(" and ").number(names.len() - most).ours(" more")
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
