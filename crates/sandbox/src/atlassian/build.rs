//! Functions for scenarios. They change the state of the tenant at once, without lag, events or refusals.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, json};

use super::state::{
    Account, Activity, Atlassian, Domain, Grant, ManagedBy, Member, Membership, OrgGroup, ScimDirectory,
    ScimGroup, ScimUser, Status, UserDirectory, Workspace,
};
use super::switches::Switches;

impl Atlassian {
    /// An empty organization. Its key is `org-key`.
    #[must_use]
    pub fn new(org_id: &str) -> Self {
        Self {
            org_id: org_id.to_owned(),
            org_name: "Acme".to_owned(),
            org_key: "org-key".to_owned(),
            scoped_key: None,
            key_owner: None,
            directory_id: "d1e00000-0000-4000-8000-000000000001".to_owned(),
            more_directories: Vec::new(),
            domains: Vec::new(),
            directories: Vec::new(),
            accounts: BTreeMap::new(),
            scim_users: BTreeMap::new(),
            scim_groups: BTreeMap::new(),
            groups: BTreeMap::new(),
            workspaces: Vec::new(),
            events: Vec::new(),
            has_guard: true,
            // The state that scenarios set up has existed since 2024. The first request sets the real clock.
            now: Timestamp::from_second(1_704_067_200).unwrap_or(Timestamp::UNIX_EPOCH),
            ahead: SignedDuration::ZERO,
            switches: Switches::default(),
            actor: "scenario".to_owned(),
            made: BTreeMap::new(),
            cursors: BTreeMap::new(),
            expired: BTreeSet::new(),
            reads: BTreeMap::new(),
            index: None,
        }
    }

    /// Claims a domain, verified by DNS.
    pub fn claim_domain(&mut self, name: &str) {
        let name = name.to_lowercase();
        self.domains.push(Domain { name, kind: "dns".to_owned(), status: "verified".to_owned() });
    }

    /// Adds a SCIM directory with its key.
    pub fn add_directory(&mut self, id: &str, key: &str) {
        self.directories.push(ScimDirectory { id: id.to_owned(), key: key.to_owned() });
    }

    /// Adds another user directory. Returns its id.
    pub fn add_user_directory(&mut self, name: &str) -> String {
        let id = self.fresh_id("user-directory");
        self.more_directories.push(UserDirectory { id: id.clone(), name: name.to_owned() });
        id
    }

    /// Moves a group into another user directory.
    pub fn move_group(&mut self, name: &str, directory: &str) {
        for group in self.groups.values_mut().filter(|g| super::rules::same(&g.name, name)) {
            group.directory = Some(directory.to_owned());
        }
    }

    /// Sets an account's membership of another user directory, which may be suspended.
    pub fn put_in(&mut self, account: &str, directory: &str, membership: Membership) {
        if let Some(found) = self.accounts.get_mut(account) {
            found.elsewhere.insert(directory.to_owned(), membership);
        }
    }

    /// Adds an active account that is in the user directory. It is managed by us if the domain is claimed, else by
    /// nobody.
    pub fn add_account(&mut self, email: &str, name: &str) -> String {
        let id = self.make_account(email, name);
        if let Some(account) = self.accounts.get_mut(&id) {
            account.membership = Membership::Active;
            account.sessions = 1;
        }
        id
    }

    /// A new account in no directory, as SCIM creates it.
    pub(super) fn make_account(&mut self, email: &str, name: &str) -> String {
        let id = format!("712020:{}", self.fresh_id("account"));
        let managed_by = if self.claims(email) { ManagedBy::Us } else { ManagedBy::Nobody };
        let account = Account {
            id: id.clone(),
            kind: "atlassian".to_owned(),
            email: email.to_owned(),
            name: name.to_owned(),
            status: Status::Active,
            deletion_due: None,
            managed_by,
            membership: Membership::None,
            elsewhere: BTreeMap::new(),
            invited: false,
            platform_roles: Vec::new(),
            direct_roles: BTreeSet::new(),
            activity: Vec::new(),
            added_to_org: "2024-01-01".to_owned(),
            email_verified: true,
            sessions: 0,
            contributions: 0,
            blocked_by: None,
            restricted: None,
            profile: Map::new(),
        };
        self.accounts.insert(id.clone(), account);
        id
    }

    /// Adds a product instance with free seats; returns its resource id.
    pub fn add_workspace(&mut self, key: &str, name: &str) -> String {
        let id = format!("ari:cloud:{key}::site/{}", self.fresh_id("workspace"));
        self.workspaces.push(Workspace {
            id: id.clone(),
            key: key.to_owned(),
            name: name.to_owned(),
            host_url: "https://acme.atlassian.net".to_owned(),
            usage: Some(10),
            capacity: Some(100),
            unseated: BTreeSet::new(),
        });
        id
    }

    /// Adds a group that grants roles, each a resource id with a role. A synced group gets its SCIM group in the
    /// first directory. Returns the id of the organization's group.
    pub fn add_group(&mut self, name: &str, synced: bool, roles: &[(&str, &str)]) -> String {
        let scim_id = match self.directories.first().map(|d| d.id.clone()) {
            Some(directory) if synced => Some(self.add_scim_group(&directory, name, None)),
            _ => None,
        };
        let id = match scim_id {
            Some(id) if self.switches.same_group_ids => id,
            _ => self.fresh_id("group"),
        };
        let grants = roles
            .iter()
            .map(|(resource, role)| Grant {
                resource_id: (*resource).to_owned(),
                owner: self.owner_of(resource),
                roles: vec![(*role).to_owned()],
                default_role: None,
            })
            .collect();
        let group = OrgGroup {
            directory: None,
            id: id.clone(),
            name: name.to_owned(),
            description: String::new(),
            synced,
            members: BTreeSet::new(),
            grants,
        };
        self.groups.insert(id.clone(), group);
        id
    }

    /// Adds a SCIM group only. If an unsynced group of the organization has the same name, this is a name conflict.
    pub fn add_scim_group(&mut self, directory: &str, name: &str, external_id: Option<&str>) -> String {
        let id = self.fresh_id("scim-group");
        let group = ScimGroup {
            id: id.clone(),
            directory: directory.to_owned(),
            name: name.to_owned(),
            external_id: external_id.map(str::to_owned),
            members: BTreeMap::new(),
            created: self.now,
            modified: self.now,
        };
        self.scim_groups.insert(id.clone(), group);
        id
    }

    /// Adds an active SCIM record whose user name is its address. It is linked to `account`, or to nothing.
    pub fn scim_record(
        &mut self,
        directory: &str,
        email: &str,
        external_id: &str,
        account: Option<&str>,
    ) -> String {
        let id = self.fresh_id("scim-user");
        let name = account.and_then(|a| self.accounts.get(a)).map_or(email, |a| a.name.as_str());
        let mut rest = Map::new();
        rest.insert("displayName".to_owned(), json!(name));
        let user = ScimUser {
            id: id.clone(),
            directory: directory.to_owned(),
            user_name: email.to_owned(),
            external_id: Some(external_id.to_owned()),
            email: email.to_owned(),
            active: true,
            account: account.map(str::to_owned),
            linked_at: Timestamp::UNIX_EPOCH,
            rest,
            created: self.now,
            modified: self.now,
        };
        self.scim_users.insert(id.clone(), user);
        id
    }

    /// Adds a SCIM record to the SCIM group of this name in the record's directory, with a date long ago.
    pub fn join(&mut self, scim_user: &str, group: &str) {
        let directory = self.scim_users.get(scim_user).map(|u| u.directory.clone());
        let member = Member { since: Timestamp::UNIX_EPOCH, dropped: false };
        for found in self.scim_groups.values_mut() {
            if Some(&found.directory) == directory.as_ref() && super::rules::same(&found.name, group) {
                found.members.insert(scim_user.to_owned(), member);
            }
        }
    }

    /// Removes a SCIM record from a SCIM group.
    pub fn leave(&mut self, scim_user: &str, group: &str) {
        for found in self.scim_groups.values_mut().filter(|g| super::rules::same(&g.name, group)) {
            found.members.remove(scim_user);
        }
    }

    /// Adds an account to a group by hand.
    pub fn add_member(&mut self, account: &str, group: &str) {
        for found in self.groups.values_mut().filter(|g| super::rules::same(&g.name, group)) {
            found.members.insert(account.to_owned());
        }
    }

    /// Sets the day when an account was last seen in a product instance (`YYYY-MM-DD`).
    pub fn last_active(&mut self, account: &str, resource_id: &str, day: &str) {
        if let Some(found) = self.accounts.get_mut(account) {
            found.activity.push(Activity { resource_id: resource_id.to_owned(), day: day.to_owned() });
        }
    }

    /// Schedules an account's deletion as `lifecycle/delete` does.
    pub fn schedule_deletion(&mut self, account: &str) {
        let due = self
            .now
            .max(crate::clock::now().saturating_add(self.ahead).unwrap_or(self.now))
            .saturating_add(SignedDuration::from_hours(14 * 24));
        if let Some(found) = self.accounts.get_mut(account) {
            found.status = Status::Inactive;
            found.deletion_due = due.ok();
        }
    }

    /// Advances the time: due deletions happen, lags end.
    pub fn advance(&mut self, by: SignedDuration) {
        self.ahead = self.ahead.saturating_add(by);
    }

    pub(super) fn owner_of(&self, resource: &str) -> String {
        let known = self.workspaces.iter().find(|w| w.id == resource).map(|w| w.key.clone());
        known.unwrap_or_else(|| resource.split(':').nth(2).unwrap_or_default().to_owned())
    }

    /// Ids are counted for each kind, so that two equal histories give equal tenants.
    pub(super) fn fresh_id(&mut self, kind: &'static str) -> String {
        let count = self.made.entry(kind).or_default();
        *count = count.saturating_add(1);
        let tag = kind.bytes().fold(0x5eed_u32, |hash, b| hash.wrapping_mul(31).wrapping_add(u32::from(b)));
        format!("{tag:08x}-0000-4000-8000-{count:012x}")
    }
}
