use serde_json::json;

use super::*;

#[tokio::test]
async fn the_token_is_looked_at() {
    let house = house().await;
    let url = format!("{}/api/auth.test", house.at.url());
    let bare: Value = house.http.get(&url).send().await.unwrap().json().await.unwrap();
    assert_eq!(bare, json!({"ok": false, "error": "not_authed"}));
    let wrong: Value = house.http.get(&url).bearer_auth("xoxb-2").send().await.unwrap().json().await.unwrap();
    assert_eq!(wrong, json!({"ok": false, "error": "invalid_auth"}));
    let right = house.get("auth.test", &[]).await;
    assert_eq!((&right["ok"], &right["team_id"]), (&json!(true), &json!("T0ACME")));
}

#[tokio::test]
async fn what_no_client_should_send_is_a_fault() {
    let house = house().await;
    let unknown = house.post("chat.postMesage", json!({})).await;
    assert_eq!(unknown["error"], "unknown_method");
    let by_json = house.post("users.info", json!({"user": "U0ADA"})).await;
    assert_eq!(by_json["error"], "invalid_arguments");
    let by_get = house.get("chat.postMessage", &[("channel", "C0ADMINS"), ("text", "x")]).await;
    assert_eq!(by_get["error"], "method_not_supported");
    let url = format!("{}/api/chat.postMessage", house.at.url());
    let plain = house.http.post(&url).bearer_auth("xoxb-1").header("content-type", "text/plain").body("x");
    let plain: Value = plain.send().await.unwrap().json().await.unwrap();
    assert_eq!(plain["error"], "invalid_post_type");
    let typo = house.post("chat.postMessage", json!({"channel": "C0ADMINS", "txt": "x"})).await;
    assert_eq!(typo["error"], "invalid_arguments");
    let blocks = json!([{"type": "section"}]);
    let bad = house.post("chat.postMessage", json!({"channel": "C0ADMINS", "blocks": blocks})).await;
    assert_eq!(bad["error"], "invalid_blocks");
    assert!(bad["response_metadata"]["messages"][0].as_str().unwrap().contains("/blocks/0"));
    assert_eq!(house.wire.faults().len(), 6, "{:?}", house.wire.faults());
    assert!(lock(&house.state).messages.is_empty());
}

#[tokio::test]
async fn a_form_is_as_good_as_json_for_writing() {
    let house = house().await;
    let url = format!("{}/api/chat.postMessage", house.at.url());
    let blocks = buttons().to_string();
    let form = [("channel", "C0ADMINS"), ("text", "x"), ("blocks", &blocks)];
    let answer: Value =
        house.http.post(url).bearer_auth("xoxb-1").form(&form).send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["message"]["blocks"][1]["block_id"], "choice");
    assert!(house.wire.faults().is_empty());
}

#[tokio::test]
async fn scopes_are_asked_for_and_named() {
    let house = house().await;
    lock(&house.state).scopes = ["chat:write".to_owned(), "users:read".to_owned()].into();
    let refused = house.get("usergroups.users.list", &[("usergroup", "S0DESK")]).await;
    assert_eq!(
        refused,
        json!({"ok": false, "error": "missing_scope", "needed": "usergroups:read",
               "provided": "chat:write,users:read"})
    );
    let info = house.get("conversations.info", &[("channel", "C0ADMINS")]).await;
    assert_eq!(info["needed"], "channels:read");
    let user = house.get("users.info", &[("user", "U0ADA")]).await;
    assert!(user["user"]["profile"].get("email").is_none());
    lock(&house.state).scopes.insert("users:read.email".to_owned());
    let user = house.get("users.info", &[("user", "U0ADA")]).await;
    assert_eq!(user["user"]["profile"]["email"], "ada@acme.example");
}

#[tokio::test]
async fn posting_needs_membership() {
    let house = house().await;
    for (channel, error) in [
        ("C0OTHER", "not_in_channel"),
        ("G0SECRET", "channel_not_found"),
        ("C0NOWHERE", "channel_not_found"),
        ("C0OLD", "is_archived"),
    ] {
        let answer = house.post("chat.postMessage", json!({"channel": channel, "text": "x"})).await;
        assert_eq!(answer["error"], error, "{channel}");
    }
    lock(&house.state).scopes.insert("chat:write.public".to_owned());
    let open = house.post("chat.postMessage", json!({"channel": "C0OTHER", "text": "x"})).await;
    assert_eq!(open["ok"], true);
    let direct = house.post("chat.postMessage", json!({"channel": "U0ADA", "text": "x"})).await;
    assert!(direct["channel"].as_str().unwrap().starts_with('D'));
    let opened = house.post("conversations.open", json!({"users": "U0ADA"})).await;
    assert_eq!(opened["channel"]["id"], direct["channel"]);
    assert_eq!(opened["already_open"], true);
}

#[tokio::test]
async fn an_ephemeral_goes_to_active_members_only() {
    let house = house().await;
    for (user, error) in [("U0GONE", "user_not_in_channel"), ("U0NOBODY", "user_not_in_channel")] {
        let body = json!({"channel": "C0ADMINS", "user": user, "text": "x"});
        assert_eq!(house.post("chat.postEphemeral", body).await["error"], error);
    }
    let body = json!({"channel": "C0ADMINS", "user": "U0ADA", "text": "psst"});
    let ts = house.post("chat.postEphemeral", body).await["message_ts"].as_str().unwrap().to_owned();
    let update = json!({"channel": "C0ADMINS", "ts": ts, "text": "y"});
    assert_eq!(house.post("chat.update", update).await["error"], "message_not_found");
    let slack = lock(&house.state);
    assert_eq!(slack.ephemerals_for("U0ADA")[0].1.text, "psst");
    assert!(slack.ephemerals_for("U0GRACE").is_empty());
}

#[tokio::test]
async fn updates_keep_blocks_that_are_not_sent() {
    let house = house().await;
    let body = json!({"channel": "C0ADMINS", "text": "a", "blocks": buttons()});
    let ts = house.post("chat.postMessage", body).await["ts"].as_str().unwrap().to_owned();
    let update = |more: Value| {
        let mut body = json!({"channel": "C0ADMINS", "ts": ts});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    house.post("chat.update", update(json!({"text": "b"}))).await;
    assert_eq!(lock(&house.state).message(&ts).unwrap().blocks.len(), 2);
    let bare = house.post("chat.update", update(json!({"text": "c", "blocks": []}))).await;
    assert!(bare["message"].get("blocks").is_none());
    let long = house.post("chat.update", update(json!({"text": "x".repeat(4001)}))).await;
    assert_eq!(long["error"], "msg_too_long");
    let slack = lock(&house.state);
    let message = slack.message(&ts).unwrap();
    assert_eq!(message.edits.iter().map(|edit| edit.text.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    assert!(message.edited_ts.is_some());
}

#[tokio::test]
async fn others_messages_are_not_ours_to_change() {
    let house = house().await;
    let folk = Workspace::new(house.state.clone(), house.wire.clone(), String::new());
    let ts = folk.say("U0ADA", "C0ADMINS", "hello").unwrap();
    let body = json!({"channel": "C0ADMINS", "ts": ts, "text": "x"});
    assert_eq!(house.post("chat.update", body).await["error"], "cant_update_message");
    let body = json!({"channel": "C0ADMINS", "ts": ts});
    assert_eq!(house.post("chat.delete", body).await["error"], "cant_delete_message");
    let ours = house.say("x").await;
    let body = json!({"channel": "C0ADMINS", "ts": ours});
    assert_eq!(house.post("chat.delete", body.clone()).await["ok"], true);
    assert_eq!(house.post("chat.delete", body).await["error"], "message_not_found");
}

#[tokio::test]
async fn replies_stand_below_their_root() {
    let house = house().await;
    let root = house.say("root").await;
    let body = json!({"channel": "C0ADMINS", "text": "reply", "thread_ts": root});
    let reply = house.post("chat.postMessage", body).await;
    assert_eq!(reply["message"]["thread_ts"], root.as_str());
    let below = json!({"channel": "C0ADMINS", "text": "below", "thread_ts": reply["ts"]});
    assert_eq!(house.post("chat.postMessage", below).await["message"]["thread_ts"], root.as_str());
    assert_eq!(lock(&house.state).thread(&root).len(), 3);
    let lost = json!({"channel": "C0ADMINS", "text": "x", "thread_ts": "1.000001"});
    assert_eq!(house.post("chat.postMessage", lost).await["error"], "invalid_thread_ts");
}

#[tokio::test]
async fn too_many_posts_are_429_with_the_seconds_to_wait() {
    let house = house().await;
    lock(&house.state).limits.post_burst = 2;
    let url = format!("{}/api/chat.postMessage", house.at.url());
    let mut refused = None;
    for _ in 0..50 {
        let body = json!({"channel": "C0ADMINS", "text": "x"});
        let response = house.http.post(&url).bearer_auth("xoxb-1").json(&body).send().await.unwrap();
        if response.status() == 429 {
            refused = Some(response);
            break;
        }
    }
    let refused = refused.expect("fifty posts at once are too many");
    assert_eq!(refused.headers()["retry-after"], "1");
    assert_eq!(refused.json::<Value>().await.unwrap(), json!({"ok": false, "error": "ratelimited"}));
    assert!(house.wire.faults().is_empty());
}

#[tokio::test]
async fn a_workspace_may_refuse_plans_and_groups() {
    let house = house().await;
    {
        let mut slack = lock(&house.state);
        slack.switches.refuse_plan = true;
        slack.switches.free_plan = true;
    }
    let blocks = json!([{"type": "plan", "title": "P", "tasks": [{"task_id": "1", "title": "x"}]}]);
    let answer = house.post("chat.postMessage", json!({"channel": "C0ADMINS", "blocks": blocks})).await;
    assert_eq!(answer["error"], "invalid_blocks");
    let groups = house.get("usergroups.users.list", &[("usergroup", "S0DESK")]).await;
    assert_eq!(groups["error"], "plan_upgrade_required");
    assert!(house.wire.faults().is_empty(), "both are Slack's doing, not the client's");
}

#[tokio::test]
async fn members_come_in_pages() {
    let house = house().await;
    let first = house.get("conversations.members", &[("channel", "C0ADMINS"), ("limit", "2")]).await;
    assert_eq!(first["members"], json!(["U0ADA", "U0GRACE"]));
    let cursor = first["response_metadata"]["next_cursor"].as_str().unwrap();
    let query = [("channel", "C0ADMINS"), ("limit", "2"), ("cursor", cursor)];
    let second = house.get("conversations.members", &query).await;
    assert_eq!(second["members"], json!(["U0REINSTATE"]));
    assert_eq!(second["response_metadata"]["next_cursor"], "");
}
