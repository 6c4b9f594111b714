//! Atlassian's organization, user management and SCIM link APIs, all with the organization's key. It must never send
//! a write twice after an unknown outcome. It has no call that deletes a group or removes a person from the
//! directory.

pub mod actions;
pub mod event_stream;
pub mod events;
pub mod groups;
pub mod links;
pub mod manage;
pub mod users;

use std::collections::HashSet;
use std::marker::PhantomData;
use std::time::Duration;

use reqwest::{Method, Url};
use secrecy::SecretString;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::CallError;
use super::http::{Answer, Call, Http};
use super::lenient;
use super::rate_limit::RateLimiter;

const SERVICE: &str = "atlassian";

/// How many items one request may name, in every list of v2.
const MAX_NAMED: usize = 10;

/// With a hundred items per page, this is enough for a hundred thousand accounts.
const MAX_PAGES: usize = 1000;

/// How many lists of role holders are read at the same time. Three requests of other people still fit beside them.
const ROLE_LISTS_IN_FLIGHT: usize = 4;

/// A client for one organization.
pub struct Atlassian {
    http: Http,
    base: Url,
    org: String,
    key: SecretString,
    pace: RateLimiter,
    /// For the list of accounts, which limits the speed of a sweep.
    leading: RateLimiter,
    /// For the lists of role holders, which are read in parallel to the list of accounts.
    leading_roles: RateLimiter,
    last_active: RateLimiter,
    /// For the audit log: ten calls a minute.
    events: RateLimiter,
    /// For the stream of the audit log: fifty calls a minute.
    event_stream: RateLimiter,
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// The cursor of the next page.
    pub next: Option<String>,
}

/// One page of a list of which only the cursor was parsed.
pub struct UnreadPage<T> {
    /// The cursor of the next page.
    pub next: Option<String>,
    answer: Answer,
    item: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> UnreadPage<T> {
    fn new(answer: Answer) -> Result<Self, CallError> {
        let NextLink { links } = answer.json()?;
        Ok(Self { next: cursor(&links.next), answer, item: PhantomData })
    }

    pub fn read(self) -> Result<Vec<T>, CallError> {
        let listed: Listing<T> = self.answer.json()?;
        Ok(listed.data)
    }
}

#[derive(Deserialize)]
struct NextLink {
    #[serde(default, deserialize_with = "lenient::object")]
    links: Links,
}

#[derive(Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
struct Listing<T> {
    // Required, even if null: an answer about something else must not be read as an empty list.
    #[serde(deserialize_with = "lenient::list")]
    data: Vec<T>,
    #[serde(default, deserialize_with = "lenient::object")]
    links: Links,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Links {
    next: Value,
}

/// `{"data": …}` around one item; some answers have no such wrapper.
#[derive(Deserialize)]
#[serde(untagged)]
enum Wrapped<T> {
    In { data: T },
    Bare(T),
}

impl Atlassian {
    /// Opens no connection.
    #[must_use]
    pub fn new(http: Http, base: Url, org: String, key: SecretString, replicas: u32) -> Self {
        let pace = http.pace(RateLimiter::bucket(20, 5, 16, replicas));
        let last_active = http.pace(RateLimiter::window(200, Duration::from_secs(60), 8, replicas));
        let events = http.pace(RateLimiter::window(10, Duration::from_secs(60), 1, replicas));
        let event_stream = http.pace(RateLimiter::window(50, Duration::from_secs(60), 1, replicas));
        let (leading, leading_roles) = (pace.leading(1), pace.leading(ROLE_LISTS_IN_FLIGHT));
        Self { http, base, org, key, leading, leading_roles, pace, last_active, events, event_stream }
    }

    /// The same client for a sweep: all other requests have priority.
    #[must_use]
    pub fn in_background(&self) -> Self {
        Self {
            http: self.http.clone(),
            base: self.base.clone(),
            org: self.org.clone(),
            key: self.key.clone(),
            pace: self.pace.in_background(),
            leading: self.leading.clone(),
            leading_roles: self.leading_roles.clone(),
            last_active: self.last_active.in_background(),
            events: self.events.in_background(),
            event_stream: self.event_stream.in_background(),
        }
    }

    fn call(&self, method: Method) -> Call {
        Call::new(SERVICE, method, &self.base).bearer(&self.key)
    }

    /// `/admin/v2/orgs/{org}`
    fn v2(&self, method: Method) -> Call {
        self.call(method).at("admin/v2/orgs").id("org", &self.org)
    }

    /// `/admin/v2/orgs/{org}/directories/-`, only for reads. `-` means every directory that the key may manage.
    fn directories(&self, method: Method) -> Call {
        self.v2(method).at("directories/-")
    }

    /// `/admin/v1/orgs/{org}`
    fn v1(&self, method: Method) -> Call {
        self.call(method).at("admin/v1/orgs").id("org", &self.org)
    }

    async fn send(&self, call: &Call) -> Result<Answer, CallError> {
        self.http.send(call, &self.pace).await
    }

    /// Sends a write once. Its timeout is shorter than that of a read, because a run has a lease.
    async fn write(&self, call: Call) -> Result<(), CallError> {
        let patience = Duration::from_secs(30);
        self.send(&call.within(patience, patience)).await.map(drop)
    }

    async fn one<T: DeserializeOwned>(&self, call: &Call) -> Result<T, CallError> {
        Ok(match self.send(call).await?.json()? {
            Wrapped::In { data } | Wrapped::Bare(data) => data,
        })
    }

    async fn page<T: DeserializeOwned>(&self, call: &Call) -> Result<Page<T>, CallError> {
        let listed: Listing<T> = self.send(call).await?.json()?;
        Ok(Page { items: listed.data, next: cursor(&listed.links.next) })
    }

    /// Reads every page of a list; `ask` builds the call for a cursor.
    async fn all<T: DeserializeOwned>(
        &self,
        ask: impl Fn(Option<&str>) -> Call,
    ) -> Result<Vec<T>, CallError> {
        let (mut items, mut seen, mut at) = (Vec::new(), HashSet::new(), None::<String>);
        for _ in 0..MAX_PAGES {
            let page = self.page(&ask(at.as_deref())).await?;
            items.extend(page.items);
            let Some(next) = page.next else { return Ok(items) };
            if !seen.insert(next.clone()) {
                return Err(CallError::TooMany);
            }
            at = Some(next);
        }
        Err(CallError::TooMany)
    }

    /// Reads a list with GET requests, with the cursor in the query.
    async fn all_get<T: DeserializeOwned>(&self, call: Call) -> Result<Vec<T>, CallError> {
        self.all(|at| match at {
            Some(cursor) => call.clone().query("cursor", cursor),
            None => call.clone(),
        })
        .await
    }

    /// Reads a search with POST requests, with the cursor in the body. A search changes nothing, so it is repeatable.
    async fn all_post<T: DeserializeOwned>(&self, call: Call, body: Value) -> Result<Vec<T>, CallError> {
        let call = call.repeatable();
        self.all(|at| call.clone().json(beside(body.clone(), at))).await
    }
}

/// The body of a search with the cursor of the next page. The filters and `expand` are sent with every cursor,
/// because a cursor of a search does not contain them.
fn beside(mut body: Value, cursor: Option<&str>) -> Value {
    if let (Some(cursor), Some(parts)) = (cursor, body.as_object_mut()) {
        parts.insert("cursor".to_owned(), cursor.into());
    }
    body
}

/// Reads `links.next`: a bare token (v2), or, in the documents of v1, a URL with the token in its query.
fn cursor(next: &Value) -> Option<String> {
    let next = match next {
        Value::String(text) => text.as_str(),
        Value::Object(link) => link.get("href")?.as_str()?,
        _ => return None,
    };
    if next.is_empty() {
        return None;
    }
    let Some(query) = next.split_once('?').map(|(_, query)| query).filter(|q| q.contains("cursor=")) else {
        let bare = next.strip_prefix("cursor=").unwrap_or(next);
        return Some(bare.to_owned());
    };
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs.find(|(key, _)| key == "cursor").map(|(_, value)| value.into_owned()).filter(|c| !c.is_empty())
}

#[cfg(test)]
pub(super) mod testing {
    use super::*;
    use crate::upstream::probe::{Probe, Reply, Seen, http};

    /// An organization behind `/at` that answers as the test defines.
    pub async fn org(answer: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static) -> (Probe, Atlassian) {
        let probe = Probe::start(answer).await;
        let base = probe.url.join("at/").unwrap();
        (probe, Atlassian::new(http(), base, "o1".into(), "key".into(), 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn cursors_come_bare_or_in_an_address() {
        let of = |next: Value| cursor(&next);
        assert_eq!(of(json!(null)), None);
        assert_eq!(of(json!("")), None);
        assert_eq!(of(json!("a/b+c.d==")).as_deref(), Some("a/b+c.d=="));
        let url = "https://api.atlassian.com/admin/v1/orgs/o/users?limit=5&cursor=a%2Fb%2Bc";
        assert_eq!(of(json!(url)).as_deref(), Some("a/b+c"));
        assert_eq!(of(json!({"href": "/users?cursor=x"})).as_deref(), Some("x"));
    }
}
