//! The data that buttons and modals carry, and the check that a button is on the run's own card.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::verdict::{Verdict, refused};
use crate::bot::app::App;
use crate::bot::private::ReplyTo;
use crate::slack::markup::Markup;
use crate::slack::messages;
use crate::slack::payload::{Click, Submit};
use crate::slack::value::Value;
use reinstate_store::CardRole;

/// The metadata of a modal: the button's value, and where to answer the person who submits it.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(in crate::bot) struct Meta {
    #[serde(flatten)]
    pub(in crate::bot) value: Value,
    channel: Option<String>,
    response_url: Option<String>,
}

impl Meta {
    /// The text that is stored in the modal.
    pub(in crate::bot) fn text(reply_to: &ReplyTo, value: &Value) -> String {
        let (channel, response_url) = (reply_to.channel.clone(), reply_to.response_url.clone());
        let meta = Self { value: value.clone(), channel, response_url };
        serde_json::to_string(&meta).unwrap_or_default()
    }

    /// Reads the metadata of a submitted modal: where to answer, and the button's value.
    pub(in crate::bot) fn of(submit: &Submit) -> (ReplyTo, Value) {
        let meta: Self = serde_json::from_str(&submit.meta).unwrap_or_default();
        let by = submit.by.clone();
        let reply_to = ReplyTo { by, channel: meta.channel, response_url: meta.response_url, view: None };
        (reply_to, meta.value)
    }
}

pub(in crate::bot) fn gone() -> Markup {
    Markup::new().literal(messages::click::NAMES_NOBODY)
}

/// Accepts only the card whose time stamp is stored. A copy can exist if the answer to a post was lost; a click on it
/// is refused with a link to the stored card.
pub(in crate::bot) async fn from_its_card(app: &App, click: &Click, run: &str) -> Result<(), Verdict> {
    let (Some(channel), Some(ts)) = (&click.channel, &click.ts) else {
        return Err(refused(messages::click::NOT_ITS_CARD));
    };
    // A person may click before we have stored where the card is.
    let until = Instant::now() + Duration::from_secs(2);
    loop {
        let cards = match app.journal.store().cards(run).await {
            Ok(cards) => cards,
            Err(_) => return Err(Verdict::Idle(messages::no_store())),
        };
        if cards.iter().any(|card| card.at.channel == *channel && card.at.ts == *ts) {
            return Ok(());
        }
        let root = cards.iter().find(|card| card.role == CardRole::Root);
        let approvals = cards.iter().filter_map(|card| match card.role {
            CardRole::Approval(plan) => Some((plan, card)),
            _ => None,
        });
        let asked = approvals.max_by_key(|(plan, _)| *plan).map(|(_, card)| card);
        let complete = root.is_some_and(|root| root.at.channel == app.channel) || asked.is_some();
        if complete || Instant::now() >= until {
            let right = asked.or(root);
            let link = match right {
                Some(card) => app.slack.permalink(&card.at.channel, &card.at.ts).await.ok(),
                None => None,
            };
            return Err(Verdict::Refused(messages::click::copy(link.as_deref())));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
