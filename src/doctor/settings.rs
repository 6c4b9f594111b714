//! Checks the configuration itself, without any call.

use secrecy::ExposeSecret as _;

use super::Check;
use crate::config::{Config, Transport};

/// Reports what `serve` would refuse to start with, and checks the form of Slack's secrets.
pub(super) fn look(config: &Config) -> Vec<Check> {
    let mut checks = Vec::new();
    match config.for_serve() {
        Ok(()) => checks.push(Check::good("configuration", "every setting that serve needs is there")),
        Err(problems) => checks.extend(problems.list.iter().map(|problem| {
            Check::bad(&format!("configuration {}", problem.key), &problem.reason, &problem.fix)
        })),
    }
    let secrets = &config.secrets;
    if let (Transport::Http, Some(secret)) = (config.slack.transport, &secrets.slack_signing) {
        let secret = secret.expose_secret();
        let hex = secret.len() == 32 && secret.bytes().all(|byte| byte.is_ascii_hexdigit());
        checks.push(if hex {
            Check::good("slack.signing-secret", "it has the form of a signing secret")
        } else {
            // Only a signed request shows whether the secret is right. Slack does not guarantee this form.
            Check::by_hand(
                "slack.signing-secret",
                "signing secrets have been 32 hexadecimal digits so far, and this one is not",
                "Copy it from api.slack.com/apps > the app > Basic Information > App Credentials > Signing Secret \
                 (not the client secret, not a token)",
            )
        });
    }
    let form = |name: &str, given: Option<&secrecy::SecretString>, start: &str, place: &str| {
        let given = given?;
        Some(if given.expose_secret().starts_with(start) {
            Check::good(name, format!("it begins with {start}"))
        } else {
            let saw = format!("such a token begins with {start}, and this one does not");
            Check::bad(name, saw, format!("Copy it from api.slack.com/apps > the app > {place}"))
        })
    };
    checks.extend(form("slack.bot-token", secrets.slack_bot.as_ref(), "xoxb-", "OAuth & Permissions"));
    if config.slack.transport == Transport::Socket {
        let place = "Basic Information > App-Level Tokens, with the scope connections:write";
        checks.extend(form("slack.app-token", secrets.slack_app.as_ref(), "xapp-", place));
    } else {
        checks.push(Check::by_hand(
            "slack.request-url",
            format!("the bot listens at {}; whether Slack reaches it only Slack can tell", config.server.listen),
            "In api.slack.com/apps > the app > Event Subscriptions, the request URL must show Verified while serve runs",
        ));
    }
    checks
}
