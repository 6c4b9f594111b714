//! Slack's rules for what stands inside blocks: buttons, menus, inputs, confirmations, rich text. The companion
//! of [`super::validate`], under the same rule: what was not looked at is not called valid.

use serde_json::{Map, Value};

use super::validate::{Look, Markup};

const COMMON_FIELDS: &[&str] = &["type", "action_id", "confirm", "focus_on_load"];

/// Looks at one element standing in a `section`, `actions`, `context` or `input` block.
pub(super) fn element(look: &mut Look, value: &Value, home: &str) {
    let Some(map) = value.as_object() else { return look.note("must be an object") };
    let Some(kind) = map.get("type").and_then(Value::as_str) else {
        return look.note("missing required field: type");
    };
    if !homes(kind).contains(&home) {
        return look.note(format!("unsupported type: {kind} in {home}"));
    }
    look.text_field(map, "action_id", 255);
    if let Some(inner) = map.get("confirm") {
        look.inside("confirm", |look| confirm(look, inner));
    }
    let known = |more: &[&'static str]| [COMMON_FIELDS, more].concat();
    match kind {
        "button" => button(look, map),
        "image" => {
            look.only(map, &["type", "image_url", "slack_file", "alt_text"]);
            look.require(map, &["alt_text"]);
            look.text_field(map, "image_url", 3000);
            look.text_field(map, "alt_text", 2000);
        }
        "overflow" => {
            look.only(map, &["type", "action_id", "confirm", "options"]);
            look.require(map, &["options"]);
            options(look, map, "options", 5, true);
        }
        "static_select" | "multi_static_select" => {
            let more = [
                "placeholder",
                "options",
                "option_groups",
                "initial_option",
                "initial_options",
                "max_selected_items",
            ];
            look.only(map, &known(&more));
            placeholder(look, map);
            if map.contains_key("options") == map.contains_key("option_groups") {
                look.note("needs exactly one of options and option_groups");
            }
            options(look, map, "options", 100, false);
            for (at, group) in look.list(map, "option_groups", 1, 100) {
                look.inside(format!("option_groups/{at}"), |look| match group.as_object() {
                    Some(group) => {
                        look.only(group, &["label", "options"]);
                        look.require(group, &["label", "options"]);
                        look.text_object(group, "label", 75, Markup::Plain);
                        options(look, group, "options", 100, false);
                    }
                    None => look.note("must be an object"),
                });
            }
        }
        "checkboxes" | "radio_buttons" => {
            look.only(map, &known(&["options", "initial_option", "initial_options"]));
            look.require(map, &["options"]);
            options(look, map, "options", 10, false);
        }
        "plain_text_input" | "email_text_input" | "url_text_input" | "number_input" => {
            let more = [
                "placeholder",
                "initial_value",
                "multiline",
                "min_length",
                "max_length",
                "min_value",
                "max_value",
                "is_decimal_allowed",
                "dispatch_action_config",
            ];
            look.only(map, &known(&more));
            placeholder(look, map);
            if map.get("max_length").and_then(Value::as_u64).is_some_and(|length| length > 3000) {
                look.note("max_length must be at most 3000");
            }
        }
        _ => {
            let more = [
                "placeholder",
                "initial_user",
                "initial_users",
                "initial_conversation",
                "initial_conversations",
                "initial_channel",
                "initial_channels",
                "initial_date",
                "initial_time",
                "initial_date_time",
                "timezone",
                "default_to_current_conversation",
                "response_url_enabled",
                "filter",
                "max_selected_items",
            ];
            look.only(map, &known(&more));
            placeholder(look, map);
        }
    }
}

fn homes(kind: &str) -> &'static [&'static str] {
    match kind {
        "image" => &["section", "context"],
        "button" | "overflow" => &["section", "actions"],
        "datepicker"
        | "timepicker"
        | "static_select"
        | "users_select"
        | "conversations_select"
        | "channels_select"
        | "radio_buttons"
        | "checkboxes" => &["section", "actions", "input"],
        "datetimepicker" => &["actions", "input"],
        "multi_static_select"
        | "multi_users_select"
        | "multi_conversations_select"
        | "multi_channels_select" => &["section", "input"],
        "plain_text_input" | "email_text_input" | "url_text_input" | "number_input" => &["input"],
        _ => &[],
    }
}

fn button(look: &mut Look, map: &Map<String, Value>) {
    look.only(map, &["type", "action_id", "text", "value", "url", "style", "confirm", "accessibility_label"]);
    look.require(map, &["text"]);
    look.text_object(map, "text", 75, Markup::Plain);
    look.text_field(map, "value", 2000);
    look.text_field(map, "url", 3000);
    look.text_field(map, "accessibility_label", 75);
    look.one_of(map, "style", &["primary", "danger"]);
}

fn confirm(look: &mut Look, value: &Value) {
    let Some(map) = value.as_object() else { return look.note("must be an object") };
    look.only(map, &["title", "text", "confirm", "deny", "style"]);
    look.require(map, &["title", "text", "confirm", "deny"]);
    look.text_object(map, "title", 100, Markup::Plain);
    look.text_object(map, "text", 300, Markup::Any);
    look.text_object(map, "confirm", 30, Markup::Plain);
    look.text_object(map, "deny", 30, Markup::Plain);
    look.one_of(map, "style", &["primary", "danger"]);
}

fn placeholder(look: &mut Look, map: &Map<String, Value>) {
    look.text_object(map, "placeholder", 150, Markup::Plain);
}

fn options(look: &mut Look, map: &Map<String, Value>, key: &str, most: usize, urls: bool) {
    for (at, option) in look.list(map, key, 1, most) {
        look.inside(format!("{key}/{at}"), |look| {
            let Some(option) = option.as_object() else { return look.note("must be an object") };
            let known: &[&str] = if urls {
                &["text", "value", "description", "url"]
            } else {
                &["text", "value", "description"]
            };
            look.only(option, known);
            look.require(option, &["text", "value"]);
            look.text_object(option, "text", 75, Markup::Any);
            look.text_object(option, "description", 75, Markup::Any);
            look.text_field(option, "value", 150);
        });
    }
}

/// A `rich_text` block, or the same shape inside a task.
pub(super) fn rich_text(look: &mut Look, map: &Map<String, Value>) {
    look.only(map, &["type", "block_id", "elements"]);
    look.require(map, &["elements"]);
    for (at, part) in look.list(map, "elements", 0, usize::MAX) {
        look.inside(format!("elements/{at}"), |look| {
            let Some(part) = part.as_object() else { return look.note("must be an object") };
            look.only(part, &["type", "elements", "style", "indent", "offset", "border", "language"]);
            look.require(part, &["type", "elements"]);
            look.one_of(
                part,
                "type",
                &["rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote"],
            );
            let is_list = part.get("type").is_some_and(|kind| kind == "rich_text_list");
            for (at, leaf) in look.list(part, "elements", 0, usize::MAX) {
                look.inside(format!("elements/{at}"), |look| match leaf.as_object() {
                    Some(section) if is_list => {
                        look.one_of(section, "type", &["rich_text_section"]);
                        for (at, leaf) in look.list(section, "elements", 0, usize::MAX) {
                            look.inside(format!("elements/{at}"), |look| rich_leaf(look, &leaf));
                        }
                    }
                    _ => rich_leaf(look, &leaf),
                });
            }
        });
    }
}

fn rich_leaf(look: &mut Look, value: &Value) {
    let Some(map) = value.as_object() else { return look.note("must be an object") };
    let needed = match map.get("type").and_then(Value::as_str) {
        Some("text") => "text",
        Some("link") => "url",
        Some("user") => "user_id",
        Some("channel") => "channel_id",
        Some("usergroup") => "usergroup_id",
        Some("emoji") => "name",
        Some("broadcast") => "range",
        Some("date") => "timestamp",
        _ => return look.note("unsupported rich text element"),
    };
    look.require(map, &[needed]);
    if needed == "text" {
        look.text_field(map, "text", usize::MAX);
    }
}
