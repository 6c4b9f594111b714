//! `views.*`: modals and App Home. A modal needs a trigger id that is younger than three seconds and has not been
//! used; nothing here may open one without.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::call::{Answer, Args, Refusal};
use super::model::View;
use super::send::ActError;
use super::state::Slack;
use super::validate::{Surface, problems};

/// How long a trigger id lives, in milliseconds (`docs.slack.dev`, "Handling user interaction").
const TRIGGER_LIFETIME_MS: i64 = 3_000;

pub(super) fn open(slack: &mut Slack, args: &Args, now: Timestamp) -> Answer {
    let trigger = slack.triggers.get_mut(args.need("trigger_id")?).ok_or("invalid_trigger_id")?;
    if now.as_millisecond().saturating_sub(trigger.made.as_millisecond()) > TRIGGER_LIFETIME_MS {
        return Err("expired_trigger_id".into());
    }
    if trigger.used {
        return Err("exchanged_trigger_id".into());
    }
    trigger.used = true;
    let user = trigger.user.clone();
    let view = asked(args, Surface::Modal)?;
    let id = slack.mint("V0");
    Ok(json!({"view": slack.show(&id, &user, view, now)}))
}

pub(super) fn update(slack: &mut Slack, args: &Args, now: Timestamp) -> Answer {
    let view = asked(args, Surface::Modal)?;
    let wanted = |shown: &&View| match (args.str("view_id"), args.str("external_id")) {
        (Some(id), _) => shown.id == id,
        (None, Some(id)) => shown.body.get("external_id").is_some_and(|external| external == id),
        (None, None) => false,
    };
    let shown = slack.views.values().filter(|view| view.open).find(wanted).ok_or("not_found")?;
    same_hash(args, shown)?;
    let (id, user) = (shown.id.clone(), shown.user.clone());
    Ok(json!({"view": slack.show(&id, &user, view, now)}))
}

pub(super) fn publish(slack: &mut Slack, args: &Args, now: Timestamp) -> Answer {
    let user = args.need("user_id")?.to_owned();
    if !slack.users.contains_key(&user) {
        return Err("invalid_arguments".into());
    }
    let view = asked(args, Surface::Home)?;
    let id = match slack.home(&user) {
        Some(shown) => {
            same_hash(args, shown)?;
            shown.id.clone()
        }
        None => slack.mint("V0"),
    };
    Ok(json!({"view": slack.show(&id, &user, view, now)}))
}

fn same_hash(args: &Args, shown: &View) -> Result<(), Refusal> {
    match args.str("hash") {
        Some(hash) if shown.body.get("hash").is_none_or(|now| now != hash) => Err("hash_conflict".into()),
        _ => Ok(()),
    }
}

/// The view that was sent, if Slack would take it.
fn asked(args: &Args, surface: Surface) -> Result<Value, Refusal> {
    let view = args.value("view").ok_or_else(|| Refusal::fault("invalid_arguments", "no view"))?;
    let found = view_problems(&view, surface);
    if found.is_empty() {
        return Ok(view);
    }
    Err(Refusal::fault("invalid_arguments", format!("invalid view: {}", found.join("; ")))
        .with("response_metadata", json!({"messages": found})))
}

/// Everything Slack would object to in a view; empty if it is valid.
#[must_use]
pub fn view_problems(view: &Value, surface: Surface) -> Vec<String> {
    let Some(map) = view.as_object() else { return vec!["view is no object".to_owned()] };
    let mut found = match map.get("blocks") {
        Some(Value::Array(blocks)) => problems(blocks, surface),
        _ => vec!["missing required field: blocks".to_owned()],
    };
    let (kind, known): (_, &[&str]) = if surface == Surface::Home {
        ("home", &["type", "blocks", "private_metadata", "callback_id", "external_id"])
    } else {
        (
            "modal",
            &[
                "type",
                "blocks",
                "private_metadata",
                "callback_id",
                "external_id",
                "title",
                "submit",
                "close",
                "clear_on_close",
                "notify_on_close",
                "submit_disabled",
            ],
        )
    };
    if map.get("type").is_none_or(|given| given != kind) {
        found.push(format!("type must be {kind}"));
    }
    // slack-morphism sends `hash` inside views it got from a payload; Slack does not know it there.
    for key in map.keys().filter(|key| !known.contains(&key.as_str())) {
        found.push(format!("invalid additional property: {key}"));
    }
    let long = |key: &str, most: usize| {
        map.get(key).and_then(Value::as_str).is_some_and(|text| text.chars().count() > most)
    };
    for (key, most) in [("private_metadata", 3000), ("callback_id", 255), ("external_id", 255)] {
        if long(key, most) {
            found.push(format!("{key} must be at most {most} characters"));
        }
    }
    for key in ["title", "submit", "close"] {
        let Some(text) = map.get(key) else { continue };
        let length = text.get("text").and_then(Value::as_str).map_or(0, |text| text.chars().count());
        if text.get("type").is_none_or(|kind| kind != "plain_text") || !(1..=24).contains(&length) {
            found.push(format!("{key} must be plain_text of 1 to 24 characters"));
        }
    }
    let has_input = map.get("blocks").and_then(Value::as_array).is_some_and(|blocks| {
        blocks.iter().any(|block| block.get("type").is_some_and(|kind| kind == "input"))
    });
    if surface == Surface::Modal {
        if !map.contains_key("title") {
            found.push("missing required field: title".to_owned());
        }
        if has_input && !map.contains_key("submit") {
            found.push("submit is required when there is an input block".to_owned());
        }
    }
    if view.to_string().len() > 250_000 {
        found.push("view_too_large".to_owned());
    }
    found
}

impl Slack {
    /// This person's App Home, if anything was published there.
    #[must_use]
    pub fn home(&self, user: &str) -> Option<&View> {
        self.views
            .values()
            .find(|view| view.user == user && view.body.get("type").is_some_and(|kind| kind == "home"))
    }

    /// The modal this person has open, the newest first.
    #[must_use]
    pub fn modal(&self, user: &str) -> Option<&View> {
        self.views.values().rev().find(|view| {
            view.open && view.user == user && view.body.get("type").is_some_and(|kind| kind == "modal")
        })
    }

    /// The modal this person has open, and its blocks.
    pub(super) fn open_modal(&self, user: &str) -> Result<(Value, Vec<Value>), ActError> {
        let view = self.modal(user).map(|view| view.body.clone());
        let view = view.ok_or_else(|| ActError::NotThere(format!("{user} has no modal open")))?;
        let blocks = view.get("blocks").and_then(Value::as_array).cloned().unwrap_or_default();
        Ok((view, blocks))
    }

    /// Stores a valid view with what Slack adds to it.
    pub(super) fn show(&mut self, id: &str, user: &str, mut view: Value, now: Timestamp) -> Value {
        let hash = self.next_ts(now);
        let blocks = match view.get_mut("blocks").map(Value::take) {
            Some(Value::Array(blocks)) => self.dress(blocks),
            _ => Vec::new(),
        };
        if let Some(map) = view.as_object_mut() {
            for key in ["private_metadata", "callback_id", "external_id"] {
                map.entry(key).or_insert_with(|| "".into());
            }
            for key in ["clear_on_close", "notify_on_close"] {
                map.entry(key).or_insert(false.into());
            }
            for key in ["submit", "close"] {
                map.entry(key).or_insert(Value::Null);
            }
            map.insert("blocks".into(), blocks.into());
            map.insert("id".into(), id.into());
            map.insert("team_id".into(), self.team.id.clone().into());
            map.insert("app_id".into(), self.app_id.clone().into());
            map.insert("app_installed_team_id".into(), self.team.id.clone().into());
            map.insert("bot_id".into(), self.bot_id.clone().into());
            map.insert("hash".into(), hash.into());
            map.insert("state".into(), json!({"values": {}}));
            map.insert("root_view_id".into(), id.into());
            map.insert("previous_view_id".into(), Value::Null);
        }
        let shown = View { id: id.to_owned(), user: user.to_owned(), body: view.clone(), open: true };
        self.views.insert(id.to_owned(), shown);
        view
    }
}
