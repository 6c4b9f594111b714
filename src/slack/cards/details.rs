//! The details of a run, for the modal: all causes with all facts, all groups, and the whole journal of the run.

use serde_json::Value as Json;

use super::apps::apps;
use super::findings::{DETAILS, found};
use super::overview::overview;
use super::plan::planned;
use super::state::state;
use super::timeline::timeline;
use super::trail::trail;
use super::{View, foot};
use crate::slack::blocks::{context, header, listing, section};
use crate::slack::markup::Markup;
use reinstate_core::Diagnosis;

#[must_use]
pub fn details(view: &View<'_>) -> Vec<Json> {
    let title = Markup::new().literal(view.title()).then(&view.name());
    let mut blocks = vec![header(&title), section(&state(view)), context(&[foot(view)])];
    if let Some(current) = &view.run.current {
        blocks.push(section(&overview(&current.diagnosis, &current.plan)));
        blocks.extend(apps(&current.diagnosis));
        blocks.extend(trail(&current.diagnosis));
        blocks.extend(found(&current.diagnosis, DETAILS, view.docs));
        blocks.extend(groups(&current.diagnosis));
        blocks.extend(planned(&current.plan));
    }
    blocks.extend(listing(&Markup::new().literal("*What happened*"), &timeline(view.events), 6));
    blocks
}

fn groups(diagnosis: &Diagnosis) -> Vec<Json> {
    let lists = [
        ("*Groups missing:* ", &diagnosis.groups.missing),
        ("*Groups present:* ", &diagnosis.groups.present),
        ("*Groups expected:* ", &diagnosis.groups.expected),
        ("*Groups that only Atlassian shows:* ", &diagnosis.groups.extra),
    ];
    let mut blocks = Vec::new();
    for (title, names) in lists {
        let title = Markup::new().literal(title);
        match names {
            None => blocks.push(section(&title.literal("not known"))),
            Some(names) => {
                let lines: Vec<Markup> = names.iter().map(|name| Markup::new().code(name)).collect();
                blocks.extend(listing(&title.number(names.len()), &lines, 6));
            }
        }
    }
    blocks
}
