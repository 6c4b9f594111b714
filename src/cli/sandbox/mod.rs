//! `sandbox`: the bot against the simulated services, without credentials. It opens a page in the browser, or plays
//! one scenario in the terminal. It must never read the configuration or the secrets of a real bot.

pub mod page;
mod paint;
mod play;
mod screen;

use crate::cli::out;
use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Context as _;
use tokio::net::TcpListener;

use super::args::Exit;
use super::serve;
use reinstate_sandbox::scenarios::{ALL, FOLLOW_UPS, find, follow_up};

/// The preferred port of the page; another port is used if this one is taken.
const DEFAULT_PORT: u16 = 8722;

/// Lists the scenarios, plays one, or opens the page.
///
/// # Errors
/// When a port or a folder cannot be used.
pub async fn run(play: Option<String>, list: bool) -> anyhow::Result<Exit> {
    if list {
        for scenario in ALL {
            out::line(format_args!("{:<32} {}", scenario.name, scenario.title));
        }
        for sequel in FOLLOW_UPS {
            out::line(format_args!("{:<32} {}", sequel.name, sequel.title));
        }
        return Ok(Exit::Healthy);
    }
    match play {
        None => open().await,
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
async fn open() -> anyhow::Result<Exit> {
    let scenario = ALL.first().context("there are no scenarios")?;
    let at = |port| TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    let listener = match at(DEFAULT_PORT).await {
        Ok(listener) => listener,
        Err(_) => at(0).await.context("no loopback port could be had")?,
    };
    let program = std::env::current_exe().context("this program's own file could not be found")?;
    out::line(format_args!(
        "Reinstate against a simulated Slack, Atlassian and Entra ID. Open this in a browser:\n\n  http://{}\n\n\
         Ctrl-C ends it. In the terminal instead: reinstate sandbox --play {}",
        listener.local_addr()?,
        scenario.name
    ));
    page::serve(listener, program, scenario, serve::wait_for_the_end()).await?;
    Ok(Exit::Healthy)
}
