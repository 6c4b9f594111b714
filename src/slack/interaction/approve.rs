//! Approve: one person, one run, one digest, one moment.

use super::Value;
use super::settle::{Verdict, failed, refused};
use super::waiting::{expire, requester, still_asked};
use crate::app::App;
use crate::core::access::Own;
use crate::core::{Action, Denied, Event, Run, may};
use crate::exec::Decision;
use crate::slack::markup::Markup;
use crate::slack::private::Ear;
use crate::slack::words::{self, click};
use crate::store::Also;

pub(super) async fn approve(app: &App, ear: &Ear, value: &Value) -> Verdict {
    let run = match app.ledger.load(&value.run).await {
        Ok(run) => run,
        Err(error) => return failed(&error),
    };
    if run.approved_by().contains(&ear.by.id) && run.ended.is_none() {
        return Verdict::Idle(Markup::new().data(&Denied::Already.to_string()));
    }
    if let Err(verdict) = still_asked(app, &run, &value.digest) {
        expire(app, &value.run, &value.digest).await;
        return verdict;
    }
    let action =
        |own, run: &Run| Action::Approve { requester: requester(run), own, approved: run.approved_by() };
    // Whoever lacks the role is refused before anything is read about them.
    if let Err(denied) = app.people.permit(&app.slack, &ear.by, &action(Own::No, &run)).await {
        return Verdict::Refused(words::denied(denied, app.people.access()));
    }
    let actor = app.people.actor(&app.slack, &ear.by, None).await;
    let Some(subject) = run.current.as_ref().map(|current| current.plan.subject.clone()) else {
        return refused(click::NO_PLAN);
    };
    let own = app.is_own(actor.email.as_deref(), &subject).await;
    let decided = app.ledger.decide(&value.run, crate::clock::now(), |run| {
        if let Err(verdict) = still_asked(app, run, &value.digest) {
            return Decision::Leave(verdict);
        }
        match may(&actor, &action(own.clone(), run)) {
            Ok(permit) => {
                let approved =
                    Event::Approved { by: permit.actor().to_owned(), digest: value.digest.clone() };
                Decision::Write(vec![approved], Also { wake: true, ..Also::default() }, Verdict::Taken)
            }
            Err(denied) => Decision::Leave(Verdict::Refused(words::denied(denied, app.people.access()))),
        }
    });
    decided.await.unwrap_or_else(|error| failed(&error))
}
