//! Checks whether a run still waits for exactly the plan that was shown, and ends a run whose approval has expired.

use jiff::Timestamp;

use super::verdict::{Verdict, failed, refused};
use crate::bot::app::App;
use crate::exec::Decision;
use crate::slack::messages::click;
use reinstate_core::run::{EndReason, Next};
use reinstate_core::{Event, Outcome, Run};
use reinstate_store::AppendOptions;

/// The current time by the clock of the database, which decides when approvals expire.
pub(in crate::bot) async fn now(app: &App) -> Result<Timestamp, Verdict> {
    app.journal.now().await.map_err(|error| failed(&error.into()))
}

pub(in crate::bot) fn requester(run: &Run) -> String {
    run.asked.as_ref().map(|asked| asked.by.id.clone()).unwrap_or_default()
}

/// Checks that the run still waits for exactly this plan. The digest is computed again from the stored plan.
pub(in crate::bot) fn still_awaits(
    app: &App,
    run: &Run,
    digest: &str,
    now: Timestamp,
) -> Result<(), Verdict> {
    if run.ended.is_some() {
        return Err(refused(click::RUN_ENDED));
    }
    let Some(current) = &run.current else {
        return Err(refused(click::NO_PLAN));
    };
    if digest.is_empty() || current.plan.digest().as_deref() != Some(digest) {
        return Err(refused(click::PLAN_CHANGED));
    }
    if run.awaits(digest, now, &app.rules, &app.limits) {
        return Ok(());
    }
    Err(match run.next(now, &app.rules, &app.limits) {
        Next::Expire => refused(click::APPROVAL_OVER),
        _ => refused(click::NO_APPROVAL_AWAITED),
    })
}

/// Records that nobody approved in time, if that is the case.
pub(in crate::bot) async fn expire(app: &App, run: &str, digest: &str, now: Timestamp) {
    let written = app.journal.decide(run, now, |folded: &Run| {
        let this = folded.current.as_ref().is_some_and(|current| current.digest.as_deref() == Some(digest));
        if !this || folded.next(now, &app.rules, &app.limits) != Next::Expire {
            return Decision::Leave(false);
        }
        let events = vec![
            Event::Expired { digest: digest.to_owned() },
            Event::Ended { outcome: Outcome::Expired, message: EndReason::ApprovalOver.into() },
        ];
        Decision::Write(events, AppendOptions { end: true, ..AppendOptions::default() }, true)
    });
    match written.await {
        Ok(true) => app.nudge(),
        Ok(false) => {}
        Err(error) => tracing::debug!(%error, "an expiry is left to the executor"),
    }
}
