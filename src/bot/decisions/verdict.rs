//! What a click came to, on a run or a sweep: said to the person alone where it was not taken, and recorded where it was
//! refused. It must never repeat what was typed except through its encoder.

use crate::bot::app::App;
use crate::bot::private::Ear;
use crate::exec::JournalError;
use crate::slack::blocks::Card;
use crate::slack::markup::Markup;
use crate::slack::words;
use reinstate_core::Kind;
use reinstate_store::AppendError;

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

/// Says what a click came to, and records a refusal with the run or the sweep.
pub(in crate::bot) async fn settle(app: &App, ear: &Ear, id: &str, what: &str, verdict: Verdict) {
    match verdict {
        Verdict::Taken => {
            metrics::counter!("reinstate_clicks_total", "outcome" => "taken").increment(1);
            app.nudge();
        }
        Verdict::Asked => {}
        Verdict::Idle(says) => app.tell(ear, &Card::text(&says)).await,
        Verdict::Refused(says) => {
            metrics::counter!("reinstate_clicks_total", "outcome" => "refused").increment(1);
            record(app, ear, id, what, &says).await;
            app.tell(ear, &Card::text(&says)).await;
            app.nudge.poster.notify_one();
        }
    }
}

/// A refusal is recorded with the run or the sweep; where that has ended or is unknown, without it.
async fn record(app: &App, ear: &Ear, id: &str, what: &str, says: &Markup) {
    if !app.clicks.is_new(id, &ear.by.id, what, says.as_str()) {
        return;
    }
    match app.ledger.deny(id, crate::clock::now(), (&ear.by.id, what, says.as_str())).await {
        Ok(()) => {}
        Err(JournalError::Append(AppendError::Ended) | JournalError::NoRun(_)) => {
            app.record_denial(&ear.by.id, what, says.as_str()).await;
        }
        Err(error) => tracing::warn!(%error, "a refused click could not be recorded"),
    }
}

/// What an error of the journal is to the person who clicked.
pub(in crate::bot) fn failed(error: &JournalError) -> Verdict {
    match error {
        JournalError::NoRun(_) => Verdict::Refused(words::no_run()),
        JournalError::OtherKind { kind: Kind::Sweep, .. } => refused(words::click::NOT_FOR_SWEEPS),
        JournalError::OtherKind { kind: Kind::Run, .. } => refused(words::click::NOT_FOR_RUNS),
        JournalError::Append(AppendError::Ended) => refused(words::click::RUN_ENDED),
        error => {
            tracing::warn!(%error, "a click could not be decided");
            Verdict::Idle(words::no_store())
        }
    }
}
