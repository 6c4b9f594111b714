//! The result of a click on a run or a sweep. A click that was not accepted is answered to that person alone, and a
//! refusal is recorded. This module must never repeat typed text without the markup encoder.

use crate::bot::app::App;
use crate::bot::click_queue::ClickKind;
use crate::bot::private::ReplyTo;
use crate::exec::JournalError;
use crate::slack::blocks::Message;
use crate::slack::markup::Markup;
use crate::slack::messages;
use reinstate_core::Kind;
use reinstate_store::AppendError;

pub(in crate::bot) enum Verdict {
    /// The click was accepted. No answer is sent, because the card shows the result.
    Taken,
    /// The click was refused. The text goes to that person alone and into the record.
    Refused(Markup),
    /// A modal asks the person for more input first.
    Asked,
    /// Nothing is done and nothing is recorded; the person receives this text.
    Idle(Markup),
}

pub(in crate::bot) fn refused(text: &'static str) -> Verdict {
    Verdict::Refused(Markup::new().literal(text))
}

/// Sends the result of a click, and records a refusal with the run or the sweep.
pub(in crate::bot) async fn apply_verdict(
    app: &App,
    reply_to: &ReplyTo,
    id: &str,
    kind: ClickKind,
    verdict: Verdict,
) {
    match verdict {
        Verdict::Taken => {
            metrics::counter!("reinstate_clicks_total", "outcome" => "taken").increment(1);
            app.nudge();
        }
        Verdict::Asked => {}
        Verdict::Idle(says) => app.reply(reply_to, &Message::text(&says)).await,
        Verdict::Refused(says) => {
            metrics::counter!("reinstate_clicks_total", "outcome" => "refused").increment(1);
            record(app, reply_to, id, kind, &says).await;
            app.reply(reply_to, &Message::text(&says)).await;
            app.wake.poster.notify_one();
        }
    }
}

/// Records a refusal with the run or the sweep. If that has ended or is unknown, the entry belongs to no run.
async fn record(app: &App, reply_to: &ReplyTo, id: &str, kind: ClickKind, says: &Markup) {
    if !app.click_queue.is_new(id, &reply_to.by.id, kind, says.as_str()) {
        return;
    }
    match app.journal.deny(id, crate::clock::now(), (&reply_to.by.id, kind.word(), says.as_str())).await {
        Ok(()) => {}
        Err(JournalError::Append(AppendError::Ended) | JournalError::NoRun(_)) => {
            app.record_denial(&reply_to.by.id, kind.word(), says.as_str()).await;
        }
        Err(error) => tracing::warn!(%error, "a refused click could not be recorded"),
    }
}

/// Turns an error of the journal into an answer for the person who clicked.
pub(in crate::bot) fn failed(error: &JournalError) -> Verdict {
    match error {
        JournalError::NoRun(_) => Verdict::Refused(messages::no_run()),
        JournalError::OtherKind { kind: Kind::Sweep, .. } => refused(messages::click::NOT_FOR_SWEEPS),
        JournalError::OtherKind { kind: Kind::Run, .. } => refused(messages::click::NOT_FOR_RUNS),
        JournalError::Append(AppendError::Ended) => refused(messages::click::RUN_ENDED),
        error => {
            tracing::warn!(%error, "a click could not be decided");
            Verdict::Idle(messages::no_store())
        }
    }
}
