//! `me`: checks the caller's own account and answers in plain words. The account comes from the caller's address in
//! Slack, never from what they type. The answer must never show anything about another person.

use std::time::Instant;

use crate::bot::app::App;
use crate::bot::private::ReplyTo;
use crate::slack::blocks::Message;
use crate::slack::cards;
use crate::slack::messages;
use reinstate_core::{Action, Who};

use super::check::{limited, patiently};

pub(crate) async fn me(app: &App, reply_to: &ReplyTo) {
    patiently(app, reply_to, answer(app, reply_to)).await;
}

async fn answer(app: &App, reply_to: &ReplyTo) -> Message {
    if let Err(card) = app.allow(reply_to, "me", &Action::CheckOneself).await {
        return card;
    }
    let Some(who) = oneself(app, reply_to).await else { return Message::text(&messages::no_own_address()) };
    match limited(app, reply_to, &who, None).await {
        Ok(looked) => cards::me(&looked.0, looked.2),
        Err(answer) => answer,
    }
}

/// Writes whether the caller wants to be told when they lose access. It is about nobody else, so it needs no role.
pub(crate) async fn set_quiet(app: &App, reply_to: &ReplyTo, quiet: bool) {
    let card = match app.journal.store().set_quiet(&reply_to.by.id, quiet).await {
        Ok(()) => cards::telling_is_set(quiet),
        Err(error) => {
            tracing::warn!(%error, "the wish of a person could not be written");
            Message::text(&messages::no_store())
        }
    };
    app.reply(reply_to, &card).await;
}

/// The caller, by their address in Slack.
pub(super) async fn oneself(app: &App, reply_to: &ReplyTo) -> Option<Who> {
    let mut actor = app.people.actor(&app.slack, &reply_to.by, None).await;
    if actor.email.is_none() {
        actor = app.people.actor(&app.slack, &reply_to.by, Some(Instant::now())).await;
    }
    Who::parse(&actor.email?).ok()
}
