//! `status [RUN]`: what runs, and what waits for whom since when; of one run, everything its card shows.

use crate::bot::app::App;
use crate::bot::private::Ear;
use crate::exec::LedgerError;
use crate::slack::blocks::Card;
use crate::slack::cards;
use crate::slack::markup::Markup;
use crate::slack::words;
use reinstate_core::Action;
use reinstate_store::StoreError;

/// How many runs are listed.
const MOST: usize = 20;

pub(super) async fn status(app: &App, ear: &Ear, run: Option<String>) {
    let card = match (app.allow(ear, "status", &Action::Check).await, run) {
        (Err(card), _) => card,
        (Ok(_), Some(run)) => one(app, &run).await,
        (Ok(_), None) => open(app).await,
    };
    app.tell(ear, &card).await;
}

async fn open(app: &App) -> Card {
    let runs: Vec<String> = match app.ledger.store().open_runs().await {
        Ok(rows) => rows.into_iter().map(|row| row.run).collect(),
        Err(_) => return Card::text(&words::no_store()),
    };
    if runs.is_empty() {
        return Card::text(&words::nothing_open());
    }
    list(app, words::open_runs(runs.len()), &runs).await
}

async fn one(app: &App, id: &str) -> Card {
    match app.ledger.story(id).await {
        Ok((run, events)) => {
            let Ok(now) = app.ledger.now().await else { return Card::text(&words::no_store()) };
            let link = app.card_link(id).await;
            cards::status(&app.private_view(id, &run, &events, now), link.as_deref())
        }
        Err(LedgerError::NoRun(_) | LedgerError::Store(StoreError::UnknownRun(_))) => {
            Card::text(&words::no_run())
        }
        Err(_) => Card::text(&words::no_store()),
    }
}

/// Runs, one in a line, each with its card.
pub(super) async fn list(app: &App, title: Markup, runs: &[String]) -> Card {
    let Ok(now) = app.ledger.now().await else { return Card::text(&words::no_store()) };
    let mut shown = Vec::new();
    for id in runs.iter().take(MOST) {
        let line = match app.ledger.load(id).await {
            Ok(run) => cards::line(id, &run, &app.rules, &app.limits, now),
            Err(_) => match app.ledger.sweep(id).await {
                Ok(course) => cards::sweep_line(id, &course, &app.limits, now),
                Err(_) => cards::unreadable_line(id),
            },
        };
        shown.push((line, app.card_link(id).await));
    }
    cards::list(title, &shown, runs.len())
}
