use std::collections::BTreeMap;
use std::time::Duration;

use axum::routing::post;
use serde_json::json;
use slack_morphism::prelude::*;

use super::super::model::Enterprise;
use super::*;

type Heard = Arc<Mutex<Vec<(axum::http::HeaderMap, String)>>>;

/// People, and a bot that records every action and always gives the same answer.
async fn folk(house: &House, answer: &'static str) -> (Workspace, Heard, Listening) {
    let heard: Heard = Arc::default();
    let ears = heard.clone();
    let bot = axum::Router::new().route(
        "/slack/events",
        post(move |headers: axum::http::HeaderMap, body: String| async move {
            lock(&ears).push((headers, body));
            answer
        }),
    );
    let bot = listen(bot, "127.0.0.1:0".parse().unwrap()).await.unwrap();
    let url = format!("{}/slack/events", bot.url());
    (Workspace::new(house.state.clone(), house.wire.clone(), url), heard, bot)
}

fn payload(heard: &Heard) -> Value {
    let pairs = pairs(heard);
    serde_json::from_str(&pairs["payload"]).unwrap()
}

fn pairs(heard: &Heard) -> BTreeMap<String, String> {
    let body = lock(heard).last().unwrap().1.clone();
    url::form_urlencoded::parse(body.as_bytes()).into_owned().collect()
}

#[tokio::test]
async fn a_command_is_signed_and_whole() {
    let house = house().await;
    let (folk, heard, _bot) = folk(&house, r#"{"response_type":"ephemeral","text":"on it"}"#).await;
    let ack = folk.command("U0ADA", "C0ADMINS", "check a&b=<c> ü").await.unwrap();
    let (headers, body) = lock(&heard).last().unwrap().clone();
    slack_morphism::signature_verifier::SlackEventSignatureVerifier::new(&SlackSigningSecret(
        "secret".to_owned(),
    ))
    .verify(
        headers["x-slack-signature"].to_str().unwrap(),
        &body,
        headers["x-slack-request-timestamp"].to_str().unwrap(),
    )
    .unwrap();
    let pairs = pairs(&heard);
    assert_eq!(pairs["command"], "/reinstate");
    assert_eq!(pairs["text"], "check a&b=<c> ü");
    assert_eq!((pairs["team_id"].as_str(), pairs["channel_name"].as_str()), ("T0ACME", "admins"));
    assert_eq!(pairs["trigger_id"], ack.trigger_id);
    assert!(pairs["response_url"].ends_with(&format!("/commands/{}", ack.response_token)));
    assert_eq!(lock(&house.state).ephemerals_for("U0ADA")[0].1.text, "on it");
    assert!(folk.command("U0GRACE", "C0OTHER", "help").await.is_err(), "not a member there");
    folk.command("U0ADA", "G0SECRET", "help").await.unwrap();
    assert_eq!(super::acts::pairs(&heard)["channel_name"], "privategroup");
}

#[tokio::test]
async fn a_click_carries_the_whole_message_as_it_stands() {
    let house = house().await;
    let (folk, heard, _bot) = folk(&house, "").await;
    let body = json!({"channel": "C0ADMINS", "text": "a", "blocks": buttons()});
    let ts = house.post("chat.postMessage", body).await["ts"].as_str().unwrap().to_owned();
    let ack = folk.click("U0GRACE", "C0ADMINS", &ts, "yes").await.unwrap();
    let sent = payload(&heard);
    let parsed: SlackInteractionBlockActionsEvent = serde_json::from_value(sent.clone()).unwrap();
    assert_eq!(parsed.trigger_id, ack.trigger_id.clone().into());
    assert_eq!(
        sent["user"],
        json!({"id": "U0GRACE", "username": "grace", "name": "grace", "team_id": "T0ACME"})
    );
    assert_eq!(
        sent["container"],
        json!({"type": "message", "message_ts": ts, "channel_id": "C0ADMINS", "is_ephemeral": false})
    );
    assert_eq!((&sent["enterprise"], &sent["team"]["id"]), (&Value::Null, &json!("T0ACME")));
    assert_eq!(sent["message"]["blocks"].as_array().unwrap().len(), 2);
    assert_eq!(sent["state"], json!({"values": {}}));
    let mut action = sent["actions"][0].clone();
    assert!(action["action_ts"].is_string());
    action.as_object_mut().unwrap().remove("action_ts");
    assert_eq!(
        action,
        json!({"type": "button", "action_id": "yes", "block_id": "choice", "value": "run-1",
               "style": "primary", "text": {"type": "plain_text", "text": "Approve", "emoji": true}})
    );
    let update = json!({"channel": "C0ADMINS", "ts": ts, "text": "done", "blocks": []});
    house.post("chat.update", update).await;
    let gone = folk.click("U0GRACE", "C0ADMINS", &ts, "yes").await.unwrap_err();
    assert!(matches!(gone, ActError::NotThere(_)));
}

#[tokio::test]
async fn private_buttons_are_clicked_by_their_reader() {
    let house = house().await;
    let (folk, heard, _bot) = folk(&house, "").await;
    let body = json!({"channel": "C0ADMINS", "user": "U0ADA", "text": "a", "blocks": buttons()});
    house.post("chat.postEphemeral", body).await;
    let index = lock(&house.state).ephemerals_for("U0ADA")[0].0;
    assert!(folk.click_private("U0GRACE", index, "yes").await.is_err());
    let ack = folk.click_private("U0ADA", index, "yes").await.unwrap();
    let sent = payload(&heard);
    assert_eq!(sent["container"]["is_ephemeral"], true);
    assert!(sent.get("message").is_none());
    let url = format!("{}/actions/{}", house.at.url(), ack.response_token);
    house.respond(&url, &json!({"text": "done", "replace_original": true})).await;
    let slack = lock(&house.state);
    let private = slack.ephemerals_for("U0ADA")[0].1;
    assert_eq!((private.text.as_str(), private.blocks.len(), private.edits.len()), ("done", 0, 1));
}

#[tokio::test]
async fn an_organization_install_sends_nulls() {
    let house = house().await;
    let (folk, heard, _bot) = folk(&house, "").await;
    lock(&house.state).enterprise =
        Some(Enterprise { id: "E1".into(), name: "Org".into(), org_install: true });
    let body = json!({"channel": "C0ADMINS", "text": "a", "blocks": buttons()});
    let ts = house.post("chat.postMessage", body).await["ts"].as_str().unwrap().to_owned();
    folk.click("U0ADA", "C0ADMINS", &ts, "no").await.unwrap();
    let sent = payload(&heard);
    assert_eq!((&sent["team"], &sent["enterprise"]), (&Value::Null, &json!({"id": "E1", "name": "Org"})));
    assert_eq!(sent["is_enterprise_install"], true);
    folk.command("U0ADA", "C0ADMINS", "help").await.unwrap();
    let pairs = pairs(&heard);
    assert!(!pairs.contains_key("team_id"));
    assert_eq!(pairs["enterprise_id"], "E1");
    assert_eq!(house.get("auth.test", &[]).await["enterprise_id"], "E1");
}

#[tokio::test]
async fn a_modal_is_submitted_and_answered() {
    let house = house().await;
    let (folk, heard, _bot) = folk(&house, r#"{"response_action":"clear"}"#).await;
    let ack = folk.shortcut("U0ADA", "reinstate.check_person").await.unwrap();
    assert_eq!(payload(&heard)["callback_id"], "reinstate.check_person");
    let view = json!({"type": "modal", "callback_id": "who", "private_metadata": "p",
        "title": {"type": "plain_text", "text": "Who?"}, "submit": {"type": "plain_text", "text": "Check"},
        "blocks": [{"type": "input", "block_id": "who", "label": {"type": "plain_text", "text": "Who"},
                    "element": {"type": "users_select", "action_id": "who"}}]});
    let opened = house.post("views.open", json!({"trigger_id": ack.trigger_id, "view": view})).await;
    assert_eq!(opened["ok"], true, "{opened}");
    let values = json!({"who": {"who": {"type": "users_select", "selected_user": "U0GRACE"}}});
    folk.view_submission("U0ADA", values).await.unwrap();
    let sent = payload(&heard);
    serde_json::from_value::<SlackInteractionViewSubmissionEvent>(sent.clone()).unwrap();
    assert_eq!(sent["view"]["state"]["values"]["who"]["who"]["selected_user"], "U0GRACE");
    assert_eq!(sent["view"]["private_metadata"], "p");
    assert!(lock(&house.state).modal("U0ADA").is_none(), "cleared");
    assert!(folk.view_submission("U0ADA", json!({})).await.is_err());
}

#[tokio::test]
async fn shortcuts_home_and_repeats() {
    let house = house().await;
    let (folk, heard, _bot) = folk(&house, "").await;
    let ts = folk.say("U0GRACE", "C0ADMINS", "help me").unwrap();
    folk.message_shortcut("U0ADA", "C0ADMINS", &ts, "reinstate.check_message").await.unwrap();
    let sent = payload(&heard);
    assert_eq!((&sent["type"], &sent["message"]["user"]), (&json!("message_action"), &json!("U0GRACE")));
    serde_json::from_value::<SlackInteractionMessageActionEvent>(sent).unwrap();
    let ack = folk.home_opened("U0ADA").await.unwrap();
    let event: Value = serde_json::from_str(&lock(&heard).last().unwrap().1).unwrap();
    assert_eq!((&event["type"], &event["event"]["tab"]), (&json!("event_callback"), &json!("home")));
    folk.retry(&ack, 1, "http_timeout").await.unwrap();
    let (headers, body) = lock(&heard).last().unwrap().clone();
    assert_eq!((headers["x-slack-retry-num"].to_str().unwrap(), body), ("1", ack.sent));
    folk.send_unsigned("{}", "application/json").await.unwrap();
    assert!(!lock(&heard).last().unwrap().0.contains_key("x-slack-signature"));
}

#[tokio::test]
async fn what_nobody_read_is_known() {
    let house = house().await;
    house.say("one").await;
    let body = json!({"channel": "C0ADMINS", "user": "U0ADA", "text": "two"});
    house.post("chat.postEphemeral", body).await;
    let texts: Vec<String> =
        lock(&house.state).take_unread().iter().map(|unread| unread.text().to_owned()).collect();
    assert_eq!(texts, ["one", "two"]);
    assert!(lock(&house.state).unread().is_empty());
    let ts = house.say("three").await;
    assert_eq!(lock(&house.state).unread().len(), 1);
    lock(&house.state).mark_read(&ts);
    assert!(lock(&house.state).unread().is_empty());
}

#[tokio::test]
async fn waiting_ends_when_it_is_there_and_shows_what_was() {
    let house = house().await;
    let state = house.state.clone();
    let waiting = tokio::spawn(async move {
        let seen = |slack: &Slack| slack.messages_in("C0ADMINS").last().map(|message| message.text.clone());
        wait_until(&state, seen, Duration::from_secs(60)).await
    });
    house.say("here").await;
    assert_eq!(waiting.await.unwrap().unwrap(), "here");
    let never = wait_until(&house.state, |_| None::<()>, Duration::ZERO).await.unwrap_err();
    assert!(never.contains("#admins @reinstate\n  here"), "{never}");
}

#[tokio::test]
async fn the_screen_in_plain_text() {
    let house = house().await;
    let blocks = json!([
        {"type": "header", "text": {"type": "plain_text", "text": "Access"}},
        {"type": "plan", "title": "Repair", "tasks": [
            {"task_id": "1", "title": "One", "status": "complete"},
            {"task_id": "2", "title": "Two", "status": "in_progress", "details": {"type": "rich_text",
                "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "soon"}]}]}},
            {"task_id": "3", "title": "Three", "status": "error"},
            {"task_id": "4", "title": "Four"}]},
        {"type": "section", "text": {"type": "mrkdwn", "text":
            "<@U0ADA> &lt;b&gt; &amp;amp; <https://a.example|log> <!date^1^{date}|1970> <#C0ADMINS> <!subteam^S0DESK> <!channel>"},
         "fields": [{"type": "mrkdwn", "text": "*Who*\nAda"}]},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "a"}, {"type": "plain_text", "text": "b <c>"}]},
        {"type": "divider"},
        {"type": "actions", "elements": [
            {"type": "button", "action_id": "y", "text": {"type": "plain_text", "text": "Approve"}},
            {"type": "button", "action_id": "n", "style": "danger", "text": {"type": "plain_text", "text": "Decline"}}]},
    ]);
    assert!(problems(blocks.as_array().unwrap(), Surface::Message).is_empty());
    let lines = lock(&house.state).render_text(blocks.as_array().unwrap());
    insta::assert_snapshot!(lines.join("\n"), @r"
    # Access
    Plan: Repair
    [x] One
    [~] Two
          soon
    [!] Three
    [ ] Four
    @ada <b> &amp; log (https://a.example) 1970 #admins @desk @channel
      *Who*: Ada
    (a | b <c>)
    ---
    [ Approve ]  [ Decline ]
    ");
    let secrets = lock(&house.state).snapshot().to_string();
    assert!(!secrets.contains("xoxb-1") && !secrets.contains("\"secret\":"));
}

#[tokio::test]
async fn a_silent_bot_is_a_timeout_and_a_stranger_keeps_their_team() {
    let house = house().await;
    let bot = axum::Router::new().fallback(std::future::pending::<()>);
    let bot = listen(bot, "127.0.0.1:0".parse().unwrap()).await.unwrap();
    let mut silent = Workspace::new(house.state.clone(), house.wire.clone(), bot.url());
    silent.patience = Duration::from_millis(50);
    let late = silent.command("U0ADA", "C0ADMINS", "help").await.unwrap_err();
    assert!(matches!(late, ActError::Timeout(_)), "{late}");

    let (folk, heard, _bot) = folk(&house, "").await;
    {
        let mut slack = lock(&house.state);
        slack.add_user("U0EVE", "eve", "Eve", "eve@other.example").team_id = "T0OTHER".into();
        let channel = slack.add_channel("C0SHARED", "shared", &["U0EVE", "U0REINSTATE"]);
        channel.is_ext_shared = true;
    }
    let body = json!({"channel": "C0SHARED", "text": "a", "blocks": buttons()});
    let ts = house.post("chat.postMessage", body).await["ts"].as_str().unwrap().to_owned();
    folk.click("U0EVE", "C0SHARED", &ts, "yes").await.unwrap();
    let sent = payload(&heard);
    assert_eq!((&sent["user"]["team_id"], &sent["team"]["id"]), (&json!("T0OTHER"), &json!("T0ACME")));
    let eve = house.get("users.info", &[("user", "U0EVE")]).await;
    assert!(eve["user"]["profile"].get("email").is_none());
    let lookup = house.get("users.lookupByEmail", &[("email", "eve@other.example")]).await;
    assert_eq!(lookup["error"], "users_not_found");
    let info = house.get("conversations.info", &[("channel", "C0SHARED")]).await;
    assert_eq!(
        (&info["channel"]["is_ext_shared"], &info["channel"]["is_shared"]),
        (&json!(true), &json!(true))
    );
}
