//! `check WHO`, and Recheck: a diagnosis for the caller alone. It reads, and never writes anything upstream.

use std::time::Duration;

use crate::app::App;
use crate::core::Action;
use crate::slack::blocks::Card;
use crate::slack::cards;
use crate::slack::command::Target;
use crate::slack::markup::Markup;
use crate::slack::private::Ear;
use crate::slack::words;

/// After this long the caller hears that it is still going on (an answer follows within 5 s, product.md 9).
const PATIENCE: Duration = Duration::from_secs(4);

pub(crate) async fn check(app: &App, ear: &Ear, target: &Target) {
    let answer = answer(app, ear, target);
    tokio::pin!(answer);
    let card = tokio::select! {
        card = &mut answer => card,
        () = tokio::time::sleep(PATIENCE) => {
            app.tell(ear, &Card::text(&words::still_reading())).await;
            answer.await
        }
    };
    app.tell(ear, &card).await;
}

async fn answer(app: &App, ear: &Ear, target: &Target) -> Card {
    if let Err(denied) = app.people.permit(&app.slack, &ear.by, &Action::Check).await {
        app.record_denial(&ear.by.id, "check", &denied.to_string()).await;
        return Card::text(&words::denied(denied, app.people.access()));
    }
    if let Err(wait) = app.count_look(&ear.by.id) {
        return Card::text(&words::too_often(wait));
    }
    let who = match app.resolve(target).await {
        Ok(who) => who,
        Err(unresolved) => return Card::text(&Markup::new().data(&unresolved.to_string())),
    };
    let looked = app.shared_diagnosis(&who).await;
    cards::diagnosis(&looked.0, &looked.1, looked.2, who.text())
}
