//! Suggests the next action to a person who has read nothing. Each time it derives the hint from the simulated Slack
//! and the journal. It must never act.

use maud::{Markup, html};

use super::blocks::seated;
use super::people::{Person, of, who};
use super::seat::Seat;
use super::stage::Stage;
use super::timeline::Story;
use crate::slack::action::ButtonAction;
use reinstate_core::Event;
use reinstate_core::run::Outcome;
use reinstate_core::sweep::SweepEvent;
use reinstate_sandbox::slack::Slack;
use reinstate_sandbox::tenant::ADMINS;

/// The hint above the conversation.
pub(super) fn guide(stage: &Stage, slack: &Slack, seat: &Seat, stories: &[Story]) -> Markup {
    let (step, words) = hint(stage, slack, seat, stories);
    html! {
        aside.guide aria-label="What to do next" {
            p.story { strong { (stage.setting.name()) } " " (stage.setting.title()) }
            @if !stage.left_out.is_empty() {
                details {
                    summary { "What the bundle does not hold (" (stage.left_out.len()) ")" }
                    ul { @for what in &stage.left_out { li { (what) } } }
                }
            }
            p.next role="status" data-step=(step) { (words) }
        }
    }
}

fn hint(stage: &Stage, slack: &Slack, seat: &Seat, stories: &[Story]) -> (&'static str, Markup) {
    let me = of(&seat.user);
    let name = |person: &Person| slack.users.get(person.id).map_or(person.id, |u| &u.real_name).to_owned();
    // Another person must act: a link switches to that person and their channel.
    let turn = |may: fn(&Person) -> bool, then: Markup| {
        let there = |id: &str| seat.with_place(ADMINS).with_user(id);
        match (me.filter(|me| may(me) && seat.place == ADMINS), who(may)) {
            (None, Some(person)) => html! {
                a.switch href=(there(person.id).url()) { "Be " (name(person)) } " – " (then)
            },
            _ => then,
        }
    };
    if stage.bot.health().pid.is_none() {
        let words = html! {
            "The bot is dead, and nothing is lost: started again, it goes on from its journal. "
            form method="post" action="/act/fault" {
                (seated(seat))
                button.button.primary name="fault" value="start" { "Start the bot again" }
            }
        };
        return ("dead", words);
    }
    if stands(slack, ButtonAction::Approve) {
        let words = html! {
            "the bot asks a second person. Read what it will do and what it costs, then press "
            strong { "Approve" } " on the card in #atlassian-admins."
        };
        return ("approve", turn(|person| person.approves, words));
    }
    if stands(slack, ButtonAction::Retry) {
        let words = html! {
            "the bot does not guess: it waits for a person. Read why on the card, then press "
            strong { "Retry" } " for a new look, or one of the ways out beside it."
        };
        return ("retry", turn(|person| person.repairs, words));
    }
    if stands(slack, ButtonAction::SweepRepair) {
        let words = html! {
            "the sweep has read everybody and changed nothing. Press " strong { "Repair the harmless ones" }
            " on its card, or look at the table in its thread."
        };
        return ("sweep", turn(|person| person.repairs, words));
    }
    match stories.first() {
        None => {
            let words = html! {
                "the command is typed already. Press " strong { "Send" } " and watch: the bot finds the cause, and the "
                "panels show what is really there."
            };
            ("send", turn(|person| person.repairs, words))
        }
        Some(Story::Run(_, events)) => match events.last() {
            Some((_, _, Event::Ended { outcome, .. })) => ("ended", ended(*outcome)),
            _ => works(),
        },
        Some(Story::Sweep(_, events)) => match events.last() {
            Some((_, _, SweepEvent::SweepEnded { .. })) => ("ended", ended(Outcome::Done)),
            _ => works(),
        },
    }
}

fn works() -> (&'static str, Markup) {
    ("works", html! { "The bot is at work. Watch the card, the tenant and the journal." })
}

fn ended(outcome: Outcome) -> Markup {
    match outcome {
        Outcome::Restored => html! {
            strong { "Done: access is back, and it was proven." } " Compare with " strong { "What is really there" }
            ". Then tell the story again and kill the bot in the middle of it, or pick another story."
        },
        Outcome::Healthy => html! {
            strong { "Nothing was wrong" } ", so nothing was done. Pick another story."
        },
        Outcome::Advice => html! {
            strong { "Nothing more may be done by a machine." } " The card says who can, where, and with which values."
        },
        _ => {
            html! { strong { "The run has ended." } " The card says how. Try again, or pick another story." }
        }
    }
}

/// Whether a button with this action is in a channel now.
fn stands(slack: &Slack, action: ButtonAction) -> bool {
    let has = |block: &serde_json::Value| {
        super::blocks::items(block, "elements")
            .iter()
            .any(|element| super::blocks::text(element, "action_id") == action.id())
    };
    slack.messages.iter().filter(|message| !message.deleted).any(|message| message.blocks.iter().any(has))
}
