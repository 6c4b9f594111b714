//! The rules by which the tenant changes: who has an address, what a link is, which synced groups a person really
//! has. Handlers call these functions; nothing here knows HTTP.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::{SignedDuration, Timestamp};

use super::state::{Account, Atlassian, Event, ManagedBy, Membership, OrgGroup, ScimGroup, ScimUser, Status};

/// Compares names and addresses without case.
pub(super) fn same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b) || (!(a.is_ascii() && b.is_ascii()) && a.to_lowercase() == b.to_lowercase())
}

/// Roles by resource and name, each with its source.
pub(super) type RolesByResource = BTreeMap<String, BTreeMap<String, BTreeSet<&'static str>>>;

/// What a person gets through SCIM and groups. Computed from the state and never stored.
#[derive(Default)]
pub(super) struct Access<'a> {
    /// A SCIM record is linked to the account.
    pub linked: bool,
    /// The groups in which the organization shows the person, by name.
    pub groups: Vec<&'a OrgGroup>,
}

impl Account {
    /// The displayed name. A closed account shows no person's name.
    #[must_use]
    pub fn display_name(&self) -> &str {
        if self.status == Status::Closed { "Former user" } else { &self.name }
    }

    pub(super) fn managed(&self) -> bool {
        self.managed_by == ManagedBy::Us
    }

    /// Whether its deletion is scheduled and not yet done.
    #[must_use]
    pub fn pending(&self) -> bool {
        self.deletion_due.is_some() && self.status != Status::Closed
    }
}

impl Atlassian {
    /// Sets the clock and carries out everything that is due.
    pub(super) fn tick(&mut self, real: Timestamp) {
        self.now = real.saturating_add(self.ahead).unwrap_or(real);
        let now = self.now;
        if self.index.as_ref().is_some_and(|index| index.due.is_none_or(|due| due > now)) {
            return;
        }
        self.index = None;
        let due = |a: &Account| a.pending() && a.deletion_due.is_some_and(|at| at <= now);
        let closing: Vec<String> = self.accounts.values().filter(|a| due(a)).map(|a| a.id.clone()).collect();
        for id in closing {
            for record in self.records_of(&id) {
                self.unlink(&record);
            }
            if let Some(account) = self.accounts.get_mut(&id) {
                account.status = Status::Closed;
                account.email.clear();
                account.sessions = 0;
                account.membership = Membership::None;
                account.elsewhere.clear();
                account.direct_roles.clear();
            }
            for group in self.groups.values_mut() {
                group.members.remove(&id);
            }
            self.log("MANAGED_ACCOUNT_DELETED", &id, "The grace period ended");
        }
    }

    /// The account that has an address, managed by us or not. An account pending deletion still holds its address.
    #[must_use]
    pub fn bearer(&self, email: &str) -> Option<&Account> {
        self.accounts.values().find(|a| a.status != Status::Closed && same(&a.email, email))
    }

    /// Whether the address is on a domain that the organization has verified.
    pub(super) fn claims(&self, email: &str) -> bool {
        let domain = email.rsplit_once('@').map_or("", |(_, d)| d);
        self.domains.iter().any(|d| d.status == "verified" && same(&d.name, domain))
    }

    /// Ids of the SCIM records linked to an account.
    pub(super) fn records_of(&self, account: &str) -> Vec<String> {
        if let Some(index) = &self.index {
            return index.of_account.get(account).cloned().unwrap_or_default();
        }
        let linked = |u: &&ScimUser| u.account.as_deref() == Some(account);
        self.scim_users.values().filter(linked).map(|u| u.id.clone()).collect()
    }

    pub(super) fn group_named(&self, name: &str) -> Option<&OrgGroup> {
        self.groups.values().find(|g| same(&g.name, name))
    }

    /// Computes the access of a page of people in one pass over the tenant. A synced group counts if all of these
    /// hold: the record is linked, active and a member of the SCIM group of the same name; the organization's group
    /// does not conflict with it; the lag is over. A gain shows after the lag, a loss at once.
    pub(super) fn access<'a>(&'a self, ids: &BTreeSet<&str>) -> BTreeMap<String, Access<'a>> {
        let mut found: BTreeMap<String, Access<'a>> =
            ids.iter().map(|id| ((*id).to_owned(), Access::default())).collect();
        let synced: HashMap<String, &OrgGroup> =
            self.groups.values().filter(|g| g.synced).map(|g| (g.name.to_lowercase(), g)).collect();
        for user in self.linked_to(ids) {
            let Some(access) = user.account.as_ref().and_then(|a| found.get_mut(a)) else { continue };
            access.linked = true;
            let groups = self.groups_holding(&user.id);
            for group in groups.into_iter().filter(|g| user.active && g.directory == user.directory) {
                let Some(member) = group.members.get(&user.id) else { continue };
                if member.dropped || !self.visible(member.since.max(user.linked_at)) {
                    continue;
                }
                if let Some(org_group) = synced.get(&group.name.to_lowercase()) {
                    access.groups.push(org_group);
                }
            }
        }
        for group in self.groups.values().filter(|g| !g.synced) {
            for (_, access) in found.iter_mut().filter(|(id, _)| group.members.contains(*id)) {
                access.groups.push(group);
            }
        }
        for access in found.values_mut() {
            access.groups.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
            access.groups.dedup_by(|a, b| a.id == b.id);
        }
        found
    }

    /// The records that may be linked to one of these accounts.
    fn linked_to(&self, ids: &BTreeSet<&str>) -> Vec<&ScimUser> {
        match &self.index {
            Some(index) => {
                let records = ids.iter().filter_map(|id| index.of_account.get(*id)).flatten();
                records.filter_map(|id| self.scim_users.get(id)).collect()
            }
            None => self.scim_users.values().collect(),
        }
    }

    /// The SCIM groups that may contain a record.
    pub(super) fn groups_holding(&self, record: &str) -> Vec<&ScimGroup> {
        match &self.index {
            Some(index) => {
                let groups = index.groups_of.get(record).into_iter().flatten();
                groups.filter_map(|id| self.scim_groups.get(id)).collect()
            }
            None => self.scim_groups.values().collect(),
        }
    }

    fn visible(&self, since: Timestamp) -> bool {
        let lag = SignedDuration::try_from(self.switches.lag).unwrap_or(SignedDuration::MAX);
        since.saturating_add(lag).is_ok_and(|at| at <= self.now)
    }

    /// [`Self::access`] of one account.
    pub(super) fn access_of(&self, account: &str) -> Access<'_> {
        self.access(&BTreeSet::from([account])).remove(account).unwrap_or_default()
    }

    /// The names of the groups in which the organization shows an account.
    #[must_use]
    pub fn groups_of(&self, account: &str) -> Vec<String> {
        self.access_of(account).groups.iter().map(|g| g.name.clone()).collect()
    }

    /// The ids of the groups in which the organization shows an account.
    #[must_use]
    pub fn group_ids_of(&self, account: &str) -> BTreeSet<String> {
        self.access_of(account).groups.iter().map(|g| g.id.clone()).collect()
    }

    /// The user directory of a group.
    pub(super) fn directory_of<'a>(&'a self, group: &'a OrgGroup) -> &'a str {
        group.directory.as_deref().unwrap_or(&self.directory_id)
    }

    /// Every user directory by id and name, the primary one first.
    pub(super) fn user_directories(&self) -> impl Iterator<Item = (&str, &str)> {
        let first = std::iter::once((self.directory_id.as_str(), "Primary Directory"));
        first.chain(self.more_directories.iter().map(|known| (known.id.as_str(), known.name.as_str())))
    }

    /// The membership of one directory. A group of the directory makes a person a member.
    pub(super) fn membership_in(&self, account: &Account, access: &Access<'_>, id: &str) -> Membership {
        let by_hand = if id == self.directory_id {
            account.membership
        } else {
            account.elsewhere.get(id).copied().unwrap_or(Membership::None)
        };
        match by_hand {
            Membership::None if access.groups.iter().any(|g| self.directory_of(g) == id) => {
                Membership::Active
            }
            membership => membership,
        }
    }

    /// The membership across all directories. A person is suspended only if suspended in each of their directories.
    pub(super) fn membership(&self, account: &Account, access: &Access<'_>) -> Membership {
        let all = self.user_directories().map(|(id, _)| self.membership_in(account, access, id));
        let all: Vec<Membership> = all.filter(|membership| *membership != Membership::None).collect();
        match all.first() {
            None => Membership::None,
            Some(_) if all.contains(&Membership::Active) => Membership::Active,
            Some(_) => Membership::Suspended,
        }
    }

    /// Roles by resource, each with its source: `group_direct` or `direct`. Without a seat, there is no role.
    pub(super) fn roles(&self, account: &Account, access: &Access<'_>) -> RolesByResource {
        self.user_directories().fold(BTreeMap::new(), |mut all, (id, _)| {
            for (resource, by_role) in self.roles_in(account, access, id) {
                let known: &mut BTreeMap<_, BTreeSet<_>> = all.entry(resource).or_default();
                by_role.into_iter().for_each(|(role, how)| known.entry(role).or_default().extend(how));
            }
            all
        })
    }

    /// The roles that come through one directory. Direct roles come through the primary directory.
    pub(super) fn roles_in(&self, account: &Account, access: &Access<'_>, id: &str) -> RolesByResource {
        let mut roles: RolesByResource = BTreeMap::new();
        let mut give = |resource: &str, role: &str, method| {
            let by_role = roles.entry(resource.to_owned()).or_default();
            by_role.entry(role.to_owned()).or_default().insert(method);
        };
        let here = access.groups.iter().filter(|g| self.directory_of(g) == id);
        for grant in here.flat_map(|g| &g.grants) {
            if !self.workspaces.iter().any(|w| w.id == grant.resource_id && w.unseated.contains(&account.id))
            {
                grant.roles.iter().for_each(|role| give(&grant.resource_id, role, "group_direct"));
            }
        }
        if id == self.directory_id {
            account.direct_roles.iter().for_each(|(resource, role)| give(resource, role, "direct"));
        }
        roles
    }

    /// The resources without a free seat.
    pub(super) fn full(&self) -> BTreeSet<String> {
        let full =
            |usage: Option<u32>, capacity: Option<u32>| usage.zip(capacity).is_some_and(|(u, c)| u >= c);
        self.workspaces.iter().filter(|w| full(w.usage, w.capacity)).map(|w| w.id.clone()).collect()
    }

    /// Breaks a link. The record stays and keeps its names; the account loses every synced group.
    pub fn unlink(&mut self, record: &str) {
        let Some(account) = self.scim_users.get_mut(record).and_then(|u| u.account.take()) else { return };
        for group in self.scim_groups.values_mut() {
            if let Some(member) = group.members.get_mut(record) {
                member.dropped = !self.switches.relink_restores_groups;
            }
        }
        self.log("SCIM_USER_UNLINKED_FROM_AA", &account, &format!("SCIM record {record} was unlinked"));
    }

    /// Deletes a record with its group memberships. The account does not change.
    pub(super) fn forget_record(&mut self, record: &str) {
        self.unlink(record);
        for group in self.scim_groups.values_mut() {
            group.members.remove(record);
        }
        if self.scim_users.remove(record).is_some() {
            self.log("SCIM_USER_DELETE", record, "SCIM record deleted");
        }
    }

    /// The service forgets every cursor.
    pub fn expire_cursors(&mut self) {
        self.expired.extend(std::mem::take(&mut self.cursors).into_keys());
    }

    /// Activates or deactivates. An account pending deletion stays inactive until the deletion is cancelled.
    pub fn set_active(&mut self, account: &str, active: bool) {
        let status = if active { Status::Active } else { Status::Inactive };
        let Some(found) = self.accounts.get_mut(account) else { return };
        if found.status == status || found.status == Status::Closed || (active && found.pending()) {
            return;
        }
        found.status = status;
        if !active {
            found.sessions = 0;
        }
        let action = if active { "MANAGED_ACCOUNT_REACTIVATED" } else { "MANAGED_ACCOUNT_DEACTIVATED" };
        self.log(action, account, "");
    }

    /// Removes an account from the user directory permanently. Its groups and roles are lost.
    pub(super) fn remove_person(&mut self, account: &str) {
        let records = self.records_of(account);
        for group in self.scim_groups.values_mut() {
            for record in &records {
                if let Some(member) = group.members.get_mut(record) {
                    member.dropped = true;
                }
            }
        }
        for group in self.groups.values_mut() {
            group.members.remove(account);
        }
        if let Some(found) = self.accounts.get_mut(account) {
            found.membership = Membership::None;
            found.elsewhere.clear();
            found.direct_roles.clear();
        }
        self.log("USER_REMOVED_FROM_ORG", account, "");
    }

    /// Adds an entry to the audit log, made by the present actor.
    pub fn log(&mut self, action: &str, subject: &str, message: &str) {
        let id = self.fresh_id("event");
        let delay = SignedDuration::try_from(self.switches.event_delay).unwrap_or(SignedDuration::MAX);
        self.events.push(Event {
            id,
            time: self.now,
            processed: self.now.saturating_add(delay).unwrap_or(Timestamp::MAX),
            action: action.to_owned(),
            actor: self.actor.clone(),
            subject: subject.to_owned(),
            message: message.to_owned(),
        });
    }
}
