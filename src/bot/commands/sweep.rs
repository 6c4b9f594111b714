//! `sweep`: checks everybody. The caller's role is checked first. Then the sweep is written to the journal, and any
//! process can carry it on. Its card is in `slack.channel`.

use jiff::Timestamp;
use uuid::Uuid;

use crate::bot::app::App;
use crate::bot::private::ReplyTo;
use crate::slack::blocks::Message;
use crate::slack::markup::Markup;
use crate::slack::messages;
use reinstate_core::Action;
use reinstate_core::run::{Goal, Request};
use reinstate_store::Opened;

pub(super) async fn sweep(app: &App, reply_to: &ReplyTo, key: String, sent_at: Timestamp) {
    let says = match app.people.permit(&app.slack, &reply_to.by, &Action::Repair).await {
        Ok(permit) => begin(app, reply_to, key, sent_at, permit.rule().to_owned()).await,
        Err(denied) => {
            app.record_denial(&reply_to.by.id, "sweep", &denied.to_string()).await;
            messages::denied(denied, app.people.access())
        }
    };
    app.reply(reply_to, &Message::text(&says)).await;
}

async fn begin(app: &App, reply_to: &ReplyTo, key: String, sent_at: Timestamp, rule: String) -> Markup {
    let asked = Request {
        by: reply_to.by.clone(),
        channel: reply_to.channel.clone().unwrap_or_default(),
        text: "sweep".to_owned(),
        response_url: reply_to.response_url.clone(),
        aim: Goal::default(),
    };
    let id = Uuid::now_v7().to_string();
    let sweep = id.clone();
    match app.journal.open_sweep(id.clone(), format!("sweep {key}"), asked, rule, sent_at).await {
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
