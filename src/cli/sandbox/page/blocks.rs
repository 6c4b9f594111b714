//! Block Kit as HTML: the JSON as the bot sent it and Slack stored it, block by block. A block that is not known
//! here is shown as one that is not known, never left out.

use maud::{Markup, html};
use serde_json::{Value, json};

use super::input;
use super::mrkdwn::{link, mark, mention, mrkdwn, time};
use super::seat::Seat;
use reinstate_sandbox::slack::Slack;

/// Where blocks stand, and so what a click on one of their buttons is about.
#[derive(Clone, Debug)]
pub(super) enum Place<'a> {
    /// A message in a channel.
    Message {
        channel: &'a str,
        ts: &'a str,
    },
    /// A message for one person: its index in the workspace.
    Private {
        index: usize,
    },
    Home,
    /// A modal: one form around all of it.
    Modal,
}

/// What blocks are drawn for.
pub(super) struct Canvas<'a> {
    /// Names of people and channels.
    pub slack: &'a Slack,
    pub seat: &'a Seat,
    /// Where the blocks stand.
    pub place: Place<'a>,
}

impl Canvas<'_> {
    pub(super) fn blocks(&self, blocks: &[Value]) -> Markup {
        html! { @for block in blocks { (self.block(block)) } }
    }

    fn block(&self, block: &Value) -> Markup {
        match text(block, "type") {
            "header" => html! { h3.head { (self.text(block.get("text"))) } },
            "divider" => html! { hr; },
            "section" => self.section(block),
            "markdown" => html! { p.section { (text(block, "text")) } },
            "context" => html! {
                p.context { @for element in items(block, "elements") { (self.element(element, block)) " " } }
            },
            "actions" => html! {
                div.actions { @for element in items(block, "elements") { (self.element(element, block)) } }
            },
            "plan" => html! {
                section.plan {
                    h4 { (text(block, "title")) }
                    ol { @for card in items(block, "tasks") { (self.task(card)) } }
                }
            },
            "task_card" => html! { ol.plan { (self.task(block)) } },
            "rich_text" => html! { div.rich { (self.rich(block)) } },
            "input" => input::field(self, block),
            "image" => picture(block),
            other => html! { p.unknown { "[a block of type " (other) ", which this page does not draw]" } },
        }
    }

    fn section(&self, block: &Value) -> Markup {
        let fields = items(block, "fields");
        html! {
            div.section {
                @if block.get("text").is_some() { div.words { (self.text(block.get("text"))) } }
                @if let Some(accessory) = block.get("accessory") { (self.element(accessory, block)) }
                @if !fields.is_empty() {
                    div.fields { @for field in fields { div { (self.text(Some(field))) } } }
                }
            }
        }
    }

    fn task(&self, card: &Value) -> Markup {
        let (class, sign, says) = match text(card, "status") {
            "in_progress" => ("busy", "", "under way"),
            "complete" => ("good", "✓", "done"),
            "error" => ("warn", "!", "needs a person"),
            _ => ("todo", "", "to do"),
        };
        html! {
            li.task data-status=(class) {
                (mark(class, sign, says))
                div {
                    span.title { (text(card, "title")) }
                    @for key in ["details", "output"] {
                        @if let Some(inner) = card.get(key) { div.details { (self.rich(inner)) } }
                    }
                    @for source in items(card, "sources") {
                        div.details { (link(text(source, "url"), text(source, "text"))) }
                    }
                }
            }
        }
    }

    pub(super) fn text(&self, value: Option<&Value>) -> Markup {
        let Some(value) = value else { return Markup::default() };
        let raw = text(value, "text");
        if text(value, "type") == "mrkdwn" {
            mrkdwn(self.slack, raw)
        } else {
            html! { (raw) }
        }
    }

    fn element(&self, element: &Value, block: &Value) -> Markup {
        match text(element, "type") {
            "mrkdwn" | "plain_text" => html! { span { (self.text(Some(element))) } },
            "image" => picture(element),
            "button" => self.button(element, block),
            "users_select" => self.picker(element, block),
            kind => html! {
                span.unknown { "[an element of type " (kind) ", which this page does not draw]" }
            },
        }
    }

    /// A button; with Slack's own question before it, where the bot asks for one.
    fn button(&self, element: &Value, block: &Value) -> Markup {
        let style = text(element, "style");
        if let Some(url) = element.get("url").and_then(Value::as_str) {
            return html! { span.button { (link(url, text_of(element.get("text")))) } };
        }
        let press = self.press(element, block);
        let send = |words: Markup, class: &str| {
            html! {
                button.button.(class) type="submit" name="press" value=(press) formaction="/act/click"
                    formnovalidate { (words) }
            }
        };
        let Some(confirm) = element.get("confirm") else {
            return self.formed(send(self.text(element.get("text")), style));
        };
        let id = dialog_id(&press);
        html! {
            button.button.(style) type="button" command="show-modal" commandfor=(id) {
                (self.text(element.get("text")))
            }
            dialog.confirm id=(id) aria-labelledby={ (id) "-t" } {
                h3 id={ (id) "-t" } { (self.text(confirm.get("title"))) }
                div.words { (self.text(confirm.get("text"))) }
                div.answers {
                    button.button type="button" command="close" commandfor=(id) {
                        (self.text(confirm.get("deny")))
                    }
                    (self.formed(send(self.text(confirm.get("confirm")), "primary")))
                }
            }
        }
    }

    /// A picker of people. Slack sends a pick at once; here a button sends it, so that the keyboard can choose first.
    fn picker(&self, element: &Value, block: &Value) -> Markup {
        let words = element.get("placeholder").map_or("Pick a person", |words| text(words, "text"));
        self.formed(html! {
            span.picker {
                select name="picked" aria-label=(words) {
                    option value="" { (words) }
                    (input::people(self, ""))
                }
                button.button type="submit" name="press" value=(self.press(element, block))
                    formaction="/act/click" formnovalidate { "Pick" }
            }
        })
    }

    /// In a form of its own, but not within a modal, which is one form already.
    fn formed(&self, button: Markup) -> Markup {
        if matches!(self.place, Place::Modal) {
            return button;
        }
        html! { form method="post" action="/act/click" { (seated(self.seat)) (button) } }
    }

    /// What a press says: where, and which button.
    fn press(&self, element: &Value, block: &Value) -> String {
        let mut press = json!({"action": text(element, "action_id"), "block": text(block, "block_id")});
        if let Some(map) = press.as_object_mut() {
            if text(element, "type") == "users_select" {
                map.insert("picks".into(), true.into());
            }
            match self.place {
                Place::Message { channel, ts } => {
                    map.insert("on".into(), "message".into());
                    map.insert("channel".into(), channel.into());
                    map.insert("ts".into(), ts.into());
                }
                Place::Private { index } => {
                    map.insert("on".into(), "private".into());
                    map.insert("index".into(), index.into());
                }
                Place::Home => drop(map.insert("on".into(), "home".into())),
                Place::Modal => drop(map.insert("on".into(), "modal".into())),
            }
        }
        press.to_string()
    }

    fn rich(&self, value: &Value) -> Markup {
        let inner = || html! { @for part in items(value, "elements") { (self.rich(part)) } };
        match text(value, "type") {
            "text" => styled(value, html! { (text(value, "text")) }),
            "link" => {
                let (url, words) = (text(value, "url"), text(value, "text"));
                link(url, if words.is_empty() { url } else { words })
            }
            "user" => self.named(&format!("@{}", text(value, "user_id"))),
            "channel" => self.named(&format!("#{}", text(value, "channel_id"))),
            "usergroup" => self.named(&format!("!subteam^{}", text(value, "usergroup_id"))),
            "broadcast" => self.named(&format!("!{}", text(value, "range"))),
            "emoji" => mrkdwn(self.slack, &format!(":{}:", text(value, "name"))),
            "date" => {
                let second = value.get("timestamp").and_then(Value::as_i64);
                let at = second.and_then(|second| jiff::Timestamp::from_second(second).ok());
                time(at, text(value, "fallback"))
            }
            "rich_text_list" => html! {
                ul { @for item in items(value, "elements") { li { (self.rich(item)) } } }
            },
            "rich_text_quote" => html! { blockquote { (inner()) } },
            "rich_text_preformatted" => html! { pre { (inner()) } },
            "rich_text_section" => html! { p { (inner()) } },
            _ => inner(),
        }
    }

    fn named(&self, target: &str) -> Markup {
        html! { span.mention { (mention(self.slack, target)) } }
    }
}

/// The fields that carry the seat through a form.
pub(super) fn seated(seat: &Seat) -> Markup {
    html! {
        input type="hidden" name="as" value=(seat.user);
        input type="hidden" name="in" value=(seat.place);
        input type="hidden" name="tab" value=(seat.tab);
        @if !seat.find.is_empty() { input type="hidden" name="find" value=(seat.find); }
    }
}

fn styled(value: &Value, words: Markup) -> Markup {
    let has = |style: &str| {
        value.get("style").and_then(|styles| styles.get(style)).and_then(Value::as_bool) == Some(true)
    };
    let words = if has("code") {
        html! { code { (words) } }
    } else {
        words
    };
    let words = if has("italic") {
        html! { em { (words) } }
    } else {
        words
    };
    if has("bold") {
        html! { strong { (words) } }
    } else {
        words
    }
}

/// Nothing is loaded from elsewhere: a picture is shown by its words.
fn picture(value: &Value) -> Markup {
    html! { span.picture role="img" aria-label=(text(value, "alt_text")) { (text(value, "alt_text")) } }
}

/// An id of its own for the question of a button: letters and digits only.
fn dialog_id(press: &str) -> String {
    let letters = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    format!("ask-{}", press.chars().map(letters).collect::<String>())
}

fn text_of(value: Option<&Value>) -> &str {
    value.map_or("", |value| text(value, "text"))
}

pub(super) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn items<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}
