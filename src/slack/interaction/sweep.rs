//! Clicks on a sweep's card: decided on the stored list, on roles asked now, and on the card whose time stamp is
//! stored, like every other click.

use super::Value;
use super::settle::{Verdict, refused};
use super::value::from_its_card;
use crate::app::App;
use crate::core::access::Own;
use crate::core::run::{Aim, Asked};
use crate::core::subject::fold;
use crate::core::sweep::{Course, CourseNext, Found, SweepEvent};
use crate::core::{Action, Denied, Role, Subject, Who, may};
use crate::exec::LedgerError;
use crate::slack::blocks::Card;
use crate::slack::cards::sweep_page;
use crate::slack::markup::Markup;
use crate::slack::payload::Click;
use crate::slack::private::Ear;
use crate::slack::words;

pub(super) async fn click(app: &App, ear: &Ear, click: &Click, value: &Value) {
    let what = click.action.strip_prefix("reinstate.").unwrap_or(&click.action);
    if what == "sweep_page" {
        let card = page(app, ear, value).await;
        return app.tell(ear, &card).await;
    }
    let turn = app.clicks.turn(&value.run);
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
        "approve" => approve(app, ear, value, &course).await,
        "decline" => {
            let requester = course.requested.as_ref().map(|(by, _)| by.by.clone()).unwrap_or_default();
            let says = words::click::LIST_DECLINED;
            let event = SweepEvent::SweepEnded { says: says.to_owned() };
            let waits = |next: &CourseNext| matches!(next, CourseNext::AwaitApproval(_));
            event_by(app, ear, value, &Action::Decline { requester }, event, waits).await
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
            let requester = course.requested.as_ref().map(|(by, _)| by.by.clone()).unwrap_or_default();
            let says = words::click::SWEEP_STOPPED;
            let event = SweepEvent::SweepEnded { says: says.to_owned() };
            let runs = |next: &CourseNext| matches!(next, CourseNext::Repair | CourseNext::AwaitPerson);
            event_by(app, ear, value, &Action::Cancel { requester }, event, runs).await
        }
        _ => refused(words::click::NOT_FOR_SWEEPS),
    }
}

/// Asks for the repairs. Somebody who may approve and not repair says both at once for the operator who asked for
/// the sweep.
async fn request(app: &App, ear: &Ear, value: &Value, course: &Course) -> Verdict {
    if course.digest().as_deref() != Some(value.digest.as_str()) {
        return refused(words::click::LIST_CHANGED);
    }
    let by = Asked {
        by: ear.by.id.clone(),
        team: ear.by.team.clone(),
        enterprise: ear.by.enterprise.clone(),
        channel: ear.channel.clone().unwrap_or_default(),
        text: "sweep".to_owned(),
        response_url: None,
        aim: Aim::default(),
    };
    let (by, approver) = match app.people.permit(&app.slack, &ear.by, &Action::Repair).await {
        Ok(_) => (by, false),
        Err(Denied::Missing(Role::Operator)) => match &course.asked {
            Some(asked) if !asked.by.is_empty() && asked.by != ear.by.id => (asked.clone(), true),
            _ => {
                return Verdict::Refused(words::denied(Denied::Missing(Role::Operator), app.people.access()));
            }
        },
        Err(denied) => return Verdict::Refused(words::denied(denied, app.people.access())),
    };
    if approver && let Err(denied) = permit_approval(app, ear, &by.by, course).await {
        // Whoever has neither role lacks the one that the button is for.
        let lacks = denied == Denied::Missing(Role::Approver);
        let denied = if lacks { Denied::Missing(Role::Operator) } else { denied };
        return Verdict::Refused(words::denied(denied, app.people.access()));
    }
    let event = SweepEvent::SweepRequested { by, digest: value.digest.clone() };
    let waits = |next: &CourseNext| matches!(next, CourseNext::AwaitRequest(_));
    match write(app, value, event, waits).await {
        Verdict::Taken if approver && course.surveyed.as_ref().is_some_and(|s| s.list.needs_approver()) => {
            let approved = SweepEvent::SweepApproved { by: ear.by.id.clone(), digest: value.digest.clone() };
            write(app, value, approved, |next| matches!(next, CourseNext::AwaitApproval(_))).await
        }
        verdict => verdict,
    }
}

async fn approve(app: &App, ear: &Ear, value: &Value, course: &Course) -> Verdict {
    if !course.awaits(&value.digest, crate::clock::now(), &app.limits) {
        return refused(words::click::NO_LIST_AWAITED);
    }
    let requester = course.requested.as_ref().map(|(by, _)| by.by.clone()).unwrap_or_default();
    if let Err(denied) = permit_approval(app, ear, &requester, course).await {
        return Verdict::Refused(words::denied(denied, app.people.access()));
    }
    let event = SweepEvent::SweepApproved { by: ear.by.id.clone(), digest: value.digest.clone() };
    write(app, value, event, |next| matches!(next, CourseNext::AwaitApproval(_))).await
}

/// Whether somebody may approve the list: the role, four eyes, and no account of their own on it.
async fn permit_approval(app: &App, ear: &Ear, requester: &str, course: &Course) -> Result<(), Denied> {
    let action = |own| Action::Approve {
        requester: requester.to_owned(),
        own,
        approved: std::collections::BTreeSet::new(),
    };
    app.people.permit(&app.slack, &ear.by, &action(Own::No)).await?;
    let actor = app.people.actor(&app.slack, &ear.by, None).await;
    let mut subject = Subject::asked(Who::Account(String::new()));
    for one in course.surveyed.iter().flat_map(|surveyed| surveyed.list.repairs()) {
        subject.accounts.insert(one.subject.clone());
        subject.addresses.insert(fold(&one.query));
    }
    let own = app.is_own(actor.email.as_deref(), &subject).await;
    may(&actor, &action(own)).map(|_| ())
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
    let written = app.ledger.decide_sweep(&value.run, |course| {
        if fits(&course.next(crate::clock::now(), &app.limits)) {
            (Some(event.clone()), true)
        } else {
            (None, false)
        }
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
