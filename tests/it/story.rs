//! A scenario told by the real program: a command is typed, people approve and retry, whatever happens to the
//! process, until the run ends. What is left is compared with the same story told without trouble.

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

/// How soon a person clicks the same button again.
const RETRY_PAUSE: Duration = Duration::from_secs(3);

/// Stories that are repaired. Those of two causes may end in advice for the second; one cause each is what a step
/// belongs to.
pub fn repaired() -> impl Iterator<Item = &'static Scenario> {
    ALL.iter().filter(|scenario| scenario.ends == Outcome::Restored && scenario.finds.len() == 1)
}

/// Calls of ours that change something; what the simulated provisioning job does is not ours.
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

/// Calls that the machine must never send a second time: the one-shot rungs.
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

/// A story on its way.
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

/// What a story had come to when something happened in it last.
struct Progress {
    /// What the test waits for, and how many entries and messages there were.
    seen: (String, i64, usize),
    at: Instant,
}

#[derive(Debug)]
pub struct End {
    pub outcome: Outcome,
    /// What stands at Atlassian.
    pub tenant: Value,
    pub calls: Vec<Call>,
    /// The journal of the run: kind and step, without what was refused.
    pub journal: Vec<String>,
    /// Whether somebody had to look at an unknown outcome.
    pub asked_person: bool,
}

impl Story {
    /// Furnishes the tenant and the database; nothing runs yet. None where the engine is missing.
    pub async fn on(engine: On, scenario: &'static Scenario) -> Option<Self> {
        Some(Self::at(engine.place().await?, scenario).await)
    }

    /// The same on a database that the caller brings.
    pub async fn at(place: Place, scenario: &'static Scenario) -> Self {
        let sandbox = Sandbox::start(scenario.tenant()).await.unwrap();
        // The published limit of five on-demand calls is tested elsewhere; here it would only cost time.
        lock(&sandbox.entra).switches.limit_requests = 1000;
        let port = free_port();
        let people = talk_to(&sandbox, port);
        let ledger = Journal::new(Store::open(&place.url).await.unwrap());
        let clicks = Clicks::default();
        let progress = Mutex::new(Progress { seen: (String::new(), 0, 0), at: Instant::now() });
        let folded = Folded::default();
        Self { scenario, sandbox, people, ledger, place, port, folded, clicks, asked_person: false, progress }
    }

    /// The environment of a process that listens at this port.
    pub fn env(&self, port: u16) -> BTreeMap<String, String> {
        self.sandbox.env(&self.place.url, &format!("127.0.0.1:{port}"))
    }

    /// Starts the program.
    pub async fn bot(&self) -> Bot {
        Bot::start(&self.env(self.port), self.port).await
    }

    /// Ada asks for the repair, and again if she hears nothing, or that nothing was started.
    pub async fn asks(&self) {
        while !self.is_begun().await {
            self.must_not_hang("before it has begun");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Whether the repair has begun, after Ada asked once more. A run that is there although she was told that nothing
    /// was started is about to be taken back.
    async fn is_begun(&self) -> bool {
        let text = format!("repair {}", self.scenario.who);
        match self.people.command("U0ADA", ADMINS, &text).await {
            Ok(ack) => ack.body.contains("run has begun"),
            Err(_) => self.run().await.is_some(),
        }
    }

    /// What people do meanwhile: Grace approves what is asked, and Ada looks at what waits for a person. A click may
    /// meet a process that is just dying, so people click again after a while.
    pub async fn people_act(&mut self) {
        // What was written down too late was taken back, and on a busy machine so may be what was asked for next.
        if self.run().await.is_none() {
            self.is_begun().await;
        }
        let (sandbox, people) = (&self.sandbox, &self.people);
        self.clicks.click(sandbox, people, "U0GRACE", "reinstate.approve").await;
        self.asked_person |= self.clicks.click(sandbox, people, "U0ADA", "reinstate.retry").await;
    }

    /// The run of the story: not one that came too late and was taken back, not one that was asked for twice
    /// because the first answer was slow, and not somebody else's. None while there is none, or no database.
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

    /// The outcome, once the run has ended.
    pub async fn outcome(&self) -> Option<Outcome> {
        self.run().await?.1.ended.map(|(outcome, _)| outcome)
    }

    /// Fails when nothing has happened for longer than anything may take. How long a whole story takes depends on what
    /// else the machine does; how long nothing happens in it hardly does, since leases and waits are counted in time.
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

    /// What is left, after the journal was found whole and no request was one that a real service would refuse.
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
    /// What was sent to change something, in order; a call sent again right away counts once.
    pub fn sent(&self) -> Vec<String> {
        let sent = self.calls.iter().filter(|call| changes(call));
        let mut sent: Vec<String> =
            sent.map(|call| format!("{} {} {}", call.method, call.path, call.body)).collect();
        sent.dedup();
        sent
    }

    /// The journal without what a second attempt writes again, and without that a call was heard to be accepted:
    /// who dies before writing that down sees its effect all the same.
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

    /// That a story with trouble has come to the same end as this one: outcome, tenant, calls and journal.
    pub fn is_the_end_of(&self, other: &Self, label: &str) {
        assert_eq!(other.outcome, self.outcome, "{label}: {:?}", other.journal);
        assert_eq!(other.tenant, self.tenant, "{label}");
        assert_eq!(other.sent(), self.sent(), "{label}: calls");
        // The machine sends it once; a second one is a person's decision, by a new plan and a new approval.
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

/// What people have clicked, and when: nobody clicks the same button again at once.
#[derive(Default)]
pub struct Clicks(BTreeMap<(String, String), Instant>);

impl Clicks {
    /// Clicks every button of this action that stands there; whether there was one to click.
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

/// The people of a sandbox, talking to the process at this port. A slow machine is no reason to call it dead.
pub fn talk_to(sandbox: &Sandbox, port: u16) -> Workspace {
    let mut people = sandbox.workspace(Bot::request_url(port));
    people.patience = Duration::from_secs(20);
    people
}

/// Buttons of this action that stand in a channel now: channel, time stamp, value.
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
