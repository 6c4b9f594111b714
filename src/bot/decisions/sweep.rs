//! Handles clicks on the card of a sweep. Like every other click, they are decided on the stored list, on the roles
//! read now, and on the card with the stored time stamp.

use std::collections::BTreeSet;
use std::time::Instant;

use super::approve::DECISIONS;
use super::still_waiting::now;
use super::verdict::{Verdict, failed, refused};
use crate::bot::app::App;
use crate::bot::click_queue::ClickKind;
use crate::bot::private::ReplyTo;
use crate::exec::{Decision, JournalError};
use crate::slack::blocks::Message;
use crate::slack::cards::sweep_page;
use crate::slack::markup::Markup;
use crate::slack::messages;
use crate::slack::people::ROLE_MAX_AGE;
use crate::slack::value::Value;
use reinstate_core::access::{EarlierRole, Ownership};
use reinstate_core::run::{EndReason, Goal, PauseDetail, Request, Requester};
use reinstate_core::subject::normalize;
use reinstate_core::sweep::{Sweep, SweepEvent, SweepFinding, SweepNext};
use reinstate_core::{Action, Denied, Subject, Who, may};
use reinstate_store::{AppendError, AppendOptions};

/// Decides a click on the card of a sweep. `sweep` is the fold with which the click was read.
pub(in crate::bot) async fn decide(
    app: &App,
    reply_to: &ReplyTo,
    value: &Value,
    kind: ClickKind,
    sweep: &Sweep,
) -> Verdict {
    if sweep.ended.is_some() {
        return refused(messages::click::SWEEP_ENDED);
    }
    match kind {
        ClickKind::SweepRepair => request(app, reply_to, value, sweep).await,
        ClickKind::Approve => approve(app, reply_to, value).await,
        ClickKind::Decline => {
            let action = Action::Decline { requester: requester(sweep), theirs: false };
            let message = EndReason::ListDeclined.into();
            let event = SweepEvent::SweepEnded { message, by: Some(reply_to.by.id.clone()) };
            let waits = |next: &SweepNext| matches!(next, SweepNext::AwaitApproval(_));
            event_by(app, reply_to, value, &action, event, waits).await
        }
        ClickKind::SweepPause => {
            let by = Some(reply_to.by.id.clone());
            let event = SweepEvent::SweepPaused { by, why: PauseDetail::PausedByPerson.into() };
            event_by(app, reply_to, value, &Action::Repair, event, |next| *next == SweepNext::Repair).await
        }
        ClickKind::Retry => {
            let event = SweepEvent::SweepResumed { by: reply_to.by.id.clone() };
            event_by(app, reply_to, value, &Action::Repair, event, |next| *next == SweepNext::AwaitPerson)
                .await
        }
        ClickKind::Cancel => stop(app, reply_to, &value.run, sweep).await,
        ClickKind::Open => refused(messages::click::NOT_FOR_SWEEPS),
    }
}

/// Stops a sweep: before its next page while it reads, and before its next repair later. The sweep ends immediately. An
/// executor that reads for it notices this before it requests another page.
pub(in crate::bot) async fn stop(app: &App, reply_to: &ReplyTo, id: &str, sweep: &Sweep) -> Verdict {
    if sweep.ended.is_some() {
        return refused(messages::click::SWEEP_ENDED);
    }
    let requester = requester(sweep);
    let action = Action::Cancel { requester: requester.clone() };
    let permit = match app.people.permit(&app.slack, &reply_to.by, &action).await {
        Ok(permit) => permit,
        Err(denied) => return Verdict::Refused(messages::denied(denied, app.people.access())),
    };
    let now = match now(app).await {
        Ok(now) => now,
        Err(verdict) => return verdict,
    };
    let decided = app.journal.decide(id, now, |sweep: &Sweep| {
        if sweep.ended.is_some() {
            return Decision::Leave(refused(messages::click::SWEEP_ENDED));
        }
        // Somebody else has requested the repairs in the meantime, so only they may stop the sweep.
        if self::requester(sweep) != requester {
            return Decision::Leave(refused(messages::click::SWEEP_MOVED_ON));
        }
        let message = sweep.stop_reason().into();
        let event = SweepEvent::SweepEnded { message, by: Some(permit.actor().to_owned()) };
        Decision::Write(vec![event], AppendOptions { wake: true, ..AppendOptions::default() }, Verdict::Taken)
    });
    decided.await.unwrap_or_else(|error| failed_on_sweep(&error))
}

/// Requests the repairs. An operator does this in their own name.
async fn request(app: &App, reply_to: &ReplyTo, value: &Value, sweep: &Sweep) -> Verdict {
    if sweep.digest().as_deref() != Some(value.digest.as_str()) {
        return refused(messages::click::LIST_CHANGED);
    }
    let permit = match app.people.permit(&app.slack, &reply_to.by, &Action::Repair).await {
        Ok(permit) => permit,
        Err(denied) => return Verdict::Refused(messages::denied(denied, app.people.access())),
    };
    let by = Request {
        by: Requester { id: permit.actor().to_owned(), ..reply_to.by.clone() },
        channel: reply_to.channel.clone().unwrap_or_default(),
        text: "sweep".to_owned(),
        response_url: None,
        aim: Goal::default(),
        helps: None,
    };
    let (digest, rule) = (value.digest.clone(), permit.rule().to_owned());
    let event = SweepEvent::SweepRequested { by, digest, rule };
    write(app, value, event, |next| matches!(next, SweepNext::AwaitRequest(_))).await
}

async fn approve(app: &App, reply_to: &ReplyTo, value: &Value) -> Verdict {
    for _ in 0..DECISIONS {
        match decide_approval(app, reply_to, value).await {
            Ok(Some(verdict)) => return verdict,
            Ok(None) | Err(JournalError::Append(AppendError::TooLate)) => {}
            Err(error) => return failed_on_sweep(&error),
        }
    }
    Verdict::Refused(messages::denied(Denied::AskAgain, app.people.access()))
}

/// Makes one decision on the list: the role, four eyes, and no account of the approver on it. Returns none if the facts
/// behind it had changed before it could be written.
async fn decide_approval(
    app: &App,
    reply_to: &ReplyTo,
    value: &Value,
) -> Result<Option<Verdict>, JournalError> {
    let sweep = app.journal.sweep(&value.run).await?;
    let before = match now(app).await {
        Ok(now) => now,
        Err(verdict) => return Ok(Some(verdict)),
    };
    if !sweep.awaits(&value.digest, before, &app.limits) {
        return Ok(Some(refused(messages::click::NO_LIST_AWAITED)));
    }
    let requester = requester(&sweep);
    let action =
        |own, same| Action::Approve { requester: requester.clone(), own, same, approved: BTreeSet::new() };
    let denied = |denied| Verdict::Refused(messages::denied(denied, app.people.access()));
    if let Err(why) =
        app.people.permit(&app.slack, &reply_to.by, &action(Ownership::No, EarlierRole::No)).await
    {
        return Ok(Some(denied(why)));
    }
    let known = app.people.actor(&app.slack, &reply_to.by, None).await;
    let ties = app.ties(&known, &listed(&sweep), &requester, &BTreeSet::new()).await;
    let asked_at = Instant::now();
    let actor = app.people.actor(&app.slack, &reply_to.by, Some(asked_at)).await;
    if let Err(why) = may(&actor, &action(ties.own, ties.same)) {
        return Ok(Some(denied(why)));
    }
    if !ties.cover(&actor, &requester, &BTreeSet::new()) {
        return Ok(None);
    }
    let approved = SweepEvent::SweepApproved { by: actor.id, digest: value.digest.clone() };
    let deadline = asked_at.checked_add(ROLE_MAX_AGE);
    let now = match now(app).await {
        Ok(now) => now,
        Err(verdict) => return Ok(Some(verdict)),
    };
    let written = app.journal.decide(&value.run, now, |sweep: &Sweep| {
        if !sweep.awaits(&value.digest, now, &app.limits) {
            return Decision::Leave(refused(messages::click::SWEEP_MOVED_ON));
        }
        let also = AppendOptions { wake: true, deadline, ..AppendOptions::default() };
        Decision::Write(vec![approved.clone()], also, Verdict::Taken)
    });
    written.await.map(Some)
}

fn requester(sweep: &Sweep) -> String {
    sweep.requester().map(|asked| asked.by.id.clone()).unwrap_or_default()
}

/// One subject that stands for everybody on the list.
fn listed(sweep: &Sweep) -> Subject {
    let mut subject = Subject::asked(Who::Account(String::new()));
    subject.accounts.clear();
    for one in sweep.surveyed.iter().flat_map(|surveyed| surveyed.list.repairs()) {
        subject.accounts.insert(one.subject.clone());
        subject.addresses.insert(normalize(&one.query));
    }
    subject
}

async fn event_by(
    app: &App,
    reply_to: &ReplyTo,
    value: &Value,
    action: &Action,
    event: SweepEvent,
    fits: impl Fn(&SweepNext) -> bool,
) -> Verdict {
    match app.people.permit(&app.slack, &reply_to.by, action).await {
        Ok(_) => write(app, value, event, fits).await,
        Err(denied) => Verdict::Refused(messages::denied(denied, app.people.access())),
    }
}

/// Writes an event if the state of the sweep still fits.
async fn write(app: &App, value: &Value, event: SweepEvent, fits: impl Fn(&SweepNext) -> bool) -> Verdict {
    let now = match now(app).await {
        Ok(now) => now,
        Err(verdict) => return verdict,
    };
    let written = app.journal.decide(&value.run, now, |sweep: &Sweep| {
        if !fits(&sweep.next(now, &app.limits)) {
            return Decision::Leave(refused(messages::click::SWEEP_MOVED_ON));
        }
        Decision::Write(
            vec![event.clone()],
            AppendOptions { wake: true, ..AppendOptions::default() },
            Verdict::Taken,
        )
    });
    written.await.unwrap_or_else(|error| failed_on_sweep(&error))
}

fn failed_on_sweep(error: &JournalError) -> Verdict {
    match error {
        JournalError::Append(AppendError::Ended) => refused(messages::click::SWEEP_ENDED),
        error => failed(error),
    }
}

/// Shows the caller a page of the people who need an approval of their own.
pub(in crate::bot) async fn page(app: &App, reply_to: &ReplyTo, value: &Value) {
    let card = found(app, reply_to, value).await;
    app.reply(reply_to, &card).await;
}

async fn found(app: &App, reply_to: &ReplyTo, value: &Value) -> Message {
    if let Err(denied) = app.people.permit(&app.slack, &reply_to.by, &Action::Check).await {
        app.record_denial(&reply_to.by.id, "sweep_page", &denied.to_string()).await;
        return Message::text(&messages::denied(denied, app.people.access()));
    }
    let Ok(rows) = app.journal.store().found_by(&value.run).await else {
        return Message::text(&messages::no_store());
    };
    let mut found: Vec<SweepFinding> =
        rows.values().filter_map(|text| serde_json::from_str(text).ok()).collect();
    found.retain(|found: &SweepFinding| found.needs_approval);
    found.sort_by(|a, b| (&a.causes, &a.query).cmp(&(&b.causes, &b.query)));
    if found.is_empty() {
        return Message::text(&Markup::new().literal(messages::click::ROWS_GONE));
    }
    sweep_page(&value.run, &found, value.page)
}
