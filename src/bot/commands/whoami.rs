//! `whoami`: shows the caller's roles and the rules that grant them. It answers anybody, and only about themselves.

use std::time::Instant;

use crate::bot::app::App;
use crate::bot::private::ReplyTo;
use crate::slack::blocks::Message;
use crate::slack::messages;

pub(super) async fn whoami(app: &App, reply_to: &ReplyTo) {
    let actor = app.people.actor(&app.slack, &reply_to.by, Some(Instant::now())).await;
    app.reply(reply_to, &Message::text(&messages::whoami(&actor, app.people.home().is_some()))).await;
}
