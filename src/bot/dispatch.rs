//! Routes what Slack sends to the code that answers it. Signed requests and socket envelopes take the same way. Slack
//! waits three seconds, so this module must never wait for anything but the entry that opens a run. All other work is
//! spawned.

use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;

use super::app::App;
use super::reply::Reply;
use super::{clicks, commands, home, shortcuts};
use crate::slack::payload::{Inbound, Occurrence};

/// Answers what Slack sent at `sent_at`, and starts the work it requests.
pub(super) async fn dispatch(app: &Arc<App>, inbound: Inbound, sent_at: Timestamp) -> Reply {
    let began = Instant::now();
    metrics::counter!("reinstate_slack_requests_total", "kind" => inbound.word()).increment(1);
    let reply = answer(app, inbound, sent_at).await;
    metrics::histogram!("reinstate_acknowledgement_seconds").record(began.elapsed().as_secs_f64());
    reply
}

async fn answer(app: &Arc<App>, inbound: Inbound, sent_at: Timestamp) -> Reply {
    match inbound {
        Inbound::SslCheck | Inbound::Unknown(_) => Reply::Empty,
        Inbound::Challenge(challenge) => Reply::Challenge(challenge),
        Inbound::Slash(slash) => commands::command(app, *slash, sent_at).await,
        Inbound::Click(click) => {
            clicks::click(app, *click);
            Reply::Empty
        }
        Inbound::Shortcut(shortcut) => {
            shortcuts::used(app, *shortcut);
            Reply::Empty
        }
        // The empty answer closes the modal.
        Inbound::Submit(submit) => {
            clicks::submitted(app, *submit);
            Reply::Empty
        }
        Inbound::Event(event) => {
            happened(app, *event);
            Reply::Empty
        }
    }
}

/// Handles events. Only the opening of the App Home is answered; the others are counted.
fn happened(app: &Arc<App>, event: Occurrence) {
    let work = Arc::clone(app);
    app.spawn(async move {
        if let Some(id) = &event.id {
            let new = work.journal.store().mark_seen(id, crate::clock::now()).await;
            let repeated = matches!(new, Ok(false));
            let seen = if repeated { "again" } else { "first" };
            metrics::counter!("reinstate_slack_events_total", "seen" => seen).increment(1);
            if repeated {
                return;
            }
        }
        if let ("app_home_opened", Some(by)) = (event.kind.as_str(), event.by)
            && event.tab.as_deref() != Some("messages")
        {
            home::opened(&work, by).await;
        }
    });
}
