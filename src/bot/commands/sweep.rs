//! `sweep`: everybody at once. Who may is looked up first; then the sweep is written down, and from there any process
//! carries it on. Its card stands in `slack.channel`.

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

pub(super) async fn sweep(app: &App, ear: &ReplyTo, key: String, sent_at: Timestamp) {
    let says = match app.people.permit(&app.slack, &ear.by, &Action::Repair).await {
        Ok(permit) => begin(app, ear, key, sent_at, permit.rule().to_owned()).await,
        Err(denied) => {
            app.record_denial(&ear.by.id, "sweep", &denied.to_string()).await;
            messages::denied(denied, app.people.access())
        }
    };
    app.reply(ear, &Message::text(&says)).await;
}

async fn begin(app: &App, ear: &ReplyTo, key: String, sent_at: Timestamp, rule: String) -> Markup {
    let asked = Request {
        by: ear.by.clone(),
        channel: ear.channel.clone().unwrap_or_default(),
        text: "sweep".to_owned(),
        response_url: ear.response_url.clone(),
        aim: Goal::default(),
    };
    let id = Uuid::now_v7().to_string();
    let sweep = id.clone();
    match app.ledger.open_sweep(id.clone(), format!("sweep {key}"), asked, rule, sent_at).await {
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
