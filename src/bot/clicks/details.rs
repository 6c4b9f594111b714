//! Details: shows everything about a run or a check in a modal that only the caller sees, not in the channel.

use crate::bot::app::App;
use crate::bot::commands::check;
use crate::bot::decisions::card::gone;
use crate::bot::private::ReplyTo;
use crate::slack::blocks::Message;
use crate::slack::cards;
use crate::slack::command::Target;
use crate::slack::messages;
use crate::slack::modal;
use crate::slack::payload::Click;
use crate::slack::value::Value;
use reinstate_core::{Action, Run};

pub(super) async fn details(app: &App, reply_to: &ReplyTo, click: &Click, value: &Value) {
    if let Err(card) = app.allow(reply_to, "details", &Action::Follow).await {
        return app.reply(reply_to, &card).await;
    }
    if value.run.is_empty() {
        return of_check(app, reply_to, click, value).await;
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

/// The details under an answer to `check`, from the diagnosis that it showed if that is recent.
async fn of_check(app: &App, reply_to: &ReplyTo, click: &Click, value: &Value) {
    let Some(target) = Target::parse(&value.who) else {
        return app.reply(reply_to, &Message::text(&gone())).await;
    };
    let view = app.open_modal(reply_to, click.trigger.as_deref(), &modal::reading()).await;
    if view.is_some() {
        let about = Some(value.app.as_str()).filter(|app| !app.is_empty());
        check::details(app, &ReplyTo { view, ..reply_to.clone() }, &target, about).await;
    }
}
