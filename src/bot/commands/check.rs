//! `check WHO`, and Recheck: a diagnosis for the caller alone. It reads, and never writes anything upstream.

use std::time::Duration;

use crate::bot::app::App;
use crate::bot::private::Ear;
use crate::slack::blocks::Card;
use crate::slack::cards;
use crate::slack::command::Target;
use crate::slack::markup::Markup;
use crate::slack::words;
use reinstate_core::Action;

/// After this time the caller reads that the work continues (docs/reference/rules.md#answer-within-five-seconds).
const PATIENCE: Duration = Duration::from_secs(4);

pub(crate) async fn check(app: &App, ear: &Ear, target: &Target) {
    patiently(app, ear, answer(app, ear, target)).await;
}

/// Tells an answer, and, where it takes long, first that it is still being read.
pub(super) async fn patiently(app: &App, ear: &Ear, answer: impl Future<Output = Card>) {
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
    if let Err(card) = app.allow(ear, "check", &Action::Check).await {
        return card;
    }
    if let Err(wait) = app.count_look(&ear.by.id) {
        return Card::text(&words::too_often(wait));
    }
    let who = match app.resolve(target).await {
        Ok(who) => who,
        Err(unresolved) => return Card::text(&Markup::new().data(&unresolved.to_string())),
    };
    let looked = app.shared_diagnosis(&who).await;
    let docs = app.config.slack.docs_url.as_ref();
    cards::diagnosis(&looked.0, &looked.1, looked.2, who.text(), docs)
}
