//! The apps that the person's groups grant, and which of them the account can open
//! (docs/reference/rules.md#expected-apps). It must never call an app present or missing if a role that decides it was
//! not read.

use super::app_choice::AskedApp;
use super::case::Case;
use crate::evidence::{Account, AppRole, GroupRole, IdpGroup, OrgGroup, Read, RoleLevel};
use crate::subject::normalize_name;

/// An app that at least one expected group grants.
#[derive(Clone, Debug)]
pub(crate) struct GrantedApp<'a> {
    /// The app on one site (ARI).
    pub resource: &'a str,
    /// Atlassian's key of the app, as the grant shows it.
    pub owner: Option<&'a str>,
    /// The weakest role that an expected group grants there. A role at least as strong is enough.
    pub level: RoleLevel,
    pub role: &'a str,
    /// The expected groups that grant the app.
    pub groups: Vec<&'a IdpGroup>,
}

/// What the expected groups grant.
#[derive(Clone, Debug, Default)]
pub(crate) struct Grants<'a> {
    pub apps: Vec<GrantedApp<'a>>,
    /// The expected groups that exist at Atlassian and grant no app.
    pub without_app: Vec<&'a IdpGroup>,
    /// The expected groups that do not exist at Atlassian.
    pub absent: Vec<&'a IdpGroup>,
    /// Whether the roles of an expected group could not be read. Such a group may grant any app.
    pub unread: bool,
}

/// The granted apps, divided by whether the account can open them.
#[derive(Clone, Debug, Default)]
pub(crate) struct AppStates<'a> {
    pub present: Vec<GrantedApp<'a>>,
    pub missing: Vec<GrantedApp<'a>>,
    /// Whether it could not be read for some app, or which apps are granted could not be read.
    pub unknown: bool,
}

impl<'a> Case<'a> {
    /// What the expected groups grant. `None` if the expected groups are unknown.
    pub(crate) fn grants(&self) -> Option<Grants<'a>> {
        let mut grants = Grants::default();
        for group in self.expected()? {
            let Some(roles) = self.roles_of(group) else {
                grants.unread = true;
                continue;
            };
            let Some(roles) = roles else {
                grants.absent.push(group);
                continue;
            };
            let mut opens = false;
            for granted in roles {
                let Some((level, role)) = granted.weakest() else { continue };
                opens = true;
                add(&mut grants.apps, granted, level, role, group);
            }
            if !opens {
                grants.without_app.push(group);
            }
        }
        grants.apps.sort_by(|a, b| a.resource.cmp(b.resource));
        Some(grants)
    }

    /// The expected groups, if none of them grants an app and the account holds no role that opens one.
    #[must_use]
    pub fn groups_without_app(&self) -> Vec<&'a IdpGroup> {
        let Some(grants) = self.grants() else { return Vec::new() };
        let holds = self.account.map(|account| self.has_role(account));
        let none = grants.apps.is_empty() && !grants.unread && holds == Some(Some(false));
        if none { grants.without_app } else { Vec::new() }
    }

    /// The app that was asked for, if no expected group grants it.
    #[must_use]
    pub fn app_not_granted(&self) -> Option<&'a str> {
        let AskedApp::One(space) = self.asked_app() else { return None };
        let grants = self.grants().filter(|grants| !grants.unread)?;
        (!grants.apps.iter().any(|app| app.resource == space.id)).then_some(space.id.as_str())
    }

    /// Which of the granted apps the account can open. If one app was asked for, only that app.
    pub(crate) fn app_states(&self) -> Option<AppStates<'a>> {
        let states = self.all_app_states()?;
        let only = match self.asked_app() {
            AskedApp::Any => return Some(states),
            AskedApp::Unread | AskedApp::Unclear(_) => {
                return Some(AppStates { unknown: true, ..AppStates::default() });
            }
            AskedApp::One(space) => space.id.as_str(),
        };
        let keep = |apps: Vec<GrantedApp<'a>>| apps.into_iter().filter(|app| app.resource == only).collect();
        Some(AppStates { present: keep(states.present), missing: keep(states.missing), ..states })
    }

    /// Which of the granted apps the account can open, whatever was asked for.
    pub(crate) fn all_app_states(&self) -> Option<AppStates<'a>> {
        let grants = self.grants()?;
        let mut states = AppStates { unknown: grants.unread, ..AppStates::default() };
        for app in grants.apps {
            match self.opens(&app, grants.unread) {
                Some(true) => states.present.push(app),
                Some(false) => states.missing.push(app),
                None => states.unknown = true,
            }
        }
        Some(states)
    }

    /// Whether the account can open a granted app. A group whose roles are unread may grant a weaker role, which would
    /// be enough. So a weaker role of the account then proves nothing.
    fn opens(&self, app: &GrantedApp<'a>, unread: bool) -> Option<bool> {
        match self.holds(app.resource, app.level) {
            Some(false) if unread && self.holds(app.resource, RoleLevel::Limited) != Some(false) => None,
            known => known,
        }
    }

    /// Whether the account is active, and holds a role of at least this level in a directory where it is active.
    pub(crate) fn holds(&self, resource: &str, level: RoleLevel) -> Option<bool> {
        self.e.accounts.get()?;
        let Some(account) = self.account else { return Some(false) };
        if account.for_deletion || (account.knows_status() && !account.is_active()) {
            return Some(false);
        }
        if !account.is_understood() {
            return None;
        }
        let strong = |row: &&AppRole| row.resource == resource && row.level() >= Some(level);
        let held: Vec<Option<bool>> = self
            .role_rows(account)?
            .iter()
            .filter(strong)
            .map(|row| self.is_active_in(account, row))
            .collect();
        if held.contains(&Some(true)) {
            return Some(true);
        }
        if held.contains(&None) { None } else { Some(false) }
    }

    /// The roles that an expected group grants. `None` if unread, and `Some(None)` if the group does not exist at
    /// Atlassian.
    fn roles_of(&self, group: &IdpGroup) -> Option<Option<Vec<&'a GroupRole>>> {
        let ids = self.ids_at_atlassian(group)?;
        let mut all = Vec::new();
        for id in &ids {
            if self.grants_nothing(id) {
                continue;
            }
            all.extend(self.e.group_roles.get(*id)?.get()?);
        }
        Some((!ids.is_empty()).then_some(all))
    }

    /// Whether Atlassian counts no resource on which the group has a role. Then its roles are not read.
    #[must_use]
    pub fn grants_nothing(&self, id: &str) -> bool {
        self.read_groups().any(|known| known.id == id && known.resources == Some(0))
    }

    /// The groups of the organization that were read, by id or by name.
    pub(crate) fn read_groups(&self) -> impl Iterator<Item = &'a OrgGroup> {
        let of = |read: &'a Read<Vec<OrgGroup>>| read.get().into_iter().flatten();
        of(&self.e.shown_groups).chain(of(&self.e.groups))
    }

    /// The ids at Atlassian of an expected group: those that the account shows, else the groups of the organization
    /// with its name. Empty if there is none, and `None` if unread.
    #[must_use]
    pub fn ids_at_atlassian(&self, group: &IdpGroup) -> Option<Vec<&'a str>> {
        let shown = self.account.and_then(|_| self.shown_as(group)).unwrap_or_default();
        if !shown.is_empty() {
            let ids: Vec<&str> = shown.iter().map(|known| known.id.as_str()).collect();
            return ids.iter().all(|id| !id.is_empty()).then_some(ids);
        }
        let name = normalize_name(&group.name);
        if name.is_empty() {
            return None;
        }
        let named = self.e.groups.get()?.iter().filter(|known| normalize_name(&known.name) == name);
        Some(named.map(|known| known.id.as_str()).collect())
    }

    /// The apps in which the account takes a seat when access is restored in this directory: those of its roles there.
    /// If it has no role there, those that its groups grant. The error is the source that is unread.
    pub(crate) fn seats_needed(
        &self,
        account: &Account,
        directory: Option<&str>,
    ) -> Result<Vec<&'a str>, crate::evidence::Source> {
        use crate::evidence::Source;
        let rows = self.role_rows(account).into_iter().flatten();
        let here: Vec<&AppRole> =
            rows.filter(|row| row.app && row.directory.as_deref() == directory).collect();
        let mut apps: Vec<&str> = Vec::new();
        if here.is_empty() {
            for group in account.groups.as_ref().ok_or(Source::GroupRoles)? {
                if self.grants_nothing(&group.id) {
                    continue;
                }
                let granted =
                    self.e.group_roles.get(&group.id).and_then(Read::get).ok_or(Source::GroupRoles)?;
                apps.extend(
                    granted.iter().filter(|role| role.takes_seat()).map(|role| role.resource.as_str()),
                );
            }
        } else {
            apps.extend(here.iter().filter(|row| row.takes_seat()).map(|row| row.resource.as_str()));
        }
        apps.sort_unstable();
        apps.dedup();
        Ok(apps)
    }
}

/// Adds what one group grants on one resource.
fn add<'a>(
    apps: &mut Vec<GrantedApp<'a>>,
    granted: &'a GroupRole,
    level: RoleLevel,
    role: &'a str,
    group: &'a IdpGroup,
) {
    match apps.iter_mut().find(|app| app.resource == granted.resource) {
        Some(app) => {
            if level < app.level {
                (app.level, app.role) = (level, role);
            }
            if !app.groups.contains(&group) {
                app.groups.push(group);
            }
        }
        None => apps.push(GrantedApp {
            resource: &granted.resource,
            owner: granted.owner.as_deref(),
            level,
            role,
            groups: vec![group],
        }),
    }
}
