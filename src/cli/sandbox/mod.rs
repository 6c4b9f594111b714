//! `sandbox`: the bot against the simulated services, without credentials. It opens a page in the browser, or plays
//! one scenario in the terminal. It must never read the configuration or the secrets of a real bot.

pub mod page;
mod paint;
mod play;
mod screen;
pub mod setting;

use crate::cli::out;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use tokio::net::TcpListener;

use super::args::Exit;
use super::{bundle, serve};
use reinstate_sandbox::scenarios::{ALL, FOLLOW_UPS, find, follow_up};
use setting::Setting;

/// The preferred port of the page; another port is used if this one is taken.
const DEFAULT_PORT: u16 = 8722;

/// Lists the scenarios, plays one, or opens the page.
///
/// # Errors
/// When a port or a folder cannot be used.
pub async fn run(play: Option<String>, list: bool, from: Option<&Path>) -> anyhow::Result<Exit> {
    if list {
        for scenario in ALL {
            out::line(format_args!("{:<32} {}", scenario.name, scenario.title));
        }
        for sequel in FOLLOW_UPS {
            out::line(format_args!("{:<32} {}", sequel.name, sequel.title));
        }
        return Ok(Exit::Healthy);
    }
    if let Some(file) = from {
        return match bundle::read(file) {
            Ok(bundle) => open(Setting::Case(Arc::new(bundle.evidence))).await,
            Err(why) => {
                eprintln!("{why}");
                Ok(Exit::Error)
            }
        };
    }
    match play {
        None => open(Setting::Scenario(ALL.first().context("there are no scenarios")?)).await,
        Some(name) => match (find(&name), follow_up(&name)) {
            (Some(scenario), _) => play::tell(scenario, None).await,
            (None, Some(after)) => {
                let scenario = find(after.of).context("a sequel of no story")?;
                play::tell(scenario, Some(after)).await
            }
            (None, None) => {
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

/// Serves the page on loopback until Ctrl-C.
async fn open(setting: Setting) -> anyhow::Result<Exit> {
    let at = |port| TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    let listener = match at(DEFAULT_PORT).await {
        Ok(listener) => listener,
        Err(_) => at(0).await.context("no loopback port could be had")?,
    };
    let program = std::env::current_exe().context("this program's own file could not be found")?;
    let end = match &setting {
        Setting::Scenario(scenario) => {
            format!("Ctrl-C ends it. In the terminal instead: reinstate sandbox --play {}", scenario.name)
        }
        Setting::Case(_) => {
            let arranged = setting.arrange();
            let mut lines =
                vec![format!("The case is about {}. What the bundle does not hold:", arranged.who)];
            lines.extend(
                arranged.left_out.iter().map(|what| format!("  - {}", what.replace(char::is_control, " "))),
            );
            if arranged.left_out.is_empty() {
                lines.push("  nothing that the sandbox needs".to_owned());
            }
            lines.push("Ada, Grace and Vera are there to work with the bot.\n\nCtrl-C ends it.".to_owned());
            lines.join("\n")
        }
    };
    out::line(format_args!(
        "Reinstate against a simulated Slack, Atlassian and Entra ID. Open this in a browser:\n\n  http://{}\n\n{end}",
        listener.local_addr()?,
    ));
    page::serve(listener, program, setting, serve::wait_for_the_end()).await?;
    Ok(Exit::Healthy)
}
