//! Checks Entra ID: does the login work, is each permission granted, and does the configured application have a
//! running provisioning job? It tests each permission with a call that changes nothing.

use std::time::Duration;

use super::Check;
use crate::config::Config;
use crate::upstream::entra::Entra;
use crate::upstream::entra::directory::AddressIn;
use crate::upstream::entra::jobs::Job;
use crate::upstream::{CallError, Clients};

const APP_PAGE: &str = "Entra admin center > App registrations > Reinstate";
/// An object id that does not exist.
const ABSENT_ID: &str = "00000000-0000-0000-0000-000000000000";
/// A name that nobody has: RFC 2606 reserves the domain.
const ABSENT_ADDRESS: &str = "reinstate-doctor@example.invalid";

pub(super) async fn look(config: &Config, clients: &Clients) -> Vec<Check> {
    let Some(entra) = &clients.entra else { return Vec::new() };
    let users = entra.users_with(AddressIn::Upn, ABSENT_ADDRESS).await;
    if let Err(error) = &users
        && is_login(error)
    {
        let fix = format!(
            "Make a new secret in {APP_PAGE} > Certificates & secrets; check entra.tenant_id and entra.client_id"
        );
        return vec![Check::failed("entra.login", error, fix)];
    }
    let mut checks = vec![match &users {
        Err(error) if !matches!(error, CallError::Refused { .. }) => Check::unknown(
            "entra.login",
            error.reason(),
            "Let this machine reach Microsoft's login and Graph",
        ),
        _ => Check::good("entra.login", "Microsoft gives a token"),
    }];
    checks.push(permission("User.Read.All", users.map(drop)));
    checks.push(permission("GroupMember.Read.All", entra.group(ABSENT_ID).await.map(drop)));
    let id = config.entra.service_principal_id.as_str();
    if !id.is_empty() {
        checks.extend(application(entra, id).await);
        checks.push(writing(entra.start_job(id, ABSENT_ID).await));
    }
    checks
}

/// Whether the application may write to the job. `asked` is the answer to the start of a job that does not exist, so
/// the call changes nothing. Only repairs need this permission, so that its absence is no error.
fn writing(asked: Result<(), CallError>) -> Check {
    const NAME: &str = "entra.permission Synchronization.ReadWrite.All";
    let place =
        format!("{APP_PAGE} > API permissions, and grant admin consent; without it only diagnosis works");
    match asked {
        Err(error) if error.is_not_found() => {
            Check::good(NAME, "a call that needs it was refused only because its job does not exist")
        }
        // Microsoft documents a second permission, for the owner of an application. See
        // docs/reference/rules.md#entra-missing-right.
        Err(error) if error.is_missing_right() => Check::by_hand(
            NAME,
            error.reason(),
            format!(
                "Application.ReadWrite.OwnedBy was not enough. It needs ownership of the enterprise application, not \
                 of the app registration. If that is so, add Synchronization.ReadWrite.All in {place}"
            ),
        ),
        Err(error @ CallError::Refused { status: 401 | 403, .. }) => {
            Check::by_hand(NAME, error.reason(), format!("For repairs, add it in {place}"))
        }
        Err(error) => Check::by_hand(NAME, error.reason(), format!("For repairs, look for it in {place}")),
        Ok(()) => Check::by_hand(
            NAME,
            "the answer to a call that needs it does not tell",
            format!("For repairs, look for it in {place}"),
        ),
    }
}

/// Microsoft's login endpoint has its own error codes.
fn is_login(error: &CallError) -> bool {
    matches!(error, CallError::Refused { code: Some(code), .. } if code.starts_with("AADSTS"))
}

fn permission(name: &str, asked: Result<(), CallError>) -> Check {
    let check = format!("entra.permission {name}");
    match asked {
        Ok(()) => Check::good(&check, "a call that needs it was answered"),
        Err(error @ CallError::Refused { status: 401 | 403, .. }) => Check::bad(
            &check,
            error.reason(),
            format!(
                "Add the application permission {name} in {APP_PAGE} > API permissions, and grant admin consent"
            ),
        ),
        Err(error) => Check::unknown(&check, error.reason(), "Try again when Microsoft Graph answers"),
    }
}

async fn application(entra: &Entra, id: &str) -> Vec<Check> {
    const NAME: &str = "entra.service-principal";
    let found = entra.service_principal(id).await;
    let mut checks = vec![permission("Application.Read.All", found.as_ref().map(drop).map_err(Clone::clone))];
    match found {
        Ok(Some(application)) => {
            let name = application.display_name.unwrap_or_else(|| "unnamed".to_owned());
            checks.push(Check::good(NAME, format!("it is the enterprise application {name:?}")));
        }
        Ok(None) => {
            checks.push(Check::bad(
                NAME,
                "no enterprise application has this object id",
                "Copy the *object id* from Enterprise applications > the Atlassian application > Overview (not the \
                 application id, and not from App registrations)",
            ));
            return checks;
        }
        Err(_) => return checks,
    }
    let jobs = entra.jobs(id).await;
    checks.push(permission("Synchronization.Read.All", jobs.as_ref().map(drop).map_err(Clone::clone)));
    let Ok(jobs) = jobs else { return checks };
    let Some(job) = jobs.into_iter().next() else {
        checks.push(no_job(entra, id).await);
        return checks;
    };
    checks.push(state(&job));
    if let Some(job) = &job.id {
        checks.extend(rule(entra, id, job).await);
        let now = crate::clock::now();
        let since = now.checked_sub(Duration::from_secs(3600)).unwrap_or(now);
        let log = entra.provisioning_log(job, ABSENT_ID, since).await;
        checks.push(permission("AuditLog.Read.All", log.map(drop)));
        checks.push(audit_log(entra.job_changes(since).await.map(drop)));
    }
    checks
}

/// This permission is optional, so that its absence is no error. The call needs it besides `AuditLog.Read.All`
/// (docs/reference/rules.md#entra-audit-log).
fn audit_log(asked: Result<(), CallError>) -> Check {
    const NAME: &str = "entra.permission Directory.Read.All";
    match asked {
        Err(error @ CallError::Refused { status: 401 | 403, .. }) => Check::by_hand(
            NAME,
            format!(
                "{}; so Reinstate cannot find out who stopped a job, and never starts one",
                error.reason()
            ),
            format!(
                "If Reinstate shall start a job that stopped by itself, add the application permission \
                 Directory.Read.All in {APP_PAGE} > API permissions, and grant admin consent"
            ),
        ),
        asked => permission("Directory.Read.All", asked),
    }
}

async fn no_job(entra: &Entra, id: &str) -> Check {
    const NAME: &str = "entra.job";
    let named = entra.service_principals_named("Atlassian").await.unwrap_or_default();
    for application in named {
        let Some(other) = application.id.filter(|other| other != id) else { continue };
        if entra.jobs(&other).await.is_ok_and(|jobs| !jobs.is_empty()) {
            let name = application.display_name.unwrap_or_default();
            return Check::bad(
                NAME,
                format!("this application provisions nobody; {name:?} has the job"),
                format!("Set entra.service_principal_id to {other}"),
            );
        }
    }
    Check::bad(
        NAME,
        "no Atlassian application of this tenant has a provisioning job",
        "Set up provisioning in Enterprise applications > the Atlassian application > Provisioning; with Atlassian's \
         own pull integration Reinstate can diagnose but not repair",
    )
}

fn state(job: &Job) -> Check {
    const NAME: &str = "entra.job";
    let code = job.status.code.as_deref().unwrap_or("unknown");
    if let Some(quarantine) = &job.status.quarantine {
        let reason = quarantine.reason.as_deref().unwrap_or("no reason given");
        let saw = format!("the provisioning job is in quarantine ({reason})");
        return Check::bad(NAME, saw, "Read docs/causes/provisioning-quarantined.md");
    }
    match code {
        "Active" => Check::good(NAME, "the provisioning job is active"),
        "Quarantine" => Check::bad(
            NAME,
            "the provisioning job is in quarantine",
            "Read docs/causes/provisioning-quarantined.md",
        ),
        other => Check::bad(
            NAME,
            format!("the provisioning job is {other}"),
            "Start it in Enterprise applications > the Atlassian application > Provisioning",
        ),
    }
}

async fn rule(entra: &Entra, id: &str, job: &str) -> Vec<Check> {
    const FIX: &str = "Look at Enterprise applications > the Atlassian application > Provisioning > Mappings";
    let mapping = match entra.mapping(id, job).await {
        Ok(mapping) => mapping,
        Err(error) => return vec![Check::failed("entra.rules", &error, FIX)],
    };
    let mut checks = vec![if mapping.user_rule.is_some() {
        Check::good("entra.rules", "the rule for provisioning on demand is known")
    } else {
        Check::bad(
            "entra.rules",
            "the job's schema names no rule, so nothing can be provisioned on demand",
            FIX,
        )
    }];
    let first = mapping.user_matching.first().map(String::as_str);
    checks.push(match first {
        Some(first) if first.eq_ignore_ascii_case("externalId") => {
            Check::good("entra.matching", "people are matched by externalId")
        }
        Some(first) => Check::by_hand(
            "entra.matching",
            format!("people are matched by {first} first; a rename may make duplicates"),
            "Read docs/causes/matching-on-email.md",
        ),
        None => Check::unknown("entra.matching", "the schema does not say how people are matched", FIX),
    });
    checks
}
