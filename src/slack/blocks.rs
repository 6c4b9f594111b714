//! Builds Block Kit messages. Every helper keeps Slack's limits (reference: docs.slack.dev, Block Kit). Content that is
//! too long is cut and marked, so that Slack does not refuse it. A helper must never take other people's text as a bare
//! string: text is [`Markup`].

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::action::ButtonAction;
use super::markup::Markup;
use reinstate_core::digest::hex;

/// The maximum number of blocks in one message.
const MAX_BLOCKS: usize = 50;
/// The maximum number of characters in all blocks of one message together. Slack documents that there is a limit
/// (`msg_blocks_too_long`), but not its value. Others have measured 11,300 and more.
const MAX_CHARACTERS: usize = 11_000;
/// No block is shortened below this length.
const MIN_CHARACTERS: usize = 60;
/// The maximum number of characters of the text in the short form of a card.
const MAX_BRIEF_CHARACTERS: usize = 1500;

/// A message: its blocks, and the text for notifications and for clients without blocks.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// The text, which is also the fallback for the blocks.
    pub text: String,
    /// The blocks. Empty for a plain text message.
    pub blocks: Vec<Value>,
}

impl Message {
    /// A message that consists of one text.
    #[must_use]
    pub fn text(text: &Markup) -> Self {
        Self { text: text.cut(3000), blocks: Vec::new() }
    }

    /// A message of blocks. Blocks that do not fit are replaced by a count. The last `keep` blocks always stay.
    #[must_use]
    pub fn of(text: &Markup, mut blocks: Vec<Value>, keep: usize) -> Self {
        let over = blocks.len().saturating_sub(MAX_BLOCKS);
        if over > 0 {
            let keep = keep.min(blocks.len());
            let tail = blocks.split_off(blocks.len().saturating_sub(keep));
            let left = over + 1;
            blocks.truncate(blocks.len().saturating_sub(left));
            blocks.push(context(&[Markup::new().literal("… and ").number(left).literal(" more parts")]));
            blocks.extend(tail);
        }
        fit(&mut blocks, keep);
        Self { text: text.cut(3000), blocks }
    }

    /// Adds a block. Blocks that no longer fit are replaced by a count.
    #[must_use]
    pub fn fitted(mut self, keep: usize) -> Self {
        fit(&mut self.blocks, keep);
        self
    }

    /// The short form, for content that Slack refuses as a whole: the text, the reason for the short form, the buttons,
    /// and the last line.
    #[must_use]
    pub fn brief(&self, why: &Markup) -> Self {
        let text = Markup::shorten(&self.text, MAX_BRIEF_CHARACTERS);
        let kind = |block: &&Value, kind: &str| block.get("type").is_some_and(|known| known == kind);
        let mut blocks = vec![
            json!({"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": true}}),
            context(std::slice::from_ref(why)),
        ];
        blocks.extend(self.blocks.iter().filter(|block| kind(block, "actions")).cloned());
        blocks.extend(self.blocks.last().filter(|block| kind(block, "context")).cloned());
        fit(&mut blocks, 2);
        Self { text: self.text.clone(), blocks }
    }

    /// A hash of the content. An update that would change nothing is not sent.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let blocks = Value::Array(self.blocks.clone()).to_string();
        hex(&Sha256::new().chain_update(&self.text).chain_update([0]).chain_update(blocks).finalize())
    }
}

/// Makes blocks fit into one message. The longest blocks are shortened first, each with a count of what is left out.
/// The last `keep` blocks always stay.
fn fit(blocks: &mut Vec<Value>, keep: usize) {
    if blocks.iter().map(length).sum::<usize>() > MAX_CHARACTERS {
        let most = share(blocks);
        blocks.iter_mut().for_each(|block| shorten(block, most));
    }
    let mut left = 0;
    while blocks.iter().map(length).sum::<usize>() > MAX_CHARACTERS {
        let body = blocks.len().saturating_sub(keep);
        // The count takes the place of the last block that is left out.
        let Some(at) = body.checked_sub(if left == 0 { 1 } else { 2 }) else { return };
        blocks.remove(at);
        left += 1;
        let says = context(&[Markup::new().literal("… and ").number(left).literal(" more parts")]);
        if left > 1 {
            blocks.remove(at);
        }
        blocks.insert(at, says);
    }
}

/// The length to which the longest blocks are shortened so that all blocks fit together.
fn share(blocks: &[Value]) -> usize {
    let fits = |most: usize| {
        let all =
            blocks.iter().map(|block| if is_long(block) { length(block).min(most) } else { length(block) });
        all.sum::<usize>() <= MAX_CHARACTERS
    };
    let (mut low, mut high) = (MIN_CHARACTERS, MAX_CHARACTERS);
    while low < high {
        let middle = (low + high).div_ceil(2);
        if fits(middle) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    low
}

/// Whether a block is of a type that can be shortened.
fn is_long(block: &Value) -> bool {
    block.get("type").and_then(Value::as_str).is_some_and(|kind| ["section", "context"].contains(&kind))
}

/// The number of characters in a block, without its types and ids.
fn length(value: &Value) -> usize {
    const NAMES: [&str; 4] = ["type", "block_id", "action_id", "style"];
    match value {
        Value::String(text) => text.chars().count(),
        Value::Array(all) => all.iter().map(length).sum(),
        Value::Object(map) => {
            map.iter().filter(|(key, _)| !NAMES.contains(&key.as_str())).map(|(_, inner)| length(inner)).sum()
        }
        _ => 0,
    }
}

/// Shortens a block to at most `most` characters, with a count of what is left out.
fn shorten(block: &mut Value, most: usize) {
    if !is_long(block) || length(block) <= most {
        return;
    }
    if let Some(Value::String(text)) = block.pointer_mut("/text/text") {
        *text = Markup::shorten(text, most);
    }
    if let Some(Value::Array(elements)) = block.get_mut("elements") {
        let each = most / elements.len().max(1);
        for element in elements {
            if let Some(Value::String(text)) = element.get_mut("text") {
                *text = Markup::shorten(text, each.max(1));
            }
        }
    }
}

/// A heading in plain text.
#[must_use]
pub fn header(text: &Markup) -> Value {
    json!({"type": "header", "text": {"type": "plain_text", "text": text.cut(150)}})
}

#[must_use]
pub fn section(text: &Markup) -> Value {
    json!({"type": "section", "text": mrkdwn(text, 3000)})
}

/// A list in as many sections as it needs, but at most `most`. Lines that are left over are counted.
#[must_use]
pub fn listing(title: &Markup, lines: &[Markup], most: usize) -> Vec<Value> {
    let mut blocks = Vec::new();
    let mut page = title.clone();
    for (index, line) in lines.iter().enumerate() {
        let next = page.clone().literal("\n").then(line);
        if next.as_str().chars().count() <= 2900 {
            page = next;
            continue;
        }
        if blocks.len() + 1 >= most {
            page = page.literal("\n… and ").number(lines.len() - index).literal(" more");
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

/// A horizontal line.
#[must_use]
pub fn divider() -> Value {
    json!({"type": "divider"})
}

/// A row of buttons. The block id changes with the values of the buttons, as Slack requires for an update.
#[must_use]
pub fn actions(id: &str, buttons: &[Button]) -> Value {
    let elements: Vec<Value> = buttons.iter().take(25).map(Button::json).collect();
    let id: String = id.chars().take(255).collect();
    json!({"type": "actions", "block_id": id, "elements": elements})
}

/// `verbatim` stops Slack from turning other people's text into links or mentions.
fn mrkdwn(text: &Markup, most: usize) -> Value {
    let mut text = text.cut(most);
    if text.is_empty() {
        text.push('–');
    }
    json!({"type": "mrkdwn", "text": text, "verbatim": true})
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Grey.
    Plain,
    /// The recommended button.
    Primary,
    /// The button of a dangerous action.
    Danger,
}

/// Slack's confirmation dialog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirm {
    pub title: Markup,
    /// What will happen.
    pub text: Markup,
    pub yes: &'static str,
    pub no: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Button {
    pub action: ButtonAction,
    pub words: &'static str,
    /// The value that the button carries, opaque to Slack. A value that is too long is left out, and such a click is
    /// refused.
    pub value: String,
    pub style: Style,
    /// The dialog that Slack shows before the click counts.
    pub confirm: Option<Confirm>,
}

impl Button {
    fn json(&self) -> Value {
        let mut button = json!({
            "type": "button",
            "action_id": self.action.id(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use reinstate_sandbox::slack::{Surface, problems};

    #[test]
    fn the_longest_of_everything_is_still_accepted() {
        let long = Markup::new().escaped(&"x&".repeat(5000));
        let button = |n: usize| Button {
            action: [ButtonAction::Approve, ButtonAction::Decline][n],
            words: "Approve",
            value: "v".repeat(2000 + n),
            style: Style::Primary,
            confirm: Some(Confirm { title: long.clone(), text: long.clone(), yes: "Yes", no: "No" }),
        };
        let mut blocks = vec![header(&long), context(&vec![long.clone(); 20])];
        blocks.extend(vec![section(&long); 80]);
        blocks.push(actions(&"i".repeat(300), &[button(0), button(1)]));
        let card = Message::of(&long, blocks, 1);
        assert_eq!(problems(&card.blocks, Surface::Message), Vec::<String>::new());
        assert_eq!(card.blocks.len(), 50);
        assert_eq!(card.blocks[49]["type"], "actions");
        assert!(card.text.chars().count() <= 3000);
        assert!(shown(&card.blocks) <= MAX_CHARACTERS, "{}", shown(&card.blocks));
    }

    /// Counts the characters that a reader sees, in another way than the code under test.
    fn shown(blocks: &[Value]) -> usize {
        reinstate_sandbox::slack::characters(blocks)
    }

    #[test]
    fn what_does_not_fit_into_one_message_is_shortened_with_a_count_and_short_parts_stay_whole() {
        let line = |n: usize| Markup::new().literal("line ").number(n).literal(" ").escaped(&"x".repeat(40));
        let long = || section(&Markup::lines(&(0..60).map(line).collect::<Vec<_>>(), 3000));
        let short = section(&Markup::new().literal("What will happen"));
        let mut blocks = vec![short.clone(), section(&line(0))];
        blocks.extend((0..6).map(|_| long()));
        let foot = context(&[Markup::new().literal("Run r")]);
        blocks.push(foot.clone());
        let card = Message::of(&Markup::new().literal("text"), blocks, 1);
        assert_eq!(problems(&card.blocks, Surface::Message), Vec::<String>::new());
        assert!(shown(&card.blocks) <= MAX_CHARACTERS && shown(&card.blocks) > MAX_CHARACTERS / 2);
        assert_eq!((&card.blocks[0], card.blocks.last()), (&short, Some(&foot)));
        let text = card.blocks[2]["text"]["text"].as_str().unwrap();
        assert!(text.starts_with("line 0 ") && text.contains("\n… and "), "{text}");
        let left: usize = text.rsplit("… and ").next().unwrap().trim_end_matches(" more").parse().unwrap();
        assert_eq!(text.lines().count() - 1 + left, 60, "each line is shown or counted");
    }

    #[test]
    fn a_card_in_short_keeps_its_buttons() {
        let buttons = [Button {
            action: ButtonAction::Approve,
            words: "Approve",
            value: "v".into(),
            style: Style::Plain,
            confirm: None,
        }];
        let foot = context(&[Markup::new().literal("Run r")]);
        let body = vec![section(&Markup::new().literal("body")), actions("a", &buttons), foot.clone()];
        let brief = Message::of(&Markup::new().literal("Waits for an approval"), body, 2)
            .brief(&Markup::new().literal("why"));
        assert_eq!(problems(&brief.blocks, Surface::Message), Vec::<String>::new());
        let all = Value::Array(brief.blocks.clone()).to_string();
        assert!(all.contains("Waits for an approval") && all.contains("reinstate.approve"), "{all}");
        assert!(!all.contains("body") && brief.blocks.last() == Some(&foot), "{all}");
    }

    #[test]
    fn another_word_is_another_fingerprint() {
        let one = Message::text(&Markup::new().literal("one"));
        assert_eq!(one.fingerprint(), one.clone().fingerprint());
        assert_ne!(one.fingerprint(), Message::text(&Markup::new().literal("two")).fingerprint());
    }
}
