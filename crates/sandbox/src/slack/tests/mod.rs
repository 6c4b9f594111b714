//! The workspace as a client sees it: the tests use only HTTP.

mod acts;
mod blocks;
mod library;
mod responses;
mod web;

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::super::lock;
use super::super::wire::{Listening, Wire, listen};
use super::*;

/// A workspace with a few people, served on a port.
struct House {
    state: Shared,
    wire: Wire,
    at: Listening,
    http: reqwest::Client,
}

async fn house() -> House {
    let mut slack = Slack::new("xoxb-1", "secret");
    slack.add_user("U0ADA", "ada", "Ada L", "ada@acme.example");
    slack.add_user("U0GRACE", "grace", "Grace H", "grace@acme.example");
    slack.add_user("U0GONE", "gone", "Gone", "gone@acme.example").deleted = true;
    slack.add_channel("C0ADMINS", "admins", &["U0ADA", "U0GRACE", "U0REINSTATE"]);
    slack.add_channel("C0OTHER", "other", &["U0ADA"]);
    slack.add_channel("G0SECRET", "secret", &["U0ADA"]).is_private = true;
    slack.add_channel("C0OLD", "old", &["U0REINSTATE"]).is_archived = true;
    slack.add_group("S0DESK", "desk", &["U0ADA", "U0GONE"]);
    let state: Shared = Arc::new(Mutex::new(slack));
    let wire = Wire::default();
    let app = router(state.clone(), wire.clone(), String::new());
    let at = listen(app, "127.0.0.1:0".parse().unwrap()).await.unwrap();
    lock(&state).base = at.url();
    rustls::crypto::ring::default_provider().install_default().ok();
    House { state, wire, at, http: reqwest::Client::new() }
}

impl House {
    async fn post(&self, method: &str, body: Value) -> Value {
        let url = format!("{}/api/{method}", self.at.url());
        let response = self.http.post(url).bearer_auth("xoxb-1").json(&body).send().await.unwrap();
        response.json().await.unwrap()
    }

    async fn get(&self, method: &str, query: &[(&str, &str)]) -> Value {
        let url = format!("{}/api/{method}", self.at.url());
        let response = self.http.get(url).bearer_auth("xoxb-1").query(query).send().await.unwrap();
        response.json().await.unwrap()
    }

    async fn say(&self, text: &str) -> String {
        let answer = self.post("chat.postMessage", json!({"channel": "C0ADMINS", "text": text})).await;
        answer["ts"].as_str().unwrap().to_owned()
    }

    async fn respond(&self, url: &str, body: &Value) -> (u16, String) {
        let response = self.http.post(url).json(body).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }
}

fn buttons() -> Value {
    json!([
        {"type": "section", "text": {"type": "mrkdwn", "text": "May <@U0ADA> &amp; co?"}},
        {"type": "actions", "block_id": "choice", "elements": [
            {"type": "button", "action_id": "yes", "value": "run-1", "style": "primary",
             "text": {"type": "plain_text", "text": "Approve"}},
            {"type": "button", "action_id": "no", "text": {"type": "plain_text", "text": "Decline"}},
        ]},
    ])
}
