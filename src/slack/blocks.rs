//! Block Kit by construction: every helper keeps Slack's limits (reference: docs.slack.dev, Block Kit), cutting
//! with a mark instead of being refused. It must never take a bare string of somebody else's: text is [`Markup`].

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::markup::Markup;
use crate::core::digest::hex;

/// Blocks that one message may hold.
const MOST_BLOCKS: usize = 50;

/// What a message says: its blocks, and the text for notifications and for clients without blocks.
#[derive(Clone, Debug, PartialEq)]
pub struct Card {
    /// The text; also the fallback of the blocks.
    pub text: String,
    /// The blocks; empty for a message of plain text.
    pub blocks: Vec<Value>,
}

impl Card {
    /// A message of one text.
    #[must_use]
    pub fn text(text: &Markup) -> Self {
        Self { text: text.cut(3000), blocks: Vec::new() }
    }

    /// A message of blocks; what is too much is counted. The last `keep` blocks always stay.
    #[must_use]
    pub fn of(text: &Markup, mut blocks: Vec<Value>, keep: usize) -> Self {
        let over = blocks.len().saturating_sub(MOST_BLOCKS);
        if over > 0 {
            let keep = keep.min(blocks.len());
            let tail = blocks.split_off(blocks.len().saturating_sub(keep));
            let left = over + 1;
            blocks.truncate(blocks.len().saturating_sub(left));
            blocks.push(context(&[Markup::new().ours("… and ").number(left).ours(" more parts")]));
            blocks.extend(tail);
        }
        Self { text: text.cut(3000), blocks }
    }

    /// A hash of what is shown, so that an update that changes nothing is not sent.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let blocks = Value::Array(self.blocks.clone()).to_string();
        hex(&Sha256::new().chain_update(&self.text).chain_update([0]).chain_update(blocks).finalize())
    }
}

/// A heading in plain text.
#[must_use]
pub fn header(text: &Markup) -> Value {
    json!({"type": "header", "text": {"type": "plain_text", "text": text.cut(150)}})
}

/// A paragraph.
#[must_use]
pub fn section(text: &Markup) -> Value {
    json!({"type": "section", "text": mrkdwn(text, 3000)})
}

/// A list over as many paragraphs as it needs, but no more than `most`; what is left over is counted.
#[must_use]
pub fn listing(title: &Markup, lines: &[Markup], most: usize) -> Vec<Value> {
    let mut blocks = Vec::new();
    let mut page = title.clone();
    for (index, line) in lines.iter().enumerate() {
        let next = page.clone().ours("\n").then(line);
        if next.as_str().chars().count() <= 2900 {
            page = next;
            continue;
        }
        if blocks.len() + 1 >= most {
            page = page.ours("\n… and ").number(lines.len() - index).ours(" more");
            break;
        }
        blocks.push(section(&page));
        page = line.clone();
    }
    blocks.push(section(&page));
    blocks
}

/// A line in small print.
#[must_use]
pub fn context(parts: &[Markup]) -> Value {
    let elements: Vec<Value> = parts.iter().take(10).map(|part| mrkdwn(part, 2000)).collect();
    json!({"type": "context", "elements": elements})
}

/// A line between parts.
#[must_use]
pub fn divider() -> Value {
    json!({"type": "divider"})
}

/// A row of buttons. The block's id changes with what its buttons carry, as Slack wants it on an update.
#[must_use]
pub fn actions(id: &str, buttons: &[Button]) -> Value {
    let elements: Vec<Value> = buttons.iter().take(25).map(Button::json).collect();
    let id: String = id.chars().take(255).collect();
    json!({"type": "actions", "block_id": id, "elements": elements})
}

/// `verbatim`: Slack turns nothing of somebody's text into links or mentions by itself.
fn mrkdwn(text: &Markup, most: usize) -> Value {
    let mut text = text.cut(most);
    if text.is_empty() {
        text.push('–');
    }
    json!({"type": "mrkdwn", "text": text, "verbatim": true})
}

/// How a button looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Grey.
    Plain,
    /// The one to press.
    Primary,
    /// Careful.
    Danger,
}

/// Slack's own "are you sure?".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirm {
    /// The question.
    pub title: Markup,
    /// What will happen.
    pub text: Markup,
    /// Yes.
    pub yes: &'static str,
    /// No.
    pub no: &'static str,
}

/// A button.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Button {
    /// `reinstate.…`
    pub action: &'static str,
    /// What it says.
    pub words: &'static str,
    /// What it carries, opaque to Slack; a value that is too long is left out, and such a click is refused.
    pub value: String,
    /// How it looks.
    pub style: Style,
    /// Asked before the click counts.
    pub confirm: Option<Confirm>,
}

impl Button {
    fn json(&self) -> Value {
        let mut button = json!({
            "type": "button",
            "action_id": self.action,
            "text": {"type": "plain_text", "text": self.words},
        });
        if let Some(map) = button.as_object_mut() {
            if (1..=2000).contains(&self.value.chars().count()) {
                map.insert("value".into(), self.value.clone().into());
            }
            match self.style {
                Style::Plain => {}
                Style::Primary => drop(map.insert("style".into(), "primary".into())),
                Style::Danger => drop(map.insert("style".into(), "danger".into())),
            }
            if let Some(confirm) = &self.confirm {
                map.insert(
                    "confirm".into(),
                    json!({
                        "title": {"type": "plain_text", "text": confirm.title.cut(100)},
                        "text": {"type": "mrkdwn", "text": confirm.text.cut(300), "verbatim": true},
                        "confirm": {"type": "plain_text", "text": confirm.yes},
                        "deny": {"type": "plain_text", "text": confirm.no},
                    }),
                );
            }
        }
        button
    }
}

/// How far a task of a plan is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Its turn has not come.
    Pending,
    /// It is being done.
    InProgress,
    /// Done.
    Complete,
    /// It needs a person.
    Error,
}

impl Status {
    fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::InProgress => "in_progress",
            Self::Complete => "complete",
            Self::Error => "error",
        }
    }

    /// In words, where Slack does not draw it.
    #[must_use]
    pub fn says(self) -> &'static str {
        match self {
            Self::Pending => ":white_circle: to do: ",
            Self::InProgress => ":hourglass_flowing_sand: now: ",
            Self::Complete => ":white_check_mark: done: ",
            Self::Error => ":warning: needs a person: ",
        }
    }
}

/// One line of progress.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// What.
    pub title: Markup,
    /// How far.
    pub status: Status,
}

/// Progress as Slack's `plan` block, or as a section where Slack refuses that block.
#[must_use]
pub fn progress(title: &Markup, tasks: &[Task], plain: bool) -> Value {
    if plain {
        let mut lines = vec![Markup::new().ours("*").then(title).ours("*")];
        lines.extend(tasks.iter().map(|task| Markup::new().ours(task.status.says()).then(&task.title)));
        return section(&Markup::lines(&lines, 2900));
    }
    let tasks: Vec<Value> = tasks
        .iter()
        .take(40)
        .enumerate()
        .map(|(index, task)| {
            json!({
                "task_id": format!("task-{index}"),
                "title": task.title.cut(500),
                "status": task.status.word(),
            })
        })
        .collect();
    json!({"type": "plan", "title": title.cut(200), "tasks": tasks})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::slack::{Surface, problems};

    #[test]
    fn the_longest_of_everything_is_still_accepted() {
        let long = Markup::new().data(&"x&".repeat(5000));
        let button = |n: usize| Button {
            action: ["reinstate.approve", "reinstate.decline"][n],
            words: "Approve",
            value: "v".repeat(2000 + n),
            style: Style::Primary,
            confirm: Some(Confirm { title: long.clone(), text: long.clone(), yes: "Yes", no: "No" }),
        };
        let tasks = vec![Task { title: long.clone(), status: Status::Complete }; 60];
        for plain in [true, false] {
            let mut blocks =
                vec![header(&long), progress(&long, &tasks, plain), context(&vec![long.clone(); 20])];
            blocks.extend(vec![section(&long); 80]);
            blocks.push(actions(&"i".repeat(300), &[button(0), button(1)]));
            let card = Card::of(&long, blocks, 1);
            assert_eq!(problems(&card.blocks, Surface::Message), Vec::<String>::new());
            assert_eq!(card.blocks.len(), 50);
            assert_eq!(card.blocks[49]["type"], "actions");
            assert!(card.text.chars().count() <= 3000);
        }
    }

    #[test]
    fn another_word_is_another_fingerprint() {
        let one = Card::text(&Markup::new().ours("one"));
        assert_eq!(one.fingerprint(), one.clone().fingerprint());
        assert_ne!(one.fingerprint(), Card::text(&Markup::new().ours("two")).fingerprint());
    }
}
