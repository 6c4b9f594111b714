//! SIGKILL at each of the four points of every step of every repair (before begin, after begin, after the act,
//! before settling), a new start, and the same end: same tenant, same outcome, no irreversible call twice, and a
//! journal that verifies. The real process is killed, and the simulated services decide when: a request stands
//! at a gate, and only then the signal is sent.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use reinstate::core::Outcome;
use reinstate::exec::Ledger;
use reinstate::sandbox::scenarios::{ALL, Scenario};
use reinstate::sandbox::slack::Workspace;
use reinstate::sandbox::tenant::ADMINS;
use reinstate::sandbox::wire::{Call, Gate, Injection, Service};
use reinstate::sandbox::{Sandbox, lock};
use reinstate::store::Store;
use serde_json::Value;
use tokio::process::{Child, Command};
use tokio::sync::Semaphore;

const PATIENCE: Duration = Duration::from_secs(120);
/// Stories told at the same time: they wait more than they work.
const AT_ONCE: usize = 12;

/// How soon a person clicks the same button again.
const AGAIN: Duration = Duration::from_secs(3);

/// Where in a step the process dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Point {
    BeforeBegin,
    AfterBegin,
    AfterAct,
    BeforeSettle,
}

struct Server {
    child: Child,
    port: u16,
}

impl Server {
    async fn start(env: &BTreeMap<String, String>, port: u16) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_reinstate"))
            .arg("serve")
            .env_clear()
            .envs(env)
            .env("RUST_LOG", "warn")
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let server = Self { child, port };
        let since = Instant::now();
        while reqwest::get(format!("http://127.0.0.1:{}/readyz", server.port))
            .await
            .is_ok_and(|a| a.status() != 200)
            || reqwest::get(format!("http://127.0.0.1:{}/readyz", server.port)).await.is_err()
        {
            assert!(since.elapsed() < PATIENCE, "serve did not come up");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        server
    }

    async fn kill(mut self) {
        self.child.start_kill().unwrap();
        self.child.wait().await.unwrap();
    }
}

/// Calls of ours that change something; what the simulated provisioning job does is not ours.
fn changes(call: &Call) -> bool {
    match call.service {
        Service::Entra => call.path.ends_with("/provisionOnDemand") || on_the_job(call),
        Service::Atlassian => {
            let ours = !call.path.contains("/scim/") || call.method == "DELETE";
            let lifecycle = call.method == "POST"
                && (call.path.contains("/lifecycle/") || call.path.ends_with("/restore"));
            ours && (matches!(call.method.as_str(), "PUT" | "PATCH" | "DELETE") || lifecycle)
        }
        Service::Slack => false,
    }
}

/// A call that makes the job run again, for everybody.
fn on_the_job(call: &Call) -> bool {
    call.path.ends_with("/start") || call.path.ends_with("/restart")
}

fn is_look(call: &Call) -> bool {
    call.service == Service::Atlassian && call.path.ends_with("/domains")
}

fn reads(call: &Call) -> bool {
    call.service != Service::Slack
        && !changes(call)
        && !call.path.contains("/scim/")
        && !call.path.contains("/oauth2/")
}

/// How a story ended.
struct End {
    outcome: Outcome,
    tenant: Value,
    calls: Vec<Call>,
    /// Whether somebody had to look at an unknown outcome.
    asked_person: bool,
}

async fn tell(scenario: &Scenario, kill: Option<(Point, usize, usize)>) -> End {
    let sandbox = Sandbox::start(scenario.tenant()).await.unwrap();
    // The published limit of five on-demand calls is tested elsewhere; here it would only cost time.
    lock(&sandbox.entra).switches.limit_requests = 1000;
    let folder = tempfile::tempdir().unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("sqlite:{}", folder.path().join("a.db").display());
    let env = sandbox.env(&url, &format!("127.0.0.1:{port}"));
    let mut server = Some(Server::start(&env, port).await);
    let people = sandbox.workspace(format!("http://127.0.0.1:{port}/slack/events"));
    let gate = Gate::default();
    if let Some((point, step, looks)) = kill {
        let hold = Injection::Hold { after_effect: point == Point::AfterAct, gate: gate.clone() };
        sandbox.wire.inject_when(1, hold, move |call, before| {
            let done = before.iter().filter(|call| changes(call)).count();
            match point {
                Point::BeforeBegin => {
                    is_look(call) && before.iter().filter(|call| is_look(call)).count() + 1 == looks
                }
                Point::AfterBegin | Point::AfterAct => changes(call) && done == step,
                Point::BeforeSettle => reads(call) && done == step + 1,
            }
        });
    }
    people.command("U0ADA", ADMINS, &format!("repair {}", scenario.who)).await.unwrap();
    let ledger = Ledger::new(Store::open(&url).await.unwrap());
    let since = Instant::now();
    let mut killed = kill.is_none();
    let mut clicked = BTreeMap::new();
    let mut asked_person = false;
    let outcome = loop {
        assert!(
            since.elapsed() < PATIENCE,
            "{} {kill:?} hangs:\n{}",
            scenario.name,
            lock(&sandbox.slack).transcript().join("\n")
        );
        tokio::select! {
            () = gate.reached(), if !killed => {
                killed = true;
                server.take().unwrap().kill().await;
                gate.open();
                server = Some(Server::start(&env, port).await);
            }
            () = tokio::time::sleep(Duration::from_millis(50)) => {}
        }
        click(&sandbox, &people, ("U0GRACE", "reinstate.approve"), &mut clicked).await;
        // An irreversible call that may have been sent waits for a person, who looks and decides.
        asked_person |= click(&sandbox, &people, ("U0ADA", "reinstate.retry"), &mut clicked).await;
        let row = ledger.store().recent_runs(1).await.unwrap().remove(0);
        if row.ended() {
            break ledger.load(&row.run).await.unwrap().ended.unwrap().0;
        }
    };
    assert!(killed, "{} {kill:?}: the gate was never reached", scenario.name);
    ledger.store().verify(None).await.unwrap();
    assert_eq!(sandbox.wire.faults(), Vec::<String>::new(), "{} {kill:?}", scenario.name);
    let tenant = lock(&sandbox.atlassian).snapshot();
    End { outcome, tenant, calls: sandbox.wire.calls(), asked_person }
}

/// Buttons of this action that stand in a channel now: channel, time stamp, value.
fn buttons(sandbox: &Sandbox, action: &str) -> Vec<(String, String, String)> {
    let slack = lock(&sandbox.slack);
    let mut found = Vec::new();
    for message in slack.messages.iter().filter(|message| !message.deleted) {
        for block in &message.blocks {
            for element in
                block["elements"].as_array().into_iter().flatten().filter(|e| e["action_id"] == action)
            {
                found.push((message.channel.clone(), message.ts.clone(), element["value"].to_string()));
            }
        }
    }
    found
}

/// Clicks what stands there; a click may meet a process that is just dying, so people click again after a while.
async fn click(
    sandbox: &Sandbox,
    people: &Workspace,
    (user, action): (&str, &str),
    clicked: &mut BTreeMap<(String, String), Instant>,
) -> bool {
    let mut any = false;
    for (channel, ts, value) in buttons(sandbox, action) {
        let last = clicked.entry((ts.clone(), value)).or_insert_with(|| Instant::now() - AGAIN);
        if last.elapsed() >= AGAIN {
            *last = Instant::now();
            people.click(user, &channel, &ts, action).await.ok();
            any = true;
        }
    }
    any
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_any_point_of_any_step_changes_nothing_in_the_end() {
    reinstate::upstream::install_tls();
    let slots = Arc::new(Semaphore::new(AT_ONCE));
    let mut stories = Vec::new();
    // Stories of two causes may end in advice for the second; one cause each is what a step belongs to.
    let repaired = |scenario: &&Scenario| scenario.ends == Outcome::Restored && scenario.finds.len() == 1;
    for scenario in ALL.iter().filter(repaired) {
        let slots = slots.clone();
        stories.push(tokio::spawn(async move {
            let slot = slots.clone().acquire_owned().await.unwrap();
            let plain = tell(scenario, None).await;
            drop(slot);
            assert_eq!(plain.outcome, Outcome::Restored, "{}", scenario.name);
            let steps: Vec<usize> = plain
                .calls
                .iter()
                .enumerate()
                .filter(|(_, call)| changes(call))
                .map(|(index, _)| index)
                .collect();
            let mut kills = Vec::new();
            for (step, index) in steps.iter().enumerate() {
                let looks = plain.calls[..*index].iter().filter(|call| is_look(call)).count();
                for point in [Point::BeforeBegin, Point::AfterBegin, Point::AfterAct, Point::BeforeSettle] {
                    let slot = slots.clone();
                    kills.push(tokio::spawn(async move {
                        let _slot = slot.acquire_owned().await.unwrap();
                        (point, step, tell(scenario, Some((point, step, looks))).await)
                    }));
                }
            }
            let count = kills.len();
            for kill in kills {
                let (point, step, end) = kill.await.unwrap();
                assert_eq!(end.outcome, plain.outcome, "{} {point:?} {step}", scenario.name);
                assert_eq!(end.tenant, plain.tenant, "{} {point:?} {step}", scenario.name);
                let once = |call: &&Call| {
                    call.path.ends_with("/manage/email")
                        || call.path.ends_with("/onlyDeleteUserInDB")
                        || on_the_job(call)
                };
                let one_shots = end.calls.iter().filter(once).filter(|call| call.method != "GET").count();
                let planned = plain.calls.iter().filter(once).filter(|call| call.method != "GET").count();
                // The machine sends it once; a second one is a person's decision, by a new plan and a new approval.
                let allowed = planned + usize::from(end.asked_person);
                assert!(
                    one_shots <= allowed,
                    "{} {point:?} {step}: {one_shots} irreversible calls",
                    scenario.name
                );
                let call = &plain.calls[steps[step]];
                // That a job was restarted cannot be seen; that it was started can.
                let unseen = point == Point::AfterAct && call.path.ends_with("/restart");
                let lost = (point == Point::AfterBegin && once(&call)) || unseen;
                assert_eq!(end.asked_person, lost, "{} {point:?} {step}", scenario.name);
            }
            count
        }));
    }
    let mut kills = 0;
    for story in stories {
        kills += story.await.unwrap();
    }
    println!("{kills} kills");
    assert!(kills >= 60);
}
