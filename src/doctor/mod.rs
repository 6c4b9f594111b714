//! The doctor checks everything that the bot needs. For each check it reports good, bad or unknown, what it observed,
//! and the exact fix. It only reads, except that it opens the database as `serve` does and asks
//! to start a job that does not exist. What it could not read is unknown,
//! never good. It must never print a secret or a part of one.

mod access;
mod atlassian;
mod clock;
mod entra;
mod protected;
mod runs_out;
mod settings;
mod slack;
mod store;
mod watch;

use serde::Serialize;

use crate::config::Config;
use crate::upstream::{CallError, Clients};
use reinstate_store::Store;

pub use store::fix as store_fix;

/// The result of one check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    Good,
    /// Not as it should be.
    Bad,
    /// It could not be checked.
    Unknown,
}

/// One check with its result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// A stable name, such as `slack.scopes`.
    pub name: String,
    pub state: State,
    /// What was observed, for people.
    #[serde(rename = "saw")]
    pub observed: String,
    /// What to do, if anything.
    pub fix: Option<String>,
    /// Only a person can check this. It does not affect the overall state.
    pub by_hand: bool,
}

impl Check {
    fn new(name: &str, state: State, saw: impl Into<String>, fix: Option<String>) -> Self {
        Self { name: name.to_owned(), state, observed: saw.into(), fix, by_hand: false }
    }

    fn good(name: &str, saw: impl Into<String>) -> Self {
        Self::new(name, State::Good, saw, None)
    }

    fn bad(name: &str, saw: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::new(name, State::Bad, saw, Some(fix.into()))
    }

    fn unknown(name: &str, saw: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::new(name, State::Unknown, saw, Some(fix.into()))
    }

    fn by_hand(name: &str, saw: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { by_hand: true, ..Self::unknown(name, saw, fix) }
    }

    /// A failed upstream call: a refusal is bad, with this fix; any other error is unknown.
    fn failed(name: &str, error: &CallError, fix: impl Into<String>) -> Self {
        match error {
            CallError::Refused { .. } => Self::bad(name, error.reason(), fix),
            _ => Self::unknown(name, error.reason(), "Try again when the service answers"),
        }
    }
}

/// All checks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// One entry per check, in the order in which a person would fix the problems.
    pub checks: Vec<Check>,
}

impl Report {
    /// The worst state of all checks, except those that only a person can do.
    #[must_use]
    pub fn state(&self) -> State {
        let counted = || self.checks.iter().filter(|check| !check.by_hand);
        if counted().any(|check| check.state == State::Bad) {
            State::Bad
        } else if counted().any(|check| check.state == State::Unknown) {
            State::Unknown
        } else {
            State::Good
        }
    }

    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Check> {
        self.checks.iter().find(|check| check.name == name)
    }
}

/// The quick checks when the bot starts: the configuration, the store, Slack and the clock. They do not call
/// Atlassian or Entra, because the bot must start while those are down.
pub async fn quick(config: &Config, store: &Store) -> Report {
    let mut checks = settings::look(config);
    let (store, (slack, seen)) = tokio::join!(store::opened(store), slack::look(config));
    checks.extend(store);
    checks.extend(slack);
    checks.push(clock::look(seen));
    Report { checks }
}

/// Writes a report to the log, one line per check.
pub fn log(report: &Report) {
    for Check { name, state, observed: saw, fix, by_hand } in &report.checks {
        let fix = fix.as_deref();
        match state {
            State::Good => tracing::info!(check = name, "{name} is good: {saw}"),
            State::Unknown if *by_hand => tracing::info!(check = name, fix, "{name} wants a person: {saw}"),
            State::Unknown => tracing::warn!(check = name, fix, "{name} is unknown: {saw}"),
            State::Bad => tracing::error!(check = name, fix, "{name} is bad: {saw}"),
        }
    }
}

/// Runs all checks. Each part is independent, so that one service that is down hides no other problem.
pub async fn full(config: &Config) -> Report {
    let mut checks = settings::look(config);
    let clients = match Clients::new(config.upstream()) {
        Ok(clients) => clients,
        Err(error) => {
            let fix = "Install the system's root certificates (Debian: ca-certificates)";
            checks.push(Check::bad("tls", format!("the HTTP client could not be made: {error}"), fix));
            return Report { checks };
        }
    };
    let (store, slack, atlassian, entra, runs_out, protected, watch) = tokio::join!(
        store::look(config),
        slack::look(config),
        atlassian::look(config, &clients),
        entra::look(config, &clients),
        runs_out::look(config, &clients),
        protected::look(config, &clients),
        watch::look(config),
    );
    let (slack, seen) = slack;
    checks.extend(store);
    checks.extend(slack);
    checks.extend(access::look(config).await);
    checks.extend(atlassian);
    checks.extend(entra);
    checks.extend(runs_out);
    checks.extend(protected);
    checks.extend(watch);
    checks.push(clock::look(seen));
    Report { checks }
}
