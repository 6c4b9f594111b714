//! A world of scripted feeds and people, and processes that watch it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_core::future::BoxFuture;
use tokio::sync::{Notify, watch};

use super::super::house::{WAIT_TIMEOUT, config, shows};
use super::evidence::{A1, JANE, MAIL, healthy};
use crate::bot::app::App;
use crate::bot::watch::look;
use crate::world::{ActOutcome, Page, ReadScope, SweepProgress, World};
use reinstate_core::evidence::Read;
use reinstate_core::sweep::{Census, Grants, SweepQuery};
use reinstate_core::warning::Facts;
use reinstate_core::watch::{Changed, Feed, FeedAnswer, Place, Round, Signal};
use reinstate_core::{Evidence, Op, Subject, Who};
use reinstate_sandbox::lock;
use reinstate_sandbox::slack::{Message, Shared, Slack, Workspace, wait_until};
use reinstate_sandbox::wire::{Injection, Listening, Service, Wire, listen};
use reinstate_store::Store;

pub const CHANNEL: &str = "C0ADMINS";

#[derive(Default)]
pub struct Script {
    /// All that each feed ever reported. A place is a number of reports.
    feeds: Mutex<BTreeMap<Feed, Vec<Signal>>>,
    pub expired: Mutex<BTreeSet<Feed>>,
    pub refused: Mutex<BTreeMap<Feed, String>>,
    people: Mutex<BTreeMap<String, Evidence>>,
    tenant: Mutex<Option<Evidence>>,
    /// What the services say about what runs out.
    pub facts: Mutex<Facts>,
    /// How often the sizes of the groups were read.
    pub groups_read: AtomicUsize,
    /// How many people were looked at closely.
    pub looks: AtomicUsize,
    pub sweeps: AtomicUsize,
    calls: AtomicUsize,
    /// The call that gets no answer.
    pub hangs_at: Mutex<Option<usize>>,
    pub hung: Notify,
    /// Lets the call go on that got no answer.
    pub released: Notify,
}

/// The evidence about another person than Jane.
pub fn about(person: &str, evidence: &Evidence) -> Evidence {
    let text = serde_json::to_string(evidence).unwrap();
    let (mail, account) = (format!("{person}@acme.example"), format!("712020:{person}"));
    let text = text
        .replace("\"Jane\"", &format!("\"{person}\""))
        .replace(JANE, person)
        .replace(MAIL, &mail)
        .replace(A1, &account)
        .replace("\"r1\"", &format!("\"r-{person}\""));
    serde_json::from_str(&text).unwrap()
}

impl Script {
    /// From now on, this is what is read about a person.
    pub fn is(&self, person: &str, evidence: &Evidence) {
        lock(&self.people).insert(person.to_owned(), about(person, evidence));
    }

    pub fn is_gone(&self, person: &str) {
        lock(&self.people).remove(person);
    }

    pub fn tenant_is(&self, evidence: Evidence) {
        *lock(&self.tenant) = Some(evidence);
    }

    pub fn reports(&self, feed: Feed, changed: Changed) {
        self.reports_at(feed, changed, None);
    }

    pub fn reports_at(&self, feed: Feed, changed: Changed, at: Option<jiff::Timestamp>) {
        let mut feeds = lock(&self.feeds);
        let all = feeds.entry(feed).or_default();
        let entry = matches!(feed, Feed::Events | Feed::ProvisioningLog).then(|| format!("e{}", all.len()));
        all.push(Signal { feed, changed, at, by: None, entry });
    }

    /// The account of a person changed at Atlassian.
    pub fn account_changed(&self, person: &str) {
        self.reports(Feed::Events, Changed::Account(format!("712020:{person}")));
    }

    /// Counts a call. If it is the one that gets no answer, it returns only when the test lets it go on.
    async fn call(&self) {
        let number = self.calls.fetch_add(1, Ordering::SeqCst);
        if *lock(&self.hangs_at) == Some(number) {
            self.hung.notify_one();
            self.released.notified().await;
        }
    }

    pub fn counts_calls_from_zero(&self, hangs_at: Option<usize>) {
        self.calls.store(0, Ordering::SeqCst);
        *lock(&self.hangs_at) = hangs_at;
    }

    fn person(&self, who: &Who) -> Evidence {
        let people = lock(&self.people);
        let name = who.text().trim_start_matches("712020:").split('@').next().unwrap();
        let mut evidence = people.get(name).cloned().unwrap_or_else(|| {
            let mut unknown = Evidence::new(Subject::asked(who.clone()), crate::clock::now());
            unknown.users = Read::Gap("503".into());
            unknown
        });
        evidence.subject = Subject::asked(who.clone());
        evidence
    }
}

impl World for Script {
    fn gather(&self, subject: Subject, _: ReadScope) -> BoxFuture<'_, Evidence> {
        Box::pin(async move { self.person(&subject.who) })
    }

    fn act<'a>(&'a self, _: &'a Op, _: Duration) -> BoxFuture<'a, ActOutcome> {
        Box::pin(async { ActOutcome::Refused("this world only looks".to_owned()) })
    }

    fn census<'a>(&'a self, _: Grants, _: &'a SweepProgress) -> BoxFuture<'a, Census> {
        self.sweeps.fetch_add(1, Ordering::SeqCst);
        Box::pin(async { Census::default() })
    }

    fn accounts(&self, _: Option<String>) -> BoxFuture<'_, Result<Page, String>> {
        Box::pin(async { Ok(Page::empty()) })
    }

    fn look<'a>(&'a self, asked: &'a SweepQuery, _: &'a Census) -> BoxFuture<'a, Evidence> {
        self.gather(Subject::asked(asked.who.clone()), ReadScope::Everything)
    }

    fn reported<'a>(&'a self, changed: &'a Changed) -> BoxFuture<'a, Result<Option<Who>, String>> {
        Box::pin(async move {
            self.call().await;
            match changed {
                Changed::Account(id) => Ok(Some(Who::Account(id.clone()))),
                Changed::User(id) if lock(&self.people).contains_key(id) => {
                    Ok(Some(Who::Email(format!("{id}@acme.example"))))
                }
                Changed::User(_) => Ok(None),
                _ => Err("no record is known".to_owned()),
            }
        })
    }

    fn gather_in_background(&self, subject: Subject) -> BoxFuture<'_, Evidence> {
        Box::pin(async move {
            self.call().await;
            self.looks.fetch_add(1, Ordering::SeqCst);
            self.person(&subject.who)
        })
    }

    fn tenant(&self) -> BoxFuture<'_, Evidence> {
        Box::pin(async move {
            self.call().await;
            let mut evidence = lock(&self.tenant).clone().unwrap_or_else(healthy);
            (evidence.users, evidence.accounts) = (Read::NotAsked, Read::NotAsked);
            evidence
        })
    }

    fn warning_facts(&self, with_groups: bool) -> BoxFuture<'_, Facts> {
        Box::pin(async move {
            self.call().await;
            let mut facts = lock(&self.facts).clone();
            if with_groups {
                self.groups_read.fetch_add(1, Ordering::SeqCst);
            } else {
                facts.groups = Read::NotAsked;
            }
            facts
        })
    }

    fn changes<'a>(&'a self, feed: Feed, since: Option<&'a Place>) -> BoxFuture<'a, FeedAnswer> {
        Box::pin(async move {
            self.call().await;
            if let Some(why) = lock(&self.refused).get(&feed) {
                return FeedAnswer::Unread(why.clone());
            }
            let feeds = lock(&self.feeds);
            let all: &[Signal] = feeds.get(&feed).map_or(&[], Vec::as_slice);
            let next = Place(all.len().to_string());
            let Some(since) = since else {
                lock(&self.expired).remove(&feed);
                return FeedAnswer::Read(Round { signals: Vec::new(), next, has_more: false });
            };
            if lock(&self.expired).contains(&feed) {
                return FeedAnswer::Expired;
            }
            // Logs overlap: the last report comes twice.
            let since: usize = since.0.parse().unwrap();
            let from = if feed == Feed::Events { since.saturating_sub(1) } else { since };
            FeedAnswer::Read(Round { signals: all[from..].to_vec(), next, has_more: false })
        })
    }
}

/// Some processes on one database, and the simulator of Slack.
pub struct Watching {
    pub world: Arc<Script>,
    pub slack: Shared,
    pub bot: Workspace,
    wire: Wire,
    pub apps: Vec<Arc<App>>,
    url: String,
    base: String,
    tells_people: bool,
    stop: watch::Sender<bool>,
    _listening: Listening,
    _dir: tempfile::TempDir,
}

impl Watching {
    /// One process whose feeds have begun, and whose first sweep is over.
    pub async fn begun() -> Self {
        Self::begun_telling(false).await
    }

    /// The same. The people who lose access are told too, or not.
    pub async fn begun_telling(people: bool) -> Self {
        let watching = Self::new_telling(people).await;
        watching.looks().await;
        watching.message("Opened by the watch").await;
        watching
    }

    pub async fn new() -> Self {
        Self::new_telling(false).await
    }

    async fn new_telling(tells_people: bool) -> Self {
        crate::upstream::install_tls();
        let mut slack = Slack::new("xoxb-1", "secret");
        for (id, name) in [("U0ADA", "ada"), ("U0GRACE", "grace"), ("U0HEDY", "hedy")] {
            slack.add_user(id, name, name, &format!("{name}@acme.example"));
        }
        slack.add_channel(CHANNEL, "admins", &["U0ADA", "U0GRACE", "U0HEDY", "U0REINSTATE"]);
        slack.add_group("S0DESK", "desk", &[]);
        slack.limits.on = false;
        let slack: Shared = Arc::new(Mutex::new(slack));
        let wire = Wire::default();
        let routes = reinstate_sandbox::slack::router(Arc::clone(&slack), wire.clone(), String::new());
        let listening = listen(routes, "127.0.0.1:0".parse().unwrap()).await.unwrap();
        let base = listening.url();
        lock(&slack).base.clone_from(&base);
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}/r.db", dir.path().display());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut bot = Workspace::new(
            Arc::clone(&slack),
            wire.clone(),
            format!("http://{}/slack/events", listener.local_addr().unwrap()),
        );
        bot.patience = WAIT_TIMEOUT;
        let world = Arc::new(Script::default());
        let (stop, _) = watch::channel(false);
        let mut watching = Self {
            world,
            slack,
            bot,
            wire,
            apps: Vec::new(),
            url,
            base,
            tells_people,
            stop,
            _listening: listening,
            _dir: dir,
        };
        watching.starts().await;
        let stopped = watching.stop.subscribe();
        tokio::spawn(crate::server::run(Arc::clone(&watching.apps[0]), None, listener, stopped));
        watching
    }

    /// Starts one more process.
    pub async fn starts(&mut self) {
        let store = Store::open(&self.url).await.unwrap();
        let world = Arc::clone(&self.world) as Arc<dyn World>;
        let mut config = config(&self.base);
        config.watch.tell_people = self.tells_people;
        let app = App::new(config, store, world).unwrap();
        let stopped = || self.stop.subscribe();
        tokio::spawn(Arc::new(app.engine()).run(stopped()));
        tokio::spawn(crate::bot::poster::run(Arc::clone(&app), stopped()));
        tokio::spawn(crate::bot::housekeeping::keep_home(Arc::clone(&app), stopped()));
        while app.people.home().is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.apps.push(app);
    }

    /// What `status` answers, as everybody sees the newest answer.
    pub async fn status(&self) -> String {
        let answers = || {
            let slack = lock(&self.slack);
            let all = slack.ephemerals_for("U0ADA");
            all.iter().map(|(_, one)| shows(&one.text, &one.blocks)).collect::<Vec<_>>()
        };
        let before = answers().len();
        self.bot.command("U0ADA", CHANNEL, "status").await.unwrap();
        while answers().len() == before {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        answers().pop().unwrap()
    }

    pub fn store(&self) -> &Store {
        self.apps[0].journal.store()
    }

    /// The first process looks once.
    pub async fn looks(&self) {
        assert!(look(&self.apps[0], Duration::ZERO).await.unwrap(), "nobody else looks");
    }

    /// The first process looks, and dies when the world does not answer. Returns whether it died.
    pub async fn looks_and_dies(&self) -> bool {
        let died = tokio::select! {
            looked = look(&self.apps[0], Duration::ZERO) => { looked.unwrap(); false }
            () = self.world.hung.notified() => true,
        };
        self.lease_is_over().await;
        died
    }

    /// A dead process keeps the look until its lease is over. A test does not wait for that.
    pub async fn lease_is_over(&self) {
        for epoch in 0..100 {
            self.store().end_look(epoch).await.unwrap();
        }
    }

    /// Waits until nothing is to be sent or carried any more.
    pub async fn is_quiet(&self) {
        let begun = std::time::Instant::now();
        loop {
            let store = self.store();
            let reads = store.open_sweeps().await.unwrap().iter().any(|row| row.seq < 2);
            if !reads && store.stale_cards(10).await.unwrap().is_empty() {
                return;
            }
            assert!(begun.elapsed() < WAIT_TIMEOUT, "something is never sent");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// All messages in the channel that tell of incidents.
    pub async fn told(&self) -> Vec<Message> {
        self.is_quiet().await;
        let slack = lock(&self.slack);
        let all = slack.messages_in(CHANNEL).into_iter().filter(|one| one.thread_ts.is_none());
        let told = |one: &&Message| {
            let shown = shows(&one.text, &one.blocks);
            ["lost access", "concerns everybody"].iter().any(|words| shown.contains(words))
        };
        all.filter(told).cloned().collect()
    }

    /// What the only message tells, for people.
    pub async fn only(&self) -> String {
        let told = self.told().await;
        assert_eq!(told.len(), 1, "{told:#?}");
        shows(&told[0].text, &told[0].blocks)
    }

    pub async fn message(&self, says: &str) -> Message {
        let find = |slack: &Slack| {
            let all = slack.messages_in(CHANNEL);
            all.iter().find(|one| shows(&one.text, &one.blocks).contains(says)).map(|one| (*one).clone())
        };
        wait_until(&self.slack, find, WAIT_TIMEOUT).await.unwrap_or_else(|seen| panic!("{says}: {seen}"))
    }

    /// The next posts never reach Slack.
    pub fn loses_posts(&self, count: u32) {
        self.wire.inject(Service::Slack, None, "chat.postMessage", count, Injection::LoseRequest);
    }

    /// The next call of a method of Slack with this text in its body or query loses its answer.
    pub fn loses_the_answer(&self, method: &'static str, text: &str) {
        let text = text.to_owned();
        self.wire.inject_when(1, Injection::LoseAnswer, move |call, _| {
            call.path.ends_with(method)
                && (call.query.contains(&text) || call.body.to_string().contains(&text))
        });
    }

    pub fn faults(&self) -> Vec<String> {
        self.wire.faults()
    }
}
