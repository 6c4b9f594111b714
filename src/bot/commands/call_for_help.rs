//! "Ask my admins for help": posts one request per person and day, with the findings, in the channel of the admins. It
//! must never post into a channel that is shared with another company.

use crate::bot::app::App;
use crate::bot::private::ReplyTo;
use crate::exec::NoteKind;
use crate::slack::blocks::Message;
use crate::slack::cards::{self, HelpCall};
use crate::slack::command::Target;
use crate::slack::messages;
use crate::slack::payload::Click;
use crate::slack::value::Value;
use reinstate_core::Action;

pub(crate) async fn ask(app: &App, reply_to: &ReplyTo) {
    let card = answer(app, reply_to).await;
    app.reply(reply_to, &card).await;
}

async fn answer(app: &App, reply_to: &ReplyTo) -> Message {
    if let Err(card) = app.allow(reply_to, "ask for help", &Action::CheckOneself).await {
        return card;
    }
    let Some(who) = super::me::oneself(app, reply_to).await else {
        return Message::text(&messages::no_own_address());
    };
    let now = crate::clock::now();
    let key = format!("help {} {}", reply_to.by.id, now.strftime("%Y-%m-%d"));
    let store = app.journal.store();
    match store.mark_seen(&key, now).await {
        Ok(true) => {}
        Ok(false) => return Message::text(&messages::help_was_asked()),
        Err(_) => return Message::text(&messages::no_store()),
    }
    app.record(NoteKind::HelpAsked, "help", &reply_to.by.id, "").await;
    let looked = app.shared_diagnosis(&who).await;
    let call = HelpCall { by: &reply_to.by.id, asked: who.text(), taken_by: None, at: looked.2 };
    let docs = app.config.slack.docs_url.as_ref();
    let card = cards::help_wanted(&call, &looked.0, docs, app.people.access());
    let place = app.people.channel_info(&app.slack, &app.channel).await;
    let posted = match place {
        Ok(place) if place.judge().is_ok() => app.slack.post(&app.channel, None, &card).await.is_ok(),
        _ => false,
    };
    if posted {
        return Message::text(&messages::help_is_asked(&app.channel));
    }
    if let Err(error) = store.forget_sight(&key).await {
        tracing::warn!(%error, "a call for help that was not delivered still counts for today");
    }
    Message::text(&messages::help_not_asked(app.people.access()))
}

/// Shows on a call for help that somebody began a repair for it.
pub(crate) async fn taken(app: &App, click: &Click, value: &Value) {
    let (Some(channel), Some(ts), Some(target)) = (&click.channel, &click.ts, Target::parse(&value.who))
    else {
        return;
    };
    let Ok(who) = app.resolve(&target).await else { return };
    let looked = app.shared_diagnosis(&who).await;
    let call = HelpCall { by: &value.helps, asked: who.text(), taken_by: Some(&click.by.id), at: looked.2 };
    let docs = app.config.slack.docs_url.as_ref();
    let card = cards::help_wanted(&call, &looked.0, docs, app.people.access());
    if let Err(error) = app.slack.update(channel, ts, &card).await {
        tracing::warn!(%error, "a call for help could not be shown as taken");
    }
}
