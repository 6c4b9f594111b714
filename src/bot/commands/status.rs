//! `status [RUN]`: lists the open runs, what each one waits for, and since when. For one run or sweep, it shows
//! everything that its card shows.

use super::which_run;
use crate::bot::app::App;
use crate::bot::private::ReplyTo;
use crate::exec::{JournalError, Loaded};
use crate::slack::blocks::Message;
use crate::slack::cards::{self, SweepView};
use crate::slack::markup::Markup;
use crate::slack::messages;
use crate::slack::run_ref::RunRef;
use reinstate_core::Action;
use reinstate_core::watch::Feed;

/// How many runs are read and shown. The others are only counted.
const MAX_RUNS: usize = 20;

pub(super) async fn status(app: &App, reply_to: &ReplyTo, run: Option<RunRef>) {
    let card = match (app.allow(reply_to, "status", &Action::Check).await, run) {
        (Err(card), _) => card,
        (Ok(_), Some(run)) => match which_run::only(app, reply_to, &run).await {
            Ok(id) => one(app, &id).await,
            Err(answer) => answer,
        },
        (Ok(_), None) => open(app).await,
    };
    app.reply(reply_to, &card).await;
}

async fn open(app: &App) -> Message {
    let Ok((runs, count)) = app.journal.store().oldest_open_runs(MAX_RUNS).await else {
        return Message::text(&messages::no_store());
    };
    let not_watched = not_watched(app).await;
    if runs.is_empty() {
        return Message::text(&under(messages::nothing_open(), &not_watched));
    }
    let count = usize::try_from(count).unwrap_or_default().max(runs.len());
    list(app, &under(messages::open_runs(count), &not_watched), &runs, count).await
}

/// The feeds that the watch cannot read, one line each.
async fn not_watched(app: &App) -> Vec<Markup> {
    if app.config.watch.every.is_none() {
        return Vec::new();
    }
    let states = app.journal.store().feeds().await.unwrap_or_default();
    let line = |feed: &Feed| {
        let state = states.iter().find(|state| state.feed == feed.word())?;
        Some(messages::not_watched(*feed, state.unread.as_deref()?))
    };
    Feed::ALL.iter().filter_map(line).collect()
}

fn under(title: Markup, lines: &[Markup]) -> Markup {
    lines.iter().fold(title, |all, line| all.literal("\n").then(line))
}

async fn one(app: &App, id: &str) -> Message {
    let loaded = match app.journal.load(id).await {
        Ok(loaded) => loaded,
        Err(JournalError::NoRun(_)) => return Message::text(&messages::no_run()),
        Err(error) => {
            tracing::warn!(run = id, %error, "a run or a sweep could not be read");
            let unreadable = matches!(error, JournalError::Unreadable { .. });
            return Message::text(&if unreadable { messages::unreadable(id) } else { messages::no_store() });
        }
    };
    let Ok(now) = app.journal.now().await else { return Message::text(&messages::no_store()) };
    let link = app.card_link(id).await;
    match loaded {
        Loaded::Run(run, entries) => {
            cards::status(&app.private_view(id, &run, &entries, now), link.as_deref())
        }
        Loaded::Sweep(sweep, _) => {
            let recovered = app.journal.store().recovered(id).await.unwrap_or_default();
            let changed_by = app.journal.store().changed_by(id).await.unwrap_or_default();
            let view = SweepView { recovered, changed_by, ..app.private_sweep_view(id, &sweep, now) };
            cards::sweep_status(&view, link.as_deref())
        }
    }
}

/// A list of runs, one per line, each with a link to its card. `count` is the number of all runs.
pub(super) async fn list(app: &App, title: &Markup, runs: &[String], count: usize) -> Message {
    match lines(app, runs).await {
        Some(shown) => cards::list(title, &shown, count),
        None => Message::text(&messages::no_store()),
    }
}

/// The line of each run, with a link to its card. None if the database does not answer.
pub(super) async fn lines(app: &App, runs: &[String]) -> Option<Vec<(Markup, Option<String>)>> {
    let now = app.journal.now().await.ok()?;
    let mut shown = Vec::new();
    for id in runs.iter().take(MAX_RUNS) {
        let line = match app.journal.load(id).await {
            Ok(Loaded::Run(run, entries)) => cards::line(&app.private_view(id, &run, &entries, now)),
            Ok(Loaded::Sweep(sweep, _)) => cards::sweep_line(&app.private_sweep_view(id, &sweep, now)),
            Err(_) => cards::unreadable_line(id),
        };
        shown.push((line, app.card_link(id).await));
    }
    Some(shown)
}
