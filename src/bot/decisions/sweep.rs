//! Clicks on a sweep's card: decided on the stored list, on roles asked now, and on the card whose time stamp is
//! stored, like every other click.

use std::collections::BTreeSet;
use std::time::Instant;

use super::approve::DECISIONS;
use super::card::from_its_card;
use super::still_waiting::now;
use super::verdict::{Verdict, refused};
use crate::bot::app::App;
use crate::bot::private::Ear;
use crate::exec::LedgerError;
use crate::slack::blocks::Card;
use crate::slack::cards::sweep_page;
use crate::slack::markup::Markup;
use crate::slack::payload::Click;
use crate::slack::people::ROLE_LIFE;
use crate::slack::value::Value;
use crate::slack::words;
use reinstate_core::access::{Own, Same};
use reinstate_core::run::{Aim, Asked};
use reinstate_core::subject::fold;
use reinstate_core::sweep::{Course, CourseNext, Found, SweepEvent};
use reinstate_core::{Action, Denied, Subject, Who, may};
use reinstate_store::AppendError;

pub(in crate::bot) async fn click(app: &App, ear: &Ear, click: &Click, value: &Value) {
    let what = click.action.strip_prefix("reinstate.").unwrap_or(&click.action);
    if what == "sweep_page" {
        let card = page(app, ear, value).await;
        return app.tell(ear, &card).await;
    }
    let turn = app.clicks.turn(&value.run, what);
    let verdict = {
        let _turn = turn.lock().await;
        match from_its_card(app, click, &value.run).await {
            Err(verdict) => verdict,
            Ok(()) => decide(app, ear, value, what).await,
        }
    };
    match verdict {
        Verdict::Taken => {
            metrics::counter!("reinstate_clicks_total", "outcome" => "taken").increment(1);
            app.nudge();
        }
        Verdict::Asked => {}
        Verdict::Idle(says) => app.tell(ear, &Card::text(&says)).await,
        Verdict::Refused(says) => {
            metrics::counter!("reinstate_clicks_total", "outcome" => "refused").increment(1);
            if app.clicks.is_new(&value.run, &ear.by.id, what, says.as_str()) {
                let (by, why) = (ear.by.id.clone(), says.as_str().to_owned());
                let denied = SweepEvent::SweepDenied { by, what: what.to_owned(), why };
                if app.ledger.decide_sweep(&value.run, |_| (Some(denied.clone()), ())).await.is_err() {
                    app.record_denial(&ear.by.id, what, says.as_str()).await;
                }
            }
            app.tell(ear, &Card::text(&says)).await;
            app.nudge.poster.notify_one();
        }
    }
}

async fn decide(app: &App, ear: &Ear, value: &Value, what: &str) -> Verdict {
    let course = match app.ledger.sweep(&value.run).await {
        Ok(course) => course,
        Err(error) => return failed(&error),
    };
    if course.ended.is_some() {
        return refused(words::click::SWEEP_ENDED);
    }
    match what {
        "sweep_repair" => request(app, ear, value, &course).await,
        "approve" => approve(app, ear, value).await,
        "decline" => {
            let requester = requester(&course);
            let says = words::click::LIST_DECLINED;
            let event = SweepEvent::SweepEnded { says: says.to_owned() };
            let waits = |next: &CourseNext| matches!(next, CourseNext::AwaitApproval(_));
            event_by(app, ear, value, &Action::Decline { requester, theirs: false }, event, waits).await
        }
        "sweep_pause" => {
            let by = Some(ear.by.id.clone());
            let event = SweepEvent::SweepPaused { by, why: "somebody paused it".to_owned() };
            event_by(app, ear, value, &Action::Repair, event, |next| *next == CourseNext::Repair).await
        }
        "retry" => {
            let event = SweepEvent::SweepResumed { by: ear.by.id.clone() };
            event_by(app, ear, value, &Action::Repair, event, |next| *next == CourseNext::AwaitPerson).await
        }
        "cancel" => {
            let requester = requester(&course);
            let says = words::click::SWEEP_STOPPED;
            let event = SweepEvent::SweepEnded { says: says.to_owned() };
            let runs = |next: &CourseNext| matches!(next, CourseNext::Repair | CourseNext::AwaitPerson);
            event_by(app, ear, value, &Action::Cancel { requester }, event, runs).await
        }
        _ => refused(words::click::NOT_FOR_SWEEPS),
    }
}

/// Asks for the repairs: an operator does, in their own name.
async fn request(app: &App, ear: &Ear, value: &Value, course: &Course) -> Verdict {
    if course.digest().as_deref() != Some(value.digest.as_str()) {
        return refused(words::click::LIST_CHANGED);
    }
    let permit = match app.people.permit(&app.slack, &ear.by, &Action::Repair).await {
        Ok(permit) => permit,
        Err(denied) => return Verdict::Refused(words::denied(denied, app.people.access())),
    };
    let by = Asked {
        by: permit.actor().to_owned(),
        team: ear.by.team.clone(),
        enterprise: ear.by.enterprise.clone(),
        channel: ear.channel.clone().unwrap_or_default(),
        text: "sweep".to_owned(),
        response_url: None,
        aim: Aim::default(),
    };
    let (digest, rule) = (value.digest.clone(), permit.rule().to_owned());
    let event = SweepEvent::SweepRequested { by, digest, rule };
    write(app, value, event, |next| matches!(next, CourseNext::AwaitRequest(_))).await
}

async fn approve(app: &App, ear: &Ear, value: &Value) -> Verdict {
    for _ in 0..DECISIONS {
        match decide_approval(app, ear, value).await {
            Ok(Some(verdict)) => return verdict,
            Ok(None) | Err(LedgerError::Append(AppendError::TooLate)) => {}
            Err(error) => return failed(&error),
        }
    }
    Verdict::Refused(words::denied(Denied::AskAgain, app.people.access()))
}

/// One decision on the list: the role, four eyes, and no account of their own on it. None if what it rests on was no
/// longer true when it was to be written.
async fn decide_approval(app: &App, ear: &Ear, value: &Value) -> Result<Option<Verdict>, LedgerError> {
    let course = app.ledger.sweep(&value.run).await?;
    let before = match now(app).await {
        Ok(now) => now,
        Err(verdict) => return Ok(Some(verdict)),
    };
    if !course.awaits(&value.digest, before, &app.limits) {
        return Ok(Some(refused(words::click::NO_LIST_AWAITED)));
    }
    let requester = requester(&course);
    let action =
        |own, same| Action::Approve { requester: requester.clone(), own, same, approved: BTreeSet::new() };
    let denied = |denied| Verdict::Refused(words::denied(denied, app.people.access()));
    if let Err(why) = app.people.permit(&app.slack, &ear.by, &action(Own::No, Same::No)).await {
        return Ok(Some(denied(why)));
    }
    let known = app.people.actor(&app.slack, &ear.by, None).await;
    let ties = app.ties(&known, &listed(&course), &requester, &BTreeSet::new()).await;
    let asked_at = Instant::now();
    let actor = app.people.actor(&app.slack, &ear.by, Some(asked_at)).await;
    if let Err(why) = may(&actor, &action(ties.own, ties.same)) {
        return Ok(Some(denied(why)));
    }
    if !ties.cover(&actor, &requester, &BTreeSet::new()) {
        return Ok(None);
    }
    let approved = SweepEvent::SweepApproved { by: actor.id, digest: value.digest.clone() };
    let deadline = asked_at.checked_add(ROLE_LIFE);
    let now = match now(app).await {
        Ok(now) => now,
        Err(verdict) => return Ok(Some(verdict)),
    };
    let written = app.ledger.decide_sweep_before(&value.run, deadline, |course| {
        if course.awaits(&value.digest, now, &app.limits) {
            (Some(approved.clone()), Verdict::Taken)
        } else {
            (None, refused(words::click::SWEEP_MOVED_ON))
        }
    });
    written.await.map(Some)
}

fn requester(course: &Course) -> String {
    course.requested.as_ref().map(|(by, _)| by.by.clone()).unwrap_or_default()
}

/// Everybody on the list, as one subject.
fn listed(course: &Course) -> Subject {
    let mut subject = Subject::asked(Who::Account(String::new()));
    subject.accounts.clear();
    for one in course.surveyed.iter().flat_map(|surveyed| surveyed.list.repairs()) {
        subject.accounts.insert(one.subject.clone());
        subject.addresses.insert(fold(&one.query));
    }
    subject
}

async fn event_by(
    app: &App,
    ear: &Ear,
    value: &Value,
    action: &Action,
    event: SweepEvent,
    fits: impl Fn(&CourseNext) -> bool,
) -> Verdict {
    match app.people.permit(&app.slack, &ear.by, action).await {
        Ok(_) => write(app, value, event, fits).await,
        Err(denied) => Verdict::Refused(words::denied(denied, app.people.access())),
    }
}

/// Writes an event, if the sweep still stands where it fits.
async fn write(app: &App, value: &Value, event: SweepEvent, fits: impl Fn(&CourseNext) -> bool) -> Verdict {
    let now = match now(app).await {
        Ok(now) => now,
        Err(verdict) => return verdict,
    };
    let written = app.ledger.decide_sweep(&value.run, |course| {
        if fits(&course.next(now, &app.limits)) { (Some(event.clone()), true) } else { (None, false) }
    });
    match written.await {
        Ok(true) => Verdict::Taken,
        Ok(false) => refused(words::click::SWEEP_MOVED_ON),
        Err(error) => failed(&error),
    }
}

fn failed(error: &LedgerError) -> Verdict {
    match error {
        LedgerError::NoRun(_) => refused(words::click::NO_SWEEP),
        error => {
            tracing::warn!(%error, "a click on a sweep could not be decided");
            Verdict::Idle(words::no_store())
        }
    }
}

/// A page of those that need an approval of their own, for the caller alone.
async fn page(app: &App, ear: &Ear, value: &Value) -> Card {
    if let Err(denied) = app.people.permit(&app.slack, &ear.by, &Action::Check).await {
        app.record_denial(&ear.by.id, "sweep_page", &denied.to_string()).await;
        return Card::text(&words::denied(denied, app.people.access()));
    }
    let Ok(rows) = app.ledger.store().found_by(&value.run).await else {
        return Card::text(&words::no_store());
    };
    let mut found: Vec<Found> = rows.values().filter_map(|text| serde_json::from_str(text).ok()).collect();
    found.retain(|found: &Found| found.needs_approval);
    found.sort_by(|a, b| (&a.causes, &a.query).cmp(&(&b.causes, &b.query)));
    if found.is_empty() {
        return Card::text(&Markup::new().ours(words::click::ROWS_GONE));
    }
    sweep_page(&value.run, &found, value.page)
}
