//! `history WHO`: lists every run on that account, newest first. For a run, it lists the runs on the same person; for a
//! sweep, the runs that the sweep started.
//! It reads only the journal, so it also answers when the account is gone or an upstream service is down.

use std::collections::BTreeMap;

use super::which_run;
use crate::bot::app::App;
use crate::bot::private::ReplyTo;
use crate::exec::Loaded;
use crate::slack::blocks::Message;
use crate::slack::cards;
use crate::slack::command::Target;
use crate::slack::markup::Markup;
use crate::slack::messages;
use crate::slack::run_ref::RunRef;
use reinstate_core::subject::name_of;
use reinstate_core::{Action, Who};
use reinstate_store::StoreError;

pub(super) async fn history(app: &App, reply_to: &ReplyTo, target: &Target) {
    let card = match app.allow(reply_to, "history", &Action::Check).await {
        Ok(_) => answer(app, target).await,
        Err(card) => card,
    };
    app.reply(reply_to, &card).await;
}

/// The history for an id that was typed in the place of a person.
pub(super) async fn of(app: &App, reply_to: &ReplyTo, run: &RunRef) {
    let card = match app.allow(reply_to, "history", &Action::Check).await {
        Ok(_) => match which_run::only(app, reply_to, run).await {
            Ok(id) => of_id(app, &id).await.unwrap_or_else(|| Message::text(&messages::no_run())),
            Err(answer) => answer,
        },
        Err(card) => card,
    };
    app.reply(reply_to, &card).await;
}

async fn answer(app: &App, target: &Target) -> Message {
    let who = match app.resolve(target).await {
        Ok(who) => who,
        Err(unresolved) => return Message::text(&Markup::new().escaped(&unresolved.to_string())),
    };
    // The id of a run or a sweep looks like an account id, so the journal decides which one it is.
    if let Who::Account(id) = &who
        && let Some(card) = of_id(app, id).await
    {
        return card;
    }
    of_person(app, &who).await
}

async fn of_person(app: &App, who: &Who) -> Message {
    let runs = match found(app, who).await {
        Ok(runs) => runs,
        Err(_) => return Message::text(&messages::no_store()),
    };
    if runs.is_empty() {
        return Message::text(&messages::no_history(who.text()));
    }
    super::status::list(app, &messages::runs_on(who.text(), runs.len()), &runs, runs.len()).await
}

/// The runs on the person of a run, or the runs that a sweep has begun. None if nothing has this id.
async fn of_id(app: &App, id: &str) -> Option<Message> {
    let sweep = match app.journal.load(id).await {
        Ok(Loaded::Sweep(sweep, _)) => sweep,
        Ok(Loaded::Run(run, _)) => {
            let (_, who) = run.admitted?;
            return Some(of_person(app, &who).await);
        }
        Err(_) => return None,
    };
    let (Ok(now), Ok(children)) = (app.journal.now().await, app.journal.store().children(id).await) else {
        return Some(Message::text(&messages::no_store()));
    };
    let mut runs: Vec<String> = children.into_values().map(|(run, _)| run).collect();
    // Run ids begin with the time, so this sorts by time.
    runs.sort_unstable_by(|a, b| b.cmp(a));
    let line = cards::sweep_line(&app.private_sweep_view(id, &sweep, now));
    let title = messages::history_of_a_sweep(id, &line, runs.len());
    Some(super::status::list(app, &title, &runs, runs.len()).await)
}

/// The runs that name the person as typed, and the runs on the same account or person under another name.
async fn found(app: &App, who: &Who) -> Result<Vec<String>, StoreError> {
    let store = app.journal.store();
    let mut rows = store.runs_for_identity(&name_of(who)).await?;
    let mut all = BTreeMap::new();
    if let Some(newest) = rows.first()
        && let Ok(run) = app.journal.run(&newest.run).await
    {
        for identity in run.current.map(|current| current.plan.subject.claims()).unwrap_or_default() {
            rows.extend(store.runs_for_identity(&identity).await?);
        }
    }
    for row in rows {
        all.insert((row.opened_at, row.run.clone()), row.run);
    }
    Ok(all.into_values().rev().collect())
}
