//! Microsoft's access token by client credentials. It is fetched once for all waiting callers and cached until
//! shortly before it expires. It must never show the client secret or the token, and never retry a refused request in
//! a loop.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Method, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::assertion::{self, Certificate, Federated};
use super::error::CallError;
use super::http::{Call, Http};
use super::lenient;
use super::rate_limit::RateLimiter;

/// Microsoft recommends a new token some minutes before the old one expires.
const RENEWAL_MARGIN: Duration = Duration::from_secs(300);

/// How the application authenticates.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum EntraCredential {
    Secret(SecretString),
    /// A certificate registered with the application.
    Certificate(Arc<Certificate>),
    /// An assertion of another identity provider.
    Federated(Federated),
}

struct Held {
    token: SecretString,
    until: Instant,
}

#[derive(Default)]
struct State {
    held: Option<Held>,
    failed: Option<(Instant, CallError)>,
}

/// The token of one application in one tenant.
pub struct Tokens {
    http: Http,
    pace: RateLimiter,
    login_url: Url,
    tenant: String,
    client_id: String,
    credential: EntraCredential,
    scope: &'static str,
    state: Mutex<State>,
}

#[derive(Deserialize)]
struct Granted {
    #[serde(default, deserialize_with = "lenient::text")]
    access_token: Option<String>,
    #[serde(default, deserialize_with = "lenient::number")]
    expires_in: Option<i64>,
}

impl Tokens {
    /// Fetches nothing before the first use.
    #[must_use]
    pub fn new(
        http: Http,
        login_url: Url,
        graph_url: &Url,
        tenant: String,
        client_id: String,
        credential: EntraCredential,
    ) -> Self {
        let pace = RateLimiter::bucket(5, 1, 2, 1);
        let scope = scope(graph_url);
        Self { http, pace, login_url, tenant, client_id, credential, scope, state: Mutex::default() }
    }

    pub(super) fn client_id(&self) -> &str {
        &self.client_id
    }

    pub(super) fn credential(&self) -> &EntraCredential {
        &self.credential
    }

    /// A token that is valid for some minutes more.
    ///
    /// # Errors
    /// Never "unknown": without a token, the call that needed it was not sent.
    pub async fn bearer(&self) -> Result<SecretString, CallError> {
        let asked = Instant::now();
        let mut state = self.state.lock().await;
        if let Some(held) = state.held.as_ref().filter(|h| Instant::now() < h.until) {
            return Ok(held.token.clone());
        }
        // A caller that waited during a failed attempt of another caller gets the same error. More attempts would not
        // help.
        if let Some((at, error)) = state.failed.as_ref().filter(|(at, _)| *at >= asked) {
            tracing::debug!(waited = ?at.duration_since(asked), "no token: an attempt just failed");
            return Err(error.clone());
        }
        match self.fetch().await {
            Ok(held) => {
                let token = held.token.clone();
                *state = State { held: Some(held), failed: None };
                Ok(token)
            }
            Err(error) => {
                let error = error.before_sending();
                state.failed = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }

    /// Drops this token, unless it was already replaced.
    pub async fn refused(&self, token: &SecretString) {
        let mut state = self.state.lock().await;
        if state.held.as_ref().is_some_and(|h| h.token.expose_secret() == token.expose_secret()) {
            state.held = None;
        }
    }

    async fn fetch(&self) -> Result<Held, CallError> {
        let mut form = vec![
            ("grant_type", SecretString::from("client_credentials")),
            ("client_id", SecretString::from(self.client_id.clone())),
            ("scope", SecretString::from(self.scope)),
        ];
        let call = Call::new("entra-login", Method::POST, &self.login_url)
            .id("tenant", &self.tenant)
            .at("oauth2/v2.0/token");
        let broken = |why: String| CallError::Unreachable { why: format!("no token: {why}") };
        let assertion = match &self.credential {
            EntraCredential::Secret(secret) => {
                form.push(("client_secret", secret.clone()));
                None
            }
            EntraCredential::Certificate(certificate) => {
                let made =
                    certificate.assertion(call.target().as_str(), &self.client_id, crate::clock::now());
                Some(made.ok_or_else(|| broken("the certificate's key could not sign".to_owned()))?)
            }
            EntraCredential::Federated(federated) => Some(federated.read().map_err(broken)?),
        };
        if let Some(assertion) = assertion {
            form.push(("client_assertion_type", SecretString::from(assertion::ASSERTION_TYPE)));
            form.push(("client_assertion", assertion));
        }
        let call = call.form(form).repeatable();
        let started = Instant::now();
        let granted: Granted = self.http.send(&call, &self.pace).await?.json()?;
        let token = granted.access_token.map(SecretString::from);
        let token = token.ok_or_else(|| CallError::Garbled { why: "no access_token".to_owned() })?;
        let life = granted
            .expires_in
            .and_then(|s| u64::try_from(s).ok())
            .map_or(RENEWAL_MARGIN, Duration::from_secs);
        // A token with a lifetime shorter than the margin is used for half of its lifetime.
        let good = life.saturating_sub(RENEWAL_MARGIN).max(life / 2).min(Duration::from_secs(86_400));
        Ok(Held { token, until: started + good })
    }
}

/// The scope of the token. The national clouds have their own. Any other host (a simulator, a proxy) gets the scope
/// of the global cloud.
fn scope(graph_url: &Url) -> &'static str {
    match graph_url.host_str().unwrap_or_default() {
        "graph.microsoft.us" => "https://graph.microsoft.us/.default",
        "dod-graph.microsoft.us" => "https://dod-graph.microsoft.us/.default",
        "microsoftgraph.chinacloudapi.cn" => "https://microsoftgraph.chinacloudapi.cn/.default",
        _ => "https://graph.microsoft.com/.default",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream::probe::{Probe, http, ok, status};
    use std::sync::Arc;

    fn tokens(probe: &Probe) -> Arc<Tokens> {
        let credential = EntraCredential::Secret("s&cret +".into());
        let base = probe.url.join("login").unwrap();
        Arc::new(Tokens::new(http(), base.clone(), &base, "acme.example".into(), "app".into(), credential))
    }

    #[tokio::test]
    async fn one_request_for_all_who_wait() {
        let probe =
            Probe::start(|_, n| ok(format!(r#"{{"access_token":"t{n}","expires_in":"3599"}}"#))).await;
        let tokens = tokens(&probe);
        let many: Vec<_> = (0..16)
            .map(|_| {
                tokio::spawn({
                    let t = Arc::clone(&tokens);
                    async move { t.bearer().await }
                })
            })
            .collect();
        for one in many {
            assert_eq!(one.await.unwrap().unwrap().expose_secret(), "t1");
        }
        let seen = probe.seen();
        assert_eq!(seen.len(), 1);
        assert_eq!(seen[0].line, "POST /login/acme.example/oauth2/v2.0/token");
        assert_eq!(
            seen[0].body,
            "grant_type=client_credentials&client_id=app&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default&client_secret=s%26cret+%2B"
        );
        // The token is dropped after a refusal, but only once.
        tokens.refused(&"t1".into()).await;
        assert_eq!(tokens.bearer().await.unwrap().expose_secret(), "t2");
        tokens.refused(&"t1".into()).await;
        assert_eq!(tokens.bearer().await.unwrap().expose_secret(), "t2");
    }

    #[tokio::test]
    async fn a_short_token_is_not_kept_past_its_life() {
        let probe = Probe::start(|_, n| ok(format!(r#"{{"access_token":"t{n}","expires_in":0}}"#))).await;
        let tokens = tokens(&probe);
        assert_eq!(tokens.bearer().await.unwrap().expose_secret(), "t1");
        assert_eq!(tokens.bearer().await.unwrap().expose_secret(), "t2");
    }

    #[tokio::test]
    async fn refusals_speak_plainly_and_hide_the_secret() {
        let probe = Probe::start(|_, _| {
            status(401, r#"{"error":"invalid_client","error_description":"AADSTS7000222: expired","error_codes":[7000222]}"#)
        })
        .await;
        let error = tokens(&probe).bearer().await.unwrap_err();
        assert_eq!(
            error.reason(),
            "401 AADSTS7000222: the client secret has expired; make a new one in the app registration"
        );
        let probe = Probe::start(|_, _| ok("[]")).await;
        let error = tokens(&probe).bearer().await.unwrap_err();
        assert!(error.is_not_done(), "{error:?}");
    }
}
