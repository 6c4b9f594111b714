//! Measures how fast a signed command is acknowledged with 64 connections. Each connection sends its next command
//! when the last one is answered. For each `repair`, `serve` opens a run and syncs it to disk before it answers;
//! meanwhile it carries the runs. Then the same process, with all these open runs, gets `status` and `check` in the same
//! way. For comparison, a server that uses Slack's Bolt for JavaScript answers without any
//! write. Run with `npm install --prefix benches/bolt && cargo bench --bench acknowledge`; without Node.js only
//! `serve` is measured. `ACKNOWLEDGE_STORE=postgres://…` uses another store (an empty database) instead of a new
//! SQLite file.
//!
//! Client and server share the machine, so the figures are for comparison, not for a pass limit. Linux only: memory
//! is read from /proc.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use reinstate_sandbox::Sandbox;
use reinstate_sandbox::slack::sign::signature;
use reinstate_sandbox::tenant::{ADMINS, SIGNING_SECRET, Tenant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const CONNECTION_COUNT: usize = 64;
const WARM_UP_TIME: Duration = Duration::from_secs(2);
const MEASURED_TIME: Duration = Duration::from_secs(10);
const ROUND_COUNT: usize = 3;
/// Counts the commands of all rounds. With a store that is kept, a repeated command would only find the old run.
static NUMBER: AtomicU64 = AtomicU64::new(0);
/// The latency of each upstream call that the runs make meanwhile.
const LATENCY: Duration = Duration::from_millis(50);
/// In this order: the later ones find the runs that the first one has opened.
const COMMANDS: [&str; 3] = ["repair", "status", "check"];

fn main() {
    reinstate::upstream::install_tls();
    println!(
        "Acknowledgement of `/reinstate COMMAND` at {CONNECTION_COUNT} connections, {ROUND_COUNT} rounds of {} s",
        MEASURED_TIME.as_secs()
    );
    println!("{:<28} {:>10} {:>8} {:>8} {:>8} {:>8}", "", "answers/s", "p50 ms", "p99 ms", "max ms", "MB");
    let bolt = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/bolt");
    for _ in 0..ROUND_COUNT {
        let folder = tempfile::tempdir().unwrap();
        let store = std::env::var("ACKNOWLEDGE_STORE")
            .unwrap_or_else(|_| format!("sqlite:{}", folder.path().join("a.db").display()));
        reinstate(&store);
        if bolt.join("node_modules").exists() {
            let port = free_port();
            let mut command = Command::new("node");
            command
                .arg(bolt.join("server.js"))
                .env("PORT", port.to_string())
                .env("SIGNING_SECRET", SIGNING_SECRET);
            measure("Bolt for JavaScript, no store", command, port, &COMMANDS[..1]);
        }
    }
}

fn reinstate(store: &str) {
    // The upstream services have a thread of their own, as if they ran elsewhere.
    let services =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let sandbox = services.block_on(Sandbox::start(Tenant::new())).unwrap();
    sandbox.wire.set_latency(LATENCY);
    let port = free_port();
    let mut command = Command::new(env!("CARGO_BIN_EXE_reinstate"));
    command
        .arg("serve")
        .env_clear()
        .envs(sandbox.env(store, &format!("127.0.0.1:{port}")))
        .env("RUST_LOG", "error");
    measure("reinstate", command, port, &COMMANDS);
}

fn measure(name: &str, mut command: Command, port: u16, commands: &[&'static str]) {
    let mut server = Server(command.stdin(Stdio::null()).spawn().unwrap());
    let client = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for said in commands {
        let before = NUMBER.load(Ordering::Relaxed);
        let (mut times, length) = client.block_on(load(port, said));
        let status = std::fs::read_to_string(format!("/proc/{}/status", server.0.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        let memory = line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0;
        times.sort_unstable();
        let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1000.0;
        println!(
            "{:<28} {:>10.0} {:>8.1} {:>8.1} {:>8.1} {memory:>8.0}   ({} commands)",
            format!("{name}, {said}"),
            times.len() as f64 / length.as_secs_f64(),
            at(0.5),
            at(0.99),
            at(1.0),
            NUMBER.load(Ordering::Relaxed) - before,
        );
    }
    server.0.kill().unwrap();
    server.0.wait().unwrap();
}

/// The process is killed even if the measurement fails.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        self.0.kill().ok();
    }
}

async fn load(port: u16, said: &'static str) -> (Vec<Duration>, Duration) {
    while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // Until Slack answers `auth.test`, nobody has a role. The acknowledgement does not depend on it.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let began = Instant::now();
    let tasks: Vec<_> = (0..CONNECTION_COUNT).map(|_| tokio::spawn(talk(port, began, said))).collect();
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await.unwrap());
    }
    (times, MEASURED_TIME)
}

/// One connection: a command, its answer, the next command. Returns the times of the answers after the warm-up.
async fn talk(port: u16, began: Instant, said: &'static str) -> Vec<Duration> {
    let mut link = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    link.set_nodelay(true).unwrap();
    let mut times = Vec::new();
    let mut answer = Vec::with_capacity(4096);
    while began.elapsed() < WARM_UP_TIME + MEASURED_TIME {
        let request = request(NUMBER.fetch_add(1, Ordering::Relaxed), said);
        let sent = Instant::now();
        link.write_all(&request).await.unwrap();
        answer.clear();
        while !is_whole(&answer) {
            assert!(link.read_buf(&mut answer).await.unwrap() > 0, "the server hung up");
        }
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
        let text = String::from_utf8_lossy(&answer);
        assert!(
            said != "repair" || !text.contains("ephemeral") || text.contains("has begun"),
            "nothing was begun: {text}"
        );
        if began.elapsed() > WARM_UP_TIME {
            times.push(sent.elapsed());
        }
    }
    times
}

fn request(number: u64, said: &str) -> Vec<u8> {
    let text =
        if said == "status" { said.to_owned() } else { format!("{said}+person{number}%40acme.example") };
    let body = format!(
        "token=none&team_id=T0ACME&team_domain=acme&channel_id={ADMINS}&channel_name=admins&user_id=U0ADA&user_name=ada\
         &command=%2Freinstate&text={text}&api_app_id=A0REINSTATE&is_enterprise_install=false\
         &response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT0%2F{number}%2Fnone&trigger_id={number}.1.abc"
    );
    let now = reinstate::clock::now().as_second().to_string();
    let sign = signature(SIGNING_SECRET, &now, body.as_bytes());
    format!(
        "POST /slack/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         X-Slack-Request-Timestamp: {now}\r\nX-Slack-Signature: {sign}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// Whether the head and the announced length of the body have arrived.
fn is_whole(answer: &[u8]) -> bool {
    let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&answer[..end]).to_lowercase();
    let body = &answer[end + 4..];
    if head.contains("transfer-encoding: chunked") {
        return body.ends_with(b"0\r\n\r\n");
    }
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    body.len() >= length.map_or(0, |length| length.trim().parse::<usize>().unwrap())
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
