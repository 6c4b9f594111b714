//! The trail of a diagnosis: six stations from the identity provider to the apps. Each is good, broken or unread, with
//! the fact that shows it (docs/reference/rules.md#trail). A station must never be good unless its facts were read.

use serde::{Deserialize, Serialize};

use super::Case;
use crate::evidence::Read;
use crate::finding::{Cause, Finding};

/// The state of a station.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// Read, and correct.
    Good,
    /// Read, and not correct.
    Broken,
    Unread,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Station {
    pub name: String,
    pub mark: Mark,
    /// The fact that shows the state, in words.
    #[serde(rename = "says")]
    pub message: String,
}

fn station(name: &str, mark: Mark, says: impl Into<String>) -> Station {
    Station { name: name.to_owned(), mark, message: says.into() }
}

/// The index of the station that a cause belongs to.
fn place(cause: Cause) -> usize {
    use Cause as C;
    match cause {
        C::IdpUserMissing | C::IdpUserDeleted | C::IdpUserDisabled | C::NestedOnly => 0,
        C::ScimKeyRejected
        | C::ProvisioningQuarantined
        | C::ProvisioningStopped
        | C::GroupSyncOff
        | C::PullSync
        | C::NotAssigned
        | C::OutOfScope
        | C::AttributeMissing
        | C::SyncPending
        | C::AssignmentBroken
        | C::DynamicGroupPending
        | C::ExportFailing
        | C::ActiveMapping
        | C::MatchingOnEmail => 1,
        C::NeverProvisioned
        | C::RecordUnlinked
        | C::LinkedToOtherAccount
        | C::StaleRecordConflict
        | C::EmailHeldByManagedAccount
        | C::EmailHeldOutside
        | C::TwoDirectories
        | C::IdentityRecreated
        | C::StaleAnchor
        | C::WrongAnchor
        | C::OrphanedRecord
        | C::DomainNotClaimed => 2,
        C::EmailMismatch
        | C::PendingDeletion
        | C::DeactivatedByIdp
        | C::DeactivatedLocally
        | C::DeactivatedWhileLinked
        | C::DeactivatedElsewhere
        | C::AccountUnclaimed
        | C::EmailUnverified
        | C::HistoryElsewhere
        | C::Suspended
        | C::NotInDirectory => 3,
        C::MembershipDrift
        | C::PropagationLag
        | C::GroupNameConflict
        | C::DefaultGroupClash
        | C::GroupTooLarge
        | C::GroupRenamed => 4,
        C::GroupWithoutRole | C::SeatsFull | C::RoleTooWeak | C::AppNotGranted => 5,
    }
}

/// The six stations of one case.
pub(super) fn stations(case: &Case<'_>, findings: &[Finding]) -> Vec<Station> {
    let mut all =
        vec![person(case), job(case), record(case), account(case), groups(case), apps(case, findings)];
    for finding in findings.iter().filter(|finding| finding.blocking) {
        if let Some(station) = all.get_mut(place(finding.code)) {
            station.mark = Mark::Broken;
            finding.code.title().clone_into(&mut station.message);
        }
    }
    all
}

fn unread<T>(read: &Read<T>) -> String {
    read.gap().map_or_else(|| "not asked".to_owned(), |reason| format!("could not be read: {reason}"))
}

fn person(case: &Case<'_>) -> Station {
    const NAME: &str = "Identity provider";
    match (case.person, &case.e.users) {
        (Some(person), _) => match person.enabled {
            Some(true) => station(NAME, Mark::Good, "exists and is enabled"),
            Some(false) => station(NAME, Mark::Broken, "exists and is disabled"),
            None => station(NAME, Mark::Unread, "exists; whether enabled could not be read"),
        },
        (None, Read::Seen { value, .. }) if value.is_empty() => {
            station(NAME, Mark::Broken, "nobody of that name")
        }
        (None, Read::Seen { .. }) => station(NAME, Mark::Unread, "more than one person of that name"),
        (None, read) => station(NAME, Mark::Unread, unread(read)),
    }
}

fn job(case: &Case<'_>) -> Station {
    const NAME: &str = "Provisioning";
    if case.has_no_job() {
        return station(NAME, Mark::Unread, "there is no synchronization job; Atlassian may pull by itself");
    }
    let assigned = match case.is_assigned() {
        Some(true) => "assigned",
        Some(false) => return station(NAME, Mark::Broken, "not assigned"),
        None => return station(NAME, Mark::Unread, "whether the person is assigned could not be read"),
    };
    match &case.e.job {
        Read::Seen { .. } => station(NAME, Mark::Good, format!("{assigned}; the job runs")),
        read => station(NAME, Mark::Unread, format!("{assigned}; the job {}", unread(read))),
    }
}

fn record(case: &Case<'_>) -> Station {
    const NAME: &str = "SCIM record";
    match &case.own {
        Some(record_link) => {
            match (&record_link.account, record_link.record.and_then(|record| record.active)) {
                (Some(_), Some(false)) => station(NAME, Mark::Broken, "linked, but not active"),
                (Some(account), _) => {
                    let right = case.account.is_some_and(|known| known.id == *account);
                    let mark = if right { Mark::Good } else { Mark::Broken };
                    station(NAME, mark, format!("linked to account {account}"))
                }
                (None, _) => station(NAME, Mark::Broken, "linked to no account"),
            }
        }
        None if case.e.links.get().is_some() => station(NAME, Mark::Broken, "there is none"),
        None => station(NAME, Mark::Unread, unread(&case.e.links)),
    }
}

fn account(case: &Case<'_>) -> Station {
    const NAME: &str = "Atlassian account";
    match (case.account, &case.e.accounts) {
        (Some(account), _) if !account.for_deletion && !account.is_understood() => {
            station(NAME, Mark::Unread, "its state was not shown, or in a word that is not known")
        }
        (Some(_), _) if case.account_is_in_doubt() => {
            station(NAME, Mark::Unread, "another person at the identity provider may have its address")
        }
        (Some(account), _) if account.is_active() => station(NAME, Mark::Good, "active"),
        (Some(_), _) => station(NAME, Mark::Broken, "not active"),
        (None, Read::Seen { .. }) if !case.candidates.is_empty() => {
            station(NAME, Mark::Unread, "more than one account is the person's")
        }
        (None, Read::Seen { .. }) if case.account_is_in_doubt() => {
            station(NAME, Mark::Unread, "none was found, and the person may have one with an older address")
        }
        (None, Read::Seen { .. }) => station(NAME, Mark::Broken, "there is none"),
        (None, read) => station(NAME, Mark::Unread, unread(read)),
    }
}

fn groups(case: &Case<'_>) -> Station {
    const NAME: &str = "Groups";
    match (case.missing(), case.expected()) {
        (Some(missing), Some(expected)) if missing.is_empty() => {
            station(NAME, Mark::Good, format!("{} of {} expected", expected.len(), expected.len()))
        }
        (Some(missing), Some(expected)) => station(
            NAME,
            Mark::Broken,
            format!("{} of {} expected", expected.len().saturating_sub(missing.len()), expected.len()),
        ),
        _ => station(NAME, Mark::Unread, "not known"),
    }
}

fn apps(case: &Case<'_>, findings: &[Finding]) -> Station {
    const NAME: &str = "Apps";
    let apps = super::app_list::apps(case, findings);
    let lists = apps
        .present
        .zip(apps.missing)
        .filter(|(present, missing)| !(present.is_empty() && missing.is_empty()));
    if let Some((present, missing)) = lists {
        let mark = if missing.is_empty() { Mark::Good } else { Mark::Broken };
        let lines = present.iter().map(|app| format!("{}: {}", app.name, app.role));
        let missing = missing.iter().map(|app| match app.why.0 {
            Some(cause) => format!("{}: missing ({})", app.name, cause.code()),
            None => format!("{}: missing", app.name),
        });
        return station(NAME, mark, lines.chain(missing).collect::<Vec<_>>().join("; "));
    }
    // No expected group grants an app, or what they grant was not read.
    match case.account.map(|account| (case.has_access(), case.has_role(account))) {
        Some((Some(true), _)) => station(NAME, Mark::Good, "at least one app role"),
        Some((_, Some(false))) => station(NAME, Mark::Broken, "no app role"),
        Some(_) if matches!(case.grants(), Some(grants) if grants.unread) => {
            station(NAME, Mark::Unread, "which apps the groups grant could not be read")
        }
        Some((_, Some(true))) => station(NAME, Mark::Good, "at least one app role"),
        Some((_, None)) => station(NAME, Mark::Unread, "app roles could not be read"),
        // The person may have an account that was not found.
        None if case.account_is_in_doubt() => station(NAME, Mark::Unread, "not known"),
        None if case.e.accounts.get().is_some() && case.candidates.is_empty() => {
            station(NAME, Mark::Broken, "no account, so no app role")
        }
        None => station(NAME, Mark::Unread, "not known"),
    }
}
