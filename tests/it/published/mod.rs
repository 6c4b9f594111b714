//! Requests of the clients and answers of the simulators against the vendors' published documents. Every scenario is
//! repaired, swept and examined by the doctor, and every exchange is validated. Deviations of real services from their
//! documents are listed with their reasons, and each must occur.

mod document;
mod schema;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use reinstate::doctor;
use reinstate_core::watch::{Feed, FeedAnswer};
use reinstate_sandbox::Sandbox;
use reinstate_sandbox::lock;
use reinstate_sandbox::scenarios::{ALL, Scenario};
use reinstate_sandbox::tenant::Tenant;
use reinstate_sandbox::wire::{Call, Service};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::asking::{config, start};
use crate::carrying::begin;
use crate::sample::Sample;
use document::Document;

const DOCUMENTS: [&str; 5] = [
    "atlassian-organizations",
    "atlassian-user-management",
    "atlassian-user-provisioning",
    "entra-login",
    "graph",
];

/// The documents, and where real services deviate from them.
struct Judge {
    documents: Vec<Document>,
    known: Vec<Deviation>,
}

/// A deviation of real services, or of requests that they are known to accept, from the documents.
#[derive(serde::Deserialize)]
struct Deviation {
    /// A part of the fault.
    fault: String,
    reason: String,
}

impl Judge {
    fn new() -> Self {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/data/openapi/deviations.json");
        let known: Vec<Deviation> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        assert!(known.iter().all(|one| one.reason.len() > 20), "each deviation has its reason");
        Self { documents: DOCUMENTS.map(Document::read).into(), known }
    }

    /// The faults of one call, each with the path and the method that it is about.
    fn faults(&self, call: &Call) -> Vec<String> {
        if call.service == Service::Slack {
            return Vec::new();
        }
        let found = self.documents.iter().find_map(|one| Some((one, one.template(call)?)));
        match found {
            None => vec![format!("{} {}: no document declares the path", call.method, call.path)],
            Some((_, (template, None))) => {
                vec![format!("{} {template}: the method is not declared", call.method)]
            }
            Some((document, (template, Some(operation)))) => {
                let faults = document.faults(operation, call).into_iter();
                faults.map(|fault| format!("{} {template} {fault}", call.method)).collect()
            }
        }
    }

    /// The number of the deviation that explains a fault.
    fn explained(&self, fault: &str) -> Option<usize> {
        self.known.iter().position(|one| fault.contains(&one.fault))
    }
}

/// The calls of a scenario: a diagnosis, a sweep, a repair to its end, a report of the doctor, and a round of each feed.
async fn calls(scenario: &'static Scenario) -> Vec<Call> {
    let sandbox = recorded(scenario.tenant()).await;
    let config = config(&sandbox);
    let world = reinstate::cli::world(&config).unwrap();
    let mut places = Vec::new();
    for feed in Feed::ALL {
        if let FeedAnswer::Read(round) = world.changes(feed, None).await {
            places.push((feed, round.next));
        }
    }
    crate::sweep::sweep(&config).await;
    doctor::full(&config).await;
    begin(&sandbox, scenario.who).await.approve().await;
    everything_changes(&sandbox);
    for (feed, place) in places {
        world.changes(feed, Some(&place)).await;
    }
    sandbox.wire.calls()
}

/// Changes of both kinds in the directory, so that the feeds have something to report.
fn everything_changes(sandbox: &Sandbox) {
    let mut entra = lock(&sandbox.entra);
    let (gone, new) = (entra.users.keys().next().cloned(), entra.add_user("new@acme.example", "New"));
    if let Some(group) = entra.groups.keys().next().cloned() {
        entra.add_member(&group, &new);
    }
    if let Some(gone) = gone {
        entra.delete_user(&gone, reinstate::clock::now());
    }
}

async fn recorded(mut tenant: Tenant) -> Sandbox {
    // The published limit on logs and on provisioning on demand has its own tests.
    tenant.entra.switches.limit_requests = 1000;
    let sandbox = start(tenant).await;
    sandbox.wire.record_answers();
    sandbox
}

#[tokio::test(flavor = "multi_thread")]
async fn every_exchange_of_every_scenario_is_in_the_published_documents() {
    let judge = Arc::new(Judge::new());
    let sample = Sample::one_in(3);
    let turns = Arc::new(Semaphore::new(8));
    let mut runs = JoinSet::new();
    for (_, scenario) in ALL.iter().enumerate().filter(|(place, _)| sample.has(*place)) {
        let (judge, turns) = (Arc::clone(&judge), Arc::clone(&turns));
        runs.spawn(async move {
            let _turn = turns.acquire().await.unwrap();
            let calls = calls(scenario).await;
            let found = calls.iter().flat_map(|call| judge.faults(call));
            let found: Vec<(String, &str)> = found.map(|fault| (fault, scenario.name)).collect();
            (calls.len(), found)
        });
    }
    let (mut count, mut wrong, mut used) = (0, BTreeMap::new(), BTreeSet::new());
    for (calls, found) in runs.join_all().await {
        count += calls;
        for (fault, scenario) in found {
            if let Some(number) = judge.explained(&fault) {
                used.insert(number);
            } else {
                wrong.entry(fault).or_insert(scenario);
            }
        }
    }
    println!("{count} exchanges, {} of {} known deviations occurred", used.len(), judge.known.len());
    let wrong: Vec<String> = wrong.iter().map(|(fault, scenario)| format!("{fault} ({scenario})")).collect();
    assert!(wrong.is_empty(), "{} faults:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count > 500, "only {count} exchanges");
    if sample.is_whole() {
        let all = judge.known.iter().enumerate();
        let unused: Vec<&str> =
            all.filter(|(number, _)| !used.contains(number)).map(|(_, one)| one.fault.as_str()).collect();
        assert!(unused.is_empty(), "these deviations do not occur any more: {unused:?}");
    }
}

/// One call for each kind of difference, so that no kind passes silently.
#[test]
fn every_kind_of_difference_is_found() {
    let judge = Judge::new();
    let call = |method: &str, path: &str, query: &str, body: Value, status: u16, answer: Value| Call {
        at: reinstate::clock::now(),
        service: Service::Atlassian,
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        agent: String::new(),
        body,
        status,
        answer: Some(answer),
    };
    let search = "/admin/v2/orgs/o/directories/-/users/search";
    let good = json!({"emails": ["jane@acme.example"], "expand": ["groups"], "limit": 100});
    let page = json!({"data": [{"accountId": "a", "forDeletion": false}], "links": {"next": "c"}});
    let faults = |call: Call| judge.faults(&call).join("; ");
    assert_eq!(faults(call("POST", search, "", good.clone(), 200, page.clone())), "");
    let domains = "/admin/v1/orgs/o/domains";
    for (call, wanted) in [
        (
            call("POST", "/admin/v2/orgs/o/people", "", good.clone(), 200, page.clone()),
            "no document declares",
        ),
        (call("GET", search, "", Value::Null, 200, page.clone()), "the method is not declared"),
        (
            call("POST", search, "", json!({"email": "x"}), 200, page.clone()),
            "body/email: it is not declared",
        ),
        (call("POST", search, "", json!({"emails": "x"}), 200, page.clone()), "is no array"),
        (call("POST", search, "", json!({"expand": ["all"]}), 200, page.clone()), "is none of"),
        (call("POST", search, "limit=1", good.clone(), 200, page.clone()), "query limit: it is not declared"),
        (call("POST", search, "", good.clone(), 201, page.clone()), "status 201: it is not declared"),
        (call("POST", search, "", good.clone(), 200, json!({"data": {}})), "is no array"),
        (call("POST", search, "", good.clone(), 200, json!({"data": [{"accountId": 1}]})), "is no string"),
        (call("POST", search, "", good, 200, json!({"data": [{"id": "a"}]})), "id: it is not declared"),
        (call("GET", domains, "", json!({}), 200, json!({"data": []})), "body: {} is not declared"),
    ] {
        let found = faults(call);
        assert!(found.contains(wanted), "{wanted:?} is not in {found:?}");
    }
}
