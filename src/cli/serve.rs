//! `serve`: the bot itself. It starts while Slack, Atlassian and Entra are down, and stops on SIGTERM or Ctrl-C. The
//! next process that claims its runs continues them. It must never wait for a run to end before it stops.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use secrecy::ExposeSecret as _;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::args::Exit;
use crate::bot::app::App;
use crate::bot::{
    configured, gauges, home, housekeeping, poster, schedule, socket, warnings, watch as watch_feeds,
};
use crate::config::{Config, Transport};
use crate::exec::{Engine, Timing};
use crate::telemetry::Metrics;
use crate::world::World;
use crate::{clock, doctor, server};
use reinstate_store::{FileLock, Store, StoreError};

use super::world;

/// How long a stop waits for answers that are in progress.
const FAREWELL_TIMEOUT: Duration = Duration::from_secs(5);

/// A running bot.
pub struct Running {
    pub addr: SocketAddr,
    pub app: Arc<App>,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    _alone: Option<FileLock>,
}

impl Running {
    /// Stops accepting requests, finishes the answers in progress, and ends.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        for task in self.tasks {
            let abort = task.abort_handle();
            if tokio::time::timeout(FAREWELL_TIMEOUT, task).await.is_err() {
                abort.abort();
            }
        }
    }
}

/// Starts the bot on the given listener. Without `metrics` nothing is measured: a process can have only one recorder,
/// and tests start many bots. `timing` sets the waiting times of the executor, and `world` holds its upstream
/// services.
///
/// # Errors
/// When the database cannot be opened or the HTTP clients cannot be created.
pub async fn start(
    config: Config,
    listener: TcpListener,
    metrics: Option<Metrics>,
    timing: Timing,
    world: Arc<dyn World>,
) -> anyhow::Result<Running> {
    let addr = listener.local_addr()?;
    let url = config.store.url.expose_secret();
    let store = Store::open(url).await.map_err(unusable)?;
    let alone = store.take_over(url).await.map_err(unusable)?;
    let over_socket = config.slack.transport == Transport::Socket;
    configured::note_configuration(&store, &config, clock::now()).await.map_err(unusable)?;
    let app = App::new(config, store, world)?;
    let (stop, stopped) = watch::channel(false);
    let engine = Arc::new(Engine { timing, ..app.engine() });
    let mut tasks = vec![
        tokio::spawn(engine.run(stopped.clone())),
        tokio::spawn(poster::run(app.clone(), stopped.clone())),
        tokio::spawn(home::run(app.clone(), stopped.clone())),
        tokio::spawn(schedule::run(app.clone(), stopped.clone())),
        tokio::spawn(watch_feeds::run(app.clone(), stopped.clone())),
        tokio::spawn(warnings::run(app.clone(), stopped.clone())),
        tokio::spawn(server::run(app.clone(), metrics.clone(), listener, stopped.clone())),
    ];
    if over_socket {
        let (seed, _) = uuid::Uuid::new_v4().as_u64_pair();
        tasks.push(tokio::spawn(socket::run(app.clone(), stopped.clone(), seed)));
    }
    if metrics.is_some() {
        tasks.push(tokio::spawn(gauges::run(app.clone(), stopped.clone())));
    }
    tasks.push(tokio::spawn(housekeeping::run(app.clone(), metrics, stopped)));
    Ok(Running { addr, app, stop, tasks, _alone: alone })
}

/// Serves until a signal stops it.
///
/// # Errors
/// When the port is taken or the bot cannot start.
pub async fn run(config: Config) -> anyhow::Result<Exit> {
    let listen = config.server.listen.clone();
    let listener = TcpListener::bind(&listen)
        .await
        .with_context(|| format!("server.listen: {listen} cannot be listened at"))?;
    let world = world(&config)?;
    let running = start(config, listener, Some(Metrics::install()?), Timing::default(), world).await?;
    tracing::info!(addr = %running.addr, "listening on {}", running.addr);
    let app = running.app.clone();
    let glance = tokio::spawn(async move {
        doctor::log(&doctor::quick(&app.config, app.journal.store()).await);
    });
    wait_for_the_end().await;
    tracing::info!("stopping");
    glance.abort();
    running.stop().await;
    Ok(Exit::Healthy)
}

/// Why the bot cannot start with this store, and what to do about it.
pub(super) fn unusable(error: StoreError) -> anyhow::Error {
    anyhow!("{error}. {}", doctor::store_fix(&error))
}

/// Waits for Ctrl-C or SIGTERM.
pub(super) async fn wait_for_the_end() {
    let interrupt = tokio::signal::ctrl_c();
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
        }
        Err(_) => {
            interrupt.await.ok();
        }
    }
}
