//! The links between SCIM records and accounts, with the organization's key. Breaking one makes the account
//! lose its synced groups until they are provisioned again.

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::Atlassian;
use crate::upstream::error::CallError;
use crate::upstream::http::Call;
use crate::upstream::lenient;

/// A SCIM record and the account it is linked to.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase", default)]
pub struct ScimLink {
    #[serde(deserialize_with = "lenient::text")]
    pub scim_user_id: Option<String>,
    /// `None`: the record exists, and is linked to nobody.
    #[serde(deserialize_with = "lenient::text")]
    pub atlassian_account_id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub org_id: Option<String>,
    #[serde(alias = "scimDirectoryId", deserialize_with = "lenient::text")]
    pub directory_id: Option<String>,
}

/// `scimLinks` must be there: an answer without it says nothing, and must not be read as "no links".
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Links {
    #[serde(deserialize_with = "lenient::list")]
    scim_links: Vec<ScimLink>,
}

impl Atlassian {
    /// `/admin/user-provisioning/v1/org/{org}`: singular, other than everywhere else.
    fn provisioning(&self, method: Method) -> Call {
        self.call(method).at("admin/user-provisioning/v1/org").id("org", &self.org)
    }

    /// The records linked to an account.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn scim_links(&self, account: &str) -> Result<Vec<ScimLink>, CallError> {
        let call = self.provisioning(Method::GET).at("user").id("account", account).at("get-scim-links");
        let links: Links = self.one(&call).await?;
        Ok(links.scim_links)
    }

    /// The records that have an address, linked or not.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn scim_links_for_email(&self, email: &str) -> Result<Vec<ScimLink>, CallError> {
        let call =
            self.provisioning(Method::POST).at("get-scim-links-for-email").json(json!({"email": email}));
        let links: Links = self.one(&call.repeatable()).await?;
        Ok(links.scim_links)
    }

    /// Breaks one record's link; the record stays.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn unlink(&self, directory: &str, scim_user: &str) -> Result<(), CallError> {
        let call = self
            .provisioning(Method::PATCH)
            .at("scimDirectoryId")
            .id("directory", directory)
            .at("scimUserId")
            .id("scim_user", scim_user)
            .at("unlink");
        self.write(call).await
    }

    /// Deletes an account's records in *every* directory of the organization; the account stays.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn forget_records(&self, account: &str) -> Result<(), CallError> {
        let call =
            self.provisioning(Method::DELETE).at("user").id("account", account).at("onlyDeleteUserInDB");
        self.write(call).await
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::org;
    use super::*;
    use crate::upstream::probe::{ok, status};

    #[tokio::test]
    async fn links_are_read_and_broken_once() {
        let (probe, org) = org(|seen, _| match seen.line.split(' ').next() {
            Some("GET") => ok(r#"{"data":{"scimLinks":null}}"#),
            Some("POST") => ok(r#"{"scimLinks":[{"scimUserId":"s","atlassianAccountId":null,"orgId":"o1","directoryId":"d"}]}"#),
            _ => status(500, ""),
        })
        .await;
        assert_eq!(org.scim_links("a:b").await.unwrap(), []);
        let links = org.scim_links_for_email("j@x").await.unwrap();
        assert_eq!(
            (links[0].scim_user_id.as_deref(), links[0].atlassian_account_id.as_deref()),
            (Some("s"), None)
        );
        assert!(!org.unlink("d", "s/..").await.unwrap_err().is_not_done());
        assert!(!org.forget_records("a:b").await.unwrap_err().is_not_done());
        assert_eq!(
            probe.lines(),
            [
                "GET /at/admin/user-provisioning/v1/org/o1/user/a%3Ab/get-scim-links",
                "POST /at/admin/user-provisioning/v1/org/o1/get-scim-links-for-email",
                "PATCH /at/admin/user-provisioning/v1/org/o1/scimDirectoryId/d/scimUserId/s%2F../unlink",
                "DELETE /at/admin/user-provisioning/v1/org/o1/user/a%3Ab/onlyDeleteUserInDB",
            ]
        );
        assert_eq!(probe.seen()[1].json(), json!({"email": "j@x"}));
    }

    #[tokio::test]
    async fn an_answer_about_something_else_is_not_no_links() {
        let (_probe, org) = org(|_, _| ok(r#"{"message":"hello"}"#)).await;
        assert!(matches!(org.scim_links("a").await.unwrap_err(), CallError::Garbled { .. }));
    }
}
