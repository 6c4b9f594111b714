//! The one context that a command, a click, the poster and the executor share. It holds no state that counts:
//! everything in it is a handle, a rule or a look-up that may be thrown away. It must never carry out a step.

use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::{Notify, Semaphore};
use tracing::Instrument as _;

use super::refused_requests::RefusedRequests;
use crate::config::Config;
use crate::exec::assess::{Assessment, Gather, PlanFor, assess};
use crate::exec::prior_runs::PriorRuns;
use crate::exec::{Admission, Engine, Journal, Timing};
use crate::slack::api::{Api, ApiError, NoClient};
use crate::slack::command::Target;
use crate::slack::messages::Unresolved;
use crate::slack::people::People;
use crate::slack::response::Responses;
use crate::slack::single_flight::SingleFlight;
use crate::world::World;
use reinstate_core::run::{Limits, Request};
use reinstate_core::subject::{name_of, normalize};
use reinstate_core::{Action, Denied, Diagnosis, Plan, Rules, Subject, Who};
use reinstate_store::Store;

/// How long `check` and Recheck share one diagnosis (docs/reference/rules.md#shared-diagnosis).
const DIAGNOSIS_MAX_AGE: Duration = Duration::from_secs(60);
/// How many diagnoses one person may ask for in a minute (docs/reference/rules.md#shared-diagnosis).
const MAX_DIAGNOSES_PER_MINUTE: usize = 5;
/// How long a requester's look-up is tried before the run is refused.
const ADMISSION_TIMEOUT: Duration = Duration::from_secs(60);
/// How soon it is tried again.
const ADMISSION_RETRY_PAUSE: Duration = Duration::from_secs(3);
/// How much may be going on at once besides runs; more is answered "busy".
const MAX_TASKS: u32 = 4096;

/// A diagnosis, the plan made from it, and when it was asked for.
pub type SharedDiagnosis = Arc<(Diagnosis, Plan, Timestamp)>;

/// Wakes the executor and the poster.
#[derive(Debug, Default)]
pub struct Wake {
    /// A run may have something to do.
    pub executor: Arc<Notify>,
    /// A card may be behind.
    pub poster: Arc<Notify>,
}

/// Why there is no context.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The bot token is missing.
    #[error("REINSTATE_SLACK_BOT_TOKEN is missing")]
    NoToken,
    /// Slack's client could not be made.
    #[error(transparent)]
    Client(#[from] NoClient),
    /// The HTTP client could not be made.
    #[error("the HTTP client could not be made: {0}")]
    Http(#[from] reqwest::Error),
}

/// What everything shares.
pub struct App {
    /// The journal of all runs.
    pub ledger: Journal,
    /// The upstream services.
    pub world: Arc<dyn World>,
    /// Slack's Web API.
    pub slack: Api,
    /// Who may do what.
    pub people: People,
    /// Private answers.
    pub responses: Responses,
    /// What the planner may do.
    pub rules: Rules,
    /// Times of a run.
    pub limits: Limits,
    /// `slack.channel`, where approvals are asked.
    pub channel: String,
    /// The configuration, for what is not spelled out above.
    pub config: Config,
    /// Wakes the executor and the poster.
    pub wake: Wake,
    /// Requests that were refused at the door.
    pub refused_requests: RefusedRequests,
    /// Set once Slack has refused a `plan` block.
    pub(crate) plan_blocks_refused: AtomicBool,
    /// Cards that Slack refused a moment ago.
    pub(crate) refused_cards: super::refused_cards::RefusedCards,
    pub(crate) identities: SingleFlight<Arc<super::identities::MaybeIdentities>, ()>,
    pub(crate) click_queue: super::click_queue::ClickQueue,
    pub(crate) links: SingleFlight<String, ()>,
    /// Whose App Home is kept up to date.
    pub(crate) homes: super::watchers::OpenHomes,
    looks: SingleFlight<SharedDiagnosis, ()>,
    asked: Mutex<HashMap<String, VecDeque<Instant>>>,
    tasks: Arc<Semaphore>,
}

impl App {
    /// The context for a configuration, a store and a world.
    ///
    /// # Errors
    /// [`StartError`]
    pub fn new(config: Config, store: Store, world: Arc<dyn World>) -> Result<Arc<Self>, StartError> {
        let token = config.secrets.slack_bot.as_ref().ok_or(StartError::NoToken)?;
        Ok(Arc::new(Self {
            ledger: Journal::new(store),
            world,
            slack: Api::new(&config.slack.api_url, token)?.with_app_token(config.secrets.slack_app.as_ref()),
            people: People::new(config.access.clone()),
            responses: Responses::new(&config.slack.api_url)?,
            rules: config.rules(),
            limits: Limits {
                expire_after: config.approvals.expire_after,
                start_within: config.approvals.start_within,
            },
            channel: config.slack.channel.clone(),
            config,
            wake: Wake::default(),
            refused_requests: RefusedRequests::default(),
            plan_blocks_refused: AtomicBool::new(false),
            refused_cards: super::refused_cards::RefusedCards::default(),
            identities: SingleFlight::new(Duration::from_secs(10)),
            click_queue: super::click_queue::ClickQueue::default(),
            links: SingleFlight::new(DIAGNOSIS_MAX_AGE),
            homes: super::watchers::OpenHomes::default(),
            looks: SingleFlight::new(DIAGNOSIS_MAX_AGE),
            asked: Mutex::new(HashMap::new()),
            tasks: Arc::new(Semaphore::new(MAX_TASKS as usize)),
        }))
    }

    /// The loop that carries runs on, over this context.
    #[must_use]
    pub fn engine(self: &Arc<Self>) -> Engine {
        let app = Arc::clone(self);
        Engine {
            ledger: self.ledger.clone(),
            world: Arc::clone(&self.world),
            admit: Arc::new(move |asked, opened_at| {
                let app = Arc::clone(&app);
                Box::pin(async move { app.admit(&asked, opened_at).await })
            }),
            rules: self.rules.clone(),
            limits: self.limits,
            confirm_within: self.config.limits.confirm_within,
            risky_per_day: i64::from(self.config.limits.risky_steps_per_day),
            timing: Timing::default(),
            owner: format!("{}-{}", std::process::id(), uuid::Uuid::new_v4()),
            work: Arc::clone(&self.wake.executor),
            changed: Arc::clone(&self.wake.poster),
        }
    }

    /// Something was appended: the executor and the poster should look.
    pub fn nudge(&self) {
        self.wake.executor.notify_one();
        self.wake.poster.notify_one();
    }

    /// Reads everything about somebody, finds the causes and makes the plan.
    pub async fn diagnose(&self, who: &Who) -> (Diagnosis, Plan) {
        let began = Instant::now();
        let prior_runs = PriorRuns::Journal(self.ledger.clone());
        let (world, gather) = (self.world.as_ref(), Gather::Person(Subject::asked(who.clone())));
        let Assessment { diagnosis, plan, .. } =
            assess(world, &prior_runs, &self.rules, gather, PlanFor::Repair, &[]).await;
        metrics::histogram!("reinstate_diagnosis_seconds").record(began.elapsed().as_secs_f64());
        metrics::counter!("reinstate_diagnoses_total", "verdict" => diagnosis.verdict.word()).increment(1);
        (diagnosis, plan)
    }

    /// A diagnosis as `me`, `check` and Recheck share it: at most 60 s old, and not older than what a run has done to the
    /// same person since, in this process or in another.
    pub async fn shared_diagnosis(&self, who: &Who) -> SharedDiagnosis {
        let looked = self.looked(who, None).await;
        if self.has_changed_since(who, &looked).await {
            return self.looked(who, Some(Instant::now())).await;
        }
        looked
    }

    /// Whether a run has done something to the person since. A store that does not answer is no reason to say nothing.
    async fn has_changed_since(&self, who: &Who, looked: &SharedDiagnosis) -> bool {
        let mut names = looked.0.subject.names();
        names.push(name_of(who));
        match self.ledger.store().is_changed(&names, looked.2).await {
            Ok(changed) => changed,
            Err(error) => {
                tracing::warn!(%error, "whether a diagnosis is still true could not be read");
                false
            }
        }
    }

    async fn looked(&self, who: &Who, since: Option<Instant>) -> SharedDiagnosis {
        let key = match who {
            Who::Email(email) => format!("email {}", normalize(email)),
            Who::Account(id) => format!("account {id}"),
        };
        let look = || async {
            let at = self.time().await;
            let (diagnosis, plan) = self.diagnose(who).await;
            Ok::<_, ()>(Arc::new((diagnosis, plan, at)))
        };
        match self.looks.get(&key, since, look).await {
            Ok(looked) => looked,
            // The look-up above cannot fail; this keeps the type honest without a panic.
            Err(()) => {
                let at = self.time().await;
                let (diagnosis, plan) = self.diagnose(who).await;
                Arc::new((diagnosis, plan, at))
            }
        }
    }

    /// What time it is by the clock of the database, which says when entries were written. A store that does not answer
    /// is no reason to say nothing.
    async fn time(&self) -> Timestamp {
        self.ledger.now().await.unwrap_or_else(|error| {
            tracing::warn!(%error, "the clock of the database could not be read");
            crate::clock::now()
        })
    }

    /// Counts one diagnosis for a person.
    ///
    /// # Errors
    /// How long to wait when the minute's share is used up.
    pub fn count_look(&self, person: &str) -> Result<(), Duration> {
        const MINUTE: Duration = Duration::from_secs(60);
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.retain(|_, times| times.back().is_some_and(|last| last.elapsed() < MINUTE));
        let times = asked.entry(person.to_owned()).or_default();
        times.retain(|time| time.elapsed() < MINUTE);
        if times.len() >= MAX_DIAGNOSES_PER_MINUTE {
            let left = times.front().map_or(MINUTE, |first| MINUTE.saturating_sub(first.elapsed()));
            return Err(left.max(Duration::from_secs(1)));
        }
        times.push_back(Instant::now());
        Ok(())
    }

    /// Whether the requester of a run may have it, and whom WHO means. For the executor.
    pub async fn admit(&self, asked: &Request, opened_at: Timestamp) -> Admission {
        let refused = |says: &str| Admission::Refused(says.to_owned());
        let late = |denied: Denied| {
            let until = opened_at.checked_add(ADMISSION_TIMEOUT).unwrap_or(opened_at);
            if crate::clock::now() < until {
                Admission::Later(ADMISSION_RETRY_PAUSE)
            } else {
                refused(&denied.to_string())
            }
        };
        let permit = match self.people.permit(&self.slack, &asked.by, &Action::Repair).await {
            Ok(permit) => permit,
            Err(Denied::AskAgain) => return late(Denied::AskAgain),
            Err(denied) => return refused(&denied.to_string()),
        };
        let rule = permit.rule().to_owned();
        match Target::parse(&asked.text) {
            Some(target) => match self.resolve(&target).await {
                Ok(who) => Admission::Admitted { rule, who },
                Err(Unresolved::AskAgain) => late(Denied::AskAgain),
                Err(unresolved) => refused(&unresolved.to_string()),
            },
            None => refused(&Unresolved::Nobody.to_string()),
        }
    }

    /// Turns a mention into an address.
    ///
    /// # Errors
    /// [`Unresolved`], for the person.
    pub async fn resolve(&self, target: &Target) -> Result<Who, Unresolved> {
        match target {
            Target::Who(who) => Ok(who.clone()),
            Target::Mention(id) => match self.people.email(&self.slack, id).await {
                Ok(Some(email)) => Who::parse(&email).map_err(|_| Unresolved::Nobody),
                Ok(None) => Err(Unresolved::NoAddress),
                Err(ApiError::Refused(_)) => Err(Unresolved::Nobody),
                Err(_) => Err(Unresolved::AskAgain),
            },
        }
    }

    /// Does something after the acknowledgement. False when too much is going on: nothing was started.
    pub fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) -> bool {
        let Ok(permit) = Arc::clone(&self.tasks).try_acquire_owned() else {
            metrics::counter!("reinstate_tasks_refused_total").increment(1);
            return false;
        };
        let work = async move {
            work.await;
            drop(permit);
        };
        tokio::spawn(work.in_current_span());
        true
    }

    /// Waits until everything that was spawned is done, or the time is up.
    pub async fn drain(&self, within: Duration) {
        if tokio::time::timeout(within, self.tasks.acquire_many(MAX_TASKS)).await.is_err() {
            tracing::warn!("some answers to Slack were not finished before the end");
        }
    }
}
