//! Decline: ends the run. Harmless steps that are finished are not undone. A modal asks for a reason first. If no modal
//! can be opened, the decline counts without a reason.

use std::collections::BTreeSet;

use super::card::Meta;
use super::still_waiting;
use super::still_waiting::{expire, requester, still_awaits};
use super::verdict::{Verdict, apply_verdict, failed};
use crate::bot::app::App;
use crate::bot::click_queue::ClickKind;
use crate::bot::private::ReplyTo;
use crate::exec::Decision;
use crate::slack::api::ApiError;
use crate::slack::markup::Markup;
use crate::slack::messages;
use crate::slack::modal;
use crate::slack::payload::{Click, Submit};
use crate::slack::value::Value;
use reinstate_core::access::{EarlierRole, Ownership};
use reinstate_core::run::EndReason;
use reinstate_core::{Action, Denied, Event, Outcome, Permit, Run};
use reinstate_store::AppendOptions;

/// Handles a click on Decline: asks a person who may decline for a reason.
pub(in crate::bot) async fn ask(app: &App, reply_to: &ReplyTo, click: &Click, value: &Value) -> Verdict {
    let run = match allowed(app, reply_to, value).await {
        Ok((_, run)) => run,
        Err(verdict) => return verdict,
    };
    let email = run.current.and_then(|current| current.diagnosis.email).unwrap_or_default();
    let meta = Meta::text(reply_to, value);
    let opened = match &click.trigger {
        Some(trigger) => {
            app.slack.open_view(trigger, &modal::reason(&Markup::new().escaped(&email), &meta)).await
        }
        None => Err(ApiError::Lost("there is no trigger id")),
    };
    match opened {
        Ok(_) => Verdict::Asked,
        // Slack delivered the click twice, and the other delivery opened the modal first.
        Err(ApiError::Refused(code)) if code == "exchanged_trigger_id" => Verdict::Asked,
        Err(error) => {
            tracing::info!(%error, "no reason could be asked for");
            decline(app, reply_to, value, "").await
        }
    }
}

/// Handles the modal with the reason.
pub(in crate::bot) async fn submitted(app: &App, submit: Submit) {
    let (reply_to, value) = Meta::of(&submit);
    let why = submit.values.pointer("/reason/why/value").and_then(serde_json::Value::as_str);
    let turn = app.click_queue.turn(&value.run, ClickKind::Decline);
    let verdict = {
        let _turn = turn.lock().await;
        decline(app, &reply_to, &value, why.unwrap_or_default()).await
    };
    apply_verdict(app, &reply_to, &value.run, ClickKind::Decline, verdict).await;
}

/// Checks that the run still waits for this plan and that the person may decline it.
async fn allowed(app: &App, reply_to: &ReplyTo, value: &Value) -> Result<(Permit, Run), Verdict> {
    let run = app.journal.run(&value.run).await.map_err(|error| failed(&error))?;
    let now = still_waiting::now(app).await?;
    if let Err(verdict) = still_awaits(app, &run, &value.digest, now) {
        expire(app, &value.run, &value.digest, now).await;
        return Err(verdict);
    }
    let action = |theirs| Action::Decline { requester: requester(&run), theirs };
    let permit = match app.people.permit(&app.slack, &reply_to.by, &action(false)).await {
        // Anybody may decline a plan on their own account. For a person without the role, only a full read shows whose
        // it is.
        Err(Denied::Missing(role)) => {
            let theirs = is_theirs(app, reply_to, &run).await;
            let again = app.people.permit(&app.slack, &reply_to.by, &action(theirs)).await;
            again.map_err(|_| Denied::Missing(role))
        }
        permit => permit,
    };
    match permit {
        Ok(permit) => Ok((permit, run)),
        Err(denied) => Err(Verdict::Refused(messages::denied(denied, app.people.access()))),
    }
}

/// Whether the plan is on the person's own account, or was requested by the same person under another Slack id.
async fn is_theirs(app: &App, reply_to: &ReplyTo, run: &Run) -> bool {
    let Some(current) = &run.current else { return false };
    let actor = app.people.actor(&app.slack, &reply_to.by, None).await;
    let ties = app.ties(&actor, &current.plan.subject, &requester(run), &BTreeSet::new()).await;
    ties.own == Ownership::Yes || ties.same == EarlierRole::Requester
}

async fn decline(app: &App, reply_to: &ReplyTo, value: &Value, why: &str) -> Verdict {
    let permit = match allowed(app, reply_to, value).await {
        Ok((permit, _)) => permit,
        Err(verdict) => return verdict,
    };
    let why: String = why.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(500).collect();
    let now = match still_waiting::now(app).await {
        Ok(now) => now,
        Err(verdict) => return verdict,
    };
    let decided = app.journal.decide(&value.run, now, |run: &Run| {
        if let Err(verdict) = still_awaits(app, run, &value.digest, now) {
            return Decision::Leave(verdict);
        }
        let events = vec![
            Event::Declined { by: permit.actor().to_owned(), digest: value.digest.clone() },
            Event::Ended {
                outcome: Outcome::Declined,
                message: EndReason::Declined { why: why.clone() }.into(),
            },
        ];
        Decision::Write(events, AppendOptions { end: true, ..AppendOptions::default() }, Verdict::Taken)
    });
    decided.await.unwrap_or_else(|error| failed(&error))
}
