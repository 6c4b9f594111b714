//! Finds the run or the sweep that RUN means. A part of an id must fit exactly one; otherwise nothing is done, and the
//! person sees what it fits. It must never show runs to a person who may not follow them.

use super::status;
use crate::bot::app::App;
use crate::bot::private::ReplyTo;
use crate::slack::blocks::Message;
use crate::slack::cards;
use crate::slack::markup::Markup;
use crate::slack::messages;
use crate::slack::run_ref::RunRef;
use reinstate_core::Action;
use reinstate_store::StoreError;

/// How many runs are listed if RUN fits several.
const MAX_RUNS: i64 = 5;

pub(super) enum Found {
    /// The only one that fits. If none fits, the text itself, which then names no run.
    One(String),
    /// The newest of those that fit.
    Several(Vec<String>),
}

/// Looks RUN up.
pub(super) async fn find(app: &App, run: &RunRef) -> Result<Found, StoreError> {
    if run.is_whole() {
        return Ok(Found::One(run.text().to_owned()));
    }
    let mut runs = app.journal.store().runs_with_part(run.text(), MAX_RUNS).await?;
    Ok(match runs.pop() {
        None => Found::One(run.text().to_owned()),
        Some(only) if runs.is_empty() => Found::One(only),
        Some(last) => {
            runs.push(last);
            Found::Several(runs)
        }
    })
}

/// Looks RUN up for a command that is answered later.
///
/// # Errors
/// The answer, if RUN means no single run.
pub(super) async fn only(app: &App, reply_to: &ReplyTo, run: &RunRef) -> Result<String, Message> {
    match find(app, run).await {
        Ok(Found::One(id)) => Ok(id),
        Ok(Found::Several(runs)) => Err(several(app, reply_to, run, &runs).await),
        Err(error) => {
            tracing::warn!(%error, "the runs could not be searched");
            Err(Message::text(&messages::no_store()))
        }
    }
}

/// The answer if RUN fits several runs.
pub(super) async fn several(app: &App, reply_to: &ReplyTo, run: &RunRef, runs: &[String]) -> Message {
    match app.people.permit(&app.slack, &reply_to.by, &Action::Follow).await {
        Ok(_) => match status::lines(app, runs).await {
            Some(lines) => {
                // The ends of these ids may be equal, so the whole ids are shown.
                let whole = |(id, (line, link)): (&String, (Markup, Option<String>))| {
                    (Markup::new().code(id).literal(": ").then(&line), link)
                };
                let shown: Vec<_> = runs.iter().zip(lines).map(whole).collect();
                cards::list(&messages::several_runs(run.text()), &shown, shown.len())
            }
            None => Message::text(&messages::no_store()),
        },
        Err(_) => Message::text(&messages::several_runs_unlisted(run.text())),
    }
}
