//! The bot as a separate process: the same program with `serve`. It is killed with SIGKILL, like a crash. It gets an
//! environment of its own and inherits only `RUST_LOG`, so real credentials must never reach the sandbox.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use tokio::process::{Child, Command};
use tokio::sync::Mutex;

use reinstate_sandbox::lock;

/// How long the bot may take to become ready.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);
/// How often it looks while it watches. On the page, nobody wants to wait for minutes.
const WATCH_INTERVAL: &str = "10s";
/// How often its readiness is polled.
const POLL_INTERVAL: Duration = Duration::from_millis(30);

/// The state of the process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Its process id while it runs.
    pub pid: Option<u32>,
    /// How often it was killed.
    pub kills: u32,
    /// Whether it watches the feeds of changes.
    pub watches: bool,
}

/// The process of the bot: running, or killed.
pub struct Bot {
    program: PathBuf,
    env: BTreeMap<String, String>,
    port: u16,
    child: Mutex<Option<Child>>,
    health: std::sync::Mutex<Health>,
}

impl Bot {
    /// Starts the bot on a port and waits until it is ready.
    pub(super) async fn start(
        program: &Path,
        env: BTreeMap<String, String>,
        port: u16,
    ) -> anyhow::Result<Self> {
        let program = program.to_owned();
        let bot = Self { program, env, port, child: Mutex::default(), health: std::sync::Mutex::default() };
        bot.again().await?;
        Ok(bot)
    }

    pub(super) fn health(&self) -> Health {
        *lock(&self.health)
    }

    /// Starts the bot again if it does not run.
    pub(super) async fn again(&self) -> anyhow::Result<()> {
        let mut slot = self.child.lock().await;
        if slot.is_some() {
            return Ok(());
        }
        let mut child = Command::new(&self.program)
            .arg("serve")
            .env_clear()
            .envs(&self.env)
            .env("REINSTATE_WATCH__EVERY", if self.health().watches { WATCH_INTERVAL } else { "off" })
            .env("RUST_LOG", std::env::var("RUST_LOG").unwrap_or_else(|_| "error".to_owned()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("the bot's process could not be started")?;
        self.ready(&mut child).await?;
        lock(&self.health).pid = child.id();
        *slot = Some(child);
        Ok(())
    }

    /// Has it watch from now on. It starts again with the other configuration.
    pub(super) async fn watch(&self) -> anyhow::Result<()> {
        lock(&self.health).watches = true;
        if let Some(mut child) = self.child.lock().await.take() {
            child.kill().await.context("the bot's process could not be ended")?;
        }
        self.again().await
    }

    async fn ready(&self, child: &mut Child) -> anyhow::Result<()> {
        let url = format!("http://127.0.0.1:{}/readyz", self.port);
        let since = Instant::now();
        loop {
            if reqwest::get(&url).await.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            if let Some(status) = child.try_wait()? {
                bail!("the bot ended while it started: {status}");
            }
            if since.elapsed() > ANSWER_TIMEOUT {
                bail!("the bot did not become ready within {ANSWER_TIMEOUT:?}");
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    /// Sends SIGKILL without any warning before.
    pub(super) async fn kill(&self) {
        let Some(mut child) = self.child.lock().await.take() else { return };
        if let Err(error) = child.kill().await {
            tracing::warn!(%error, "the bot's process could not be killed");
        }
        let mut health = lock(&self.health);
        health.pid = None;
        health.kills = health.kills.saturating_add(1);
    }
}
