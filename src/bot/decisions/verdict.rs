//! What a click came to: said to the person alone where it was not taken, and recorded where it was refused.

use crate::bot::app::App;
use crate::bot::private::Ear;
use crate::exec::{Decision, LedgerError};
use crate::slack::blocks::Card;
use crate::slack::markup::Markup;
use crate::slack::words;
use reinstate_core::Event;
use reinstate_store::{Also, AppendError, StoreError};

/// What a click came to.
pub(in crate::bot) enum Verdict {
    /// It was taken; nothing more is said, the card shows it.
    Taken,
    /// It was refused; for the person alone, and for the record.
    Refused(Markup),
    /// A person is asked for more first.
    Asked,
    /// Nothing to do and nothing to record.
    Idle(Markup),
}

pub(in crate::bot) fn refused(text: &'static str) -> Verdict {
    Verdict::Refused(Markup::new().ours(text))
}

pub(in crate::bot) async fn settle(app: &App, ear: &Ear, run: &str, what: &str, verdict: Verdict) {
    match verdict {
        Verdict::Taken => {
            metrics::counter!("reinstate_clicks_total", "outcome" => "taken").increment(1);
            app.nudge();
        }
        Verdict::Asked => {}
        Verdict::Idle(says) => app.tell(ear, &Card::text(&says)).await,
        Verdict::Refused(says) => {
            metrics::counter!("reinstate_clicks_total", "outcome" => "refused").increment(1);
            record(app, ear, run, what, &says).await;
            app.tell(ear, &Card::text(&says)).await;
            app.nudge.poster.notify_one();
        }
    }
}

/// A refusal is recorded with the run, or, where the run has ended or is unknown, without it.
async fn record(app: &App, ear: &Ear, run: &str, what: &str, says: &Markup) {
    if !app.clicks.is_new(run, &ear.by.id, what, says.as_str()) {
        return;
    }
    let denied =
        Event::Denied { by: ear.by.id.clone(), what: what.to_owned(), why: says.as_str().to_owned() };
    let written = app
        .ledger
        .decide(run, crate::clock::now(), |_| Decision::Write(vec![denied.clone()], Also::default(), ()))
        .await;
    match written {
        Ok(()) => {}
        Err(
            LedgerError::Append(AppendError::Ended)
            | LedgerError::NoRun(_)
            | LedgerError::Store(StoreError::UnknownRun(_)),
        ) => app.record_denial(&ear.by.id, what, says.as_str()).await,
        Err(error) => tracing::warn!(%error, "a refused click could not be recorded"),
    }
}

pub(in crate::bot) fn failed(error: &LedgerError) -> Verdict {
    match error {
        LedgerError::NoRun(_) | LedgerError::Store(StoreError::UnknownRun(_)) => {
            Verdict::Refused(words::no_run())
        }
        LedgerError::Append(AppendError::Ended) => refused(words::click::RUN_ENDED),
        error => {
            tracing::warn!(%error, "a click could not be decided");
            Verdict::Idle(words::no_store())
        }
    }
}
