//! Bad input: answers without content, lists that never end, unknown words, two values where there should be one, and a
//! person who changes while being read. None of it counts as health or as proof, and no step is based on it.

use std::collections::BTreeSet;
use std::sync::Arc;

use reinstate::slack::messages::pause_message;
use reinstate_core::{Cause, Event, Outcome, Source, Verdict};
use reinstate_sandbox::scenarios::find;
use reinstate_sandbox::tenant::Tenant;
use reinstate_sandbox::wire::{Gate, Injection, Service};
use reinstate_sandbox::{Sandbox, lock};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::asking::{ask, read_by, start};
use crate::carrying::begin;
use crate::sample::Sample;

const JANE: &str = "jane@acme.example";

/// Answers every read of a source with status 200 and this body.
fn answer(sandbox: &Sandbox, source: Source, body: &str) {
    let answered = Injection::Answer { status: 200, headers: Vec::new(), body: body.to_owned() };
    sandbox.wire.inject_when(u32::MAX, answered, move |call, _| read_by(call) == Some(source));
}

async fn sources_of(story: &str) -> BTreeSet<Source> {
    let scenario = find(story).unwrap();
    let sandbox = start(scenario.tenant()).await;
    ask(&sandbox, scenario.who).await;
    sandbox.wire.calls().iter().filter_map(read_by).collect()
}

/// Scenarios that together read every source.
const STORIES: &[&str] = &[
    "healthy",
    "provisioning-stopped",
    "idp-user-missing",
    "nested-only",
    "pull-sync",
    "seats-full",
    "suspended",
    "group-renamed",
    "group-name-conflict",
    "linked-to-other-account",
    "domain-not-claimed",
    "deactivated-while-linked",
];

/// What is wrong with the diagnosis of a scenario in which a source answers without content.
async fn hollow(story: &str, source: Source, body: &str) -> Vec<String> {
    let scenario = find(story).unwrap();
    let wanted: BTreeSet<Cause> = scenario.finds.iter().chain(scenario.mentions).copied().collect();
    let sandbox = start(scenario.tenant()).await;
    answer(&sandbox, source, body);
    let (diagnosis, _) = ask(&sandbox, scenario.who).await;
    let mut wrong = Vec::new();
    if !diagnosis.unread.iter().any(|(unread, _)| *unread == source) {
        wrong.push(format!("unread is {:?}, found {:?}", diagnosis.unread, diagnosis.findings));
    }
    let found: BTreeSet<Cause> = diagnosis.findings.iter().map(|finding| finding.code).collect();
    wrong.extend(found.difference(&wanted).map(|cause| format!("claims {}", cause.code())));
    if diagnosis.verdict == Verdict::Healthy && scenario.ends != Outcome::Healthy {
        wrong.push("healthy".to_owned());
    }
    wrong.iter().map(|w| format!("{story}, {} answers {body}: {w}", source.name())).collect()
}

/// A sample. Six answers of a source and five have no common divisor, so all answers are covered.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_holds_nothing_is_a_gap_and_no_absence() {
    let sample = Sample::one_in(5);
    let bodies = ["{}", "[]", "null", "\"none\"", "<html>", r#"{"value":"x","data":7,"Resources":{}}"#];
    let turns = Arc::new(Semaphore::new(8));
    let mut tried = BTreeSet::new();
    let mut runs = JoinSet::new();
    let mut case = 0;
    for story in STORIES {
        for source in sources_of(story).await {
            // Each source in one scenario is enough, because the same client reads the answer everywhere.
            if !tried.insert(source) {
                continue;
            }
            for body in bodies {
                case += 1;
                if !sample.has(case) {
                    continue;
                }
                let turns = turns.clone();
                runs.spawn(async move {
                    let _turn = turns.acquire().await.unwrap();
                    hollow(story, source, body).await
                });
            }
        }
    }
    let wrong: Vec<String> = runs.join_all().await.into_iter().flatten().collect();
    assert_eq!(tried, Source::ALL.iter().copied().collect(), "some source was not tried");
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_never_ends_is_left_and_named() {
    let graph = |sandbox: &Sandbox| {
        sandbox.env("sqlite::memory:", "127.0.0.1:0")["REINSTATE_ENTRA__GRAPH_URL"].clone()
    };
    for source in [
        Source::Memberships,
        Source::Assignments,
        Source::ProvisioningLog,
        Source::Accounts,
        Source::Roles,
        Source::Domains,
        Source::ScimUsers,
    ] {
        let mut tenant = Tenant::new();
        // The verified domains are read only for a person who lacks something.
        if source == Source::Domains {
            tenant.hire(JANE, "Jane Doe");
        } else {
            tenant.employee(JANE, "Jane Doe");
        }
        let sandbox = start(tenant).await;
        let list = match source {
            Source::Memberships => "users/x/memberOf",
            Source::Assignments => "servicePrincipals/x/appRoleAssignedTo",
            _ => "auditLogs/provisioning",
        };
        let next = format!("{}/v1.0/{list}?$skiptoken=again", graph(&sandbox));
        let body = match source.name().split_once('.') {
            Some(("entra", _)) => format!(r#"{{"value":[],"@odata.nextLink":"{next}"}}"#),
            Some(("scim", _)) => {
                r#"{"totalResults":1000000,"Resources":[{"id":"x","userName":"x"}]}"#.to_owned()
            }
            _ => r#"{"data":[],"links":{"next":"again"}}"#.to_owned(),
        };
        answer(&sandbox, source, &body);
        let (diagnosis, _) = ask(&sandbox, JANE).await;
        let reason =
            diagnosis.unread.iter().find(|(unread, _)| *unread == source).map(|(_, reason)| reason.as_str());
        assert_eq!(reason, Some("the list does not end"), "{}: {:?}", source.name(), diagnosis.unread);
        assert_eq!(diagnosis.findings, Vec::new(), "{}", source.name());
        let calls = sandbox.wire.calls().len();
        assert!(calls < 150, "{}: {calls} calls", source.name());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_records_that_disagree_about_a_link_are_no_ground_to_stand_on() {
    let mut tenant = Tenant::new();
    let jane = tenant.employee(JANE, "Jane Doe");
    tenant.atlassian.leave(&jane.record, "jira-users");
    let other = tenant.employee("jo@acme.example", "Jo Other");
    let sandbox = start(tenant).await;
    // The index of links says that Jane's record is on Jo's account. The directory says that it is on Jane's.
    let body = format!(
        r#"{{"scimLinks":[{{"scimUserId":"{}","directoryId":"{}","atlassianAccountId":"{}"}}]}}"#,
        jane.record,
        reinstate_sandbox::tenant::DIRECTORY,
        other.account
    );
    answer(&sandbox, Source::ScimLinks, &body);
    let (diagnosis, plan) = ask(&sandbox, JANE).await;
    assert_eq!(diagnosis.verdict, Verdict::Broken);
    assert!(diagnosis.findings.is_empty(), "{:?}", diagnosis.findings);
    assert!(plan.steps.is_empty(), "{:?}", plan.steps);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_was_torn_while_it_was_read_is_noticed_at_the_first_look() {
    // The groups of all people are read. Then, before the last answer of the same diagnosis, Jane leaves the group.
    let mut tenant = Tenant::new();
    let jane = tenant.employee(JANE, "Jane Doe");
    tenant.atlassian.leave(&jane.record, "jira-users");
    let group = tenant.jira_users.clone();
    let sandbox = start(tenant).await;
    let gate = Gate::default();
    let hold = Injection::Hold { after_effect: true, gate: gate.clone() };
    sandbox.wire.inject(Service::Atlassian, None, "groups/search", 1, hold);
    let repair = begin(&sandbox, JANE).await;
    gate.reached().await;
    lock(&sandbox.entra).remove_member(&group, &jane.idp);
    gate.open();
    let (run, _) = repair.approve().await;
    let told: Vec<String> =
        run.waiting.iter().map(|waiting| pause_message(&waiting.why).into_owned()).collect();
    assert!(told.iter().any(|why| why.contains("not a direct member")), "{told:?} {:?}", run.ended);
    let sent = sandbox.wire.calls().iter().filter(|call| call.path.ends_with("provisionOnDemand")).count();
    assert_eq!(sent, 0, "a step was taken on a picture that was no longer true");
    assert_eq!(sandbox.wire.faults(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_changes_before_an_approved_step_makes_a_new_plan() {
    let scenario = find("email-held").unwrap();
    let sandbox = start(scenario.tenant()).await;
    let gate = Gate::default();
    // The accounts have been read by then. In the meantime, somebody schedules the deletion of the idle one.
    let hold = Injection::Hold { after_effect: true, gate: gate.clone() };
    sandbox.wire.inject(Service::Atlassian, None, "last-active", 1, hold);
    let repair = begin(&sandbox, scenario.who).await;
    gate.reached().await;
    {
        let mut atlassian = lock(&sandbox.atlassian);
        let idle = atlassian.bearer(JANE).unwrap().id.clone();
        atlassian.schedule_deletion(&idle);
    }
    gate.open();
    let (_, events) = repair.approve().await;
    let digests: Vec<&String> = events
        .iter()
        .take_while(|event| !matches!(event, Event::Began { .. }))
        .filter_map(|event| match event {
            Event::Planned { digest, .. } => digest.as_ref(),
            _ => None,
        })
        .collect();
    assert_eq!(digests.len(), 2, "the plan of the torn picture was begun");
    assert_ne!(digests[0], digests[1]);
    assert_eq!(sandbox.wire.faults(), Vec::<String>::new());
}
