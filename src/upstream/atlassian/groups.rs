//! The groups of the organization and the roles they grant. It only reads, and must never change a group. The
//! identity provider owns the members of a synced group, and the permissions of a deleted group do not come back.

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::{Atlassian, MAX_NAMED};
use crate::upstream::error::CallError;
use crate::upstream::lenient;

#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct Group {
    #[serde(deserialize_with = "lenient::text")]
    pub id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub name: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub directory_id: Option<String>,
    #[serde(deserialize_with = "lenient::flag")]
    pub external_synced: Option<bool>,
    /// `external`, `admins`, `team-members`, `open`.
    #[serde(deserialize_with = "lenient::text")]
    pub managed_by: Option<String>,
    /// Only if it was asked for.
    #[serde(deserialize_with = "lenient::object")]
    pub counts: GroupCounts,
}

/// How many members a group has, and on how many resources it has roles. `None` when the answer does not say it.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub struct GroupCounts {
    #[serde(deserialize_with = "lenient::number")]
    pub users: Option<i64>,
    #[serde(deserialize_with = "lenient::number")]
    pub resources: Option<i64>,
}

impl Group {
    /// Whether the identity provider owns the members; `None` when the answer does not say it.
    #[must_use]
    pub fn is_synced(&self) -> Option<bool> {
        let by = self.managed_by.as_deref().map(|m| m.eq_ignore_ascii_case("external"));
        self.external_synced.or(by)
    }
}

/// A role that a group grants.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct GroupRoles {
    #[serde(deserialize_with = "lenient::text")]
    pub resource_id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub resource_owner: Option<String>,
    /// `None` when the answer does not contain the roles, which is not the same as no roles.
    #[serde(deserialize_with = "lenient::maybe_texts")]
    pub roles: Option<Vec<String>>,
    /// If set, this is a default group of the resource.
    #[serde(deserialize_with = "lenient::text")]
    pub default_role: Option<String>,
}

/// An app of the organization, with its seats.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub struct Workspace {
    /// The id of the resource, to which roles refer.
    #[serde(deserialize_with = "lenient::text")]
    pub id: Option<String>,
    #[serde(deserialize_with = "lenient::object")]
    pub attributes: WorkspaceAttributes,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct WorkspaceAttributes {
    #[serde(deserialize_with = "lenient::text")]
    pub name: Option<String>,
    /// The key of the app, such as `jira-software`.
    #[serde(deserialize_with = "lenient::text")]
    pub type_key: Option<String>,
    /// Where people open the app.
    #[serde(deserialize_with = "lenient::text")]
    pub host_url: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub status: Option<String>,
    #[serde(deserialize_with = "lenient::number")]
    pub usage: Option<i64>,
    #[serde(deserialize_with = "lenient::number")]
    pub capacity: Option<i64>,
}

impl Atlassian {
    /// The apps of the organization, with their seats.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn workspaces(&self) -> Result<Vec<Workspace>, CallError> {
        let call =
            self.call(Method::POST).at("admin/v2/orgs").id("org", &self.org).at("workspaces").repeatable();
        // In this API only, a body with a cursor must contain nothing else.
        self.all(|at| match at {
            Some(cursor) => call.clone().json(json!({"cursor": cursor})),
            None => call.clone().json(json!({"limit": 100})),
        })
        .await
    }

    /// The groups with these names; the case of letters is ignored.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn groups_by_name(&self, names: &[String]) -> Result<Vec<Group>, CallError> {
        self.groups("groupNames", names).await
    }

    /// The groups of all these accounts together.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn groups_of(&self, accounts: &[String]) -> Result<Vec<Group>, CallError> {
        self.groups("accountIds", accounts).await
    }

    /// The groups with these ids.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn groups_by_id(&self, ids: &[String]) -> Result<Vec<Group>, CallError> {
        self.groups("groupIds", ids).await
    }

    /// The groups whose names contain this text.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn groups_like(&self, text: &str) -> Result<Vec<Group>, CallError> {
        self.search_groups(json!({"searchTerm": text})).await
    }

    /// The groups that have a role on this resource.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn groups_on(&self, resource: &str) -> Result<Vec<Group>, CallError> {
        self.search_groups(json!({"resourceIds": [resource]})).await
    }

    /// Every group of the organization.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn every_group(&self) -> Result<Vec<Group>, CallError> {
        self.search_groups(json!({})).await
    }

    async fn groups(&self, by: &'static str, values: &[String]) -> Result<Vec<Group>, CallError> {
        let mut found = Vec::new();
        // An empty list means no filter, that is, every group. Without values, no request is sent.
        for some in values.chunks(MAX_NAMED) {
            found.extend(self.search_groups(json!({by: some})).await?);
        }
        Ok(found)
    }

    async fn search_groups(&self, mut body: serde_json::Value) -> Result<Vec<Group>, CallError> {
        if let Some(parts) = body.as_object_mut() {
            parts.insert("expand".to_owned(), json!(["counts.resources", "counts.users"]));
            parts.insert("limit".to_owned(), json!(100));
        }
        self.all_post(self.directories(Method::POST).at("groups/search"), body).await
    }

    pub async fn group_role_assignments(&self, group: &str) -> Result<Vec<GroupRoles>, CallError> {
        let call = self.directories(Method::GET).at("groups").id("group", group).at("role-assignments");
        self.all_get(call.query("limit", "100")).await
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::org;
    use super::*;
    use crate::upstream::probe::ok;

    #[tokio::test]
    async fn seats_are_read_page_by_page() {
        let (probe, org) = org(|_, n| {
            let next = if n == 1 { r#""n""# } else { "null" };
            ok(format!(r#"{{"data":[{{"id":"ari","attributes":{{"usage":10,"capacity":null}}}}],"links":{{"next":{next}}}}}"#))
        })
        .await;
        let spaces = org.workspaces().await.unwrap();
        assert_eq!(
            (spaces.len(), spaces[0].attributes.usage, spaces[0].attributes.capacity),
            (2, Some(10), None)
        );
        assert_eq!(probe.lines()[0], "POST /at/admin/v2/orgs/o1/workspaces");
        assert_eq!(probe.seen()[1].json(), json!({"cursor": "n"}));
    }

    #[tokio::test]
    async fn groups_and_what_they_grant() {
        let (probe, org) = org(|seen, _| {
            ok(if seen.line.starts_with("POST") {
                r#"{"data":[{"id":"g1","name":"Jira-Users","externalSynced":null,"managedBy":"EXTERNAL","managementAccess":null}],"links":{}}"#
            } else {
                r#"{"data":[{"resourceId":"ari","roles":null,"defaultRole":"atlassian/user"}],"links":{"next":""}}"#
            })
        })
        .await;
        let names: Vec<String> = (0..12).map(|n| format!("g\"{n}")).collect();
        let groups = org.groups_by_name(&names).await.unwrap();
        assert_eq!((groups.len(), groups[0].is_synced()), (2, Some(true)));
        let roles = org.group_role_assignments("g/1").await.unwrap();
        assert_eq!(roles[0].default_role.as_deref(), Some("atlassian/user"));
        assert_eq!(
            probe.lines(),
            [
                "POST /at/admin/v2/orgs/o1/directories/-/groups/search",
                "POST /at/admin/v2/orgs/o1/directories/-/groups/search",
                "GET /at/admin/v2/orgs/o1/directories/-/groups/g%2F1/role-assignments?limit=100",
            ]
        );
        assert_eq!(
            probe.seen()[1].json(),
            json!({"groupNames": ["g\"10", "g\"11"], "expand": ["counts.resources", "counts.users"], "limit": 100})
        );
    }
}
