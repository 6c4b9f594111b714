//! Handles clicks. Four things decide a click: the *stored* plan, the roles read now, the card with the stored time
//! stamp, and a run that still waits. A click that does not match is refused; only that person sees the refusal, and
//! nothing changes. This module must never trust the message. It reads only the button's value, which says where to
//! look.

mod details;
mod follow_up;

use std::sync::Arc;

use tracing::Instrument as _;

use super::app::App;
use super::click_queue::ClickKind;
use super::commands::{call_for_help, check, me, repair};
use super::decisions::card::{from_its_card, gone};
use super::decisions::verdict::{Verdict, apply_verdict, failed, refused};
use super::decisions::{approve, cancel, decline, retry, sweep};
use super::opening::{asked, opening_key};
use super::private::ReplyTo;
use super::shortcuts;
use crate::exec::Loaded;
use crate::slack::action::{ButtonAction, ModalCallback, UnknownId};
use crate::slack::blocks::Message;
use crate::slack::command::Target;
use crate::slack::messages;
use crate::slack::modal;
use crate::slack::payload::{Click, Submit};
use crate::slack::value::Value;
use crate::telemetry::run_span;
use reinstate_core::run::{Next, Request};

/// Starts what a click requests. The acknowledgement does not wait for it.
pub(super) fn click(app: &Arc<App>, click: Click) {
    let work = Arc::clone(app);
    app.spawn(async move {
        if work.is_repeat(click.trigger.as_deref()).await {
            return;
        }
        let reply_to = ReplyTo {
            by: click.by.clone(),
            channel: click.channel.clone(),
            response_url: click.response_url.clone(),
            view: click.view.clone(),
        };
        let value: Value = serde_json::from_str(&click.value).unwrap_or_default();
        match ButtonAction::parse(&click.action) {
            Ok(action) => clicked(&work, reply_to, click, action, value).await,
            Err(UnknownId::OtherVersion) => work.reply(&reply_to, &Message::text(&messages::not_yet())).await,
            Err(UnknownId::Foreign) => metrics::counter!("reinstate_clicks_unknown_total").increment(1),
        }
    });
}

async fn clicked(app: &Arc<App>, reply_to: ReplyTo, click: Click, action: ButtonAction, value: Value) {
    if let Some(says) = app.is_of_another_database(&click, &value.run).await {
        return app.reply(&reply_to, &Message::text(&says)).await;
    }
    let on_card = |kind| on_card(app, &reply_to, &click, &value, kind).instrument(run_span(&value.run));
    match action {
        ButtonAction::Recheck => recheck(app, &reply_to, &value).await,
        ButtonAction::Repair => {
            let card = repair_from_check(app, click, &value).await;
            app.reply(&reply_to, &card).await;
        }
        ButtonAction::Undo | ButtonAction::Retire | ButtonAction::Pick => {
            // A private answer is nobody's card; only one of a run can be a copy.
            if !value.run.is_empty()
                && let Err(verdict) = follow_up::check_ready(app, &reply_to, &click, action, &value.run).await
            {
                return apply_verdict(app, &reply_to, &value.run, ClickKind::Open, verdict).await;
            }
            let says = follow_up::open_follow_up(app, click, action, &value).await;
            app.reply(&reply_to, &Message::text(&says)).await;
        }
        ButtonAction::Approve => on_card(ClickKind::Approve).await,
        ButtonAction::Decline => on_card(ClickKind::Decline).await,
        ButtonAction::Cancel => on_card(ClickKind::Cancel).await,
        ButtonAction::Retry => on_card(ClickKind::Retry).await,
        ButtonAction::SweepRepair => on_card(ClickKind::SweepRepair).await,
        ButtonAction::SweepPause => on_card(ClickKind::SweepPause).await,
        ButtonAction::SweepPage => sweep::page(app, &reply_to, &value).await,
        ButtonAction::Details => details::details(app, &reply_to, &click, &value).await,
        ButtonAction::AskForHelp => call_for_help::ask(app, &reply_to).await,
        ButtonAction::CheckPerson => shortcuts::pick(app, &reply_to, click.trigger.as_deref()).await,
        ButtonAction::CheckPicked => shortcuts::picked(app, &reply_to, click.picked).await,
        ButtonAction::StopTelling => me::set_quiet(app, &reply_to, true).await,
        ButtonAction::TellAgain => me::set_quiet(app, &reply_to, false).await,
        ButtonAction::Me => {
            let view = app.open_modal(&reply_to, click.trigger.as_deref(), &modal::reading()).await;
            if view.is_some() {
                me::me(app, &ReplyTo { view, ..reply_to }).await;
            }
        }
    }
}

/// Handles a submitted modal. The acknowledgement does not wait for it.
pub(super) fn submitted(app: &Arc<App>, submit: Submit) {
    let work = Arc::clone(app);
    app.spawn(async move {
        if work.is_repeat(submit.trigger.as_deref()).await {
            return;
        }
        match ModalCallback::parse(&submit.callback) {
            Some(ModalCallback::Approve) => approve::submitted(&work, submit).await,
            Some(ModalCallback::Decline) => decline::submitted(&work, submit).await,
            None => metrics::counter!("reinstate_submissions_unknown_total").increment(1),
        }
    });
}

async fn recheck(app: &App, reply_to: &ReplyTo, value: &Value) {
    if value.run.is_empty() {
        match Target::parse(&value.who) {
            Some(target) => {
                let about = Some(value.app.as_str()).filter(|app| !app.is_empty());
                check::check(app, reply_to, &target, about).await;
            }
            None => app.reply(reply_to, &Message::text(&gone())).await,
        }
        return;
    }
    let (run, now) = (app.journal.run(&value.run).await.ok(), app.journal.now().await.ok());
    let next = run.as_ref().zip(now).map(|(run, now)| run.next(now, &app.rules, &app.limits));
    let target = run.and_then(|run| match (run.admitted, run.asked) {
        (Some((_, who)), _) => Some(Target::Who(who)),
        (None, Some(asked)) => Target::parse(&asked.text),
        (None, None) => None,
    });
    match target {
        Some(target) => {
            let asks = matches!(next, Some(Next::AwaitApproval { .. }));
            check::recheck_of_run(app, reply_to, &target, asks).await;
        }
        None => app.reply(reply_to, &Message::text(&gone())).await,
    }
}

async fn repair_from_check(app: &Arc<App>, click: Click, value: &Value) -> Message {
    let Some(target) = Target::parse(&value.who) else { return Message::text(&gone()) };
    let key = opening_key(&click, value);
    let helps = Some(value.helps.clone()).filter(|helps| !helps.is_empty());
    let asked = Request { helps, ..asked(click.clone(), &target) };
    let opening = repair::open(app, key, asked, crate::clock::now()).await;
    if opening.is_open && !value.helps.is_empty() {
        call_for_help::taken(app, &click, value).await;
    }
    Message::text(&opening.says)
}

/// Handles a click on the card of a run or a sweep.
async fn on_card(app: &App, reply_to: &ReplyTo, click: &Click, value: &Value, kind: ClickKind) {
    let turn = app.click_queue.turn(&value.run, kind);
    let verdict = {
        let _turn = turn.lock().await;
        match from_its_card(app, click, &value.run).await {
            Err(verdict) => verdict,
            Ok(()) => decide(app, reply_to, click, value, kind).await,
        }
    };
    apply_verdict(app, reply_to, &value.run, kind, verdict).await;
}

async fn decide(app: &App, reply_to: &ReplyTo, click: &Click, value: &Value, kind: ClickKind) -> Verdict {
    let run = match app.journal.load(&value.run).await {
        Ok(Loaded::Run(run, _)) => run,
        Ok(Loaded::Sweep(sweep, _)) => return sweep::decide(app, reply_to, value, kind, &sweep).await,
        Err(error) => return failed(&error),
    };
    match kind {
        ClickKind::Approve => approve::ask(app, reply_to, click, value, &run).await,
        ClickKind::Decline => decline::ask(app, reply_to, click, value).await,
        ClickKind::Retry => retry::retry(app, reply_to, &value.run).await,
        ClickKind::Cancel => cancel::cancel(app, reply_to, &value.run, &run).await,
        ClickKind::SweepRepair | ClickKind::SweepPause | ClickKind::Open => {
            refused(messages::click::NOT_FOR_RUNS)
        }
    }
}
