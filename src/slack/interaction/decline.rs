//! Decline: ends the run; what harmless steps did stays done.

use super::Value;
use super::settle::{Verdict, failed};
use super::waiting::{expire, requester, still_asked};
use crate::app::App;
use crate::core::{Action, Event, Outcome};
use crate::exec::Decision;
use crate::slack::private::Ear;
use crate::slack::words;
use crate::store::Also;

pub(super) async fn decline(app: &App, ear: &Ear, value: &Value) -> Verdict {
    let run = match app.ledger.load(&value.run).await {
        Ok(run) => run,
        Err(error) => return failed(&error),
    };
    if let Err(verdict) = still_asked(app, &run, &value.digest) {
        expire(app, &value.run, &value.digest).await;
        return verdict;
    }
    let action = Action::Decline { requester: requester(&run) };
    let permit = match app.people.permit(&app.slack, &ear.by, &action).await {
        Ok(permit) => permit,
        Err(denied) => return Verdict::Refused(words::denied(denied, app.people.access())),
    };
    let decided = app.ledger.decide(&value.run, crate::clock::now(), |run| {
        if let Err(verdict) = still_asked(app, run, &value.digest) {
            return Decision::Leave(verdict);
        }
        let events = vec![
            Event::Declined { by: permit.actor().to_owned(), digest: value.digest.clone() },
            Event::Ended {
                outcome: Outcome::Declined,
                says: "The plan was declined; none of it was done.".to_owned(),
            },
        ];
        Decision::Write(events, Also { end: true, ..Also::default() }, Verdict::Taken)
    });
    decided.await.unwrap_or_else(|error| failed(&error))
}
