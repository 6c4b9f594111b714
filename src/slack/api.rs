//! The methods of Slack's Web API that the bot calls, over slack-morphism's client. Every call has a timeout, because
//! the library sets none. This file must never log a body or a token. The library's errors contain whole bodies, so
//! only their codes leave this file.

use std::time::Duration;

use hyper_rustls::HttpsConnectorBuilder;
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};
use slack_morphism::errors::SlackClientError;
use slack_morphism::hyper_tokio::SlackHyperClient;
use slack_morphism::prelude::{SlackApiToken, SlackApiTokenValue, SlackClientHyperConnector};
use url::Url;

use super::blocks::Message;
use super::hosts;
use super::upload::UPLOAD_TIMEOUT;

/// The timeout of a call.
pub(super) const CALL_TIMEOUT: Duration = Duration::from_secs(5);
/// The pause if a rate-limited answer has no `Retry-After`, or one that cannot be parsed.
const DEFAULT_RETRY_AFTER: Duration = Duration::from_secs(5);
/// The range to which `Retry-After` is clamped. No value may make the bot flood Slack, or keep it silent for hours.
const RETRY_AFTER_RANGE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(900));

/// Why a call to Slack failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// Slack limits the rate. Retry after this pause.
    #[error("limited for {} s", .0.as_secs())]
    Limited(Duration),
    /// Slack's own error code.
    #[error("refused: {0}")]
    Refused(String),
    /// No usable answer arrived. The call may or may not have had an effect.
    #[error("no answer: {0}")]
    Lost(&'static str),
}

/// Why the client could not be built.
#[derive(Debug, thiserror::Error)]
pub enum NoClient {
    #[error("TLS could not be set up: {0}")]
    Tls(String),
}

/// A client of the Web API of one workspace.
pub struct Api {
    client: SlackHyperClient,
    pub(super) token: SlackApiToken,
    /// The app-level token, which only opens sockets.
    app_token: Option<SlackApiToken>,
    /// The client for the bytes of files. They go to another address than the method calls, and without the token.
    pub(super) files: reqwest::Client,
    pub(super) base: Url,
}

impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Api")
    }
}

impl Api {
    /// A client of the Web API at `base`. The path of `base` is kept.
    ///
    /// # Errors
    /// If the machine has no root certificates for an `https` address.
    pub fn new(base: &Url, token: &SecretString) -> Result<Self, NoClient> {
        let tls = |error: &dyn std::fmt::Display| NoClient::Tls(error.to_string());
        let builder = if base.scheme() == "http" {
            // Plain HTTP is for tests and the sandbox, which must start without certificates.
            let config = ClientConfig::builder_with_provider(ring::default_provider().into())
                .with_safe_default_protocol_versions()
                .map_err(|error| tls(&error))?
                .with_root_certificates(RootCertStore::empty())
                .with_no_client_auth();
            HttpsConnectorBuilder::new().with_tls_config(config).https_or_http()
        } else {
            HttpsConnectorBuilder::new()
                .with_provider_and_native_roots(ring::default_provider())
                .map_err(|error| tls(&error))?
                .https_only()
        };
        let connector = SlackClientHyperConnector::from(builder.enable_http1().enable_http2().build())
            .with_slack_api_url(base.as_str().trim_end_matches('/'));
        let client = SlackHyperClient::new(connector);
        let files = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(UPLOAD_TIMEOUT)
            .build()
            .map_err(|error| tls(&error))?;
        Ok(Self { client, token: api_token(token), app_token: None, files, base: base.clone() })
    }

    /// Adds the app-level token, for Socket Mode.
    #[must_use]
    pub fn with_app_token(mut self, token: Option<&SecretString>) -> Self {
        self.app_token = token.map(api_token);
        self
    }

    async fn read(&self, method: &'static str, params: &[(&str, Option<&str>)]) -> Result<Value, ApiError> {
        let session = self.client.open_session(&self.token);
        let params = params.to_vec();
        let call = session.http_session_api.http_get::<Value, _, _>(method, &params, None);
        settle(method, tokio::time::timeout(CALL_TIMEOUT, call).await)
    }

    pub(super) async fn write(&self, method: &'static str, body: &Value) -> Result<Value, ApiError> {
        let session = self.client.open_session(&self.token);
        let call = session.http_session_api.http_post::<Value, Value>(method, body, None);
        settle(method, tokio::time::timeout(CALL_TIMEOUT, call).await)
    }

    /// `auth.test`
    ///
    /// # Errors
    /// [`ApiError`]
    pub async fn auth_test(&self) -> Result<Value, ApiError> {
        self.read("auth.test", &[]).await
    }

    /// `users.info`: the user object.
    ///
    /// # Errors
    /// [`ApiError`]
    pub async fn user(&self, id: &str) -> Result<Value, ApiError> {
        part(self.read("users.info", &[("user", Some(id))]).await?, "user")
    }

    /// `users.lookupByEmail`: the id of the user with an address. `None` if there is none.
    ///
    /// # Errors
    /// [`ApiError`]
    pub async fn user_by_email(&self, email: &str) -> Result<Option<String>, ApiError> {
        match self.read("users.lookupByEmail", &[("email", Some(email))]).await {
            Ok(answer) => id(part(answer, "user")?, "id").map(Some),
            Err(ApiError::Refused(code)) if code == "users_not_found" => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// `usergroups.users.list`. With the token of a whole organization, the call must name the workspace.
    ///
    /// # Errors
    /// [`ApiError`]
    pub async fn group_members(&self, id: &str, team: Option<&str>) -> Result<Vec<String>, ApiError> {
        let answer =
            self.read("usergroups.users.list", &[("usergroup", Some(id)), ("team_id", team)]).await?;
        let users = part(answer, "users")?;
        let list = users.as_array().ok_or(ApiError::Lost("an answer without its list"))?;
        Ok(list.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    }

    /// `conversations.info`: the channel object.
    ///
    /// # Errors
    /// [`ApiError`]
    pub async fn channel(&self, id: &str) -> Result<Value, ApiError> {
        part(self.read("conversations.info", &[("channel", Some(id))]).await?, "channel")
    }

    /// `chat.postMessage`. Returns the time stamp of the message.
    ///
    /// # Errors
    /// [`ApiError`]
    pub async fn post(
        &self,
        channel: &str,
        thread: Option<&str>,
        card: &Message,
    ) -> Result<String, ApiError> {
        let mut body = said(card);
        body.insert("channel".into(), channel.into());
        body.insert("unfurl_links".into(), false.into());
        body.insert("unfurl_media".into(), false.into());
        if let Some(thread) = thread {
            body.insert("thread_ts".into(), thread.into());
        }
        let ts = part(self.write("chat.postMessage", &Value::Object(body)).await?, "ts")?;
        ts.as_str().map(str::to_owned).ok_or(ApiError::Lost("an answer without its time stamp"))
    }

    /// `chat.update`
    ///
    /// # Errors
    /// [`ApiError`]
    pub async fn update(&self, channel: &str, ts: &str, card: &Message) -> Result<(), ApiError> {
        let mut body = said(card);
        body.insert("channel".into(), channel.into());
        body.insert("ts".into(), ts.into());
        // If `blocks` is missing, Slack keeps the old blocks.
        body.insert("blocks".into(), card.blocks.clone().into());
        self.write("chat.update", &Value::Object(body)).await.map(drop)
    }

    /// `chat.delete`
    ///
    /// # Errors
    /// [`ApiError`]
    pub async fn delete(&self, channel: &str, ts: &str) -> Result<(), ApiError> {
        self.write("chat.delete", &json!({"channel": channel, "ts": ts})).await.map(drop)
    }

    /// `chat.postEphemeral`
    ///
    /// # Errors
    /// [`ApiError`]
    pub async fn ephemeral(&self, channel: &str, user: &str, card: &Message) -> Result<(), ApiError> {
        let mut body = said(card);
        body.insert("channel".into(), channel.into());
        body.insert("user".into(), user.into());
        self.write("chat.postEphemeral", &Value::Object(body)).await.map(drop)
    }

    /// `apps.connections.open`. Returns the address of a socket, valid for one connection. The address contains a
    /// ticket, so it is a secret.
    ///
    /// # Errors
    /// [`ApiError`]
    pub async fn open_connection(&self) -> Result<String, ApiError> {
        let token = self.app_token.as_ref().ok_or(ApiError::Lost("there is no app token"))?;
        let session = self.client.open_session(token);
        let none = json!({});
        let call = session.http_session_api.http_post::<Value, Value>("apps.connections.open", &none, None);
        id(settle("apps.connections.open", tokio::time::timeout(CALL_TIMEOUT, call).await)?, "url")
    }

    /// Whether the address of a socket belongs to Slack: encrypted and in its domain, or on the same host as a base URL
    /// for tests.
    #[must_use]
    pub fn is_own_socket(&self, url: &str) -> bool {
        let Ok(url) = Url::parse(url) else { return false };
        hosts::is_slack(&self.base, &url, "wss")
            || (self.base.scheme() == "http"
                && url.scheme() == "ws"
                && url.host_str() == self.base.host_str())
    }

    /// `conversations.open`. Returns the channel of the direct messages with a person.
    ///
    /// # Errors
    /// [`ApiError`]
    pub async fn direct(&self, user: &str) -> Result<String, ApiError> {
        let channel = part(self.write("conversations.open", &json!({ "users": user })).await?, "channel")?;
        id(channel, "id")
    }

    /// `views.open`. Returns the id of the view.
    ///
    /// # Errors
    /// [`ApiError`]. A trigger id works once, within three seconds.
    pub async fn open_view(&self, trigger: &str, view: &Value) -> Result<String, ApiError> {
        let body = json!({ "trigger_id": trigger, "view": view });
        id(part(self.write("views.open", &body).await?, "view")?, "id")
    }

    /// `views.update`
    ///
    /// # Errors
    /// [`ApiError`]
    pub async fn update_view(&self, id: &str, view: &Value) -> Result<(), ApiError> {
        self.write("views.update", &json!({ "view_id": id, "view": view })).await.map(drop)
    }

    /// `views.publish`: publishes a person's App Home.
    ///
    /// # Errors
    /// [`ApiError`]
    pub async fn publish_home(&self, user: &str, view: &Value) -> Result<(), ApiError> {
        self.write("views.publish", &json!({ "user_id": user, "view": view })).await.map(drop)
    }

    /// `chat.getPermalink`
    ///
    /// # Errors
    /// [`ApiError`]
    pub async fn permalink(&self, channel: &str, ts: &str) -> Result<String, ApiError> {
        let params = [("channel", Some(channel)), ("message_ts", Some(ts))];
        let link = part(self.read("chat.getPermalink", &params).await?, "permalink")?;
        link.as_str().map(str::to_owned).ok_or(ApiError::Lost("an answer without its link"))
    }
}

fn api_token(token: &SecretString) -> SlackApiToken {
    SlackApiToken::new(SlackApiTokenValue(token.expose_secret().to_owned()))
}

fn said(card: &Message) -> Map<String, Value> {
    let mut body = Map::new();
    body.insert("text".into(), card.text.clone().into());
    if !card.blocks.is_empty() {
        body.insert("blocks".into(), card.blocks.clone().into());
    }
    body
}

fn id(object: Value, key: &str) -> Result<String, ApiError> {
    let text = object.get(key).and_then(Value::as_str).map(str::to_owned);
    text.ok_or(ApiError::Lost("an answer without its id"))
}

fn part(mut answer: Value, key: &str) -> Result<Value, ApiError> {
    answer.get_mut(key).map(Value::take).ok_or(ApiError::Lost("an answer without what was asked for"))
}

type Settled = Result<Result<Value, SlackClientError>, tokio::time::error::Elapsed>;

fn settle(method: &'static str, result: Settled) -> Result<Value, ApiError> {
    let result = match result {
        Err(_) => Err(ApiError::Lost("it took too long")),
        Ok(Ok(value)) if value.get("ok").and_then(Value::as_bool) == Some(false) => {
            Err(ApiError::Refused("unknown_error".to_owned()))
        }
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(reason(&error)),
    };
    counted(method, result)
}

/// Counts a call by its outcome.
pub(super) fn counted(method: &'static str, result: Result<Value, ApiError>) -> Result<Value, ApiError> {
    let outcome = match &result {
        Ok(_) => "ok",
        Err(ApiError::Limited(_)) => "limited",
        Err(ApiError::Refused(_)) => "refused",
        Err(ApiError::Lost(_)) => "lost",
    };
    metrics::counter!("reinstate_slack_calls_total", "method" => method, "outcome" => outcome).increment(1);
    if let Err(error) = &result {
        tracing::debug!(method, %error, "a call to Slack came to nothing");
    }
    result
}

/// The pause that Slack asks for, within bounds.
pub(super) fn retry_after(asked: Option<Duration>) -> Duration {
    let (shortest, longest) = RETRY_AFTER_RANGE;
    asked.unwrap_or(DEFAULT_RETRY_AFTER).clamp(shortest, longest)
}

fn reason(error: &SlackClientError) -> ApiError {
    match error {
        // `chat.postMessage` documents a spelling of its own.
        SlackClientError::ApiError(error)
            if ["ratelimited", "rate_limited"].contains(&error.code.as_str()) =>
        {
            ApiError::Limited(DEFAULT_RETRY_AFTER)
        }
        SlackClientError::ApiError(error) => ApiError::Refused(error.code.clone()),
        SlackClientError::RateLimitError(error) => ApiError::Limited(retry_after(error.retry_after)),
        SlackClientError::HttpError(_) => ApiError::Lost("an HTTP error"),
        SlackClientError::ProtocolError(_) => ApiError::Lost("an answer that cannot be read"),
        _ => ApiError::Lost("Slack cannot be reached"),
    }
}

#[cfg(test)]
mod tests {
    use slack_morphism::errors::{SlackClientApiError, SlackRateLimitError};

    use super::*;

    #[test]
    fn a_limit_is_believed_within_bounds_and_in_both_spellings() {
        let after = |after: Option<Duration>| {
            let error = SlackRateLimitError::new().opt_retry_after(after);
            reason(&SlackClientError::RateLimitError(error))
        };
        let seconds = |seconds| ApiError::Limited(Duration::from_secs(seconds));
        assert_eq!(after(Some(Duration::from_secs(u64::MAX))), seconds(900));
        assert_eq!(after(Some(Duration::MAX)), seconds(900));
        assert_eq!(after(Some(Duration::from_secs(901))), seconds(900));
        assert_eq!(after(Some(Duration::from_secs(7))), seconds(7));
        assert_eq!(after(Some(Duration::ZERO)), seconds(1));
        assert_eq!(after(None), seconds(5));
        for (code, limited) in [("ratelimited", true), ("rate_limited", true), ("is_archived", false)] {
            let error = reason(&SlackClientError::ApiError(SlackClientApiError::new(code.to_owned())));
            assert_eq!(matches!(error, ApiError::Limited(_)), limited, "{code}");
        }
    }
}
