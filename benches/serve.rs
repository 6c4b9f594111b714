//! How soon `serve` is ready after its start, with services that answer at once, and how much memory it holds when
//! nothing happens. Run with `cargo bench --bench serve`. Linux only: memory is read from /proc.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use reinstate_sandbox::Sandbox;
use reinstate_sandbox::tenant::Tenant;

const RUN_COUNT: usize = 7;
/// Long enough for the first look-ups to be over.
const IDLE_TIME: Duration = Duration::from_secs(3);

fn main() {
    reinstate::upstream::install_tls();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let mut ready = Vec::new();
        let mut memory = Vec::new();
        for _ in 0..RUN_COUNT {
            let sandbox = Sandbox::start(Tenant::new()).await.unwrap();
            let folder = tempfile::tempdir().unwrap();
            let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let store = format!("sqlite:{}", folder.path().join("a.db").display());
            let started = Instant::now();
            let mut child = Command::new(env!("CARGO_BIN_EXE_reinstate"))
                .arg("serve")
                .env_clear()
                .envs(sandbox.env(&store, &format!("127.0.0.1:{port}")))
                .env("RUST_LOG", "warn")
                .stdin(Stdio::null())
                .spawn()
                .unwrap();
            let client = reqwest::Client::new();
            let url = format!("http://127.0.0.1:{port}/readyz");
            while !client.get(&url).send().await.is_ok_and(|answer| answer.status().is_success()) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            ready.push(started.elapsed());
            tokio::time::sleep(IDLE_TIME).await;
            let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
            let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
            memory.push(line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap());
            child.kill().unwrap();
            child.wait().unwrap();
        }
        ready.sort();
        memory.sort_unstable();
        println!("serve, {RUN_COUNT} starts, a new SQLite file each time");
        println!("start to ready, median   {:>6} ms", ready.get(RUN_COUNT / 2).unwrap().as_millis());
        println!(
            "idle memory, median      {:>6.1} MB",
            memory.get(RUN_COUNT / 2).copied().unwrap_or_default() as f64 / 1024.0
        );
    });
}
