//! The tenant as one canonical JSON value, to compare two tenants and to show one on a page. It contains no times,
//! cursors or generated ids, so that two paths to the same state look the same.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::state::{Atlassian, Membership, ScimUser, Status};

impl Atlassian {
    /// Everything that people and programs can observe, without times. Records are identified by directory and user
    /// name, accounts by their id.
    #[must_use]
    pub fn snapshot(&self) -> Value {
        let ids = self.accounts.keys().map(String::as_str).collect();
        let access = self.access(&ids);
        let mut accounts = Map::new();
        for account in self.accounts.values() {
            let Some(found) = access.get(&account.id) else { continue };
            let groups: Vec<&str> = found.groups.iter().map(|g| g.name.as_str()).collect();
            let roles: BTreeMap<String, Vec<String>> = self
                .roles(account, found)
                .into_iter()
                .map(|(resource, by_role)| (resource, by_role.into_keys().collect()))
                .collect();
            let status = match account.status {
                Status::Active => "active",
                Status::Inactive => "inactive",
                Status::Closed => "closed",
            };
            let membership = match self.membership(account, found) {
                Membership::Active => "active",
                Membership::Suspended => "suspended",
                Membership::None => "none",
            };
            let shown = json!({
                "email": account.email.to_lowercase(), "name": account.display_name(), "status": status,
                "pending_deletion": account.pending(), "managed": account.managed(), "membership": membership,
                "linked": found.linked, "groups": groups, "roles": roles,
                "platform_roles": account.platform_roles, "contributions": account.contributions
            });
            accounts.insert(account.id.clone(), shown);
        }
        let mut records = Map::new();
        for user in self.scim_users.values() {
            let shown = json!({
                "email": user.email.to_lowercase(), "external_id": user.external_id, "active": user.active,
                "account": user.account
            });
            records.insert(record_name(user), shown);
        }
        let mut scim_groups = Map::new();
        for group in self.scim_groups.values() {
            let mut members: Vec<String> =
                group.members.keys().filter_map(|id| self.scim_users.get(id)).map(record_name).collect();
            members.sort();
            scim_groups.insert(format!("{}/{}", group.directory, group.name), json!(members));
        }
        let mut groups = Map::new();
        for group in self.groups.values() {
            let grants: Vec<Value> = group
                .grants
                .iter()
                .map(|g| json!({"resource": g.resource_id, "roles": g.roles, "default_role": g.default_role}))
                .collect();
            let by_hand = if group.synced { json!([]) } else { json!(group.members) };
            let shown = json!({"synced": group.synced, "members_by_hand": by_hand, "grants": grants});
            groups.insert(group.name.clone(), shown);
        }
        let domains: BTreeMap<&str, &str> =
            self.domains.iter().map(|d| (d.name.as_str(), d.status.as_str())).collect();
        json!({
            "org": self.org_id, "domains": domains, "accounts": accounts, "scim_users": records,
            "scim_groups": scim_groups, "groups": groups
        })
    }

    pub(super) fn email_of(&self, account: &str) -> &str {
        self.accounts.get(account).map_or("", |a| a.email.as_str())
    }
}

fn record_name(user: &ScimUser) -> String {
    format!("{}/{}", user.directory, user.user_name.to_lowercase())
}
