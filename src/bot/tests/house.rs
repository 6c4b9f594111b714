//! The bot with a strict simulator of Slack over real HTTP, and a scripted world. The tests append the entries that the
//! executor would append.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_core::future::BoxFuture;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::bot::app::App;
use crate::config::{Config, Env, Purpose};
use crate::world::{ActOutcome, ReadScope, World};
use reinstate_core::evidence::{Account, IdpUser};
use reinstate_core::subject::RecordId;
use reinstate_core::{Event, Evidence, Op, Plan, Read, Run, Step, Subject, Undo, Who, diagnose};
use reinstate_sandbox::lock;
use reinstate_sandbox::slack::{Ephemeral, Message, Shared, Slack, Workspace, wait_until};
use reinstate_sandbox::wire::{Listening, Wire, listen};
use reinstate_store::{AppendOptions, Store};

pub(super) const WAIT_TIMEOUT: Duration = Duration::from_secs(20);

/// A world in which Ada and Grace are at the identity provider and every action fails.
pub(super) struct Script {
    pub(super) users_readable: Mutex<bool>,
    pub(super) asked: Mutex<usize>,
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

pub(super) struct House {
    pub(super) app: Arc<App>,
    pub(super) slack: Shared,
    pub(super) bot: Workspace,
    pub(super) wire: Wire,
    pub(super) script: Arc<Script>,
    _listening: Listening,
    _stop: watch::Sender<bool>,
    pub(super) _dir: tempfile::TempDir,
}

pub(super) async fn house() -> House {
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
    tokio::spawn(crate::bot::poster::run(Arc::clone(&app), stopped));
    while app.people.home().is_none() {
        tokio::task::yield_now().await;
    }
    let mut bot = Workspace::new(Arc::clone(&slack), wire.clone(), url);
    bot.patience = WAIT_TIMEOUT;
    House { app, slack, bot, wire, script, _listening: listening, _stop: stop, _dir: dir }
}

pub(super) fn config(slack: &str) -> Config {
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
        // Only the tests of the watch begin looks.
        ("REINSTATE_WATCH__EVERY", "1d".into()),
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
    pub(super) async fn private(&self, user: &str, says: &str) -> Ephemeral {
        let find = |slack: &Slack| {
            let all = slack.ephemerals_for(user);
            all.iter()
                .find(|(_, one)| shows(&one.text, &one.blocks).contains(says))
                .map(|(_, one)| (*one).clone())
        };
        wait_until(&self.slack, find, WAIT_TIMEOUT).await.unwrap_or_else(|seen| panic!("{says}: {seen}"))
    }

    pub(super) async fn message(&self, channel: &str, says: &str) -> Message {
        let find = |slack: &Slack| {
            let all = slack.messages_in(channel);
            all.iter().find(|one| shows(&one.text, &one.blocks).contains(says)).map(|one| (*one).clone())
        };
        wait_until(&self.slack, find, WAIT_TIMEOUT).await.unwrap_or_else(|seen| panic!("{says}: {seen}"))
    }

    /// Opens a run by command.
    pub(super) async fn repairs(&self, user: &str, channel: &str) -> String {
        let ack = self.bot.command(user, channel, "repair jane@acme.example").await.unwrap();
        assert_eq!(ack.status, 200);
        let text = ack.json()["text"].as_str().unwrap().to_owned();
        text.split('`').nth(1).unwrap_or_else(|| panic!("{text}")).to_owned()
    }

    pub(super) async fn write(&self, run: &str, events: Vec<Event>, end: bool) {
        let also = || AppendOptions { end, ..AppendOptions::default() };
        let decision = |_: &reinstate_core::Run| crate::exec::Decision::Write(events.clone(), also(), ());
        self.app.journal.decide(run, crate::clock::now(), decision).await.unwrap();
        self.app.nudge();
    }

    /// Appends what the executor would append until the run waits for an approval.
    pub(super) async fn waits(&self, run: &str) -> String {
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

    pub(super) async fn kinds(&self, run: &str) -> Vec<&'static str> {
        self.app.journal.entries::<Run>(run).await.unwrap().iter().map(|(_, _, event)| event.kind()).collect()
    }

    pub(super) fn faults(&self) -> Vec<String> {
        self.wire.faults()
    }
}

pub(super) fn shows(text: &str, blocks: &[Value]) -> String {
    format!("{text}\n{}", Value::Array(blocks.to_vec()))
}

/// A plan with a step that needs an approval, about Jane and about Hedy's account.
pub(super) fn planned() -> (Plan, reinstate_core::Diagnosis) {
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
        skipped: Vec::new(),
        because: Vec::new(),
    };
    (plan, diagnose(&evidence))
}
