//! Handles clicks. Four things decide a click: the *stored* plan, the roles read now, the card with the stored time
//! stamp, and a run that still waits. A click that does not match is refused; only that person sees the refusal, and
//! nothing changes. This module must never trust the message. It reads only the button's value, which says where to
//! look.

mod details;
mod follow_up;

use std::sync::Arc;

use tracing::Instrument as _;

use super::app::App;
use super::commands::{call_for_help, check, me, repair};
use super::decisions::card::{from_its_card, gone};
use super::decisions::verdict::{Verdict, apply_verdict, failed, refused};
use super::decisions::{approve, cancel, decline, retry, sweep};
use super::opening::{asked, opening_key};
use super::private::ReplyTo;
use super::shortcuts;
use crate::exec::Loaded;
use crate::slack::blocks::Message;
use crate::slack::command::Target;
use crate::slack::messages;
use crate::slack::modal;
use crate::slack::payload::{Click, Submit};
use crate::slack::value::Value;
use crate::telemetry::run_span;

/// Starts what a click requests. The acknowledgement does not wait for it.
pub(super) fn click(app: &Arc<App>, click: Click) {
    let work = Arc::clone(app);
    app.spawn(async move {
        let ear = ReplyTo {
            by: click.by.clone(),
            channel: click.channel.clone(),
            response_url: click.response_url.clone(),
            view: click.view.clone(),
        };
        let value: Value = serde_json::from_str(&click.value).unwrap_or_default();
        match click.action.as_str() {
            "reinstate.recheck" => recheck(&work, &ear, &value).await,
            "reinstate.repair" => {
                let card = repair_from_check(&work, click, &value).await;
                work.reply(&ear, &card).await;
            }
            "reinstate.undo" | "reinstate.retire" | "reinstate.pick" => {
                // A private answer is not a stored card. Only the card of a run can be a copy.
                if !value.run.is_empty()
                    && let Err(verdict) = follow_up::check_ready(&work, &ear, &click, &value.run).await
                {
                    return apply_verdict(&work, &ear, &value.run, "open", verdict).await;
                }
                let says = follow_up::open_follow_up(&work, click, &value).await;
                work.reply(&ear, &Message::text(&says)).await;
            }
            "reinstate.approve"
            | "reinstate.decline"
            | "reinstate.cancel"
            | "reinstate.retry"
            | "reinstate.sweep_repair"
            | "reinstate.sweep_pause" => {
                on_card(&work, &ear, &click, &value).instrument(run_span(&value.run)).await;
            }
            "reinstate.sweep_page" => sweep::page(&work, &ear, &value).await,
            "reinstate.details" => details::details(&work, &ear, &click, &value).await,
            "reinstate.ask_for_help" => call_for_help::ask(&work, &ear).await,
            "reinstate.check_person" => shortcuts::pick(&work, &ear, click.trigger.as_deref()).await,
            modal::PICK => shortcuts::picked(&work, &ear, click.picked).await,
            "reinstate.me" => {
                let view = work.open_modal(&ear, click.trigger.as_deref(), &modal::reading()).await;
                if view.is_some() {
                    me::me(&work, &ReplyTo { view, ..ear }).await;
                }
            }
            action if action.starts_with("reinstate.") => {
                work.reply(&ear, &Message::text(&messages::not_yet())).await;
            }
            _ => metrics::counter!("reinstate_clicks_unknown_total").increment(1),
        }
    });
}

/// Handles a submitted modal. The acknowledgement does not wait for it.
pub(super) fn submitted(app: &Arc<App>, submit: Submit) {
    let work = Arc::clone(app);
    app.spawn(async move {
        match submit.callback.as_str() {
            modal::APPROVE => approve::submitted(&work, submit).await,
            modal::DECLINE => decline::submitted(&work, submit).await,
            _ => metrics::counter!("reinstate_submissions_unknown_total").increment(1),
        }
    });
}

async fn recheck(app: &App, ear: &ReplyTo, value: &Value) {
    let target = if value.run.is_empty() {
        Target::parse(&value.who)
    } else {
        let run = app.ledger.run(&value.run).await.ok();
        run.and_then(|run| match (run.admitted, run.asked) {
            (Some((_, who)), _) => Some(Target::Who(who)),
            (None, Some(asked)) => Target::parse(&asked.text),
            (None, None) => None,
        })
    };
    match target {
        Some(target) => check::check(app, ear, &target).await,
        None => app.reply(ear, &Message::text(&gone())).await,
    }
}

async fn repair_from_check(app: &Arc<App>, click: Click, value: &Value) -> Message {
    let Some(target) = Target::parse(&value.who) else { return Message::text(&gone()) };
    let key = opening_key(&click, value);
    Message::text(&repair::open(app, key, asked(click, &target), crate::clock::now()).await)
}

/// Handles a click on the card of a run or a sweep.
async fn on_card(app: &App, ear: &ReplyTo, click: &Click, value: &Value) {
    let what = click.action.strip_prefix("reinstate.").unwrap_or(&click.action);
    let turn = app.click_queue.turn(&value.run, what);
    let verdict = {
        let _turn = turn.lock().await;
        match from_its_card(app, click, &value.run).await {
            Err(verdict) => verdict,
            Ok(()) => decide(app, ear, click, value, what).await,
        }
    };
    apply_verdict(app, ear, &value.run, what, verdict).await;
}

async fn decide(app: &App, ear: &ReplyTo, click: &Click, value: &Value, what: &str) -> Verdict {
    let run = match app.ledger.load(&value.run).await {
        Ok(Loaded::Run(run, _)) => run,
        Ok(Loaded::Sweep(sweep, _)) => return sweep::decide(app, ear, value, what, &sweep).await,
        Err(error) => return failed(&error),
    };
    match what {
        "approve" => approve::ask(app, ear, click, value, &run).await,
        "decline" => decline::ask(app, ear, click, value).await,
        "retry" => retry::retry(app, ear, &value.run).await,
        "cancel" => cancel::cancel(app, ear, &value.run, &run).await,
        _ => refused(messages::click::NOT_FOR_RUNS),
    }
}
