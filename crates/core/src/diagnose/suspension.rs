//! Suspension by directory. The search shows an account as suspended only if it is suspended in every directory. Its
//! role assignments show its status in each directory. A suspension in one directory is enough to lose the apps of its
//! groups.

use std::collections::BTreeSet;

use super::case::Case;
use crate::evidence::{Account, AppRole, IdpGroup, OrgGroup, Read, UserDirectory};
use crate::subject::normalize_name;

impl<'a> Case<'a> {
    /// The directories in which access is suspended and which count for the person.
    #[must_use]
    pub fn suspended_in(&self, account: &Account) -> Vec<&'a str> {
        let everywhere = account.is_member("suspended");
        let all = self.every_suspended(account);
        let counting: Vec<&str> =
            all.iter().copied().filter(|id| self.counts(id).unwrap_or(everywhere)).collect();
        if counting.is_empty() && everywhere { all.into_iter().collect() } else { counting }
    }

    /// Every directory in which access is suspended.
    fn every_suspended(&self, account: &Account) -> BTreeSet<&'a str> {
        let everywhere = account.is_member("suspended");
        let suspended = |row: &&AppRole| everywhere || row.is_status("suspended") == Some(true);
        let rows = self.role_rows(account).into_iter().flatten().filter(suspended);
        let mut all: BTreeSet<&str> = rows.filter_map(|row| row.directory.as_deref()).collect();
        if everywhere {
            all.extend(self.directories_of(account).into_iter().flatten().map(|known| known.id.as_str()));
        }
        all
    }

    /// Whether access is suspended in a directory that counts. `None` if that could not be read.
    #[must_use]
    pub fn is_suspended(&self, account: &Account) -> Option<bool> {
        if account.is_member("suspended") || !self.suspended_in(account).is_empty() {
            return Some(true);
        }
        let rows = self.role_rows(account)?;
        if self.every_suspended(account).iter().any(|id| self.counts(id).is_none()) {
            return None;
        }
        let nowhere = |row: &AppRole| row.directory.is_none() && row.is_status("suspended") == Some(true);
        if rows.iter().any(nowhere) {
            return Some(true);
        }
        let in_directories = || rows.iter().filter(|row| row.app || row.directory.is_some());
        if in_directories().any(|row| self.is_active_in(account, row).is_none()) {
            return None;
        }
        // Without any row, only the membership shows the status.
        let known = in_directories().next().is_some() || account.knows_membership();
        known.then_some(false)
    }

    /// Whether an account has a role that opens an app. A role in a directory where the account is suspended does not
    /// count. But if the account is suspended everywhere, the role does count: it still exists and works again once
    /// access is restored.
    #[must_use]
    pub fn has_role(&self, account: &Account) -> Option<bool> {
        let everywhere = account.is_member("suspended");
        let apps: Vec<&AppRole> = self.role_rows(account)?.iter().filter(|row| row.app).collect();
        let opens = |row: &&AppRole| if everywhere { Some(true) } else { self.is_active_in(account, row) };
        let opened: Vec<Option<bool>> = apps.iter().map(opens).collect();
        if opened.contains(&Some(true)) {
            return Some(true);
        }
        if opened.contains(&None) { None } else { Some(false) }
    }

    /// Whether the account is active in the directory of this role. If the row shows no status, the membership decides,
    /// provided that the account is in one directory only.
    pub(super) fn is_active_in(&self, account: &Account, row: &AppRole) -> Option<bool> {
        if row.status.is_some() {
            return row.is_status("active");
        }
        let alone = self.directories_of(account).is_some_and(|all| all.len() == 1);
        (alone && account.knows_membership()).then(|| account.is_member("active"))
    }

    /// Whether a directory counts for the person. It does not count if every expected group is known to belong to
    /// another directory. If Atlassian does not show the directory of a group, it counts. `None` if a source that would
    /// show this failed, so that a gap alone never causes a finding of suspension.
    fn counts(&self, directory: &str) -> Option<bool> {
        let e = self.e;
        if e.groups.gap().is_some()
            || e.shown_groups.gap().is_some()
            || e.users.gap().is_some()
            || e.memberships.gap().is_some()
            || e.assignments.gap().is_some()
        {
            return None;
        }
        Some(self.belongs_elsewhere(directory) != Some(true))
    }

    /// Whether the directories of all expected groups are known and this is none of them. `None` if unknown.
    fn belongs_elsewhere(&self, directory: &str) -> Option<bool> {
        let expected = self.expected()?;
        // A person who is assigned without a group may use any directory.
        if expected.is_empty() {
            return None;
        }
        let mut all = BTreeSet::new();
        for group in expected {
            let directories = self.directories_of_group(group);
            if directories.is_empty() {
                return None;
            }
            for directory in directories {
                all.insert(directory?);
            }
        }
        Some(!all.contains(directory))
    }

    /// The user directory of each group at Atlassian that is this expected group. `None` in place of a directory that
    /// was not shown.
    fn directories_of_group(&self, group: &IdpGroup) -> Vec<Option<&'a str>> {
        let shown = self.shown_as(group).unwrap_or_default();
        let name = normalize_name(&group.name);
        let is_shown = |known: &&OrgGroup| shown.iter().any(|shown| shown.id == known.id);
        let by_id: Vec<&OrgGroup> = self.read_groups().filter(is_shown).collect();
        // A group that was read by name only.
        let by_name = || self.read_groups().filter(|known| normalize_name(&known.name) == name);
        let found: Vec<&OrgGroup> = if by_id.is_empty() { by_name().collect() } else { by_id };
        found.into_iter().map(|known| known.directory.as_deref()).collect()
    }

    /// The role assignments of an account, if they were read.
    pub fn role_rows(&self, account: &Account) -> Option<&'a [AppRole]> {
        self.e.roles.get(&account.id).and_then(Read::get).map(Vec::as_slice)
    }

    /// The user directories of an account, if they were read.
    pub fn directories_of(&self, account: &Account) -> Option<&'a [UserDirectory]> {
        self.e.user_directories.get(&account.id).and_then(Read::get).map(Vec::as_slice)
    }

    /// A directory in words for people: its name, if it was read, and its id.
    #[must_use]
    pub fn directory_name(&self, account: &Account, id: &str) -> String {
        let known = self.directories_of(account).into_iter().flatten().find(|known| known.id == id);
        match known.and_then(|known| known.name.as_deref()) {
            Some(name) => format!("{name} ({id})"),
            None => id.to_owned(),
        }
    }
}
