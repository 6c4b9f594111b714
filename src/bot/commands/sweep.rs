//! `sweep`: everybody at once. Who may is looked up first; then the sweep is written down, and from there any process
//! carries it on. Its card stands in `slack.channel`.

use jiff::Timestamp;
use uuid::Uuid;

use crate::bot::app::App;
use crate::bot::private::Ear;
use crate::slack::blocks::Card;
use crate::slack::markup::Markup;
use crate::slack::words;
use reinstate_core::Action;
use reinstate_core::run::{Aim, Asked};
use reinstate_store::Opened;

pub(super) async fn sweep(app: &App, ear: &Ear, key: String, sent_at: Timestamp) {
    let says = match app.people.permit(&app.slack, &ear.by, &Action::Repair).await {
        Ok(permit) => begin(app, ear, key, sent_at, permit.rule().to_owned()).await,
        Err(denied) => {
            app.record_denial(&ear.by.id, "sweep", &denied.to_string()).await;
            words::denied(denied, app.people.access())
        }
    };
    app.tell(ear, &Card::text(&says)).await;
}

async fn begin(app: &App, ear: &Ear, key: String, sent_at: Timestamp, rule: String) -> Markup {
    let asked = Asked {
        by: ear.by.id.clone(),
        team: ear.by.team.clone(),
        enterprise: ear.by.enterprise.clone(),
        channel: ear.channel.clone().unwrap_or_default(),
        text: "sweep".to_owned(),
        response_url: ear.response_url.clone(),
        aim: Aim::default(),
    };
    let id = Uuid::now_v7().to_string();
    let sweep = id.clone();
    match app.ledger.open_sweep(id.clone(), format!("sweep {key}"), asked, rule, sent_at).await {
        Ok(opened) => {
            app.nudge();
            let id = if let Opened::Existing { run } = opened { run } else { id };
            words::sweep_begun(&id, &app.channel)
        }
        Err(error) => {
            tracing::warn!(%error, "a sweep could not be written down");
            if error.is_certain() { words::not_written() } else { words::perhaps_written(&sweep) }
        }
    }
}
