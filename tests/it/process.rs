//! The real program, running `serve` as a process of its own: to be killed, frozen and started again.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::process::{Child, Command};

/// How long anything may take on a busy machine before a test gives up.
pub const PROCESS_TIMEOUT: Duration = Duration::from_secs(400);

pub struct Bot {
    child: Child,
    port: u16,
}

impl Bot {
    /// Starts it and waits until it is ready.
    pub async fn start(env: &BTreeMap<String, String>, port: u16) -> Self {
        let bot = Self::launch(env, port);
        bot.ready().await;
        bot
    }

    pub fn launch(env: &BTreeMap<String, String>, port: u16) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_reinstate"))
            .arg("serve")
            .env_clear()
            .env("RUST_LOG", std::env::var("RUST_LOG").unwrap_or_else(|_| "error".to_owned()))
            .envs(env)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Self { child, port }
    }

    /// Where Slack's requests go.
    pub fn request_url(port: u16) -> String {
        format!("http://127.0.0.1:{port}/slack/events")
    }

    /// Waits until `/readyz` says so.
    pub async fn ready(&self) {
        let since = Instant::now();
        while self.asked("readyz").await != Some(200) {
            assert!(since.elapsed() < PROCESS_TIMEOUT, "serve did not come up");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The status of one of its own pages; none when it does not answer.
    pub async fn asked(&self, page: &str) -> Option<u16> {
        let answer = reqwest::get(format!("http://127.0.0.1:{}/{page}", self.port)).await;
        answer.ok().map(|answer| answer.status().as_u16())
    }

    /// SIGKILL, as a machine that is switched off.
    pub async fn kill(mut self) {
        self.child.start_kill().unwrap();
        self.child.wait().await.unwrap();
    }

    /// Waits until it has ended by itself.
    pub async fn ends(mut self) {
        self.child.wait().await.unwrap();
    }

    /// Whether it is the process that this owner of a lease names.
    pub fn is(&self, owner: &str) -> bool {
        let pid = self.child.id().expect("it runs").to_string();
        owner.split('-').next() == Some(&pid)
    }

    /// Sends a signal by its name.
    pub async fn signal(&self, name: &str) {
        let pid = self.child.id().expect("it runs").to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &pid]).status().await.unwrap();
        assert!(sent.success(), "SIG{name} could not be sent");
    }
}
