//! `check WHO [APP]`, and Recheck: a diagnosis that only the caller sees. It reads, and never writes anything upstream.

use std::time::{Duration, Instant};

use crate::bot::app::{App, SharedDiagnosis};
use crate::bot::private::ReplyTo;
use crate::slack::blocks::Message;
use crate::slack::cards::{self, CheckView};
use crate::slack::command::Target;
use crate::slack::markup::Markup;
use crate::slack::messages;
use reinstate_core::subject::name_of;
use reinstate_core::{Action, Who};

/// After this time the caller is told that the work continues (docs/reference/rules.md#answer-within-five-seconds).
const SILENT_LIMIT: Duration = Duration::from_secs(4);

pub(crate) async fn check(app: &App, reply_to: &ReplyTo, target: &Target, about: Option<&str>) {
    patiently(app, reply_to, answer(app, reply_to, target, about, &Action::Check)).await;
}

/// Recheck on the card of a run. Approvers may use it while they are asked: they should see what they decide about.
pub(crate) async fn recheck_of_run(app: &App, reply_to: &ReplyTo, target: &Target, asks: bool) {
    let action = if asks { Action::Follow } else { Action::Check };
    patiently(app, reply_to, answer(app, reply_to, target, None, &action)).await;
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

async fn answer(
    app: &App,
    reply_to: &ReplyTo,
    target: &Target,
    about: Option<&str>,
    action: &Action,
) -> Message {
    match read(app, reply_to, target, about, action).await {
        Ok((who, looked)) => card(app, reply_to, &who, &looked).await,
        Err(refused) => refused,
    }
}

/// The details of a diagnosis, for the modal that is open.
pub(crate) async fn details(app: &App, reply_to: &ReplyTo, target: &Target, about: Option<&str>) {
    let card = match read(app, reply_to, target, about, &Action::Check).await {
        Ok((who, looked)) => {
            let docs = app.config.slack.docs_url.as_ref();
            let text = Markup::new().literal("Details of ").escaped(who.text());
            Message { text: text.cut(200), blocks: cards::of_diagnosis(&looked.0, &looked.1, docs) }
        }
        Err(refused) => refused,
    };
    app.reply(reply_to, &card).await;
}

async fn read(
    app: &App,
    reply_to: &ReplyTo,
    target: &Target,
    about: Option<&str>,
    action: &Action,
) -> Result<(Who, SharedDiagnosis), Message> {
    app.allow(reply_to, "check", action).await?;
    let resolved = app.resolve(target).await;
    let who = resolved.map_err(|why| Message::text(&Markup::new().escaped(&why.to_string())))?;
    let looked = limited(app, reply_to, &who, about).await?;
    match &looked.0.app_choice {
        Some(choice) => Err(Message::text(&messages::unclear_app(choice))),
        None => Ok((who, looked)),
    }
}

async fn card(app: &App, reply_to: &ReplyTo, who: &Who, looked: &SharedDiagnosis) -> Message {
    let may_repair = app.people.permit(&app.slack, &reply_to.by, &Action::Repair).await.is_ok();
    let ask_instead = (!may_repair).then(|| messages::ask_instead(app.people.access()));
    let open = app.journal.store().open_run_on(&name_of(who)).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "whether a run on this person is open could not be read");
        None
    });
    let open_run = match open {
        Some(run) => {
            let link = app.card_link(&run).await;
            Some((run, link))
        }
        None => None,
    };
    cards::diagnosis(&CheckView {
        diagnosis: &looked.0,
        plan: &looked.1,
        at: looked.2,
        asked: who.text(),
        docs: app.config.slack.docs_url.as_ref(),
        ask_instead,
        open_run,
    })
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
