//! The private answer to `report`, on one screen: whom repairs helped, what people waited for, the causes over time,
//! what worked, and the changes that would end a cause. It must never name a person.

use crate::slack::blocks::{Message, context, header, section};
use crate::slack::markup::Markup;
use crate::slack::messages::figures;
use crate::slack::messages::picture::Picture;
use jiff::tz::TimeZone;
use reinstate_core::report::Report;

/// How many causes the picture has, and how many columns.
const MAX_CAUSES: usize = 4;
const MAX_PERIODS: usize = 12;
/// How many remedies and how many changes are shown. The command line shows all of them.
const MAX_REMEDIES: usize = 3;
const MAX_CHANGES: usize = 2;

#[must_use]
pub fn report(report: &Report) -> Message {
    let day = |at: jiff::Timestamp| at.to_zoned(TimeZone::UTC).date().to_string();
    let title = Markup::new()
        .literal("What works here: ")
        .escaped(&day(report.since))
        .literal(" to ")
        .escaped(&day(report.until));
    let people = Markup::new().escaped(&figures::people(report));
    let mut lines = vec![
        people.clone(),
        Markup::new().literal("*Repairs:* ").escaped(&figures::repairs(report)),
        Markup::new().literal("*Approvals:* ").escaped(&figures::approvals(&report.approvals)),
        Markup::new().literal("*Steps:* ").escaped(&figures::steps(report)),
    ];
    lines.extend(causes(report));
    let remedies: Vec<String> = report.remedies.iter().map(figures::remedy).collect();
    lines.extend(listed("*What worked, by cause and step*", &remedies, MAX_REMEDIES));
    lines.extend(listed("*One change ends each of these*", &figures::recurring(report), MAX_CHANGES));
    let small = Markup::new().literal("`reinstate report` in a terminal shows every line. Read ");
    let mut small = vec![small.time(report.until)];
    small.extend(figures::unread(report).iter().map(|line| Markup::new().escaped(line)));
    let small = Markup::list(&small, " · ");
    let blocks = vec![header(&title), section(&Markup::lines(&lines, 2900)), context(&[small])];
    Message::of(&title.literal(": ").then(&people), blocks, 1)
}

/// The causes over time.
fn causes(report: &Report) -> Vec<Markup> {
    let picture = Picture::of(report, MAX_CAUSES, MAX_PERIODS);
    let Some((first, last)) = picture.periods.filter(|_| !picture.rows.is_empty()) else { return Vec::new() };
    let unit = figures::unit(report.unit);
    let count = picture.rows.len();
    let title = Markup::new()
        .literal("*Causes by ")
        .literal(unit)
        .literal("*")
        .then(&of_all(count, count + picture.more))
        .literal(", from the ")
        .literal(unit)
        .literal(" of ")
        .escaped(&first.to_string())
        .literal(" to that of ")
        .escaped(&last.to_string())
        .literal(":");
    // A block of code begins and ends on the lines of its first and last row, so that it takes no lines of its own.
    let row = |(index, row): (usize, &String)| {
        let text = Markup::new().literal(if index == 0 { "```" } else { "" }).escaped(row);
        text.literal(if index + 1 == count { "```" } else { "" })
    };
    std::iter::once(title).chain(picture.rows.iter().enumerate().map(row)).collect()
}

/// The first of some lines under a title.
fn listed(title: &'static str, all: &[String], most: usize) -> Vec<Markup> {
    if all.is_empty() {
        return Vec::new();
    }
    let title = Markup::new().literal(title).then(&of_all(most, all.len())).literal(":");
    let lines = all.iter().take(most).map(|line| Markup::new().literal("• ").escaped(line));
    std::iter::once(title).chain(lines).collect()
}

/// How many are shown, if that is not all.
fn of_all(shown: usize, all: usize) -> Markup {
    if shown >= all {
        return Markup::new();
    }
    Markup::new().literal(" (").number(shown).literal(" of ").number(all).literal(")")
}
