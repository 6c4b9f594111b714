//! What runs out, with the real clients and the simulated services: in the doctor and in the channel.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reinstate::bot::warnings::look;
use reinstate::doctor::State;
use reinstate_sandbox::entra::{Entra, Run};
use reinstate_sandbox::lock;
use reinstate_sandbox::tenant::{ADMINS, CLIENT, Tenant, hours_ago};
use reinstate_sandbox::wire::{Injection, Service};

use crate::bot::tells_in;
use crate::doctor::Patient;

fn in_days(days: i64) -> Timestamp {
    let now = reinstate::clock::now();
    now.checked_add(SignedDuration::from_hours(24 * days)).unwrap()
}

/// The date as an administrator writes it.
fn day(days: i64) -> String {
    in_days(days).strftime("%Y-%m-%d").to_string()
}

/// The last cycle of the job ended so many hours ago.
fn cycle_ended(entra: &mut Entra, hours: i64) {
    let run = Run {
        id: "cycle".to_owned(),
        began: hours_ago(hours + 1),
        ended: hours_ago(hours),
        state: "Succeeded".to_owned(),
        imported: 1,
        exported: 1,
        escrowed: 0,
        error: None,
    };
    entra.atlassian_job().unwrap().last_execution = Some(run);
}

const CREDENTIAL: &str = "entra.credential-expiry";
const NAMES: [&str; 6] = [
    "atlassian.key-expiry",
    "atlassian.scim-key-expiry",
    CREDENTIAL,
    "atlassian.seats",
    "atlassian.group-sizes",
    "entra.job-cycle",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_date_is_stated_or_said_not_to_be_and_decides_no_exit_code() {
    let patient = Patient::new().await;
    cycle_ended(&mut lock(&patient.sandbox.entra), 1);
    let said = patient.asks().await;
    said.is("atlassian.key-expiry", State::Unknown).says("atlassian.key-expiry", "not stated");
    said.is("atlassian.scim-key-expiry", State::Unknown)
        .says("atlassian.scim-key-expiry", "expiry.scim_keys");
    for good in &NAMES[2..] {
        said.is(good, State::Good);
    }
    assert_eq!(said.code, 0);
    for (days, state, words) in [
        (60, State::Good, "it ends on"),
        (20, State::Unknown, "ends soon"),
        (-2, State::Unknown, "it ended on"),
    ] {
        let patient =
            Patient::new().await.set("EXPIRY__ORG_KEY", &day(days)).set("EXPIRY__SCIM_KEYS", &day(days));
        let said = patient.asks().await;
        for name in &NAMES[..2] {
            said.is(name, state).says(name, words).says(name, &day(days));
        }
        assert_eq!(said.code, 0, "the key itself is tried elsewhere");
    }
    let said = Patient::new().await.set("EXPIRY__ORG_KEY", "2027-02-30").asks().await;
    assert_eq!(said.code, 78);
    said.says("configuration expiry.org_key", "is not a date");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_the_client_secret_is_read_or_unread_with_its_reason() {
    for (days, state, words) in [(60, State::Good, "it ends on"), (6, State::Unknown, "ends soon")] {
        let patient = Patient::new().await;
        lock(&patient.sandbox.entra).apps.get_mut(CLIENT).unwrap().secret_ends = in_days(days);
        patient.asks().await.is(CREDENTIAL, state).says(CREDENTIAL, words).says(CREDENTIAL, &day(days));
    }
    // Another secret says nothing about ours, unless it may be ours.
    for (hint, state) in [("zzz", State::Good), ("", State::Unknown)] {
        let patient = Patient::new().await;
        {
            let mut entra = lock(&patient.sandbox.entra);
            let app = entra.apps.get_mut(CLIENT).unwrap();
            let ours: String = app.secret.as_deref().unwrap().chars().take(3).collect();
            let hint = if hint.is_empty() { ours } else { hint.to_owned() };
            app.other_secrets.push((hint, in_days(3)));
        }
        patient.asks().await.is(CREDENTIAL, state);
    }
    let patient = Patient::new().await;
    lock(&patient.sandbox.entra)
        .apps
        .get_mut(CLIENT)
        .unwrap()
        .roles
        .retain(|role| role != "Application.Read.All");
    let said = patient.asks().await;
    said.is(CREDENTIAL, State::Unknown)
        .says(CREDENTIAL, "unread")
        .says(CREDENTIAL, "403 Authorization_RequestDenied");
    said.says(CREDENTIAL, "Application.Read.All");
    assert_eq!(patient.sandbox.wire.faults(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn seats_groups_and_cycles_are_read_and_what_is_unread_is_not_good() {
    let mut tenant = Tenant::new();
    for name in ["jane", "john"] {
        tenant.employee(&format!("{name}@acme.example"), name);
    }
    let patient = Patient::of(tenant).await.set("LIMITS__GROUP_MEMBERS", "2");
    {
        let mut atlassian = lock(&patient.sandbox.atlassian);
        (atlassian.workspaces[0].usage, atlassian.workspaces[0].capacity) = (Some(95), Some(100));
        let mut entra = lock(&patient.sandbox.entra);
        cycle_ended(&mut entra, 3);
    }
    let said = patient.asks().await;
    said.is("atlassian.seats", State::Unknown).says("atlassian.seats", "95 of 100");
    said.is("entra.job-cycle", State::Unknown).says("entra.job-cycle", "the job is active");
    said.is("atlassian.group-sizes", State::Unknown)
        .says("atlassian.group-sizes", "jira-users 5, wiki-users 5");
    assert_eq!(said.code, 0);
    let patient = Patient::new().await;
    patient
        .asks()
        .await
        .is("entra.job-cycle", State::Unknown)
        .says("entra.job-cycle", "no cycle has ended yet");
    for space in &mut lock(&patient.sandbox.atlassian).workspaces {
        space.usage = None;
    }
    patient.asks().await.is("atlassian.seats", State::Unknown).says("atlassian.seats", "of no app");
    let patient = Patient::new().await;
    for (service, path) in [
        (Service::Atlassian, "/workspaces"),
        (Service::Atlassian, "/groups/search"),
        (Service::Entra, "/synchronization/jobs"),
        (Service::Entra, "/applications"),
    ] {
        let refusal = Injection::Answer { status: 403, headers: Vec::new(), body: "{}".to_owned() };
        patient.sandbox.wire.inject(service, None, path, u32::MAX, refusal);
    }
    let said = patient.asks().await;
    for name in &NAMES[2..] {
        said.is(name, State::Unknown).says(name, "nobody is warned").says(name, "403");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_channel_is_told_once_and_a_look_costs_three_calls() {
    let mut tenant = Tenant::new();
    tenant.employee("jane@acme.example", "Jane Doe");
    tenant.entra.apps.get_mut(CLIENT).unwrap().secret_ends = in_days(6);
    tells_in(
        tenant,
        |env| {
            env.insert("REINSTATE_EXPIRY__ORG_KEY".to_owned(), day(20));
        },
        async |bot| {
            let calls = || -> Vec<String> {
                let all = bot.sandbox.wire.calls();
                let upstream = all
                    .iter()
                    .filter(|call| call.service != Service::Slack && !call.path.contains("/oauth2/"));
                upstream.map(|call| call.path.clone()).collect()
            };
            let looks = async || {
                let before = calls().len();
                let now = bot.app.journal.now().await.unwrap();
                assert!(look(&bot.app, Duration::ZERO, now).await.unwrap());
                bot.is_quiet().await;
                calls().split_off(before)
            };
            let first = looks().await;
            assert_eq!(first.len(), 4, "{first:?}");
            let card = bot.sees("The client secret of Reinstate at Entra ID ends on").await;
            let shown = bot.shows(&card.ts);
            let stated = format!("The API key of the Atlassian organization ends on {}", day(20));
            assert!(shown.contains("2 warnings") && shown.contains(&stated), "{shown}");
            assert!(shown.contains(&day(6)) && shown.contains("Certificates & secrets"), "{shown}");
            for _ in 0..2 {
                let quiet = looks().await;
                assert_eq!(quiet.len(), 3, "the groups are read once a day: {quiet:?}");
            }
            bot.reads_all();
            let slack = lock(&bot.sandbox.slack);
            let told =
                slack.messages_in(ADMINS).iter().filter(|one| one.text.contains("client secret")).count();
            assert_eq!(told, 1);
        },
    )
    .await;
}
