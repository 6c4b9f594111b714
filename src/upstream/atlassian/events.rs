//! The organization's audit log, for one question: who deactivated an account. The log needs Atlassian Guard, may lag by
//! a day and allows ten calls a minute. So it must never be read in bulk, and nothing may depend on it.

use std::collections::HashSet;

use jiff::Timestamp;
use reqwest::Method;
use serde::Deserialize;

use super::{Atlassian, Links, cursor};
use crate::upstream::error::CallError;
use crate::upstream::lenient;

/// The action, as `event-actions` lists it. Events contain it in lower case.
const DEACTIVATED: &str = "MANAGED_ACCOUNT_DEACTIVATED";
/// Each page has up to 500 events.
const MAX_PAGES: usize = 3;
/// The domain of the addresses of apps, which act through accounts of their own.
const APP_DOMAIN: &str = "@connect.atlassian.com";

#[derive(Deserialize)]
pub(super) struct Events {
    // Required: missing data must not be read as "no such event".
    #[serde(deserialize_with = "lenient::list")]
    pub data: Vec<Event>,
    #[serde(default, deserialize_with = "lenient::object")]
    meta: Meta,
    #[serde(default, deserialize_with = "lenient::object")]
    links: Links,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Meta {
    #[serde(deserialize_with = "lenient::text")]
    next: Option<String>,
}

#[derive(Clone, Deserialize, Default)]
#[serde(default)]
pub(super) struct Event {
    #[serde(deserialize_with = "lenient::text")]
    pub id: Option<String>,
    #[serde(deserialize_with = "lenient::object")]
    pub attributes: Attributes,
}

#[derive(Clone, Deserialize, Default)]
#[serde(default)]
pub(super) struct Attributes {
    #[serde(deserialize_with = "lenient::time")]
    pub time: Option<Timestamp>,
    #[serde(deserialize_with = "lenient::text")]
    pub action: Option<String>,
    #[serde(deserialize_with = "lenient::object")]
    actor: Actor,
    #[serde(deserialize_with = "lenient::list")]
    pub context: Vec<Context>,
}

#[derive(Clone, Deserialize, Default)]
#[serde(default)]
pub(super) struct Actor {
    #[serde(deserialize_with = "lenient::text")]
    name: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    email: Option<String>,
}

#[derive(Clone, Deserialize, Default)]
#[serde(default)]
pub(super) struct Context {
    #[serde(deserialize_with = "lenient::text")]
    pub id: Option<String>,
    #[serde(rename = "type", deserialize_with = "lenient::text")]
    pub kind: Option<String>,
}

impl Event {
    fn is_deactivation_of(&self, account: &str) -> bool {
        let action = self.attributes.action.as_deref().unwrap_or_default();
        let about = |context: &Context| context.id.as_deref() == Some(account);
        action.eq_ignore_ascii_case(DEACTIVATED) && self.attributes.context.iter().any(about)
    }

    /// The person who did it. An actor without an address, or with the address of an app, is no person. The actor of the
    /// system has a word in place of an address.
    pub(super) fn person(&self) -> Option<String> {
        let actor = &self.attributes.actor;
        let is_person = |email: &&str| email.contains('@') && !email.to_lowercase().ends_with(APP_DOMAIN);
        let email = actor.email.as_deref().filter(is_person)?;
        Some(actor.name.as_deref().unwrap_or(email).to_owned())
    }
}

impl Events {
    /// The cursor that follows this page.
    pub(super) fn next(&self) -> Option<String> {
        self.meta.next.clone().or_else(|| cursor(&self.links.next))
    }
}

impl Atlassian {
    /// The person who deactivated an account since then. `None` if the log names nobody.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn deactivated_by(&self, account: &str, since: Timestamp) -> Result<Option<String>, CallError> {
        let from = since.as_millisecond().to_string();
        let call = self.v1(Method::GET).at("events").query("action", DEACTIVATED).query("from", &from);
        let call = call.query("limit", "500");
        let (mut seen, mut at) = (HashSet::new(), None::<String>);
        for _ in 0..MAX_PAGES {
            let call = at.as_deref().map_or_else(|| call.clone(), |c| call.clone().query("cursor", c));
            let page: Events = self.http.send(&call, &self.events).await?.json()?;
            // The newest event comes first.
            if let Some(event) = page.data.iter().find(|event| event.is_deactivation_of(account)) {
                return Ok(event.person());
            }
            let Some(next) = page.next() else { return Ok(None) };
            if !seen.insert(next.clone()) {
                break;
            }
            at = Some(next);
        }
        Err(CallError::TooMany)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::org;
    use super::*;
    use crate::upstream::probe::{ok, status};

    fn event(action: &str, account: &str, actor: &str) -> String {
        format!(
            r#"{{"id":"e","type":"events","attributes":{{"action":"{action}","actor":{actor},"context":[{{"id":"{account}","type":"users"}}]}}}}"#
        )
    }

    const VERA: &str = r#"{"id":"v","name":"Vera","email":"vera@acme.example"}"#;

    #[tokio::test]
    async fn the_newest_deactivation_of_the_account_counts() {
        let rows = [
            event("user_added_to_group", "a1", VERA),
            event("managed_account_deactivated", "a2", r#"{"name":"Ada","email":"ada@acme.example"}"#),
            event("managed_account_deactivated", "a1", VERA),
            event("managed_account_deactivated", "a1", r#"{"name":"Old","email":"old@acme.example"}"#),
        ]
        .join(",");
        let (probe, org) =
            org(move |_, _| ok(format!(r#"{{"data":[{rows}],"meta":{{"next":null}}}}"#))).await;
        let since = Timestamp::from_millisecond(1_700_000_000_000).unwrap();
        assert_eq!(org.deactivated_by("a1", since).await.unwrap().as_deref(), Some("Vera"));
        assert_eq!(org.deactivated_by("a9", since).await.unwrap(), None);
        let path = probe.seen()[0].line.clone();
        assert!(path.contains("/admin/v1/orgs/o1/events?action=MANAGED_ACCOUNT_DEACTIVATED"), "{path}");
        assert!(path.contains("from=1700000000000&limit=500"), "{path}");
    }

    #[tokio::test]
    async fn an_app_or_a_nameless_actor_is_no_person() {
        let system = r#"{"id":"atlassian-internal-system","email":"atlassian-internal-system"}"#;
        let app = r#"{"name":"bot","email":"x@connect.atlassian.com"}"#;
        for actor in [app, system, r#"{"id":"system"}"#, "null"] {
            let rows = event("managed_account_deactivated", "a1", actor);
            let (_probe, org) = org(move |_, _| ok(format!(r#"{{"data":[{rows}]}}"#))).await;
            assert_eq!(org.deactivated_by("a1", Timestamp::UNIX_EPOCH).await.unwrap(), None, "{actor}");
        }
    }

    #[tokio::test]
    async fn a_refusal_or_a_log_without_an_end_is_no_answer() {
        let (_probe, refused) = org(|_, _| status(403, "{}")).await;
        assert!(refused.deactivated_by("a1", Timestamp::UNIX_EPOCH).await.is_err());
        let (_probe, endless) = org(|_, n| ok(format!(r#"{{"data":[],"meta":{{"next":"{n}"}}}}"#))).await;
        assert!(endless.deactivated_by("a1", Timestamp::UNIX_EPOCH).await.is_err());
    }
}
