//! The page as a whole: the document, and its body as one piece that is drawn again whenever anything changes. It puts
//! parts together; what they show stands in their own files.

use maud::{DOCTYPE, Markup, html};

use super::blocks::seated;
use super::people::{CAST, initials, shade};
use super::seat::{HOME_TAB, Seat, TABS};
use super::stage::Stage;
use super::{calls, channel, faults, guide, stories, tenant, timeline};
use crate::exec::JournalError;
use reinstate_sandbox::lock;
use reinstate_sandbox::slack::Slack;

pub(super) async fn document(stage: &Stage, seat: &Seat) -> Result<Markup, JournalError> {
    let body = body(stage, seat).await?;
    Ok(html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Reinstate sandbox" }
                link rel="icon" href="data:,";
                link rel="stylesheet" href="/style.css";
                script src="/script.js" defer {}
            }
            body { (body) }
        }
    })
}

/// Everything within `body`: what is sent when something changed.
pub(super) async fn body(stage: &Stage, seat: &Seat) -> Result<Markup, JournalError> {
    let told = timeline::read(stage).await?;
    let slack = lock(&stage.sandbox.slack);
    Ok(html! {
        div.page id="page" data-tab=(seat.tab) {
            a.skip href="#conversation" { "Skip to the conversation" }
            header.top {
                h1 { span.logo aria-hidden="true" { "R" } "Reinstate" span.tag { "sandbox" } }
                p.hint { "Slack, Atlassian and Entra ID are simulated. The bot is real." }
            }
            nav.tabs aria-label="Parts of the page" {
                @for (tab, words) in TABS {
                    a href=(seat.with_tab(tab).url()) aria-current=[(seat.tab == *tab).then_some("page")] { (words) }
                }
            }
            aside.wings aria-label="The stage" {
                (stories::panel(stage, seat))
                (cast(&slack, seat))
                (places(&slack, seat))
                (faults::panel(stage, seat))
            }
            main.conversation id="conversation" tabindex="-1" {
                (guide::guide(stage, &slack, seat, &told))
                @if let Some(notice) = stage.notice(&seat.user) { p.notice role="alert" { (notice) } }
                (channel::conversation(stage, &slack, seat))
            }
            div.truth {
                (tenant::panel(stage, &slack))
                (calls::panel(stage))
            }
            div.past { (timeline::panel(&slack, &told)) }
            (channel::modal(stage, &slack, seat))
        }
    })
}

fn cast(slack: &Slack, seat: &Seat) -> Markup {
    html! {
        nav.panel.cast aria-labelledby="cast-t" {
            h2 id="cast-t" { "You are" }
            ul {
                @for person in CAST {
                    @let name = slack.users.get(person.id).map_or(person.id, |user| &user.real_name);
                    li {
                        a href=(seat.with_user(person.id).url())
                            aria-current=[(seat.user == person.id).then_some("true")] {
                            span.face.(shade(person.id)) aria-hidden="true" { (initials(name)) }
                            span { strong { (name) } span.hint { (person.role) } }
                        }
                    }
                }
            }
        }
    }
}

fn places(slack: &Slack, seat: &Seat) -> Markup {
    let seen = slack.channels.values().filter(|channel| channel.members.contains(&seat.user));
    let here = |place: &str| (seat.place == place).then_some("page");
    html! {
        nav.panel.places aria-labelledby="places-t" {
            h2 id="places-t" { "Where" }
            ul {
                @for channel in seen {
                    li {
                        a href=(seat.with_place(&channel.id).url()) aria-current=[here(&channel.id)] {
                            (channel::title(slack, &channel.id))
                        }
                    }
                }
                li {
                    form method="post" action="/act/home" {
                        (seated(seat))
                        button.quiet aria-current=[here(HOME_TAB)] { "Reinstate: home" }
                    }
                }
            }
        }
    }
}
