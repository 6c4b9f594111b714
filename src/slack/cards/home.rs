//! The App Home as a view. It is pure: the same lists give the same view, so an unchanged Home is not sent again.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::slack::action::ButtonAction;
use crate::slack::blocks::{Button, Style, actions, context, divider, header, section};
use crate::slack::markup::Markup;
use crate::slack::value;

/// How many runs of each kind are shown. The others are counted.
const MAX_RUNS: usize = 20;

#[derive(Debug, Default)]
pub struct Lists {
    /// Runs that wait for this person's approval.
    pub to_approve: List,
    /// Runs that this person asked for, and that wait for a person to continue or stop them.
    pub to_continue: List,
    /// Other open runs.
    pub open: List,
    /// Ended runs, newest first.
    pub recent: List,
    /// How many open runs were not read. They are in no list.
    pub unread: usize,
}

/// Runs of one kind: their number, and the ones that are shown.
#[derive(Debug, Default)]
pub struct List {
    pub count: usize,
    pub shown: Vec<Listed>,
}

impl List {
    /// Counts a run, and shows it if there is room.
    pub fn add(&mut self, one: &Listed) {
        self.count += 1;
        if self.shown.len() < MAX_RUNS {
            self.shown.push(one.clone());
        }
    }
}

/// For whom a run or a sweep waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Awaits {
    Nobody,
    Approver,
    Requester,
}

#[derive(Clone, Debug)]
pub struct Listed {
    pub id: String,
    /// The line that the list shows.
    pub line: Markup,
    pub awaits: Awaits,
    /// The requester, who must not approve the run.
    pub asked_by: String,
    pub approved: BTreeSet<String>,
    /// The link to its card, if Slack gave one.
    pub link: Option<String>,
}

impl Listed {
    /// Whether this person has already approved the run.
    #[must_use]
    pub fn approved_by_me(&self, me: &str) -> bool {
        self.approved.contains(me)
    }

    fn shown(&self) -> Markup {
        match &self.link {
            Some(link) => self.line.clone().literal(" – ").link(link, "its card"),
            None => self.line.clone(),
        }
    }
}

fn view(blocks: Vec<Value>) -> Value {
    json!({ "type": "home", "blocks": blocks })
}

/// The Home of a person with a role.
#[must_use]
pub fn home(lists: &Lists, approves: bool, sees: bool) -> Value {
    let mut blocks = vec![header(&Markup::new().literal("Reinstate")), buttons(sees)];
    if approves {
        blocks.extend(part("Waiting for my approval", &lists.to_approve, "Nothing waits for you."));
    }
    if lists.to_continue.count > 0 {
        blocks.extend(part("Needs me", &lists.to_continue, ""));
    }
    if sees {
        blocks.extend(part("Running and waiting", &lists.open, "Nothing runs and nothing waits for others."));
        if lists.unread > 0 {
            let more = Markup::new().number(lists.unread).literal(" newer open runs are not in these lists.");
            blocks.push(context(&[more]));
        }
        blocks.extend(part("Recent", &lists.recent, "There has been no run yet."));
    }
    blocks.push(context(&[Markup::new().literal("`/reinstate help` shows every command.")]));
    view(blocks)
}

fn part(title: &'static str, list: &List, none: &'static str) -> Vec<Value> {
    let mut blocks = vec![
        divider(),
        section(&Markup::new().literal("*").literal(title).literal("*: ").number(list.count)),
    ];
    blocks.extend(list.shown.iter().map(|one| section(&one.shown())));
    if list.count == 0 {
        blocks.push(section(&Markup::new().literal(none)));
    }
    let more = list.count.saturating_sub(list.shown.len());
    if more > 0 {
        blocks.push(context(&[Markup::new().literal("… and ").number(more).literal(" more")]));
    }
    blocks
}

fn buttons(sees: bool) -> Value {
    let button = |action, words, style| Button {
        action,
        words,
        value: value::Value::default().text(),
        style,
        confirm: None,
    };
    let mut all = Vec::new();
    if sees {
        all.push(button(ButtonAction::CheckPerson, "Check a person", Style::Primary));
    }
    all.push(button(ButtonAction::Me, "Check my own access", Style::Plain));
    actions("home", &all)
}

/// The Home of a member without a role.
#[must_use]
pub fn employee() -> Value {
    let says = "Does Jira or Confluence show you nothing? Reinstate can look why. It changes nothing, and only \
                you see the answer.";
    view(vec![
        header(&Markup::new().literal("Your Atlassian access")),
        section(&Markup::new().literal(says)),
        buttons(false),
    ])
}

/// The Home of guests and people of other workspaces. Also shown if Slack does not say who somebody is.
#[must_use]
pub fn stranger() -> Value {
    let says = "Reinstate works for members of this workspace. If you are one and still read this, Slack did not \
                say who you are: please come back in a minute.";
    view(vec![header(&Markup::new().literal("Reinstate")), section(&Markup::new().literal(says))])
}

/// The Home while the database does not answer.
#[must_use]
pub fn no_store() -> Value {
    let says = "The database does not answer, so runs cannot be shown. Please come back in a minute.";
    view(vec![header(&Markup::new().literal("Reinstate")), section(&Markup::new().literal(says))])
}

#[cfg(test)]
mod tests {
    use super::*;
    use reinstate_sandbox::slack::{Surface, view_problems};

    #[test]
    fn slack_takes_the_longest_home_and_the_shortest() {
        let listed = |n: usize| Listed {
            id: n.to_string(),
            line: Markup::new().escaped(&"<!channel> & ".repeat(400)),
            awaits: Awaits::Approver,
            asked_by: "U0ADA".into(),
            approved: BTreeSet::new(),
            link: Some("https://acme.slack.com/archives/C0ADMINS/p1".into()),
        };
        let many = |count| {
            let mut list = List::default();
            (0..count).for_each(|n| list.add(&listed(n)));
            list
        };
        let lists = Lists {
            to_approve: many(300),
            to_continue: many(300),
            open: many(300),
            recent: many(10),
            unread: 99_800,
        };
        for view in [
            home(&lists, true, true),
            home(&Lists::default(), true, false),
            employee(),
            stranger(),
            no_store(),
        ] {
            assert_eq!(view_problems(&view, Surface::Home), Vec::<String>::new());
            assert!(!view.to_string().contains("<!channel>"));
        }
        let shown = home(&lists, true, true).to_string();
        assert!(
            shown.contains("… and 280 more") && shown.contains("99800 newer open runs are not"),
            "{shown}"
        );
    }
}
