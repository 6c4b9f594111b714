//! Microsoft Graph, as far as a diagnosis and its harmless repairs need it. It must never write to the identity
//! provider's directory, and never send the token to another origin.

pub mod attributes;
pub mod audit;
pub mod bulk;
pub mod credential;
pub mod delta;
pub mod directory;
pub mod jobs;
pub mod log;
pub mod log_feed;
pub mod ondemand;
pub mod schema;
pub mod steps;

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Method, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::error::CallError;
use super::http::{Answer, Call, Http};
use super::lenient;
use super::rate_limit::RateLimiter;
use super::token::Tokens;

const SERVICE: &str = "entra";

/// With up to 999 items per page, this is more than any tenant has.
const MAX_PAGES: usize = 500;

/// A client for one tenant and the bot's application in it.
pub struct Entra {
    http: Http,
    base: Url,
    tokens: Arc<Tokens>,
    graph: RateLimiter,
    on_demand: RateLimiter,
    audit: RateLimiter,
}

#[derive(Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
struct Listed<T> {
    // Required, even if null: an answer about something else must not be read as an empty list.
    #[serde(deserialize_with = "lenient::list")]
    value: Vec<T>,
    #[serde(default, rename = "@odata.nextLink", deserialize_with = "lenient::text")]
    next: Option<String>,
}

impl Entra {
    /// Opens no connection.
    #[must_use]
    pub fn new(http: Http, graph_url: Url, tokens: Tokens, replicas: u32) -> Self {
        let ten_seconds = Duration::from_secs(10);
        let graph = http.pace(RateLimiter::bucket(40, 20, 16, replicas));
        // The two published limits: 5 requests in 10 s each.
        let on_demand = http.pace(RateLimiter::window(5, ten_seconds, 5, replicas));
        let audit = http.pace(RateLimiter::window(5, ten_seconds, 4, replicas));
        Self { http, base: graph_url, tokens: Arc::new(tokens), graph, on_demand, audit }
    }

    /// The same client for a sweep: all other requests have priority.
    #[must_use]
    pub fn in_background(&self) -> Self {
        Self {
            http: self.http.clone(),
            base: self.base.clone(),
            tokens: Arc::clone(&self.tokens),
            graph: self.graph.in_background(),
            on_demand: self.on_demand.in_background(),
            audit: self.audit.in_background(),
        }
    }

    fn get(&self) -> Call {
        Call::new(SERVICE, Method::GET, &self.base).at("v1.0")
    }

    /// For the only read that Microsoft documents in the beta version alone.
    fn get_beta(&self) -> Call {
        Call::new(SERVICE, Method::GET, &self.base).at("beta")
    }

    fn post(&self) -> Call {
        Call::new(SERVICE, Method::POST, &self.base).at("v1.0")
    }

    /// Sends a call with a token. If the token is refused, one new token is fetched. A 401 means that nothing was
    /// done, so sending again is safe even for a write. A 401 for a missing right is not about the token
    /// (docs/reference/rules.md#entra-missing-right).
    async fn send(&self, call: Call, pace: &RateLimiter) -> Result<Answer, CallError> {
        let token = self.tokens.bearer().await?;
        match self.http.send(&call.clone().bearer(&token), pace).await {
            Err(error) if error.is_missing_right() => Err(error),
            Err(CallError::Refused { status: 401, .. }) => {
                self.tokens.refused(&token).await;
                let token = self.tokens.bearer().await?;
                self.http.send(&call.bearer(&token), pace).await
            }
            other => other,
        }
    }

    async fn one<T: DeserializeOwned>(&self, call: Call) -> Result<T, CallError> {
        self.send(call, &self.graph).await?.json()
    }

    async fn all<T: DeserializeOwned>(&self, call: Call) -> Result<Vec<T>, CallError> {
        match self.pages(call, &self.graph, MAX_PAGES).await? {
            (items, true) => Ok(items),
            (_, false) => Err(CallError::TooMany),
        }
    }

    /// Reads up to `most` pages and tells whether these were all. A page may be empty and still have a next one. The
    /// headers are sent with every page.
    async fn pages<T: DeserializeOwned>(
        &self,
        first: Call,
        pace: &RateLimiter,
        most: usize,
    ) -> Result<(Vec<T>, bool), CallError> {
        let (mut items, mut seen) = (Vec::new(), std::collections::HashSet::new());
        let mut call = first.clone();
        for _ in 0..most {
            let page: Listed<T> = self.send(call, pace).await?.json()?;
            items.extend(page.value);
            let Some(next) = page.next else { return Ok((items, true)) };
            call = first.follow(&next)?;
            if !seen.insert(next) {
                return Err(CallError::TooMany);
            }
        }
        Ok((items, false))
    }
}

#[cfg(test)]
pub(super) mod testing {
    use super::*;
    use crate::upstream::probe::{Probe, Reply, Seen, http, ok};
    use crate::upstream::token::EntraCredential;

    /// A tenant behind `/graph` that answers as the test defines; the tokens are `t1`, `t2`, ….
    pub async fn tenant(answer: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static) -> (Probe, Entra) {
        let probe = Probe::start(move |seen, n| {
            if seen.line.contains("/oauth2/") {
                ok(format!(r#"{{"access_token":"t{n}","expires_in":3599}}"#))
            } else {
                answer(seen, n)
            }
        })
        .await;
        let (login, graph) = (probe.url.join("login").unwrap(), probe.url.join("graph").unwrap());
        let secret = EntraCredential::Secret("secret".into());
        let tokens = Tokens::new(http(), login, &graph, "tenant".into(), "client".into(), secret);
        let entra = Entra::new(http(), graph, tokens, 1);
        (probe, entra)
    }

    /// The request lines, without those of `POST /login/…/token`.
    pub fn asked(probe: &Probe) -> Vec<String> {
        probe.lines().into_iter().filter(|l| !l.contains("/oauth2/")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{asked, tenant};
    use super::*;
    use crate::upstream::probe::{ok, status};
    use serde_json::Value;

    #[tokio::test]
    async fn pages_are_followed_at_home_only_and_end() {
        let (probe, entra) = tenant(|seen, _| {
            let host = format!("http://{}", seen.header("host"));
            assert_eq!(seen.header("consistencylevel"), "eventual", "repeated on each page");
            ok(match seen.line.split_once("page=").map(|p| p.1) {
                None => format!(r#"{{"value":[{{"id":1}}],"@odata.nextLink":"{host}/graph/v1.0/x?page=2"}}"#),
                Some("2") => format!(r#"{{"value":[],"@odata.nextLink":"{host}/graph/v1.0/x?page=3"}}"#),
                Some("3") => r#"{"value":[{"id":2}],"@odata.nextLink":null}"#.to_owned(),
                Some("loop") => {
                    format!(r#"{{"value":null,"@odata.nextLink":"{host}/graph/v1.0/x?page=loop"}}"#)
                }
                Some(_) => r#"{"value":[],"@odata.nextLink":"http://evil.example/graph/v1.0/x"}"#.to_owned(),
            })
        })
        .await;
        let list = || entra.get().at("x").header("consistencylevel", "eventual");
        assert_eq!(entra.all::<Value>(list()).await.unwrap().len(), 2);
        assert_eq!(entra.all::<Value>(list().query("page", "loop")).await.unwrap_err(), CallError::TooMany);
        assert_eq!(entra.all::<Value>(list().query("page", "bad")).await.unwrap_err(), CallError::Foreign);
        assert_eq!(asked(&probe).len(), 3 + 2 + 1);
    }

    #[tokio::test]
    async fn a_refused_token_is_replaced_once() {
        let (probe, entra) = tenant(|seen, _| {
            if seen.header("authorization") == "Bearer t1" { status(401, "{}") } else { ok(r#"{"a":1}"#) }
        })
        .await;
        let body: Value = entra.one(entra.get().at("x")).await.unwrap();
        assert_eq!(body["a"], 1);
        assert_eq!(asked(&probe).len(), 2);
        let (probe, entra) = tenant(|_, _| status(401, "{}")).await;
        assert_eq!(entra.one::<Value>(entra.get().at("x")).await.unwrap_err().status(), Some(401));
        assert_eq!(asked(&probe).len(), 2);
    }

    #[tokio::test]
    async fn a_401_for_a_missing_right_is_not_about_the_token() {
        let (probe, entra) =
            tenant(|_, _| status(401, r#"{"error":{"code":"UnknownError","message":""}}"#)).await;
        let error = entra.start_job("sp", "job").await.unwrap_err();
        assert_eq!(error.reason(), "401 UnknownError: the application lacks a right for this call");
        assert!(error.is_not_done());
        assert_eq!(asked(&probe).len(), 1, "no second token is used for it");
    }

    #[tokio::test]
    async fn a_refusal_in_the_middle_of_a_list_is_no_end() {
        let (_probe, entra) = tenant(|seen, _| match seen.line.contains("page=2") {
            true => status(400, r#"{"error":{"code":"BadRequest","message":"Invalid filter clause"}}"#),
            false => {
                let host = seen.header("host");
                let next = format!("http://{host}/graph/v1.0/auditLogs/x?page=2");
                ok(format!(r#"{{"value":[{{"id":"1"}}],"@odata.nextLink":"{next}"}}"#))
            }
        })
        .await;
        let since = "2026-11-01T00:00:00Z".parse().unwrap();
        assert_eq!(entra.member_of("u").await.unwrap_err().status(), Some(400));
        assert_eq!(entra.job_changes(since).await.unwrap_err().status(), Some(400));
        assert_eq!(entra.job_log("job", since).await.unwrap_err().status(), Some(400));
        assert_eq!(entra.provisioning_log("job", "u", since).await.unwrap_err().status(), Some(400));
        let (mut users, mut entries) = (0, 0);
        assert!(entra.every_user(&std::collections::BTreeSet::new(), |_| users += 1).await.is_err());
        assert!(entra.every_log_entry("job", since, |_| entries += 1).await.is_err());
        assert_eq!((users, entries), (1, 1), "what came before the refusal is not the whole");
    }
}
