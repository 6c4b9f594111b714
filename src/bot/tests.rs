//! Tests of the bot from the outside: signed requests through the real router, a strict simulator of Slack over real
//! HTTP, and a scripted world. The tests append the entries that the executor would append.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_core::future::BoxFuture;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::app::App;
use super::reply::Reply;
use crate::config::{Config, Env, Purpose};
use crate::exec::Admission;
use crate::world::{ActOutcome, ReadScope, World};
use reinstate_core::evidence::{Account, IdpUser};
use reinstate_core::run::PauseReason;
use reinstate_core::run::Requester;
use reinstate_core::subject::RecordId;
use reinstate_core::{Event, Evidence, Op, Outcome, Plan, Read, Run, Step, Subject, Undo, Who, diagnose};
use reinstate_sandbox::lock;
use reinstate_sandbox::slack::{Ephemeral, Message, Shared, Slack, Unread, Workspace, wait_until};
use reinstate_sandbox::wire::{Injection, Listening, Service, Wire, listen};
use reinstate_store::{AppendOptions, Store};

const WAIT_TIMEOUT: Duration = Duration::from_secs(20);

/// A world in which Ada and Grace are at the identity provider and every action fails.
struct Script {
    users_readable: Mutex<bool>,
    asked: Mutex<usize>,
}

impl World for Script {
    fn gather(&self, subject: Subject, _: ReadScope) -> BoxFuture<'_, Evidence> {
        *lock(&self.asked) += 1;
        let at = crate::clock::now();
        let mut evidence = Evidence::new(subject.clone(), at);
        let name = subject.who.text().split('@').next().unwrap().to_owned();
        let user = IdpUser {
            id: format!("idp-{name}"),
            upn: Some(subject.who.text().to_owned()),
            enabled: Some(true),
            name: Some("<!channel> *Ada*".into()),
            ..IdpUser::default()
        };
        evidence.users = if *lock(&self.users_readable) {
            Read::seen(at, vec![user])
        } else {
            Read::Gap("503 from Entra".into())
        };
        evidence.accounts = Read::seen(at, vec![Account { id: format!("acc-{name}"), ..Account::default() }]);
        Box::pin(std::future::ready(evidence))
    }

    fn act<'a>(&'a self, _: &'a Op, _: Duration) -> BoxFuture<'a, ActOutcome> {
        Box::pin(std::future::ready(ActOutcome::Refused("this world only looks".into())))
    }

    fn census<'a>(
        &'a self,
        _: reinstate_core::sweep::Grants,
        _: &'a crate::world::SweepProgress,
    ) -> BoxFuture<'a, reinstate_core::sweep::Census> {
        Box::pin(async { reinstate_core::sweep::Census::default() })
    }

    fn accounts(&self, _: Option<String>) -> BoxFuture<'_, Result<crate::world::Page, String>> {
        Box::pin(async { Ok(crate::world::Page::empty()) })
    }

    fn look<'a>(
        &'a self,
        asked: &'a reinstate_core::sweep::SweepQuery,
        _: &'a reinstate_core::sweep::Census,
    ) -> BoxFuture<'a, Evidence> {
        self.gather(Subject::asked(asked.who.clone()), ReadScope::Everything)
    }
}

struct House {
    app: Arc<App>,
    slack: Shared,
    bot: Workspace,
    wire: Wire,
    script: Arc<Script>,
    _listening: Listening,
    _stop: watch::Sender<bool>,
    _dir: tempfile::TempDir,
}

async fn house() -> House {
    crate::upstream::install_tls();
    let mut slack = Slack::new("xoxb-1", "secret");
    for (id, name) in
        [("U0ADA", "ada"), ("U0GRACE", "grace"), ("U0HEDY", "hedy"), ("U0VIEW", "view"), ("U0NONE", "none")]
    {
        slack.add_user(id, name, name, &format!("{name}@acme.example"));
    }
    let all = ["U0ADA", "U0GRACE", "U0HEDY", "U0VIEW", "U0NONE", "U0REINSTATE"];
    slack.add_channel("C0ADMINS", "admins", &all);
    slack.add_channel("C0DESK", "desk", &all);
    slack.add_channel("C0ALONE", "alone", &["U0ADA", "U0NONE"]);
    slack.add_group("S0DESK", "desk", &["U0VIEW"]);
    slack.limits.on = false;
    let slack: Shared = Arc::new(Mutex::new(slack));
    let wire = Wire::default();
    let routes = reinstate_sandbox::slack::router(Arc::clone(&slack), wire.clone(), String::new());
    let listening = listen(routes, "127.0.0.1:0".parse().unwrap()).await.unwrap();
    lock(&slack).base = listening.url();
    let dir = tempfile::tempdir().unwrap();
    let config = config(&listening.url());
    let store = Store::open(&format!("sqlite:{}/r.db", dir.path().display())).await.unwrap();
    let script = Arc::new(Script { users_readable: Mutex::new(true), asked: Mutex::new(0) });
    crate::upstream::install_tls();
    let app = App::new(config, store, Arc::clone(&script) as Arc<dyn World>).unwrap();
    let (stop, stopped) = watch::channel(false);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/slack/events", listener.local_addr().unwrap());
    tokio::spawn(crate::server::run(Arc::clone(&app), None, listener, stopped.clone()));
    tokio::spawn(super::poster::run(Arc::clone(&app), stopped));
    while app.people.home().is_none() {
        tokio::task::yield_now().await;
    }
    let mut bot = Workspace::new(Arc::clone(&slack), wire.clone(), url);
    bot.patience = WAIT_TIMEOUT;
    House { app, slack, bot, wire, script, _listening: listening, _stop: stop, _dir: dir }
}

fn config(slack: &str) -> Config {
    let env: Env = [
        ("REINSTATE_SLACK__API_URL", format!("{slack}/api")),
        ("REINSTATE_SLACK__CHANNEL", "C0ADMINS".into()),
        ("REINSTATE_STORE__URL", "sqlite:unused.db".into()),
        ("REINSTATE_ATLASSIAN__ORG_ID", "org".into()),
        ("REINSTATE_ENTRA__TENANT_ID", "tenant".into()),
        ("REINSTATE_ENTRA__CLIENT_ID", "client".into()),
        ("REINSTATE_ENTRA__SERVICE_PRINCIPAL_ID", "sp".into()),
        ("REINSTATE_ACCESS__VIEWER", "{ users = [], usergroups = [\"S0DESK\"] }".into()),
        ("REINSTATE_ACCESS__OPERATOR", "{ users = [\"U0ADA\"], usergroups = [] }".into()),
        (
            "REINSTATE_ACCESS__APPROVER",
            "{ users = [\"U0ADA\", \"U0GRACE\", \"U0HEDY\"], usergroups = [] }".into(),
        ),
        ("REINSTATE_SLACK_SIGNING_SECRET", "secret".into()),
        ("REINSTATE_SLACK_BOT_TOKEN", "xoxb-1".into()),
        ("REINSTATE_ATLASSIAN_ORG_KEY", "key".into()),
        ("REINSTATE_ENTRA_CLIENT_SECRET", "key".into()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect();
    Config::load(None, &env, Purpose::Store).unwrap_or_else(|problems| panic!("{:?}", problems.list))
}

impl House {
    async fn private(&self, user: &str, says: &str) -> Ephemeral {
        let find = |slack: &Slack| {
            let all = slack.ephemerals_for(user);
            all.iter()
                .find(|(_, one)| shows(&one.text, &one.blocks).contains(says))
                .map(|(_, one)| (*one).clone())
        };
        wait_until(&self.slack, find, WAIT_TIMEOUT).await.unwrap_or_else(|seen| panic!("{says}: {seen}"))
    }

    async fn message(&self, channel: &str, says: &str) -> Message {
        let find = |slack: &Slack| {
            let all = slack.messages_in(channel);
            all.iter().find(|one| shows(&one.text, &one.blocks).contains(says)).map(|one| (*one).clone())
        };
        wait_until(&self.slack, find, WAIT_TIMEOUT).await.unwrap_or_else(|seen| panic!("{says}: {seen}"))
    }

    /// Opens a run by command.
    async fn repairs(&self, user: &str, channel: &str) -> String {
        let ack = self.bot.command(user, channel, "repair jane@acme.example").await.unwrap();
        assert_eq!(ack.status, 200);
        let text = ack.json()["text"].as_str().unwrap().to_owned();
        text.split('`').nth(1).unwrap_or_else(|| panic!("{text}")).to_owned()
    }

    async fn write(&self, run: &str, events: Vec<Event>, end: bool) {
        let also = || AppendOptions { end, ..AppendOptions::default() };
        let decision = |_: &reinstate_core::Run| crate::exec::Decision::Write(events.clone(), also(), ());
        self.app.journal.decide(run, crate::clock::now(), decision).await.unwrap();
        self.app.nudge();
    }

    /// Appends what the executor would append until the run waits for an approval.
    async fn waits(&self, run: &str) -> String {
        let (plan, diagnosis) = planned();
        let digest = plan.digest();
        let who = Who::Email("jane@acme.example".into());
        let events = vec![
            Event::Admitted { rule: "user".into(), who },
            Event::Planned { diagnosis: Box::new(diagnosis), plan: Box::new(plan), digest: digest.clone() },
        ];
        self.write(run, events, false).await;
        digest.unwrap()
    }

    async fn kinds(&self, run: &str) -> Vec<&'static str> {
        self.app.journal.entries::<Run>(run).await.unwrap().iter().map(|(_, _, event)| event.kind()).collect()
    }

    fn faults(&self) -> Vec<String> {
        self.wire.faults()
    }
}

fn shows(text: &str, blocks: &[Value]) -> String {
    format!("{text}\n{}", Value::Array(blocks.to_vec()))
}

/// A plan with a step that needs an approval, about Jane and about Hedy's account.
fn planned() -> (Plan, reinstate_core::Diagnosis) {
    let mut subject = Subject::asked(Who::Email("jane@acme.example".into()));
    subject.person = Some("idp-jane".into());
    subject.accounts = BTreeSet::from(["acc-jane".to_owned(), "acc-hedy".to_owned()]);
    let record = RecordId { directory: "d".into(), record: "r-1".into() };
    let op = Op::UnlinkRecord { record, account: "acc-jane".into() };
    let step = Step { risk: op.risk(), undo: Undo::ByProvisioning, op, before: json!({"linked": true}) };
    let mut evidence = Evidence::new(subject.clone(), crate::clock::now());
    evidence.users = Read::Gap("<!here> & co".into());
    let plan = Plan {
        subject,
        steps: vec![step],
        cost: vec!["Signed out everywhere: <!here> & co.".into()],
        advice: Vec::new(),
        tickets: Vec::new(),
        worked_here: None,
        because: Vec::new(),
    };
    (plan, diagnose(&evidence))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_slacks_own_requests_are_taken() {
    let house = house().await;
    let form = "application/x-www-form-urlencoded";
    let body = "command=%2Freinstate&user_id=U0ADA&channel_id=C0DESK&text=help";
    let now = crate::clock::now().as_second();
    assert_eq!(house.bot.send_unsigned(body, form).await.unwrap().status, 401);
    for (stamp, status) in [(now, 200), (now - 400, 401), (now + 400, 401), (i64::MIN, 401), (i64::MAX, 401)]
    {
        assert_eq!(house.bot.send_signed(body, form, stamp).await.unwrap().status, status, "{stamp}");
    }
    let secret = std::mem::replace(&mut lock(&house.slack).signing_secret, "wrong".into());
    assert_eq!(house.bot.send_signed(body, form, now).await.unwrap().status, 401);
    lock(&house.slack).signing_secret = secret;
    let most = super::inbound::BODY_LIMIT_BYTES;
    let large = format!("{body}&x={}", "y".repeat(most - body.len() - 3));
    assert_eq!(house.bot.send_signed(&large, form, now).await.unwrap().status, 200);
    assert_eq!(house.bot.send_signed(&format!("{large}z"), form, now).await.unwrap().status, 413);
    let challenge = json!({"type": "url_verification", "challenge": "abc"}).to_string();
    let ack = house.bot.send_signed(&challenge, "application/json", now).await.unwrap();
    assert_eq!(ack.json()["challenge"], "abc");
    assert_eq!(house.bot.click_raw(&json!({"type": "novel", "team": null})).await.unwrap().status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_needs_no_look_up_is_in_the_acknowledgement() {
    let house = house().await;
    let says = async |text: &str| house.bot.command("U0NONE", "C0DESK", text).await.unwrap().json();
    assert_eq!(says("help").await["response_type"], "ephemeral");
    let text = says("chek <!channel>").await["text"].as_str().unwrap().to_owned();
    assert_eq!(text, "There is no such command.\nThe nearest correct form: `/reinstate check WHO [APP]`");
    assert_eq!(house.bot.slash("U0NONE", "C0DESK", "/other", "x").await.unwrap().status, 200);
    says("whoami").await;
    house.private("U0NONE", "• none").await;
    assert_eq!(house.faults(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_is_private_encoded_shared_and_limited() {
    let house = house().await;
    house.bot.command("U0NONE", "C0ALONE", "check <@U0HEDY|h>").await.unwrap();
    let denial = house.private("U0NONE", "This needs the role viewer.").await;
    assert!(denial.text.contains("<!subteam^S0DESK>") && denial.text.contains("<@U0ADA>"), "{}", denial.text);
    for _ in 0..6 {
        house.bot.command("U0VIEW", "C0DESK", "check <@U0HEDY|h>").await.unwrap();
    }
    let answer = house.private("U0VIEW", "Could not check").await;
    let shown = shows(&answer.text, &answer.blocks);
    assert!(shown.contains(":grey_question: not read") && shown.contains("reinstate.recheck"), "{shown}");
    assert!(!shown.contains("<!channel>"), "{shown}");
    house.private("U0VIEW", "Try again in ").await;
    assert_eq!(*lock(&house.script.asked), 1);
    assert!(lock(&house.slack).messages.is_empty());
    assert_eq!(house.faults(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_many_approvals_of_a_person_counts_and_their_own_never() {
    let house = house().await;
    let run = house.repairs("U0ADA", "C0ADMINS").await;
    let digest = house.waits(&run).await;
    let card = house.message("C0ADMINS", "reinstate.approve").await;
    let shown = shows(&card.text, &card.blocks);
    assert!(shown.contains(reinstate_core::plan::short(&digest)), "{shown}");
    assert!(shown.contains("&lt;!here&gt; &amp; co") && !shown.contains("<!here>"), "{shown}");
    assert_eq!(card.unfurl_links, Some(false));
    for (user, says) in [
        ("U0ADA", "Nobody approves their own request"),
        ("U0VIEW", "This needs the role approver"),
        ("U0HEDY", "on their own account"),
    ] {
        house.bot.click(user, "C0ADMINS", &card.ts, "reinstate.approve").await.unwrap();
        house.private(user, says).await;
    }
    let clicks: Vec<_> = (0..30)
        .map(|_| {
            let (bot, ts) = (house.bot.clone(), card.ts.clone());
            tokio::spawn(async move { bot.click("U0GRACE", "C0ADMINS", &ts, "reinstate.approve").await })
        })
        .collect();
    for click in clicks {
        // After the approval the button is gone, so Slack accepts no more clicks on it.
        drop(click.await.unwrap());
    }
    while !house.kinds(&run).await.contains(&"approved") {
        tokio::task::yield_now().await;
    }
    house.app.drain(WAIT_TIMEOUT).await;
    let kinds = house.kinds(&run).await;
    assert_eq!(kinds.iter().filter(|kind| **kind == "approved").count(), 1, "{kinds:?}");
    assert_eq!(kinds.iter().filter(|kind| **kind == "denied").count(), 3, "{kinds:?}");
    assert_eq!(house.faults(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_approval_is_refused_while_own_cannot_be_read() {
    let house = house().await;
    let run = house.repairs("U0ADA", "C0ADMINS").await;
    house.waits(&run).await;
    *lock(&house.script.users_readable) = false;
    let card = house.message("C0ADMINS", "reinstate.approve").await;
    house.bot.click("U0GRACE", "C0ADMINS", &card.ts, "reinstate.approve").await.unwrap();
    house.private("U0GRACE", "could not be read, so your approval was not taken").await;
    assert!(!house.kinds(&run).await.contains(&"approved"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_of_the_card_does_nothing_and_a_decline_ends_and_is_told() {
    let house = house().await;
    let run = house.repairs("U0ADA", "C0DESK").await;
    house.waits(&run).await;
    let root = house.message("C0DESK", "Waiting for approval").await;
    assert!(!shows("", &root.blocks).contains("reinstate.approve"));
    let asked = house.message("C0ADMINS", "reinstate.approve").await;
    assert!(shows("", &asked.blocks).contains("<@U0GRACE>"));
    let copy = crate::slack::blocks::Message { text: "copy".into(), blocks: asked.blocks.clone() };
    let ts = house.app.slack.post("C0ADMINS", None, &copy).await.unwrap();
    house.bot.click("U0GRACE", "C0ADMINS", &ts, "reinstate.approve").await.unwrap();
    let link = format!("p{}", asked.ts.replace('.', ""));
    house.private("U0GRACE", &link).await;
    house.bot.click("U0GRACE", "C0ADMINS", &asked.ts, "reinstate.decline").await.unwrap();
    wait_until(&house.slack, |slack| slack.modal("U0GRACE").map(drop), WAIT_TIMEOUT).await.unwrap();
    let why = json!({"reason": {"why": {"type": "plain_text_input", "value": "Jane has left.\n<!here>"}}});
    house.bot.view_submission("U0GRACE", why).await.unwrap();
    let told = house.message("C0DESK", "has ended").await;
    assert_eq!(told.thread_ts.as_deref(), Some(root.ts.as_str()));
    assert!(told.text.contains("<@U0ADA>") && told.text.contains("Declined"), "{}", told.text);
    assert!(told.text.contains("The reason: Jane has left. &lt;!here&gt;"), "{}", told.text);
    let others = house.message("C0ADMINS", "has ended").await;
    assert!(others.text.contains("<@U0HEDY>") && !others.text.contains("<@U0GRACE> "), "{}", others.text);
    let gone = |slack: &Slack| {
        let card = slack.message(&asked.ts)?;
        (!shows("", &card.blocks).contains("reinstate.approve")).then_some(())
    };
    wait_until(&house.slack, gone, WAIT_TIMEOUT).await.unwrap();
    assert_eq!(house.kinds(&run).await.last(), Some(&"ended"));
    assert_eq!(house.faults(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_waiting_run_is_retried_by_operators_and_cancelled_by_its_requester() {
    let house = house().await;
    let run = house.repairs("U0ADA", "C0ADMINS").await;
    house.waits(&run).await;
    let halt =
        Event::Paused { step: Some(0), halt: PauseReason::Changed, why: "The world is another.".into() };
    house.write(&run, vec![halt], false).await;
    let card = house.message("C0ADMINS", "reinstate.retry").await;
    house.bot.click("U0GRACE", "C0ADMINS", &card.ts, "reinstate.retry").await.unwrap();
    house.private("U0GRACE", "This needs the role operator").await;
    house.bot.click("U0ADA", "C0ADMINS", &card.ts, "reinstate.retry").await.unwrap();
    while !house.kinds(&run).await.contains(&"retried") {
        tokio::task::yield_now().await;
    }
    house.bot.command("U0ADA", "C0ADMINS", &format!("cancel {run}")).await.unwrap();
    house.private("U0ADA", "The run is stopped").await;
    // The executor, which does not run in this test, ends the run before the next step.
    assert_eq!(house.app.journal.run(&run).await.unwrap().cancelled.as_deref(), Some("U0ADA"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_posts_are_lost_and_a_card_is_deleted_there_is_still_a_card() {
    let house = house().await;
    house.wire.inject(Service::Slack, None, "conversations.info", 1, Injection::LoseAnswer);
    let run = house.repairs("U0ADA", "C0ALONE").await;
    house.waits(&run).await;
    let card = house.message("C0ADMINS", "Waiting for approval").await;
    lock(&house.slack).delete_by_person("C0ADMINS", &card.ts);
    let who = Event::Ended { outcome: Outcome::Restored, message: "All is well.".into() };
    house.write(&run, vec![who], true).await;
    let last = house.message("C0ADMINS", "journal `").await;
    assert_ne!(last.ts, card.ts);
    house.private("U0ADA", "has ended").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn admission_asks_slack_and_a_failed_look_up_is_later() {
    let house = house().await;
    // Slack does not say in time who asks, so the executor decides.
    house.wire.inject(Service::Slack, None, "users.info", 2, Injection::LoseAnswer);
    let run = house.repairs("U0NONE", "C0DESK").await;
    house.wire.clear_injections();
    let folded = house.app.journal.run(&run).await.unwrap();
    let mut asked = folded.asked.unwrap();
    let now = crate::clock::now();
    let says = "This needs the role operator.".to_owned();
    assert_eq!(house.app.admit(&asked, now).await, Admission::Refused(says.clone()));
    let ended = Event::Ended { outcome: Outcome::Refused, message: says.into() };
    house.write(&run, vec![ended], true).await;
    assert!(house.private("U0NONE", "This needs the role operator.").await.text.contains("<@U0ADA>"));
    asked.by = Requester::with_id("U0ADA");
    asked.text = "<@U0HEDY>".into();
    house.wire.inject(Service::Slack, None, "users.info", 9, Injection::LoseAnswer);
    assert!(matches!(house.app.admit(&asked, now).await, Admission::Later(_)));
    let long_ago = now.checked_sub(Duration::from_secs(120)).unwrap();
    assert!(matches!(house.app.admit(&asked, long_ago).await, Admission::Refused { .. }));
    house.wire.clear_injections();
    asked.by = Requester::with_id("U0ADA");
    loop {
        // A failure is cached for half a second.
        match house.app.admit(&asked, now).await {
            Admission::Later(_) => tokio::task::yield_now().await,
            Admission::Admitted { who, .. } => {
                break assert_eq!(who, Who::Email("hedy@acme.example".into()));
            }
            refused => panic!("{refused:?}"),
        }
    }
    assert!(lock(&house.slack).unread().iter().all(|one| matches!(one, Unread::Private(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_cannot_be_written_down_is_not_started() {
    let house = house().await;
    let url = format!("sqlite:{}/r.db", house._dir.path().display());
    // Another writer locks the database for longer than the acknowledgement waits.
    let pool = sqlx::any::AnyPoolOptions::new().max_connections(1).connect(&url).await.unwrap();
    let mut held = pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
    sqlx::query("UPDATE head SET position = position").execute(&mut *held).await.unwrap();
    let ack = house.bot.command("U0ADA", "C0DESK", "repair jane@acme.example").await.unwrap();
    assert!(ack.json()["text"].as_str().unwrap().starts_with("Nothing was started"), "{}", ack.body);
    held.rollback().await.unwrap();
    house.app.drain(WAIT_TIMEOUT).await;
    assert_eq!(house.app.journal.store().open_runs().await.unwrap(), Vec::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_that_comes_too_late_is_refused_with_the_reason() {
    let house = house().await;
    let slash = |text: &str| crate::slack::payload::Slash {
        by: Requester::with_id("U0ADA"),
        channel: "C0DESK".into(),
        command: "/reinstate".into(),
        text: text.into(),
        response_url: None,
        trigger: None,
    };
    let ago = |minutes| crate::clock::now().checked_sub(jiff::SignedDuration::from_mins(minutes)).unwrap();
    for text in ["repair jane@acme.example", "check jane@acme.example", "sweep", "status"] {
        let Reply::Private(says) = super::commands::command(&house.app, slash(text), ago(16)).await else {
            panic!("{text} was taken")
        };
        assert!(says.as_str().contains("more than 15 minutes"), "{text}: {}", says.as_str());
    }
    house.app.drain(WAIT_TIMEOUT).await;
    assert_eq!(house.app.journal.store().open_runs().await.unwrap(), Vec::new());
    let Reply::Private(says) =
        super::commands::command(&house.app, slash("repair j@acme.example"), ago(14)).await
    else {
        panic!("no answer")
    };
    assert!(says.as_str().contains("The run has begun"), "{}", says.as_str());
    let opened = house.app.journal.store().open_runs().await.unwrap();
    assert!(opened[0].opened_at <= ago(14), "the run is as old as its command");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn status_counts_all_open_runs_and_shows_the_oldest() {
    let house = house().await;
    let mut runs = Vec::new();
    for _ in 0..25 {
        runs.push(house.repairs("U0ADA", "C0DESK").await);
    }
    house.bot.command("U0VIEW", "C0DESK", "status").await.unwrap();
    let told = house.private("U0VIEW", "*Open runs*: 25").await;
    let shown = shows(&told.text, &told.blocks);
    assert!(shown.contains("… and 5 more"), "{shown}");
    let lists = |run: &String| shown.contains(&format!("• `{}`", reinstate_core::short_id(run)));
    let listed: Vec<bool> = runs.iter().map(lists).collect();
    assert_eq!(listed, [vec![true; 20], vec![false; 5]].concat(), "{shown}");
}
