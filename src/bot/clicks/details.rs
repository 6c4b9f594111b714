//! Details on demand: everything a run knows, in a modal of the person who asks, not in the channel.

use crate::bot::app::App;
use crate::bot::private::Ear;
use crate::slack::blocks::Card;
use crate::slack::cards;
use crate::slack::modal;
use crate::slack::payload::Click;
use crate::slack::value::Value;
use crate::slack::words;
use reinstate_core::{Action, Run};

pub(super) async fn details(app: &App, ear: &Ear, click: &Click, value: &Value) {
    if let Err(card) = app.allow(ear, "details", &Action::Follow).await {
        return app.tell(ear, &card).await;
    }
    let Ok((run, events)) = app.ledger.read::<Run>(&value.run).await else {
        return app.tell(ear, &Card::text(&words::no_run())).await;
    };
    let Ok(now) = app.ledger.now().await else {
        return app.tell(ear, &Card::text(&words::no_store())).await;
    };
    let view = app.private_view(&value.run, &run, &events, now);
    app.opens(ear, click.trigger.as_deref(), &modal::details(cards::details(&view))).await;
}
