//! The details of a run or of a check, for the modal: all causes with all facts, all groups and apps, the plan with its
//! cost, the full ids, and the whole journal of the run.

use serde_json::Value as Json;
use url::Url;

use super::apps::apps;
use super::findings::found;
use super::plan::planned;
use super::state::state;
use super::timeline::timeline;
use super::trail::trail;
use super::{View, foot};
use crate::slack::blocks::{context, header, listing, section};
use crate::slack::markup::Markup;
use reinstate_core::{Diagnosis, Plan};

#[must_use]
pub fn details(view: &View<'_>) -> Vec<Json> {
    let mut blocks = vec![header(&view.headline()), section(&state(view)), context(&[foot(view)])];
    if let Some(current) = &view.run.current {
        blocks.extend(of_diagnosis(&current.diagnosis, &current.plan, view.docs));
    }
    blocks.extend(listing(&Markup::new().literal("*What happened*"), &timeline(view.events), 6));
    blocks.push(context(&[Markup::new().literal("Run ").code(view.id)]));
    blocks
}

/// Everything that one reading found, and its plan.
#[must_use]
pub fn of_diagnosis(diagnosis: &Diagnosis, plan: &Plan, docs: Option<&Url>) -> Vec<Json> {
    let mut blocks = trail(diagnosis);
    blocks.extend(planned(plan, diagnosis));
    blocks.extend(found(diagnosis, docs));
    blocks.extend(apps(diagnosis));
    blocks.extend(groups(diagnosis));
    blocks.extend(ids(diagnosis));
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

/// The full ids, which an admin looks up in the consoles.
fn ids(diagnosis: &Diagnosis) -> Vec<Json> {
    let known = [
        ("User in Entra: ", &diagnosis.person),
        ("SCIM record: ", &diagnosis.record),
        ("Atlassian account: ", &diagnosis.account),
    ];
    let mut lines: Vec<Markup> = known
        .into_iter()
        .filter_map(|(title, id)| Some(Markup::new().literal("• ").literal(title).code(id.as_deref()?)))
        .collect();
    let others = diagnosis.names.accounts.keys().filter(|id| Some(*id) != diagnosis.account.as_ref());
    lines.extend(others.map(|id| {
        let text = Markup::new().literal("• Other account: ").escaped(&diagnosis.names.in_full(id));
        text.literal(" ").code(id)
    }));
    if lines.is_empty() { Vec::new() } else { listing(&Markup::new().literal("*Ids*"), &lines, 2) }
}
