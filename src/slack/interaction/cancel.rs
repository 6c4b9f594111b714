//! Cancel, clicked or typed: the run stops before its next step. What is done stays done.

use super::settle::{Verdict, failed, refused, settle};
use super::waiting::requester;
use crate::app::App;
use crate::core::{Action, Event};
use crate::exec::Decision;
use crate::slack::markup::Markup;
use crate::slack::private::Ear;
use crate::slack::words;
use crate::store::Also;

/// `cancel RUN`, typed.
pub(in crate::slack) async fn stop(app: &App, ear: &Ear, run: &str) {
    let turn = app.clicks.turn(run);
    let verdict = {
        let _turn = turn.lock().await;
        match cancel(app, ear, run).await {
            Verdict::Taken => {
                app.nudge();
                Verdict::Idle(
                    Markup::new()
                        .ours("The run is stopped: ")
                        .code(run)
                        .ours(". What was done stays done; its card lists it."),
                )
            }
            other => other,
        }
    };
    settle(app, ear, run, "cancel", verdict).await;
}

pub(super) async fn cancel(app: &App, ear: &Ear, id: &str) -> Verdict {
    let run = match app.ledger.load(id).await {
        Ok(run) => run,
        Err(error) => return failed(&error),
    };
    let action = Action::Cancel { requester: requester(&run) };
    let permit = match app.people.permit(&app.slack, &ear.by, &action).await {
        Ok(permit) => permit,
        Err(denied) => return Verdict::Refused(words::denied(denied, app.people.access())),
    };
    let decided = app.ledger.decide(id, crate::clock::now(), |run| {
        if run.ended.is_some() {
            return Decision::Leave(refused("The run has ended, so nothing was done."));
        }
        if run.cancelled.is_some() {
            return Decision::Leave(refused("The run is being stopped already."));
        }
        // A step on its way is brought to its end first; the loop then ends the run.
        let events = vec![Event::Cancelled { by: permit.actor().to_owned() }];
        Decision::Write(events, Also { wake: true, ..Also::default() }, Verdict::Taken)
    });
    decided.await.unwrap_or_else(|error| failed(&error))
}
