//! The configuration: one TOML file, overridden key by key from the environment, plus secrets that are never in the
//! file. It reports every problem at once, each with its key, the reason and the fix. An administrator then does not
//! have to restart the service after each typing error. It must never print a secret, never read the process
//! environment itself (the environment is an argument), and never guess an unknown key.
//!
//! The values are read by hand and not with a `serde` derive, because serde stops at the first error.

mod check;
mod expiry;
mod file;
mod form;
mod problem;
mod read;
mod rules;
mod schema;
mod secrets;
mod settings;
mod upstream;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

pub use expiry::Expiry;
pub use form::base_url;
pub use problem::{Problem, Problems};
pub use schema::reference;
pub use secrets::Secrets;

/// The environment variables that the configuration reads.
pub type Env = BTreeMap<String, String>;

/// The variables of this process whose name begins with `REINSTATE_`. Only `main` may call this.
#[must_use]
pub fn process_env() -> Env {
    std::env::vars_os()
        .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
        .filter(|(name, _)| name.starts_with("REINSTATE_"))
        .collect()
}

/// What the configuration is loaded for. Each command needs different parts of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// `serve`: everything.
    Serve,
    /// `check`, `sweep`, `doctor`: Atlassian and Entra, but not Slack. `check` does not need the store either.
    Diagnose,
    /// `audit`, `migrate`: the store only.
    Store,
}

/// The whole configuration, parsed and checked against its bounds.
#[derive(Clone, Debug)]
pub struct Config {
    /// The HTTP server.
    pub server: Server,
    /// How to reach Slack.
    pub slack: Slack,
    /// Where the runs and the journal are stored.
    pub store: Store,
    /// How to reach Atlassian.
    pub atlassian: Atlassian,
    /// How to reach Entra ID.
    pub entra: Entra,
    /// Who has which role.
    pub access: Access,
    /// How many approvers a step needs.
    pub approvals: Approvals,
    /// How many steps may be done, and how long they may take.
    pub limits: Limits,
    /// When the keys of Atlassian end, as the administrator states it.
    pub expiry: Expiry,
    /// Scheduled sweeps.
    pub sweep: Sweep,
    /// The watch between two sweeps.
    pub watch: Watch,
    /// The configured values by key, without secrets, as the journal records them.
    pub settings: BTreeMap<String, String>,
    /// The secrets, from the environment or from files that it names.
    pub secrets: Secrets,
}

/// `[server]`
#[derive(Clone, Debug)]
pub struct Server {
    /// Host and port to listen on, as `TcpListener::bind` takes them.
    pub listen: String,
    /// How many processes share the credentials. Each process uses its part of the published rate limits.
    pub replicas: u32,
}

/// How Slack's payloads are delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// Slack calls `POST /slack/events`.
    Http,
    /// Socket mode: the bot opens a WebSocket to Slack.
    Socket,
}

/// `[slack]`
#[derive(Clone, Debug)]
pub struct Slack {
    /// How payloads are delivered.
    pub transport: Transport,
    /// Base URL of the Web API; its path is kept.
    pub api_url: Url,
    /// The channel id where approvals and sweeps are posted; empty if no command needs it.
    pub channel: String,
    /// The folder with one page for each cause; findings on cards link to it. Without it, a card shows only the code.
    pub docs_url: Option<Url>,
}

/// `[store]`
#[derive(Clone, Debug)]
pub struct Store {
    /// `sqlite:` or `postgres://`. A secret, because a database URL may contain a password.
    pub url: SecretString,
    /// How long the personal data of a run is kept after the run ended.
    pub forget_after: Duration,
}

/// `[atlassian]`
#[derive(Clone, Debug)]
pub struct Atlassian {
    /// Base URL of the organization and SCIM APIs; its path is kept.
    pub api_url: Url,
    /// The id of the organization.
    pub org_id: String,
    /// A claimed domain for placeholder addresses. Without it, no address can be parked.
    pub parking_domain: Option<String>,
    /// SCIM directory ids, in the order of their keys.
    pub directories: Vec<String>,
}

/// `[entra]`
#[derive(Clone, Debug)]
pub struct Entra {
    /// Base URL of the token endpoint; its path is kept.
    pub login_url: Url,
    /// Base URL of Microsoft Graph; its path is kept.
    pub graph_url: Url,
    /// The id or domain of the tenant.
    pub tenant_id: String,
    /// The id of the bot's own application.
    pub client_id: String,
    /// The object id of the Atlassian enterprise application.
    pub service_principal_id: String,
    /// The SCIM directory that the job writes to, for tenants whose Graph does not show it.
    pub directory: Option<String>,
    /// Whether the job provisions everybody, for tenants whose Graph does not show it.
    pub sync_all: Option<bool>,
}

/// `[access]`
#[derive(Clone, Debug)]
pub struct Access {
    /// Addresses, account ids and IdP ids that the bot never changes.
    pub protected: Vec<String>,
    /// May diagnose.
    pub viewer: Grant,
    /// May diagnose and repair.
    pub operator: Grant,
    /// May approve.
    pub approver: Grant,
}

/// The people who have a role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grant {
    /// Slack user ids.
    pub users: BTreeSet<String>,
    /// Slack user group ids.
    pub usergroups: BTreeSet<String>,
}

/// What a step of some risk needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needed {
    /// This many approvers.
    Approvers(u32),
    /// The bot never does such a step; it becomes advice.
    Never,
}

/// `[approvals]`
#[derive(Clone, Copy, Debug)]
pub struct Approvals {
    /// Steps whose inverse restores the state exactly.
    pub reversible: Needed,
    /// Steps that interrupt access or affect the tenant.
    pub disruptive: Needed,
    /// Steps that end an account or change who has an address.
    pub destructive: Needed,
    /// How long an approval request is valid.
    pub expire_after: Duration,
    /// How soon after its approval a step must begin.
    pub start_within: Duration,
}

/// `[limits]`
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How many steps of rungs 4 to 10 may begin in a day.
    pub risky_steps_per_day: u32,
    /// How long the effect of a step may take to become visible at Atlassian.
    pub confirm_within: Duration,
    /// How many members of a group the synchronization to Atlassian takes.
    pub group_members: u32,
}

/// `[sweep]`
#[derive(Clone, Copy, Debug)]
pub struct Sweep {
    /// The interval of scheduled sweeps; `None` turns them off.
    pub every: Option<Duration>,
}

/// `[watch]`
#[derive(Clone, Copy, Debug)]
pub struct Watch {
    /// The interval of the looks; `None` turns the watch off.
    pub every: Option<Duration>,
    /// Whether the people who lost access are told too.
    pub tell_people: bool,
}

impl Config {
    /// Reads the file and the environment and reports all problems, including settings that `purpose` needs and that
    /// are missing. `named` is the file from `--config`.
    ///
    /// # Errors
    /// All problems together; the program exits with 78.
    pub fn load(named: Option<&Path>, env: &Env, purpose: Purpose) -> Result<Config, Problems> {
        let mut problems = Problems::default();
        let table = file::table(named, env, &mut problems);
        let config = read::config(&table, env, &mut problems);
        // A key that could not be read is not reported as missing too.
        let known: BTreeSet<String> = problems.list.iter().map(|p| p.key.clone()).collect();
        let needs = config.iter().flat_map(|c| check::needs(c, purpose));
        problems.list.extend(needs.filter(|p| !known.contains(p.key.as_str())));
        match config {
            Some(config) if problems.list.is_empty() => Ok(config),
            _ => Err(problems),
        }
    }

    /// Checks what `serve` needs. `serve` refuses to start with these problems; `doctor` reports them as findings.
    ///
    /// # Errors
    /// Every setting that is missing, and every rule that nobody can satisfy.
    pub fn for_serve(&self) -> Result<(), Problems> {
        Problems::of(check::needs(self, Purpose::Serve)).into_result()
    }
}

#[cfg(test)]
mod tests;
