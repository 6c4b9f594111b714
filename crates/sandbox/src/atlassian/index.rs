//! Lookups for a tenant with hundreds of thousands of accounts, where scans would be too slow. An index is valid only
//! while accounts, records, groups and roles do not change. A generator creates it when the tenant is complete, and
//! the first request that writes drops it. It must never give an answer that a scan would not give.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use super::state::Atlassian;

/// Ids by lookup key.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    /// The accounts that the user search returns, in its order.
    pub accounts: Vec<String>,
    /// Accounts by normalized address.
    pub by_email: HashMap<String, Vec<String>>,
    /// The records of a directory, in list order.
    pub records: BTreeMap<String, Vec<String>>,
    /// Records by account.
    pub of_account: HashMap<String, Vec<String>>,
    /// Records by normalized address.
    pub by_mail: HashMap<String, Vec<String>>,
    /// SCIM groups by member.
    pub groups_of: HashMap<String, Vec<String>>,
    /// Accounts by the roles they have, each in search order: anywhere, and as a search on one resource finds them.
    pub by_role: BTreeMap<(Option<String>, String), Vec<String>>,
    /// How many people each group has.
    pub group_sizes: Arc<GroupSizes>,
    /// When the first deletion is due.
    pub due: Option<Timestamp>,
}

/// The number of people by group id. A group without people is left out.
pub(super) type GroupSizes = BTreeMap<String, usize>;

impl Atlassian {
    /// How many people each group has, in one pass over all accounts. Counting each group for itself would take
    /// minutes in a large tenant.
    pub(super) fn group_sizes(&self) -> Arc<GroupSizes> {
        if let Some(index) = self.index.as_ref().filter(|index| !index.group_sizes.is_empty()) {
            return index.group_sizes.clone();
        }
        let ids = self.accounts.keys().map(String::as_str).collect();
        let mut sizes = GroupSizes::new();
        for group in self.access(&ids).values().flat_map(|access| &access.groups) {
            *sizes.entry(group.id.clone()).or_default() += 1;
        }
        Arc::new(sizes)
    }

    /// Declares the tenant complete. From now on an index answers its requests.
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
        // The computation of the roles uses the index that exists so far.
        self.index = Some(Arc::new(index.clone()));
        let ids: BTreeSet<&str> = index.accounts.iter().map(String::as_str).collect();
        let access = self.access(&ids);
        for id in &index.accounts {
            let (Some(account), Some(found)) = (self.accounts.get(id), access.get(id)) else { continue };
            let roles = self.roles(account, found);
            let anywhere: BTreeSet<&String> = roles.values().flat_map(BTreeMap::keys).collect();
            for role in &anywhere {
                index.by_role.entry((None, (*role).clone())).or_default().push(id.clone());
            }
            for (resource, held) in &roles {
                let here: BTreeSet<&String> =
                    if self.switches.role_on_resource { held.keys().collect() } else { anywhere.clone() };
                for role in here {
                    let key = (Some(resource.clone()), role.clone());
                    index.by_role.entry(key).or_default().push(id.clone());
                }
            }
        }
        drop(access);
        index.group_sizes = self.group_sizes();
        self.index = Some(Arc::new(index));
    }

    /// Drops the index if the request may change something.
    pub(super) fn thaw_for(&mut self, method: &str, path: &[&str]) {
        let reads =
            method == "GET" || matches!(path, [.., "search" | "workspaces" | "get-scim-links-for-email"]);
        if !reads {
            self.index = None;
        }
    }
}
