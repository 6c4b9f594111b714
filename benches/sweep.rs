//! Measures a sweep of a whole organization with the simulated services and 50 ms per upstream call: the time, the
//! number of calls and the memory, each against its lower bound. Run with `cargo bench --bench sweep`;
//! `SWEEP_SIZES=1000000 cargo bench --bench sweep` uses other sizes. Each organization is measured twice: with the object
//! id as `externalId`, and with Microsoft's default, the mail nickname. Linux only: memory is read from /proc.
//!
//! The sweep runs in its own process (`reinstate sweep --json`), so that its memory can be measured. Its findings are
//! compared with what the generator broke. The figures have no pass limit.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use reinstate_core::evidence::APP_ROLES;
use reinstate_sandbox::Sandbox;
use reinstate_sandbox::external_id::ExternalIdFrom;
use reinstate_sandbox::large_org::Crowd;
use serde_json::Value;

const LATENCY: Duration = Duration::from_millis(50);
const GROUP_COUNT: usize = 300;
/// Parallel calls to one service (`upstream/rate_limit.rs`).
const CALLS_IN_FLIGHT: f64 = 16.0;
/// Apps that a group grants. Each is listed once for each role that opens it, and once for the roles that open nothing.
const GRANTED_APPS: usize = 1;
/// Groups that grant an app. The roles of each are one call.
const GRANTING_GROUPS: usize = 3;
/// Page sizes of the lists: accounts, users and memberships, records (`upstream/live/bulk.rs`).
const PAGE_SIZES: [usize; 3] = [100, 999, 500];

fn main() {
    reinstate::upstream::install_tls();
    let sizes = std::env::var("SWEEP_SIZES").unwrap_or_else(|_| "10000,100000".to_owned());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    println!("A sweep with {} ms per upstream call, {GROUP_COUNT} groups, 1 % broken", LATENCY.as_millis());
    println!(
        "{:>9} {:>12} {:>8} {:>8} {:>6} {:>8} {:>8} {:>6} {:>8} {:>11} {:>7}",
        "accounts",
        "externalId",
        "wall s",
        "floor s",
        "ratio",
        "calls",
        "allowed",
        "ratio",
        "peak MB",
        "us/account",
        "broken"
    );
    for size in sizes.split(',').map(|size| size.trim().parse().unwrap()) {
        for from in [ExternalIdFrom::ObjectId, ExternalIdFrom::MailNickname] {
            runtime.block_on(measure(size, from));
        }
    }
}

async fn measure(people: usize, from: ExternalIdFrom) {
    let mut company = Crowd { people, groups: GROUP_COUNT, broken_in: 100, seed: 1 }.company();
    company.tenant.map_external_id(from);
    let (expected, broken, accounts) = (company.by_cause.clone(), company.broken, company.accounts);
    let members: Vec<usize> =
        company.tenant.entra.groups.values().map(|group| group.members.len().max(1)).collect();
    let entries = company.tenant.entra.log.len();
    let sandbox = Sandbox::start(company.tenant).await.unwrap();
    sandbox.wire.set_latency(LATENCY);
    let env = sandbox.env("sqlite::memory:", "127.0.0.1:0");
    let (summary, wall, peak) = tokio::task::spawn_blocking(move || sweep(&env)).await.unwrap();
    let found: BTreeMap<String, u64> =
        serde_json::from_value(summary["summary"]["by_cause"].clone()).unwrap();
    let right = found == expected && summary["summary"]["broken"] == broken;
    let calls = sandbox.wire.calls().len();
    // All accounts, those that hold the granted role, and one page of each other list of role holders.
    let pages = (1 + GRANTED_APPS) * accounts.div_ceil(PAGE_SIZES[0] as u64) as usize
        + GRANTED_APPS * APP_ROLES.len()
        + GRANTING_GROUPS
        + people.div_ceil(PAGE_SIZES[1])
        + members.iter().map(|count| count.div_ceil(PAGE_SIZES[1])).sum::<usize>()
        + people.div_ceil(PAGE_SIZES[2])
        + entries.div_ceil(500);
    let allowed = 1.1 * pages as f64 + 8.0 * broken as f64;
    let chain = accounts.div_ceil(PAGE_SIZES[0] as u64) as f64 * LATENCY.as_secs_f64();
    let flight = calls as f64 / CALLS_IN_FLIGHT * LATENCY.as_secs_f64();
    let limit = entries.div_ceil(500).saturating_sub(5) as f64 / 5.0 * 10.0;
    let floor = chain.max(flight).max(limit);
    println!(
        "{accounts:>9} {:>12} {:>8.1} {floor:>8.1} {:>6.2} {calls:>8} {allowed:>8.0} {:>6.2} {peak:>8.0} {:>11.0} {:>7}",
        if from == ExternalIdFrom::ObjectId { "object id" } else { "nickname" },
        wall.as_secs_f64(),
        wall.as_secs_f64() / floor,
        calls as f64 / allowed,
        wall.as_micros() as f64 / accounts as f64,
        if right { "right" } else { "WRONG" }
    );
    if !right {
        println!("found {found:?}\nwanted {expected:?}\n{summary}");
    }
    let faults = sandbox.wire.faults();
    println!(
        "           longest list {chain:.1} s, calls in flight {flight:.1} s, published limits {limit:.1} s; faults {}",
        faults.len()
    );
}

/// Runs the program. Returns its summary, the time, and the peak memory.
fn sweep(env: &BTreeMap<String, String>) -> (Value, Duration, f64) {
    let began = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_reinstate"))
        .args(["sweep", "--json"])
        .env_clear()
        .envs(env)
        .env("RUST_LOG", "warn")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let id = child.id();
    let watching = std::thread::spawn(move || {
        let mut peak = 0;
        while let Ok(status) = std::fs::read_to_string(format!("/proc/{id}/status")) {
            let Some(line) = status.lines().find(|line| line.starts_with("VmHWM:")) else { break };
            peak = line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap();
            std::thread::sleep(Duration::from_millis(50));
        }
        peak as f64 / 1024.0
    });
    let mut last = String::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        last = line.unwrap();
    }
    child.wait().unwrap();
    let wall = began.elapsed();
    (serde_json::from_str(&last).unwrap(), wall, watching.join().unwrap())
}
