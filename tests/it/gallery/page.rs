//! A page of the gallery: messages as text, each with its heading, and what of the program it shows.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use reinstate::slack::blocks::{Confirm, Message};
use reinstate::slack::markup::Markup;
use reinstate_sandbox::slack::{Slack, Surface, problems, view_problems};
use reinstate_sandbox::tenant::Tenant;
use serde_json::Value;

/// The messages of one surface.
pub struct Page {
    title: &'static str,
    /// When these messages are shown, and who sees them.
    about: &'static str,
    entries: Vec<Entry>,
    /// The variants that the page shows, as `Type::Variant`.
    pub covered: BTreeSet<String>,
    /// The evidence and the steps that the page has shown.
    shown: BTreeSet<String>,
}

struct Entry {
    title: String,
    /// When this one is shown.
    when: &'static str,
    text: String,
}

impl Page {
    pub fn new(title: &'static str, about: &'static str) -> Self {
        Self { title, about, entries: Vec::new(), covered: BTreeSet::new(), shown: BTreeSet::new() }
    }

    /// A card, whose evidence and steps are left out where the page has shown exactly the same lines before.
    pub fn once(&mut self, card: &str) -> String {
        let lines: Vec<&str> = card.lines().collect();
        let trail = |line: &&str| line.starts_with(":white_check_mark: good – *Identity provider*");
        let end = |line: &&str| line.starts_with("[ ") || line.starts_with("(Run ");
        let (Some(from), Some(to)) =
            (lines.iter().position(trail), lines.iter().rposition(|line| !end(line)))
        else {
            return card.to_owned();
        };
        let evidence = lines[from..=to].join("\n");
        if self.shown.insert(evidence.clone()) {
            return card.to_owned();
        }
        card.replace(&evidence, "… the evidence and the steps, as above")
    }

    pub fn add(&mut self, title: &str, when: &'static str, text: &str) {
        let known = self.entries.iter().any(|entry| entry.title == title);
        assert!(!known, "the page {:?} has two entries {title:?}", self.title);
        self.entries.push(Entry { title: title.to_owned(), when, text: text.to_owned() });
    }

    /// Notes that the page shows this variant of that type.
    pub fn covers(&mut self, of: &str, value: &impl std::fmt::Debug) {
        self.covered.insert(format!("{of}::{}", variant(value)));
    }

    /// As a part of `docs/reference/messages.md`.
    pub fn markdown(&self) -> String {
        let mut out = format!("## {}\n\n{}\n", self.title, self.about);
        for Entry { title, when, text } in &self.entries {
            let fence = if text.contains("```") { "~~~~" } else { "```" };
            out.push_str(&format!("\n### {title}\n\n{when}\n\n{fence}text\n{}\n{fence}\n", text.trim_end()));
        }
        out
    }
}

/// The name of a variant, from how it is printed for debugging.
pub fn variant(value: &impl std::fmt::Debug) -> String {
    let text = format!("{value:?}");
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// Compares a message with the snapshot beside it, and adds it to the page.
macro_rules! shows {
    ($page:expr, $title:expr, $when:expr, $text:expr, @$snapshot:literal) => {{
        let text: String = $text;
        insta::assert_snapshot!(text, @$snapshot);
        $page.add($title, $when, &text);
    }};
}
pub(crate) use shows;

/// All variants of a type, as `Type::Variant`. One that is not listed does not compile.
macro_rules! every {
    ($type:ident: $($variant:ident),* $(,)?) => {{
        #[allow(dead_code, reason = "the compiler reads it: a variant that is missing is an error")]
        fn complete(one: &$type) {
            match one { $($type::$variant { .. } => {})* }
        }
        vec![$(concat!(stringify!($type), "::", stringify!($variant)).to_owned()),*]
    }};
}
pub(crate) use every;

/// The workspace whose people and channels the messages name.
fn slack() -> &'static Slack {
    static SLACK: LazyLock<Slack> = LazyLock::new(|| Tenant::new().slack);
    &SLACK
}

/// A message as a person reads it, after Slack's own rules were applied to it.
pub fn card(card: &Message) -> String {
    assert_eq!(problems(&card.blocks, Surface::Message), Vec::<String>::new());
    slack().post(&card.text, &card.blocks).join("\n")
}

/// A message of one text.
pub fn says(text: &Markup) -> String {
    card(&Message::text(text))
}

/// A modal: its title, what it holds, and its buttons at the bottom.
pub fn modal(view: &Value) -> String {
    assert_eq!(view_problems(view, Surface::Modal), Vec::<String>::new());
    let text = |key: &str| view[key]["text"].as_str().map(|text| format!("[ {text} ]"));
    let mut lines = vec![format!("== {} ==", view["title"]["text"].as_str().unwrap_or_default())];
    lines.extend(slack().render_text(view["blocks"].as_array().unwrap()));
    let buttons: Vec<String> = ["close", "submit"].into_iter().filter_map(text).collect();
    lines.push(buttons.join("  "));
    lines.join("\n")
}

pub fn home(view: &Value) -> String {
    assert_eq!(view_problems(view, Surface::Home), Vec::<String>::new());
    slack().render_text(view["blocks"].as_array().unwrap()).join("\n")
}

/// What Slack asks before a click counts.
pub fn dialog(confirm: &Confirm) -> String {
    let title = says(&confirm.title);
    format!("== {title} ==\n{}\n[ {} ]  [ {} ]", says(&confirm.text), confirm.no, confirm.yes)
}
