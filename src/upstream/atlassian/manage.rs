//! User management: what may be changed on a managed account, and the changes themselves. Every one of them
//! is sent once; any 4xx means that nothing was changed.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Map, Value, json};

use super::Atlassian;
use crate::upstream::error::CallError;
use crate::upstream::http::Call;
use crate::upstream::lenient;

/// Whether something may be done, and if not, why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Permission {
    Allowed,
    /// It may not; the key is such as `externalDirectory.scim` or `administrative.notMyself`.
    Refused(Option<String>),
}

/// The permissions on one account, by privilege (`email.set`, `lifecycle.delete`, …). A privilege that is not
/// there was not answered: unread, not allowed. Privileges by field are flattened: `profile.write.name`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Privileges(BTreeMap<String, Permission>);

impl Privileges {
    /// What was said about one privilege.
    #[must_use]
    pub fn get(&self, privilege: &str) -> Option<&Permission> {
        self.0.get(privilege)
    }

    /// Whether any answer gives this reason.
    #[must_use]
    pub fn any_refused_for(&self, reason: &str) -> bool {
        self.0.values().any(|p| matches!(p, Permission::Refused(Some(r)) if r.eq_ignore_ascii_case(reason)))
    }

    fn add(&mut self, name: &str, value: &Value) {
        let Value::Object(rule) = value else { return };
        if let Some(allowed) = rule.get("allowed") {
            let yes = allowed.as_bool().or_else(|| allowed.as_str().and_then(lenient::to_flag)) == Some(true);
            let reason = || match rule.get("reason") {
                Some(Value::Object(reason)) => reason.get("key").and_then(lenient::to_text),
                Some(other) => lenient::to_text(other),
                None => None,
            };
            let permission = if yes { Permission::Allowed } else { Permission::Refused(reason()) };
            self.0.insert(name.to_owned(), permission);
            return;
        }
        for (field, rule) in rule {
            self.add(&format!("{name}.{field}"), rule);
        }
    }
}

impl From<Map<String, Value>> for Privileges {
    fn from(document: Map<String, Value>) -> Self {
        let mut all = Self::default();
        for (name, value) in &document {
            all.add(name, value);
        }
        all
    }
}

impl Atlassian {
    fn manage(&self, method: Method, account: &str) -> Call {
        self.call(method).at("users").id("account", account).at("manage")
    }

    /// What may be done with an account. With no names, everything is asked; the documents leave open how a
    /// list of names is read, so they are sent as the document's default says, one pair each.
    ///
    /// # Errors
    /// See [`CallError`]. A 403 or 404 is an account that this organization does not manage.
    pub async fn privileges(&self, account: &str, names: &[&str]) -> Result<Privileges, CallError> {
        let call =
            names.iter().fold(self.manage(Method::GET, account), |call, name| call.query("privileges", name));
        let document: Map<String, Value> = self.one(&call).await?;
        let privileges = Privileges::from(document);
        if privileges.0.is_empty() {
            return Err(CallError::Garbled { why: "no privilege in the answer".to_owned() });
        }
        Ok(privileges)
    }

    /// Gives an account another address, and ends all its sessions.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn set_email(&self, account: &str, email: &str) -> Result<(), CallError> {
        self.write(self.manage(Method::PUT, account).at("email").json(json!({"email": email}))).await
    }

    /// Deactivates an account.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn disable(&self, account: &str) -> Result<(), CallError> {
        self.write(self.manage(Method::POST, account).at("lifecycle/disable").json(json!({}))).await
    }

    /// Activates an account.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn enable(&self, account: &str) -> Result<(), CallError> {
        self.write(self.manage(Method::POST, account).at("lifecycle/enable")).await
    }

    /// Schedules an account's deletion, due in 14 days.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn schedule_deletion(&self, account: &str) -> Result<(), CallError> {
        self.write(self.manage(Method::POST, account).at("lifecycle/delete")).await
    }

    /// Calls a scheduled deletion off.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn cancel_deletion(&self, account: &str) -> Result<(), CallError> {
        self.write(self.manage(Method::POST, account).at("lifecycle/cancel-delete")).await
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::org;
    use super::*;
    use crate::upstream::probe::{ok, status};

    #[tokio::test]
    async fn permissions_are_typed() {
        let (probe, org) = org(|_, _| {
            ok(r#"{"email.set":{"allowed":false,"reason":{"key":"externalDirectory.scim"}},
                "profile.write":{"name":{"allowed":"false","reason":null},"nickname":{"allowed":true}},
                "lifecycle.delete":{"allowed":true},"odd":7}"#)
        })
        .await;
        let privileges = org.privileges("557057:a/b", &["email.set", "lifecycle.delete"]).await.unwrap();
        let scim = Permission::Refused(Some("externalDirectory.scim".into()));
        assert_eq!(privileges.get("email.set"), Some(&scim));
        assert_eq!(privileges.get("profile.write.name"), Some(&Permission::Refused(None)));
        assert_eq!(privileges.get("lifecycle.delete"), Some(&Permission::Allowed));
        assert_eq!(privileges.get("lifecycle.enablement"), None);
        assert!(privileges.any_refused_for("ExternalDirectory.scim"));
        org.privileges("a", &[]).await.unwrap();
        assert_eq!(
            probe.lines(),
            [
                "GET /at/users/557057%3Aa%2Fb/manage?privileges=email.set&privileges=lifecycle.delete",
                "GET /at/users/a/manage",
            ]
        );
    }

    #[tokio::test]
    async fn changes_are_exact_and_sent_once() {
        let (probe, org) = org(|seen, _| match seen.line.ends_with("/delete") {
            true => status(504, ""),
            false => status(204, ""),
        })
        .await;
        org.set_email("a", "o\"k@x").await.unwrap();
        org.disable("a").await.unwrap();
        org.enable("a").await.unwrap();
        org.cancel_deletion("a").await.unwrap();
        assert!(!org.schedule_deletion("a").await.unwrap_err().is_not_done());
        assert_eq!(
            probe.lines(),
            [
                "PUT /at/users/a/manage/email",
                "POST /at/users/a/manage/lifecycle/disable",
                "POST /at/users/a/manage/lifecycle/enable",
                "POST /at/users/a/manage/lifecycle/cancel-delete",
                "POST /at/users/a/manage/lifecycle/delete",
            ]
        );
        assert_eq!(probe.seen()[0].json(), json!({"email": "o\"k@x"}));
    }
}
