use serde_json::json;

use super::blocks::{Canvas, Place};
use super::seat::Seat;
use super::stories::fits;
use reinstate_sandbox::scenarios::{ALL, by_station};
use reinstate_sandbox::slack::Slack;
use reinstate_sandbox::tenant::Tenant;

fn drawn(blocks: serde_json::Value) -> String {
    let slack: Slack = Tenant::new().slack;
    let seat = Seat::first();
    let canvas = Canvas { slack: &slack, seat: &seat, place: Place::Message { channel: "C0", ts: "1.2" } };
    canvas.blocks(blocks.as_array().map_or(&[], Vec::as_slice)).into_string()
}

fn words(text: &str) -> String {
    let drawn = drawn(json!([{"type": "section", "text": {"type": "mrkdwn", "text": text}}]));
    let inner = drawn.split_once("<div class=\"words\">").unwrap().1;
    inner.split_once("</div>").unwrap().0.to_owned()
}

#[test]
fn markup_reads_as_in_slack() {
    assert_eq!(words("*Waits* for `x&amp;y`"), "<strong>Waits</strong> for <code>x&amp;y</code>");
    assert_eq!(words("2*3*4 _so_ snake_case_name"), "2*3*4 <em>so</em> snake_case_name");
    assert_eq!(words("<@U0ADA>: look"), "<span class=\"mention\">@Ada Ops</span>: look");
    assert_eq!(
        words("<!subteam^S0HELPDESK> <!here>"),
        "<span class=\"mention\">@helpdesk</span> <span class=\"mention\">@here</span>"
    );
    assert_eq!(words("<!date^0^{date}|1970>"), "<time datetime=\"1970-01-01T00:00:00Z\">1970</time>");
    assert_eq!(words(":x: no"), "<span class=\"mark bad\" role=\"img\" aria-label=\"broken\">✕</span> no");
    assert_eq!(words("one\n• two"), "one<br><span class=\"item\">two</span>");
}

#[test]
fn nothing_of_somebody_becomes_html() {
    let evil = "<script>alert(1)</script> \" onclick=\"x &lt;img src=x onerror=y&gt; <javascript:x|go>";
    for drawn in [
        words(evil),
        drawn(json!([{"type": "header", "text": {"type": "plain_text", "text": evil}}])),
        drawn(json!([{"type": "plan", "title": evil, "tasks": [{"title": evil, "status": evil}]}])),
        drawn(json!([{"type": evil}])),
        drawn(json!([{"type": "actions", "block_id": evil, "elements": [{
            "type": "button", "action_id": evil, "style": evil, "text": {"type": "plain_text", "text": evil},
            "confirm": {"title": {"type": "plain_text", "text": evil}, "text": {"type": "mrkdwn", "text": evil},
                        "confirm": {"type": "plain_text", "text": evil}, "deny": {"type": "plain_text", "text": evil}},
        }]}])),
    ] {
        for tag in ["<script", "<img", "<javascript", "href=\"javascript"] {
            assert!(!drawn.contains(tag), "{tag} in {drawn}");
        }
        // Quotes in text from other people must never end an attribute.
        assert!(!drawn.contains("\" onclick=\""), "{drawn}");
    }
}

#[test]
fn what_is_not_known_is_shown_as_not_known() {
    assert!(drawn(json!([{"type": "video"}])).contains("a block of type video"));
    let actions = json!([{"type": "actions", "elements": [{"type": "overflow"}]}]);
    assert!(drawn(actions).contains("an element of type overflow"));
}

#[test]
fn a_seat_that_is_not_there_becomes_one_that_is() {
    let slack = Tenant::new().slack;
    let settle = |user: &str, place: &str| {
        let seat =
            Seat { user: user.into(), place: place.into(), tab: "nonsense".into(), find: String::new() };
        let seat = seat.settled(&slack);
        (seat.user, seat.place, seat.tab)
    };
    let chat = || "chat".to_owned();
    assert_eq!(settle("U0GRACE", "C0ADMINS"), ("U0GRACE".into(), "C0ADMINS".into(), chat()));
    assert_eq!(settle("U0JANE", "C0ADMINS"), ("U0JANE".into(), "C0HELP".into(), chat()));
    assert_eq!(settle("nobody", "nowhere"), ("U0ADA".into(), "C0ADMINS".into(), chat()));
}

#[test]
fn every_story_stands_at_one_station_and_is_found_by_its_words() {
    let parts = by_station();
    let mut listed: Vec<&str> =
        parts.iter().flat_map(|(_, stories)| stories).map(|story| story.name).collect();
    let mut all: Vec<&str> = ALL.iter().map(|story| story.name).collect();
    assert!(parts.iter().all(|(_, stories)| !stories.is_empty()));
    listed.sort_unstable();
    all.sort_unstable();
    assert_eq!(listed, all);
    let found = |words: &str| -> Vec<&str> {
        ALL.iter().filter(|story| fits(story, words)).map(|story| story.name).collect()
    };
    assert_eq!(found(""), ALL.iter().map(|story| story.name).collect::<Vec<_>>());
    assert_eq!(found("SCHEDULED deletion record removed"), ["pending-deletion"]);
    assert_eq!(found("no such words"), Vec::<&str>::new());
}
