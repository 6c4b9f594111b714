//! The accounts and the domains of the organization. Besides reading, it only suspends an account in one directory or
//! lifts that suspension. It must never write to the directory `-`, which means all directories.

use jiff::Timestamp;
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::{Atlassian, MAX_NAMED, Page, UnreadPage, beside};
use crate::upstream::error::{CallError, whole};
use crate::upstream::lenient;

/// An account from a search or from the details. Unknown states are kept as text.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct Account {
    #[serde(deserialize_with = "lenient::text")]
    pub account_id: Option<String>,
    /// `atlassian`, `customer`, `app`.
    #[serde(deserialize_with = "lenient::text")]
    pub account_type: Option<String>,
    /// `active`, `suspended`, `not_invited`, `deactivated`, `for_deletion`.
    #[serde(deserialize_with = "lenient::text")]
    pub status: Option<String>,
    /// `active`, `inactive`, `closed`.
    #[serde(deserialize_with = "lenient::text")]
    pub account_status: Option<String>,
    /// `active`, `suspended`, `no_membership`.
    #[serde(deserialize_with = "lenient::text")]
    pub membership_status: Option<String>,
    /// The time at which it came into the organization.
    #[serde(deserialize_with = "lenient::time")]
    pub added_to_org: Option<Timestamp>,
    #[serde(deserialize_with = "lenient::flag")]
    pub for_deletion: Option<bool>,
    #[serde(deserialize_with = "lenient::text")]
    pub name: Option<String>,
    /// Absent when hidden.
    #[serde(deserialize_with = "lenient::text")]
    pub email: Option<String>,
    /// `managed`, `unmanaged`.
    #[serde(deserialize_with = "lenient::text")]
    pub claim_status: Option<String>,
    /// Whether the owner has confirmed the address.
    #[serde(deserialize_with = "lenient::flag")]
    pub email_verified: Option<bool>,
    /// `synced`, `invited`; absent means unknown.
    #[serde(deserialize_with = "lenient::text")]
    pub management_source: Option<String>,
    #[serde(deserialize_with = "lenient::texts")]
    pub platform_roles: Vec<String>,
    /// `None` when the answer does not contain them, which is not the same as no groups.
    pub groups: Option<Vec<GroupRef>>,
    /// `None` when the answer does not contain them. An app that was never used may be missing in the list.
    pub product_access: Option<Vec<ProductAccess>>,
}

/// A group of an account.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct GroupRef {
    #[serde(deserialize_with = "lenient::text")]
    pub id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub name: Option<String>,
}

/// Activity in one app; it does not prove access. v1 and v2 spell the keys differently.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub struct ProductAccess {
    #[serde(deserialize_with = "lenient::text")]
    pub id: Option<String>,
    #[serde(alias = "productKey", deserialize_with = "lenient::text")]
    pub key: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub name: Option<String>,
    #[serde(alias = "lastActive", deserialize_with = "lenient::time")]
    pub last_active: Option<Timestamp>,
    #[serde(alias = "lastActiveTimestamp", deserialize_with = "lenient::time")]
    pub last_active_timestamp: Option<Timestamp>,
}

impl ProductAccess {
    /// The latest activity, from the more precise of the two fields.
    #[must_use]
    pub fn last(&self) -> Option<Timestamp> {
        self.last_active_timestamp.or(self.last_active)
    }
}

/// A role of an account in an app, and how the account got it.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct Roles {
    #[serde(deserialize_with = "lenient::text")]
    pub resource_id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub resource_owner: Option<String>,
    /// Deprecated by Atlassian in favour of `role_assignments`.
    #[serde(deserialize_with = "lenient::maybe_texts")]
    pub roles: Option<Vec<String>>,
    pub role_assignments: Option<Vec<RoleAssignment>>,
    #[serde(deserialize_with = "lenient::text")]
    pub directory_id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub user_directory_status: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct RoleAssignment {
    #[serde(deserialize_with = "lenient::text")]
    pub role: Option<String>,
    /// `inferred`, `direct`, `group_direct`.
    #[serde(deserialize_with = "lenient::texts")]
    pub role_assignment_methods: Vec<String>,
}

impl Roles {
    /// The roles, from the field that has them; `None` if neither field does.
    #[must_use]
    pub fn names(&self) -> Option<Vec<&str>> {
        let newer = self.role_assignments.as_ref().filter(|newer| !newer.is_empty() || self.roles.is_none());
        match newer {
            Some(newer) => newer.iter().map(|r| r.role.as_deref()).collect(),
            None => Some(self.roles.as_ref()?.iter().map(String::as_str).collect()),
        }
    }

    /// Whether a role was given to the account itself. `None` if the answer does not say it.
    #[must_use]
    pub fn is_direct(&self, role: &str) -> Option<bool> {
        let held = self.role_assignments.as_ref()?.iter().find(|held| held.role.as_deref() == Some(role))?;
        let methods = &held.role_assignment_methods;
        (!methods.is_empty()).then(|| methods.iter().any(|method| method.eq_ignore_ascii_case("direct")))
    }
}

/// A user directory of the organization.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct Directory {
    #[serde(deserialize_with = "lenient::text")]
    pub directory_id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub name: Option<String>,
}

/// A managed account in the list of v1.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub struct ManagedAccount {
    #[serde(alias = "accountId", deserialize_with = "lenient::text")]
    pub account_id: Option<String>,
    #[serde(alias = "accountType", deserialize_with = "lenient::text")]
    pub account_type: Option<String>,
    #[serde(alias = "accountStatus", deserialize_with = "lenient::text")]
    pub account_status: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub name: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub email: Option<String>,
    #[serde(alias = "lastActive", deserialize_with = "lenient::time")]
    pub last_active: Option<Timestamp>,
}

/// When an account was last active in each app.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
pub struct LastActive {
    #[serde(alias = "productAccess", deserialize_with = "lenient::list")]
    pub product_access: Vec<ProductAccess>,
}

/// A domain and whether the organization has verified it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain {
    pub name: String,
    /// `verified`, `unverified`, `deleted`, `superseded`, `missing_token`.
    pub status: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct RawDomain {
    #[serde(deserialize_with = "lenient::text")]
    id: Option<String>,
    #[serde(deserialize_with = "lenient::object")]
    attributes: DomainAttributes,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct DomainAttributes {
    #[serde(deserialize_with = "lenient::text")]
    name: Option<String>,
    #[serde(deserialize_with = "lenient::object")]
    claim: Claim,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Claim {
    #[serde(deserialize_with = "lenient::text")]
    status: Option<String>,
}

impl Atlassian {
    /// The accounts that have one of these addresses, with their groups.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn accounts_by_email(&self, emails: &[String]) -> Result<Vec<Account>, CallError> {
        self.accounts("emails", emails).await
    }

    /// The accounts with these ids, with their groups.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn accounts_by_id(&self, ids: &[String]) -> Result<Vec<Account>, CallError> {
        self.accounts("accountIds", ids).await
    }

    /// The managed accounts whose name or address contains a text: the first page, which holds up to 100. The search is
    /// free text, so the caller must compare the names.
    ///
    /// # Errors
    /// See [`CallError`]; more than one page is an error, because a part of a list looks like the whole.
    pub async fn accounts_like(&self, term: &str) -> Result<Vec<Account>, CallError> {
        let body = json!({"searchTerm": term, "claimStatus": "managed", "limit": 100});
        let call = self.directories(Method::POST).at("users/search").json(body).repeatable();
        let page = UnreadPage::<Account>::new(self.http.send(&call, &self.pace).await?)?;
        if page.next.is_some() {
            return Err(CallError::Garbled { why: "more than 100 accounts have this name".to_owned() });
        }
        page.read()
    }

    async fn accounts(&self, by: &'static str, values: &[String]) -> Result<Vec<Account>, CallError> {
        let mut found = Vec::new();
        // An empty list means no filter, that is, every account. Without values, no request is sent.
        for some in values.chunks(MAX_NAMED) {
            let body = json!({by: some, "expand": ["groups", "platformRoles"], "limit": 100});
            found.extend(self.all_post(self.directories(Method::POST).at("users/search"), body).await?);
        }
        Ok(found)
    }

    /// One page of all accounts that the organization manages or has in its directories, with groups. Pass no cursor
    /// for the first page. A sweep uses it and must not hold all pages in memory. It has priority over the other
    /// requests of a sweep, because a page can only be requested after the page before it.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn every_account(&self, cursor: Option<&str>) -> Result<UnreadPage<Account>, CallError> {
        let body = json!({"expand": ["groups", "platformRoles"], "limit": 100});
        let call = self.directories(Method::POST).at("users/search").json(beside(body, cursor)).repeatable();
        UnreadPage::new(self.http.send(&call, &self.leading).await?)
    }

    /// One page of the accounts that hold one of these roles, on this resource or, without one, on any. Pass no cursor
    /// for the first page.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn role_holders(
        &self,
        resource: Option<&str>,
        roles: &[String],
        cursor: Option<&str>,
    ) -> Result<UnreadPage<Account>, CallError> {
        let mut body = json!({"roleIds": roles, "limit": 100});
        if let (Some(resource), Some(parts)) = (resource, body.as_object_mut()) {
            parts.insert("resourceIds".to_owned(), json!([resource]));
        }
        let call = self.directories(Method::POST).at("users/search").json(beside(body, cursor)).repeatable();
        UnreadPage::new(self.http.send(&call, &self.leading_roles).await?)
    }

    /// Every user directory of the organization that the key may read.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn every_directory(&self) -> Result<Vec<Directory>, CallError> {
        self.all_get(self.v2(Method::GET).at("directories").query("limit", "100")).await
    }

    /// The accounts in one user directory. `each` receives the id of each account as it arrives.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn every_account_in(
        &self,
        directory: &str,
        mut each: impl FnMut(&str),
    ) -> Result<(), CallError> {
        // The list may also contain managed accounts that are in no directory. The membership filter excludes them.
        let body = json!({"membershipStatus": ["active", "suspended"], "limit": 100});
        let directory = self.v2(Method::POST).at("directories").id("directory", directory);
        let call = directory.at("users/search").repeatable();
        let (mut seen, mut at) = (std::collections::HashSet::new(), None::<String>);
        for _ in 0..super::MAX_PAGES {
            let page: Page<Account> =
                self.page(&call.clone().json(beside(body.clone(), at.as_deref()))).await?;
            page.items.iter().filter_map(|account| account.account_id.as_deref()).for_each(&mut each);
            let Some(next) = page.next else { return Ok(()) };
            if !seen.insert(next.clone()) {
                break;
            }
            at = Some(next);
        }
        Err(CallError::TooMany)
    }

    /// One account's details, without groups.
    ///
    /// # Errors
    /// See [`CallError`]; not found is `None`.
    pub async fn account(&self, account: &str) -> Result<Option<Account>, CallError> {
        let call = self.directories(Method::GET).at("users").id("account", account);
        whole(self.one(&call).await, |a: &Account| &a.account_id)
    }

    /// The roles of an account in all apps.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn role_assignments(&self, account: &str) -> Result<Vec<Roles>, CallError> {
        let call = self.directories(Method::GET).at("users").id("account", account).at("role-assignments");
        self.all_get(call.query("limit", "100")).await
    }

    /// The user directories that an account is in.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn directories_of(&self, account: &str) -> Result<Vec<Directory>, CallError> {
        self.all_get(self.v2(Method::GET).at("directories").query("accountId", account).query("limit", "100"))
            .await
    }

    /// Lifts the suspension of an account in one directory; its roles and groups come back.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn restore(&self, directory: &str, account: &str) -> Result<(), CallError> {
        self.write_in(directory, account, "restore").await
    }

    /// Suspends an account in one directory: it cannot use any app there. It keeps its roles and groups.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn suspend(&self, directory: &str, account: &str) -> Result<(), CallError> {
        self.write_in(directory, account, "suspend").await
    }

    async fn write_in(&self, directory: &str, account: &str, verb: &'static str) -> Result<(), CallError> {
        // `-` means every directory. It is documented for reads only, and a write would affect too much.
        if directory == "-" {
            return Err(CallError::Invalid { why: "a write names one directory" });
        }
        let directory = self.v2(Method::POST).at("directories").id("directory", directory);
        self.write(directory.at("users").id("account", account).at(verb)).await
    }

    /// When an account was last active, per app. The values are up to a day old.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn last_active(&self, account: &str) -> Result<LastActive, CallError> {
        let call = self.v1(Method::GET).at("directory/users").id("account", account).at("last-active-dates");
        let (mut all, mut seen, mut at) =
            (LastActive::default(), std::collections::HashSet::new(), None::<String>);
        // In this API, `data` is an object that contains the list.
        for _ in 0..20 {
            let call = at.as_deref().map_or_else(|| call.clone(), |c| call.clone().query("cursor", c));
            let page: RawLastActive = self.http.send(&call, &self.last_active).await?.json()?;
            all.product_access.extend(page.data.product_access);
            let Some(next) = super::cursor(&page.links.next) else { return Ok(all) };
            if !seen.insert(next.clone()) {
                break;
            }
            at = Some(next);
        }
        Err(CallError::TooMany)
    }

    /// When an account was last active, per app, from the search in the user directory. Organizations on the original
    /// user management refuse [`Self::last_active`]. `None` if the answer does not tell: apps that were never used may
    /// be missing, so an empty list proves nothing.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn last_active_in_directory(&self, account: &str) -> Result<Option<LastActive>, CallError> {
        let body = json!({"accountIds": [account], "expand": ["productAccess"], "limit": 100});
        let call = self.directories(Method::POST).at("users/search");
        let found: Vec<Account> = self.all_post(call, body).await?;
        let mut uses = Vec::new();
        for one in found.into_iter().filter(|one| one.account_id.as_deref() == Some(account)) {
            uses.extend(one.product_access.unwrap_or_default());
        }
        Ok((!uses.is_empty()).then_some(LastActive { product_access: uses }))
    }

    /// One page of all managed accounts. Pass no cursor for the first page. A sweep must not hold all pages in
    /// memory.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn managed_accounts(&self, cursor: Option<&str>) -> Result<Page<ManagedAccount>, CallError> {
        let call = self.v1(Method::GET).at("users");
        self.page(&cursor.map_or_else(|| call.clone(), |c| call.clone().query("cursor", c))).await
    }

    /// The domains of the organization.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn domains(&self) -> Result<Vec<Domain>, CallError> {
        let raw: Vec<RawDomain> = self.all_get(self.v1(Method::GET).at("domains")).await?;
        let domain = |d: RawDomain| {
            let name = d.attributes.name.or(d.id)?.to_ascii_lowercase();
            Some(Domain { name, status: d.attributes.claim.status.map(|s| s.to_ascii_lowercase()) })
        };
        Ok(raw.into_iter().filter_map(domain).collect())
    }
}

#[derive(Deserialize)]
struct RawLastActive {
    // Required: missing data must not be read as "was never active".
    data: LastActive,
    #[serde(default, deserialize_with = "lenient::object")]
    links: super::Links,
}

#[cfg(test)]
#[path = "users_tests.rs"]
mod tests;
