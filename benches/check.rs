//! Measures one diagnosis with the simulated services and 200 ms per upstream call. It compares the time with the
//! lower bound: the longest chain of dependent calls. Run with `cargo bench --bench check`.
//!
//! The figures have no pass limit: a noisy machine must not turn a measurement into a failure.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, Instant};

use reinstate::cli::world;
use reinstate::config::{Config, Purpose};
use reinstate::world::ReadScope;
use reinstate_core::{Subject, Who, diagnose, plan};
use reinstate_sandbox::Sandbox;
use reinstate_sandbox::tenant::Tenant;

const LATENCY: Duration = Duration::from_millis(200);
const RUN_COUNT: usize = 5;

/// A healthy person with ten groups.
fn tenant() -> Tenant {
    let mut tenant = Tenant::new();
    let jane = tenant.employee("jane@acme.example", "Jane Doe");
    for number in 3..=10 {
        let name = format!("team-{number}");
        tenant.atlassian.add_group(&name, true, &[]);
        tenant.atlassian.join(&jane.record, &name);
        let group = tenant.entra.add_group(&name);
        tenant.entra.assign_group(&group);
        tenant.entra.add_member(&group, &jane.idp);
    }
    tenant
}

fn main() {
    reinstate::upstream::install_tls();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        println!(
            "One check of a healthy account with 10 groups, {} ms per upstream call, {RUN_COUNT} runs",
            LATENCY.as_millis()
        );
        println!("{:<28} {:>6} {:>10} {:>10} {:>7}", "", "calls", "median ms", "floor ms", "ratio");
        // The account, then its groups, then what they grant. The token and the person are read beside them.
        measure("first check (no token yet)", 3, true).await;
        // The account, then its roles. What the groups grant is remembered for ten minutes.
        measure("next check (token at hand)", 2, false).await;
    });
}

async fn measure(name: &str, chain: u32, cold: bool) {
    let mut times = Vec::new();
    let mut calls = 0;
    for _ in 0..RUN_COUNT {
        let sandbox = Sandbox::start(tenant()).await.unwrap();
        let config =
            Config::load(None, &sandbox.env("sqlite::memory:", "127.0.0.1:0"), Purpose::Diagnose).unwrap();
        let world = world(&config).unwrap();
        let subject = || Subject::asked(Who::Email("jane@acme.example".to_owned()));
        if !cold {
            world.gather(subject(), ReadScope::Everything).await;
        }
        let before = sandbox.wire.calls().len();
        sandbox.wire.set_latency(LATENCY);
        let started = Instant::now();
        let evidence = world.gather(subject(), ReadScope::Everything).await;
        let diagnosis = diagnose(&evidence);
        std::hint::black_box(plan(&evidence, &diagnosis, &config.rules(), &[]));
        times.push(started.elapsed());
        assert_eq!(diagnosis.verdict.word(), "healthy");
        let token = usize::from(cold);
        calls = sandbox.wire.calls().len() - before - token;
    }
    times.sort();
    let median = times.get(RUN_COUNT / 2).copied().unwrap_or_default();
    let floor = LATENCY * chain;
    println!(
        "{name:<28} {calls:>6} {:>10} {:>10} {:>7.2}",
        median.as_millis(),
        floor.as_millis(),
        median.as_secs_f64() / floor.as_secs_f64()
    );
}
