//! One generated tenant behind the real clients, in this process: what the program answers and does there, and what
//! is true there.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reinstate::cli::world_over;
use reinstate::config::{Config, Purpose};
use reinstate::exec::prior_runs::PriorRuns;
use reinstate::exec::sweep::survey;
use reinstate::upstream::{Limits, Transport};
use reinstate::world::{ReadScope, SweepProgress, World};
use reinstate_core::evidence::CLOSED_ROLES;
use reinstate_core::{
    Cause, Diagnosis, Op, Plan, Rules, Source, Step, Subject, Verdict, Who, diagnose, plan,
};
use reinstate_sandbox::atlassian::ManagedBy;
use reinstate_sandbox::generator::faults::Fault;
use reinstate_sandbox::generator::{
    GroupLink, PersonKind, Recipe, SecondDirectory, Truth, UserDirectories, World as GeneratedWorld,
};
use reinstate_sandbox::in_process::InProcess;
use reinstate_sandbox::wire::Injection;
use reinstate_sandbox::{lock, oracle};
use tokio::sync::mpsc;

use crate::asking::read_by;

/// What a sweep says about each account that it does not call healthy.
pub struct Swept {
    pub found: HashMap<String, (Verdict, BTreeSet<Cause>)>,
    pub unread: Vec<String>,
}

/// The answer about one person.
pub struct Answer {
    pub diagnosis: Diagnosis,
    pub plan: Plan,
}

impl Answer {
    pub fn codes(&self) -> BTreeSet<Cause> {
        self.diagnosis.findings.iter().map(|finding| finding.code).collect()
    }

    pub fn steps(&self) -> Vec<String> {
        self.plan.steps.iter().map(|step| format!("{} ({})", step.op.says(), step.risk.word())).collect()
    }

    pub fn describe(&self) -> String {
        format!(
            "{:?} {:?}, undecided {:?}, unread {:?}, steps {:?}, advice {:?}",
            self.diagnosis.verdict,
            self.diagnosis
                .findings
                .iter()
                .map(|f| format!("{}{}", f.code.code(), if f.blocking { "" } else { " (A)" }))
                .collect::<Vec<_>>(),
            self.diagnosis.undecided,
            self.diagnosis.unread,
            self.steps(),
            self.plan.advice
        )
    }
}

pub struct Lab {
    pub services: InProcess,
    pub bot: Arc<dyn World>,
    pub truth: Truth,
    pub groups: Vec<GroupLink>,
    pub who: String,
    pub injected: Vec<&'static Fault>,
    /// Causes that the tenant itself has, and that may explain a fault.
    pub explains: Vec<Cause>,
    /// Whether the job synchronizes everybody, and nothing can read that.
    pub sync_all_unread: bool,
    /// Whether an account may have a role that nobody knows. The lists of a sweep do not show such a role
    /// (docs/reference/rules.md#atlassian-search-by-role).
    pub has_unknown_role: bool,
    /// Whether the job writes an `externalId`.
    pub has_external_id: bool,
    rules: Arc<Rules>,
}

fn network() -> Transport {
    static NETWORK: OnceLock<Transport> = OnceLock::new();
    NETWORK
        .get_or_init(|| {
            reinstate::upstream::install_tls();
            Transport::network().unwrap()
        })
        .clone()
}

/// Causes that a dimension brings along.
fn explains(made: &GeneratedWorld) -> Vec<Cause> {
    let blueprint = &made.blueprint;
    let mut all = Vec::new();
    // The organization does not show an account that another one manages, so its id leads to nobody.
    let asked = made.tenant.atlassian.accounts.get(&made.who);
    if asked.is_some_and(|account| account.managed_by != ManagedBy::Us) {
        all.push(Cause::IdpUserMissing);
    }
    // A record of the person in another directory is a finding of its own.
    if blueprint.second_directory == SecondDirectory::WithKeyAndRecord {
        all.extend([Cause::RecordUnlinked, Cause::TwoDirectories]);
    }
    // The account of a guest is one that we do not manage.
    if blueprint.person == PersonKind::Guest {
        all.extend([Cause::DomainNotClaimed, Cause::EmailHeldOutside, Cause::DeactivatedElsewhere]);
    }
    // A suspension in a directory explains why a person without groups can open nothing.
    if blueprint.user_directories == UserDirectories::SuspendedElsewhere {
        all.push(Cause::Suspended);
    }
    // Atlassian cannot filter by an address.
    if blueprint.matching.starts_with("emails") {
        all.push(Cause::ExportFailing);
    }
    all
}

/// No waits: a simulated service that refuses once refuses always.
fn limits() -> Limits {
    Limits {
        failures: 0,
        attempts: 1,
        first_wait: Duration::from_millis(1),
        paced: false,
        ..Limits::default()
    }
}

impl Lab {
    pub fn new(recipe: &Recipe) -> Self {
        let made = recipe.world();
        let mut explains = explains(&made);
        // An unread record may be inactive (docs/reference/rules.md#deactivated-accounts).
        if recipe.refused == Some(Source::ScimUsers) {
            explains.push(Cause::DeactivatedByIdp);
        }
        let is_unknown = |role: &str| {
            let name = role.rsplit('/').next().unwrap_or(role);
            oracle::strength(role).is_none() && !CLOSED_ROLES.contains(&name)
        };
        let roles = made.blueprint.direct_role.into_iter().chain([made.blueprint.jira_role]);
        let has_unknown_role = roles.into_iter().any(is_unknown);
        let services = InProcess::new(made.tenant);
        if let Some(source) = recipe.refused {
            let refused = Injection::Answer { status: 403, headers: Vec::new(), body: "{}".to_owned() };
            services.wire.inject_when(u32::MAX, refused, move |call, _| {
                call.agent.starts_with("reinstate/") && call.method == "GET" && read_by(call) == Some(source)
                    || call.path.ends_with("/search") && read_by(call) == Some(source)
            });
        }
        let env: BTreeMap<String, String> = services.env();
        let config = Config::load(None, &env, Purpose::Diagnose).unwrap();
        let router = services.services.clone();
        let transport = network().through(Arc::new(move |request| router.deliver(request)));
        let bot = world_over(transport, &config, limits());
        let rules = Arc::new(config.rules());
        Self {
            services,
            bot,
            truth: made.truth,
            groups: made.groups,
            who: made.who,
            injected: made.injected,
            explains,
            has_unknown_role,
            has_external_id: made.blueprint.external_id.is_some(),
            sync_all_unread: made.blueprint.sync_all_is_hidden(),
            rules,
        }
    }

    pub async fn check(&self, who: &str, tried: &[Step]) -> Option<Answer> {
        let who = Who::parse(who).ok()?;
        let evidence = self.bot.gather(Subject::asked(who), ReadScope::Everything).await;
        let diagnosis = diagnose(&evidence);
        let plan = plan(&evidence, &diagnosis, &self.rules, tried);
        Some(Answer { diagnosis, plan })
    }

    pub async fn sweep(&self) -> Swept {
        let meter = Arc::new(SweepProgress::default());
        let prior = Arc::new(PriorRuns::in_database("sqlite:/nonexistent/none.db".into()));
        let (sender, mut receiver) = mpsc::channel(64);
        let known = HashMap::new();
        let sweeping = async {
            let survey = survey(&self.bot, &prior, &self.rules, &meter, &known, &sender).await;
            drop(sender);
            survey
        };
        let collecting = async {
            let mut found = HashMap::new();
            while let Some(checked) = receiver.recv().await {
                let codes = checked.found.causes.iter().copied().collect();
                found.insert(checked.found.query.clone(), (checked.found.verdict, codes));
            }
            found
        };
        let (survey, found) = tokio::join!(sweeping, collecting);
        let unread = survey.unread.iter().map(|(source, why)| format!("{}: {why}", source.name())).collect();
        Swept { found, unread }
    }

    /// What every human can do now, in the order of the truth.
    pub fn everybody(&self) -> Vec<oracle::Access> {
        let atlassian = lock(&self.services.atlassian);
        self.truth.humans.iter().map(|human| oracle::access_of(&atlassian, human)).collect()
    }

    pub fn count_accounts(&self) -> usize {
        lock(&self.services.atlassian).accounts.len()
    }

    /// How many accounts there are, if something ties the account of the person to them. Then no repair may make one.
    pub fn accounts_if_tied(&self) -> Option<usize> {
        let is_tied = oracle::account_is_tied(
            &lock(&self.services.atlassian),
            &lock(&self.services.entra),
            &self.truth.humans[0],
        );
        is_tied.then(|| self.count_accounts())
    }

    /// What a human lacks, in words.
    pub fn lacks(&self, human: usize) -> Option<String> {
        let atlassian = lock(&self.services.atlassian);
        let entra = lock(&self.services.entra);
        oracle::lacks(&atlassian, &entra, &self.groups, &self.truth.humans[human])
    }

    /// The apps that a human should be able to open, each with whether their account can.
    pub fn apps(&self, human: usize) -> BTreeMap<String, bool> {
        let atlassian = lock(&self.services.atlassian);
        let entra = lock(&self.services.entra);
        let human = &self.truth.humans[human];
        let held = human.account.as_ref().map(|id| oracle::access(&atlassian, id).apps).unwrap_or_default();
        let expected = oracle::expected_apps(&atlassian, &entra, &self.groups, human).into_iter();
        expected
            .map(|(app, needed)| {
                let can = held.get(&app).is_some_and(|has| *has >= needed);
                (app, can)
            })
            .collect()
    }

    /// Whether anything ties the account of a human to their user object.
    pub fn is_tied(&self, human: usize) -> bool {
        let atlassian = lock(&self.services.atlassian);
        let entra = lock(&self.services.entra);
        oracle::account_is_tied(&atlassian, &entra, &self.truth.humans[human])
    }

    /// Whether a sweep has to answer about this human: the account is managed, or the job should provision them.
    pub fn sweep_covers(&self, human: usize) -> bool {
        let human = &self.truth.humans[human];
        let atlassian = lock(&self.services.atlassian);
        let account = human.account.as_ref().and_then(|id| atlassian.accounts.get(id));
        let is_managed = account.is_some_and(|known| known.managed_by == ManagedBy::Us);
        let entra = lock(&self.services.entra);
        let is_assigned = |idp: &String| {
            let is_enabled = entra.users.get(idp).is_some_and(|user| user.account_enabled);
            is_enabled && !oracle::assigned_groups(&entra, idp).is_empty()
        };
        human.idp.as_ref().is_some_and(|idp| is_managed || is_assigned(idp))
    }

    /// Sends a step and waits for an effect that takes longer than the call.
    pub async fn send(&self, op: &Op) -> String {
        let acted = self.bot.act(op, Duration::from_secs(30)).await;
        if op.takes().is_some() {
            // The simulated cycle runs in a task of its own and makes no pause.
            for _ in 0..200 {
                tokio::task::yield_now().await;
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        format!("{}: {acted:?}", op.action())
    }
}
