//! `whoami`: the caller's roles, with the rules. It answers anyone, and only about themselves.

use std::time::Instant;

use crate::bot::app::App;
use crate::bot::private::Ear;
use crate::slack::blocks::Card;
use crate::slack::words;

pub(super) async fn whoami(app: &App, ear: &Ear) {
    let actor = app.people.actor(&app.slack, &ear.by, Some(Instant::now())).await;
    app.tell(ear, &Card::text(&words::whoami(&actor, app.people.home().is_some()))).await;
}
