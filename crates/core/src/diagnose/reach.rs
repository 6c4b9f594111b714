//! What the person should be able to reach, and what they do reach: assignment, expected groups, roles, access
//! (docs/reference/rules.md#access). What was not read stays `None`.

use super::Groups;
use super::app_choice::AskedApp;
use super::case::Case;
use super::record_link::RecordLink;
use crate::evidence::{Account, IdpGroup, RoleLevel, Source};
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

    /// The groups of the account that are this group. The `externalId` of the SCIM group decides if it was read, else
    /// the name (docs/reference/rules.md#renamed-group). `None` if the groups of the account were not shown.
    #[must_use]
    pub fn shown_as(&self, group: &IdpGroup) -> Option<Vec<&'a IdpGroup>> {
        let shown = self.account?.groups.as_ref()?;
        let named = |name: &str| {
            let name = normalize_name(name);
            let same = move |known: &&IdpGroup| !name.is_empty() && normalize_name(&known.name) == name;
            shown.iter().filter(same)
        };
        if let Some(name) = self.name_by_id(group) {
            let found: Vec<&IdpGroup> = named(name).collect();
            if !found.is_empty() {
                return Some(found);
            }
        }
        Some(named(&group.name).filter(|known| !self.is_another_group(known, group)).collect())
    }

    /// Whether the directory shows the account in this group.
    #[must_use]
    pub fn shows(&self, group: &IdpGroup) -> Option<bool> {
        self.e.accounts.get()?;
        let Some(account) = self.account else { return (!self.account_is_in_doubt()).then_some(false) };
        if !self.shown_as(group)?.is_empty() {
            return Some(true);
        }
        // A group whose name could not be read may be any group.
        let shown = account.groups.as_ref()?;
        let unnamed = group.name.trim().is_empty() || shown.iter().any(|known| known.name.trim().is_empty());
        let renamed = || {
            self.older_names_are_unread().is_some() && shown.iter().any(|known| self.is_unexplained(known))
        };
        if unnamed || renamed() { None } else { Some(false) }
    }

    /// The source that would show which group of the account is an expected group under an older name, if it is unread.
    pub(super) fn older_names_are_unread(&self) -> Option<&'static [Source]> {
        if self.has_no_job() {
            return None;
        }
        let unread = self.own.as_ref().map_or(!self.every_directory_was_read(), |own| own.record.is_none());
        if unread {
            return Some(&[Source::ScimUsers]);
        }
        self.e.scim_groups.gap().map(|_| -> &'static [Source] { &[Source::ScimGroups] })
    }

    /// Whether a group of the account may be synced, and has the name of no expected group.
    fn is_unexplained(&self, shown: &IdpGroup) -> bool {
        let name = normalize_name(&shown.name);
        let is_named =
            self.expected().is_some_and(|all| all.iter().any(|known| normalize_name(&known.name) == name));
        let read = self.e.shown_groups.get().and_then(|all| all.iter().find(|known| known.id == shown.id));
        !is_named && read.and_then(|known| known.synced) != Some(false)
    }

    /// The SCIM groups of the person's record whose `externalId` was read, with that id.
    fn scim_groups(&self) -> impl Iterator<Item = (&'a IdpGroup, &'a str)> {
        let record = self.own.as_ref().and_then(|record_link| record_link.record);
        let known = self.e.scim_groups.get();
        let groups = record.into_iter().flat_map(|record| &record.groups);
        groups.filter_map(move |group| Some((group, known?.get(&group.id)?.as_str())))
    }

    /// The name of the SCIM group with this IdP group's id.
    fn name_by_id(&self, group: &IdpGroup) -> Option<&'a str> {
        self.scim_groups().find(|(_, id)| *id == group.id).map(|(known, _)| known.name.as_str())
    }

    /// Whether the SCIM group of this name is known to be that of another IdP group, and of no group of this name.
    fn is_another_group(&self, shown: &IdpGroup, group: &IdpGroup) -> bool {
        let name = normalize_name(&shown.name);
        let mut ids = self.scim_groups().filter(|(known, _)| normalize_name(&known.name) == name).peekable();
        ids.peek().is_some() && ids.all(|(_, id)| id != group.id)
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
        let expected = self.expected().unwrap_or_default().into_iter();
        let renamed = expected.filter_map(|group| {
            let shown = self.shown_as(group)?;
            let is_same = |known: &&&IdpGroup| normalize_name(&known.name) == normalize_name(&group.name);
            let old = shown.first().filter(|_| !shown.iter().any(|known| is_same(&known)))?;
            Some((group, old.name.as_str()))
        });
        renamed.collect()
    }

    /// The synced groups that the account shows and the identity provider does not give. `None` if unknown.
    fn extra(&self) -> Option<Vec<&'a IdpGroup>> {
        let shown = self.account?.groups.as_ref()?;
        let expected = self.expected()?;
        let given: Vec<&IdpGroup> =
            expected.iter().filter_map(|group| self.shown_as(group)).flatten().collect();
        // A job that provisions everybody may also give groups that are not assigned.
        let unassigned = self.e.mapping.get().and_then(|mapping| mapping.sync_all) != Some(false);
        let direct = self.e.memberships.get()?.iter().filter(|_| unassigned);
        let direct: Vec<&IdpGroup> = direct.filter_map(|group| self.shown_as(group)).flatten().collect();
        let mut extra = Vec::new();
        for group in shown {
            if given.contains(&group) || direct.contains(&group) {
                continue;
            }
            let read = self.e.shown_groups.get()?.iter().find(|known| known.id == group.id)?;
            if read.synced? {
                // An unnamed group may be one of the expected ones.
                (!group.name.trim().is_empty()).then_some(())?;
                extra.push(group);
            }
        }
        Some(extra)
    }

    /// The groups, as shown to people and scripts.
    #[must_use]
    pub fn groups(&self) -> Groups {
        if !self.candidates.is_empty() || self.account_is_in_doubt() {
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
        Groups {
            expected: self.expected().map(names),
            present,
            missing: self.missing().map(names),
            extra: self.extra().map(names),
        }
    }

    /// Whether the person has access: the account and its membership are active, and no group and no app is missing
    /// (docs/reference/rules.md#access). If one app was asked for: whether they can open that app. `None` if unknown.
    #[must_use]
    pub fn has_access(&self) -> Option<bool> {
        self.e.accounts.get()?;
        // The access of another person's account proves nothing about this person.
        if self.account_is_in_doubt() {
            return None;
        }
        let Some(account) = self.account else { return Some(false) };
        let member = account.membership.as_deref().is_none_or(|m| m.eq_ignore_ascii_case("active"));
        if account.for_deletion || (account.is_understood() && !(account.is_active() && member)) {
            return Some(false);
        }
        // If this organization manages the other account, the two accounts are a finding of their own.
        let locks_out = |used: &Account| !used.is_active() && used.is_understood() && !self.is_managed(used);
        if self.signs_in_elsewhere().is_some_and(locks_out) {
            return Some(false);
        }
        match self.asked_app() {
            AskedApp::Any => {}
            AskedApp::Unread | AskedApp::Unclear(_) => return None,
            AskedApp::One(space) => return self.can_open(&space.id),
        }
        match self.missing() {
            Some(missing) if !missing.is_empty() => return Some(false),
            Some(_) => {}
            None => return None,
        }
        if self.is_suspended(account) == Some(true) {
            return Some(false);
        }
        let apps = self.has_apps(account);
        // A state that was not shown, or that has an unknown value, is a gap. A gap never counts as good.
        let known = account.is_understood() && self.is_suspended(account).is_some();
        if known || apps == Some(false) { apps } else { None }
    }

    /// The account that the person gets when they sign in, if it is another one: it has their address.
    pub(super) fn signs_in_elsewhere(&self) -> Option<&'a Account> {
        let used = self.other.or_else(|| self.bearer());
        used.filter(|used| self.account.is_some_and(|account| account.id != used.id))
    }

    /// Whether the account can open every app that the expected groups grant. If they grant none, whether it can open
    /// any app.
    fn has_apps(&self, account: &Account) -> Option<bool> {
        let states = self.all_app_states()?;
        if !states.missing.is_empty() {
            return Some(false);
        }
        if states.unknown {
            // Whichever apps are granted, an account without any role can open none of them.
            return self.has_role(account).filter(|holds| !holds);
        }
        if states.present.is_empty() { self.has_role(account) } else { Some(true) }
    }

    /// Whether the account can open the app that was asked for. If no expected group grants it, any role that opens it
    /// is enough.
    fn can_open(&self, resource: &str) -> Option<bool> {
        let states = self.app_states();
        if states.as_ref().is_some_and(|states| !states.missing.is_empty()) {
            return Some(false);
        }
        if states.as_ref().is_some_and(|states| !states.present.is_empty()) {
            return Some(true);
        }
        let holds = self.holds(resource, RoleLevel::Limited);
        // A group whose roles are unread may need a stronger role than the account has.
        if holds == Some(true) && states.is_none_or(|states| states.unknown) { None } else { holds }
    }
}
