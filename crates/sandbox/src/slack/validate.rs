//! Slack's rules for blocks: which exist, which fields they take, how long things may be. Written from the Block
//! Kit reference and the types of Slack's own SDK. Block types that exist but that our bot has no use for are
//! refused too, so that nothing is ever called valid that was not looked at.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::elements::{element, rich_text};

/// Where blocks stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// A message, at most 50 blocks.
    Message,
    /// A modal, at most 100 blocks.
    Modal,
    /// An App Home, at most 100 blocks.
    Home,
}

/// Everything Slack would object to; empty if the blocks are valid.
#[must_use]
pub fn problems(blocks: &[Value], surface: Surface) -> Vec<String> {
    let mut look = Look { problems: Vec::new(), place: String::new() };
    let most = if surface == Surface::Message { 50 } else { 100 };
    if blocks.len() > most {
        look.note(format!(
            "no more than {most} items allowed, {} given [json-pointer:/blocks]",
            blocks.len()
        ));
    }
    let mut ids = BTreeSet::new();
    let mut kinds = BTreeSet::new();
    for (index, value) in blocks.iter().enumerate() {
        look.place = format!("/blocks/{index}");
        let Some(map) = value.as_object() else {
            look.note("must be an object");
            continue;
        };
        if let Some(id) = look.text_field(map, "block_id", 255)
            && !ids.insert(id.to_owned())
        {
            look.note(format!("block_id `{id}` already exists in this view"));
        }
        if let Some(kind) = map.get("type").and_then(Value::as_str) {
            kinds.insert(kind);
        }
        block(&mut look, map, surface);
    }
    look.place = "/blocks".to_owned();
    if kinds.contains("plan") && kinds.contains("task_card") {
        look.note("plan and task_card are mutually exclusive in a message");
    }
    look.problems
}

fn block(look: &mut Look, map: &Map<String, Value>, surface: Surface) {
    match map.get("type").and_then(Value::as_str) {
        Some("section") => {
            look.only(map, &["type", "block_id", "text", "fields", "accessory", "expand"]);
            if !map.contains_key("text") && !map.contains_key("fields") {
                look.note("section needs text or fields");
            }
            look.text_object(map, "text", 3000, Markup::Any);
            for (at, field) in look.list(map, "fields", 1, 10) {
                look.inside(format!("fields/{at}"), |look| look.text_value(&field, 2000, Markup::Any));
            }
            if let Some(accessory) = map.get("accessory") {
                look.inside("accessory", |look| element(look, accessory, "section"));
            }
        }
        Some("header") => {
            look.only(map, &["type", "block_id", "text", "level"]);
            look.require(map, &["text"]);
            look.text_object(map, "text", 150, Markup::Plain);
            if map.get("level").is_some_and(|level| !matches!(level.as_u64(), Some(1..=4))) {
                look.note("level must be 1 to 4");
            }
        }
        Some("divider") => look.only(map, &["type", "block_id"]),
        Some("image") => {
            look.only(map, &["type", "block_id", "image_url", "slack_file", "alt_text", "title"]);
            look.require(map, &["alt_text"]);
            look.text_field(map, "alt_text", 2000);
            look.text_field(map, "image_url", 3000);
            look.text_object(map, "title", 2000, Markup::Plain);
            if map.contains_key("image_url") == map.contains_key("slack_file") {
                look.note("image needs exactly one of image_url and slack_file");
            }
        }
        Some("context") => {
            look.only(map, &["type", "block_id", "elements"]);
            look.require(map, &["elements"]);
            for (at, item) in look.list(map, "elements", 1, 10) {
                look.inside(format!("elements/{at}"), |look| {
                    if item.get("type").and_then(Value::as_str) == Some("image") {
                        element(look, &item, "context");
                    } else {
                        look.text_value(&item, 3000, Markup::Any);
                    }
                });
            }
        }
        Some("actions") => {
            look.only(map, &["type", "block_id", "elements"]);
            look.require(map, &["elements"]);
            let mut ids = BTreeSet::new();
            for (at, item) in look.list(map, "elements", 1, 25) {
                look.inside(format!("elements/{at}"), |look| {
                    if let Some(id) = item.get("action_id").and_then(Value::as_str)
                        && !ids.insert(id.to_owned())
                    {
                        look.note(format!("action_id `{id}` already exists in this block"));
                    }
                    element(look, &item, "actions");
                });
            }
        }
        Some("input") => {
            look.only(map, &["type", "block_id", "label", "element", "hint", "optional", "dispatch_action"]);
            look.require(map, &["label", "element"]);
            look.text_object(map, "label", 2000, Markup::Plain);
            look.text_object(map, "hint", 2000, Markup::Plain);
            if let Some(inner) = map.get("element") {
                look.inside("element", |look| element(look, inner, "input"));
            }
        }
        Some("markdown") => {
            look.only(map, &["type", "block_id", "text"]);
            look.require(map, &["text"]);
            look.text_field(map, "text", 12_000);
        }
        Some("rich_text") => rich_text(look, map),
        Some(kind @ ("plan" | "task_card")) if surface != Surface::Message => {
            look.note(format!("{kind} is available in messages only"));
        }
        Some("plan") => {
            look.only(map, &["type", "block_id", "title", "tasks"]);
            look.require(map, &["title"]);
            look.text_field(map, "title", 3000);
            let mut ids = BTreeSet::new();
            for (at, item) in look.list(map, "tasks", 0, usize::MAX) {
                look.inside(format!("tasks/{at}"), |look| {
                    let Some(task) = item.as_object() else { return look.note("must be an object") };
                    if task.get("type").is_some_and(|kind| kind != "task_card") {
                        look.note("type must be task_card");
                    }
                    if let Some(id) = task.get("task_id").and_then(Value::as_str)
                        && !ids.insert(id.to_owned())
                    {
                        look.note(format!("task_id `{id}` already exists in this plan"));
                    }
                    task_card(look, task);
                });
            }
        }
        Some("task_card") => task_card(look, map),
        Some("alert") if surface != Surface::Modal => look.note("alert is available in modals only"),
        Some(kind) => look.note(format!("unsupported type: {kind}")),
        None => look.note("missing required field: type"),
    }
}

/// `completed` is what the SDKs' streaming calls it; the block says `complete` and refuses the other.
fn task_card(look: &mut Look, map: &Map<String, Value>) {
    look.only(
        map,
        &[
            "type",
            "block_id",
            "task_id",
            "title",
            "status",
            "details",
            "output",
            "sources",
            "icon",
            "hide_title",
        ],
    );
    look.require(map, &["task_id", "title"]);
    look.text_field(map, "task_id", 255);
    look.text_field(map, "title", 3000);
    look.one_of(map, "status", &["pending", "in_progress", "complete", "error"]);
    for key in ["details", "output"] {
        match map.get(key) {
            None => {}
            Some(Value::Object(inner)) if inner.get("type").is_some_and(|kind| kind == "rich_text") => {
                look.inside(key, |look| rich_text(look, inner));
            }
            Some(_) => look.note(format!("{key} must be a rich_text object")),
        }
    }
    for (at, source) in look.list(map, "sources", 0, usize::MAX) {
        look.inside(format!("sources/{at}"), |look| match source.as_object() {
            Some(source) => {
                look.only(source, &["type", "url", "text"]);
                look.require(source, &["type", "url", "text"]);
                look.one_of(source, "type", &["url"]);
            }
            None => look.note("must be an object"),
        });
    }
}

/// The lowest total at which others have seen a message refused (bolt-js issue 2867). Slack documents the error and no
/// number.
pub(super) const MAX_CHARACTERS: usize = 11_300;

/// Characters of everything that is shown in blocks: every text object, and titles of tasks.
#[must_use]
pub fn characters(blocks: &[Value]) -> usize {
    fn of(value: &Value) -> usize {
        match value {
            Value::Array(items) => items.iter().map(of).sum(),
            Value::Object(map) => map
                .iter()
                .map(|(key, inner)| match inner {
                    Value::String(text) if key == "text" || key == "title" => text.chars().count(),
                    Value::String(_) => 0,
                    inner => of(inner),
                })
                .sum(),
            _ => 0,
        }
    }
    blocks.iter().map(of).sum()
}

/// Which text objects a place takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Markup {
    Plain,
    Any,
}

/// One look over blocks: where we are, and what was wrong.
pub(super) struct Look {
    problems: Vec<String>,
    place: String,
}

impl Look {
    pub(super) fn note(&mut self, problem: impl AsRef<str>) {
        self.problems.push(format!("[ERROR] {} [json-pointer:{}]", problem.as_ref(), self.place));
    }

    pub(super) fn inside(&mut self, part: impl AsRef<str>, look: impl FnOnce(&mut Self)) {
        let outside = self.place.clone();
        self.place = format!("{outside}/{}", part.as_ref());
        look(self);
        self.place = outside;
    }

    pub(super) fn only(&mut self, map: &Map<String, Value>, known: &[&str]) {
        for key in map.keys().filter(|key| !known.contains(&key.as_str())) {
            self.note(format!("invalid additional property: {key}"));
        }
    }

    pub(super) fn require(&mut self, map: &Map<String, Value>, keys: &[&str]) {
        for key in keys.iter().filter(|&&key| map.get(key).is_none_or(Value::is_null)) {
            self.note(format!("missing required field: {key}"));
        }
    }

    /// A plain string of 1 to `most` characters.
    pub(super) fn text_field<'a>(
        &mut self,
        map: &'a Map<String, Value>,
        key: &str,
        most: usize,
    ) -> Option<&'a str> {
        let Some(text) = map.get(key)?.as_str() else {
            self.note(format!("{key} must be a string"));
            return None;
        };
        self.length(key, text, 1, most);
        Some(text)
    }

    pub(super) fn length(&mut self, key: &str, text: &str, least: usize, most: usize) {
        let length = text.chars().count();
        if length < least {
            self.note(format!("{key} must be more than {} characters", least.saturating_sub(1)));
        }
        if length > most {
            self.note(format!("{key} must be less than {} characters, is {length}", most.saturating_add(1)));
        }
    }

    pub(super) fn one_of(&mut self, map: &Map<String, Value>, key: &str, allowed: &[&str]) {
        if let Some(value) = map.get(key)
            && !value.as_str().is_some_and(|text| allowed.contains(&text))
        {
            self.note(format!("{key} is {value}, must be one of {}", allowed.join(", ")));
        }
    }

    pub(super) fn text_object(&mut self, map: &Map<String, Value>, key: &str, most: usize, markup: Markup) {
        if let Some(value) = map.get(key) {
            self.inside(key, |look| look.text_value(value, most, markup));
        }
    }

    pub(super) fn text_value(&mut self, value: &Value, most: usize, markup: Markup) {
        let Some(map) = value.as_object() else { return self.note("must be a text object") };
        self.require(map, &["type", "text"]);
        self.text_field(map, "text", most);
        match map.get("type").and_then(Value::as_str) {
            Some("plain_text") => self.only(map, &["type", "text", "emoji"]),
            Some("mrkdwn") if markup == Markup::Any => self.only(map, &["type", "text", "verbatim"]),
            Some(kind) => self.note(format!("text type {kind} is not allowed here")),
            None => {}
        }
    }

    /// The items of a list of `least` to `most`; none if the key is absent.
    pub(super) fn list(
        &mut self,
        map: &Map<String, Value>,
        key: &str,
        least: usize,
        most: usize,
    ) -> Vec<(usize, Value)> {
        match map.get(key) {
            None => Vec::new(),
            Some(Value::Array(items)) => {
                if items.len() < least {
                    self.note(format!("{key}: no fewer than {least} items allowed"));
                }
                if items.len() > most {
                    self.note(format!("{key}: no more than {most} items allowed, {} given", items.len()));
                }
                items.iter().cloned().enumerate().collect()
            }
            Some(_) => {
                self.note(format!("{key} must be an array"));
                Vec::new()
            }
        }
    }
}
