//! The list of scenarios, grouped by the station of the trail where something is wrong, with a filter by name, title
//! or cause. It only lists; a form must start a scenario.

use maud::{Markup, html};

use super::blocks::seated;
use super::seat::Seat;
use super::stage::Stage;
use crate::cli::sandbox::setting::CASE;
use reinstate_sandbox::scenarios::{Scenario, by_station};

pub(super) fn panel(stage: &Stage, seat: &Seat) -> Markup {
    let mut parts = by_station();
    let all: usize = parts.iter().map(|(_, stories)| stories.len()).sum();
    for (_, stories) in &mut parts {
        stories.retain(|story| fits(story, &seat.find));
    }
    parts.retain(|(_, stories)| !stories.is_empty());
    let shown: usize = parts.iter().map(|(_, stories)| stories.len()).sum();
    html! {
        section.panel.stories aria-labelledby="story-t" {
            h2 id="story-t" { "Story" }
            form method="get" action="/" role="search" {
                (seated(&Seat { find: String::new(), ..seat.clone() }))
                label.unseen for="find" { "Narrow the stories down by words" }
                input id="find" name="find" type="search" value=(seat.find) placeholder="Words, like: deleted" autocomplete="off";
                button.button { "Filter" }
            }
            @if shown > 0 {
                form method="post" action="/act/story" {
                    (seated(seat))
                    label.unseen for="story" { "Story" }
                    select id="story" name="story" {
                        @if stage.has_case {
                            optgroup label="From your bundle" {
                                option value=(CASE) selected[stage.setting.name() == CASE] { (CASE) }
                            }
                        }
                        @for (station, stories) in &parts {
                            optgroup label=(station) {
                                @for story in stories {
                                    option value=(story.name) title=(story.title)
                                        selected[story.name == stage.setting.name()] { (story.name) }
                                }
                            }
                        }
                    }
                    button.button { "Begin" }
                }
            }
            p.hint role="status" {
                @if seat.find.is_empty() {
                    (all) " to choose from. Each begins in a tenant of its own."
                } @else {
                    (shown) " of " (all) " stories have these words. "
                    a href=(Seat { find: String::new(), ..seat.clone() }.url()) { "Show all" }
                }
            }
        }
    }
}

/// Whether every word occurs in the scenario's name, title or causes.
pub(super) fn fits(story: &Scenario, words: &str) -> bool {
    let mut text = format!("{} {}", story.name, story.title).to_lowercase();
    for cause in story.finds.iter().chain(story.mentions) {
        text.push(' ');
        text.push_str(&cause.title().to_lowercase());
    }
    words.to_lowercase().split_whitespace().all(|word| text.contains(word))
}
