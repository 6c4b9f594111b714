//! Private answers to a `response_url`. This client must never call another address than Slack's own hooks (or, for
//! tests, the host and port of `slack.api_url`). It must never follow a redirect, and never send the bot token.

use std::time::Duration;

use serde_json::{Map, Value};
use url::Url;

use super::blocks::Message;
use super::hosts;

/// The client for response URLs.
#[derive(Clone, Debug)]
pub struct Responses {
    http: reqwest::Client,
    ours: Url,
}

impl Responses {
    /// Allows Slack's hooks, and the host and port of this base URL.
    ///
    /// # Errors
    /// If the HTTP client cannot be built.
    pub fn new(api_url: &Url) -> Result<Self, reqwest::Error> {
        // A second installation is refused, which is harmless.
        rustls::crypto::ring::default_provider().install_default().ok();
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(5))
            .build()?;
        Ok(Self { http, ours: api_url.clone() })
    }

    /// Whether a response URL may be called.
    #[must_use]
    pub fn allows(&self, url: &str) -> bool {
        let Ok(url) = Url::parse(url) else { return false };
        if !url.username().is_empty() || url.password().is_some() {
            return false;
        }
        let same = url.scheme() == self.ours.scheme()
            && url.host_str() == self.ours.host_str()
            && url.port_or_known_default() == self.ours.port_or_known_default();
        hosts::is_hook(&self.ours, &url) || same
    }

    /// Sends a message to the person alone. Returns false if it did not arrive, or possibly did not.
    pub async fn send(&self, url: &str, card: &Message) -> bool {
        if !self.allows(url) {
            metrics::counter!("reinstate_response_urls_refused_total").increment(1);
            return false;
        }
        let request = self
            .http
            .post(url)
            .header("content-type", "application/json; charset=utf-8")
            .body(body(card).to_string());
        matches!(request.send().await, Ok(answer) if answer.status().is_success())
    }
}

/// The body: visible to the person alone, without replacing the original message, and without link previews.
fn body(card: &Message) -> Value {
    let mut body = Map::new();
    body.insert("response_type".into(), "ephemeral".into());
    body.insert("replace_original".into(), false.into());
    body.insert("unfurl_links".into(), false.into());
    body.insert("unfurl_media".into(), false.into());
    body.insert("text".into(), card.text.clone().into());
    if !card.blocks.is_empty() {
        body.insert("blocks".into(), card.blocks.clone().into());
    }
    Value::Object(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_private_replaces_nothing_and_unfurls_nothing() {
        let answer = body(&Message { text: "x".to_owned(), blocks: Vec::new() });
        let wanted = serde_json::json!({
            "response_type": "ephemeral", "replace_original": false, "unfurl_links": false, "unfurl_media": false, "text": "x"
        });
        assert_eq!(answer, wanted);
    }

    #[test]
    fn only_slack_is_answered() {
        let real = Responses::new(&Url::parse("https://slack.com/api").unwrap()).unwrap();
        let fake = Responses::new(&Url::parse("http://127.0.0.1:9000/api").unwrap()).unwrap();
        assert!(real.allows("https://hooks.slack.com/commands/T1/2/3"));
        assert!(fake.allows("http://127.0.0.1:9000/commands/x"));
        for bad in [
            "http://hooks.slack.com/commands/x",
            "https://hooks.slack.com.evil.example/x",
            "https://hooks.slack.com@evil.example/x",
            "https://evil@hooks.slack.com/x",
            "https://hooks.slack.com:8443/x",
            "http://169.254.169.254/latest",
            "file:///etc/passwd",
            "not a url",
        ] {
            assert!(!real.allows(bad), "{bad}");
        }
        assert!(!fake.allows("http://127.0.0.1:9001/commands/x"));
        assert!(!fake.allows("http://localhost:9000/commands/x"));
    }
}
