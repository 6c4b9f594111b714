//! Approve: one person approves one digest of one run. Slow reads come first. Then the roles are read again, and the
//! approval is written within ten seconds of that. If that fails, the decision is made again.

use std::time::Instant;

use super::card::Meta;
use super::still_waiting;
use super::still_waiting::{expire, requester, still_awaits};
use super::verdict::{Verdict, apply_verdict, failed, refused};
use crate::bot::app::App;
use crate::bot::click_queue::ClickKind;
use crate::bot::private::ReplyTo;
use crate::exec::{Decision, JournalError};
use crate::slack::api::ApiError;
use crate::slack::cards;
use crate::slack::markup::Markup;
use crate::slack::messages::{self, click};
use crate::slack::modal;
use crate::slack::payload::{Click, Submit};
use crate::slack::people::ROLE_MAX_AGE;
use crate::slack::value::Value;
use reinstate_core::access::{EarlierRole, Ownership};
use reinstate_core::{Action, Denied, Event, Run, may};
use reinstate_store::{AppendError, AppendOptions};

/// How often a decision is repeated if it was too old when it was to be written.
pub(in crate::bot) const DECISIONS: usize = 3;

async fn approve(app: &App, reply_to: &ReplyTo, value: &Value) -> Verdict {
    for _ in 0..DECISIONS {
        match decide(app, reply_to, value).await {
            Ok(Some(verdict)) => return verdict,
            Ok(None) | Err(JournalError::Append(AppendError::TooLate)) => {}
            Err(error) => return failed(&error),
        }
    }
    Verdict::Refused(messages::denied(Denied::AskAgain, app.people.access()))
}

/// Handles a click on Approve. If Slack's dialog had no room for every destructive step, the click approves nothing. It
/// opens a modal that shows all of them and has its own Approve button.
pub(in crate::bot) async fn ask(
    app: &App,
    reply_to: &ReplyTo,
    click: &Click,
    value: &Value,
    run: &Run,
) -> Verdict {
    let now = match still_waiting::now(app).await {
        Ok(now) => now,
        Err(verdict) => return verdict,
    };
    let view = app.private_view(&value.run, run, &[], now);
    let asks = run.ended.is_none() && run.current.is_some() && !run.approved_by().contains(&reply_to.by.id);
    if !asks || cards::dialog(&view).is_some() {
        return approve(app, reply_to, value).await;
    }
    if let Err(verdict) = still_awaits(app, run, &value.digest, now) {
        expire(app, &value.run, &value.digest, now).await;
        return verdict;
    }
    if let Err(why) =
        app.people.permit(&app.slack, &reply_to.by, &action(run, Ownership::No, EarlierRole::No)).await
    {
        return Verdict::Refused(messages::denied(why, app.people.access()));
    }
    let modal = modal::approval(cards::dialog_in_full(&view), &Meta::text(reply_to, value));
    let opened = match &click.trigger {
        Some(trigger) => app.slack.open_view(trigger, &modal).await,
        None => Err(ApiError::Lost("there is no trigger id")),
    };
    match opened {
        Ok(_) => Verdict::Asked,
        // Slack delivered the click twice, and the other delivery opened the modal first.
        Err(ApiError::Refused(code)) if code == "exchanged_trigger_id" => Verdict::Asked,
        Err(error) => {
            tracing::info!(%error, "what is approved could not be shown");
            Verdict::Idle(messages::no_modal())
        }
    }
}

/// Handles Approve in the modal that shows every destructive step.
pub(in crate::bot) async fn submitted(app: &App, submit: Submit) {
    let (reply_to, value) = Meta::of(&submit);
    let turn = app.click_queue.turn(&value.run, ClickKind::Approve);
    let verdict = {
        let _turn = turn.lock().await;
        approve(app, &reply_to, &value).await
    };
    apply_verdict(app, &reply_to, &value.run, ClickKind::Approve, verdict).await;
}

fn action(run: &Run, own: Ownership, same: EarlierRole) -> Action {
    Action::Approve { requester: requester(run), own, same, approved: run.approved_by() }
}

/// Makes one decision. Returns none if the facts behind it had changed before it could be written.
async fn decide(app: &App, reply_to: &ReplyTo, value: &Value) -> Result<Option<Verdict>, JournalError> {
    let run = app.journal.run(&value.run).await?;
    if run.approved_by().contains(&reply_to.by.id) && run.ended.is_none() {
        return Ok(Some(Verdict::Idle(Markup::new().escaped(&Denied::Already.to_string()))));
    }
    let now = match still_waiting::now(app).await {
        Ok(now) => now,
        Err(verdict) => return Ok(Some(verdict)),
    };
    if let Err(verdict) = still_awaits(app, &run, &value.digest, now) {
        expire(app, &value.run, &value.digest, now).await;
        return Ok(Some(verdict));
    }
    let denied = |denied| Verdict::Refused(messages::denied(denied, app.people.access()));
    // A person without the role is refused before anything is read about them.
    if let Err(why) =
        app.people.permit(&app.slack, &reply_to.by, &action(&run, Ownership::No, EarlierRole::No)).await
    {
        return Ok(Some(denied(why)));
    }
    let Some(subject) = run.current.as_ref().map(|current| current.plan.subject.clone()) else {
        return Ok(Some(refused(click::NO_PLAN)));
    };
    let known = app.people.actor(&app.slack, &reply_to.by, None).await;
    let ties = app.ties(&known, &subject, &requester(&run), &run.approved_by()).await;
    let asked_at = Instant::now();
    let actor = app.people.actor(&app.slack, &reply_to.by, Some(asked_at)).await;
    let deadline = asked_at.checked_add(ROLE_MAX_AGE);
    // The reading took time, and an approval expires by the clock of the database.
    let now = match still_waiting::now(app).await {
        Ok(now) => now,
        Err(verdict) => return Ok(Some(verdict)),
    };
    let decided = app.journal.decide(&value.run, now, |run: &Run| {
        if let Err(verdict) = still_awaits(app, run, &value.digest, now) {
            return Decision::Leave(Some(verdict));
        }
        match may(&actor, &action(run, ties.own, ties.same)) {
            Err(why) => Decision::Leave(Some(denied(why))),
            // Somebody else approved in the meantime, and that may be the same person under another Slack id.
            Ok(_) if !ties.cover(&actor, &requester(run), &run.approved_by()) => Decision::Leave(None),
            Ok(permit) => {
                let approved =
                    Event::Approved { by: permit.actor().to_owned(), digest: value.digest.clone() };
                let also = AppendOptions { wake: true, deadline, ..AppendOptions::default() };
                Decision::Write(vec![approved], also, Some(Verdict::Taken))
            }
        }
    });
    decided.await
}
