//! A sweep says the same about every account as `check`, whatever is wrong with the tenant. If a source cannot be read,
//! the sweep says so. The program prints it for scripts.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use reinstate::cli::world;
use reinstate::config::{Config, Purpose};
use reinstate::exec::assess::{Gather, PlanFor, assess};
use reinstate::exec::prior_runs::PriorRuns;
use reinstate::exec::sweep::{CheckedAccount, Survey, survey};
use reinstate::world::SweepProgress;
use reinstate_core::evidence::Read;
use reinstate_core::sweep::SweepFinding;
use reinstate_core::{Cause, Source, Subject, Verdict, Who};
use reinstate_sandbox::external_id::ExternalIdFrom;
use reinstate_sandbox::large_org::Crowd;
use reinstate_sandbox::scenarios::{ALL, find};
use reinstate_sandbox::tenant::Tenant;
use reinstate_sandbox::wire::{Call, Injection, Service};
use reinstate_sandbox::{Sandbox, lock};
use serde_json::Value;

async fn start(tenant: Tenant) -> (Sandbox, Config) {
    reinstate::upstream::install_tls();
    let sandbox = Sandbox::start(tenant).await.unwrap();
    let env = sandbox.env("sqlite::memory:", "127.0.0.1:0");
    let config = Config::load(None, &env, Purpose::Diagnose).unwrap();
    (sandbox, config)
}

pub async fn sweep(config: &Config) -> (Survey, Vec<CheckedAccount>) {
    let world = world(config).unwrap();
    let rules = Arc::new(config.rules());
    let (sender, mut receiver) = tokio::sync::mpsc::channel(1000);
    let prior_runs = Arc::new(PriorRuns::in_database(config.store.url.clone()));
    let meter = Arc::new(SweepProgress::default());
    let survey = survey(&world, &prior_runs, &rules, &meter, &HashMap::new(), &sender).await;
    drop(sender);
    let mut all = Vec::new();
    while let Some(looked) = receiver.recv().await {
        all.push(looked);
    }
    (survey, all)
}

async fn check(config: &Config, who: &str) -> SweepFinding {
    let world = world(config).unwrap();
    let prior_runs = PriorRuns::in_database(config.store.url.clone());
    let gather = Gather::Person(Subject::asked(Who::parse(who).unwrap()));
    let rules = config.rules();
    let looked = assess(world.as_ref(), &prior_runs, &rules, gather, PlanFor::Repair, &[]).await;
    SweepFinding::of(who, &looked.diagnosis, &looked.plan, &rules)
}

/// Everybody a sweep of this tenant must report on: people with a managed account, and assigned people.
fn people(sandbox: &Sandbox, who: &str) -> Vec<String> {
    let (atlassian, entra) = (lock(&sandbox.atlassian), lock(&sandbox.entra));
    let mut all = vec!["ada@acme.example".to_owned(), "grace@acme.example".to_owned()];
    let has_account = atlassian.bearer(who).is_some();
    let is_member = entra.users.values().any(|user| {
        user.upn.eq_ignore_ascii_case(who)
            && user.account_enabled
            && entra.groups.values().any(|group| {
                group.has(&user.id) && entra.assignments.iter().any(|one| one.principal == group.id)
            })
    });
    if has_account || is_member {
        all.push(who.to_owned());
    }
    all
}

/// The differences between a sweep of every scenario and `check`, and the number of broken people on whom both agree.
async fn differences(change: impl Fn(&mut Tenant)) -> (Vec<String>, usize) {
    let mut wrong = Vec::new();
    let mut told = 0;
    for scenario in ALL {
        let mut tenant = scenario.tenant();
        change(&mut tenant);
        // What the bot has no key or no permission for is a gap.
        let has_gap = tenant.gaps() > 0;
        let (sandbox, config) = start(tenant).await;
        let (survey, looked) = sweep(&config).await;
        for who in people(&sandbox, scenario.who) {
            let alone = check(&config, &who).await;
            let swept = looked.iter().map(|looked| &looked.found).find(|found| {
                (alone.account.is_some() && found.account == alone.account)
                    || (alone.person.is_some() && found.person == alone.person)
                    || found.query == who
            });
            let told_of = |found: &SweepFinding| (found.verdict, found.causes.clone(), found.digest.clone());
            match (alone.verdict, swept) {
                (Verdict::Healthy, None) => {}
                (Verdict::Healthy, Some(found)) => {
                    wrong.push(format!("{}: {who} is healthy, the sweep says {found:?}", scenario.name));
                }
                (_, None) => wrong.push(format!("{}: {who} is not found: {alone:?}", scenario.name)),
                (_, Some(found)) if told_of(found) != told_of(&alone) => {
                    wrong.push(format!("{}: {who}\n  check {alone:?}\n  sweep {found:?}", scenario.name));
                }
                (_, Some(_)) => told += 1,
            }
        }
        if survey.unread.is_empty() == has_gap {
            wrong.push(format!("{}: unread {:?}", scenario.name, survey.unread));
        }
        let faults = sandbox.wire.faults();
        assert!(faults.is_empty(), "{}: {faults:?}", scenario.name);
        let tally = &survey.tally;
        assert!(tally.healthy + tally.broken + tally.cannot_tell <= tally.accounts, "{tally:?}");
    }
    (wrong, told)
}

#[tokio::test(flavor = "multi_thread")]
async fn of_every_scenario_it_says_what_check_says() {
    let (wrong, told) = differences(|_| {}).await;
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(told > 20, "only {told} were broken at all");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_says_what_check_says_where_a_search_over_all_directories_lists_no_groups() {
    let (wrong, told) = differences(|tenant| tenant.atlassian.switches.dash_groups = false).await;
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(told > 20, "only {told} were broken at all");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_says_what_check_says_where_external_id_is_the_mail_nickname() {
    let (wrong, told) = differences(|tenant| tenant.map_external_id(ExternalIdFrom::MailNickname)).await;
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(told > 20, "only {told} were broken at all");
}

/// The records are joined by the mapped value. Healthy people cost as few calls as with the object id.
#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_looks_no_closer_where_external_id_is_the_mail_nickname() {
    let mut calls = Vec::new();
    for from in [ExternalIdFrom::ObjectId, ExternalIdFrom::MailNickname] {
        let mut tenant = find("healthy").unwrap().tenant();
        tenant.map_external_id(from);
        let (sandbox, config) = start(tenant).await;
        let (survey, looked) = sweep(&config).await;
        assert_eq!((survey.tally.healthy, looked.len()), (4, 0));
        calls.push(sandbox.wire.calls().len());
    }
    assert_eq!(calls[0], calls[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_side_that_cannot_be_read_is_said_and_the_rest_is_judged() {
    let tenant = find("suspended").unwrap().tenant();
    let (sandbox, config) = start(tenant).await;
    let refuse = || Injection::Answer { status: 403, headers: Vec::new(), body: "{}".to_owned() };
    sandbox.wire.inject(Service::Entra, Some("GET"), "/v1.0/users", 1000, refuse());
    let (survey, looked) = sweep(&config).await;
    assert!(survey.unread.iter().any(|(source, _)| *source == Source::Users), "{:?}", survey.unread);
    assert_eq!(survey.tally.healthy, 0, "nobody is healthy whose person was not read");
    let jane = looked.iter().find(|looked| looked.found.query == "jane@acme.example").unwrap();
    assert_eq!(
        (jane.found.verdict, jane.found.causes.as_slice()),
        (Verdict::Broken, &[Cause::Suspended][..])
    );
    let ada = looked.iter().find(|looked| looked.found.query == "ada@acme.example").unwrap();
    assert_eq!((ada.found.verdict, ada.found.unread), (Verdict::CannotTell, true));
    assert!(
        matches!(ada.assessment.diagnosis.unread.first(), Some((Source::Users, _))),
        "{:?}",
        ada.assessment.diagnosis.unread
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_scim_key_people_whose_access_is_there_are_healthy() {
    let (sandbox, _) = start(find("healthy").unwrap().tenant()).await;
    let mut env = sandbox.env("sqlite::memory:", "127.0.0.1:0");
    env.remove("REINSTATE_ATLASSIAN_SCIM_KEY");
    let config = Config::load(None, &env, Purpose::Diagnose).unwrap();
    let (survey, looked) = sweep(&config).await;
    assert_eq!((survey.tally.healthy, looked.len()), (4, 0));
    assert!(survey.unread.iter().any(|(source, _)| *source == Source::ScimUsers), "{:?}", survey.unread);
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
async fn the_program_prints_objects_and_a_summary_or_a_table_for_spreadsheets() {
    let (sandbox, _) = start(find("membership-drift").unwrap().tenant()).await;
    let mut env = sandbox.env("sqlite::memory:", "127.0.0.1:0");
    env.retain(|key, _| !key.contains("SLACK") && !key.contains("STORE"));
    let output = run(&env, &["sweep", "--json"]).await;
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let lines: Vec<Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!(lines[0]["account"]["query"], "jane@acme.example");
    assert_eq!(lines[0]["findings"][0]["code"], "membership-drift");
    assert!(lines[0]["plan"]["digest"].is_string());
    let summary = &lines[1]["summary"];
    assert_eq!((&lines[1]["schema"], &summary["accounts"]), (&1.into(), &4.into()));
    assert_eq!(summary["healthy"], 3);
    assert_eq!(summary["by_cause"], serde_json::json!({"membership-drift": 1}));
    assert_eq!(summary["unread"], 0);

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sweep.csv");
    let output = run(&env, &["sweep", "--csv", file.to_str().unwrap()]).await;
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
    let table = std::fs::read_to_string(&file).unwrap();
    assert_eq!(table.lines().count(), 2);
    assert!(table.contains("\"jane@acme.example\",\"broken\",\"membership-drift\""), "{table}");

    let output = run(&env, &["sweep"]).await;
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("3 healthy, 1 broken, 0 cannot be told"), "{text}");
    assert!(text.contains("membership-drift") && text.contains("jane@acme.example"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_minute_of_limits_and_an_expired_cursor_change_no_count() {
    let mut tenant = find("membership-drift").unwrap().tenant();
    for number in 0..230 {
        tenant.employee(&format!("p{number}@acme.example"), "Some Body");
    }
    tenant.entra.settle_watermark(reinstate::clock::now());
    let (sandbox, config) = start(tenant).await;
    let soon = reinstate::clock::now().checked_add(Duration::from_secs(3)).unwrap();
    let limited = Injection::Answer {
        status: 429,
        headers: vec![("X-RateLimit-Reset".to_owned(), soon.to_string())],
        body: r#"{"code":429}"#.to_owned(),
    };
    sandbox.wire.inject_when(1, limited, |call, _| lists_accounts(call));
    // The third page has expired when it is requested.
    let expired = Injection::Answer {
        status: 400,
        headers: Vec::new(),
        body: r#"{"errors":[{"status":"400","code":"ADMIN-400-1","title":"Invalid cursor"}]}"#.to_owned(),
    };
    sandbox.wire.inject_when(1, expired, |call, before| {
        lists_accounts(call) && before.iter().filter(|call| lists_accounts(call)).count() == 4
    });
    let (survey, looked) = sweep(&config).await;
    assert_eq!(survey.unread, Vec::new());
    assert_eq!((survey.tally.accounts, survey.tally.healthy, looked.len()), (234, 233, 1), "{survey:?}");
}

/// Whether a call requests a page of all accounts.
fn lists_accounts(call: &Call) -> bool {
    let all = ["emails", "accountIds", "roleIds"].iter().all(|filter| call.body.get(filter).is_none());
    call.path.ends_with("users/search") && all
}

/// More people than fit on one page of accounts. One of them lacks a group.
fn of_two_pages() -> Tenant {
    let mut tenant = find("membership-drift").unwrap().tenant();
    for number in 0..130 {
        tenant.employee(&format!("p{number}@acme.example"), "Some Body");
    }
    tenant.entra.settle_watermark(reinstate::clock::now());
    tenant
}

/// It is not documented whether the cursor of a search keeps the search criteria, so the result must not depend on it.
#[tokio::test(flavor = "multi_thread")]
async fn people_on_the_second_page_are_judged_like_those_on_the_first() {
    for cursor_holds_search in [false, true] {
        let mut tenant = of_two_pages();
        tenant.atlassian.switches.cursor_holds_search = cursor_holds_search;
        let (sandbox, config) = start(tenant).await;
        let (survey, looked) = sweep(&config).await;
        assert_eq!(survey.unread, Vec::new());
        let tally = &survey.tally;
        assert_eq!(
            (tally.accounts, tally.healthy, tally.broken, looked.len()),
            (134, 133, 1, 1),
            "{tally:?}"
        );
        let bodies: Vec<Value> = sandbox
            .wire
            .calls()
            .iter()
            .filter(|call| call.path.ends_with("users/search"))
            .map(|call| call.body.clone())
            .collect();
        let pages: Vec<&Value> = bodies.iter().filter(|body| body.get("cursor").is_some()).collect();
        assert!(pages.len() >= 2, "{bodies:?}");
        for page in pages {
            assert!(page.get("expand").is_some() || page.get("roleIds").is_some(), "{page}");
        }
        assert!(sandbox.wire.faults().is_empty(), "{:?}", sandbox.wire.faults());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_whose_groups_are_not_shown_are_counted_as_unread() {
    let (sandbox, config) = start(find("healthy").unwrap().tenant()).await;
    let id = lock(&sandbox.atlassian).bearer("ada@acme.example").unwrap().id.clone();
    let bare = serde_json::json!({"data": [{
        "accountId": id, "accountType": "atlassian", "status": "active", "accountStatus": "active",
        "membershipStatus": "active", "claimStatus": "managed", "email": "ada@acme.example", "name": "Ada Ops",
    }], "links": {"next": null}});
    let answer = Injection::Answer { status: 200, headers: Vec::new(), body: bare.to_string() };
    sandbox.wire.inject_when(1, answer, |call, _| lists_accounts(call));
    let (survey, looked) = sweep(&config).await;
    let ada = looked.iter().find(|looked| looked.found.query == "ada@acme.example").unwrap();
    assert_eq!(
        (ada.found.verdict, ada.found.unread),
        (Verdict::CannotTell, true),
        "{:?}",
        ada.assessment.diagnosis
    );
    assert_eq!((survey.tally.cannot_tell, survey.tally.unread), (1, 1), "{:?}", survey.tally);
    let said: Vec<&str> = survey.unread.iter().map(|(_, why)| why.as_str()).collect();
    assert_eq!(said, ["the search did not show the groups of 1 accounts"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_roles_cannot_be_listed_nobody_who_was_not_listed_is_told_to_have_none() {
    let (sandbox, config) = start(of_two_pages()).await;
    let refused = Injection::Answer { status: 403, headers: Vec::new(), body: "{}".to_owned() };
    // Only the first page of roles is answered.
    sandbox.wire.inject_when(u32::MAX, refused, |call, _| {
        call.body.get("roleIds").is_some() && call.body.get("cursor").is_some()
    });
    let (survey, _) = sweep(&config).await;
    assert!(survey.unread.iter().any(|(source, _)| *source == Source::Roles), "{:?}", survey.unread);
    let tally = &survey.tally;
    assert!(tally.healthy >= 90 && tally.cannot_tell >= 30, "{tally:?}");
    assert_eq!(tally.by_cause.get("group-without-role"), None, "{tally:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_directories_cannot_be_listed_nobody_is_healthy() {
    let (sandbox, config) = start(find("healthy").unwrap().tenant()).await;
    let refused = Injection::Answer { status: 403, headers: Vec::new(), body: "{}".to_owned() };
    sandbox.wire.inject_when(u32::MAX, refused, |call, _| call.path.ends_with("/directories"));
    let (survey, _) = sweep(&config).await;
    assert!(survey.unread.iter().any(|(source, _)| *source == Source::Directories), "{:?}", survey.unread);
    assert_eq!((survey.tally.healthy, survey.tally.cannot_tell), (0, 4), "{:?}", survey.tally);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_vanished_between_two_pages_is_looked_at_by_its_person() {
    let (sandbox, config) = start(find("healthy").unwrap().tenant()).await;
    // The search returns nobody at all: everybody has vanished from the list.
    let empty = Injection::Answer {
        status: 200,
        headers: Vec::new(),
        body: r#"{"data":[],"links":{"next":null}}"#.to_owned(),
    };
    sandbox.wire.inject_when(1, empty, |call, _| lists_accounts(call));
    let (survey, looked) = sweep(&config).await;
    assert_eq!((survey.tally.accounts, survey.tally.healthy, looked.len()), (4, 4, 0), "{survey:?}");
}

#[test]
fn an_unread_side_is_no_health() {
    let census = reinstate_core::sweep::Census { users: Read::Gap("403".into()), ..Default::default() };
    assert_eq!(census.gaps(), vec![(Source::Users, "403".to_owned())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_generated_company_is_told_exactly_as_it_was_broken() {
    let company = Crowd { people: 380, groups: 8, broken_in: 10, seed: 3 }.company();
    let (expected, broken, accounts) = (company.by_cause, company.broken, company.accounts);
    let (sandbox, config) = start(company.tenant).await;
    let (survey, _) = sweep(&config).await;
    let tally = &survey.tally;
    assert_eq!(tally.by_cause, expected, "{tally:?}");
    assert_eq!((tally.broken, tally.cannot_tell, tally.accounts), (broken, 0, accounts));
    assert_eq!(sandbox.wire.faults(), Vec::<String>::new());
    let calls = sandbox.wire.calls().len();
    assert!(calls < 60 + 8 * usize::try_from(broken).unwrap(), "{calls} calls for {broken} broken");
}

/// 500 groups at the identity provider, spelled there in capitals. Atlassian has all of them but the last.
#[tokio::test(flavor = "multi_thread")]
async fn a_person_in_500_groups_of_another_spelling_misses_just_the_one() {
    let mut tenant = Tenant::new();
    let jane = tenant.employee("jane@acme.example", "Jane Doe");
    for number in 1..=500 {
        tenant.atlassian.add_group(&format!("team-{number}"), true, &[]);
        if number < 500 {
            tenant.atlassian.join(&jane.record, &format!("team-{number}"));
        }
        let group = tenant.entra.add_group(&format!("Team-{number}"));
        tenant.entra.assign_group(&group);
        tenant.entra.add_member(&group, &jane.idp);
    }
    let (sandbox, config) = start(tenant).await;
    let (survey, looked) = sweep(&config).await;
    assert!(survey.unread.is_empty(), "{:?}", survey.unread);
    let [only] = looked.as_slice() else { panic!("{looked:?}") };
    assert_eq!((only.found.query.as_str(), only.found.verdict), ("jane@acme.example", Verdict::Broken));
    assert_eq!(
        (only.found.causes.as_slice(), only.found.missing),
        ([Cause::MembershipDrift].as_slice(), Some(1))
    );
    let alone = check(&config, "jane@acme.example").await;
    assert_eq!(only.found.digest, alone.digest);
    assert!(sandbox.wire.faults().is_empty(), "{:?}", sandbox.wire.faults());
}
