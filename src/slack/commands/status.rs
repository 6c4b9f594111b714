//! `status [RUN]`: what runs, and what waits for whom since when.

use crate::app::App;
use crate::core::Action;
use crate::slack::blocks::Card;
use crate::slack::cards;
use crate::slack::markup::Markup;
use crate::slack::private::Ear;
use crate::slack::words;

/// How many runs are listed.
const MOST: usize = 20;

pub(super) async fn status(app: &App, ear: &Ear, run: Option<String>) {
    let card = match app.people.permit(&app.slack, &ear.by, &Action::Check).await {
        Ok(_) => answer(app, run).await,
        Err(denied) => {
            app.record_denial(&ear.by.id, "status", &denied.to_string()).await;
            Card::text(&words::denied(denied, app.people.access()))
        }
    };
    app.tell(ear, &card).await;
}

async fn answer(app: &App, run: Option<String>) -> Card {
    let runs = match run {
        Some(run) => vec![run],
        None => match app.ledger.store().open_runs().await {
            Ok(rows) => rows.into_iter().map(|row| row.run).collect(),
            Err(_) => {
                return Card::text(
                    &Markup::new().ours("The database did not answer. Please try again in a minute."),
                );
            }
        },
    };
    if runs.is_empty() {
        return Card::text(&Markup::new().ours("Nothing runs and nothing waits."));
    }
    let mut lines = Vec::new();
    for id in runs.iter().take(MOST) {
        let line = match app.ledger.load(id).await {
            Ok(run) => cards::line(id, &run, &app.rules, &app.limits, crate::clock::now()),
            Err(crate::exec::LedgerError::NoRun(_)) => Markup::new().ours("There is no run ").code(id),
            Err(crate::exec::LedgerError::Store(crate::store::StoreError::UnknownRun(_))) => {
                Markup::new().ours("There is no run ").code(id)
            }
            Err(_) => Markup::new().ours("Run ").code(id).ours(" cannot be read."),
        };
        lines.push(Markup::new().ours("• ").then(&line));
    }
    if runs.len() > MOST {
        lines.push(Markup::new().ours("… and ").number(runs.len() - MOST).ours(" more"));
    }
    Card::text(&Markup::lines(&lines, 2900))
}
