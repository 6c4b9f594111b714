//! How an act reaches the bot: signed, as a form or as JSON, within Slack's three seconds; and how forgeries,
//! repeats and unsigned requests reach it. What is sent is never looked at here.

use std::time::Duration;

use serde_json::Value;

use super::super::lock;
use super::sign::signature;
use super::workspace::Workspace;

pub(super) const FORM_CONTENT_TYPE: &str = "application/x-www-form-urlencoded";

/// Why an act could not be done, or was not answered.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    /// The person, channel, message or view is not there, or cannot be seen by the person.
    #[error("{0}")]
    NotThere(String),
    /// The bot did not answer within Slack's three seconds.
    #[error("the bot did not acknowledge within {0:?}: the person sees operation_timeout")]
    Timeout(Duration),
    /// The bot could not be reached.
    #[error("the bot could not be reached")]
    Unreachable(#[from] reqwest::Error),
}

/// The bot's answer to an act.
#[derive(Clone, Debug)]
pub struct Ack {
    pub status: u16,
    pub body: String,
    /// The trigger id of the act, or empty.
    pub trigger_id: String,
    /// The token of its response URL, or empty.
    pub response_token: String,
    /// What was sent, so that it can be sent again.
    pub sent: String,
    pub content_type: String,
}

impl Ack {
    /// The body as JSON, or null.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

impl Workspace {
    /// Sends the same request again as Slack does when an event was not acknowledged (1 to 3).
    ///
    /// # Errors
    /// When the bot does not answer.
    pub async fn retry(&self, ack: &Ack, number: u32, reason: &str) -> Result<Ack, ActError> {
        let timestamp = crate::clock::now().as_second();
        let request = self
            .signed(&ack.sent, &ack.content_type, timestamp)
            .header("x-slack-retry-num", number.to_string())
            .header("x-slack-retry-reason", reason);
        self.finish(request, ack.clone()).await
    }

    /// Sends any body, correctly signed for `timestamp` (seconds).
    ///
    /// # Errors
    /// When the bot does not answer.
    pub async fn send_signed(&self, body: &str, content_type: &str, timestamp: i64) -> Result<Ack, ActError> {
        let request = self.signed(body, content_type, timestamp);
        self.finish(request, blank(body, content_type)).await
    }

    /// Sends any body without a signature.
    ///
    /// # Errors
    /// When the bot does not answer.
    pub async fn send_unsigned(&self, body: &str, content_type: &str) -> Result<Ack, ActError> {
        let request =
            self.http.post(&self.request_url).header("content-type", content_type).body(body.to_owned());
        self.finish(request, blank(body, content_type)).await
    }

    pub(super) async fn interact(
        &self,
        payload: &Value,
        trigger: String,
        token: String,
    ) -> Result<Ack, ActError> {
        let body = form(&[("payload".to_owned(), payload.to_string())]);
        self.deliver(body, FORM_CONTENT_TYPE, trigger, token).await
    }

    pub(super) async fn deliver(
        &self,
        body: String,
        content_type: &str,
        trigger_id: String,
        response_token: String,
    ) -> Result<Ack, ActError> {
        let ack = Ack { trigger_id, response_token, ..blank(&body, content_type) };
        if lock(&self.state).sockets.on {
            return self.over_a_socket(ack).await;
        }
        let request = self.signed(&body, content_type, crate::clock::now().as_second());
        self.finish(request, ack).await
    }

    /// The same content in an envelope. A link that ends before it acknowledges is followed by another one.
    async fn over_a_socket(&self, mut ack: Ack) -> Result<Ack, ActError> {
        let (kind, payload) = enveloped(&ack.sent, &ack.content_type);
        let delivering = async {
            for retry in 0.. {
                let sent = lock(&self.state).envelope(kind, &payload, retry, crate::clock::now());
                match sent {
                    Some(acked) => {
                        if let Ok(Some(answer)) = acked.await {
                            return answer;
                        }
                    }
                    // No link is open; one may be opened at any moment.
                    None => tokio::time::sleep(Duration::from_millis(20)).await,
                }
            }
            Value::Null
        };
        match tokio::time::timeout(self.patience, delivering).await {
            Ok(answer) => {
                ack.status = 200;
                ack.body = if answer.is_null() { String::new() } else { answer.to_string() };
                Ok(ack)
            }
            Err(_) => Err(ActError::Timeout(self.patience)),
        }
    }

    /// Delivers what was delivered before once more, in an envelope of its own.
    ///
    /// # Errors
    /// When the bot does not acknowledge.
    pub async fn again(&self, ack: &Ack) -> Result<Ack, ActError> {
        self.over_a_socket(ack.clone()).await
    }

    fn signed(&self, body: &str, content_type: &str, timestamp: i64) -> reqwest::RequestBuilder {
        let timestamp = timestamp.to_string();
        let secret = lock(&self.state).signing_secret.clone();
        self.http
            .post(&self.request_url)
            .header("content-type", content_type)
            .header("user-agent", "Slackbot 1.0 (+https://api.slack.com/robots)")
            .header("x-slack-signature", signature(&secret, &timestamp, body.as_bytes()))
            .header("x-slack-request-timestamp", timestamp)
            .body(body.to_owned())
    }

    async fn finish(&self, request: reqwest::RequestBuilder, mut ack: Ack) -> Result<Ack, ActError> {
        let result = async {
            let response = request.timeout(self.patience).send().await?;
            ack.status = response.status().as_u16();
            ack.body = response.text().await?;
            Ok(ack)
        };
        result.await.map_err(
            |error: reqwest::Error| {
                if error.is_timeout() { ActError::Timeout(self.patience) } else { error.into() }
            },
        )
    }
}

/// The type of an envelope, and what it carries.
fn enveloped(body: &str, content_type: &str) -> (&'static str, Value) {
    if content_type != FORM_CONTENT_TYPE {
        return ("events_api", serde_json::from_str(body).unwrap_or_default());
    }
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    match pairs.iter().find(|(key, _)| key == "payload") {
        Some((_, payload)) => ("interactive", serde_json::from_str(payload).unwrap_or_default()),
        None => {
            let map = pairs.into_iter().map(|(key, value)| (key, Value::String(value))).collect();
            ("slash_commands", Value::Object(map))
        }
    }
}

fn blank(body: &str, content_type: &str) -> Ack {
    Ack {
        status: 0,
        body: String::new(),
        trigger_id: String::new(),
        response_token: String::new(),
        sent: body.to_owned(),
        content_type: content_type.to_owned(),
    }
}

pub(super) fn form(pairs: &[(String, String)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}
