//! `check WHO [APP]`, and Recheck: a diagnosis that only the caller sees. It reads, and never writes anything upstream.

use std::time::{Duration, Instant};

use crate::bot::app::{App, SharedDiagnosis};
use crate::bot::private::ReplyTo;
use crate::slack::blocks::Message;
use crate::slack::cards;
use crate::slack::command::Target;
use crate::slack::markup::Markup;
use crate::slack::messages;
use reinstate_core::{Action, Who};

/// After this time the caller is told that the work continues (docs/reference/rules.md#answer-within-five-seconds).
const SILENT_LIMIT: Duration = Duration::from_secs(4);

pub(crate) async fn check(app: &App, reply_to: &ReplyTo, target: &Target, about: Option<&str>) {
    patiently(app, reply_to, answer(app, reply_to, target, about)).await;
}

/// Sends an answer. If the answer takes long, first sends a message that the reading still goes on.
pub(super) async fn patiently(app: &App, reply_to: &ReplyTo, answer: impl Future<Output = Message>) {
    tokio::pin!(answer);
    let card = tokio::select! {
        card = &mut answer => card,
        () = tokio::time::sleep(SILENT_LIMIT) => {
            app.reply(reply_to, &Message::text(&messages::still_reading())).await;
            answer.await
        }
    };
    app.reply(reply_to, &card).await;
}

async fn answer(app: &App, reply_to: &ReplyTo, target: &Target, about: Option<&str>) -> Message {
    if let Err(card) = app.allow(reply_to, "check", &Action::Check).await {
        return card;
    }
    let who = match app.resolve(target).await {
        Ok(who) => who,
        Err(unresolved) => return Message::text(&Markup::new().escaped(&unresolved.to_string())),
    };
    let looked = match limited(app, reply_to, &who, about).await {
        Ok(looked) => looked,
        Err(answer) => return answer,
    };
    if let Some(choice) = &looked.0.app_choice {
        return Message::text(&messages::unclear_app(choice));
    }
    let docs = app.config.slack.docs_url.as_ref();
    cards::diagnosis(&looked.0, &looked.1, looked.2, who.text(), docs)
}

/// The shared diagnosis, within the limit of the person who asks. A diagnosis that read nothing does not count.
///
/// # Errors
/// The answer, if the person has used up the limit.
pub(super) async fn limited(
    app: &App,
    reply_to: &ReplyTo,
    who: &Who,
    about: Option<&str>,
) -> Result<SharedDiagnosis, Message> {
    let (person, now) = (&reply_to.by.id, Instant::now());
    app.look_limit.take(person, now).map_err(|wait| Message::text(&messages::too_often(wait)))?;
    let looked = app.shared_diagnosis_about(who, about).await;
    if looked.0.has_read_nothing() {
        app.look_limit.give_back(person, now);
    }
    Ok(looked)
}
