//! Runs a scenario with the real program. A command is typed, and people approve and retry until the run ends, whatever
//! happens to the process. The result is compared with the same scenario without failures.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use reinstate::exec::Journal;
use reinstate_core::{Outcome, Run};
use reinstate_sandbox::scenarios::{ALL, Scenario};
use reinstate_sandbox::slack::Workspace;
use reinstate_sandbox::tenant::ADMINS;
use reinstate_sandbox::wire::{Call, Service};
use reinstate_sandbox::{Sandbox, lock};
use reinstate_store::{RunRow, Store};
use serde_json::Value;

use super::folded::Folded;
use super::place::{On, Place};
use super::process::{Bot, PROCESS_TIMEOUT};
use reinstate_testing::port::free_port;

/// The pause before a person clicks the same button again.
const RETRY_PAUSE: Duration = Duration::from_secs(3);

/// Scenarios that end in a repair and have one cause. A scenario with two causes may end in advice for the second one.
/// With one cause, every step belongs to that cause.
pub fn repaired() -> impl Iterator<Item = &'static Scenario> {
    ALL.iter().filter(|scenario| scenario.ends == Outcome::Restored && scenario.finds.len() == 1)
}

/// Whether the bot sent this call and it changes something. Changes by the simulated provisioning job do not count.
pub fn changes(call: &Call) -> bool {
    match call.service {
        Service::Entra => {
            call.path.ends_with("/provisionOnDemand")
                || call.path.ends_with("/start")
                || call.path.ends_with("/restart")
        }
        Service::Atlassian => {
            let ours = !call.path.contains("/scim/") || call.method == "DELETE";
            let lifecycle = call.method == "POST"
                && (call.path.contains("/lifecycle/") || call.path.ends_with("/restore"));
            ours && (matches!(call.method.as_str(), "PUT" | "PATCH" | "DELETE") || lifecycle)
        }
        Service::Slack => false,
    }
}

/// Whether the program must never send this call twice: the one-shot rungs.
pub fn is_one_shot(call: &Call) -> bool {
    changes(call)
        && [
            "/manage/email",
            "/onlyDeleteUserInDB",
            "/lifecycle/disable",
            "/lifecycle/delete",
            "/start",
            "/restart",
        ]
        .iter()
        .any(|end| call.path.ends_with(end))
}

/// A scenario in progress.
pub struct Story {
    pub scenario: &'static Scenario,
    pub sandbox: Sandbox,
    pub people: Workspace,
    pub ledger: Journal,
    pub place: Place,
    pub port: u16,
    folded: Folded,
    clicks: Clicks,
    asked_person: bool,
    progress: Mutex<Progress>,
}

/// The last observed state of a scenario, and when it changed.
struct Progress {
    /// What the test waits for, and the number of entries and messages.
    seen: (String, i64, usize),
    at: Instant,
}

#[derive(Debug)]
pub struct End {
    pub outcome: Outcome,
    /// The state at Atlassian.
    pub tenant: Value,
    pub calls: Vec<Call>,
    /// The journal of the run: kind and step, without refusals.
    pub journal: Vec<String>,
    /// Whether a person had to check an unknown outcome.
    pub asked_person: bool,
}

impl Story {
    /// Prepares the tenant and the database; no process runs yet. None if the database engine is not installed.
    pub async fn on(engine: On, scenario: &'static Scenario) -> Option<Self> {
        Some(Self::at(engine.place().await?, scenario).await)
    }

    /// The same on a database that the caller provides.
    pub async fn at(place: Place, scenario: &'static Scenario) -> Self {
        let sandbox = Sandbox::start(scenario.tenant()).await.unwrap();
        // The published limit of five on-demand calls is tested elsewhere. Here it would only cost time.
        lock(&sandbox.entra).switches.limit_requests = 1000;
        let port = free_port();
        let people = talk_to(&sandbox, port);
        let ledger = Journal::new(Store::open(&place.url).await.unwrap());
        let clicks = Clicks::default();
        let progress = Mutex::new(Progress { seen: (String::new(), 0, 0), at: Instant::now() });
        let folded = Folded::default();
        Self { scenario, sandbox, people, ledger, place, port, folded, clicks, asked_person: false, progress }
    }

    /// The environment of a process that listens on this port.
    pub fn env(&self, port: u16) -> BTreeMap<String, String> {
        let mut env = self.sandbox.env(&self.place.url, &format!("127.0.0.1:{port}"));
        // In some scenarios a step is accepted and has no effect. The default of ten minutes would be waited out.
        env.insert("REINSTATE_LIMITS__CONFIRM_WITHIN".to_owned(), "40s".to_owned());
        env
    }

    /// Runs a command of the program on the same database.
    pub async fn command(&self, args: &[&str]) -> std::process::Output {
        let mut program = tokio::process::Command::new(env!("CARGO_BIN_EXE_reinstate"));
        program.args(args).env_clear().envs(self.env(self.port)).output().await.unwrap()
    }

    /// Starts the program.
    pub async fn bot(&self) -> Bot {
        Bot::start(&self.env(self.port), self.port).await
    }

    /// Ada requests the repair. She repeats the request if she hears nothing, or if nothing was started.
    pub async fn asks(&self) {
        while !self.is_begun().await {
            self.must_not_hang("before it has begun");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Ada requests the repair once more. Returns whether a run has begun. If she was told that nothing was started, a
    /// run that is still there is about to be cancelled.
    async fn is_begun(&self) -> bool {
        let text = format!("repair {}", self.scenario.who);
        match self.people.command("U0ADA", ADMINS, &text).await {
            Ok(ack) => ack.body.contains("run has begun"),
            Err(_) => self.run().await.is_some(),
        }
    }

    /// What people do in the meantime: Grace approves the plans, and Ada retries what waits for a person. A click may
    /// reach a process that is just dying, so people click again after a while.
    pub async fn people_act(&mut self) {
        // A run that was written too late was cancelled. On a busy machine, this may also happen to the next request.
        if self.run().await.is_none() {
            self.is_begun().await;
        }
        let (sandbox, people) = (&self.sandbox, &self.people);
        self.clicks.click(sandbox, people, "U0GRACE", "reinstate.approve").await;
        self.asked_person |= self.clicks.click(sandbox, people, "U0ADA", "reinstate.retry").await;
    }

    /// The run of this scenario. It is not a run that came too late and was cancelled. It is not a duplicate that was
    /// requested because the first answer was slow, and not another person's run. None if there is no run or no
    /// database.
    pub async fn run(&self) -> Option<(RunRow, Run)> {
        for row in self.ledger.store().recent_runs(20).await.ok()? {
            let run = self.folded.run(&self.ledger, &row.run).await.ok()?;
            let ours = run.asked.as_ref().is_some_and(|asked| asked.text.contains(self.scenario.who));
            if ours && !matches!(run.ended, Some((Outcome::Cancelled | Outcome::Busy, _))) {
                return Some((row, run));
            }
        }
        None
    }

    /// The outcome, after the run has ended.
    pub async fn outcome(&self) -> Option<Outcome> {
        self.run().await?.1.ended.map(|(outcome, _)| outcome)
    }

    /// Fails if nothing has changed for longer than any step may take. The duration of a whole scenario depends on the
    /// load of the machine. The longest time without a change hardly does, because leases and waits are fixed times.
    pub fn must_not_hang(&self, label: &str) {
        let messages = lock(&self.sandbox.slack).messages.len();
        let seen = (label.to_owned(), self.folded.entries(), messages);
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        if progress.seen != seen {
            *progress = Progress { seen, at: Instant::now() };
        }
        assert!(
            progress.at.elapsed() < PROCESS_TIMEOUT,
            "{} {label} hangs:\n{}",
            self.scenario.name,
            lock(&self.sandbox.slack).transcript().join("\n")
        );
    }

    /// People act until the run has ended.
    pub async fn goes_on(&mut self, label: &str) -> Outcome {
        loop {
            self.must_not_hang(label);
            self.people_act().await;
            if let Some(outcome) = self.outcome().await {
                return outcome;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Returns the final state, after checking that the journal verifies and that no request was one that a real
    /// service would refuse.
    pub async fn end(self, label: &str) -> End {
        let name = self.scenario.name;
        let store = self.ledger.store();
        let (row, run) = self.run().await.unwrap();
        let (outcome, _) = run.ended.unwrap();
        store.verify(None).await.unwrap_or_else(|error| panic!("{name} {label}: {error}"));
        assert_eq!(self.sandbox.wire.faults(), Vec::<String>::new(), "{name} {label}");
        let journal =
            store.entries(&row.run).await.unwrap().into_iter().filter(|entry| entry.kind != "denied");
        let journal = journal.map(|entry| {
            let facts: Value = serde_json::from_str(&entry.facts).unwrap();
            format!("{} {}", entry.kind, facts["step"])
        });
        End {
            outcome,
            tenant: lock(&self.sandbox.atlassian).snapshot(),
            calls: self.sandbox.wire.calls(),
            journal: journal.collect(),
            asked_person: self.asked_person,
        }
    }
}

impl End {
    /// The calls that change something, in order. A call that was repeated immediately counts once.
    pub fn sent(&self) -> Vec<String> {
        let sent = self.calls.iter().filter(|call| changes(call));
        let mut sent: Vec<String> =
            sent.map(|call| format!("{} {} {}", call.method, call.path, call.body)).collect();
        sent.dedup();
        sent
    }

    /// The journal without the entries that a second attempt repeats, and without the entries that a call was accepted.
    /// A process that dies before it records the acceptance still sees the effect.
    pub fn shape(&self) -> Vec<String> {
        let mut shape = self.journal.clone();
        shape.retain(|entry| !entry.starts_with("accepted"));
        shape.dedup();
        shape
    }

    /// How often irreversible calls were sent.
    pub fn one_shots(&self) -> usize {
        self.calls.iter().filter(|call| is_one_shot(call)).count()
    }

    /// Checks that a scenario with failures has come to the same end as this one: outcome, tenant, calls and journal.
    pub fn is_the_end_of(&self, other: &Self, label: &str) {
        assert_eq!(other.outcome, self.outcome, "{label}: {:?}", other.journal);
        assert_eq!(other.tenant, self.tenant, "{label}");
        assert_eq!(other.sent(), self.sent(), "{label}: calls");
        // The program sends the call once. A second one is a person's decision, with a new plan and a new approval.
        let allowed = self.one_shots() + usize::from(other.asked_person);
        assert!(other.one_shots() <= allowed, "{label}: {} irreversible calls", other.one_shots());
        if other.asked_person {
            let seen = other.shape();
            let at =
                seen.iter().position(|entry| entry.starts_with("paused")).expect("it waited for a person");
            assert_eq!(seen[..at], self.shape()[..at], "{label}: the journal until a person was asked");
            assert!(seen[at..].iter().any(|entry| entry.starts_with("retried")), "{label}: {seen:?}");
        } else {
            assert_eq!(other.shape(), self.shape(), "{label}: the journal");
        }
    }
}

/// What people have clicked, and when. Nobody clicks the same button again immediately.
#[derive(Default)]
pub struct Clicks(BTreeMap<(String, String), Instant>);

impl Clicks {
    /// Clicks every existing button of this action. Returns whether there was one.
    pub async fn click(&mut self, sandbox: &Sandbox, people: &Workspace, user: &str, action: &str) -> bool {
        let mut any = false;
        for (channel, ts, value) in buttons(sandbox, action) {
            let last = self.0.entry((ts.clone(), value)).or_insert_with(|| Instant::now() - RETRY_PAUSE);
            if last.elapsed() >= RETRY_PAUSE {
                *last = Instant::now();
                people.click(user, &channel, &ts, action).await.ok();
                any = true;
            }
        }
        any
    }
}

/// The people of a sandbox, who talk to the process on this port. A slow machine does not count as a dead process.
pub fn talk_to(sandbox: &Sandbox, port: u16) -> Workspace {
    let mut people = sandbox.workspace(Bot::request_url(port));
    people.patience = Duration::from_secs(20);
    people
}

/// The buttons of this action in a channel now: channel, time stamp, value.
pub fn buttons(sandbox: &Sandbox, action: &str) -> Vec<(String, String, String)> {
    let slack = lock(&sandbox.slack);
    let mut found = Vec::new();
    for message in slack.messages.iter().filter(|message| !message.deleted) {
        for block in &message.blocks {
            let elements = block["elements"].as_array().into_iter().flatten();
            for element in elements.filter(|element| element["action_id"] == action) {
                found.push((message.channel.clone(), message.ts.clone(), element["value"].to_string()));
            }
        }
    }
    found
}
