//! One SCIM directory of Atlassian, with that directory's own key. The identity provider owns its content. Besides
//! reads, it must never do more than delete a record by id.

use std::time::Duration;

use reqwest::{Method, Url};
use secrecy::SecretString;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::error::{CallError, absent, whole};
use super::http::{Call, Http};
use super::rate_limit::RateLimiter;
use super::{lenient, literal};

const SERVICE: &str = "scim";

/// A client for one directory.
pub struct Scim {
    http: Http,
    base: Url,
    directory: String,
    key: SecretString,
    pace: RateLimiter,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct ScimUser {
    #[serde(deserialize_with = "lenient::text")]
    pub id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub external_id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub user_name: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub display_name: Option<String>,
    #[serde(deserialize_with = "lenient::list")]
    pub emails: Vec<ScimEmail>,
    #[serde(deserialize_with = "lenient::flag")]
    pub active: Option<bool>,
    /// `None` when the answer does not contain them.
    pub groups: Option<Vec<ScimRef>>,
    #[serde(
        rename = "urn:scim:schemas:extension:atlassian-external:1.0",
        deserialize_with = "lenient::object"
    )]
    extension: Extension,
    #[serde(deserialize_with = "lenient::object")]
    pub meta: Meta,
}

/// An address of a record.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub struct ScimEmail {
    #[serde(deserialize_with = "lenient::text")]
    pub value: Option<String>,
    #[serde(deserialize_with = "lenient::flag")]
    pub primary: Option<bool>,
}

/// A reference to a group or to a member.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub struct ScimRef {
    #[serde(deserialize_with = "lenient::text")]
    pub value: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub display: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
struct Extension {
    #[serde(deserialize_with = "lenient::text")]
    atlassian_account_id: Option<String>,
}

/// When a record was created and changed.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct Meta {
    #[serde(deserialize_with = "lenient::time")]
    pub created: Option<jiff::Timestamp>,
    #[serde(deserialize_with = "lenient::time")]
    pub last_modified: Option<jiff::Timestamp>,
}

impl ScimUser {
    /// The account that the record is linked to; `None` means unlinked.
    #[must_use]
    pub fn account_id(&self) -> Option<&str> {
        self.extension.atlassian_account_id.as_deref()
    }

    /// The primary address, or else the first one.
    #[must_use]
    pub fn email(&self) -> Option<&str> {
        let primary = self.emails.iter().find(|e| e.primary == Some(true));
        primary.or(self.emails.first()).and_then(|e| e.value.as_deref())
    }
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct ScimGroup {
    #[serde(deserialize_with = "lenient::text")]
    pub id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub external_id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub display_name: Option<String>,
    /// Record ids of this directory; `None` when the answer does not contain them.
    pub members: Option<Vec<ScimRef>>,
}

/// The result of a deletion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deleted {
    Now,
    AlreadyGone,
}

#[derive(Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
struct Listed<T> {
    #[serde(default, rename = "totalResults", deserialize_with = "lenient::number")]
    total: Option<i64>,
    #[serde(default, rename = "Resources", alias = "resources")]
    resources: Option<Vec<T>>,
}

impl Scim {
    /// Opens no connection.
    #[must_use]
    pub fn new(http: Http, base: Url, directory: String, key: SecretString, replicas: u32) -> Self {
        let pace = http.pace(RateLimiter::bucket(20, 5, 16, replicas));
        Self { http, base, directory, key, pace }
    }

    /// The same client for a sweep: all other requests have priority.
    #[must_use]
    pub fn in_background(&self) -> Self {
        Self {
            http: self.http.clone(),
            base: self.base.clone(),
            directory: self.directory.clone(),
            key: self.key.clone(),
            pace: self.pace.in_background(),
        }
    }

    fn call(&self, method: Method) -> Call {
        Call::new(SERVICE, method, &self.base)
            .bearer(&self.key)
            .at("scim/directory")
            .id("directory", &self.directory)
    }

    async fn one<T: DeserializeOwned>(&self, call: &Call) -> Result<T, CallError> {
        self.http.send(call, &self.pace).await?.json()
    }

    /// One page of all records from `start` (the first is 1), and the total number of records.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn users_page(&self, start: usize, count: usize) -> Result<(Vec<ScimUser>, usize), CallError> {
        self.page(self.call(Method::GET).at("Users"), start, count).await
    }

    /// One page of all groups without their members from `start`, and the total number of groups.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn groups_page(
        &self,
        start: usize,
        count: usize,
    ) -> Result<(Vec<ScimGroup>, usize), CallError> {
        self.page(self.call(Method::GET).at("Groups").query("excludedAttributes", "members"), start, count)
            .await
    }

    async fn page<T: DeserializeOwned>(
        &self,
        call: Call,
        start: usize,
        count: usize,
    ) -> Result<(Vec<T>, usize), CallError> {
        let call = call.query("startIndex", &start.to_string()).query("count", &count.to_string());
        let page: Listed<T> = self.one(&call).await?;
        let total = page.total.and_then(|total| usize::try_from(total).ok());
        let total = total.ok_or_else(|| CallError::Garbled { why: "no totalResults".to_owned() })?;
        Ok((page.resources.unwrap_or_default(), total))
    }

    /// All results of a filter. These are look-ups of one item, so more than a few pages is an error.
    async fn found<T: DeserializeOwned>(&self, call: &Call) -> Result<Vec<T>, CallError> {
        let mut all = Vec::new();
        for _ in 0..10 {
            let start = (all.len() + 1).to_string();
            let call = if all.is_empty() { call.clone() } else { call.clone().query("startIndex", &start) };
            let page: Listed<T> = self.one(&call).await?;
            // RFC 7644 allows an absent list if the total is zero. Without both, the answer is invalid.
            if page.total.is_none() && page.resources.is_none() {
                return Err(CallError::Garbled { why: "neither totalResults nor Resources".to_owned() });
            }
            let found = page.resources.unwrap_or_default();
            let empty = found.is_empty();
            all.extend(found);
            let total = page.total.and_then(|t| usize::try_from(t).ok()).unwrap_or(0);
            if empty || all.len() >= total {
                return Ok(all);
            }
        }
        Err(CallError::TooMany)
    }

    async fn users(&self, attribute: &'static str, value: &str) -> Result<Vec<ScimUser>, CallError> {
        let filter = format!("{attribute} eq {}", literal::scim(value));
        self.found(&self.call(Method::GET).at("Users").query("filter", &filter)).await
    }

    /// The records with this user name.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn users_by_name(&self, user_name: &str) -> Result<Vec<ScimUser>, CallError> {
        let found = self.users("userName", user_name).await?;
        Ok(found.into_iter().filter(|u| same(u.user_name.as_ref(), user_name)).collect())
    }

    /// The records with this external id.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn users_by_external_id(&self, external_id: &str) -> Result<Vec<ScimUser>, CallError> {
        let found = self.users("externalId", external_id).await?;
        Ok(found.into_iter().filter(|u| same(u.external_id.as_ref(), external_id)).collect())
    }

    /// One record.
    ///
    /// # Errors
    /// See [`CallError`]; not found is `None`.
    pub async fn user(&self, id: &str) -> Result<Option<ScimUser>, CallError> {
        whole(self.one(&self.call(Method::GET).at("Users").id("scim_user", id)).await, |u: &ScimUser| &u.id)
    }

    /// The groups with this name, without their members, because there may be hundreds of thousands.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn groups_by_name(&self, name: &str) -> Result<Vec<ScimGroup>, CallError> {
        let filter = format!("displayName eq {}", literal::scim(name));
        let call = self.call(Method::GET).at("Groups").query("filter", &filter);
        let found: Vec<ScimGroup> = self.found(&call.query("excludedAttributes", "members")).await?;
        Ok(found.into_iter().filter(|g| same(g.display_name.as_ref(), name)).collect())
    }

    /// One group, with its members.
    ///
    /// # Errors
    /// See [`CallError`]; not found is `None`.
    pub async fn group(&self, id: &str) -> Result<Option<ScimGroup>, CallError> {
        whole(self.one(&self.call(Method::GET).at("Groups").id("scim_group", id)).await, |g: &ScimGroup| {
            &g.id
        })
    }

    /// Deletes one record. Atlassian then deactivates the managed account that is linked to it.
    ///
    /// # Errors
    /// See [`CallError`]. The call is not repeated after an unknown outcome.
    pub async fn delete_user(&self, id: &str) -> Result<Deleted, CallError> {
        let patience = Duration::from_secs(30);
        let call = self.call(Method::DELETE).at("Users").id("scim_user", id).within(patience, patience);
        let gone = absent(self.http.send(&call, &self.pace).await)?;
        Ok(if gone.is_some() { Deleted::Now } else { Deleted::AlreadyGone })
    }
}

/// Checks the result of a filter again. SCIM ignores case, and a service that ignores a filter would return another
/// person.
fn same(found: Option<&String>, wanted: &str) -> bool {
    found.is_some_and(|f| f.to_lowercase() == wanted.to_lowercase())
}

#[cfg(test)]
#[path = "scim_tests.rs"]
mod tests;
