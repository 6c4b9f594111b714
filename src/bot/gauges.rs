//! Gauges for work that does not progress: runs by state, pending approvals, cards that are out of date; and for what runs
//! out. They are read from the store at intervals, so every replica shows the same values. A gauge must never name a
//! person or a run, and never show a number for something unread.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

use super::app::App;
use reinstate_core::run::Next;
use reinstate_core::warning::{Credential, Expiry, Facts, Warning, last_cycle, warnings};

/// How often the gauges are read. Prometheus scrapes about as often.
const POLL_INTERVAL: Duration = Duration::from_secs(15);
/// How many open runs are folded. The rest is counted as `other`.
const MAX_RUNS: usize = 200;

/// Every state of an open run. A state without runs then shows zero instead of its last count.
const STATES: [&str; 4] = ["running", "waits-for-approval", "waits-for-person", "other"];

/// Reads the gauges until `stop` is set.
pub async fn run(app: std::sync::Arc<App>, mut stop: watch::Receiver<bool>) {
    loop {
        if let Err(error) = read(&app).await {
            tracing::debug!(%error, "the gauges could not be read");
        }
        tokio::select! {
            () = tokio::time::sleep(POLL_INTERVAL) => {}
            _ = stop.wait_for(|end| *end) => return,
        }
    }
}

async fn read(app: &App) -> Result<(), reinstate_store::StoreError> {
    let now = crate::clock::now();
    let (runs, all) = app.journal.store().oldest_open_runs(MAX_RUNS).await?;
    let mut states: BTreeMap<&str, u32> = STATES.iter().map(|state| (*state, 0)).collect();
    let mut oldest = 0.0_f64;
    for run in &runs {
        let state = match app.journal.run(run).await {
            Ok(run) => match run.next(now, &app.rules, &app.limits) {
                Next::AwaitApproval { .. } => {
                    let since = run.current.as_ref().map_or(now, |current| current.at);
                    oldest = oldest.max(now.duration_since(since).as_secs_f64());
                    "waits-for-approval"
                }
                Next::AwaitPerson => "waits-for-person",
                _ => "running",
            },
            Err(_) => "other",
        };
        *states.entry(state).or_default() += 1;
    }
    // A run may have ended since the store counted the open runs.
    let rest = usize::try_from(all).unwrap_or(usize::MAX).saturating_sub(runs.len());
    let rest = u32::try_from(rest).unwrap_or(u32::MAX);
    *states.entry("other").or_default() += rest;
    for (state, count) in &states {
        metrics::gauge!("reinstate_runs", "state" => (*state).to_owned()).set(f64::from(*count));
    }
    metrics::gauge!("reinstate_approval_oldest_seconds").set(oldest);
    let behind = app.journal.store().stale_cards(1000).await?.len();
    metrics::gauge!("reinstate_cards_behind").set(f64::from(u32::try_from(behind).unwrap_or(u32::MAX)));
    if let Some(text) = app.journal.store().warning_facts().await? {
        match serde_json::from_str(&text) {
            Ok(facts) => what_runs_out(&facts, now),
            // A process of another version has written them.
            Err(error) => tracing::debug!(%error, "what the last look has read cannot be read"),
        }
    }
    Ok(())
}

/// What is unread is no number: alerts compare with nothing then.
const UNREAD: f64 = f64::NAN;

/// What the last look has read about what runs out.
fn what_runs_out(facts: &Facts, now: Timestamp) {
    let all = warnings(facts, now);
    for kind in Warning::KINDS {
        let count = all.iter().filter(|one| one.kind() == kind).count();
        metrics::gauge!("reinstate_warnings", "kind" => kind).set(number(count));
    }
    for word in Credential::WORDS {
        let all: Vec<&Expiry> = facts.expiries.iter().filter(|one| one.of.word() == word).collect();
        let first = all.iter().filter_map(|one| one.ends.get()).min();
        if !all.is_empty() {
            metrics::gauge!("reinstate_expiry_timestamp_seconds", "credential" => word)
                .set(seconds(first.copied()));
        }
    }
    let apps = facts.apps.get().into_iter().flatten();
    let seats = apps.filter_map(|app| ratio(app.usage?, app.capacity?));
    metrics::gauge!("reinstate_seats_used_ratio").set(seats.reduce(f64::max).unwrap_or(UNREAD));
    let groups = facts.groups.get().into_iter().flatten();
    let groups = groups.filter_map(|group| ratio(group.members?, facts.group_limit?));
    metrics::gauge!("reinstate_group_used_ratio").set(groups.reduce(f64::max).unwrap_or(UNREAD));
    let cycle = facts.job.get().and_then(last_cycle);
    metrics::gauge!("reinstate_job_cycle_timestamp_seconds").set(seconds(cycle));
}

fn ratio(taken: i64, all: i64) -> Option<f64> {
    let number = |number: i64| u32::try_from(number).ok().map(f64::from);
    Some(number(taken)? / number(all).filter(|all| *all > 0.0)?)
}

fn seconds(at: Option<Timestamp>) -> f64 {
    at.map_or(UNREAD, |at| at.duration_since(Timestamp::UNIX_EPOCH).as_secs_f64())
}

fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use reinstate_core::Read;
    use reinstate_core::evidence::{Job, Workspace};
    use reinstate_core::warning::GroupSize;

    fn shown(facts: &Facts) -> String {
        let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        metrics::with_local_recorder(&recorder, || what_runs_out(facts, now));
        recorder.handle().render()
    }

    #[test]
    fn what_runs_out_is_shown_and_what_is_unread_is_no_number() {
        let at = |second: i64| Timestamp::from_second(1_800_000_000 + second).unwrap();
        fn seen<T>(value: T) -> Read<T> {
            Read::seen(Timestamp::UNIX_EPOCH, value)
        }
        let key = |directory: &str, ends| Expiry { of: Credential::ScimKey(directory.into()), ends };
        let app = |usage, capacity| Workspace { usage, capacity, ..Workspace::default() };
        let facts = Facts {
            expiries: vec![
                key("d1", seen(at(9000))),
                key("d2", seen(at(5000))),
                key("d3", Read::NotAsked),
                Expiry { of: Credential::OrganizationKey, ends: Read::NotAsked },
            ],
            apps: seen(vec![
                app(Some(1), Some(2)),
                app(Some(3), Some(4)),
                app(Some(9), None),
                app(Some(9), Some(0)),
            ]),
            groups: seen(vec![GroupSize { members: Some(70), ..GroupSize::default() }]),
            group_limit: Some(100),
            job: seen(Job {
                last_cycle: Some(at(-20_000)),
                schedule: Some("Active".into()),
                ..Job::default()
            }),
        };
        let text = shown(&facts);
        for line in [
            "reinstate_warnings{kind=\"expiry\"} 2",
            "reinstate_warnings{kind=\"seats\"} 0",
            "reinstate_warnings{kind=\"group\"} 0",
            "reinstate_warnings{kind=\"no-cycle\"} 1",
            "reinstate_expiry_timestamp_seconds{credential=\"scim-key\"} 1800005000",
            "reinstate_expiry_timestamp_seconds{credential=\"organization-key\"} NaN",
            "reinstate_seats_used_ratio 0.75",
            "reinstate_group_used_ratio 0.7",
            "reinstate_job_cycle_timestamp_seconds 1799980000",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
        assert!(!text.contains("client-secret"), "there is none: {text}");
        let text = shown(&Facts { group_limit: Some(100), ..Facts::default() });
        for name in ["seats_used_ratio", "group_used_ratio", "job_cycle_timestamp_seconds"] {
            assert!(text.contains(&format!("reinstate_{name} NaN")), "{name} in {text}");
        }
    }
}
