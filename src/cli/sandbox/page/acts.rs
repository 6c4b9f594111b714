//! What a person does on the page, passed to the simulated Slack as an action of that person. Every handler must end
//! with a redirect to the page. Errors are shown to that person as text.

use std::sync::Arc;

use axum::Form;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::Value;

use super::blocks::text;
use super::seat::{HOME_TAB, Seat};
use super::stage::Stage;
use super::{Page, faults, input};
use crate::cli::sandbox::setting::{CASE, Setting};
use crate::slack::action::ShortcutCallback;
use reinstate_sandbox::lock;
use reinstate_sandbox::scenarios::find;
use reinstate_sandbox::slack::{Ack, ActError};

/// The fields of a form; a name may occur more than once.
type Fields = Form<Vec<(String, String)>>;

fn get<'a>(fields: &'a [(String, String)], key: &str) -> &'a str {
    fields.iter().find(|(name, _)| name == key).map_or("", |(_, value)| value.as_str())
}

fn seat(stage: &Stage, fields: &[(String, String)]) -> Seat {
    Seat::of(&fields.iter().cloned().collect()).settled(&lock(&stage.sandbox.slack))
}

/// Shows what Slack would show if the bot did not answer correctly, and redirects back.
fn back(stage: &Stage, seat: &Seat, done: Result<Ack, ActError>) -> Response {
    let notice = match done {
        Ok(ack) if ack.status == 200 => None,
        Ok(ack) => {
            Some(format!("The bot answered with HTTP {}. Slack shows a warning sign beside it.", ack.status))
        }
        Err(ActError::NotThere(what)) => Some(format!("Slack does not let you: {what}.")),
        Err(error) if stage.bot.health().pid.is_none() => {
            tracing::debug!(%error, "the bot is down");
            Some("Slack shows: the app did not respond. The bot is down: start it again.".into())
        }
        Err(error) => Some(format!("Slack shows: the app did not respond. ({error}.)")),
    };
    stage.tell(&seat.user, notice);
    Redirect::to(&seat.url()).into_response()
}

/// Posts to the channel: a slash command of the bot, or a message.
pub(super) async fn say(State(page): State<Arc<Page>>, Form(fields): Fields) -> Response {
    let stage = page.stage();
    let seat = seat(&stage, &fields);
    let words = get(&fields, "text").trim();
    let done = match words.split_once(char::is_whitespace).unwrap_or((words, "")) {
        ("", _) => return Redirect::to(&seat.url()).into_response(),
        ("/reinstate", rest) => stage.people.command(&seat.user, &seat.place, rest.trim()).await,
        (other, _) if other.starts_with('/') => {
            Err(ActError::NotThere(format!("{other} is no command here. Try /reinstate help")))
        }
        _ => {
            // Slack escapes what people type, so text that looks like markup stays text.
            let words = words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            let said = stage.people.say(&seat.user, &seat.place, &words).err();
            stage.tell(&seat.user, said.map(|error| format!("Slack does not let you: {error}.")));
            return Redirect::to(&seat.url()).into_response();
        }
    };
    back(&stage, &seat, done)
}

/// Presses a button of a message, a private message, the App Home or a modal.
pub(super) async fn click(State(page): State<Arc<Page>>, Form(fields): Fields) -> Response {
    let stage = page.stage();
    let seat = seat(&stage, &fields);
    let press: Value = serde_json::from_str(get(&fields, "press")).unwrap_or_default();
    let (user, action) = (&seat.user, text(&press, "action"));
    let done = match text(&press, "on") {
        "message" => stage.people.click(user, text(&press, "channel"), text(&press, "ts"), action).await,
        "private" => {
            let index = press.get("index").and_then(Value::as_u64).and_then(|index| index.try_into().ok());
            stage.people.click_private(user, index.unwrap_or(usize::MAX), action).await
        }
        "home" => stage.people.click_home(user, action).await,
        "modal" if press.get("picks").is_some() => {
            stage.people.pick_person(user, action, get(&fields, "picked")).await
        }
        "modal" => stage.people.click_modal(user, action).await,
        _ => Err(ActError::NotThere("that button is not there any more".to_owned())),
    };
    back(&stage, &seat, done)
}

/// Submits the open modal of this person.
pub(super) async fn submit(State(page): State<Arc<Page>>, Form(fields): Fields) -> Response {
    let stage = page.stage();
    let seat = seat(&stage, &fields);
    let view = lock(&stage.sandbox.slack).modal(&seat.user).map(|view| (view.id.clone(), view.body.clone()));
    let Some((id, body)) = view else {
        let gone = Err(ActError::NotThere("that window is closed already".to_owned()));
        return back(&stage, &seat, gone);
    };
    let done = stage.people.view_submission(&seat.user, input::values(&body, &fields)).await;
    let errors = done.as_ref().ok().and_then(|ack| ack.json().get("errors").cloned());
    let found = errors.and_then(|errors| serde_json::from_value(errors).ok()).unwrap_or_default();
    stage.complain(&seat.user, (id, found));
    back(&stage, &seat, done)
}

/// Closes the open modal of this person.
pub(super) async fn close(State(page): State<Arc<Page>>, Form(fields): Fields) -> Response {
    let stage = page.stage();
    let seat = seat(&stage, &fields);
    {
        let mut slack = lock(&stage.sandbox.slack);
        let open = slack.modal(&seat.user).map(|view| view.id.clone());
        if let Some(view) = open.and_then(|id| slack.views.get_mut(&id)) {
            view.open = false;
        }
    }
    Redirect::to(&seat.url()).into_response()
}

/// Uses a shortcut: a message shortcut or the global one.
pub(super) async fn shortcut(State(page): State<Arc<Page>>, Form(fields): Fields) -> Response {
    let stage = page.stage();
    let seat = seat(&stage, &fields);
    let (user, ts) = (&seat.user, get(&fields, "ts"));
    let done = if ts.is_empty() {
        stage.people.shortcut(user, ShortcutCallback::CheckPerson.id()).await
    } else {
        stage.people.message_shortcut(user, &seat.place, ts, ShortcutCallback::CheckMessage.id()).await
    };
    back(&stage, &seat, done)
}

/// Opens the App Home; Slack sends this event to the bot.
pub(super) async fn home(State(page): State<Arc<Page>>, Form(fields): Fields) -> Response {
    let stage = page.stage();
    let seat = seat(&stage, &fields).with_place(HOME_TAB);
    let done = stage.people.home_opened(&seat.user).await;
    back(&stage, &seat, done)
}

/// Starts another scenario in a tenant of its own.
pub(super) async fn story(State(page): State<Arc<Page>>, Form(fields): Fields) -> Response {
    let (stage, wanted) = (page.stage(), get(&fields, "story"));
    let case = page.case.clone().filter(|_| wanted == CASE);
    let told = match case.or_else(|| find(wanted).map(Setting::Scenario)) {
        Some(setting) => page.tell(setting).await,
        None => Err(anyhow::anyhow!("there is no story of that name")),
    };
    match told {
        Ok(()) => Redirect::to(&Seat::first().url()).into_response(),
        Err(error) => {
            let seat = seat(&stage, &fields);
            stage.tell(&seat.user, Some(format!("The story could not begin: {error:#}.")));
            Redirect::to(&seat.url()).into_response()
        }
    }
}

/// Injects a fault, or removes it.
pub(super) async fn fault(State(page): State<Arc<Page>>, Form(fields): Fields) -> Response {
    let stage = page.stage();
    let seat = seat(&stage, &fields);
    let failed = faults::cause(&stage, get(&fields, "fault")).await.err();
    stage.tell(&seat.user, failed.map(|error| format!("{error:#}.")));
    Redirect::to(&seat.url()).into_response()
}
