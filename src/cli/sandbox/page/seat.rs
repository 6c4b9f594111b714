//! Where one sits: as whom, in which channel, and which part of the page a narrow screen shows. It stands in the
//! address, so that it survives a reload and Back works; what is not there is settled, never refused.

use std::collections::HashMap;
use std::convert::Infallible;

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use url::form_urlencoded::Serializer;

use super::people::CAST;
use reinstate_sandbox::slack::Slack;
use reinstate_sandbox::tenant::ADMINS;

/// The place of the App Home, which is no channel.
pub(super) const HOME_TAB: &str = "home";
/// The parts of the page a narrow screen shows one at a time.
pub(super) const TABS: &[(&str, &str)] =
    &[("chat", "Slack"), ("truth", "Tenant"), ("journal", "Journal"), ("stage", "Stage")];

/// A person at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seat {
    /// Slack user id.
    pub user: String,
    /// A channel id, or [`HOME_TAB`].
    pub place: String,
    /// One of [`TABS`].
    pub tab: String,
    /// What the list of stories is narrowed down to; empty shows all.
    pub find: String,
}

impl Seat {
    /// From the pairs of a query or form.
    pub(super) fn of(pairs: &HashMap<String, String>) -> Self {
        let get = |key: &str| pairs.get(key).cloned().unwrap_or_default();
        Self { user: get("as"), place: get("in"), tab: get("tab"), find: get("find") }
    }

    /// At the beginning of a story: as the operator, where approvals are asked.
    pub(super) fn first() -> Self {
        let user = CAST.first().map_or("", |person| person.id).to_owned();
        Self { user, place: ADMINS.to_owned(), tab: "chat".to_owned(), find: String::new() }
    }

    /// The nearest seat that there is.
    pub(super) fn settled(mut self, slack: &Slack) -> Self {
        let first = Self::first();
        if !CAST.iter().any(|person| person.id == self.user) {
            self.user = first.user;
        }
        if !TABS.iter().any(|(name, _)| *name == self.tab) {
            self.tab = first.tab;
        }
        let sees = |place: &str| slack.channels.get(place).is_some_and(|c| c.members.contains(&self.user));
        if self.place != HOME_TAB && !sees(&self.place) {
            let other = slack.channels.values().find(|channel| sees(&channel.id));
            self.place = if sees(&first.place) {
                first.place
            } else {
                other.map_or(HOME_TAB.to_owned(), |channel| channel.id.clone())
            };
        }
        self
    }

    pub(super) fn url(&self) -> String {
        let mut query = Serializer::new(String::new());
        query.append_pair("as", &self.user).append_pair("in", &self.place).append_pair("tab", &self.tab);
        if !self.find.is_empty() {
            query.append_pair("find", &self.find);
        }
        format!("/?{}", query.finish())
    }

    pub(super) fn with_user(&self, user: &str) -> Self {
        Self { user: user.to_owned(), tab: "chat".to_owned(), ..self.clone() }
    }

    pub(super) fn with_place(&self, place: &str) -> Self {
        Self { place: place.to_owned(), tab: "chat".to_owned(), ..self.clone() }
    }

    pub(super) fn with_tab(&self, tab: &str) -> Self {
        Self { tab: tab.to_owned(), ..self.clone() }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Seat {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let pairs = Query::<HashMap<String, String>>::from_request_parts(parts, state).await;
        Ok(Self::of(&pairs.map(|query| query.0).unwrap_or_default()))
    }
}
