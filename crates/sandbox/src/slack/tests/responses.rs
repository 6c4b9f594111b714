use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::super::{api, hooks, model::Source};
use super::*;

fn handed_out(house: &House, source: Source) -> String {
    let mut slack = lock(&house.state);
    slack.new_response_url("commands", "C0ADMINS", "U0ADA", source, crate::clock::now()).1
}

#[tokio::test]
async fn five_answers_and_no_sixth() {
    let house = house().await;
    let url = handed_out(&house, Source::Command);
    for _ in 0..5 {
        assert_eq!(house.respond(&url, &json!({"text": "x"})).await, (200, "ok".to_owned()));
    }
    let (status, body) = house.respond(&url, &json!({"text": "x"})).await;
    assert_eq!((status, body.contains("used_url")), (404, true));
    assert_eq!(lock(&house.state).ephemerals_for("U0ADA").len(), 5);
}

#[test]
fn thirty_minutes_and_no_longer() {
    let mut slack = Slack::new("xoxb-1", "secret");
    let made: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
    let (token, _) = slack.new_response_url("commands", "C1", "U1", Source::Command, made);
    let request = axum::http::Request::post("/").header("content-type", "application/json");
    let (parts, ()) = request.body(()).unwrap().into_parts();
    let body = br#"{"text":"x"}"#;
    let at = |seconds| made + SignedDuration::from_secs(seconds);
    assert!(hooks::answer(&mut slack, &token, &parts, body, at(1800)).is_ok());
    let (status, refusal) = hooks::answer(&mut slack, &token, &parts, body, at(1801)).unwrap_err();
    assert_eq!((status, refusal.error.as_str()), (404, "expired_url"));
}

#[tokio::test]
async fn a_response_may_be_public_where_the_bot_is_not_a_member() {
    let house = house().await;
    let url = {
        let mut slack = lock(&house.state);
        slack.new_response_url("commands", "G0SECRET", "U0ADA", Source::Command, crate::clock::now()).1
    };
    house.respond(&url, &json!({"text": "all", "response_type": "in_channel"})).await;
    assert_eq!(lock(&house.state).messages_in("G0SECRET")[0].text, "all");
}

#[tokio::test]
async fn originals_are_replaced_and_deleted() {
    let house = house().await;
    let body = json!({"channel": "C0ADMINS", "text": "a", "blocks": buttons()});
    let ts = house.post("chat.postMessage", body).await["ts"].as_str().unwrap().to_owned();
    let url = handed_out(&house, Source::Message { ts: ts.clone() });
    house.respond(&url, &json!({"text": "b", "replace_original": true})).await;
    {
        let slack = lock(&house.state);
        let message = slack.message(&ts).unwrap();
        assert_eq!((message.text.as_str(), message.blocks.len()), ("b", 0));
    }
    house.respond(&url, &json!({"delete_original": true})).await;
    assert!(lock(&house.state).message(&ts).unwrap().deleted);
    assert!(house.wire.faults().is_empty());
}

#[tokio::test]
async fn what_a_response_url_does_not_take() {
    let house = house().await;
    let url = handed_out(&house, Source::Command);
    let form = house.http.post(&url).form(&[("text", "x")]).send().await.unwrap();
    assert_eq!(form.status(), 400);
    for body in [
        json!({"txt": "x"}),
        json!({"delete_original": true}),
        json!({"text": "x", "response_type": "public"}),
        json!({"blocks": [{"type": "section"}]}),
        json!({}),
    ] {
        assert_eq!(house.respond(&url, &body).await.0, 400, "{body}");
    }
    assert_eq!(house.wire.faults().len(), 6, "{:?}", house.wire.faults());
    let lost = format!("{}/commands/unknown", house.at.url());
    assert_eq!(house.respond(&lost, &json!({"text": "x"})).await.0, 404);
}

#[test]
fn a_trigger_opens_one_view_within_three_seconds() {
    let made: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
    let modal = json!({"type": "modal", "title": {"type": "plain_text", "text": "Who?"}, "blocks": []});
    let open = |slack: &mut Slack, trigger: &str, ms: i64| {
        let request = axum::http::Request::post("/")
            .header("content-type", "application/json")
            .header("authorization", "Bearer xoxb-1");
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let body = json!({"trigger_id": trigger, "view": modal}).to_string();
        let at = made + SignedDuration::from_millis(ms);
        api::answer(slack, "views.open", &parts, body.as_bytes(), at).map_err(|refusal| refusal.error)
    };
    let mut slack = Slack::new("xoxb-1", "secret");
    slack.add_user("U1", "u", "U", "");
    let late = slack.new_trigger("U1", made);
    assert_eq!(open(&mut slack, &late, 3001).unwrap_err(), "expired_trigger_id");
    let trigger = slack.new_trigger("U1", made);
    assert_eq!(open(&mut slack, &trigger, 3000).unwrap()["view"]["team_id"], "T0ACME");
    assert!(slack.modal("U1").is_some());
    assert_eq!(open(&mut slack, &trigger, 3000).unwrap_err(), "exchanged_trigger_id");
    assert_eq!(open(&mut slack, "1.2.3", 0).unwrap_err(), "invalid_trigger_id");
}
