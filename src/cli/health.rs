//! `health`: asks the bot on this machine whether it is alive. It is for images without a shell and curl.

use crate::cli::out;
use std::time::Duration;

use super::args::Exit;
use crate::config::Config;

/// Requests `/livez` at `server.listen`.
///
/// # Errors
/// When no request can be sent to the address.
pub async fn run(config: &Config) -> anyhow::Result<Exit> {
    let (host, port) = config.server.listen.rsplit_once(':').unwrap_or(("127.0.0.1", "3000"));
    // A server that listens on every address is reached on the loopback address.
    let host = match host {
        "0.0.0.0" => "127.0.0.1",
        "[::]" => "[::1]",
        other => other,
    };
    let mut url = url::Url::parse("http://127.0.0.1/livez")?;
    url.set_host(Some(host))?;
    let port = port.parse().ok().and_then(|port| url.set_port(Some(port)).ok());
    anyhow::ensure!(port.is_some(), "server.listen has no port");
    let client = reqwest::Client::builder().timeout(Duration::from_secs(3)).build()?;
    match client.get(url).send().await {
        Ok(answer) if answer.status().is_success() => {
            out::line(format_args!("alive"));
            Ok(Exit::Healthy)
        }
        Ok(answer) => {
            eprintln!("The bot answered {}.", answer.status());
            Ok(Exit::Error)
        }
        Err(_) => {
            eprintln!("Nothing answers at {}.", config.server.listen);
            Ok(Exit::Error)
        }
    }
}
