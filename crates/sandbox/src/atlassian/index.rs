//! Look-ups for a tenant of hundreds of thousands, which could not be served by scans. An index is right only while
//! nobody changes who has and holds what: a generator makes it when the tenant is complete, and the first request
//! that writes drops it. It must never answer anything that a scan would not.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use super::state::Atlassian;

/// Ids by what they are looked for with.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    /// Accounts that the user search shows, in its order.
    pub accounts: Vec<String>,
    /// Accounts by folded address.
    pub by_email: HashMap<String, Vec<String>>,
    /// Records of a directory, in the order of a list.
    pub records: BTreeMap<String, Vec<String>>,
    /// Records by account.
    pub of_account: HashMap<String, Vec<String>>,
    /// Records by folded address.
    pub by_mail: HashMap<String, Vec<String>>,
    /// SCIM groups by member.
    pub groups_of: HashMap<String, Vec<String>>,
    /// Accounts by the roles they hold, each in the order of the search.
    pub by_role: BTreeMap<String, Vec<String>>,
    /// When the first deletion falls due.
    pub due: Option<Timestamp>,
}

impl Atlassian {
    /// Says that the tenant is complete and will be read for a while: from now on it is served from an index.
    pub fn freeze(&mut self) {
        let mut index = Index::default();
        for account in self.accounts.values() {
            if account.managed() || account.is_in_a_directory() {
                index.accounts.push(account.id.clone());
            }
            index.by_email.entry(account.email.to_lowercase()).or_default().push(account.id.clone());
            let due = account.deletion_due.filter(|_| account.pending());
            index.due = [index.due, due].into_iter().flatten().min();
        }
        for record in self.scim_users.values() {
            index.records.entry(record.directory.clone()).or_default().push(record.id.clone());
            index.by_mail.entry(record.email.to_lowercase()).or_default().push(record.id.clone());
            if let Some(account) = &record.account {
                index.of_account.entry(account.clone()).or_default().push(record.id.clone());
            }
        }
        for group in self.scim_groups.values() {
            for member in group.members.keys() {
                index.groups_of.entry(member.clone()).or_default().push(group.id.clone());
            }
        }
        // The roles are worked out with what is indexed already.
        self.index = Some(Arc::new(index.clone()));
        let ids: BTreeSet<&str> = index.accounts.iter().map(String::as_str).collect();
        let access = self.access(&ids);
        for id in &index.accounts {
            let (Some(account), Some(found)) = (self.accounts.get(id), access.get(id)) else { continue };
            let roles: BTreeSet<String> =
                self.roles(account, found).into_values().flat_map(BTreeMap::into_keys).collect();
            for role in roles {
                index.by_role.entry(role).or_default().push(id.clone());
            }
        }
        drop(access);
        self.index = Some(Arc::new(index));
    }

    /// Drops the index where a request may change something.
    pub(super) fn thaw_for(&mut self, method: &str, path: &[&str]) {
        let reads =
            method == "GET" || matches!(path, [.., "search" | "workspaces" | "get-scim-links-for-email"]);
        if !reads {
            self.index = None;
        }
    }
}
