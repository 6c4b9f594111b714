//! The bot as a process of its own: the same program with `serve`. Killing it is SIGKILL, as a crash would be. It is
//! given an environment of its own and nothing of ours, so that real credentials can never reach the sandbox.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use tokio::process::{Child, Command};
use tokio::sync::Mutex;

use reinstate_sandbox::lock;

/// How long the bot may take to be ready.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);
/// How often it is asked.
const POLL_INTERVAL: Duration = Duration::from_millis(30);

/// What is known of the process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Its process id, while it runs.
    pub pid: Option<u32>,
    /// How often it was killed.
    pub kills: u32,
}

/// The bot's process: running, or killed.
pub struct Bot {
    program: PathBuf,
    env: BTreeMap<String, String>,
    port: u16,
    child: Mutex<Option<Child>>,
    health: std::sync::Mutex<Health>,
}

impl Bot {
    /// Starts it on a port and waits until it is ready.
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

    /// Starts it again, if it does not run.
    pub(super) async fn again(&self) -> anyhow::Result<()> {
        let mut slot = self.child.lock().await;
        if slot.is_some() {
            return Ok(());
        }
        let mut child = Command::new(&self.program)
            .arg("serve")
            .env_clear()
            .envs(&self.env)
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

    /// SIGKILL, and nothing before it.
    pub(super) async fn kill(&self) {
        let Some(mut child) = self.child.lock().await.take() else { return };
        if let Err(error) = child.kill().await {
            tracing::warn!(%error, "the bot's process could not be killed");
        }
        let mut health = lock(&self.health);
        *health = Health { pid: None, kills: health.kills.saturating_add(1) };
    }
}
