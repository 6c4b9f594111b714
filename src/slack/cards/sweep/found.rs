//! The counts of what a sweep found, cause by cause, and what it could not read.

use super::count;
use crate::slack::markup::Markup;
use reinstate_core::Cause;
use reinstate_core::sweep::SurveyResult;

/// The maximum number of causes on the card.
const MAX_CAUSES: usize = 5;

pub(super) fn found(surveyed: &SurveyResult) -> Markup {
    let tally = &surveyed.tally;
    let mut lines = vec![
        Markup::new()
            .literal("*")
            .then(&count(tally.accounts))
            .literal(" accounts*: ")
            .then(&count(tally.healthy))
            .literal(" healthy, ")
            .then(&count(tally.broken))
            .literal(" broken, ")
            .then(&count(tally.cannot_tell))
            .literal(" cannot be told"),
    ];
    if let Some(since) = &surveyed.since {
        lines.push(
            Markup::new()
                .literal("Since the sweep of ")
                .time(since.at)
                .literal(": ")
                .then(&count(since.newly))
                .literal(" new, ")
                .then(&count(since.gone))
                .literal(" gone, ")
                .then(&count(since.otherwise))
                .literal(" with other causes"),
        );
    }
    for cause in &tally.tenant_causes {
        let line = Markup::new().literal("*Concerns everybody:* ").literal(cause.title());
        lines.push(line.literal(" (").code(cause.code()).literal(")"));
    }
    if tally.has_tenant_fault() {
        let says = "Correct this first. Until then, no repair of many accounts is offered.";
        lines.push(Markup::new().literal(says));
    }
    let mut causes: Vec<(Cause, u64)> =
        Cause::ALL.iter().filter_map(|cause| Some((*cause, *tally.by_cause.get(cause.code())?))).collect();
    causes.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let more = causes.len().saturating_sub(MAX_CAUSES);
    for (cause, number) in causes.into_iter().take(MAX_CAUSES) {
        let line = Markup::new().literal("• ").then(&count(number)).literal(" × ");
        lines.push(line.literal(cause.title()).literal(" (").code(cause.code()).literal(")"));
    }
    if more > 0 {
        lines.push(Markup::new().literal("… and ").number(more).literal(" more causes, in the table"));
    }
    Markup::lines(&lines, 2900)
}

pub(super) fn unread(surveyed: &SurveyResult) -> Markup {
    let mut lines = vec![Markup::new().literal("*Could not be read*, so what needs it is not judged:")];
    lines.extend(
        surveyed
            .unread
            .iter()
            .map(|(source, why)| Markup::new().literal("• ").code(source.name()).literal(": ").escaped(why)),
    );
    Markup::lines(&lines, 2900)
}
