//! Details: shows everything about a run in a modal that only the caller sees, not in the channel.

use crate::bot::app::App;
use crate::bot::private::ReplyTo;
use crate::slack::blocks::Message;
use crate::slack::cards;
use crate::slack::messages;
use crate::slack::modal;
use crate::slack::payload::Click;
use crate::slack::value::Value;
use reinstate_core::{Action, Run};

pub(super) async fn details(app: &App, reply_to: &ReplyTo, click: &Click, value: &Value) {
    if let Err(card) = app.allow(reply_to, "details", &Action::Follow).await {
        return app.reply(reply_to, &card).await;
    }
    let Ok((run, events)) = app.journal.read::<Run>(&value.run).await else {
        return app.reply(reply_to, &Message::text(&messages::no_run())).await;
    };
    let Ok(now) = app.journal.now().await else {
        return app.reply(reply_to, &Message::text(&messages::no_store())).await;
    };
    let view = app.private_view(&value.run, &run, &events, now);
    app.open_modal(reply_to, click.trigger.as_deref(), &modal::details(cards::details(&view))).await;
}
