//! Cancel, clicked or typed: a run stops before its next step, a sweep before its next page or its next repair.
//! Finished steps are not undone.

use super::still_waiting::requester;
use super::sweep;
use super::verdict::{Verdict, apply_verdict, failed, refused};
use crate::bot::app::App;
use crate::bot::click_queue::ClickKind;
use crate::bot::private::ReplyTo;
use crate::exec::{Decision, Loaded};
use crate::slack::markup::Markup;
use crate::slack::messages::{self, click};
use reinstate_core::run::EndReason;
use reinstate_core::{Action, Event, Outcome, Run};
use reinstate_store::AppendOptions;

/// Handles `cancel RUN`, typed with the id of a run or a sweep.
pub(in crate::bot) async fn stop(app: &App, reply_to: &ReplyTo, id: &str) {
    let turn = app.click_queue.turn(id, ClickKind::Cancel);
    let verdict = {
        let _turn = turn.lock().await;
        match app.journal.load(id).await {
            Ok(Loaded::Run(run, _)) => taken(app, cancel(app, reply_to, id, &run).await, click::stopped(id)),
            Ok(Loaded::Sweep(sweep, _)) => {
                let says = click::sweep_stopped(id, &sweep);
                taken(app, sweep::stop(app, reply_to, id, &sweep).await, says)
            }
            Err(error) => failed(&error),
        }
    };
    apply_verdict(app, reply_to, id, ClickKind::Cancel, verdict).await;
}

/// A typed command has no card that shows the result, so the caller receives a text.
fn taken(app: &App, verdict: Verdict, says: Markup) -> Verdict {
    match verdict {
        Verdict::Taken => {
            app.nudge();
            Verdict::Idle(says)
        }
        other => other,
    }
}

/// Ends a run that waits for a person, so that its steps can be undone. Does nothing if the run has already ended. The
/// caller needs both permissions: to stop this run, and to start the run that undoes it.
pub(in crate::bot) async fn give_up(app: &App, reply_to: &ReplyTo, id: &str) -> Result<(), Verdict> {
    let run = app.journal.run(id).await.map_err(|error| failed(&error))?;
    if run.ended.is_some() {
        return Ok(());
    }
    let mut by = String::new();
    for action in [Action::Repair, Action::Cancel { requester: requester(&run) }] {
        match app.people.permit(&app.slack, &reply_to.by, &action).await {
            Ok(permit) => permit.actor().clone_into(&mut by),
            Err(denied) => return Err(Verdict::Refused(messages::denied(denied, app.people.access()))),
        }
    }
    let decided = app.journal.decide(id, crate::clock::now(), |run: &Run| {
        if run.ended.is_some() {
            return Decision::Leave(Ok(()));
        }
        if run.waiting.is_none() {
            return Decision::Leave(Err(refused(click::NOT_ENDED)));
        }
        let message = EndReason::StoppedForUndo.into();
        let events =
            vec![Event::Cancelled { by: by.clone() }, Event::Ended { outcome: Outcome::Cancelled, message }];
        Decision::Write(events, AppendOptions { end: true, ..AppendOptions::default() }, Ok(()))
    });
    decided.await.unwrap_or_else(|error| Err(failed(&error)))
}

pub(in crate::bot) async fn cancel(app: &App, reply_to: &ReplyTo, id: &str, run: &Run) -> Verdict {
    let action = Action::Cancel { requester: requester(run) };
    let permit = match app.people.permit(&app.slack, &reply_to.by, &action).await {
        Ok(permit) => permit,
        Err(denied) => return Verdict::Refused(messages::denied(denied, app.people.access())),
    };
    let decided = app.journal.decide(id, crate::clock::now(), |run: &Run| {
        if run.ended.is_some() {
            return Decision::Leave(refused(click::RUN_ENDED));
        }
        if run.cancelled.is_some() {
            return Decision::Leave(refused(click::BEING_STOPPED));
        }
        // A step that has begun is completed first. Then the executor ends the run.
        let events = vec![Event::Cancelled { by: permit.actor().to_owned() }];
        Decision::Write(events, AppendOptions { wake: true, ..AppendOptions::default() }, Verdict::Taken)
    });
    decided.await.unwrap_or_else(|error| failed(&error))
}
