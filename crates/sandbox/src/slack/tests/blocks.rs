use serde_json::{Value, json};

use super::super::{Surface, problems};

fn button(more: Value) -> Value {
    let mut button =
        json!({"type": "button", "action_id": "a", "text": {"type": "plain_text", "text": "Go"}});
    button.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({"type": "actions", "elements": [button]})
}

fn section(length: usize) -> Value {
    json!({"type": "section", "text": {"type": "mrkdwn", "text": "x".repeat(length)}})
}

fn header(length: usize) -> Value {
    json!({"type": "header", "text": {"type": "plain_text", "text": "é".repeat(length)}})
}

fn context(count: usize) -> Value {
    json!({"type": "context", "elements": vec![json!({"type": "mrkdwn", "text": "x"}); count]})
}

fn actions(count: usize) -> Value {
    let elements: Vec<Value> = (0..count)
        .map(|at| json!({"type": "button", "action_id": format!("a{at}"), "text": {"type": "plain_text", "text": "x"}}))
        .collect();
    json!({"type": "actions", "elements": elements})
}

fn fields(count: usize, length: usize) -> Value {
    json!({"type": "section", "fields": vec![json!({"type": "mrkdwn", "text": "x".repeat(length)}); count]})
}

fn confirm(title: usize, text: usize, yes: usize, no: usize) -> Value {
    let plain = |length: usize| json!({"type": "plain_text", "text": "x".repeat(length)});
    button(json!({"confirm": {
        "title": plain(title), "text": {"type": "mrkdwn", "text": "x".repeat(text)},
        "confirm": plain(yes), "deny": plain(no),
    }}))
}

fn select(options: usize, text: usize, value: usize) -> Value {
    let option = |at: usize| {
        json!({"text": {"type": "plain_text", "text": "x".repeat(text)},
               "value": format!("{at:0>value$}")})
    };
    let options: Vec<Value> = (0..options).map(option).collect();
    json!({"type": "section", "text": {"type": "mrkdwn", "text": "x"},
           "accessory": {"type": "static_select", "action_id": "s", "options": options}})
}

fn plan(status: &str) -> Value {
    json!({"type": "plan", "title": "Plan", "tasks": [{"task_id": "1", "title": "One", "status": status}]})
}

/// Each pair is the last allowed value and the first refused one.
#[test]
fn limits_hold_at_their_edge() {
    let long = |length: usize| "x".repeat(length);
    let edges = [
        (section(3000), section(3001)),
        (section(1), section(0)),
        (header(150), header(151)),
        (context(10), context(11)),
        (context(1), context(0)),
        (actions(25), actions(26)),
        (actions(1), actions(0)),
        (fields(10, 2000), fields(11, 2000)),
        (fields(1, 2000), fields(1, 2001)),
        (button(json!({"value": long(2000)})), button(json!({"value": long(2001)}))),
        (button(json!({"url": long(3000)})), button(json!({"url": long(3001)}))),
        (button(json!({"action_id": long(255)})), button(json!({"action_id": long(256)}))),
        (
            button(json!({"text": {"type": "plain_text", "text": long(75)}})),
            button(json!({"text": {"type": "plain_text", "text": long(76)}})),
        ),
        (confirm(100, 300, 30, 30), confirm(101, 300, 30, 30)),
        (confirm(100, 300, 30, 30), confirm(100, 301, 30, 30)),
        (confirm(100, 300, 30, 30), confirm(100, 300, 31, 30)),
        (confirm(100, 300, 30, 30), confirm(100, 300, 30, 31)),
        (select(100, 75, 150), select(101, 75, 150)),
        (select(1, 75, 150), select(1, 76, 150)),
        (select(1, 75, 150), select(1, 75, 151)),
        (
            json!({"type": "markdown", "text": long(12_000)}),
            json!({"type": "markdown", "text": long(12_001)}),
        ),
        (
            json!({"type": "divider", "block_id": long(255)}),
            json!({"type": "divider", "block_id": long(256)}),
        ),
    ];
    for (good, bad) in edges {
        assert_eq!(problems(std::slice::from_ref(&good), Surface::Message), Vec::<String>::new());
        assert_eq!(problems(std::slice::from_ref(&bad), Surface::Message).len(), 1, "{bad}");
    }
}

#[test]
fn a_message_has_50_blocks_a_view_100() {
    let divider = json!({"type": "divider"});
    assert!(problems(&vec![divider.clone(); 50], Surface::Message).is_empty());
    assert_eq!(problems(&vec![divider.clone(); 51], Surface::Message).len(), 1);
    assert!(problems(&vec![divider.clone(); 100], Surface::Home).is_empty());
    assert_eq!(problems(&vec![divider; 101], Surface::Modal).len(), 1);
}

#[test]
fn a_task_is_complete_not_completed() {
    for status in ["pending", "in_progress", "complete", "error"] {
        assert!(problems(&[plan(status)], Surface::Message).is_empty());
    }
    let found = problems(&[plan("completed")], Surface::Message);
    assert_eq!(
        found,
        ["[ERROR] status is \"completed\", must be one of pending, in_progress, complete, error \
             [json-pointer:/blocks/0/tasks/0]"]
    );
    assert_eq!(problems(&[plan("error")], Surface::Home).len(), 1);
    let card = json!({"type": "task_card", "task_id": "1", "title": "One"});
    assert!(problems(std::slice::from_ref(&card), Surface::Message).is_empty());
    assert_eq!(problems(&[plan("error"), card], Surface::Message).len(), 1);
}

#[test]
fn what_slack_does_not_know_is_refused() {
    let bad = [
        json!({"type": "sectoin"}),
        json!({"type": "table", "rows": []}),
        json!({"no": "type"}),
        json!("text"),
        json!({"type": "section"}),
        json!({"type": "section", "text": {"type": "mrkdwn", "text": "x"}, "colour": "red"}),
        json!({"type": "section", "text": "x"}),
        json!({"type": "header", "text": {"type": "mrkdwn", "text": "x"}}),
        json!({"type": "divider", "text": {"type": "mrkdwn", "text": "x"}}),
        json!({"type": "context", "elements": [{"type": "button", "text": "x"}]}),
        json!({"type": "image", "image_url": "https://a.example/b.png"}),
        button(json!({"style": "default"})),
        button(json!({"txt": "x"})),
        button(json!({"type": "plain_text_input"})),
        button(json!({"confirm": {"title": {"type": "plain_text", "text": "x"},
            "text": {"type": "mrkdwn", "text": "x"}, "confirm": {"type": "plain_text", "text": "x"}}})),
        json!({"type": "plan", "title": "P", "tasks": [{"task_id": "1", "title": "x", "details": "text"}]}),
        json!({"type": "plan", "title": "P", "tasks": [
            {"task_id": "1", "title": "x"}, {"task_id": "1", "title": "y"}]}),
        json!({"type": "rich_text", "elements": [{"type": "rich_text_section",
            "elements": [{"type": "text", "text": ""}]}]}),
    ];
    for block in bad {
        assert_eq!(problems(std::slice::from_ref(&block), Surface::Message).len(), 1, "{block}");
    }
}

#[test]
fn ids_are_unique() {
    let divider = |id: &str| json!({"type": "divider", "block_id": id});
    assert!(problems(&[divider("a"), divider("b")], Surface::Message).is_empty());
    assert_eq!(problems(&[divider("a"), divider("a")], Surface::Message).len(), 1);
    let go = json!({"type": "button", "action_id": "a", "text": {"type": "plain_text", "text": "x"}});
    let twice = json!({"type": "actions", "elements": [go, go]});
    assert_eq!(problems(&[twice], Surface::Message).len(), 1);
}

#[test]
fn a_plan_with_details_is_valid() {
    let details = json!({"type": "rich_text", "elements": [
        {"type": "rich_text_section", "elements": [{"type": "text", "text": "done "}, {"type": "user", "user_id": "U1"}]},
        {"type": "rich_text_list", "style": "bullet", "elements": [
            {"type": "rich_text_section", "elements": [{"type": "text", "text": "x"}]}]},
    ]});
    let plan = json!({"type": "plan", "title": "Plan", "tasks": [
        {"task_id": "1", "title": "One", "status": "complete", "details": details,
         "sources": [{"type": "url", "url": "https://a.example", "text": "log"}]}]});
    assert_eq!(problems(&[plan], Surface::Message), Vec::<String>::new());
}
