//! Checks what runs out: keys and secrets, seats, the sizes of groups, and the cycles of the job. A person must act on
//! these, and nothing of it keeps the bot from serving, so none of it decides the overall state. What could not be read
//! is unknown, never good.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Check;
use crate::config::Config;
use crate::upstream::Clients;
use crate::upstream::live::Live;
use crate::world::World as _;
use reinstate_core::Read;
use reinstate_core::warning::{Credential, Expiry, Facts, Stage, Warning, has_recent_cycle, warnings};

const APP_PAGE: &str = "Entra admin center > App registrations > Reinstate > Certificates & secrets";
const KEYS_PAGE: &str = "admin.atlassian.com > Settings > API keys";
const DIRECTORIES_PAGE: &str = "admin.atlassian.com > Security > Identity providers > the directory";
const JOB_PAGE: &str = "Enterprise applications > the Atlassian application > Provisioning";

pub(super) async fn look(config: &Config, clients: &Clients) -> Vec<Check> {
    let world = Live::new(clients.in_background(), config.entra.service_principal_id.clone());
    let mut facts = world.warning_facts(true).await;
    let now = crate::clock::now();
    facts.expiries.splice(0..0, config.key_expiries(now));
    let all = warnings(&facts, now);
    let mut checks: Vec<Check> = facts.expiries.iter().map(|one| expiry(config, one, now)).collect();
    checks.push(seats(&facts, &all));
    checks.push(groups(&facts, &all));
    checks.push(cycle(&facts, &all, now));
    checks
}

/// The name of the check, and what to do about the end.
fn names(config: &Config, of: &Credential) -> (String, String) {
    match of {
        Credential::OrganizationKey => (
            "atlassian.key-expiry".to_owned(),
            format!("Make a new API key in {KEYS_PAGE}, set REINSTATE_ATLASSIAN_ORG_KEY and expiry.org_key"),
        ),
        Credential::ScimKey(directory) => {
            let place = config.atlassian.directories.iter().position(|one| one == directory).unwrap_or(0);
            let variable = super::atlassian::scim_variable(place);
            (
                format!("atlassian.scim-key-expiry {directory}"),
                format!(
                    "Make a new SCIM key in {DIRECTORIES_PAGE}, enter it in Entra's provisioning, set {variable} and \
                     expiry.scim_keys"
                ),
            )
        }
        Credential::ClientSecret => (
            "entra.credential-expiry".to_owned(),
            format!("Make a new client secret in {APP_PAGE}, and set REINSTATE_ENTRA_CLIENT_SECRET"),
        ),
        Credential::Certificate => (
            "entra.credential-expiry".to_owned(),
            format!("Upload a new certificate in {APP_PAGE}, and set REINSTATE_ENTRA_CERTIFICATE"),
        ),
    }
}

fn expiry(config: &Config, expiry: &Expiry, now: Timestamp) -> Check {
    let (name, renew) = names(config, &expiry.of);
    match &expiry.ends {
        Read::Seen { value: ends, .. } => {
            let day = day(*ends);
            match Stage::of(*ends, now) {
                None => Check::good(&name, format!("it ends on {day}")),
                Some(Stage::Over) => Check::by_hand(&name, format!("it ended on {day}"), renew),
                Some(_) => Check::by_hand(&name, format!("it ends soon, on {day}"), renew),
            }
        }
        Read::Gap(gap) => {
            let fix = match expiry.of {
                Credential::ClientSecret => format!(
                    "Look at its end in {APP_PAGE}. Reinstate reads it with the permission Application.Read.All, if no \
                     other secret there begins with the same three characters"
                ),
                _ => format!("Look at its end in {APP_PAGE}"),
            };
            Check::by_hand(
                &name,
                format!("its end is unread, so nobody is warned of it: {}", gap.reason),
                fix,
            )
        }
        Read::NotAsked => {
            let (page, key) = match expiry.of {
                Credential::ScimKey(_) => (DIRECTORIES_PAGE, "expiry.scim_keys"),
                _ => (KEYS_PAGE, "expiry.org_key"),
            };
            Check::by_hand(
                &name,
                "not stated: no interface tells when a key expires; keys made since 2025 live a year at most",
                format!("Look at the expiry in {page}, and state it as {key}, so that the channel is warned"),
            )
        }
    }
}

fn day(at: Timestamp) -> jiff::civil::Date {
    at.to_zoned(TimeZone::UTC).date()
}

fn seats(facts: &Facts, all: &[Warning]) -> Check {
    const NAME: &str = "atlassian.seats";
    let Some(apps) = facts.apps.get() else { return unread(NAME, facts.apps.gap()) };
    let full: Vec<String> = all
        .iter()
        .filter_map(|one| match one {
            Warning::Seats { app } => Some(format!("{} {} of {}", app.name, app.usage?, app.capacity?)),
            _ => None,
        })
        .collect();
    if !full.is_empty() {
        let observed = format!("nearly all seats are taken: {}", full.join(", "));
        return Check::by_hand(NAME, observed, "Free seats, or buy more before the next people join");
    }
    let counted = apps.iter().filter(|app| app.usage.is_some() && app.capacity.is_some()).count();
    if counted == 0 {
        return Check::by_hand(
            NAME,
            "Atlassian shows the seats of no app, so nobody is warned of them",
            SEATS_FIX,
        );
    }
    Check::good(
        NAME,
        format!("Atlassian shows the seats of {counted} of {} apps, and there is room", apps.len()),
    )
}

const SEATS_FIX: &str = "Look at the seats in admin.atlassian.com";

fn groups(facts: &Facts, all: &[Warning]) -> Check {
    const NAME: &str = "atlassian.group-sizes";
    let (Some(groups), Some(limit)) = (facts.groups.get(), facts.group_limit) else {
        return unread(NAME, facts.groups.gap());
    };
    let large: Vec<String> = all
        .iter()
        .filter_map(|one| match one {
            Warning::Group { group, .. } => Some(format!("{} {}", group.name, group.members?)),
            _ => None,
        })
        .collect();
    if !large.is_empty() {
        let observed =
            format!("near the {limit} members that the synchronization takes: {}", large.join(", "));
        return Check::by_hand(
            NAME,
            observed,
            "Split each group at the identity provider, and read docs/causes/group-too-large.md",
        );
    }
    let unread = groups.iter().filter(|group| group.members.is_none()).count();
    if unread > 0 {
        let observed =
            format!("Atlassian does not show the size of {unread} groups, so nobody is warned of them");
        return Check::by_hand(NAME, observed, format!("Compare them with the limit of {limit} members"));
    }
    Check::good(NAME, format!("no synced group is near the {limit} members that the synchronization takes"))
}

fn cycle(facts: &Facts, all: &[Warning], now: Timestamp) -> Check {
    const NAME: &str = "entra.job-cycle";
    let Some(job) = facts.job.get() else { return unread(NAME, facts.job.gap()) };
    let late = all.iter().find_map(|one| match one {
        Warning::NoCycle { since, .. } => Some(since),
        _ => None,
    });
    if let Some(since) = late {
        let observed = format!("the job is active, and its last cycle ended at {since}");
        return Check::by_hand(NAME, observed, format!("Read the progress and the logs in {JOB_PAGE}"));
    }
    match has_recent_cycle(job, now) {
        Some(true) => Check::good(NAME, "a cycle has ended within the last 3 hours"),
        Some(false) => Check::by_hand(NAME, "the job does not run, so no cycle is expected", "See entra.job"),
        None => Check::by_hand(NAME, "no cycle has ended yet", format!("Read its progress in {JOB_PAGE}")),
    }
}

fn unread(name: &str, why: Option<&str>) -> Check {
    let why = why.unwrap_or("it was not asked for");
    let fix = "Correct what is BAD, if anything is, and run doctor again";
    Check::by_hand(name, format!("unread, so nobody is warned: {why}"), fix)
}
