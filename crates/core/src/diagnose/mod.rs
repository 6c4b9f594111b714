//! From evidence to findings and a verdict. Each cause is one small function over a [`Case`]. All rules run, in the
//! order of the trail. A rule that needs an unread source answers [`Answer::Unread`]; it must never guess.

mod account;
mod address;
mod anchor;
mod app_access;
mod app_choice;
mod app_list;
mod apps;
mod attribute;
mod case;
mod clash;
mod deactivation;
mod explain;
mod export;
mod groups;
mod history;
mod identity;
mod job;
mod link;
mod reach;
mod record_link;
mod record_links;
mod scope;
mod source;
mod suspension;
#[cfg(test)]
mod tests;
mod trail;
mod unshown;

pub(crate) use app_choice::AskedApp;
pub use app_choice::{AppChoice, AppName};
pub use app_list::{App, Apps, MissingApp, Why};
pub(crate) use apps::{seats, weak_apps};
pub use attribute::Identity;
pub use case::Case;
pub(crate) use clash::{is_built_in_name, local as local_group};
pub(crate) use export::answer as export_answer;
pub use record_link::RecordLink;
pub use record_links::Owner;
pub(crate) use scope::assigned_by;
pub(crate) use source::assignment_is_contradicted;
pub use trail::{Mark, Station};

use serde::{Deserialize, Serialize};

use super::evidence::{Evidence, Source};
use super::finding::{Cause, Fact, Finding, Verdict};
use super::names::Names;
use super::subject::Subject;

/// The answer of one rule.
pub enum Answer {
    /// The cause is not present.
    No,
    /// The cause is present, with its facts.
    Yes(Finding),
    /// These sources must be read before the rule can answer.
    Unread(&'static [Source]),
}

type Rule = (Cause, fn(&Case<'_>) -> Answer);

/// A cause that could not be judged, with the sources that it needs.
pub type Undecided = (Cause, Vec<Source>);

/// Every rule, in the order of the trail. To add a cause: add one line to [`Cause`], one function, and one line here.
const RULES: &[Rule] = &[
    (Cause::ScimKeyRejected, job::scim_key_rejected),
    (Cause::ProvisioningQuarantined, job::quarantined),
    (Cause::ProvisioningStopped, job::stopped),
    (Cause::GroupSyncOff, job::group_sync_off),
    (Cause::PullSync, job::pull_sync),
    (Cause::IdpUserMissing, source::missing),
    (Cause::IdpUserDeleted, source::deleted),
    (Cause::IdpUserDisabled, source::disabled),
    (Cause::NotAssigned, source::not_assigned),
    (Cause::NestedOnly, source::nested_only),
    (Cause::OutOfScope, scope::out_of_scope),
    (Cause::AttributeMissing, scope::attribute_missing),
    (Cause::SyncPending, scope::sync_pending),
    (Cause::AssignmentBroken, scope::assignment_broken),
    (Cause::DynamicGroupPending, source::dynamic_group_pending),
    (Cause::NeverProvisioned, link::never_provisioned),
    (Cause::RecordUnlinked, link::record_unlinked),
    (Cause::LinkedToOtherAccount, link::linked_to_other_account),
    (Cause::StaleRecordConflict, link::stale_record_conflict),
    (Cause::EmailHeldByManagedAccount, link::email_held_by_managed_account),
    (Cause::EmailHeldOutside, address::email_held_outside),
    (Cause::TwoDirectories, address::two_directories),
    (Cause::EmailMismatch, address::email_mismatch),
    (Cause::IdentityRecreated, identity::identity_recreated),
    (Cause::StaleAnchor, anchor::stale_anchor),
    (Cause::WrongAnchor, anchor::wrong_anchor),
    (Cause::ExportFailing, export::export_failing),
    (Cause::OrphanedRecord, identity::orphaned_record),
    (Cause::DomainNotClaimed, address::domain_not_claimed),
    (Cause::PendingDeletion, account::pending_deletion),
    (Cause::DeactivatedByIdp, deactivation::by_idp),
    (Cause::DeactivatedLocally, deactivation::locally),
    (Cause::DeactivatedWhileLinked, deactivation::while_linked),
    (Cause::DeactivatedElsewhere, deactivation::elsewhere),
    (Cause::AccountUnclaimed, account::unclaimed),
    (Cause::EmailUnverified, account::email_unverified),
    (Cause::Suspended, account::suspended),
    (Cause::NotInDirectory, account::not_in_directory),
    (Cause::MembershipDrift, groups::membership_drift),
    (Cause::PropagationLag, groups::propagation_lag),
    (Cause::GroupNameConflict, clash::group_name_conflict),
    (Cause::DefaultGroupClash, clash::default_group_clash),
    (Cause::GroupRenamed, clash::group_renamed),
    (Cause::GroupWithoutRole, apps::group_without_role),
    (Cause::SeatsFull, apps::seats_full),
    (Cause::RoleTooWeak, apps::role_too_weak),
    (Cause::GroupTooLarge, groups::group_too_large),
    (Cause::AppNotGranted, apps::app_not_granted),
    (Cause::MatchingOnEmail, job::matching_on_email),
    (Cause::HistoryElsewhere, history::history_elsewhere),
    (Cause::ActiveMapping, job::active_mapping),
];

/// Causes that block only if access is missing. See docs/reference/rules.md#causes-that-block-only-without-access.
const WHERE_ACCESS_IS_MISSING: &[Cause] = &[
    Cause::PullSync,
    Cause::OutOfScope,
    Cause::AssignmentBroken,
    Cause::EmailMismatch,
    Cause::ExportFailing,
    Cause::AccountUnclaimed,
    Cause::GroupRenamed,
    Cause::SeatsFull,
    Cause::AppNotGranted,
];

/// If one app was asked for and the person can open it, these causes are about other apps and groups.
const ABOUT_OTHER_APPS: &[Cause] = &[
    Cause::Suspended,
    Cause::MembershipDrift,
    Cause::PropagationLag,
    Cause::GroupNameConflict,
    Cause::DefaultGroupClash,
    Cause::GroupTooLarge,
    Cause::GroupWithoutRole,
    Cause::RoleTooWeak,
];

/// What a diagnosis does not examine. A healthy answer says so.
pub const NOT_EXAMINED: [&str; 3] = ["sign-in", "permissions-inside-apps", "portal-accounts"];
/// The same as a sentence for people.
pub const NOT_EXAMINED_SENTENCE: &str =
    "Not examined: sign-in, permissions inside apps, and portal accounts.";

/// What a candidate is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CandidateKind {
    /// A user of the identity provider.
    IdpUser,
    /// An Atlassian account, which can be picked to be kept.
    AtlassianAccount,
}

impl CandidateKind {
    /// As it is written down, and shown in a terminal.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::IdpUser => "idp-user",
            Self::AtlassianAccount => "atlassian-account",
        }
    }
}

/// A person or account that WHO could mean, if it matches more than one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    pub kind: CandidateKind,
    pub id: String,
    pub email: Option<String>,
    pub name: Option<String>,
    /// What distinguishes this candidate: last use, links, groups, roles.
    #[serde(rename = "says")]
    pub remarks: Vec<String>,
}

/// Group names, as in the identity provider. `None` means unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Groups {
    /// Groups that are assigned to the application and have the person as a direct member.
    pub expected: Option<Vec<String>>,
    /// The expected groups that the Atlassian directory shows.
    pub present: Option<Vec<String>>,
    /// The expected groups that the Atlassian directory does not show.
    pub missing: Option<Vec<String>>,
    /// Synced groups that Atlassian shows and the identity provider does not give. They are reported, never repaired.
    #[serde(default)]
    pub extra: Option<Vec<String>>,
}

/// The result of one diagnosis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// The subject with every identity that was found.
    pub subject: Subject,
    /// The address that the job writes for the person; else the address of the account; else the one that was asked
    /// for.
    pub email: Option<String>,
    /// The display name of the person.
    pub name: Option<String>,
    /// Id of the account that the person should use.
    pub account: Option<String>,
    /// Object id of the person at the identity provider.
    pub person: Option<String>,
    /// Id of the person's SCIM record.
    pub record: Option<String>,
    pub verdict: Verdict,
    pub groups: Groups,
    #[serde(default)]
    pub apps: Apps,
    /// Filled if APP does not mean exactly one app.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_choice: Option<AppChoice>,
    pub trail: Vec<Station>,
    /// The causes, in the order of the trail.
    pub findings: Vec<Finding>,
    /// Causes that could not be judged, with the sources that they need.
    pub undecided: Vec<Undecided>,
    /// The sources that could not be read, with the reason.
    pub unread: Vec<(Source, String)>,
    /// Filled if WHO matches more than one person or account, or if a person must choose between two accounts.
    pub candidates: Vec<Candidate>,
    /// What people call the accounts and directories that were read.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub names: Names,
}

impl Diagnosis {
    #[must_use]
    pub fn found(&self, cause: Cause) -> bool {
        self.findings.iter().any(|finding| finding.code == cause)
    }

    /// The first cause of the trail that blocks access. What worked here is counted by it.
    #[must_use]
    pub fn main_cause(&self) -> Option<Cause> {
        self.findings.iter().find(|finding| finding.blocking).map(|finding| finding.code)
    }

    /// Whether no station of the trail could be read, and nothing was found.
    #[must_use]
    pub fn has_read_nothing(&self) -> bool {
        let unread = self.trail.iter().all(|station| station.mark == Mark::Unread);
        unread && self.findings.is_empty() && self.candidates.is_empty()
    }
}

/// Finds the causes in the evidence. It is pure: the same evidence gives the same result.
#[must_use]
pub fn diagnose(evidence: &Evidence) -> Diagnosis {
    let case = Case::new(evidence);
    let mut findings = Vec::new();
    let mut undecided: Vec<Undecided> = Vec::new();
    if !case.is_ambiguous() {
        for (cause, rule) in RULES {
            match rule(&case) {
                Answer::No => {}
                Answer::Yes(finding) => findings.push(finding),
                Answer::Unread(sources) => undecided.push((*cause, sources.to_vec())),
            }
        }
    }
    let mut findings = explain::explained(findings, &mut undecided);
    let can_open_asked = matches!(case.asked_app(), AskedApp::One(_)) && case.has_access() == Some(true);
    for finding in &mut findings {
        if WHERE_ACCESS_IS_MISSING.contains(&finding.code) {
            finding.blocking = case.has_access() == Some(false);
        }
        if ABOUT_OTHER_APPS.contains(&finding.code) && can_open_asked {
            finding.blocking = false;
        }
    }
    let verdict = verdict(&case, &findings, &undecided);
    let mut unread = evidence.gaps();
    unread.extend(case.unshown(&undecided));
    Diagnosis {
        subject: case.subject(),
        email: case.email(),
        name: case
            .person
            .and_then(|person| person.name.clone())
            .or_else(|| case.account.and_then(|account| account.name.clone())),
        account: case.account.map(|account| account.id.clone()),
        person: case.person.map(|person| person.id.clone()),
        record: case.own.as_ref().map(|record_link| record_link.id.record.clone()),
        verdict,
        groups: case.groups(),
        apps: app_list::apps(&case, &findings),
        app_choice: case.app_choice(),
        trail: trail::stations(&case, &findings),
        findings,
        undecided,
        unread,
        candidates: case.candidates.clone(),
        names: Names::of(&case),
    }
}

/// See docs/reference/rules.md#verdict.
fn verdict(case: &Case<'_>, findings: &[Finding], undecided: &[Undecided]) -> Verdict {
    if case.is_ambiguous() || matches!(case.asked_app(), AskedApp::Unclear(_) | AskedApp::Unread) {
        return Verdict::CannotTell;
    }
    let any = matches!(case.asked_app(), AskedApp::Any);
    let missing = any && case.missing().is_some_and(|missing| !missing.is_empty());
    if missing || findings.iter().any(|finding| finding.blocking) {
        return Verdict::Broken;
    }
    // An address that was never confirmed may keep even a person with complete access out.
    let unconfirmed = (Cause::EmailUnverified, account::UNCONFIRMED.to_vec());
    match case.has_access() {
        Some(true) if undecided.contains(&unconfirmed) => Verdict::CannotTell,
        // The person may sign in to an account of which this says nothing.
        Some(true) if case.signs_in_elsewhere().is_some() => Verdict::CannotTell,
        Some(true) => Verdict::Healthy,
        Some(false) => Verdict::Broken,
        None => Verdict::CannotTell,
    }
}

/// A fact from one source. `None` if that source was not read.
fn fact<T>(read: &super::evidence::Read<T>, source: Source, says: impl Into<String>) -> Option<Fact> {
    read.at().map(|seen_at| Fact { source, message: says.into(), seen_at })
}
