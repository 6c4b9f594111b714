//! "Ask my admins for help": one call a day and person, posted with what was found where the admins are. It must
//! never be posted into a channel that another company sees.

use crate::bot::app::App;
use crate::bot::private::Ear;
use crate::slack::blocks::Card;
use crate::slack::cards;
use crate::slack::words;
use reinstate_core::Action;

pub(crate) async fn ask(app: &App, ear: &Ear) {
    let card = answer(app, ear).await;
    app.tell(ear, &card).await;
}

async fn answer(app: &App, ear: &Ear) -> Card {
    if let Err(card) = app.allow(ear, "ask for help", &Action::CheckOneself).await {
        return card;
    }
    let Some(who) = super::me::oneself(app, ear).await else { return Card::text(&words::no_own_address()) };
    let now = crate::clock::now();
    let key = format!("help {} {}", ear.by.id, now.strftime("%Y-%m-%d"));
    let store = app.ledger.store();
    match store.first_sight(&key, now).await {
        Ok(true) => {}
        Ok(false) => return Card::text(&words::help_was_asked()),
        Err(_) => return Card::text(&words::no_store()),
    }
    app.record("help-asked", "help", &ear.by.id, "").await;
    let looked = app.shared_diagnosis(&who).await;
    let card = cards::help_wanted(&ear.by.id, who.text(), &looked.0, looked.2, app.people.access());
    let place = app.people.place(&app.slack, &app.channel).await;
    let posted = match place {
        Ok(place) if place.member && !place.shared => app.slack.post(&app.channel, None, &card).await.is_ok(),
        _ => false,
    };
    if posted {
        return Card::text(&words::help_is_asked(&app.channel));
    }
    if let Err(error) = store.forget_sight(&key).await {
        tracing::warn!(%error, "a call for help that was not delivered still counts for today");
    }
    Card::text(&words::help_not_asked(app.people.access()))
}
