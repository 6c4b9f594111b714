//! Lists of the whole tenant, page by page, for sweeps. It only reads, and must never hold a whole list in memory.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use serde::de::DeserializeOwned;

use super::attributes::selected;
use super::directory::{Member, User};
use super::log::{LogEntry, Raw};
use super::{Entra, Listed};
use crate::upstream::error::CallError;
use crate::upstream::http::Call;
use crate::upstream::literal;
use crate::upstream::rate_limit::RateLimiter;

/// What a sweep needs of every user, besides the attributes that the job's mapping uses.
const USER_FIELDS: &str = "id,userPrincipalName,mail,proxyAddresses,otherMails,accountEnabled,userType,displayName,\
                    createdDateTime,onPremisesSyncEnabled";

/// With up to 999 items per page, this is more than any tenant has.
const MAX_BULK_PAGES: usize = 5000;

impl Entra {
    /// Reads all existing users page by page, with these attributes of the schema.
    ///
    /// # Errors
    /// See [`CallError`]. The users before the error were correct but are not complete.
    pub async fn every_user(
        &self,
        attributes: &BTreeSet<String>,
        each: impl FnMut(User) + Send,
    ) -> Result<(), CallError> {
        let mut select = USER_FIELDS.to_owned();
        let properties: BTreeSet<String> = attributes.iter().filter_map(|name| selected(name)).collect();
        for property in properties {
            select.push(',');
            select.push_str(&property);
        }
        let call = self.get().at("users").query("$select", &select).query("$top", "999");
        self.each::<User, _>(call, &self.graph, each).await
    }

    /// Reads all users that were deleted within the last 30 days, page by page.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn every_deleted_user(&self, each: impl FnMut(User) + Send) -> Result<(), CallError> {
        let call = self.get().at("directory/deletedItems/microsoft.graph.user");
        self.each::<User, _>(call.query("$select", USER_FIELDS).query("$top", "999"), &self.graph, each).await
    }

    /// Reads all direct members of a group, page by page.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn every_member(&self, group: &str, each: impl FnMut(Member) + Send) -> Result<(), CallError> {
        let call = self.get().at("groups").id("group", group).at("members");
        self.each::<Member, _>(call.query("$select", "id").query("$top", "999"), &self.graph, each).await
    }

    /// Reads the job's log since a time, newest first, page by page.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn every_log_entry(
        &self,
        job: &str,
        since: Timestamp,
        each: impl FnMut(LogEntry) + Send,
    ) -> Result<(), CallError> {
        let filter = format!("jobId eq {} and activityDateTime gt {since:.0}", literal::odata(job));
        let call = self
            .get()
            .at("auditLogs/provisioning")
            .query("$filter", &filter)
            .query("$orderby", "activityDateTime desc")
            .query("$top", "500")
            .within(Duration::from_secs(30), Duration::from_secs(60));
        self.each::<Raw, _>(call, &self.audit, each).await
    }

    /// Reads a list to its end. If the cursor expires, it starts again once; `each` must then ignore duplicates.
    async fn each<T: DeserializeOwned + Send, I: From<T> + Send>(
        &self,
        first: Call,
        pace: &RateLimiter,
        mut each: impl FnMut(I) + Send,
    ) -> Result<(), CallError> {
        let mut again = true;
        loop {
            match self.walk::<T, I>(&first, pace, &mut each).await {
                Err(CallError::Refused { status: 400 | 410, code, .. })
                    if again && is_expired(code.as_deref()) =>
                {
                    again = false;
                }
                done => return done,
            }
        }
    }

    async fn walk<T: DeserializeOwned + Send, I: From<T> + Send>(
        &self,
        first: &Call,
        pace: &RateLimiter,
        each: &mut (impl FnMut(I) + Send),
    ) -> Result<(), CallError> {
        let mut seen = std::collections::HashSet::new();
        let mut call = first.clone();
        for _ in 0..MAX_BULK_PAGES {
            let page: Listed<T> = self.send(call, pace).await?.json()?;
            page.value.into_iter().for_each(|item| each(item.into()));
            let Some(next) = page.next else { return Ok(()) };
            call = first.follow(&next)?;
            if !seen.insert(next) {
                return Err(CallError::TooMany);
            }
        }
        Err(CallError::TooMany)
    }
}

fn is_expired(code: Option<&str>) -> bool {
    code.is_some_and(|code| {
        let code = code.to_ascii_lowercase();
        code.contains("expired") || code.contains("token") || code.contains("skip")
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{asked, tenant};
    use super::*;
    use crate::upstream::probe::{ok, status};

    #[tokio::test]
    async fn an_expired_place_is_looked_for_once_more_and_a_repeated_page_ends_it() {
        let (probe, entra) = tenant(|seen, n| {
            let next = |page: &str| {
                let host = format!("http://{}", seen.header("host"));
                ok(format!(
                    r#"{{"value":[{{"id":"u{page}"}}],"@odata.nextLink":"{host}/graph/v1.0/users?p={page}"}}"#
                ))
            };
            match seen.line.split_once("p=").filter(|(head, _)| head.ends_with('?')).map(|(_, page)| page) {
                None => next("2"),
                Some("2") if n == 3 => status(400, r#"{"error":{"code":"Directory_ExpiredPageToken"}}"#),
                Some("2") => next("3"),
                Some(_) => ok(r#"{"value":[{"id":"last"}]}"#),
            }
        })
        .await;
        let mut ids = Vec::new();
        entra.every_user(&BTreeSet::new(), |user| ids.extend(user.id)).await.unwrap();
        assert_eq!(ids, ["u2", "u2", "u3", "last"]);
        assert_eq!(asked(&probe).len(), 5);
        let (_probe, entra) = tenant(|seen, _| {
            let host = format!("http://{}", seen.header("host"));
            ok(format!(r#"{{"value":[],"@odata.nextLink":"{host}/graph/v1.0/users?p=9"}}"#))
        })
        .await;
        assert_eq!(entra.every_user(&BTreeSet::new(), |_| {}).await, Err(CallError::TooMany));
    }
}
