//! `sandbox --play`: one scenario from beginning to end, without a browser. It must exit with 0 only if the simulated
//! tenant itself shows the access, whatever the bot says.

use std::time::Duration;

use anyhow::Context as _;
use tokio::net::TcpListener;

use super::screen::Screen;
use crate::cli::args::Exit;
use crate::cli::{serve, world};
use crate::config::{Config, Purpose};
use crate::exec::Timing;
use crate::slack::action::ButtonAction;
use crate::telemetry::Metrics;
use reinstate_core::Outcome;
use reinstate_core::subject::normalize;
use reinstate_sandbox::folder::Folder;
use reinstate_sandbox::scenarios::{FollowUp, Scenario};
use reinstate_sandbox::slack::{Slack, Workspace};
use reinstate_sandbox::tenant::{ADMINS, Tenant};
use reinstate_sandbox::{Sandbox, lock};

/// The address of the bot; only the simulated Slack needs to know the port.
const ANY_PORT: &str = "127.0.0.1:0";
/// How long a scenario may take.
const STORY_TIMEOUT: Duration = Duration::from_secs(180);
/// How often the screen reads the workspace.
const POLL_INTERVAL: Duration = Duration::from_millis(80);

struct Stage {
    sandbox: Sandbox,
    running: serve::Running,
    people: Workspace,
    _folder: Folder,
}

async fn stage(tenant: Tenant) -> anyhow::Result<Stage> {
    let sandbox = Sandbox::start(tenant).await.context("the simulated services found no port")?;
    let folder = Folder::make().context("no temporary folder could be made")?;
    let config = Config::load(None, &sandbox.env(&folder.store_url(), ANY_PORT), Purpose::Serve)
        .map_err(|problems| anyhow::anyhow!("{problems}"))?;
    let listener = TcpListener::bind(ANY_PORT).await?;
    let world = world(&config)?;
    let running = serve::start(config, listener, Some(Metrics::install()?), Timing::default(), world).await?;
    let people = sandbox.workspace(format!("http://{}/slack/events", running.addr));
    Ok(Stage { sandbox, running, people, _folder: folder })
}

/// Plays a scenario.
///
/// # Errors
/// When a port or a folder cannot be used, or when the scenario does not end.
pub(super) async fn tell(scenario: &'static Scenario, after: Option<&FollowUp>) -> anyhow::Result<Exit> {
    let stage = stage(scenario.tenant()).await?;
    let mut screen = Screen::new();
    let (name, title) = after.map_or((scenario.name, scenario.title), |after| (after.name, after.title));
    screen.title(&format!("{name}: {title}"));
    screen.says("Ada", "#atlassian-admins", &format!("/reinstate repair {}", scenario.who));
    let command = format!("repair {}", scenario.who);
    stage.people.command("U0ADA", ADMINS, &command).await.context("the bot did not answer the command")?;
    let mut outcome = watched(&stage, &mut screen).await?;
    for (action, words) in after.into_iter().flat_map(|after| after.then) {
        press(&stage, &mut screen, action, words).await?;
        outcome = watched(&stage, &mut screen).await?;
    }
    let there = is_there(&stage.sandbox, scenario.who);
    screen.tenant(&stage.sandbox, scenario.who);
    let faults = stage.sandbox.wire.faults();
    for fault in &faults {
        screen.line(&format!("A simulated service did not understand the bot: {fault}"));
    }
    stage.running.stop().await;
    let back = matches!(outcome, Outcome::Restored | Outcome::Healthy | Outcome::Done) && there;
    screen.verdict(back);
    Ok(match (back, faults.is_empty()) {
        (true, true) => Exit::Healthy,
        (false, true) => Exit::Blocking,
        (_, false) => Exit::Error,
    })
}

/// Ada clicks a button of the newest card that has it. The click opens another run, and this waits for that run.
async fn press(stage: &Stage, screen: &mut Screen, action: &str, words: &str) -> anyhow::Result<()> {
    let newest = async || anyhow::Ok(stage.running.app.journal.store().recent_runs(1).await?.pop());
    let before = newest().await?.map(|row| row.run);
    let found = buttons(&lock(&stage.sandbox.slack), action).pop();
    let (channel, ts, ..) = found.with_context(|| format!("nobody offers \"{words}\""))?;
    screen.says("Ada", "#atlassian-admins", &format!("[ {words} ]"));
    stage.people.click("U0ADA", &channel, &ts, action).await.context("the click got no answer")?;
    let opened = async {
        while newest().await?.map(|row| row.run) == before {
            tokio::time::sleep(POLL_INTERVAL).await;
        }
        anyhow::Ok(())
    };
    tokio::time::timeout(STORY_TIMEOUT, opened).await.context("the click opened no run")?
}

async fn watched(stage: &Stage, screen: &mut Screen) -> anyhow::Result<Outcome> {
    let outcome = tokio::time::timeout(STORY_TIMEOUT, watch(stage, screen)).await;
    outcome.context("the story did not come to an end")?
}

/// Follows the workspace until the run has ended and its card shows it, and approves when asked.
async fn watch(stage: &Stage, screen: &mut Screen) -> anyhow::Result<Outcome> {
    let store = stage.running.app.journal.store();
    let mut clicked: Vec<String> = Vec::new();
    loop {
        // Read before the workspace, so that everything posted until then is shown.
        let ended = store.recent_runs(1).await?.pop().filter(|row| row.ended());
        let told = ended.is_some() && store.stale_cards(1).await?.is_empty();
        screen.show(&lock(&stage.sandbox.slack));
        if let Some(row) = ended.filter(|_| told) {
            let run = stage.running.app.journal.run(&row.run).await?;
            return Ok(run.ended.map_or(Outcome::CannotTell, |(outcome, _)| outcome));
        }
        let asking = {
            let slack = lock(&stage.sandbox.slack);
            buttons(&slack, ButtonAction::Approve.id())
                .into_iter()
                .find(|(_, _, value, _)| !clicked.contains(value))
        };
        if let Some((channel, ts, value, confirm)) = asking {
            screen.clicks("Grace", "Approve", &confirm);
            stage
                .people
                .click("U0GRACE", &channel, &ts, ButtonAction::Approve.id())
                .await
                .context("the click got no answer")?;
            clicked.push(value);
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

/// The buttons that are in a channel now, the oldest first: channel, time stamp, value, confirmation text.
fn buttons(slack: &Slack, action: &str) -> Vec<(String, String, String, String)> {
    let mut found = Vec::new();
    for message in slack.messages.iter().filter(|message| !message.deleted) {
        for block in &message.blocks {
            for element in block.get("elements").and_then(|e| e.as_array()).into_iter().flatten() {
                if element.get("action_id").and_then(|id| id.as_str()) == Some(action) {
                    let value = element.get("value").and_then(|v| v.as_str()).unwrap_or_default().to_owned();
                    let confirm =
                        element.pointer("/confirm/text/text").and_then(|t| t.as_str()).unwrap_or_default();
                    found.push((message.channel.clone(), message.ts.clone(), value, confirm.to_owned()));
                }
            }
        }
    }
    found
}

/// Whether the person has every group in the simulated directory itself.
fn is_there(sandbox: &Sandbox, who: &str) -> bool {
    let atlassian = lock(&sandbox.atlassian);
    let entra = lock(&sandbox.entra);
    let Some(person) = entra.users.values().find(|user| {
        let alias = format!("smtp:{}", normalize(who));
        normalize(&user.upn) == normalize(who)
            || user.proxy_addresses.iter().any(|known| normalize(known) == alias)
    }) else {
        return false;
    };
    let Some(account) = atlassian.bearer(&person.upn) else { return false };
    let groups: Vec<String> = atlassian.groups_of(&account.id).iter().map(|name| normalize(name)).collect();
    ["jira-users", "wiki-users"].iter().all(|wanted| groups.iter().any(|held| held == wanted))
}
