//! Retry: an operator asks that a run that waits for a person reads the state again.

use super::verdict::{Verdict, failed, refused};
use crate::bot::app::App;
use crate::bot::private::ReplyTo;
use crate::exec::Decision;
use crate::slack::messages;
use reinstate_core::{Action, Event, Run};
use reinstate_store::AppendOptions;

pub(in crate::bot) async fn retry(app: &App, reply_to: &ReplyTo, id: &str) -> Verdict {
    let permit = match app.people.permit(&app.slack, &reply_to.by, &Action::Repair).await {
        Ok(permit) => permit,
        Err(denied) => return Verdict::Refused(messages::denied(denied, app.people.access())),
    };
    let decided = app.journal.decide(id, crate::clock::now(), |run: &Run| {
        if run.ended.is_some() || run.waiting.is_none() {
            return Decision::Leave(refused(messages::click::NO_PERSON_AWAITED));
        }
        let event = Event::Retried { by: permit.actor().to_owned() };
        Decision::Write(vec![event], AppendOptions { wake: true, ..AppendOptions::default() }, Verdict::Taken)
    });
    decided.await.unwrap_or_else(|error| failed(&error))
}
