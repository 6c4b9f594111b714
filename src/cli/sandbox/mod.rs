//! `sandbox`: the bot against the simulated services, with no credentials: a page in the browser, or one story told in
//! the terminal. It must never read the configuration or the secrets of a real bot.

pub mod page;
mod paint;
mod play;
mod screen;

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Context as _;
use tokio::net::TcpListener;

use super::args::Exit;
use super::serve;
use reinstate_sandbox::scenarios::{ALL, FOLLOW_UPS, find, follow_up};

/// The port the page is looked for at first; another one where it is taken.
const DEFAULT_PORT: u16 = 8722;

/// Lists the stories, plays one, or opens the page.
///
/// # Errors
/// When a port or a folder cannot be had.
pub async fn run(play: Option<String>, list: bool) -> anyhow::Result<Exit> {
    if list {
        for scenario in ALL {
            println!("{:<32} {}", scenario.name, scenario.title);
        }
        for sequel in FOLLOW_UPS {
            println!("{:<32} {}", sequel.name, sequel.title);
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

/// The page, on loopback, until Ctrl-C.
async fn open() -> anyhow::Result<Exit> {
    let scenario = ALL.first().context("there are no scenarios")?;
    let at = |port| TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    let listener = match at(DEFAULT_PORT).await {
        Ok(listener) => listener,
        Err(_) => at(0).await.context("no loopback port could be had")?,
    };
    let program = std::env::current_exe().context("this program's own file could not be found")?;
    println!(
        "Reinstate against a simulated Slack, Atlassian and Entra ID. Open this in a browser:\n\n  http://{}\n\n\
         Ctrl-C ends it. In the terminal instead: reinstate sandbox --play {}",
        listener.local_addr()?,
        scenario.name
    );
    page::serve(listener, program, scenario, serve::wait_for_the_end()).await?;
    Ok(Exit::Healthy)
}
