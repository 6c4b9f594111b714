//! The journal of the newest runs as text: every entry, newest first. It must never fold or decide anything; it shows
//! what any auditor can read.

use maud::{Markup, html};

use super::mrkdwn::time;
use super::stage::Stage;
use crate::exec::{Entries, JournalError, Loaded};
use crate::slack::messages;
use reinstate_core::plan::short;
use reinstate_core::run::{Outcome, PauseReason};
use reinstate_core::sweep::{Sweep, SweepEvent};
use reinstate_core::{Event, Plan, Run};
use reinstate_sandbox::slack::Slack;

/// How many runs are shown.
const MAX_RUNS: i64 = 4;

/// The entries of a run, or of a sweep.
pub(super) enum Story {
    Run(String, Entries<Run>),
    Sweep(String, Entries<Sweep>),
}

/// The newest runs and sweeps, the newest first.
pub(super) async fn read(stage: &Stage) -> Result<Vec<Story>, JournalError> {
    let mut stories = Vec::new();
    for row in stage.ledger.store().recent_runs(MAX_RUNS).await? {
        stories.push(match stage.ledger.load(&row.run).await? {
            Loaded::Run(_, entries) => Story::Run(row.run, entries),
            Loaded::Sweep(_, entries) => Story::Sweep(row.run, entries),
        });
    }
    Ok(stories)
}

pub(super) fn panel(slack: &Slack, stories: &[Story]) -> Markup {
    html! {
        section.panel.journal aria-labelledby="journal-t" {
            h2 id="journal-t" { "What just happened" }
            p.hint { "The bot's journal. Nothing is done that is not first written here." }
            @if stories.is_empty() { p.hint { "No run yet." } }
            @for story in stories {
                @match story {
                    Story::Run(run, events) => {
                        h3 { "Run …" (end(run)) }
                        ol { (entries(slack, events)) }
                    }
                    Story::Sweep(sweep, events) => {
                        h3 { "Sweep …" (end(sweep)) }
                        ol {
                            @for (seq, at, event) in events.iter().rev() {
                                (line(*seq, *at, &sweep_words(slack, event)))
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The end of a long id.
fn end(id: &str) -> &str {
    id.get(id.len().saturating_sub(8)..).unwrap_or(id)
}

fn entries(slack: &Slack, events: &[(i64, jiff::Timestamp, Event)]) -> Markup {
    let mut plan: Option<&Plan> = None;
    let mut lines = Vec::new();
    for (seq, at, event) in events {
        if let Event::Planned { plan: made, .. } = event {
            plan = Some(made);
        }
        lines.push(line(*seq, *at, &words(slack, event, plan)));
    }
    html! { @for line in lines.iter().rev() { (line) } }
}

/// The CSS class, the title and the details of an entry.
type Words = (&'static str, &'static str, String);

fn line(seq: i64, at: jiff::Timestamp, (class, head, more): &Words) -> Markup {
    html! {
        li.(class) id={ "entry-" (seq) "-" (at.as_microsecond()) } {
            span.hint { (time(Some(at), &at.strftime("%H:%M:%S").to_string())) }
            span.kind { (head) }
            @if !more.is_empty() { span.more { (brief(more)) } }
        }
    }
}

fn sweep_words(slack: &Slack, event: &SweepEvent) -> Words {
    let name = |id: &str| slack.users.get(id).map_or(id, |user| &user.real_name).to_owned();
    match event {
        SweepEvent::SweepOpened { asked, rule, .. } => {
            ("person", "asked", format!("{}: sweep, by the rule {rule}", name(&asked.by.id)))
        }
        SweepEvent::SweepProgress { accounts, looks, looked } => {
            ("", "reads", format!("{accounts} accounts, {looked} of {looks} close looks"))
        }
        SweepEvent::SweepJoined { by } => ("person", "joined", name(by)),
        SweepEvent::SweepSurveyed { tally, .. } => {
            let counts = format!(
                "{} healthy, {} broken, {} cannot be told",
                tally.healthy, tally.broken, tally.cannot_tell
            );
            ("", "read everything", counts)
        }
        SweepEvent::SweepRequested { by, digest, rule } => {
            let says = format!("{}, list {}, by the rule {rule}", name(&by.by.id), short(digest));
            ("person", "asked for the repairs", says)
        }
        SweepEvent::SweepApproved { by, digest } => {
            ("person", "approved", format!("{}, exactly list {}", name(by), short(digest)))
        }
        SweepEvent::SweepPaused { why, .. } => {
            ("bad", "waits for a person", messages::pause_message(why).into_owned())
        }
        SweepEvent::SweepResumed { by } => ("person", "goes on", name(by)),
        SweepEvent::SweepRepaired { begun, restored, skipped, failed } => {
            let counts =
                format!("{restored} of {begun} restored, {skipped} skipped, {failed} need another look");
            ("act", "repairs", counts)
        }
        SweepEvent::SweepDenied { by, what, why } => {
            ("bad", "refused", format!("{}, {what}: {why}", name(by)))
        }
        SweepEvent::SweepEnded { message, .. } => {
            ("good", "ended", messages::end_message(message).into_owned())
        }
    }
}

fn words(slack: &Slack, event: &Event, plan: Option<&Plan>) -> Words {
    let name = |id: &str| slack.users.get(id).map_or(id, |user| &user.real_name).to_owned();
    let step = |index: usize| {
        plan.and_then(|plan| plan.steps.get(index))
            .map_or_else(|| format!("step {}", index + 1), |step| step.op.says())
    };
    match event {
        Event::Opened { asked, .. } => ("person", "asked", format!("{}: {}", name(&asked.by.id), asked.text)),
        Event::Admitted { rule, .. } => ("", "admitted", format!("by the rule {rule}")),
        Event::Planned { diagnosis, plan, digest } => {
            let causes: Vec<&str> = diagnosis.findings.iter().map(|finding| finding.code.code()).collect();
            let causes = if causes.is_empty() { "no cause".to_owned() } else { causes.join(", ") };
            let steps = match (plan.steps.len(), digest) {
                (0, _) | (_, None) => "nothing to do".to_owned(),
                (1, Some(digest)) => format!("one step, plan {}", short(digest)),
                (count, Some(digest)) => format!("{count} steps, plan {}", short(digest)),
            };
            ("", "looked and planned", format!("{causes}; {steps}"))
        }
        Event::Approved { by, digest } => {
            ("person", "approved", format!("{}, exactly plan {}", name(by), short(digest)))
        }
        Event::Declined { by, .. } => ("person", "declined", name(by)),
        Event::Expired { .. } => ("bad", "expired", "nobody approved in time".to_owned()),
        Event::Cancelled { by } => ("person", "cancelled", name(by)),
        Event::Snapshot { step: index, .. } => {
            ("", "kept what was there", format!("before: {}", step(*index)))
        }
        Event::Began { step: index, .. } => ("act", "began", step(*index)),
        Event::Already { step: index } => ("good", "found it done", step(*index)),
        Event::Confirmed { step: index, .. } => ("good", "confirmed", step(*index)),
        Event::NoEffect { step: index, why } => {
            ("bad", "no effect", format!("{}: {}", step(*index), messages::pause_message(why)))
        }
        Event::Paused { halt, why, .. } => {
            ("bad", "waits for a person", format!("{}: {}", halted(*halt), messages::pause_message(why)))
        }
        Event::Retried { by } => ("person", "asked for a new look", name(by)),
        Event::Denied { by, what, why } => ("bad", "refused", format!("{}, {what}: {why}", name(by))),
        Event::Ended { outcome, message } => {
            let good = matches!(outcome, Outcome::Restored | Outcome::Healthy);
            (if good { "good" } else { "bad" }, "ended", messages::end_message(message).into_owned())
        }
        #[allow(unreachable_patterns, reason = "entries of later kinds are named, not described")]
        other => ("", other.kind(), String::new()),
    }
}

/// Shortens long ids to their ends; the card shows the whole id.
fn brief(text: &str) -> String {
    let is_id =
        |word: &str| word.len() > 30 && word.chars().all(|c| c.is_ascii_hexdigit() || matches!(c, '-' | ':'));
    let shown = |word: &str| match word.get(word.len().saturating_sub(4)..) {
        Some(end) if is_id(word) => format!("…{end}"),
        _ => word.to_owned(),
    };
    text.split(' ').map(shown).collect::<Vec<_>>().join(" ")
}

fn halted(halt: PauseReason) -> &'static str {
    match halt {
        PauseReason::Changed => "the world has changed",
        PauseReason::Condition => "a condition no longer holds",
        PauseReason::Ambiguous => "the outcome is unknown",
        PauseReason::Refused => "it was refused",
        PauseReason::Unconfirmed => "it does not show",
        PauseReason::Cap => "the daily cap is reached",
    }
}
