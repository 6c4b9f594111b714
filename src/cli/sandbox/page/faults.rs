//! Breaking things on purpose, and repairing them: slow or limited services, lost answers, a bot that is killed in the
//! middle of a change. It only arms the wire and kills the process; how the bot takes it is the bot's business.

use std::sync::Arc;
use std::time::Duration;

use maud::{Markup, html};

use super::blocks::seated;
use super::seat::Seat;
use super::stage::Stage;
use reinstate_sandbox::wire::{Call, Gate, Injection, Service, Wire};

/// How slow the services get.
const SLOW_DELAY: Duration = Duration::from_millis(1500);

/// Something that can be broken: its name, what its button says, and what it does.
const FAULTS: &[(&str, &str, &str)] = &[
    ("slow", "Slow services", "Every call to Slack, Atlassian and Entra takes 1.5 s longer."),
    ("limit-atlassian", "Atlassian says 429", "Its next three calls are answered with “too many requests”."),
    ("limit-entra", "Entra says 429", "Its next three calls are answered with “too many requests”."),
    ("limit-slack", "Slack says 429", "Its next three calls are answered with “too many requests”."),
    ("lose", "Lose the next answer", "The next change is carried out, and its answer is lost on the way."),
];

/// Does what the button says.
pub(super) async fn cause(stage: &Arc<Stage>, fault: &str) -> anyhow::Result<()> {
    let wire = &stage.sandbox.wire;
    match fault {
        "slow" => wire.set_latency(SLOW_DELAY),
        "limit-atlassian" => limit(wire, Service::Atlassian),
        "limit-entra" => limit(wire, Service::Entra),
        "limit-slack" => limit(wire, Service::Slack),
        "lose" => wire.inject_when(1, Injection::LoseAnswer, |call, _| call.changes_something()),
        "mend" => {
            wire.set_latency(Duration::ZERO);
            wire.clear_injections();
        }
        "kill" => stage.bot.kill().await,
        "kill-at-change" => kill_at_change(stage),
        "start" => stage.bot.again().await?,
        _ => anyhow::bail!("There is no such fault"),
    }
    Ok(())
}

fn limit(wire: &Wire, service: Service) {
    let headers = vec![("Retry-After".to_owned(), "2".to_owned())];
    let body = r#"{"ok":false,"error":"ratelimited"}"#.to_owned();
    wire.inject(service, None, "", 3, Injection::Answer { status: 429, headers, body });
}

/// The next change is carried out, and the bot dies before it hears of it.
fn kill_at_change(stage: &Arc<Stage>) {
    let gate = Gate::default();
    let hold = Injection::Hold { after_effect: true, gate: gate.clone() };
    stage.sandbox.wire.inject_when(1, hold, |call: &Call, _| call.changes_something());
    let stage = Arc::downgrade(stage);
    tokio::spawn(async move {
        gate.reached().await;
        if let Some(stage) = stage.upgrade() {
            stage.bot.kill().await;
        }
        gate.open();
    });
}

pub(super) fn panel(stage: &Stage, seat: &Seat) -> Markup {
    let wire = &stage.sandbox.wire;
    let (health, slow, armed) = (stage.bot.health(), !wire.latency().is_zero(), wire.armed());
    let button = |fault: &str, words: &str, class: &str| {
        html! { button.button.(class) name="fault" value=(fault) { (words) } }
    };
    html! {
        section.panel.faults aria-labelledby="faults-t" {
            h2 id="faults-t" { "Break something" }
            form method="post" action="/act/fault" {
                (seated(seat))
                div.bot {
                    @if let Some(pid) = health.pid {
                        p role="status" { span.dot.up {} "The bot runs as process " (pid) "." }
                        (button("kill", "Kill the bot now", "danger"))
                        (button("kill-at-change", "Kill it in the middle of its next change", ""))
                    } @else {
                        p role="status" { span.dot.down {} "The bot was killed (SIGKILL). It is not running." }
                        (button("start", "Start it again", "primary"))
                    }
                    @if health.kills > 0 { p.hint { "Killed " (times(health.kills)) " in this story." } }
                }
                ul {
                    @for (name, words, does) in FAULTS {
                        li { (button(name, words, "")) span.hint { (does) } }
                    }
                }
                p role="status" {
                    @if slow { "Services are slow. " }
                    @if armed > 0 { (armed) " injected failure(s) have yet to happen. " }
                }
                @if slow || armed > 0 { (button("mend", "Mend everything", "primary")) }
            }
        }
    }
}

fn times(count: u32) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}
