//! The cards of a run: pure views of its newest state. The same run gives the same card, so an unchanged card is not
//! sent again. A card must never use colour or a picture alone for something that it does not also say in words.

mod affected;
mod after;
mod approval;
mod apps;
mod buttons;
mod candidates;
mod cause;
mod check;
mod details;
mod dialog;
mod findings;
pub mod home;
mod line;
mod me;
mod plan;
mod report;
mod root;
mod state;
mod steps;
mod sweep;
#[cfg(test)]
mod tests;
mod timeline;
mod trail;

pub use affected::{lost_access, telling_is_set};
pub use approval::{approval, call};
pub use check::{CheckView, diagnosis};
pub use details::{details, of_diagnosis};
pub use dialog::{dialog, dialog_in_full};
pub use line::{line, list, outcome, stopped, sweep_line, unreadable_line};
pub use me::{HelpCall, help_wanted, me};
pub use report::report;
pub use root::{root, status};
pub use sweep::{SweepView, sweep_page, sweep_root, sweep_status};

use jiff::Timestamp;
use url::Url;

use super::markup::Markup;
use super::value::Value;
use crate::config::Access;
use reinstate_core::plan::short;
use reinstate_core::run::{Goal, Limits, Next};
use reinstate_core::short_id;
use reinstate_core::{Diagnosis, Event, Names, Outcome, Rules, Run};
use reinstate_store::MIN_HASH;

/// The maximum number of characters of a name and of an address in a title, so that it fits in one line.
const MAX_NAME_CHARACTERS: usize = 30;
const MAX_ADDRESS_CHARACTERS: usize = 40;

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
    /// `slack.channel`, where approvals are requested.
    pub channel: &'a str,
    /// Whether this card requests approvals.
    pub asks_here: bool,
    /// The approvers who may not approve this plan because it is about their own account, by Slack user id, as far as
    /// this is known.
    pub concerned: &'a [String],
    /// The later run that undid this one, if there is one.
    pub undone_by: Option<&'a str>,
    /// The later run that removed the account that this one left over, if there is one.
    pub removed_by: Option<&'a str>,
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

    /// Who the run is about, and what it does or did.
    fn headline(&self) -> Markup {
        let outcome = self.run.ended.as_ref().map(|(outcome, _)| *outcome);
        let what = match (self.aim(), outcome) {
            (Goal::Repair { .. }, Some(Outcome::Restored)) => "Access restored for ",
            (Goal::Repair { .. }, Some(Outcome::Healthy)) => "Access was already fine for ",
            (Goal::Repair { .. }, _) => "Repair access for ",
            (Goal::Undo { .. }, Some(Outcome::Done)) => "Repair undone for ",
            (Goal::Undo { .. }, _) => "Undo the repair for ",
            (Goal::Retire { .. }, Some(Outcome::Done)) => "Left-over account removed for ",
            (Goal::Retire { .. }, _) => "Remove the left-over account for ",
        };
        Markup::new().literal(what).then(&self.who())
    }

    /// The person by name and address.
    fn who(&self) -> Markup {
        let admitted = self.run.admitted.as_ref().map_or("this person", |(_, who)| who.text());
        match &self.run.current {
            Some(current) => named(&current.diagnosis, admitted),
            None => self.name(),
        }
    }

    /// The person by address.
    pub(crate) fn name(&self) -> Markup {
        let diagnosed = self.run.current.as_ref().and_then(|current| current.diagnosis.email.clone());
        let admitted = self.run.admitted.as_ref().map(|(_, who)| who.text().to_owned());
        let name = diagnosed.or(admitted).unwrap_or_else(|| "this person".to_owned());
        address(&name)
    }

    /// The people who must not be asked to approve: the requester, those who have approved, and those whom the plan is
    /// about.
    pub(crate) fn not_asked(&self) -> Vec<String> {
        let concerned = self.concerned.iter().cloned();
        requesters(self).into_iter().chain(self.run.approved_by()).chain(concerned).collect()
    }
}

/// A person by name and address, in one line. `asked` is what was asked for.
fn named(diagnosis: &Diagnosis, asked: &str) -> Markup {
    let address = address(diagnosis.email.as_deref().unwrap_or(asked));
    match diagnosis.name.as_deref() {
        Some(name) => {
            let name = Markup::new().escaped(&shortened(name, MAX_NAME_CHARACTERS));
            name.literal(" (").then(&address).literal(")")
        }
        None => address,
    }
}

/// An address, or the end of an account id.
fn address(text: &str) -> Markup {
    Markup::new().escaped(&shortened(&Names::default().in_words(text), MAX_ADDRESS_CHARACTERS))
}

fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let start: String = text.chars().take(most).collect();
    format!("{}…", start.trim_end())
}

/// The requesters, who are not asked to approve.
#[must_use]
pub fn requesters(view: &View<'_>) -> Vec<String> {
    view.run.asked.iter().map(|asked| asked.by.id.clone()).collect()
}

/// One line of small print: what people quote, and who asked when.
pub(super) fn foot(view: &View<'_>) -> Markup {
    let mut text = Markup::new().literal("run ").code(short_id(view.id));
    if let Some(digest) = view.run.current.as_ref().and_then(|current| current.digest.as_deref()) {
        text = text.literal(" · plan ").code(short(digest));
    }
    if let Some(asked) = view.run.asked.as_ref().filter(|asked| !asked.by.id.is_empty()) {
        text = text.literal(" · requested by ").user(&asked.by.id);
    }
    if let Some(at) = view.run.opened_at {
        text = text.literal(" ").time(at);
    }
    match &view.head {
        Some(head) => text.literal(" · journal ").code(&shortened_head(head)),
        None => text,
    }
}

/// The number of the newest entry and the start of its hash, which `audit verify --head` takes.
fn shortened_head(head: &str) -> String {
    match head.split_once(':') {
        Some((seq, hash)) => format!("{seq}:{}", hash.chars().take(MIN_HASH).collect::<String>()),
        None => head.to_owned(),
    }
}
