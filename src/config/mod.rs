//! The configuration: one TOML file, overridden key by key from the environment, plus secrets that never stand
//! in the file. It reports every problem at once, each with its key, the reason and what to do, because a person
//! who must restart a service for every typing error gives up. It must never print a secret, never read the
//! environment of the process by itself (it is an argument), and never guess at a key that it does not know.
//!
//! Reading is by hand and not by `serde` derive: serde stops at the first error.

mod check;
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

pub use form::base_url;
pub use problem::{Problem, Problems};
pub use schema::reference;
pub use secrets::Secrets;

/// The variables of the environment that the configuration looks at.
pub type Env = BTreeMap<String, String>;

/// The variables of this process whose name begins with `REINSTATE_`: for the edge of the program only.
#[must_use]
pub fn process_env() -> Env {
    std::env::vars_os()
        .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
        .filter(|(name, _)| name.starts_with("REINSTATE_"))
        .collect()
}

/// What the configuration is wanted for: commands need different parts of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// `serve`: everything.
    Serve,
    /// `check`, `sweep`, `doctor`: Atlassian and Entra, but neither Slack nor (for `check`) the store.
    Diagnose,
    /// `audit`, `migrate`: the store only.
    Store,
}

/// The whole configuration, read and bounded.
#[derive(Clone, Debug)]
pub struct Config {
    /// Our own HTTP server.
    pub server: Server,
    /// How to reach Slack.
    pub slack: Slack,
    /// Where runs and the journal stand.
    pub store: Store,
    /// How to reach Atlassian.
    pub atlassian: Atlassian,
    /// How to reach Entra ID.
    pub entra: Entra,
    /// Who has which role.
    pub access: Access,
    /// How many approvers a step needs.
    pub approvals: Approvals,
    /// How much may be done, and how long it may take.
    pub limits: Limits,
    /// Sweeps by schedule.
    pub sweep: Sweep,
    /// What was set, key by key and without secrets: what the journal keeps of a configuration.
    pub settings: BTreeMap<String, String>,
    /// The secrets, from the environment or from files named there.
    pub secrets: Secrets,
}

/// `[server]`
#[derive(Clone, Debug)]
pub struct Server {
    /// Host and port to listen at, as `TcpListener::bind` takes it.
    pub listen: String,
    /// How many processes share the credentials: each keeps to its part of the published limits.
    pub replicas: u32,
}

/// How Slack's payloads reach us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// Slack calls `POST /slack/events`.
    Http,
    /// We open a socket to Slack.
    Socket,
}

/// `[slack]`
#[derive(Clone, Debug)]
pub struct Slack {
    /// How payloads reach us.
    pub transport: Transport,
    /// Base URL of the Web API, its path kept.
    pub api_url: Url,
    /// Channel id where approvals and sweeps are posted; empty where no command needs it.
    pub channel: String,
    /// The folder with the page of each cause, to which findings on cards link; without it they name their code.
    pub docs_url: Option<Url>,
}

/// `[store]`
#[derive(Clone, Debug)]
pub struct Store {
    /// `sqlite:` or `postgres://`. A secret, because a database URL may carry a password.
    pub url: SecretString,
    /// How long after the end of a run its personal data is kept.
    pub forget_after: Duration,
}

/// `[atlassian]`
#[derive(Clone, Debug)]
pub struct Atlassian {
    /// Base URL of the organization and SCIM interfaces, its path kept.
    pub api_url: Url,
    /// The organization's id.
    pub org_id: String,
    /// A claimed domain for placeholder addresses; without it nothing can be parked.
    pub parking_domain: Option<String>,
    /// SCIM directory ids, in the order of their keys.
    pub directories: Vec<String>,
}

/// `[entra]`
#[derive(Clone, Debug)]
pub struct Entra {
    /// Base URL where tokens are issued, its path kept.
    pub login_url: Url,
    /// Base URL of Microsoft Graph, its path kept.
    pub graph_url: Url,
    /// The tenant's id or domain.
    pub tenant_id: String,
    /// Our own application's id.
    pub client_id: String,
    /// Object id of the Atlassian enterprise application.
    pub service_principal_id: String,
}

/// `[access]`
#[derive(Clone, Debug)]
pub struct Access {
    /// Addresses, account ids and IdP ids that are never written to.
    pub protected: Vec<String>,
    /// May look.
    pub viewer: Grant,
    /// May repair.
    pub operator: Grant,
    /// May approve.
    pub approver: Grant,
}

/// To whom a role is granted.
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
    /// Never done by the machine: the step becomes advice.
    Never,
}

/// `[approvals]`
#[derive(Clone, Copy, Debug)]
pub struct Approvals {
    /// Steps whose inverse restores the state exactly.
    pub reversible: Needed,
    /// Steps that interrupt access or touch the tenant.
    pub disruptive: Needed,
    /// Steps that end an account or change who has an address.
    pub destructive: Needed,
    /// How long an approval may be given.
    pub expire_after: Duration,
    /// How soon after the approval a step must begin.
    pub start_within: Duration,
}

/// `[limits]`
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How many steps of rungs 4 to 10 may begin in a day.
    pub risky_steps_per_day: u32,
    /// How long a step may take to show at Atlassian.
    pub confirm_within: Duration,
}

/// `[sweep]`
#[derive(Clone, Copy, Debug)]
pub struct Sweep {
    /// How often everybody is looked at without being asked; never where it is not set.
    pub every: Option<Duration>,
}

impl Config {
    /// Reads the file and the environment, and says everything that is wrong with them, including what `purpose`
    /// needs and does not find. `named` is the file given with `--config`.
    ///
    /// # Errors
    /// All problems together; the program ends with 78.
    pub fn load(named: Option<&Path>, env: &Env, purpose: Purpose) -> Result<Config, Problems> {
        let mut problems = Problems::default();
        let table = file::table(named, env, &mut problems);
        let config = read::config(&table, env, &mut problems);
        // A key that could not be read is not also reported as missing.
        let known: BTreeSet<String> = problems.list.iter().map(|p| p.key.clone()).collect();
        let needs = config.iter().flat_map(|c| check::needs(c, purpose));
        problems.list.extend(needs.filter(|p| !known.contains(p.key.as_str())));
        match config {
            Some(config) if problems.list.is_empty() => Ok(config),
            _ => Err(problems),
        }
    }

    /// What `serve` needs: `doctor` reports these as findings where `serve` refuses to start.
    ///
    /// # Errors
    /// Everything that is missing or cannot be satisfied.
    pub fn for_serve(&self) -> Result<(), Problems> {
        Problems::of(check::needs(self, Purpose::Serve)).into_result()
    }
}

#[cfg(test)]
mod tests;
