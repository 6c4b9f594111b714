//! The commands of the command line, one file each. A command must print nothing but its answer to standard output.
//! Everything else, such as errors and progress, goes to standard error.

pub mod args;
pub mod audit;
pub mod bundle;
pub mod check;
pub mod doctor;
pub mod health;
pub mod out;
pub mod report;
pub mod run_report;
pub mod runs;
#[cfg(feature = "sandbox")]
pub mod sandbox;
pub mod serve;
pub mod sweep;

use std::sync::Arc;

use anyhow::Context;
use clap::CommandFactory as _;
use secrecy::ExposeSecret as _;

use self::args::{Cli, Command, Exit};
use crate::config::{Config, Env, Problems, Purpose};
use crate::upstream::live::Live;
use crate::upstream::{Clients, Limits, Transport, UpstreamConfig};
use crate::world::World;

/// Runs one command and returns its exit code. All configuration problems are printed, and the exit code is then 78.
///
/// # Errors
/// The reason of the failure, for standard error; the program exits with 1.
pub async fn run(cli: Cli, env: Env) -> anyhow::Result<Exit> {
    let path = cli.config.as_deref();
    let load = |purpose| Config::load(path, &env, purpose);
    match cli.command {
        Command::Check { who, app, json, bundle } => match load(Purpose::Diagnose) {
            Ok(config) => check::run(&config, &who, app.as_deref(), json, bundle.as_deref()).await,
            Err(problems) => Ok(refuse(&problems)),
        },
        Command::Replay { file, json } => bundle::replay(&file, json),
        Command::Sweep { json, csv } => match load(Purpose::Diagnose) {
            Ok(config) => sweep::run(&config, json, csv).await,
            Err(problems) => Ok(refuse(&problems)),
        },
        Command::Manifest { url, socket } => {
            let delivery = match url {
                Some(url) if !socket => crate::slack::manifest::Delivery::Http(url),
                _ => crate::slack::manifest::Delivery::Socket,
            };
            out::print(format_args!("{}", crate::slack::manifest::render(&delivery)));
            Ok(Exit::Healthy)
        }
        Command::Serve => match load(Purpose::Serve) {
            Ok(config) => serve::run(config).await,
            Err(problems) => Ok(refuse(&problems)),
        },
        #[cfg(feature = "sandbox")]
        Command::Sandbox { play, list, from } => sandbox::run(play, list, from.as_deref()).await,
        Command::Audit(audit) => match load(Purpose::Store) {
            Ok(config) => audit::run(&config, audit).await,
            Err(problems) => Ok(refuse(&problems)),
        },
        Command::Report { since, json, csv } => match load(Purpose::Store) {
            Ok(config) => run_report::run(&config, since, json, csv).await,
            Err(problems) => Ok(refuse(&problems)),
        },
        Command::Runs(what) => match load(Purpose::Store) {
            Ok(config) => runs::run(&config, what).await,
            Err(problems) => Ok(refuse(&problems)),
        },
        Command::Migrate => match load(Purpose::Store) {
            Ok(config) => {
                let opened = reinstate_store::Store::open(config.store.url.expose_secret()).await;
                opened.map_err(serve::unusable)?;
                out::line(format_args!("The database is up to date."));
                Ok(Exit::Healthy)
            }
            Err(problems) => Ok(refuse(&problems)),
        },
        Command::Health => match load(Purpose::Store) {
            Ok(config) => health::run(&config).await,
            Err(problems) => Ok(refuse(&problems)),
        },
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "reinstate", &mut std::io::stdout());
            Ok(Exit::Healthy)
        }
        Command::Doctor { json } => doctor::run(path, &env, json).await,
    }
}

fn refuse(problems: &Problems) -> Exit {
    eprintln!("{problems}");
    Exit::Config
}

/// The real upstream services of a configuration.
///
/// # Errors
/// When the system's certificates cannot be used.
pub fn world(config: &Config) -> anyhow::Result<Arc<dyn World>> {
    world_within(config, config.upstream().limits)
}

/// The same with other limits on its calls.
///
/// # Errors
/// As [`world`].
pub fn world_within(config: &Config, limits: Limits) -> anyhow::Result<Arc<dyn World>> {
    let network = Transport::network().context("the HTTP client could not be made")?;
    Ok(world_over(network, config, limits))
}

/// The same over another way to the services.
#[must_use]
pub fn world_over(transport: Transport, config: &Config, limits: Limits) -> Arc<dyn World> {
    let clients = Clients::over(transport, UpstreamConfig { limits, ..config.upstream() });
    Arc::new(Live::new(clients, config.entra.service_principal_id.clone()))
}
