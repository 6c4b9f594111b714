//! The trail: six stations from the identity provider to the apps, each with a mark *and* a word.

use serde_json::Value as Json;

use crate::slack::blocks::section;
use crate::slack::markup::Markup;
use reinstate_core::Diagnosis;
use reinstate_core::diagnose::{Mark, Station};

/// The maximum number of characters for one station. Six stations fit into one section.
const MAX_CHARACTERS: usize = 470;

pub(super) fn trail(diagnosis: &Diagnosis) -> Vec<Json> {
    // Each station has its own share of the characters, so a long one does not push out the others.
    let lines: Vec<Markup> =
        diagnosis.trail.iter().map(|one| Markup::lines(&[station(one)], MAX_CHARACTERS)).collect();
    if lines.is_empty() { Vec::new() } else { vec![section(&Markup::lines(&lines, 2900))] }
}

/// The trail in one line: each station with a mark and a word.
pub(super) fn short_trail(diagnosis: &Diagnosis) -> Markup {
    let stations: Vec<Markup> = diagnosis
        .trail
        .iter()
        .map(|station| {
            let mark = match station.mark {
                Mark::Good => " :white_check_mark:",
                Mark::Broken => " :x:",
                Mark::Unread => " :grey_question: not read",
            };
            Markup::new().escaped(&station.name).literal(mark)
        })
        .collect();
    Markup::list(&stations, " · ")
}

fn station(station: &Station) -> Markup {
    let mark = match station.mark {
        Mark::Good => ":white_check_mark: good – ",
        Mark::Broken => ":x: broken – ",
        Mark::Unread => ":grey_question: unread – ",
    };
    Markup::new().literal(mark).literal("*").escaped(&station.name).literal("*: ").escaped(&station.message)
}
