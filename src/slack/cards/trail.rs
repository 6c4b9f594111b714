//! The trail: six stations from the identity provider to the apps, each with a mark *and* a word.

use serde_json::Value as Json;

use crate::slack::blocks::section;
use crate::slack::markup::Markup;
use reinstate_core::Diagnosis;
use reinstate_core::diagnose::{Mark, Station};

/// Characters for one station: six of them fit into one section.
const MAX_CHARACTERS: usize = 470;

pub(super) fn trail(diagnosis: &Diagnosis) -> Vec<Json> {
    // Each station has its share of the room, so that a long one leaves none of the others out.
    let lines: Vec<Markup> =
        diagnosis.trail.iter().map(|one| Markup::lines(&[station(one)], MAX_CHARACTERS)).collect();
    if lines.is_empty() { Vec::new() } else { vec![section(&Markup::lines(&lines, 2900))] }
}

fn station(station: &Station) -> Markup {
    let mark = match station.mark {
        Mark::Good => ":white_check_mark: good – ",
        Mark::Broken => ":x: broken – ",
        Mark::Unread => ":grey_question: unread – ",
    };
    Markup::new().literal(mark).literal("*").escaped(&station.name).literal("*: ").escaped(&station.message)
}
