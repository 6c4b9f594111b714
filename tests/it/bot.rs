//! The test driver: runs the whole bot in this process, over real HTTP, between the simulated services. It sends what
//! people type and click. Requests are signed and go through the real router. It waits for the journal or for Slack. It
//! must never ignore anything: a test fails if a posted message was not read, if a service did not understand a call,
//! or if the journal does not verify.

use std::sync::Arc;
use std::time::{Duration, Instant};

use reinstate::bot::app::App;
use reinstate::cli::args::Exit;
use reinstate::cli::serve;
use reinstate::cli::serve::Running;
use reinstate::cli::world_within;
use reinstate::config::{Config, Env, Purpose};
use reinstate::exec::Timing;
use reinstate::upstream::Limits;
use reinstate_core::{Event, Outcome, Run};
use reinstate_sandbox::slack::{Ephemeral, Message, Slack, Unread, View, Workspace, wait_until};
use reinstate_sandbox::tenant::{ADMINS, HELPDESK, Tenant};
use reinstate_sandbox::{Sandbox, lock, scenarios};
use tokio::net::TcpListener;

use super::folded::Folded;
use super::place::{On, Place};

/// The time after which a wait fails. A successful wait takes less than a tenth of it.
const WAIT_TIMEOUT: Duration = Duration::from_secs(60);
/// How often the journal is polled.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// Ada, an operator.
pub const ADA: &str = "U0ADA";
/// Grace, an approver.
pub const GRACE: &str = "U0GRACE";
/// Vera of the help desk, a viewer by user group.
pub const VERA: &str = "U0VERA";
/// Jane, an employee without a role.
pub const JANE: &str = "U0JANE";
/// Gus, a guest.
pub const GUS: &str = "U0GUEST";

/// The bot and everything around it.
pub struct Bot {
    /// The simulated services.
    pub sandbox: Sandbox,
    pub people: Workspace,
    /// The bot's own context.
    pub app: Arc<App>,
    running: Running,
    _place: Place,
}

/// The program's limits on its calls, without the pauses that real services need.
pub fn unpaced() -> Limits {
    Limits { failures: 2, first_wait: Duration::from_millis(500), paced: false, ..Limits::default() }
}

/// Timing with shorter waits than in the real world. The order of events stays the same.
pub fn hurried() -> Timing {
    let ms = Duration::from_millis;
    Timing {
        poll: ms(50),
        first_wait: ms(10),
        longest_wait: ms(50),
        grace: ms(50),
        limited: Duration::from_secs(2),
        proof: Duration::from_secs(2),
        trouble: ms(50),
        ..Timing::default()
    }
}

/// Runs a test on a scenario to its end, then checks that nothing was overlooked.
pub async fn tells(scenario: &str, story: impl AsyncFnOnce(&Bot)) {
    let scenario = scenarios::find(scenario).unwrap_or_else(|| panic!("there is no story {scenario}"));
    tells_in(scenario.tenant(), |_| {}, story).await;
}

/// The same in any tenant, with any change to the configuration.
pub async fn tells_in(tenant: Tenant, change: impl FnOnce(&mut Env), story: impl AsyncFnOnce(&Bot)) {
    let bot = Bot::start(tenant, change).await;
    story(&bot).await;
    bot.closes().await;
}

impl Bot {
    /// Starts everything. `change` may set or remove variables of the bot's environment.
    pub async fn start(tenant: Tenant, change: impl FnOnce(&mut Env)) -> Self {
        Self::start_within(tenant, change, unpaced()).await
    }

    /// The same, with its own limits on upstream calls.
    pub async fn start_within(tenant: Tenant, change: impl FnOnce(&mut Env), limits: Limits) -> Self {
        let place = On::chosen().place().await.expect("the engine that was asked for");
        Self::start_at(place, tenant, change, limits).await
    }

    /// The same, on a database that the caller provides.
    pub async fn start_at(
        place: Place,
        tenant: Tenant,
        change: impl FnOnce(&mut Env),
        limits: Limits,
    ) -> Self {
        reinstate::upstream::install_tls();
        let sandbox = Sandbox::start(tenant).await.unwrap();
        // The published limit of five on-demand calls has its own test. Here it would only cost time.
        lock(&sandbox.entra).switches.limit_requests = 1000;
        let mut env: Env = sandbox.env(&place.url, "127.0.0.1:0").into_iter().collect();
        change(&mut env);
        let config = Config::load(None, &env, Purpose::Serve).unwrap_or_else(|problems| panic!("{problems}"));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let world = world_within(&config, limits).unwrap();
        let running = serve::start(config, listener, None, hurried(), world).await.unwrap();
        let mut people = sandbox.workspace(format!("http://{}/slack/events", running.addr));
        // A late acknowledgement on a slow machine is not a failure. Benchmarks measure it.
        people.patience = WAIT_TIMEOUT;
        let app = Arc::clone(&running.app);
        let bot = Self { sandbox, people, app, running, _place: place };
        let since = Instant::now();
        while bot.app.people.home().is_none() {
            assert!(since.elapsed() < WAIT_TIMEOUT, "Slack was not found");
            tokio::time::sleep(POLL_INTERVAL).await;
        }
        bot
    }

    /// Another bot on the same database and the same Slack. End it with [`Running::stop`].
    pub async fn replica(&self) -> Running {
        self.another(self.app.config.clone()).await
    }

    /// Another bot with this configuration, on the same Slack.
    pub async fn another(&self, config: Config) -> Running {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let world = world_within(&config, unpaced()).unwrap();
        serve::start(config, listener, None, hurried(), world).await.unwrap()
    }

    /// Where the bot listens.
    pub fn addr(&self) -> std::net::SocketAddr {
        self.running.addr
    }

    /// Types `/reinstate TEXT` in the admins' channel. Returns the immediate answer, which only that person sees.
    pub async fn says(&self, user: &str, text: &str) -> String {
        self.says_in(ADMINS, user, text).await
    }

    /// Types it in another channel. Types it again, as people do, if a busy machine could not write a run within a
    /// second.
    pub async fn says_in(&self, channel: &str, user: &str, text: &str) -> String {
        let since = Instant::now();
        let mut ack = self.people.command(user, channel, text).await.unwrap();
        while ack.body.contains("could not be written down") && since.elapsed() < WAIT_TIMEOUT {
            self.reads_all();
            ack = self.people.command(user, channel, text).await.unwrap();
        }
        assert_eq!(ack.status, 200, "{}", ack.body);
        if ack.body.is_empty() {
            return String::new();
        }
        let mut slack = lock(&self.sandbox.slack);
        let mut answers = slack.ephemerals_for(user).into_iter().filter(|(_, one)| one.via == "ack");
        let (index, _) = answers.next_back().expect("the answer is shown");
        slack.ephemerals[index].read = true;
        let answer = slack.ephemerals[index].clone();
        slack.post(&answer.text, &answer.blocks).join("\n")
    }

    /// Clicks the newest button of this action in a channel.
    pub async fn clicks(&self, user: &str, action: &str) {
        let (channel, ts) = self.button(action).await;
        let ack = self.people.click(user, &channel, &ts, action).await.unwrap();
        assert_eq!(ack.status, 200, "{}", ack.body);
    }

    /// Clicks the newest button of this action that only this person sees.
    pub async fn clicks_private(&self, user: &str, action: &str) {
        let find = |slack: &Slack| {
            let all = slack.ephemerals_for(user);
            all.iter().rev().find(|(_, one)| has_button(&one.blocks, action)).map(|(index, _)| *index)
        };
        let index = self.waits(action, find).await;
        let ack = self.people.click_private(user, index, action).await.unwrap();
        assert_eq!(ack.status, 200, "{}", ack.body);
    }

    /// Waits for a button in a channel. Returns the channel and the message's time stamp.
    pub async fn button(&self, action: &str) -> (String, String) {
        self.waits(action, |slack| {
            let mut all = slack.messages.iter().rev().filter(|message| !message.deleted);
            let message = all.find(|message| has_button(&message.blocks, action))?;
            Some((message.channel.clone(), message.ts.clone()))
        })
        .await
    }

    /// The newest button of this action in a channel now: channel, time stamp, value.
    pub fn button_now(&self, action: &str) -> Option<(String, String, String)> {
        let slack = lock(&self.sandbox.slack);
        let mut all = slack.messages.iter().rev().filter(|message| !message.deleted);
        all.find_map(|message| {
            let mut elements = message.blocks.iter().flat_map(|block| block["elements"].as_array()).flatten();
            let button = elements.find(|element| element["action_id"] == action)?;
            Some((message.channel.clone(), message.ts.clone(), button["value"].to_string()))
        })
    }

    /// Waits for a message in any channel that shows these words, and marks it as read.
    pub async fn sees(&self, words: &str) -> Message {
        let found = self
            .waits(words, |slack| {
                let all = slack.messages.iter().filter(|message| !message.deleted);
                all.rev().find(|one| shows(slack, &one.text, &one.blocks).contains(words)).cloned()
            })
            .await;
        lock(&self.sandbox.slack).mark_read(&found.ts);
        found
    }

    /// Waits for an unread private message that shows these words, and marks it as read.
    pub async fn hears(&self, user: &str, words: &str) -> Ephemeral {
        let found = self
            .waits(words, |slack| {
                let all = slack.ephemerals_for(user);
                let mut new = all.iter().rev().filter(|(_, one)| !one.read);
                new.find(|(_, p)| shows(slack, &p.text, &p.blocks).contains(words)).map(|(_, p)| (*p).clone())
            })
            .await;
        lock(&self.sandbox.slack).mark_read(&found.ts);
        found
    }

    /// Waits until a person's open modal shows these words. Returns all its text.
    pub async fn modal(&self, user: &str, words: &str) -> String {
        self.waits(words, |slack| view_shows(slack, slack.modal(user)?, words)).await
    }

    /// Waits until a person's App Home shows these words. Returns all its text.
    pub async fn home(&self, user: &str, words: &str) -> String {
        self.waits(words, |slack| view_shows(slack, slack.home(user)?, words)).await
    }

    /// Fills in and submits a person's open modal.
    pub async fn submits(&self, user: &str, values: serde_json::Value) {
        let ack = self.people.view_submission(user, values).await.unwrap();
        assert_eq!((ack.status, ack.body.as_str()), (200, ""));
    }

    /// The recorded refusals that belong to no run, oldest first.
    pub async fn denials(&self) -> Vec<String> {
        let mut export = self.app.journal.store().export(None);
        let mut all = Vec::new();
        while let Some(page) = export.next_page().await.unwrap() {
            for entry in page.iter().filter(|entry| entry.run.is_none() && entry.kind == "denied") {
                let facts: serde_json::Value = serde_json::from_str(&entry.facts).unwrap();
                all.push(facts["what"].as_str().unwrap_or_default().to_owned());
            }
        }
        all
    }

    /// The text of a private message, as a person reads it.
    pub fn private(&self, one: &Ephemeral) -> String {
        shows(&lock(&self.sandbox.slack), &one.text, &one.blocks)
    }

    /// The current text of a message, as a person reads it.
    pub fn shows(&self, ts: &str) -> String {
        let slack = lock(&self.sandbox.slack);
        let message = slack.message(ts).expect("the message stands there");
        shows(&slack, &message.text, &message.blocks)
    }

    /// Marks everything that was posted as read. Returns the place, the reader if it is private, and the text of each.
    pub fn reads_all(&self) -> Vec<String> {
        let mut slack = lock(&self.sandbox.slack);
        let all = slack.take_unread();
        all.iter()
            .map(|one| {
                let to = if let Unread::Private(private) = one { private.user.as_str() } else { "all" };
                format!("{} to {to}: {}", one.channel(), shows(&slack, one.text(), one.blocks()))
            })
            .collect()
    }

    /// The newest run's id.
    pub async fn run(&self) -> String {
        let since = Instant::now();
        loop {
            if let Some(row) = self.app.journal.store().recent_runs(1).await.unwrap().pop() {
                return row.run;
            }
            assert!(since.elapsed() < WAIT_TIMEOUT, "no run was opened");
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    /// Waits for the root card of the newest run, and returns where it is.
    pub async fn root(&self) -> reinstate_store::MessageRef {
        let run = self.run().await;
        let since = Instant::now();
        loop {
            let cards = self.app.journal.store().cards(&run).await.unwrap();
            if let Some(root) = cards.into_iter().find(|card| card.role == reinstate_store::CardRole::Root) {
                return root.at;
            }
            assert!(since.elapsed() < WAIT_TIMEOUT, "there is no root card");
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    /// Waits until the newest run meets a condition.
    pub async fn until(&self, what: &str, wanted: impl Fn(&Run) -> bool) -> Run {
        let id = self.run().await;
        let since = Instant::now();
        let folded = Folded::default();
        loop {
            let run = folded.run(&self.app.journal, &id).await.unwrap();
            if wanted(&run) {
                return run;
            }
            assert!(
                since.elapsed() < WAIT_TIMEOUT,
                "{what}: not yet; {:?}\n{}",
                self.events(&id).await.iter().map(Event::kind).collect::<Vec<_>>(),
                lock(&self.sandbox.slack).transcript().join("\n")
            );
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    /// Waits until the newest run has ended and Slack shows everything about it.
    pub async fn ends(&self) -> Outcome {
        let run = self.until("the end", |run| run.ended.is_some()).await;
        self.is_quiet().await;
        run.ended.unwrap().0
    }

    /// Waits until no card is out of date.
    pub async fn is_quiet(&self) {
        let since = Instant::now();
        while !self.app.journal.store().stale_cards(1).await.unwrap().is_empty() {
            assert!(since.elapsed() < WAIT_TIMEOUT, "the cards do not catch up");
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    /// The events of a run.
    pub async fn events(&self, run: &str) -> Vec<Event> {
        let all = self.app.journal.entries::<Run>(run).await.unwrap();
        all.into_iter().map(|(_, _, event)| event).collect()
    }

    /// Ends a test: nothing is unread, every call was understood, and the journal verifies.
    pub async fn closes(self) {
        self.app.drain(WAIT_TIMEOUT).await;
        self.is_quiet().await;
        let mut unread = self.reads_all();
        // Sent after four seconds, so only on a busy machine.
        unread.retain(|one| !one.ends_with("Still reading; the answer follows here."));
        assert!(unread.is_empty(), "nobody read this:\n{}", unread.join("\n"));
        assert_eq!(self.sandbox.wire.faults(), Vec::<String>::new());
        self.app.journal.store().verify(None).await.unwrap();
        self.running.stop().await;
    }

    async fn waits<T>(&self, what: &str, find: impl FnMut(&Slack) -> Option<T>) -> T {
        let found = wait_until(&self.sandbox.slack, find, WAIT_TIMEOUT).await;
        found.unwrap_or_else(|seen| panic!("{what}: {seen}"))
    }
}

fn shows(slack: &Slack, text: &str, blocks: &[serde_json::Value]) -> String {
    slack.post(text, blocks).join("\n")
}

fn view_shows(slack: &Slack, view: &View, words: &str) -> Option<String> {
    let shown = slack.render_text(view.body["blocks"].as_array()?).join("\n");
    shown.contains(words).then_some(shown)
}

/// The text without the times, which differ between two runs of the test.
pub fn plain(text: &str) -> String {
    let shape =
        |part: &str| part.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect::<String>();
    let mut out = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if rest.get(..20).is_some_and(|part| shape(part) == "0000-00-00 00:00 UTC") {
            out.push_str("(time)");
            rest = &rest[20..];
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    out
}

fn has_button(blocks: &[serde_json::Value], action: &str) -> bool {
    let mut elements = blocks.iter().flat_map(|block| block["elements"].as_array().into_iter().flatten());
    elements.any(|element| element["action_id"] == action)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_forums_case_is_repaired_with_two_people_and_nothing_is_left_unread() {
    tells("email-held", async |bot| {
        let answer = bot.says(ADA, "repair jane@acme.example").await;
        assert!(answer.contains("The run has begun"), "{answer}");
        let card = bot.sees("Waiting for approval").await;
        bot.sees("Waiting for approval").await;
        bot.clicks(ADA, "reinstate.approve").await;
        bot.hears(ADA, "Nobody approves their own request").await;
        bot.clicks(GRACE, "reinstate.approve").await;
        assert_eq!(bot.ends().await, Outcome::Restored);
        let shown = bot.shows(&card.ts);
        assert!(shown.contains("Access restored and verified"), "{shown}");
        bot.sees("Access restored").await;
        let unread = bot.reads_all();
        assert!(unread.len() <= 1, "{unread:#?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_is_told_so_alone_and_nothing_is_done() {
    tells("membership-drift", async |bot| {
        for (user, says) in [
            (VERA, "This needs the role operator"),
            (JANE, "This needs the role operator"),
            (GUS, "Guests have no role"),
        ] {
            // The first answer is the refusal, and no run is opened.
            let said = bot.says_in(HELPDESK, user, "repair jane@acme.example").await;
            assert!(said.contains(says), "{said}");
        }
        bot.says_in(HELPDESK, VERA, "check jane@acme.example").await;
        let told = bot.hears(VERA, "Group memberships did not reach Atlassian").await;
        let shown = bot.private(&told);
        assert!(shown.contains("Ask @ada for it.") && !shown.contains("[ Repair ]"), "{shown}");
        assert!(bot.app.journal.store().recent_runs(1).await.unwrap().is_empty(), "a run was opened");
        assert_eq!(bot.denials().await, ["repair", "repair", "repair"]);
        let calls = bot.sandbox.wire.calls();
        assert!(!calls.iter().any(|call| call.path.ends_with("/provisionOnDemand")), "something was sent");
    })
    .await;
}

#[test]
fn the_exit_codes_are_the_published_ones() {
    let all = [Exit::Healthy, Exit::Error, Exit::Blocking, Exit::CannotTell, Exit::Usage, Exit::Config];
    assert_eq!(all.map(Exit::code), [0, 1, 2, 3, 64, 78]);
}
