//! Access per app: the question about one app in the terminal and in Slack, the lists in the JSON, and the sources that
//! may be unread.

use std::collections::BTreeMap;

use reinstate::cli::world;
use reinstate::world::ReadScope;
use reinstate_core::{Cause, Diagnosis, Plan, Source, Subject, Verdict, Who, diagnose, plan};
use reinstate_sandbox::Sandbox;
use reinstate_sandbox::scenarios::{ALL, find};
use reinstate_sandbox::tenant::Tenant;
use serde_json::{Value, json};

use crate::asking::{config, refuse, start};

const JANE: &str = "jane@acme.example";

/// Asks about one app of a person.
async fn ask(sandbox: &Sandbox, app: Option<&str>) -> (Diagnosis, Plan) {
    let subject = Subject::asked(Who::parse(JANE).unwrap()).about(app);
    let evidence = world(&config(sandbox)).unwrap().gather(subject, ReadScope::Everything).await;
    let diagnosis = diagnose(&evidence);
    let plan = plan(&evidence, &diagnosis, &config(sandbox).rules(), &[]);
    (diagnosis, plan)
}

async fn about(scenario: &str, app: Option<&str>) -> (Diagnosis, Plan) {
    let sandbox = start(find(scenario).unwrap().tenant()).await;
    let answer = ask(&sandbox, app).await;
    assert_eq!(sandbox.wire.faults(), Vec::<String>::new(), "{scenario}");
    answer
}

fn missing(diagnosis: &Diagnosis) -> Vec<(String, &'static str)> {
    let all = diagnosis.apps.missing.iter().flatten();
    all.map(|app| (app.name.to_string(), app.why.word())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_missing_app_has_its_reason() {
    for (scenario, wanted) in [
        ("healthy", vec![]),
        ("role-too-weak", vec![("confluence (acme)", "role-too-weak")]),
        ("seats-full-in-one-app", vec![("confluence (acme)", "seats-full")]),
        ("seats-full-on-one-site", vec![("confluence (lab)", "seats-full")]),
        ("suspended", vec![("confluence (acme)", "suspended"), ("jira-software (acme)", "suspended")]),
        (
            "membership-drift",
            vec![("confluence (acme)", "membership-drift"), ("jira-software (acme)", "membership-drift")],
        ),
        (
            "never-provisioned",
            vec![("confluence (acme)", "never-provisioned"), ("jira-software (acme)", "never-provisioned")],
        ),
        ("suspended-in-one-directory", vec![("confluence (acme)", "suspended")]),
    ] {
        let (diagnosis, _) = about(scenario, None).await;
        let wanted: Vec<(String, &str)> =
            wanted.into_iter().map(|(app, why)| (app.to_owned(), why)).collect();
        assert_eq!(missing(&diagnosis), wanted, "{scenario}: {:?}", diagnosis.apps);
        assert!(diagnosis.apps.expected.is_some(), "{scenario}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_verdict_is_about_the_app_that_was_asked_for() {
    let (jira, _) = about("seats-full-in-one-app", Some("jira")).await;
    assert_eq!(
        (jira.verdict, jira.findings.iter().any(|finding| finding.blocking)),
        (Verdict::Healthy, false)
    );
    assert_eq!(jira.apps.expected.as_ref().map(Vec::len), Some(1));
    let (wiki, plan) = about("seats-full-in-one-app", Some("confluence")).await;
    assert_eq!(
        (wiki.verdict, missing(&wiki)),
        (Verdict::Broken, vec![("confluence (acme)".to_owned(), "seats-full")])
    );
    assert!(plan.steps.is_empty());
    // The account counts, whatever the app.
    let (suspended, _) = about("suspended", Some("confluence")).await;
    assert_eq!(suspended.verdict, Verdict::Broken);
    // The other missing app is one line of advice.
    let (drifted, plan) = about("membership-drift", Some("confluence")).await;
    assert_eq!(missing(&drifted).len(), 1);
    let also: Vec<&String> = plan.advice.iter().filter(|line| line.contains("not asked for")).collect();
    assert_eq!(also.len(), 1, "{:?}", plan.advice);
    assert!(also[0].contains("jira-software (acme)"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_no_group_grants_leads_to_the_groups_that_do() {
    let lab = |tenant: &mut Tenant, granting: bool| {
        let wiki = tenant.atlassian.add_workspace("confluence", "Laboratory Wiki");
        for space in tenant.atlassian.workspaces.iter_mut().filter(|space| space.id == wiki) {
            space.host_url = "https://lab.atlassian.net".to_owned();
        }
        if granting {
            tenant.atlassian.add_group("lab-people", true, &[(&wiki, "atlassian/user")]);
            let group = tenant.entra.add_group("lab-people");
            tenant.entra.assign_group(&group);
            tenant.atlassian.add_group("not-assigned", false, &[(&wiki, "atlassian/user")]);
        }
        wiki
    };
    for granting in [true, false] {
        let mut tenant = find("healthy").unwrap().tenant();
        lab(&mut tenant, granting);
        let sandbox = start(tenant).await;
        let (diagnosis, plan) = ask(&sandbox, Some("lab")).await;
        let codes: Vec<Cause> = diagnosis.findings.iter().filter(|f| f.blocking).map(|f| f.code).collect();
        assert_eq!((diagnosis.verdict, codes), (Verdict::Broken, vec![Cause::AppNotGranted]));
        let advice = plan.advice.join("\n");
        assert_eq!(advice.contains("lab-people"), granting, "{advice}");
        assert!(!advice.contains("not-assigned"), "{advice}");
        // Without the question about this app, nothing is wrong.
        assert_eq!(ask(&sandbox, None).await.0.verdict, Verdict::Healthy);
    }
    // A role that was given by hand opens the app as well.
    let mut tenant = find("healthy").unwrap().tenant();
    let wiki = lab(&mut tenant, true);
    let jane = tenant.atlassian.accounts.values_mut().find(|account| account.email == JANE).unwrap();
    jane.direct_roles.insert((wiki, "atlassian/user".to_owned()));
    let sandbox = start(tenant).await;
    let (diagnosis, _) = ask(&sandbox, Some("lab")).await;
    assert_eq!(diagnosis.verdict, Verdict::Healthy);
    assert!(diagnosis.found(Cause::AppNotGranted) && diagnosis.findings.iter().all(|f| !f.blocking));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_one_of_its_sources_no_app_is_there_and_none_is_missing() {
    let scenarios = ["role-too-weak", "seats-full-in-one-app", "healthy", "group-without-role"];
    for source in
        [Source::Roles, Source::GroupRoles, Source::Memberships, Source::Assignments, Source::Accounts]
    {
        for scenario in scenarios {
            // The search for groups shows that such a group has a role on no resource, so its roles are not read.
            if (scenario, source) == ("group-without-role", Source::GroupRoles) {
                continue;
            }
            let sandbox = start(find(scenario).unwrap().tenant()).await;
            refuse(&sandbox, source);
            let (diagnosis, _) = ask(&sandbox, None).await;
            assert_ne!(diagnosis.verdict, Verdict::Healthy, "{scenario} without {}", source.name());
            // Groups that grant no app lack none.
            let grants = scenario != "group-without-role";
            assert!(
                !grants || diagnosis.apps.present.is_none() || diagnosis.apps.missing.is_none(),
                "{scenario} without {}: {:?}",
                source.name(),
                diagnosis.apps
            );
            assert!(diagnosis.unread.iter().any(|(unread, _)| *unread == source));
        }
    }
    // Without the apps, the question cannot be resolved. Without a question, only the name of the site is unknown.
    let sandbox = start(find("healthy").unwrap().tenant()).await;
    refuse(&sandbox, Source::Workspaces);
    assert_eq!(ask(&sandbox, Some("confluence")).await.0.verdict, Verdict::CannotTell);
    let (diagnosis, _) = ask(&sandbox, None).await;
    let sites: Vec<_> = diagnosis.apps.present.iter().flatten().map(|app| app.name.site.clone()).collect();
    assert_eq!((diagnosis.verdict, sites), (Verdict::Healthy, vec![None, None]));
    // Without the search for groups, the roles of each group are read.
    let sandbox = start(find("healthy").unwrap().tenant()).await;
    refuse(&sandbox, Source::Groups);
    let (diagnosis, _) = ask(&sandbox, None).await;
    assert_eq!((diagnosis.verdict, diagnosis.groups.extra), (Verdict::Healthy, Some(Vec::new())));
}

async fn run(env: &BTreeMap<String, String>, args: &[&str]) -> std::process::Output {
    let folder = tempfile::tempdir().unwrap();
    tokio::process::Command::new(env!("CARGO_BIN_EXE_reinstate"))
        .args(args)
        .current_dir(folder.path())
        .env_clear()
        .envs(env)
        .output()
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_terminal_answers_about_one_app_or_lists_the_choice() {
    let sandbox = start(find("seats-full-on-one-site").unwrap().tenant()).await;
    let env = sandbox.env("sqlite::memory:", "127.0.0.1:0");
    let output = run(&env, &["check", JANE, "--app", "lab", "--json"]).await;
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let lab = answer["apps"]["missing"][0].clone();
    assert_eq!(
        (&lab["app"], &lab["site"], &lab["why"]),
        (&json!("confluence"), &json!("lab"), &json!("seats-full"))
    );
    assert_eq!(answer["apps"]["missing"].as_array().unwrap().len(), 1);
    assert_eq!(answer["apps"]["present"], json!([]));
    assert_eq!(answer["not_examined"], json!(["sign-in", "permissions-inside-apps", "portal-accounts"]));
    let open = run(&env, &["check", JANE, "--app", "jira"]).await;
    assert_eq!(open.status.code(), Some(0), "{open:?}");
    let text = String::from_utf8(open.stdout).unwrap();
    assert!(
        text.contains("Not examined: sign-in") && text.contains("Ready to paste into a ticket"),
        "{text}"
    );
    for (app, listed) in [("confluence", 2), ("trello", 3), ("acme", 2)] {
        let output = run(&env, &["check", JANE, "--app", app, "--json"]).await;
        assert_eq!((output.status.code(), output.stdout.len()), (Some(64), 0), "{app}: {output:?}");
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(text.matches("ari:cloud:").count(), listed, "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_json_has_every_list_of_apps_and_groups() {
    let sandbox = start(find("healthy-extra-synced-group").unwrap().tenant()).await;
    let env = sandbox.env("sqlite::memory:", "127.0.0.1:0");
    let output = run(&env, &["check", JANE, "--json"]).await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["groups"]["extra"], json!(["former-team"]));
    let wiki = answer["apps"]["present"][0].clone();
    assert_eq!(wiki, answer["apps"]["expected"][0]);
    assert_eq!(
        (&wiki["app"], &wiki["site"], &wiki["role"]),
        (&json!("confluence"), &json!("acme"), &json!("user"))
    );
    assert_eq!(wiki["through"], json!(["wiki-users"]));
    assert!(wiki["resource"].as_str().unwrap().starts_with("ari:cloud:confluence::site/"));
}

/// I4 over the scenarios: a healthy person has each expected app, and a person who lacks one is broken.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_healthy_whose_expected_apps_are_not_all_there() {
    for scenario in ALL {
        let sandbox = start(scenario.tenant()).await;
        let subject = Subject::asked(Who::parse(scenario.who).unwrap());
        let evidence = world(&config(&sandbox)).unwrap().gather(subject, ReadScope::Everything).await;
        let diagnosis = diagnose(&evidence);
        if diagnosis.verdict == Verdict::Healthy {
            assert!(diagnosis.apps.expected.is_some(), "{}", scenario.name);
            assert_eq!(diagnosis.apps.expected, diagnosis.apps.present, "{}", scenario.name);
        }
        if diagnosis.apps.missing.as_ref().is_some_and(|missing| !missing.is_empty()) {
            assert_eq!(diagnosis.verdict, Verdict::Broken, "{}", scenario.name);
        }
    }
}
