//! The cards of a run: pure views of its newest state. The same run gives the same card, so an unchanged card is not
//! sent again. A card must never use colour or a picture alone for something that it does not also say in words.

mod after;
mod approval;
mod apps;
mod buttons;
mod candidates;
mod check;
mod details;
mod dialog;
mod findings;
pub mod home;
mod line;
mod me;
mod overview;
mod plan;
mod root;
mod state;
mod sweep;
#[cfg(test)]
mod tests;
mod timeline;
mod trail;

pub use approval::{approval, call};
pub use check::diagnosis;
pub use details::details;
pub use dialog::{dialog, dialog_in_full};
pub use line::{line, list, outcome, stopped, sweep_line, unreadable_line};
pub use me::{help_wanted, me};
pub use root::{root, status};
pub use sweep::{SweepView, sweep_page, sweep_root, sweep_status};

use jiff::Timestamp;
use serde_json::Value as Json;
use url::Url;

use super::markup::Markup;
use super::value::Value;
use crate::config::Access;
use reinstate_core::plan::short;
use reinstate_core::run::{Current, Goal, Limits, Next};
use reinstate_core::{Event, Rules, Run};

/// The input from which a card is drawn.
pub struct View<'a> {
    pub id: &'a str,
    /// Its newest state.
    pub run: &'a Run,
    pub events: &'a [(i64, Timestamp, Event)],
    pub rules: &'a Rules,
    /// The time limits of a run.
    pub limits: &'a Limits,
    pub access: &'a Access,
    /// The current time by the clock of the database, which decides when approvals expire.
    pub now: Timestamp,
    /// The head of the journal, shown on final cards.
    pub head: Option<String>,
    /// True if Slack refuses the `plan` block.
    pub plain: bool,
    /// `slack.channel`, where approvals are requested.
    pub channel: &'a str,
    /// Whether this card requests approvals.
    pub asks_here: bool,
    /// The folder with the page of each cause.
    pub docs: Option<&'a Url>,
}

impl View<'_> {
    fn next(&self) -> Next {
        self.run.next(self.now, self.rules, self.limits)
    }

    /// The digest for which the run now waits.
    #[must_use]
    pub fn awaited(&self) -> Option<&str> {
        match self.next() {
            Next::AwaitApproval { .. } => self.run.current.as_ref()?.digest.as_deref(),
            _ => None,
        }
    }

    fn value(&self) -> String {
        let digest = self.run.current.as_ref().and_then(|current| current.digest.clone()).unwrap_or_default();
        Value { run: self.id.to_owned(), digest, ..Value::default() }.text()
    }

    /// The goal of the run.
    fn aim(&self) -> Goal {
        self.run.asked.as_ref().map(|asked| asked.aim.clone()).unwrap_or_default()
    }

    /// The title of the run, without the name of the person.
    fn title(&self) -> &'static str {
        match self.aim() {
            Goal::Repair { .. } => "Repair of ",
            Goal::Undo { .. } => "Undo of a repair of ",
            Goal::Retire { .. } => "Retirement of an account left over by the repair of ",
        }
    }

    pub(crate) fn name(&self) -> Markup {
        let diagnosed = self.run.current.as_ref().and_then(|current| current.diagnosis.email.clone());
        let admitted = self.run.admitted.as_ref().map(|(_, who)| who.text().to_owned());
        Markup::new().escaped(&diagnosed.or(admitted).unwrap_or_else(|| "somebody".to_owned()))
    }
}

/// The reasons: the trail, the findings with their facts, and the steps with their risk.
fn reasons(current: &Current, docs: Option<&Url>) -> Vec<Json> {
    let mut blocks = trail::trail(&current.diagnosis);
    blocks.extend(findings::found(&current.diagnosis, findings::CHANNEL, docs));
    blocks.extend(plan::planned(&current.plan));
    blocks
}

/// The requesters, who are not asked to approve.
#[must_use]
pub fn requesters(view: &View<'_>) -> Vec<String> {
    view.run.asked.iter().map(|asked| asked.by.id.clone()).collect()
}

pub(super) fn foot(view: &View<'_>) -> Markup {
    let mut text = Markup::new().literal("Run ").code(view.id);
    if let Some(asked) = &view.run.asked {
        text = text.literal(", asked by ").user(&asked.by.id);
    }
    if let Some(at) = view.run.opened_at {
        text = text.literal(" ").time(at);
    }
    if let Some(current) = &view.run.current {
        if let Some(digest) = &current.digest {
            text = text.literal(", plan ").code(short(digest));
        }
        for approval in &current.approvals {
            text = text.literal(", approved by ").user(&approval.by).literal(" ").time(approval.at);
        }
    }
    match &view.head {
        Some(head) => text.literal(", journal ").code(head),
        None => text,
    }
}
