//! The text of a support ticket to Atlassian or Microsoft, with the ids, times and answers that support asks for. It
//! only repeats what was read. It must never contain a key. It must never ask for anything that Reinstate itself
//! refuses to do.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::diagnose::{Case, Diagnosis};
use super::evidence::{LogEntry, Source};
use super::finding::{Cause, Finding, Verdict};

/// How many log entries a ticket quotes. Support asks for the newest ones.
const MAX_ENTRIES: usize = 3;

/// The vendor who receives the ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Vendor {
    /// For the organization, its directories, accounts and groups.
    Atlassian,
    /// For the provisioning job.
    Microsoft,
}

impl Vendor {
    /// The name of the vendor, for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Atlassian => "Atlassian",
            Self::Microsoft => "Microsoft",
        }
    }

    fn answers_for(self, source: Source) -> bool {
        (self == Self::Microsoft) == source.name().starts_with("entra.")
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    pub to: Vendor,
    pub text: String,
}

/// The tickets that can help with this diagnosis. None if the organization can fix the cause itself. If the person is
/// healthy, one about what was not examined.
#[must_use]
pub fn tickets(case: &Case<'_>, diagnosis: &Diagnosis) -> Vec<Ticket> {
    match diagnosis.verdict {
        Verdict::Healthy => return vec![beyond_what_was_examined(case, diagnosis)],
        Verdict::CannotTell => return Vec::new(),
        Verdict::Broken => {}
    }
    let of = |to: Vendor| {
        let asked: Vec<(&Finding, &'static str)> = diagnosis
            .findings
            .iter()
            .filter(|finding| finding.blocking)
            .filter_map(|finding| Some((finding, request(to, finding.code)?)))
            .collect();
        (!asked.is_empty()).then(|| Ticket { to, text: paragraph(to, &asked, case) })
    };
    [Vendor::Atlassian, Vendor::Microsoft].into_iter().filter_map(of).collect()
}

/// The text for a healthy person who still cannot work. The reason is then something that was not examined.
fn beyond_what_was_examined(case: &Case<'_>, diagnosis: &Diagnosis) -> Ticket {
    let present = diagnosis.apps.present.iter().flatten();
    let apps: Vec<String> = present.map(|app| format!("{} ({})", app.name, app.role)).collect();
    let apps = if apps.is_empty() { "at least one app".to_owned() } else { apps.join(", ") };
    let text = format!(
        "{} {} The account and its membership are active, no expected group is missing, and the account holds its roles in {apps}. The person still cannot work. Please find out why; sign-in, permissions inside apps and portal-only accounts were not examined.",
        place(Vendor::Atlassian, case),
        whom(case)
    );
    Ticket { to: Vendor::Atlassian, text }
}

/// What the vendor is asked to do about a cause. `None` if this vendor cannot help.
fn request(to: Vendor, cause: Cause) -> Option<&'static str> {
    use Cause as C;
    Some(match (to, cause) {
        (Vendor::Atlassian, C::RecordUnlinked | C::StaleRecordConflict | C::IdentityRecreated) => {
            "Please remove this one SCIM record, and leave the account as it is, so that the person can be provisioned again."
        }
        (Vendor::Atlassian, C::OrphanedRecord) => {
            "Please remove this one SCIM record; it belongs to no user of our identity provider any more."
        }
        (Vendor::Atlassian, C::EmailHeldByManagedAccount | C::LinkedToOtherAccount) => {
            "Please help us to free the address without deleting either account, so that the record can be linked to the right one."
        }
        (Vendor::Atlassian, C::EmailHeldOutside) => {
            "Please tell us what kind of account bears the address (unclaimed, another organization's, a portal-only customer's), and how it can be released to us."
        }
        (Vendor::Atlassian, C::TwoDirectories) => {
            "Please unlink the account from the record of the directory that is not in use any more, and leave the account as it is."
        }
        (Vendor::Atlassian, C::PropagationLag) => {
            "Please find out why the organization's directory does not show a membership that the provisioning interface holds."
        }
        (Vendor::Atlassian, C::GroupNameConflict | C::DefaultGroupClash) => {
            "Please tell us how the synced group can take over this name without the permissions of the group that has it now being lost."
        }
        (Vendor::Microsoft, C::ProvisioningQuarantined) => {
            "Please tell us which objects brought the job into quarantine, and whether it can be restarted without executing the deletions that are pending."
        }
        (Vendor::Microsoft, C::StaleAnchor | C::WrongAnchor) => {
            "Please remove the object connection of this one object, or tell us how to have it matched again without a restart that concerns the whole job."
        }
        (Vendor::Atlassian, C::ExportFailing) => {
            "Please tell us why the provisioning interface refuses these requests, and what must be corrected."
        }
        (Vendor::Microsoft, C::NeverProvisioned | C::MembershipDrift | C::OutOfScope) => {
            "Please tell us why the job does not export this object, which is enabled and assigned."
        }
        _ => return None,
    })
}

fn paragraph(to: Vendor, asked: &[(&Finding, &'static str)], case: &Case<'_>) -> String {
    let mut says = vec![place(to, case), whom(case)];
    for (finding, _) in asked {
        let facts = finding
            .because
            .iter()
            .map(|fact| format!("{} ({}, read {})", fact.message, fact.source.name(), second(fact.seen_at)));
        says.push(format!("{}: {}.", finding.code.title(), facts.collect::<Vec<_>>().join("; ")));
    }
    let told = case.e.log.get().into_iter().flatten().filter(|entry| !entry.succeeded()).take(MAX_ENTRIES);
    says.extend(told.map(attempt));
    for (source, reason, request) in case.e.refused_requests() {
        if to.answers_for(source) {
            says.push(format!("Our request {request} ({}) was refused: {reason}.", source.name()));
        }
    }
    let mut requests: Vec<&str> = asked.iter().map(|(_, request)| *request).collect();
    requests.dedup();
    says.extend(requests.into_iter().map(str::to_owned));
    says.join(" ")
}

/// The ids of the installation, which support asks for first.
fn place(to: Vendor, case: &Case<'_>) -> String {
    let places = &case.e.places;
    let known = |id: &Option<String>| id.clone().unwrap_or_else(|| "not read".to_owned());
    match to {
        Vendor::Atlassian => {
            let directories: std::collections::BTreeSet<&str> =
                case.e.records.keys().map(String::as_str).chain(case.target_directory()).collect();
            format!(
                "User provisioning (SCIM) of organization {}, directory {}.",
                known(&places.organization),
                directories.into_iter().collect::<Vec<_>>().join(", ")
            )
        }
        Vendor::Microsoft => format!(
            "Application provisioning from Microsoft Entra ID to Atlassian Cloud: tenant {}, service principal {}, job {}.",
            known(&places.tenant),
            known(&places.application),
            case.e.job.get().map_or("not read", |job| job.id.as_str())
        ),
    }
}

/// Every known id of the person.
fn whom(case: &Case<'_>) -> String {
    let mut ids = Vec::new();
    ids.extend(case.email().map(|email| format!("address {email}")));
    ids.extend(case.person.map(|person| format!("Entra object id {}", person.id)));
    ids.extend(case.account.map(|account| format!("Atlassian account {}", account.id)));
    ids.extend(case.other.map(|account| format!("another Atlassian account {}", account.id)));
    let own = case.own.iter().chain(case.conflicting_records());
    ids.extend(own.map(|record_link| {
        format!("SCIM record {} of directory {}", record_link.id.record, record_link.id.directory)
    }));
    format!("It concerns one person: {}.", ids.join(", "))
}

/// One attempt of the job, with every id that helps support to find it.
fn attempt(entry: &LogEntry) -> String {
    let mut says = format!(
        "Provisioning log, {}: {} ended as {}",
        entry.at.map_or_else(|| "at an unknown time".to_owned(), second),
        if entry.action.is_empty() { "an attempt" } else { &entry.action },
        entry.status
    );
    let status = entry.http_status.map(|status| status.to_string());
    for (what, value) in [
        ("error code", &entry.error_code),
        ("skipped for", &entry.skip_reason),
        ("HTTP status", &status),
        ("SCIM error", &entry.scim_type),
        ("detail", &entry.detail),
        ("change id", &entry.change_id),
        ("cycle id", &entry.cycle_id),
        ("target object", &entry.target),
    ] {
        if let Some(value) = value.as_deref().filter(|value| !value.is_empty()) {
            says.push_str(&format!(", {what} {value}"));
        }
    }
    if let Some(retry) = entry.retry_at {
        says.push_str(&format!(", to be retried {}", second(retry)));
    }
    says.push('.');
    says
}

fn second(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose;
    use crate::evidence::{Gap, Installation, Read};
    use crate::tests::build;

    fn paragraphs(e: &crate::Evidence) -> Vec<Ticket> {
        tickets(&Case::new(e), &diagnose(e))
    }

    #[test]
    fn a_ticket_holds_every_id_and_time_and_nothing_is_invented() {
        let mut e = build::address_elsewhere();
        e.places = Installation {
            organization: Some("org-1".into()),
            tenant: Some("tenant-1".into()),
            application: Some("sp-1".into()),
            ..Installation::default()
        };
        e.domains = Read::Gap(Gap { reason: "403 Forbidden".into(), request: Some("req-7".into()) });
        e.nested = Read::Gap(Gap { reason: "403 Forbidden".into(), request: Some("req-8".into()) });
        build::value(&mut e.log).push(LogEntry {
            at: Some("2026-11-24T10:00:00.123Z".parse().unwrap()),
            action: "update".into(),
            status: "failure".into(),
            http_status: Some(409),
            change_id: Some("change-1".into()),
            cycle_id: Some("cycle-1".into()),
            retry_at: Some("2026-11-25T13:23:44.9Z".parse().unwrap()),
            ..LogEntry::default()
        });
        let all = paragraphs(&e);
        let [atlassian] = all.as_slice() else { panic!("{all:?}") };
        assert_eq!(atlassian.to, Vendor::Atlassian);
        for part in [
            "organization org-1",
            "change id change-1",
            "cycle id cycle-1",
            "2026-11-24T10:00:00Z",
            "to be retried 2026-11-25T13:23:44Z",
            "request req-7",
            "HTTP status 409",
            build::JANE,
        ] {
            assert!(atlassian.text.contains(part), "{part}: {}", atlassian.text);
        }
        assert!(!atlassian.text.contains("req-8"), "Atlassian knows nothing of requests to Microsoft");
        assert!(!atlassian.text.contains('\n'));
    }

    #[test]
    fn a_healthy_answer_offers_a_ticket_about_what_was_not_examined() {
        let all = paragraphs(&build::healthy());
        let [atlassian] = all.as_slice() else { panic!("{all:?}") };
        for part in ["sign-in", "permissions inside apps", "portal-only accounts", build::JANE, build::A1] {
            assert!(atlassian.text.contains(part), "{part}: {}", atlassian.text);
        }
        let mut e = build::healthy();
        e.accounts = build::gap();
        assert_eq!(paragraphs(&e), Vec::new(), "what cannot be told is no ticket");
    }
}
