//! Prints a scenario to the terminal. Posts are printed as people read them. A terminal redraws progress in place;
//! other outputs get only the lines that changed. It must never show what nobody in Slack would see.

use crate::cli::out;
use std::collections::BTreeMap;
use std::io::Write as _;

use super::paint::Paint;
use reinstate_core::subject::normalize;
use reinstate_sandbox::slack::Slack;
use reinstate_sandbox::{Sandbox, lock};

pub(super) struct Screen {
    paint: Paint,
    /// The last printed lines of each post.
    shown: BTreeMap<String, Vec<String>>,
    /// The post at the end of the screen, and how many of its lines can be overwritten.
    last: Option<(String, usize)>,
}

impl Screen {
    pub(super) fn new() -> Self {
        Self { paint: Paint::of_stdout(), shown: BTreeMap::new(), last: None }
    }

    pub(super) fn line(&mut self, text: &str) {
        out::line(format_args!("{text}"));
        self.last = None;
    }

    pub(super) fn title(&mut self, text: &str) {
        self.block(&[format!("*{text}*")], 0);
    }

    pub(super) fn says(&mut self, name: &str, place: &str, text: &str) {
        self.head("36", &format!("{place}  {name}"));
        self.block(&[text.to_owned()], 2);
    }

    pub(super) fn clicks(&mut self, name: &str, button: &str, confirm: &str) {
        self.head("35", &format!("{name} clicks {button}, and is asked once more"));
        let lines: Vec<String> = confirm.lines().map(|line| format!("| {line}")).collect();
        self.block(&lines, 2);
    }

    fn head(&mut self, code: &str, text: &str) {
        let head = self.paint.colour(code, text);
        self.line(&format!("\n{head}"));
    }

    /// Prints these lines, which are not overwritten later.
    fn block(&mut self, lines: &[String], indent: usize) -> usize {
        let painted = self.paint.lines(lines, indent);
        for line in &painted {
            self.line(line);
        }
        painted.len()
    }

    /// Prints what is new.
    pub(super) fn show(&mut self, slack: &Slack) {
        let mut posts: Vec<(String, String, Vec<String>)> = Vec::new();
        for message in slack.messages.iter().filter(|message| !message.deleted) {
            let place = slack.channels.get(&message.channel).map_or("", |channel| channel.name.as_str());
            let thread = if message.thread_ts.is_some() { " (in the thread)" } else { "" };
            posts.push((
                message.ts.clone(),
                format!("#{place}  Reinstate{thread}"),
                slack.post(&message.text, &message.blocks),
            ));
        }
        for private in slack.ephemerals.iter().filter(|private| !private.deleted) {
            let name = slack.users.get(&private.user).map_or("", |user| user.real_name.as_str());
            posts.push((
                format!("private {}", private.ts),
                format!("Reinstate, to {name} alone"),
                slack.post(&private.text, &private.blocks),
            ));
        }
        for (key, head, lines) in posts {
            let before = self.shown.insert(key.clone(), lines.clone());
            match before {
                Some(before) if before == lines => {}
                Some(before) => self.update(&key, &before, &lines),
                None => {
                    self.head("32", &head);
                    self.block(&lines, 2);
                }
            }
        }
        std::io::stdout().flush().ok();
    }

    /// Prints a changed post: in place if the terminal can do it, otherwise only the new lines.
    fn update(&mut self, key: &str, before: &[String], lines: &[String]) {
        if !self.paint.is_terminal() {
            let new: Vec<String> =
                lines.iter().filter(|line| !before.contains(line)).map(|line| format!("> {line}")).collect();
            self.block(&new, 2);
            return;
        }
        let state = lines.iter().skip(1).take(1);
        let tasks = lines.iter().filter(|line| is_task(line));
        let progress: Vec<String> = state.chain(tasks).cloned().collect();
        match self.last.take() {
            Some((last, height)) if last == key => out::print(format_args!("\u{1b}[{height}A\u{1b}[J")),
            _ => out::line(format_args!("")),
        }
        let height = self.block(&progress, 2);
        self.last = (height < self.paint.rows()).then(|| (key.to_owned(), height));
    }

    /// Prints the account of the scenario as it is in the simulated organization itself.
    pub(super) fn tenant(&mut self, sandbox: &Sandbox, who: &str) {
        let mut lines = Vec::new();
        {
            let atlassian = lock(&sandbox.atlassian);
            for account in atlassian.accounts.values() {
                if !normalize(&account.name).contains("jane") && normalize(&account.email) != normalize(who) {
                    continue;
                }
                let groups = atlassian.groups_of(&account.id);
                let groups = if groups.is_empty() { "no groups".to_owned() } else { groups.join(", ") };
                lines.push(format!(
                    "{} ({}): {groups}; {} issues and comments written as {}",
                    account.email,
                    account.id,
                    account.contributions,
                    account.display_name()
                ));
            }
        }
        self.head("1", "In the simulated organization now");
        self.block(&lines, 2);
    }

    pub(super) fn verdict(&mut self, back: bool) {
        if back {
            self.head("1;32", "Access is there, seen in the simulated organization itself.");
        } else {
            self.head("1;33", "Access is not there: what is left only a person can do.");
        }
    }
}

fn is_task(line: &str) -> bool {
    ["[x] ", "[~] ", "[ ] ", "[!] "].iter().any(|mark| line.starts_with(mark))
}
