//! The apps of a diagnosis as people and scripts see them: expected, present, and missing with the reason
//! (docs/reference/rules.md#expected-apps).

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::app_access::GrantedApp;
use super::app_choice::AppName;
use super::apps::weak_apps;
use super::case::Case;
use crate::evidence::{RoleLevel, Workspace};
use crate::finding::{Cause, Finding};

/// An app that the person should be able to open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct App {
    #[serde(flatten)]
    pub name: AppName,
    /// The weakest role that the groups grant, without its namespace prefix. A role at least as strong is enough.
    pub role: String,
    /// The groups of the identity provider that grant the app.
    pub through: Vec<String>,
}

/// An expected app that the person cannot open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingApp {
    #[serde(flatten)]
    pub name: AppName,
    pub why: Why,
}

/// Why an app is missing. Without a cause that explains it, this is `unknown`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Why(pub Option<Cause>);

impl Why {
    #[must_use]
    pub fn word(self) -> &'static str {
        self.0.map_or("unknown", Cause::code)
    }
}

impl Serialize for Why {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

impl<'de> Deserialize<'de> for Why {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        Ok(Self(Cause::ALL.iter().copied().find(|cause| cause.code() == word)))
    }
}

/// The apps of one person. `None` means unknown. If one app was asked for, only that one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Apps {
    pub expected: Option<Vec<App>>,
    pub present: Option<Vec<App>>,
    pub missing: Option<Vec<MissingApp>>,
    /// The missing apps that were not asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others_missing: Vec<AppName>,
}

/// Causes of the groups. They explain a missing app only if the account is in no group that grants it.
const GROUP_CAUSES: &[Cause] = &[
    Cause::MembershipDrift,
    Cause::PropagationLag,
    Cause::GroupNameConflict,
    Cause::DefaultGroupClash,
    Cause::GroupTooLarge,
];
/// Causes that explain only the apps that they name.
const APP_CAUSES: &[Cause] = &[
    Cause::SeatsFull,
    Cause::RoleTooWeak,
    Cause::AppNotGranted,
    Cause::GroupWithoutRole,
    Cause::GroupRenamed,
];

pub(super) fn apps(case: &Case<'_>, findings: &[Finding]) -> Apps {
    if !case.candidates.is_empty() || case.account_is_in_doubt() {
        return Apps::default();
    }
    let Some(states) = case.app_states() else { return Apps::default() };
    let shown = |app: &GrantedApp<'_>| App {
        name: case.app_name(app.resource, app.owner),
        role: app.role.to_owned(),
        through: app.groups.iter().map(|group| group.name.clone()).collect(),
    };
    let sorted = |mut apps: Vec<App>| {
        apps.sort_by(|a, b| a.name.cmp(&b.name));
        apps
    };
    let grants = case.grants().filter(|grants| !grants.unread);
    let in_question = |resource: &str| match case.asked_app() {
        super::app_choice::AskedApp::One(space) => space.id == resource,
        _ => true,
    };
    let expected = grants.map(|grants| {
        sorted(grants.apps.iter().filter(|app| in_question(app.resource)).map(shown).collect())
    });
    let mut missing: Vec<MissingApp> = states
        .missing
        .iter()
        .map(|app| MissingApp {
            name: case.app_name(app.resource, app.owner),
            why: Why(reason(case, app, findings)),
        })
        .collect();
    missing.sort_by(|a, b| a.name.cmp(&b.name));
    let others = case.all_app_states().unwrap_or_default().missing.into_iter();
    let mut others_missing: Vec<AppName> = others
        .filter(|app| !in_question(app.resource))
        .map(|app| case.app_name(app.resource, app.owner))
        .collect();
    others_missing.sort();
    let known = !states.unknown;
    Apps {
        expected: expected.filter(|_| !matches!(case.asked_app(), super::app_choice::AskedApp::Unread)),
        present: known.then(|| sorted(states.present.iter().map(shown).collect())),
        missing: known.then_some(missing),
        others_missing,
    }
}

/// The cause that explains why one app is missing.
fn reason(case: &Case<'_>, app: &GrantedApp<'_>, findings: &[Finding]) -> Option<Cause> {
    let found = |cause: Cause| findings.iter().any(|finding| finding.code == cause && finding.blocking);
    let is_in = app.groups.iter().any(|group| case.shows(group) == Some(true));
    // The causes before the apps come first: without them, the rest cannot work.
    let earlier = findings
        .iter()
        .filter(|finding| finding.blocking)
        .map(|finding| finding.code)
        .find(|cause| !APP_CAUSES.contains(cause) && (!GROUP_CAUSES.contains(cause) || !is_in));
    let space = case.e.workspaces.get().into_iter().flatten().find(|space| space.id == app.resource);
    let full = app.level >= RoleLevel::User && space.and_then(Workspace::is_full) == Some(true);
    let weak = || {
        let weak = case.account.map(|account| weak_apps(case, account)).unwrap_or_default();
        weak.iter().any(|(known, _)| known.resource == app.resource)
    };
    match earlier {
        Some(cause) => Some(cause),
        None if is_in && full && found(Cause::SeatsFull) => Some(Cause::SeatsFull),
        None if found(Cause::RoleTooWeak) && weak() => Some(Cause::RoleTooWeak),
        None => None,
    }
}
