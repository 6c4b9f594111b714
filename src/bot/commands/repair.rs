//! `repair WHO`, and Repair from a check: opens a run and tells the caller. The run is written to the journal before
//! the acknowledgement. The executor later checks who the caller is and resolves the person they mean.

use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use tracing::Instrument as _;
use uuid::Uuid;

use crate::bot::app::App;
use crate::bot::reply::Reply;
use crate::slack::command::Target;
use crate::slack::markup::Markup;
use crate::slack::messages;
use crate::slack::payload::Slash;
use crate::telemetry::run_span;
use reinstate_core::digest::hex;
use reinstate_core::run::{Goal, Request};
use reinstate_core::{Action, Denied};
use reinstate_store::Opened;

/// How long the acknowledgement waits for the store. Slack waits 3 s.
const OPEN_TIMEOUT: Duration = Duration::from_secs(1);
/// How long it waits for Slack to say who the requester is. After that, the executor finds out.
const PERMIT_TIMEOUT: Duration = Duration::from_millis(700);

/// What became of a request for a run.
pub(crate) struct Opening {
    /// What the requester is told.
    pub(crate) says: Markup,
    /// Whether the run is in the journal.
    pub(crate) is_open: bool,
}

pub(super) async fn command(
    app: &std::sync::Arc<App>,
    slash: Slash,
    sent_at: Timestamp,
    target: &Target,
    aim: Goal,
) -> Reply {
    // Without a trigger id, the content of the request identifies a repeat.
    let key = slash.trigger.clone().unwrap_or_else(|| {
        let parts = [
            slash.by.id.as_str(),
            &slash.channel,
            &slash.text,
            slash.response_url.as_deref().unwrap_or_default(),
        ];
        format!("request {}", hex(&Sha256::digest(parts.join("\n").as_bytes())))
    });
    let asked = Request {
        by: slash.by,
        channel: slash.channel,
        text: target.text(),
        response_url: slash.response_url,
        aim,
        helps: None,
    };
    Reply::Private(open(app, key, asked, sent_at).await.says)
}

/// Opens the run within a second and returns the text for the caller. The text "nothing was started" is used only if it
/// is certain: a run whose opening timed out is not written later, even if this process dies.
pub(crate) async fn open(
    app: &std::sync::Arc<App>,
    key: String,
    asked: Request,
    sent_at: Timestamp,
) -> Opening {
    let refused = |says| Opening { says, is_open: false };
    if let Some(says) = refusal(app, &asked).await {
        return refused(says);
    }
    let run = Uuid::now_v7().to_string();
    let (ledger, id) = (app.journal.clone(), run.clone());
    let opening = async move { ledger.open_within(id, key, asked, sent_at, OPEN_TIMEOUT).await };
    match tokio::spawn(opening.instrument(run_span(&run))).await {
        Ok(Ok(opened)) => {
            app.nudge();
            let says = match opened {
                Opened::New => messages::begun(&run, false),
                Opened::Existing { run } => messages::begun(&run, true),
            };
            Opening { says, is_open: true }
        }
        Ok(Err(failed)) if failed.nothing_written => {
            tracing::warn!(error = %failed.error, "a run could not be written down in time");
            refused(messages::not_written())
        }
        Ok(Err(failed)) => {
            tracing::warn!(error = %failed.error, "nobody knows whether a run was written down");
            refused(messages::perhaps_written(&run))
        }
        Err(_) => refused(messages::perhaps_written(&run)),
    }
}

/// Why this person may not ask for a repair, if that is certain within a moment. The executor decides again.
async fn refusal(app: &App, asked: &Request) -> Option<Markup> {
    let permit = app.people.permit(&app.slack, &asked.by, &Action::Repair);
    match tokio::time::timeout(PERMIT_TIMEOUT, permit).await {
        Ok(Err(denied)) if denied != Denied::AskAgain => {
            app.record_denial(&asked.by.id, "repair", &denied.to_string()).await;
            Some(messages::denied(denied, app.people.access()))
        }
        _ => None,
    }
}
