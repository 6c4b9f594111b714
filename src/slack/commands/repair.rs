//! `repair WHO`, and Repair from a check: opens a run and says so. The run is written down before the
//! acknowledgement; who asks and whom they mean is found out afterwards, by the executor.

use std::time::Duration;

use sha2::{Digest, Sha256};
use tracing::Instrument as _;
use uuid::Uuid;

use crate::app::App;
use crate::core::digest::hex;
use crate::core::run::{Aim, Asked};
use crate::core::{Event, Outcome};
use crate::exec::Decision;
use crate::slack::command::Target;
use crate::slack::dispatch::Reply;
use crate::slack::markup::Markup;
use crate::slack::payload::Slash;
use crate::slack::words;
use crate::store::{Also, Opened};
use crate::telemetry::run_span;

/// How long the acknowledgement waits for the store; Slack waits 3 s.
const WITHIN: Duration = Duration::from_secs(1);

pub(super) async fn command(app: &std::sync::Arc<App>, slash: Slash, target: &Target, aim: Aim) -> Reply {
    // Without a trigger id the request itself is what a repeat has in common.
    let key = slash.trigger.clone().unwrap_or_else(|| {
        let parts = [
            slash.by.id.as_str(),
            &slash.channel,
            &slash.text,
            slash.response_url.as_deref().unwrap_or_default(),
        ];
        format!("request {}", hex(&Sha256::digest(parts.join("\n").as_bytes())))
    });
    let asked = Asked {
        by: slash.by.id,
        team: slash.by.team,
        enterprise: slash.by.enterprise,
        channel: slash.channel,
        text: target.text(),
        response_url: slash.response_url,
        aim,
    };
    Reply::Private(open(app, key, asked).await)
}

/// Opens the run and says what came of it, within a second.
pub(crate) async fn open(app: &std::sync::Arc<App>, key: String, asked: Asked) -> Markup {
    let run = Uuid::now_v7().to_string();
    let (ledger, by, id) = (app.ledger.clone(), asked.by.clone(), run.clone());
    let opening = async move { ledger.open(id, key, asked, crate::clock::now()).await };
    let mut opening = tokio::spawn(opening.instrument(run_span(&run)));
    match tokio::time::timeout(WITHIN, &mut opening).await {
        Ok(Ok(Ok(opened))) => {
            app.nudge();
            match opened {
                Opened::New => words::begun(&run, false),
                Opened::Existing { run } => words::begun(&run, true),
            }
        }
        Ok(Ok(Err(error))) => {
            tracing::warn!(%error, "a run could not be written down");
            words::not_written()
        }
        Ok(Err(_)) => words::not_written(),
        Err(_) => {
            tracing::warn!("a run was not written down in time");
            let again = std::sync::Arc::clone(app);
            app.spawn(async move {
                // The person was told that nothing was started: what is written after all is ended at once.
                if let Ok(Ok(Opened::New)) = opening.await {
                    take_back(&again, &run, &by).await;
                }
            });
            words::not_written()
        }
    }
}

async fn take_back(app: &App, run: &str, by: &str) {
    let ended = app.ledger.decide(run, crate::clock::now(), |folded| {
        if folded.ended.is_some() {
            return Decision::Leave(());
        }
        let events = vec![
            Event::Cancelled { by: by.to_owned() },
            Event::Ended { outcome: Outcome::Cancelled, says: words::click::TOO_LATE.to_owned() },
        ];
        Decision::Write(events, Also { end: true, ..Also::default() }, ())
    });
    if let Err(error) = ended.await {
        tracing::error!(run, %error, "a run that came too late could not be ended");
    }
}
