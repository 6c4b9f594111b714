//! Clicks. A click is decided on the *stored* plan, on roles asked now, on the card whose time stamp is stored,
//! and on a run that still waits; whatever does not fit is refused to that person alone and changes nothing. It
//! must never take from the message anything but the button's value, which only says where to look.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::blocks::Card;
use super::command::Target;
use super::commands::{check, repair};
use super::markup::Markup;
use super::payload::Click;
use super::private::Ear;
use super::words;
use crate::app::App;
use crate::core::access::Own;
use crate::core::run::{Asked, Next};
use crate::core::{Action, Denied, Event, Outcome, Run, may};
use crate::exec::{Decision, LedgerError};
use crate::store::{Also, AppendError, StoreError};

/// What a button carries. Opaque to Slack; nothing in it is believed, only looked up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Value {
    /// The run.
    #[serde(rename = "r", default, skip_serializing_if = "String::is_empty")]
    pub run: String,
    /// The digest of the plan that was shown.
    #[serde(rename = "d", default, skip_serializing_if = "String::is_empty")]
    pub digest: String,
    /// Whom a private answer was about.
    #[serde(rename = "w", default, skip_serializing_if = "String::is_empty")]
    pub who: String,
}

impl Value {
    /// As a button carries it.
    #[must_use]
    pub fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// What a click came to.
enum Verdict {
    /// It was taken; nothing more is said, the card shows it.
    Taken,
    /// It was refused; for the person alone, and for the record.
    Refused(Markup),
    /// Nothing to do and nothing to record.
    Idle(Markup),
}

fn refused(text: &'static str) -> Verdict {
    Verdict::Refused(Markup::new().ours(text))
}

/// Begins what a click asks for; the acknowledgement does not wait.
pub(super) fn click(app: &Arc<App>, click: Click) {
    let work = Arc::clone(app);
    app.spawn(async move {
        let ear = Ear {
            by: click.by.clone(),
            channel: click.channel.clone(),
            response_url: click.response_url.clone(),
        };
        let value: Value = serde_json::from_str(&click.value).unwrap_or_default();
        match click.action.as_str() {
            "reinstate.recheck" => recheck(&work, &ear, &value).await,
            "reinstate.repair" => {
                let card = repair_from_check(&work, click, &value).await;
                work.tell(&ear, &card).await;
            }
            "reinstate.approve" | "reinstate.decline" | "reinstate.cancel" | "reinstate.retry" => {
                on_run(&work, &ear, &click, &value).await;
            }
            action if action.starts_with("reinstate.") => {
                work.tell(&ear, &Card::text(&words::not_yet())).await;
            }
            _ => metrics::counter!("reinstate_clicks_unknown_total").increment(1),
        }
    });
}

async fn recheck(app: &App, ear: &Ear, value: &Value) {
    let target = if value.run.is_empty() {
        Target::parse(&value.who)
    } else {
        let run = app.ledger.load(&value.run).await.ok();
        run.and_then(|run| match (run.admitted, run.asked) {
            (Some((_, who)), _) => Some(Target::Who(who)),
            (None, Some(asked)) => Target::parse(&asked.text),
            (None, None) => None,
        })
    };
    match target {
        Some(target) => check::check(app, ear, &target).await,
        None => app.tell(ear, &Card::text(&gone())).await,
    }
}

fn gone() -> Markup {
    Markup::new().ours("This button no longer says whom it is about. Type `/reinstate check WHO` instead.")
}

async fn repair_from_check(app: &Arc<App>, click: Click, value: &Value) -> Card {
    let Some(target) = Target::parse(&value.who) else { return Card::text(&gone()) };
    let key = click.trigger.clone().unwrap_or_else(|| {
        format!("click {} {} {}", click.by.id, click.ts.clone().unwrap_or_default(), value.who)
    });
    let asked = Asked {
        by: click.by.id,
        team: click.by.team,
        enterprise: click.by.enterprise,
        channel: click.channel.unwrap_or_default(),
        text: target.text(),
        response_url: click.response_url,
    };
    Card::text(&repair::open(app, key, asked).await)
}

async fn on_run(app: &App, ear: &Ear, click: &Click, value: &Value) {
    let what = click.action.strip_prefix("reinstate.").unwrap_or(&click.action);
    let turn = app.clicks.turn(&value.run);
    let verdict = {
        let _turn = turn.lock().await;
        match from_its_card(app, click, &value.run).await {
            Err(verdict) => verdict,
            Ok(()) => match what {
                "approve" => approve(app, ear, value).await,
                "decline" => decline(app, ear, value).await,
                "retry" => retry(app, ear, &value.run).await,
                _ => cancel(app, ear, &value.run).await,
            },
        }
    };
    settle(app, ear, &value.run, what, verdict).await;
}

/// `cancel RUN`, typed.
pub(super) async fn stop(app: &App, ear: &Ear, run: &str) {
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

async fn settle(app: &App, ear: &Ear, run: &str, what: &str, verdict: Verdict) {
    match verdict {
        Verdict::Taken => {
            metrics::counter!("reinstate_clicks_total", "outcome" => "taken").increment(1);
            app.nudge();
        }
        Verdict::Idle(says) => app.tell(ear, &Card::text(&says)).await,
        Verdict::Refused(says) => {
            metrics::counter!("reinstate_clicks_total", "outcome" => "refused").increment(1);
            record(app, ear, run, what, &says).await;
            app.tell(ear, &Card::text(&says)).await;
            app.nudge.poster.notify_one();
        }
    }
}

/// A refusal is recorded with the run, or, where the run has ended or is unknown, without it.
async fn record(app: &App, ear: &Ear, run: &str, what: &str, says: &Markup) {
    if !app.clicks.is_new(run, &ear.by.id, says.as_str()) {
        return;
    }
    let denied =
        Event::Denied { by: ear.by.id.clone(), what: what.to_owned(), why: says.as_str().to_owned() };
    let written = app
        .ledger
        .decide(run, crate::clock::now(), |_| Decision::Write(vec![denied.clone()], Also::default(), ()))
        .await;
    match written {
        Ok(()) => {}
        Err(
            LedgerError::Append(AppendError::Ended)
            | LedgerError::NoRun(_)
            | LedgerError::Store(StoreError::UnknownRun(_)),
        ) => app.record_denial(&ear.by.id, what, says.as_str()).await,
        Err(error) => tracing::warn!(%error, "a refused click could not be recorded"),
    }
}

/// Only the card whose time stamp is stored works; a copy (its post's answer was lost) is refused with a link.
async fn from_its_card(app: &App, click: &Click, run: &str) -> Result<(), Verdict> {
    let (Some(channel), Some(ts)) = (&click.channel, &click.ts) else {
        return Err(refused("This button does not stand on the run's card, so it does nothing."));
    };
    // A person may be quicker than our own note of where the card stands.
    let until = Instant::now() + Duration::from_secs(2);
    loop {
        let cards = match app.ledger.store().cards(run).await {
            Ok(cards) => cards,
            Err(_) => return Err(Verdict::Idle(no_store())),
        };
        if cards.iter().any(|card| card.at.channel == *channel && card.at.ts == *ts) {
            return Ok(());
        }
        let root = cards.iter().find(|card| card.role == "root");
        let asked =
            cards.iter().filter(|card| card.role.starts_with("approval")).max_by(|a, b| a.role.cmp(&b.role));
        let complete = root.is_some_and(|root| root.at.channel == app.channel) || asked.is_some();
        if complete || Instant::now() >= until {
            let text = Markup::new().ours("This is a copy of the card, so its buttons do nothing. ");
            let right = asked.or(root);
            let link = match right {
                Some(card) => app.slack.permalink(&card.at.channel, &card.at.ts).await.ok(),
                None => None,
            };
            return Err(Verdict::Refused(match link {
                Some(link) => text.ours("Use the ").link(&link, "card of the run").ours("."),
                None => text.ours("Type `/reinstate status` to find the run."),
            }));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn no_store() -> Markup {
    Markup::new().ours("The database did not answer, so nothing was done. Please try again in a minute.")
}

fn failed(error: &LedgerError) -> Verdict {
    match error {
        LedgerError::NoRun(_) | LedgerError::Store(StoreError::UnknownRun(_)) => {
            refused("There is no such run. Type `/reinstate status` to see the open ones.")
        }
        LedgerError::Append(AppendError::Ended) => refused("The run has ended, so nothing was done."),
        error => {
            tracing::warn!(%error, "a click could not be decided");
            Verdict::Idle(no_store())
        }
    }
}

fn requester(run: &Run) -> String {
    run.asked.as_ref().map(|asked| asked.by.clone()).unwrap_or_default()
}

/// Whether the run still waits for exactly this plan; the digest is computed again from the plan that is stored.
fn still_asked(app: &App, run: &Run, digest: &str) -> Result<(), Verdict> {
    let now = crate::clock::now();
    if run.ended.is_some() {
        return Err(refused("The run has ended, so nothing was done."));
    }
    let Some(current) = &run.current else {
        return Err(refused("The run has no plan to decide on yet."));
    };
    if digest.is_empty() || current.plan.digest().as_deref() != Some(digest) {
        return Err(refused(
            "The plan has changed since this card was drawn, so nothing was done. Look at the card again and decide on the new plan.",
        ));
    }
    if run.awaits(digest, now, &app.rules, &app.limits) {
        return Ok(());
    }
    Err(match run.next(now, &app.rules, &app.limits) {
        Next::Expire => {
            refused("The time to approve this plan is over, so nothing was done. Ask for the repair again.")
        }
        _ => refused("The run no longer waits for an approval, so nothing was done."),
    })
}

async fn approve(app: &App, ear: &Ear, value: &Value) -> Verdict {
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
        return refused("The run has no plan to decide on yet.");
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

/// Writes down that nobody approved in time, if that is so.
async fn expire(app: &App, run: &str, digest: &str) {
    let now = crate::clock::now();
    let written = app.ledger.decide(run, now, |folded| {
        let this = folded.current.as_ref().is_some_and(|current| current.digest.as_deref() == Some(digest));
        if !this || folded.next(now, &app.rules, &app.limits) != Next::Expire {
            return Decision::Leave(false);
        }
        let says = "Nobody approved in time. Ask for the repair again if it is still wanted.";
        let events = vec![
            Event::Expired { digest: digest.to_owned() },
            Event::Ended { outcome: Outcome::Expired, says: says.to_owned() },
        ];
        Decision::Write(events, Also { end: true, ..Also::default() }, true)
    });
    match written.await {
        Ok(true) => app.nudge(),
        Ok(false) => {}
        Err(error) => tracing::debug!(%error, "an expiry is left to the executor"),
    }
}

async fn decline(app: &App, ear: &Ear, value: &Value) -> Verdict {
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

async fn cancel(app: &App, ear: &Ear, id: &str) -> Verdict {
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

async fn retry(app: &App, ear: &Ear, id: &str) -> Verdict {
    let permit = match app.people.permit(&app.slack, &ear.by, &Action::Repair).await {
        Ok(permit) => permit,
        Err(denied) => return Verdict::Refused(words::denied(denied, app.people.access())),
    };
    let decided = app.ledger.decide(id, crate::clock::now(), |run| {
        if run.ended.is_some() || run.waiting.is_none() {
            return Decision::Leave(refused("The run no longer waits for a person, so nothing was done."));
        }
        let event = Event::Retried { by: permit.actor().to_owned() };
        Decision::Write(vec![event], Also { wake: true, ..Also::default() }, Verdict::Taken)
    });
    decided.await.unwrap_or_else(|error| failed(&error))
}
