//! `sandbox`: the bot against the simulated services, with no credentials. `--play` acts out one story and prints
//! the conversation as it happens; it ends with 0 only if access is there in the simulated tenant itself,
//! whatever the bot says about it.

use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use anyhow::Context as _;
use tokio::net::TcpListener;

use crate::cli::Exit;
use crate::config::{Config, Purpose};
use crate::core::Outcome;
use crate::core::subject::fold;
use crate::exec::Timing;
use crate::sandbox::scenarios::{ALL, Scenario, find};
use crate::sandbox::slack::{Slack, Workspace};
use crate::sandbox::tenant::{ADMINS, Tenant};
use crate::sandbox::{Sandbox, lock};
use crate::telemetry::Metrics;

use super::serve;

/// How long a story may take.
const PATIENCE: Duration = Duration::from_secs(180);
/// How often the screen looks at the workspace.
const GLANCE: Duration = Duration::from_millis(80);
/// The workspace is quiet when nothing changed for this long.
const QUIET: Duration = Duration::from_millis(1500);

/// Lists the stories, plays one, or lets somebody play freely.
///
/// # Errors
/// When a port or a folder cannot be had.
pub async fn run(play: Option<String>, list: bool) -> anyhow::Result<Exit> {
    if list {
        for scenario in ALL {
            println!("{:<32} {}", scenario.name, scenario.title);
        }
        return Ok(Exit::Healthy);
    }
    match play {
        None => open().await,
        Some(name) => match find(&name) {
            Some(scenario) => tell(scenario).await,
            None => {
                let near = ALL.iter().max_by(|a, b| {
                    strsim::jaro_winkler(a.name, &name).total_cmp(&strsim::jaro_winkler(b.name, &name))
                });
                let near = near.map_or("email-held", |scenario| scenario.name);
                eprintln!("There is no scenario \"{name}\". The nearest is: reinstate sandbox --play {near}");
                eprintln!("All of them: reinstate sandbox --list");
                Ok(Exit::Usage)
            }
        },
    }
}

struct Stage {
    sandbox: Sandbox,
    running: serve::Running,
    people: Workspace,
    _folder: Folder,
}

/// A folder of our own below the system's temporary folder, removed at the end.
struct Folder(std::path::PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

async fn stage(tenant: Tenant, listen: &str) -> anyhow::Result<Stage> {
    let sandbox = Sandbox::start(tenant).await.context("the simulated services found no port")?;
    let folder = Folder(std::env::temp_dir().join(format!("reinstate-{}", uuid::Uuid::new_v4())));
    std::fs::create_dir_all(&folder.0).context("no temporary folder could be made")?;
    let store = format!("sqlite:{}", folder.0.join("sandbox.db").display());
    let config = Config::load(None, &sandbox.env(&store, listen), Purpose::Serve)
        .map_err(|problems| anyhow::anyhow!("{problems}"))?;
    let listener = TcpListener::bind(listen).await?;
    let world = super::world(&config)?;
    let running = serve::start(config, listener, Some(Metrics::install()?), Timing::default(), world).await?;
    let people = sandbox.workspace(format!("http://{}/slack/events", running.addr));
    Ok(Stage { sandbox, running, people, _folder: folder })
}

async fn open() -> anyhow::Result<Exit> {
    let scenario = ALL.first().context("there are no scenarios")?;
    let stage = stage(scenario.tenant(), "127.0.0.1:0").await?;
    println!(
        "The bot listens on http://{}, against a simulated Slack, Atlassian and Entra ID.",
        stage.running.addr
    );
    println!("In another terminal, with these variables, the command line looks at the same tenant:\n");
    for (key, value) in stage.sandbox.env("sqlite:sandbox.db", "127.0.0.1:0") {
        println!("export {key}='{value}'");
    }
    println!("\n  reinstate check {}\n\nStories: reinstate sandbox --list. Ctrl-C ends it.", scenario.who);
    serve::wait_for_the_end().await;
    stage.running.stop().await;
    Ok(Exit::Healthy)
}

async fn tell(scenario: &'static Scenario) -> anyhow::Result<Exit> {
    let stage = stage(scenario.tenant(), "127.0.0.1:0").await?;
    let mut screen = Screen::new();
    screen.title(&format!("{}: {}", scenario.name, scenario.title));
    screen.says("Ada", "#atlassian-admins", &format!("/reinstate repair {}", scenario.who));
    let command = format!("repair {}", scenario.who);
    stage.people.command("U0ADA", ADMINS, &command).await.context("the bot did not answer the command")?;
    let outcome = tokio::time::timeout(PATIENCE, watch(&stage, &mut screen)).await;
    let outcome = outcome.context("the story did not come to an end")??;
    let there = is_there(&stage.sandbox, scenario.who);
    screen.tenant(&stage.sandbox, scenario.who);
    let faults = stage.sandbox.wire.faults();
    for fault in &faults {
        screen.line(&format!("A simulated service did not understand the bot: {fault}"));
    }
    stage.running.stop().await;
    let back = matches!(outcome, Outcome::Restored | Outcome::Healthy) && there;
    screen.verdict(back);
    Ok(match (back, faults.is_empty()) {
        (true, true) => Exit::Healthy,
        (false, true) => Exit::Blocking,
        (_, false) => Exit::Error,
    })
}

/// Follows the workspace until the run has ended and its card says so, approving when asked.
async fn watch(stage: &Stage, screen: &mut Screen) -> anyhow::Result<Outcome> {
    let mut quiet = std::time::Instant::now();
    let mut clicked: Vec<String> = Vec::new();
    loop {
        let changed = {
            let slack = lock(&stage.sandbox.slack);
            screen.show(&slack)
        };
        if changed {
            quiet = std::time::Instant::now();
        }
        let asking = {
            let slack = lock(&stage.sandbox.slack);
            asking(&slack).into_iter().find(|(_, _, value, _)| !clicked.contains(value))
        };
        if let Some((channel, ts, value, confirm)) = asking {
            screen.clicks("Grace", "Approve", &confirm);
            stage
                .people
                .click("U0GRACE", &channel, &ts, "reinstate.approve")
                .await
                .context("the click got no answer")?;
            clicked.push(value);
        }
        let run = stage.running.app.ledger.store().recent_runs(1).await?.into_iter().next();
        if let Some(row) = run.filter(|row| row.ended() && quiet.elapsed() > QUIET) {
            let run = stage.running.app.ledger.load(&row.run).await?;
            return Ok(run.ended.map_or(Outcome::CannotTell, |(outcome, _)| outcome));
        }
        tokio::time::sleep(GLANCE).await;
    }
}

/// Approve buttons that stand in a channel now: channel, time stamp, value, confirm text.
fn asking(slack: &Slack) -> Vec<(String, String, String, String)> {
    let mut found = Vec::new();
    for message in slack.messages.iter().filter(|message| !message.deleted) {
        for block in &message.blocks {
            for element in block.get("elements").and_then(|e| e.as_array()).into_iter().flatten() {
                if element.get("action_id").and_then(|id| id.as_str()) == Some("reinstate.approve") {
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
        let alias = format!("smtp:{}", fold(who));
        fold(&user.upn) == fold(who) || user.proxy_addresses.iter().any(|known| fold(known) == alias)
    }) else {
        return false;
    };
    let Some(account) = atlassian.bearer(&person.upn) else { return false };
    let groups: Vec<String> = atlassian.groups_of(&account.id).iter().map(|name| fold(name)).collect();
    ["jira-users", "wiki-users"].iter().all(|wanted| groups.iter().any(|held| held == wanted))
}

/// The terminal: new posts are printed, the last one is redrawn in place where the terminal can, and elsewhere
/// only the lines that changed are printed.
struct Screen {
    terminal: bool,
    shown: BTreeMap<String, Vec<String>>,
    last: Option<(String, usize)>,
}

impl Screen {
    fn new() -> Self {
        Self { terminal: std::io::stdout().is_terminal(), shown: BTreeMap::new(), last: None }
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.terminal { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    fn line(&mut self, text: &str) {
        println!("{text}");
        self.last = None;
    }

    fn title(&mut self, text: &str) {
        let text = self.paint("1", text);
        self.line(&text);
    }

    fn says(&mut self, name: &str, place: &str, text: &str) {
        let head = self.paint("36", &format!("{place}  {name}"));
        self.line(&format!("\n{head}\n  {text}"));
    }

    fn clicks(&mut self, name: &str, button: &str, confirm: &str) {
        let head = self.paint("35", &format!("{name} clicks {button}"));
        self.line(&format!("\n{head}"));
        for line in confirm.lines() {
            self.line(&format!("  | {line}"));
        }
    }

    /// Prints what is new; true if anything was.
    fn show(&mut self, slack: &Slack) -> bool {
        let mut posts: Vec<(String, String, Vec<String>)> = Vec::new();
        for message in slack.messages.iter().filter(|message| !message.deleted) {
            let place = slack.channels.get(&message.channel).map_or("", |channel| channel.name.as_str());
            let thread = if message.thread_ts.is_some() { " (in the thread)" } else { "" };
            posts.push((
                message.ts.clone(),
                format!("#{place}  Reinstate{thread}"),
                slack.post(&message.text, &message.blocks),
            ));
        }
        for private in slack.ephemerals.iter().filter(|private| !private.deleted) {
            let name = slack.users.get(&private.user).map_or("", |user| user.real_name.as_str());
            posts.push((
                format!("private {}", private.ts),
                format!("Reinstate, to {name} alone"),
                slack.post(&private.text, &private.blocks),
            ));
        }
        let mut changed = false;
        for (key, head, lines) in posts {
            if self.shown.get(&key) == Some(&lines) {
                continue;
            }
            changed = true;
            self.draw(&key, &head, &lines);
            self.shown.insert(key, lines);
        }
        std::io::stdout().flush().ok();
        changed
    }

    fn draw(&mut self, key: &str, head: &str, lines: &[String]) {
        let before = self.shown.get(key).cloned();
        let again = self.terminal && self.last.as_ref().is_some_and(|(last, _)| last == key);
        if let (true, Some((_, height))) = (again, &self.last) {
            print!("\u{1b}[{height}A\u{1b}[J");
        } else if before.is_none() || self.terminal {
            println!();
        }
        if before.is_none() || self.terminal {
            println!("{}", self.paint("32", head));
            for line in lines {
                println!("  {line}");
            }
            self.last = Some((key.to_owned(), lines.len() + 1));
        } else {
            let old = before.unwrap_or_default();
            for line in lines.iter().filter(|line| !old.contains(line)) {
                println!("  > {line}");
            }
        }
    }

    fn tenant(&mut self, sandbox: &Sandbox, who: &str) {
        let atlassian = lock(&sandbox.atlassian);
        let mut lines = vec![format!("\n{}", self.paint("1", "In the simulated organization now"))];
        for account in atlassian.accounts.values() {
            let name = fold(&account.name);
            if !name.contains("jane") && fold(&account.email) != fold(who) {
                continue;
            }
            let groups = atlassian.groups_of(&account.id);
            let groups = if groups.is_empty() { "no groups".to_owned() } else { groups.join(", ") };
            lines.push(format!(
                "  {} ({}): {groups}; {} issues and comments written as {}",
                account.email,
                account.id,
                account.contributions,
                account.display_name()
            ));
        }
        drop(atlassian);
        for line in lines {
            self.line(&line);
        }
    }

    fn verdict(&mut self, back: bool) {
        let text = if back {
            self.paint("1;32", "\nAccess is there, seen in the simulated organization itself.")
        } else {
            self.paint("1;33", "\nAccess is not there: what is left only a person can do.")
        };
        self.line(&text);
    }
}
