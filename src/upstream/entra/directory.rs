//! Users, groups and assignments of the identity provider. It only reads, and must never write to the directory.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use super::Entra;
use crate::upstream::error::{CallError, whole};
use crate::upstream::{lenient, literal};
use reinstate_core::evidence::IdpUser;

/// The properties that are read of a user. The last line holds the attributes that a job's mapping may use
/// ([`IdpUser::MAPPED_ATTRIBUTES`](reinstate_core::evidence::IdpUser::MAPPED_ATTRIBUTES)).
pub(super) const USER_FIELDS: &str = "id,userPrincipalName,mail,proxyAddresses,otherMails,accountEnabled,userType,displayName,\
                    createdDateTime,onPremisesSyncEnabled,\
                    mailNickname,employeeId,givenName,surname,jobTitle,department,companyName,\
                    onPremisesUserPrincipalName,onPremisesSamAccountName,onPremisesImmutableId,onPremisesExtensionAttributes";

/// A user, existing or deleted. A member that the application may not read has only an id.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct User {
    #[serde(deserialize_with = "lenient::text")]
    pub id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub user_principal_name: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub mail: Option<String>,
    #[serde(deserialize_with = "lenient::texts")]
    pub proxy_addresses: Vec<String>,
    #[serde(deserialize_with = "lenient::texts")]
    pub other_mails: Vec<String>,
    #[serde(deserialize_with = "lenient::flag")]
    pub account_enabled: Option<bool>,
    #[serde(deserialize_with = "lenient::text")]
    pub user_type: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub display_name: Option<String>,
    #[serde(deserialize_with = "lenient::time")]
    pub created_date_time: Option<Timestamp>,
    #[serde(deserialize_with = "lenient::flag")]
    pub on_premises_sync_enabled: Option<bool>,
    /// The attributes that a job's mapping may use, without the empty ones.
    #[serde(flatten, deserialize_with = "mapped_attributes")]
    pub attributes: BTreeMap<String, String>,
}

/// Picks the attributes that a mapping may use from the rest of the answer. The extension attributes are in an object
/// of their own.
fn mapped_attributes<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, String>, D::Error> {
    let mut all = BTreeMap::<String, serde_json::Value>::deserialize(deserializer)?;
    if let Some(serde_json::Value::Object(extensions)) = all.remove("onPremisesExtensionAttributes") {
        all.extend(extensions);
    }
    let text = |name: &str| all.get(name).and_then(|value| value.as_str()).filter(|text| !text.is_empty());
    let known = IdpUser::MAPPED_ATTRIBUTES.iter();
    Ok(known.filter_map(|name| Some(((*name).to_owned(), text(name)?.to_owned()))).collect())
}

/// A group that a user is a member of.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct Group {
    #[serde(rename = "@odata.type", deserialize_with = "lenient::text")]
    pub odata_type: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub display_name: Option<String>,
    #[serde(deserialize_with = "lenient::flag")]
    pub security_enabled: Option<bool>,
    #[serde(deserialize_with = "lenient::flag")]
    pub on_premises_sync_enabled: Option<bool>,
    /// The rule of a dynamic group.
    #[serde(deserialize_with = "lenient::text")]
    pub membership_rule: Option<String>,
    /// `On` or `Paused`, for a dynamic group.
    #[serde(deserialize_with = "lenient::text")]
    pub membership_rule_processing_state: Option<String>,
}

/// A direct member of a group: a user, or another group.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub struct Member {
    #[serde(rename = "@odata.type", deserialize_with = "lenient::text")]
    pub odata_type: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub id: Option<String>,
}

impl Member {
    /// Whether the member is a user. Without a type it counts as one: the ids never match those of another kind.
    #[must_use]
    pub fn is_user(&self) -> bool {
        self.odata_type.as_deref().is_none_or(|t| t.to_ascii_lowercase().ends_with("microsoft.graph.user"))
    }
}

impl Group {
    /// Lists of memberships also contain roles and administrative units.
    fn is_group(&self) -> bool {
        self.odata_type.as_deref().is_none_or(|t| t.to_ascii_lowercase().ends_with("microsoft.graph.group"))
    }
}

/// One principal that is assigned to an application.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct Assignment {
    #[serde(deserialize_with = "lenient::text")]
    pub id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub app_role_id: Option<String>,
    #[serde(deserialize_with = "lenient::time")]
    pub created_date_time: Option<Timestamp>,
    #[serde(deserialize_with = "lenient::text")]
    pub principal_id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub principal_display_name: Option<String>,
    /// `User`, `Group`, `ServicePrincipal`, or a newer kind.
    #[serde(deserialize_with = "lenient::text")]
    pub principal_type: Option<String>,
}

/// An enterprise application.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct ServicePrincipal {
    #[serde(deserialize_with = "lenient::text")]
    pub id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub app_id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub display_name: Option<String>,
    #[serde(deserialize_with = "lenient::flag")]
    pub account_enabled: Option<bool>,
}

/// The tenant itself.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
struct Organization {
    #[serde(deserialize_with = "lenient::list")]
    verified_domains: Vec<VerifiedDomain>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
struct VerifiedDomain {
    #[serde(deserialize_with = "lenient::text")]
    name: Option<String>,
}

/// The attribute in which an address is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressIn {
    /// `userPrincipalName`
    Upn,
    /// `mail`
    Mail,
    /// `proxyAddresses`, primary or alias
    Proxy,
    /// `otherMails`
    Other,
}

impl AddressIn {
    fn filter(self, address: &str) -> String {
        match self {
            Self::Upn => format!("userPrincipalName eq {}", literal::odata(address)),
            Self::Mail => format!("mail eq {}", literal::odata(address)),
            // The values have a prefix. The comparison ignores case, so `smtp:` also finds the primary `SMTP:`.
            Self::Proxy => {
                format!("proxyAddresses/any(p:p eq {})", literal::odata(&format!("smtp:{address}")))
            }
            Self::Other => format!("otherMails/any(o:o eq {})", literal::odata(address)),
        }
    }
}

impl Entra {
    /// An existing user by object id or UPN.
    ///
    /// # Errors
    /// See [`CallError`]; not found is `None`.
    pub async fn user(&self, id_or_upn: &str) -> Result<Option<User>, CallError> {
        // OData would read `/users/$x` as a keyword.
        if id_or_upn.starts_with('$') {
            return Ok(self.users_with(AddressIn::Upn, id_or_upn).await?.into_iter().next());
        }
        let call = self.get().at("users").id("user", id_or_upn).query("$select", USER_FIELDS);
        whole(self.one(call).await, |u: &User| &u.id)
    }

    /// The existing users with this address. The caller must report more than one as an ambiguity.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn users_with(&self, place: AddressIn, address: &str) -> Result<Vec<User>, CallError> {
        let call =
            self.get().at("users").query("$filter", &place.filter(address)).query("$select", USER_FIELDS);
        self.all(call).await
    }

    /// The users with this mail address that were deleted within the last 30 days.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn deleted_users_with_mail(&self, address: &str) -> Result<Vec<User>, CallError> {
        let filter = AddressIn::Mail.filter(address);
        let call = self.get().at("directory/deletedItems/microsoft.graph.user");
        self.all(call.query("$filter", &filter).query("$select", USER_FIELDS)).await
    }

    /// The same by UPN. A deletion puts the object id before the UPN, so only the end can be compared. That needs an
    /// advanced query, whose index is eventually consistent.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn deleted_users_with_upn(&self, upn: &str) -> Result<Vec<User>, CallError> {
        let filter = format!("endsWith(userPrincipalName,{})", literal::odata(upn));
        let call = self
            .get()
            .at("directory/deletedItems/microsoft.graph.user")
            .query("$filter", &filter)
            .query("$count", "true")
            .query("$select", USER_FIELDS)
            .header("consistencylevel", "eventual");
        self.all(call).await
    }

    /// The groups that a user is a *direct* member of. The path has no type cast, because a cast reads an index that
    /// is only eventually consistent.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn member_of(&self, user: &str) -> Result<Vec<Group>, CallError> {
        let call = self.get().at("users").id("user", user).at("memberOf").query("$top", "999");
        Ok(self.all::<Group>(call).await?.into_iter().filter(Group::is_group).collect())
    }

    /// The groups that a user is a member of, directly or through other groups.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn transitive_member_of(&self, user: &str) -> Result<Vec<Group>, CallError> {
        let call = self.get().at("users").id("user", user).at("transitiveMemberOf").query("$top", "999");
        Ok(self.all::<Group>(call).await?.into_iter().filter(Group::is_group).collect())
    }

    /// A group by object id.
    ///
    /// # Errors
    /// See [`CallError`]; not found is `None`.
    pub async fn group(&self, id: &str) -> Result<Option<Group>, CallError> {
        whole(self.one(self.get().at("groups").id("group", id)).await, |g: &Group| &g.id)
    }

    /// Every dynamic group of the tenant, with the state of its rule.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn dynamic_groups(&self) -> Result<Vec<Group>, CallError> {
        let call = self.get().at("groups").query("$filter", "groupTypes/any(t:t eq 'DynamicMembership')");
        let fields = "id,displayName,membershipRule,membershipRuleProcessingState";
        self.all(call.query("$select", fields).query("$top", "999")).await
    }

    /// All users and groups that are assigned to an application.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn assigned_to(&self, service_principal: &str) -> Result<Vec<Assignment>, CallError> {
        let call = self.get().at("servicePrincipals").id("service_principal", service_principal);
        self.all(call.at("appRoleAssignedTo").query("$top", "999")).await
    }

    /// The names of the domains that the tenant has verified. It needs `Organization.Read.All`, or `Directory.Read.All`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn verified_domains(&self) -> Result<Vec<String>, CallError> {
        let call = self.get().at("organization").query("$select", "id,verifiedDomains");
        let found: Vec<Organization> = self.all(call).await?;
        if found.is_empty() {
            return Err(CallError::Garbled { why: "no organization".to_owned() });
        }
        let domains = found.into_iter().flat_map(|tenant| tenant.verified_domains);
        Ok(domains.filter_map(|domain| domain.name).collect())
    }

    /// An enterprise application by object id.
    ///
    /// # Errors
    /// See [`CallError`]; not found is `None`.
    pub async fn service_principal(&self, id: &str) -> Result<Option<ServicePrincipal>, CallError> {
        let call = self.get().at("servicePrincipals").id("service_principal", id);
        whole(self.one(call).await, |s: &ServicePrincipal| &s.id)
    }

    /// The enterprise applications whose name begins with `start`, to find the one with the job.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn service_principals_named(&self, start: &str) -> Result<Vec<ServicePrincipal>, CallError> {
        let filter = format!("startswith(displayName,{})", literal::odata(start));
        let call = self.get().at("servicePrincipals").query("$filter", &filter);
        self.all(call.query("$select", "id,appId,displayName,accountEnabled")).await
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{asked, tenant};
    use super::*;
    use crate::upstream::probe::{ok, status};

    #[tokio::test]
    async fn exact_requests_with_hostile_names() {
        let (probe, entra) = tenant(|_, _| ok(r#"{"value":[]}"#)).await;
        for place in [AddressIn::Mail, AddressIn::Proxy, AddressIn::Other] {
            entra.users_with(place, "o'b&c=d@x").await.unwrap();
        }
        entra.deleted_users_with_upn("o'b@x").await.unwrap();
        entra.member_of("../me").await.unwrap();
        entra.service_principals_named("Atlassian").await.unwrap();
        entra.dynamic_groups().await.unwrap();
        entra.user("$x@y").await.unwrap();
        let select = USER_FIELDS.replace(',', "%2C");
        assert_eq!(
            asked(&probe),
            [
                format!("GET /graph/v1.0/users?$filter=mail%20eq%20%27o%27%27b%26c%3Dd%40x%27&$select={select}"),
                format!("GET /graph/v1.0/users?$filter=proxyAddresses%2Fany%28p%3Ap%20eq%20%27smtp%3Ao%27%27b%26c%3Dd%40x%27%29&$select={select}"),
                format!("GET /graph/v1.0/users?$filter=otherMails%2Fany%28o%3Ao%20eq%20%27o%27%27b%26c%3Dd%40x%27%29&$select={select}"),
                format!("GET /graph/v1.0/directory/deletedItems/microsoft.graph.user?$filter=endsWith%28userPrincipalName%2C%27o%27%27b%40x%27%29&$count=true&$select={select}"),
                "GET /graph/v1.0/users/..%2Fme/memberOf?$top=999".to_owned(),
                "GET /graph/v1.0/servicePrincipals?$filter=startswith%28displayName%2C%27Atlassian%27%29&$select=id%2CappId%2CdisplayName%2CaccountEnabled".to_owned(),
                "GET /graph/v1.0/groups?$filter=groupTypes%2Fany%28t%3At%20eq%20%27DynamicMembership%27%29&$select=id%2CdisplayName%2CmembershipRule%2CmembershipRuleProcessingState&$top=999".to_owned(),
                format!("GET /graph/v1.0/users?$filter=userPrincipalName%20eq%20%27%24x%40y%27&$select={select}"),
            ]
        );
    }

    #[tokio::test]
    async fn the_verified_domains_are_those_of_the_tenant() {
        let (_probe, entra) = tenant(|_, _| {
            ok(r#"{"value":[{"id":"t","verifiedDomains":[{"name":"acme.example","isDefault":true},{"name":null}]}]}"#)
        })
        .await;
        assert_eq!(entra.verified_domains().await, Ok(vec!["acme.example".to_owned()]));
        let (_other, empty) = tenant(|_, _| ok(r#"{"value":[]}"#)).await;
        assert!(empty.verified_domains().await.is_err(), "a tenant that is not shown has no known domains");
    }

    #[tokio::test]
    async fn only_a_404_is_absence() {
        let (_probe, entra) = tenant(|seen, _| match seen.line.contains("gone") {
            true => status(404, r#"{"error":{"code":"Request_ResourceNotFound"}}"#),
            false => status(403, r#"{"error":{"code":"Authorization_RequestDenied"}}"#),
        })
        .await;
        assert_eq!(entra.user("gone").await, Ok(None));
        let (_other, odd) = tenant(|_, _| ok(r#"{"message":"hello"}"#)).await;
        assert!(matches!(odd.user("u").await, Err(CallError::Garbled { .. })));
        assert!(matches!(odd.member_of("u").await, Err(CallError::Garbled { .. })), "not an empty list");
        assert_eq!(entra.user("other").await.unwrap_err().reason(), "403 Authorization_RequestDenied");
    }

    #[tokio::test]
    async fn memberships_keep_groups_alone() {
        let (_probe, entra) = tenant(|_, _| {
            ok(r##"{"value":[{"@odata.type":"#microsoft.graph.group","id":"g","displayName":null,"new":{}},
                {"@odata.type":"#microsoft.graph.directoryRole","id":"r"},{"id":"h","displayName":null}]}"##)
        })
        .await;
        let groups = entra.member_of("u").await.unwrap();
        assert_eq!(groups.iter().filter_map(|g| g.id.as_deref()).collect::<Vec<_>>(), ["g", "h"]);
    }
}
