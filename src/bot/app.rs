//! The context that commands, clicks, the poster and the executor share. It holds handles, rules and caches. It keeps
//! no state that may not be lost: the store holds the durable state. It must never carry out a step.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::{Notify, Semaphore};
use tracing::Instrument as _;

use super::look_limit::LookLimit;
use super::refused_requests::RefusedRequests;
use super::socket::OpenLinks;
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
use reinstate_core::report::Report;
use reinstate_core::run::{Limits, Request};
use reinstate_core::subject::{name_of, normalize, normalize_name};
use reinstate_core::{Action, Denied, Diagnosis, Plan, Rules, Subject, Who};
use reinstate_store::Store;

/// How long `check`, `me` and Recheck share one diagnosis (docs/reference/rules.md#shared-diagnosis).
const DIAGNOSIS_MAX_AGE: Duration = Duration::from_secs(60);
/// How long callers share one report.
const REPORT_MAX_AGE: Duration = Duration::from_secs(60);
/// How long the executor retries the look-up of a requester before it refuses the run.
const ADMISSION_TIMEOUT: Duration = Duration::from_secs(60);
/// The pause between two attempts at that look-up.
const ADMISSION_RETRY_PAUSE: Duration = Duration::from_secs(3);
/// The maximum number of background tasks besides runs. Further requests receive the answer "busy".
const MAX_TASKS: u32 = 4096;

/// A diagnosis, the plan made from it, and the time at which its reading began.
pub type SharedDiagnosis = Arc<(Diagnosis, Plan, Timestamp)>;

#[derive(Debug, Default)]
pub struct Wake {
    /// Notified when a run may have work to do.
    pub executor: Arc<Notify>,
    /// Notified when a card may be out of date.
    pub poster: Arc<Notify>,
}

/// Why [`App::new`] failed.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("REINSTATE_SLACK_BOT_TOKEN is missing")]
    NoToken,
    #[error(transparent)]
    Client(#[from] NoClient),
    #[error("the HTTP client could not be made: {0}")]
    Http(#[from] reqwest::Error),
}

pub struct App {
    /// The journal of all runs and sweeps.
    pub journal: Journal,
    pub world: Arc<dyn World>,
    pub slack: Api,
    /// Roles and permissions.
    pub people: People,
    /// Sends answers to Slack's `response_url`.
    pub responses: Responses,
    /// What the planner is allowed to plan.
    pub rules: Rules,
    /// The time limits of a run.
    pub limits: Limits,
    /// `slack.channel`, the channel where approvals are requested.
    pub channel: String,
    /// The whole configuration, for settings that have no field of their own here.
    pub config: Config,
    pub wake: Wake,
    /// Counts the requests that were refused before their sender was known.
    pub refused_requests: RefusedRequests,
    /// Cards that Slack refused recently.
    pub(crate) refused_cards: super::refused_cards::RefusedCards,
    pub(crate) identities: SingleFlight<Arc<super::identities::MaybeIdentities>, ()>,
    pub(crate) click_queue: super::click_queue::ClickQueue,
    pub(crate) links: SingleFlight<String, ()>,
    /// The links of Socket Mode. With `transport = "http"` there is none.
    pub socket_links: OpenLinks,
    pub(crate) other_database: super::other_database::OtherDatabase,
    /// The people whose App Home is kept up to date.
    pub(crate) homes: super::watchers::OpenHomes,
    looks: SingleFlight<SharedDiagnosis, ()>,
    /// The report that callers share for a minute.
    pub(super) reports: SingleFlight<Arc<Report>, ()>,
    pub(super) look_limit: LookLimit,
    tasks: Arc<Semaphore>,
}

impl App {
    /// Builds the context from a configuration, a store and a world.
    ///
    /// # Errors
    /// [`StartError`]
    pub fn new(config: Config, store: Store, world: Arc<dyn World>) -> Result<Arc<Self>, StartError> {
        let token = config.secrets.slack_bot.as_ref().ok_or(StartError::NoToken)?;
        Ok(Arc::new(Self {
            journal: Journal::new(store),
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
            refused_cards: super::refused_cards::RefusedCards::default(),
            identities: SingleFlight::new(Duration::from_secs(10)),
            click_queue: super::click_queue::ClickQueue::default(),
            links: SingleFlight::new(DIAGNOSIS_MAX_AGE),
            socket_links: OpenLinks::new(Instant::now()),
            other_database: super::other_database::OtherDatabase::default(),
            homes: super::watchers::OpenHomes::default(),
            looks: SingleFlight::new(DIAGNOSIS_MAX_AGE),
            reports: SingleFlight::new(REPORT_MAX_AGE),
            look_limit: LookLimit::default(),
            tasks: Arc::new(Semaphore::new(MAX_TASKS as usize)),
        }))
    }

    /// The executor's loop, which carries out runs with this context.
    #[must_use]
    pub fn engine(self: &Arc<Self>) -> Engine {
        let app = Arc::clone(self);
        Engine {
            journal: self.journal.clone(),
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

    /// Wakes the executor and the poster after an entry was appended.
    pub fn nudge(&self) {
        self.wake.executor.notify_one();
        self.wake.poster.notify_one();
    }

    /// Gathers the evidence about a person, finds the causes and makes the plan.
    pub async fn diagnose(&self, who: &Who, about: Option<&str>) -> (Diagnosis, Plan) {
        let began = Instant::now();
        let prior_runs = PriorRuns::Journal(self.journal.clone());
        let (world, gather) = (self.world.as_ref(), Gather::Person(Subject::asked(who.clone()).about(about)));
        let Assessment { diagnosis, plan, .. } =
            assess(world, &prior_runs, &self.rules, gather, PlanFor::Repair, &[]).await;
        metrics::histogram!("reinstate_diagnosis_seconds").record(began.elapsed().as_secs_f64());
        metrics::counter!("reinstate_diagnoses_total", "verdict" => diagnosis.verdict.word()).increment(1);
        (diagnosis, plan)
    }

    /// The diagnosis that `me`, `check` and Recheck share. It is at most 60 s old. It is also never older than the last
    /// change that a run made to the same person, in this process or in another.
    pub async fn shared_diagnosis(&self, who: &Who) -> SharedDiagnosis {
        self.shared_diagnosis_about(who, None).await
    }

    /// The same, for one app if one is given. Only equal questions share a diagnosis.
    pub async fn shared_diagnosis_about(&self, who: &Who, about: Option<&str>) -> SharedDiagnosis {
        let looked = self.looked(who, about, None).await;
        if self.has_changed_since(who, &looked).await {
            return self.looked(who, about, Some(Instant::now())).await;
        }
        looked
    }

    /// Whether a run has changed the person since the diagnosis. If the store does not answer, the diagnosis is still
    /// shown.
    async fn has_changed_since(&self, who: &Who, looked: &SharedDiagnosis) -> bool {
        let mut names = looked.0.subject.names();
        names.push(name_of(who));
        match self.journal.store().is_changed(&names, looked.2).await {
            Ok(changed) => changed,
            Err(error) => {
                tracing::warn!(%error, "whether a diagnosis is still true could not be read");
                false
            }
        }
    }

    async fn looked(&self, who: &Who, about: Option<&str>, since: Option<Instant>) -> SharedDiagnosis {
        let key = match who {
            Who::Email(email) => format!("email {}", normalize(email)),
            Who::Account(id) => format!("account {id}"),
        };
        let key = about.map_or_else(|| key.clone(), |app| format!("{key} about {}", normalize_name(app)));
        let look = || async {
            let at = self.time().await;
            let (diagnosis, plan) = self.diagnose(who, about).await;
            Ok::<_, ()>(Arc::new((diagnosis, plan, at)))
        };
        match self.looks.get(&key, since, look).await {
            Ok(looked) => looked,
            // The closure above cannot fail. This branch satisfies the type without a panic.
            Err(()) => {
                let at = self.time().await;
                let (diagnosis, plan) = self.diagnose(who, about).await;
                Arc::new((diagnosis, plan, at))
            }
        }
    }

    /// The current time by the clock of the database, which also dates the entries. If the store does not answer, the
    /// local clock is used, so that the caller still receives a diagnosis.
    async fn time(&self) -> Timestamp {
        self.journal.now().await.unwrap_or_else(|error| {
            tracing::warn!(%error, "the clock of the database could not be read");
            crate::clock::now()
        })
    }

    /// Decides for the executor whether the requester may have this run, and resolves the person that WHO names.
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

    /// Resolves a mention to an email address.
    ///
    /// # Errors
    /// [`Unresolved`], with a text for the caller.
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

    /// Starts work that continues after the acknowledgement. Returns false, and starts nothing, if too many tasks run.
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

    /// Waits until all spawned tasks have ended, or until the time is up.
    pub async fn drain(&self, within: Duration) {
        if tokio::time::timeout(within, self.tasks.acquire_many(MAX_TASKS)).await.is_err() {
            tracing::warn!("some answers to Slack were not finished before the end");
        }
    }
}
