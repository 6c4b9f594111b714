//! What the person should be able to reach, and what they do reach: assignment, expected groups, roles, access
//! (docs/reference/rules.md#access). What was not read stays `None`.

use super::Groups;
use super::case::Case;
use super::record_link::RecordLink;
use crate::evidence::IdpGroup;
use crate::subject::normalize_name;

impl<'a> Case<'a> {
    /// Whether no Atlassian application of the tenant has a synchronization job.
    #[must_use]
    pub fn has_no_job(&self) -> bool {
        self.e.job.get().is_none()
            && self.e.applications.get().is_some_and(|all| all.iter().all(|application| !application.has_job))
    }

    /// Whether another application has the job. Assignments to the configured application then prove nothing.
    #[must_use]
    pub fn is_wrong_application(&self) -> bool {
        self.e.applications.get().is_some_and(|all| all.iter().any(|application| application.has_job))
    }

    /// Whether the person is assigned, either directly or through a group of which they are a direct member.
    #[must_use]
    pub fn is_assigned(&self) -> Option<bool> {
        let person = self.person?;
        if self.is_wrong_application() {
            return None;
        }
        let assignments = self.e.assignments.get()?;
        if assignments.iter().any(|a| !a.is_group && a.principal == person.id) {
            return Some(true);
        }
        if !assignments.iter().any(|a| a.is_group) {
            return Some(false);
        }
        Some(!self.expected()?.is_empty())
    }

    /// When provisioning could first reach the person: when they were created, or when the first assignment was created
    /// that reaches them, whichever is later (docs/reference/rules.md#age-of-a-membership).
    #[must_use]
    pub fn reached_at(&self) -> Option<jiff::Timestamp> {
        let person = self.person?;
        let expected = self.expected()?;
        let mut first: Option<jiff::Timestamp> = None;
        for assignment in self.e.assignments.get()? {
            let mine = assignment.principal == person.id
                || expected.iter().any(|group| group.id == assignment.principal);
            if mine {
                let created = assignment.created?;
                first = Some(first.map_or(created, |known| known.min(created)));
            }
        }
        Some(first?.max(person.created.unwrap_or(jiff::Timestamp::MIN)))
    }

    /// Whether a group was assigned after the last cycle ended.
    #[must_use]
    pub fn is_young(&self, group: &IdpGroup) -> bool {
        let last = self.e.job.get().and_then(|job| job.last_cycle);
        let created = self.e.assignments.get().into_iter().flatten().find(|a| a.principal == group.id);
        created.and_then(|a| a.created).zip(last).is_some_and(|(created, last)| created > last)
    }

    /// The person's record, if it is linked to the person's account and everything up to the groups is good.
    #[must_use]
    pub fn good_record(&self) -> Option<&RecordLink<'a>> {
        let person = self.person?;
        let account = self.account?;
        let own = self.own.as_ref()?;
        let assigned = self.is_assigned() == Some(true) || super::assignment_is_contradicted(self);
        let member = account.knows_membership() && self.is_suspended(account) != Some(true);
        let linked = own.account.as_deref() == Some(account.id.as_str());
        let good = person.enabled == Some(true)
            && assigned
            && linked
            && own.link_known
            && account.is_active()
            && member
            && self.other.is_none();
        good.then_some(own)
    }

    /// The assigned groups of which the person is a direct member. `None` if unknown.
    #[must_use]
    pub fn expected(&self) -> Option<Vec<&'a IdpGroup>> {
        if self.is_wrong_application() {
            return None;
        }
        let assignments = self.e.assignments.get()?;
        let mut groups: Vec<&IdpGroup> = self
            .e
            .memberships
            .get()?
            .iter()
            .filter(|group| assignments.iter().any(|a| a.is_group && a.principal == group.id))
            .collect();
        groups.sort();
        groups.dedup();
        Some(groups)
    }

    /// Whether the directory shows the account in this group. The `externalId` of the SCIM group decides if it is
    /// known, else the name (docs/reference/rules.md#renamed-group).
    #[must_use]
    pub fn shows(&self, group: &IdpGroup) -> Option<bool> {
        self.e.accounts.get()?;
        let Some(account) = self.account else { return Some(false) };
        let groups = account.groups.as_ref()?;
        let name = normalize_name(&group.name);
        if !name.is_empty() && groups.iter().any(|shown| normalize_name(&shown.name) == name) {
            return Some(true);
        }
        if self.old_name(group).is_some() {
            return Some(true);
        }
        // A group whose name could not be read may be any group.
        let unnamed = name.is_empty() || groups.iter().any(|shown| shown.name.trim().is_empty());
        if unnamed { None } else { Some(false) }
    }

    /// The expected groups whose name could not be read.
    #[must_use]
    pub fn unnamed(&self) -> Vec<&'a IdpGroup> {
        let expected = self.expected().unwrap_or_default();
        expected.into_iter().filter(|group| group.name.trim().is_empty()).collect()
    }

    /// The expected groups that the directory does not show. `None` if unknown.
    #[must_use]
    pub fn missing(&self) -> Option<Vec<&'a IdpGroup>> {
        let mut missing = Vec::new();
        for group in self.expected()? {
            if !self.shows(group)? {
                missing.push(group);
            }
        }
        Some(missing)
    }

    /// The expected groups that the directory shows under an older name, with that name.
    #[must_use]
    pub fn renamed(&self) -> Vec<(&'a IdpGroup, &'a str)> {
        let Some(shown) = self.account.and_then(|account| account.groups.as_ref()) else { return Vec::new() };
        let by_name = |group: &IdpGroup| {
            shown.iter().any(|known| normalize_name(&known.name) == normalize_name(&group.name))
        };
        let expected = self.expected().unwrap_or_default();
        let renamed = expected.into_iter().filter(|group| !by_name(group));
        renamed.filter_map(|group| Some((group, self.old_name(group)?))).collect()
    }

    /// The name of the SCIM group with this IdP group's id, if the directory shows the account in it.
    fn old_name(&self, group: &IdpGroup) -> Option<&'a str> {
        let shown = self.account?.groups.as_ref()?;
        let record = self.own.as_ref().and_then(|record_link| record_link.record)?;
        self.e.scim_groups.get()?.iter().find_map(|(scim_id, idp_id)| {
            let old = record.groups.iter().find(|known| known.id == *scim_id)?;
            let here = *idp_id == group.id
                && shown.iter().any(|known| normalize_name(&known.name) == normalize_name(&old.name));
            here.then_some(old.name.as_str())
        })
    }

    /// The groups, as shown to people and scripts.
    #[must_use]
    pub fn groups(&self) -> Groups {
        if !self.candidates.is_empty() {
            return Groups::default();
        }
        let names = |groups: Vec<&IdpGroup>| {
            let mut names: Vec<String> = groups.into_iter().map(|group| group.name.clone()).collect();
            names.sort();
            names
        };
        let present = self.expected().and_then(|groups| {
            let mut shown = Vec::new();
            for group in groups {
                if self.shows(group)? {
                    shown.push(group);
                }
            }
            Some(names(shown))
        });
        Groups { expected: self.expected().map(names), present, missing: self.missing().map(names) }
    }

    /// Whether the person has access: the account is active, its membership is active, no group is missing, and it has
    /// at least one app role (docs/reference/rules.md#access). `None` if unknown.
    #[must_use]
    pub fn has_access(&self) -> Option<bool> {
        self.e.accounts.get()?;
        let Some(account) = self.account else { return Some(false) };
        let member = account.membership.as_deref().is_none_or(|m| m.eq_ignore_ascii_case("active"));
        if account.for_deletion || (account.is_understood() && !(account.is_active() && member)) {
            return Some(false);
        }
        match self.missing() {
            Some(missing) if !missing.is_empty() => return Some(false),
            Some(_) => {}
            None => return None,
        }
        if self.is_suspended(account) == Some(true) {
            return Some(false);
        }
        let role = self.has_role(account);
        // A state that was not shown, or that has an unknown value, is a gap. A gap never counts as good.
        let known = account.is_understood() && self.is_suspended(account).is_some();
        if known || role == Some(false) { role } else { None }
    }
}
