//! The App Home: what waits for the reader's approval, what needs the reader as its requester, what runs, and what ran
//! lately. It is published when a person opens it, and again when a run changes while that person may still be
//! looking. A bounded number of runs is read, once for all viewers, so this never takes more than a small part of the
//! time, however many runs are open. Only the process that received the opening event knows the viewer; a person who opens the Home
//! again sees the current state. It must never show runs to a person without a role.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use tokio::sync::{OnceCell, watch};

use super::app::App;
use super::watchers::Watcher;
use crate::exec::Loaded;
use crate::slack::api::ApiError;
use crate::slack::cards;
use crate::slack::cards::home::{self as view, Awaits, Listed, Lists};
use reinstate_core::digest::hex;
use reinstate_core::run::{Next, Requester};
use reinstate_core::sweep::SweepNext;
use reinstate_core::{Action, may};

/// The shortest interval between two checks for changes. Reading takes at most a tenth of the time.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
const MAX_RECENT_RUNS: i64 = 10;
/// How many open runs are read, the oldest first. The others are only counted.
const MAX_OPEN_RUNS: usize = 200;

/// Publishes the Home of a person who opened it, and keeps it up to date from now on.
pub(super) async fn opened(app: &App, by: Requester) {
    app.homes.watch(by.clone());
    let watcher = Watcher { by, since: Instant::now(), shown: String::new() };
    publish(app, &watcher, &OnceCell::new()).await;
}

/// Keeps the Homes up to date until `shutdown` is set.
pub async fn run(app: Arc<App>, mut shutdown: watch::Receiver<bool>) {
    let mut seen = None;
    loop {
        let mut pause = POLL_INTERVAL;
        let watchers = app.homes.all();
        if !watchers.is_empty() {
            let now = app.journal.store().head().await.ok().map(|head| head.to_string());
            if now.is_some() && now != seen {
                seen = now;
                let standing = OnceCell::new();
                for watcher in watchers {
                    pause = pause.max(publish(&app, &watcher, &standing).await);
                }
                if let Some(Ok(runs)) = standing.get() {
                    pause = pause.max(runs.took * 9);
                }
            }
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = shutdown.wait_for(|end| *end) => return,
        }
    }
}

/// Publishes a Home if it would show something new. Returns how long to wait if Slack limits the rate.
async fn publish(app: &App, watcher: &Watcher, standing: &OnceCell<Standing>) -> Duration {
    let view = draw(app, &watcher.by, standing).await;
    let print = hex(&Sha256::digest(view.to_string().as_bytes()));
    if print == watcher.shown {
        return Duration::ZERO;
    }
    match app.slack.publish_home(&watcher.by.id, &view).await {
        Ok(()) => {
            app.homes.shown(&watcher.by.id, print);
            Duration::ZERO
        }
        Err(ApiError::Limited(pause)) => pause,
        Err(error) => {
            tracing::info!(%error, "an App Home could not be published");
            Duration::ZERO
        }
    }
}

async fn draw(app: &App, by: &Requester, standing: &OnceCell<Standing>) -> serde_json::Value {
    let actor = app.people.actor(&app.slack, by, None).await;
    if may(&actor, &Action::CheckOneself).is_err() {
        return view::stranger();
    }
    let sees = may(&actor, &Action::Check).is_ok();
    let approves = actor.has(reinstate_core::Role::Approver);
    if !sees && !approves {
        return view::employee();
    }
    // Reads the runs only if somebody may see them.
    let Ok(runs) = standing.get_or_init(|| read(app)).await else { return view::no_store() };
    view::home(&lists(app, runs, &by.id, approves, sees).await, approves, sees)
}

/// The runs from which the Homes are drawn, or the reason why they could not be read.
type Standing = Result<Runs, reinstate_store::StoreError>;

struct Runs {
    open: Vec<Listed>,
    /// How many open runs were not read.
    unread: usize,
    recent: Vec<Listed>,
    /// How long the reading took.
    took: Duration,
}

async fn read(app: &App) -> Standing {
    let (began, store) = (Instant::now(), app.journal.store());
    let now = app.journal.now().await?;
    let (mut open, mut recent) = (Vec::new(), Vec::new());
    let (oldest, count) = store.oldest_open_runs(MAX_OPEN_RUNS).await?;
    for run in &oldest {
        open.extend(listed(app, run, now).await);
    }
    let unread = usize::try_from(count).unwrap_or_default().saturating_sub(oldest.len());
    let ended = store.recent_runs(MAX_RECENT_RUNS * 3).await?.into_iter().filter(|row| row.ended());
    for row in ended.take(usize::try_from(MAX_RECENT_RUNS).unwrap_or(10)) {
        recent.extend(listed(app, &row.run, now).await);
    }
    Ok(Runs { open, unread, recent, took: began.elapsed() })
}

async fn lists(app: &App, runs: &Runs, me: &str, approves: bool, sees: bool) -> Lists {
    let mut lists = Lists { unread: runs.unread, ..Lists::default() };
    for one in &runs.open {
        let mine = one.asked_by == me;
        let to_approve = one.awaits == Awaits::Approver && approves && !mine && !one.approved_by_me(me);
        match (to_approve, sees, mine && one.awaits == Awaits::Requester) {
            (true, _, _) => lists.to_approve.add(one),
            (false, true, true) => lists.to_continue.add(one),
            (false, true, false) => lists.open.add(one),
            (false, false, _) => {}
        }
    }
    if sees {
        runs.recent.iter().for_each(|one| lists.recent.add(one));
    }
    for list in [&mut lists.to_approve, &mut lists.to_continue, &mut lists.open] {
        for one in &mut list.shown {
            one.link = app.card_link(&one.id).await;
        }
    }
    lists
}

async fn listed(app: &App, id: &str, now: Timestamp) -> Option<Listed> {
    Some(match app.journal.load(id).await.ok()? {
        Loaded::Run(run, entries) => Listed {
            id: id.to_owned(),
            line: cards::line(&app.private_view(id, &run, &entries, now)),
            awaits: match run.next(now, &app.rules, &app.limits) {
                Next::AwaitApproval { .. } => Awaits::Approver,
                Next::AwaitPerson => Awaits::Requester,
                _ => Awaits::Nobody,
            },
            asked_by: run.asked.as_ref().map(|asked| asked.by.id.clone()).unwrap_or_default(),
            approved: run.approved_by(),
            link: None,
        },
        Loaded::Sweep(sweep, _) => Listed {
            id: id.to_owned(),
            line: cards::sweep_line(&app.private_sweep_view(id, &sweep, now)),
            awaits: match sweep.next(now, &app.limits) {
                SweepNext::AwaitApproval(_) => Awaits::Approver,
                SweepNext::AwaitRequest(_) | SweepNext::AwaitPerson => Awaits::Requester,
                _ => Awaits::Nobody,
            },
            asked_by: sweep.requester().map(|asked| asked.by.id.clone()).unwrap_or_default(),
            approved: BTreeSet::new(),
            link: None,
        },
    })
}
