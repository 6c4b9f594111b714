//! Which users and groups have changed since a place, by the delta queries of Microsoft Graph. An answer has no order and
//! may repeat itself, so it only names objects. It must never be used as their state, and a link from an answer must
//! never lead to another host.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Entra;
use super::directory::Member;
use crate::upstream::error::CallError;
use crate::upstream::http::Call;
use crate::upstream::lenient;

/// Only a change of a selected property is reported. These are the properties that decide about access, and those that a
/// job may map or scope by.
const USER_FIELDS: &str = "id,accountEnabled,userPrincipalName,mail,proxyAddresses,displayName,userType,\
                    mailNickname,employeeId,givenName,surname,jobTitle,department,companyName,\
                    onPremisesUserPrincipalName,onPremisesSamAccountName,onPremisesImmutableId,onPremisesExtensionAttributes";
const GROUP_FIELDS: &str = "id,displayName,securityEnabled,members";

/// How many pages are read at most; the next round continues after them.
const MAX_PAGES: usize = 20;

/// What changed since a place.
#[derive(Clone, Debug, PartialEq)]
pub struct Delta<T> {
    pub changed: Vec<T>,
    /// The link from which to read on.
    pub next: String,
    pub has_more: bool,
}

/// A user that has changed, or is gone.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub struct ChangedUser {
    #[serde(deserialize_with = "lenient::text")]
    pub id: Option<String>,
}

/// A group that has changed, or is gone, with the members that came or left.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub struct ChangedGroup {
    #[serde(deserialize_with = "lenient::text")]
    pub id: Option<String>,
    #[serde(rename = "@removed")]
    removed: Option<Value>,
    #[serde(rename = "members@delta", deserialize_with = "lenient::list")]
    pub members: Vec<Member>,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

impl ChangedGroup {
    pub fn is_removed(&self) -> bool {
        self.removed.is_some()
    }

    /// Whether the group itself has changed, and not only its members. An item that says neither counts as a change.
    pub fn is_itself_changed(&self) -> bool {
        let has_properties = self.rest.keys().any(|name| !name.starts_with('@'));
        self.is_removed() || has_properties || self.members.is_empty()
    }
}

#[derive(Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
struct Page<T> {
    // Required, even if null: an answer about something else must not be read as "nothing has changed".
    #[serde(deserialize_with = "lenient::list")]
    value: Vec<T>,
    #[serde(default, rename = "@odata.nextLink", deserialize_with = "lenient::text")]
    next: Option<String>,
    #[serde(default, rename = "@odata.deltaLink", deserialize_with = "lenient::text")]
    delta: Option<String>,
}

impl Entra {
    fn users_delta(&self) -> Call {
        self.get().at("users/delta")
    }

    /// With the header, an answer contains only the properties that have changed. Without it, a change of members would
    /// look like a change of the group.
    fn groups_delta(&self) -> Call {
        self.get().at("groups/delta").header("prefer", "return=minimal")
    }

    /// The place of now in the changes of users.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn latest_users(&self) -> Result<String, CallError> {
        let first = self.users_delta().query("$select", USER_FIELDS).query("$deltatoken", "latest");
        Ok(self.delta::<ChangedUser>(first).await?.next)
    }

    /// The place of now in the changes of groups.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn latest_groups(&self) -> Result<String, CallError> {
        let first = self.groups_delta().query("$select", GROUP_FIELDS).query("$deltatoken", "latest");
        Ok(self.delta::<ChangedGroup>(first).await?.next)
    }

    /// The users that have changed since a place.
    ///
    /// # Errors
    /// See [`CallError`]; [`CallError::is_expired_link`] if the service no longer knows the place.
    pub async fn changed_users(&self, place: &str) -> Result<Delta<ChangedUser>, CallError> {
        self.delta(self.users_delta().follow(place)?).await
    }

    /// The groups that have changed since a place, with the members that came or left.
    ///
    /// # Errors
    /// See [`CallError`]; [`CallError::is_expired_link`] if the service no longer knows the place.
    pub async fn changed_groups(&self, place: &str) -> Result<Delta<ChangedGroup>, CallError> {
        self.delta(self.groups_delta().follow(place)?).await
    }

    /// Reads a round to its end, or to the limit of pages. A page may be empty and still have a next one.
    async fn delta<T: DeserializeOwned>(&self, first: Call) -> Result<Delta<T>, CallError> {
        let (mut changed, mut call, mut at) = (Vec::new(), first.clone(), String::new());
        for _ in 0..MAX_PAGES {
            let page: Page<T> = self.send(call, &self.graph).await?.json()?;
            changed.extend(page.value);
            let (next, has_more) = match (page.next, page.delta) {
                (Some(next), None) => (next, true),
                (None, Some(next)) => (next, false),
                // One of them, never both (docs/reference/rules.md#entra-delta-queries).
                _ => return Err(CallError::Garbled { why: "not one link to read on from".to_owned() }),
            };
            // A link to another host is refused before it is kept.
            call = first.follow(&next)?;
            if !has_more {
                return Ok(Delta { changed, next, has_more });
            }
            if next == at {
                return Err(CallError::TooMany);
            }
            at = next;
        }
        Ok(Delta { changed, next: at, has_more: true })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{asked, tenant};
    use super::*;
    use crate::upstream::probe::{ok, status};

    fn group(item: &str) -> ChangedGroup {
        serde_json::from_str(item).unwrap()
    }

    #[test]
    fn a_change_of_members_is_not_a_change_of_the_group() {
        let members = r#""members@delta":[{"id":"u1","@removed":{"reason":"deleted"}}]"#;
        assert!(!group(&format!(r#"{{"@odata.type":"x","id":"g",{members}}}"#)).is_itself_changed());
        assert!(group(&format!(r#"{{"id":"g","displayName":null,{members}}}"#)).is_itself_changed());
        assert!(group(r#"{"id":"g","@removed":{"reason":"deleted"}}"#).is_itself_changed());
        assert!(group(r#"{"id":"g"}"#).is_itself_changed(), "something has changed");
    }

    #[tokio::test]
    async fn links_stay_at_home_and_an_answer_has_one_of_them() {
        let (probe, entra) = tenant(|seen, _| {
            let host = format!("http://{}/graph/v1.0/users/delta", seen.header("host"));
            let token = seen.line.split_once("deltatoken=").map_or("", |(_, token)| token);
            match token {
                "latest" => ok(format!(r#"{{"value":[],"@odata.deltaLink":"{host}?$deltatoken=1"}}"#)),
                "evil" => {
                    ok(r#"{"value":[],"@odata.deltaLink":"https://evil.example/v1.0/users/delta?t=1"}"#)
                }
                "none" => ok(r#"{"value":[]}"#),
                "loop" => ok(format!(r#"{{"value":[],"@odata.nextLink":"{host}?$deltatoken=loop"}}"#)),
                _ => status(404, r#"{"error":{"code":"ResyncRequired"}}"#),
            }
        })
        .await;
        let latest = entra.latest_users().await.unwrap();
        assert!(latest.ends_with("/graph/v1.0/users/delta?$deltatoken=1"), "{latest}");
        let at = |token: &str| latest.replace("=1", &format!("={token}"));
        assert_eq!(entra.changed_users(&at("evil")).await, Err(CallError::Foreign));
        assert!(matches!(entra.changed_users(&at("none")).await, Err(CallError::Garbled { .. })));
        assert_eq!(entra.changed_users(&at("loop")).await, Err(CallError::TooMany));
        assert!(entra.changed_users(&at("old")).await.unwrap_err().is_expired_link());
        let sent = asked(&probe).len();
        let foreign = entra.changed_users("https://evil.example/v1.0/users/delta?$deltatoken=1").await;
        assert_eq!(foreign, Err(CallError::Foreign));
        assert_eq!(asked(&probe).len(), sent, "and no token is sent there");
    }
}
