//! Injects faults and removes them: slow or rate-limited services, lost answers, a bot that is killed in the middle
//! of a change. It must only configure the simulated network and kill the process; the bot's reaction is its own.

use std::sync::Arc;
use std::time::Duration;

use maud::{Markup, html};

use super::blocks::seated;
use super::seat::Seat;
use super::stage::Stage;
use reinstate_sandbox::lock;
use reinstate_sandbox::wire::{Call, Gate, Injection, Service, Wire};

/// How much slower the services become.
const SLOW_DELAY: Duration = Duration::from_millis(1500);

/// The faults: name, text of the button, and effect.
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
        "watch" => stage.bot.watch().await?,
        "take-away" => takes_away(stage),
        _ => anyhow::bail!("There is no such fault"),
    }
    Ok(())
}

fn limit(wire: &Wire, service: Service) {
    let headers = vec![("Retry-After".to_owned(), "2".to_owned())];
    let body = r#"{"ok":false,"error":"ratelimited"}"#.to_owned();
    wire.inject(service, None, "", 3, Injection::Answer { status: 429, headers, body });
}

/// A colleague who has access: the record, the account, the group that they will lose, and their name.
fn colleague(stage: &Stage) -> Option<(String, String, String, String)> {
    let atlassian = lock(&stage.sandbox.atlassian);
    let in_group =
        |record: &str| atlassian.scim_groups.values().find(|group| group.members.contains_key(record));
    let mut found = atlassian.scim_users.values().filter_map(|record| {
        let account = atlassian.accounts.get(record.account.as_ref()?)?;
        let group = in_group(&record.id)?;
        let is_other = account.email != stage.who && account.id != stage.who;
        (record.active && is_other)
            .then(|| (record.id.clone(), account.id.clone(), group.name.clone(), account.name.clone()))
    });
    found.next()
}

/// Somebody takes a colleague out of a group at Atlassian. The job does not know the colleague as a member either, so
/// provisioning on demand sends the membership again.
fn takes_away(stage: &Stage) {
    let Some((record, account, group, _)) = colleague(stage) else { return };
    let mut atlassian = lock(&stage.sandbox.atlassian);
    let external = atlassian.scim_users.get(&record).and_then(|known| known.external_id.clone());
    atlassian.now = crate::clock::now();
    "somebody".clone_into(&mut atlassian.actor);
    atlassian.leave(&record, &group);
    atlassian.log("USER_REMOVED_FROM_GROUP", &account, &group);
    drop(atlassian);
    let mut entra = lock(&stage.sandbox.entra);
    if let (Some(job), Some(person)) = (entra.atlassian_job(), external) {
        job.cache.values_mut().for_each(|export| export.members.retain(|id| *id != person));
    }
}

/// The service applies the next change, and the bot is killed before it receives the answer.
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
                div.bot {
                    @if !health.watches && health.pid.is_some() {
                        (button("watch", "Let the bot watch", ""))
                        p.hint { "It starts again, reads everybody once, and then what changes, every 10 seconds." }
                    } @else if let Some((_, _, group, name)) = colleague(stage).filter(|_| health.watches) {
                        p role="status" { "The bot watches. It tells the channel who loses access." }
                        (button("take-away", "Take a colleague out of a group", "danger"))
                        p.hint { (name) " loses " (group) ". Nobody tells the bot." }
                    }
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
