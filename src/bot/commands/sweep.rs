//! `sweep`: checks everybody. The caller's role is checked first. Then the sweep is written to the journal, and any
//! process can carry it on. Its card is in `slack.channel`. While a sweep reads, another request joins it: nothing is
//! read twice.

use jiff::Timestamp;
use uuid::Uuid;

use crate::bot::app::App;
use crate::bot::click_queue::ClickKind;
use crate::bot::private::ReplyTo;
use crate::exec::{Decision, JournalError, Loaded};
use crate::slack::blocks::Message;
use crate::slack::markup::Markup;
use crate::slack::messages;
use reinstate_core::Action;
use reinstate_core::run::{Goal, Request};
use reinstate_core::sweep::{Sweep, SweepEvent};
use reinstate_store::{AppendOptions, Opened, RunRow, StoreError};

pub(super) async fn sweep(app: &App, reply_to: &ReplyTo, key: String, sent_at: Timestamp) {
    let says = match app.people.permit(&app.slack, &reply_to.by, &Action::Repair).await {
        Ok(permit) => {
            let key = format!("sweep {key}");
            // Of two people who ask in the same moment, the second joins the first.
            let turn = app.click_queue.turn("sweep", ClickKind::Open);
            let _turn = turn.lock().await;
            match join(app, permit.actor(), &key).await {
                Some(joined) => joined,
                None => begin(app, reply_to, key, sent_at, permit.rule().to_owned()).await,
            }
        }
        Err(denied) => {
            app.record_denial(&reply_to.by.id, "sweep", &denied.to_string()).await;
            messages::denied(denied, app.people.access())
        }
    };
    app.reply(reply_to, &Message::text(&says)).await;
}

/// The sweep that reads now, or is about to. Sweeps that cannot be read are passed over.
pub(in crate::bot) async fn reading_sweep(app: &App) -> Result<Option<(RunRow, Sweep)>, StoreError> {
    let now = app.journal.now().await?;
    for row in app.journal.store().open_sweeps().await? {
        if let Ok(Loaded::Sweep(sweep, _)) = app.journal.load(&row.run).await
            && sweep.is_reading(now)
        {
            return Ok(Some((row, *sweep)));
        }
    }
    Ok(None)
}

/// Joins the sweep that reads now, and says so. None if there is none, or if it is the sweep of this very command,
/// which Slack has delivered twice.
async fn join(app: &App, by: &str, key: &str) -> Option<Markup> {
    let (first, sweep) = match reading_sweep(app).await {
        Ok(found) => found.filter(|(row, _)| row.key != key)?,
        Err(error) => {
            tracing::warn!(%error, "whether a sweep reads already could not be read");
            return None;
        }
    };
    match note(app, &first.run, by).await {
        Ok(true) => {}
        // It has read everything meanwhile.
        Ok(false) => return None,
        Err(error) => {
            tracing::warn!(%error, "that somebody joined a sweep could not be written");
            return Some(messages::not_written());
        }
    }
    app.nudge();
    let link = app.card_link(&first.run).await;
    Some(messages::sweep_joined(&sweep, link.as_deref(), &app.channel))
}

/// Writes once that a person joined the sweep. Returns false if the sweep no longer reads.
async fn note(app: &App, id: &str, by: &str) -> Result<bool, JournalError> {
    let now = app.journal.now().await?;
    let decided = app.journal.decide(id, now, |sweep: &Sweep| {
        if !sweep.is_reading(now) {
            return Decision::Leave(false);
        }
        let asked = sweep.asked.as_ref().is_some_and(|asked| asked.by.id == by);
        if asked || sweep.joined.contains(by) {
            return Decision::Leave(true);
        }
        Decision::Write(vec![SweepEvent::SweepJoined { by: by.to_owned() }], AppendOptions::default(), true)
    });
    decided.await
}

async fn begin(app: &App, reply_to: &ReplyTo, key: String, sent_at: Timestamp, rule: String) -> Markup {
    let asked = Request {
        by: reply_to.by.clone(),
        channel: reply_to.channel.clone().unwrap_or_default(),
        text: "sweep".to_owned(),
        response_url: reply_to.response_url.clone(),
        aim: Goal::default(),
        helps: None,
    };
    let id = Uuid::now_v7().to_string();
    let sweep = id.clone();
    match app.journal.open_sweep(id.clone(), key, asked, rule, sent_at).await {
        Ok(opened) => {
            app.nudge();
            let id = if let Opened::Existing { run } = opened { run } else { id };
            messages::sweep_begun(&id, &app.channel)
        }
        Err(error) => {
            tracing::warn!(%error, "a sweep could not be written down");
            if error.is_certain() { messages::not_written() } else { messages::perhaps_written(&sweep) }
        }
    }
}
