//! Checks Slack: is the token good, does the app have the scopes that its calls need, and is the bot in its channel?
//! This module sends its own requests, because only the headers of Slack's answers name the scopes and the time.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use super::Check;
use crate::config::{Config, Transport};
use crate::slack::channel::{ChannelInfo, ChannelProblem};
use crate::slack::manifest::SCOPES;

const CALL_TIMEOUT: Duration = Duration::from_secs(10);

/// Slack's time from its answer, and the time of this machine at that moment.
pub(super) type Clocks = (Timestamp, Timestamp);

struct Said {
    body: Value,
    scopes: Option<BTreeSet<String>>,
    clocks: Option<Clocks>,
}

/// The checks of Slack, and the two clocks if Slack answered.
pub(super) async fn look(config: &Config) -> (Vec<Check>, Option<Clocks>) {
    let Some(token) = &config.secrets.slack_bot else { return (Vec::new(), None) };
    let mut checks = Vec::new();
    let said = match call(config, token, "auth.test", &[]).await {
        Ok(said) => said,
        Err(why) => {
            let fix = "Let this machine reach slack.com (port 443), or mend slack.api_url";
            return (vec![Check::unknown("slack.token", why, fix)], None);
        }
    };
    if let Some(error) = error(&said.body) {
        let fix = "Install the app again (api.slack.com/apps > the app > OAuth & Permissions) and copy the bot token";
        checks.push(Check::bad("slack.token", format!("Slack refuses it: {error}"), fix));
        return (checks, said.clocks);
    }
    let team = said.body.get("team").and_then(Value::as_str).unwrap_or("unnamed");
    checks.push(Check::good("slack.token", format!("it belongs to the workspace {team}")));
    checks.push(scopes(said.scopes.as_ref()));
    if !config.slack.channel.is_empty() {
        checks.push(channel(config, token).await);
    }
    if let (Transport::Socket, Some(app)) = (config.slack.transport, &config.secrets.slack_app) {
        checks.push(socket(config, app).await);
    }
    (checks, said.clocks)
}

fn scopes(granted: Option<&BTreeSet<String>>) -> Check {
    let Some(granted) = granted else {
        let fix = "Compare the scopes in api.slack.com/apps > the app > OAuth & Permissions with manifests/README.md";
        return Check::by_hand("slack.scopes", "Slack's answer did not name the scopes", fix);
    };
    let missing: Vec<&str> = SCOPES.iter().copied().filter(|scope| !granted.contains(*scope)).collect();
    if missing.is_empty() {
        return Check::good("slack.scopes", "every scope that a call of ours needs is granted");
    }
    let fix = "Put the app manifest in again (`reinstate manifest`), then reinstall the app to the workspace";
    Check::bad("slack.scopes", format!("not granted: {}", missing.join(", ")), fix)
}

async fn channel(config: &Config, token: &SecretString) -> Check {
    const NAME: &str = "slack.channel";
    let id = config.slack.channel.as_str();
    let said = match call(config, token, "conversations.info", &[("channel", id)]).await {
        Ok(said) => said,
        Err(why) => return Check::unknown(NAME, why, "Try again when Slack answers"),
    };
    if let Some(error) = error(&said.body) {
        let saw = format!("channel {id} cannot be read: {error}");
        return Check::bad(
            NAME,
            saw,
            format!("In Slack, /invite the bot to {id}, or name another slack.channel"),
        );
    }
    let read = said.body.get("channel").unwrap_or(&Value::Null);
    let name = read.get("name").and_then(Value::as_str).filter(|name| !name.is_empty()).unwrap_or(id);
    match ChannelInfo::read(read).judge() {
        Ok(()) => Check::good(NAME, format!("the bot is a member of #{name}")),
        Err(ChannelProblem::Direct) => Check::bad(
            NAME,
            format!("{id} is a direct message, so no approval is ever asked there"),
            "Name a channel of your own workspace as slack.channel",
        ),
        Err(ChannelProblem::Archived) => {
            Check::bad(NAME, format!("#{name} is archived"), "Unarchive it, or name another slack.channel")
        }
        Err(ChannelProblem::NotMember) => {
            let saw = format!("the bot is not a member of #{name}");
            Check::bad(NAME, saw, format!("In Slack, open #{name} and type /invite @Reinstate"))
        }
        Err(ChannelProblem::Shared) => {
            let saw = format!(
                "#{name} is shared with another company, or Slack does not say that it is not, so no approval is \
                 ever asked there"
            );
            Check::bad(NAME, saw, "Name a channel of your own workspace alone as slack.channel")
        }
    }
}

async fn socket(config: &Config, token: &SecretString) -> Check {
    const NAME: &str = "slack.socket";
    match call(config, token, "apps.connections.open", &[]).await {
        Ok(said) => match error(&said.body) {
            None => Check::good(NAME, "Slack opens a socket for the app-level token"),
            Some(error) => Check::bad(
                NAME,
                format!("Slack opens no socket: {error}"),
                "Turn Socket Mode on, and make an app-level token with the scope connections:write",
            ),
        },
        Err(why) => Check::unknown(NAME, why, "Try again when Slack answers"),
    }
}

fn error(body: &Value) -> Option<&str> {
    if body.get("ok").and_then(Value::as_bool) == Some(true) {
        return None;
    }
    Some(body.get("error").and_then(Value::as_str).unwrap_or("an answer that is not Slack's"))
}

/// One call of the Web API; the error is a sentence without the URL.
async fn call(
    config: &Config,
    token: &SecretString,
    method: &'static str,
    params: &[(&str, &str)],
) -> Result<Said, String> {
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(CALL_TIMEOUT)
        .build()
        .map_err(|_| "the HTTP client could not be made".to_owned())?;
    let mut url = config.slack.api_url.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().push(method);
    }
    let request = client.post(url).bearer_auth(token.expose_secret()).form(params);
    let answer = request.send().await.map_err(|error| {
        if error.is_timeout() { "Slack did not answer in time" } else { "Slack could not be reached" }
            .to_owned()
    })?;
    let now = crate::clock::now();
    let header =
        |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let scopes = header("x-oauth-scopes");
    let scopes = scopes.map(|list| list.split(',').map(|scope| scope.trim().to_owned()).collect());
    let date = header("date").and_then(|date| jiff::fmt::rfc2822::parse(&date).ok());
    let clocks = date.map(|date| (date.timestamp(), now));
    let status = answer.status();
    if status.as_u16() == 429 {
        return Err("Slack is limiting us".to_owned());
    }
    let body = answer.text().await.map_err(|_| "Slack's answer broke off".to_owned())?;
    let body = serde_json::from_str(&body).map_err(|_| format!("{status}, and not an answer of Slack's"))?;
    Ok(Said { body, scopes, clocks })
}
