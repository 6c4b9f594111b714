//! The fields of a modal: rendered from the view that the bot opened, and read back into the `state.values` that
//! Slack sends. Only the view defines the fields; a form field that is not in the view must be ignored.

use maud::{Markup, html};
use serde_json::{Map, Value, json};

use super::blocks::{Canvas, items, text};
use super::people::CAST;

/// One `input` block.
pub(super) fn field(canvas: &Canvas<'_>, block: &Value) -> Markup {
    let Some(element) = block.get("element") else { return Markup::default() };
    let name = name(block, element);
    let optional = block.get("optional").and_then(Value::as_bool).unwrap_or(false);
    html! {
        div.field {
            label for=(name) {
                (canvas.text(block.get("label")))
                @if optional { span.hint { " (optional)" } }
            }
            (control(canvas, element, &name, !optional))
            @if block.get("hint").is_some() { p.hint { (canvas.text(block.get("hint"))) } }
        }
    }
}

fn control(canvas: &Canvas<'_>, element: &Value, name: &str, required: bool) -> Markup {
    let placeholder = element.get("placeholder").map_or("", |inner| text(inner, "text"));
    let initial = text(element, "initial_value");
    let longest = element.get("max_length").and_then(Value::as_u64);
    let kind = match text(element, "type") {
        "email_text_input" => "email",
        "url_text_input" => "url",
        "number_input" => "number",
        "datepicker" => "date",
        "timepicker" => "time",
        _ => "text",
    };
    match text(element, "type") {
        "plain_text_input" if element.get("multiline").and_then(Value::as_bool) == Some(true) => html! {
            textarea id=(name) name=(name) placeholder=(placeholder) rows="3" required[required]
                maxlength=[longest] { (initial) }
        },
        "plain_text_input" | "email_text_input" | "url_text_input" | "number_input" | "datepicker"
        | "timepicker" => html! {
            input id=(name) name=(name) type=(kind) placeholder=(placeholder) value=(initial)
                required[required] maxlength=[longest];
        },
        "users_select" => html! {
            select id=(name) name=(name) required[required] {
                option value="" { (if placeholder.is_empty() { "Pick a person" } else { placeholder }) }
                (people(canvas, text(element, "initial_user")))
            }
        },
        "static_select" => {
            let initial = element.get("initial_option").map_or("", |option| text(option, "value"));
            html! {
                select id=(name) name=(name) required[required] {
                    option value="" { (if placeholder.is_empty() { "Pick one" } else { placeholder }) }
                    @for option in items(element, "options") {
                        option value=(text(option, "value")) selected[text(option, "value") == initial] {
                            (option.get("text").map_or("", |words| text(words, "text")))
                        }
                    }
                }
            }
        }
        kind @ ("radio_buttons" | "checkboxes") => html! {
            fieldset id=(name) {
                @for option in items(element, "options") {
                    label {
                        input type=(if kind == "checkboxes" { "checkbox" } else { "radio" }) name=(name)
                            value=(text(option, "value"));
                        (canvas.text(option.get("text")))
                    }
                }
            }
        },
        kind => html! { span.unknown { "[a field of type " (kind) ", which this page does not draw]" } },
    }
}

/// The people who can be picked.
pub(super) fn people(canvas: &Canvas<'_>, initial: &str) -> Markup {
    html! {
        @for person in CAST {
            option value=(person.id) selected[initial == person.id] {
                (canvas.slack.users.get(person.id).map_or(person.id, |user| &user.real_name))
            }
        }
    }
}

/// The `view.state.values` that Slack would send for these form fields.
pub(super) fn values(view: &Value, fields: &[(String, String)]) -> Value {
    let mut values = Map::new();
    for block in items(view, "blocks").iter().filter(|block| text(block, "type") == "input") {
        let Some(element) = block.get("element") else { continue };
        let name = name(block, element);
        let given: Vec<&str> = fields
            .iter()
            .filter(|(key, given)| *key == name && !given.is_empty())
            .map(|(_, given)| given.as_str())
            .collect();
        let inner = json!({ text(element, "action_id"): value(element, &given) });
        values.insert(text(block, "block_id").to_owned(), inner);
    }
    Value::Object(values)
}

fn value(element: &Value, given: &[&str]) -> Value {
    let first = given.first().copied();
    let kind = text(element, "type");
    let option =
        |value: &str| items(element, "options").iter().find(|option| text(option, "value") == value).cloned();
    match kind {
        "users_select" => json!({"type": kind, "selected_user": first}),
        "datepicker" => json!({"type": kind, "selected_date": first}),
        "timepicker" => json!({"type": kind, "selected_time": first}),
        "static_select" | "radio_buttons" => {
            json!({"type": kind, "selected_option": first.and_then(option)})
        }
        "checkboxes" => {
            let chosen: Vec<Value> = given.iter().filter_map(|value| option(value)).collect();
            json!({"type": kind, "selected_options": chosen})
        }
        _ => json!({"type": kind, "value": first}),
    }
}

fn name(block: &Value, element: &Value) -> String {
    format!("{}/{}", text(block, "block_id"), text(element, "action_id"))
}
