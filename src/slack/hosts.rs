//! The hosts that belong to Slack. The commercial service and GovSlack have separate domains, and `slack.api_url` says
//! which one is meant. This module must never accept a host of the other domain.
//!
//! Source: docs.slack.dev, "GovSlack": its API, its sockets and its response URLs are in `slack-gov.com`.

use url::{Host, Url};

const COMMERCIAL: &str = "slack.com";
const GOVERNMENT: &str = "slack-gov.com";

/// Whether `host` is `domain` or in it.
fn is_in(host: &str, domain: &str) -> bool {
    host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

/// The domain of the service whose Web API is at `api_url`.
fn domain(api_url: &Url) -> &'static str {
    match api_url.host() {
        Some(Host::Domain(host)) if is_in(host, GOVERNMENT) => GOVERNMENT,
        _ => COMMERCIAL,
    }
}

/// Whether a URL with this scheme is on a host of the service whose Web API is at `api_url`, at the standard port.
pub(super) fn is_slack(api_url: &Url, url: &Url, scheme: &str) -> bool {
    let in_domain = matches!(url.host(), Some(Host::Domain(host)) if is_in(host, domain(api_url)));
    in_domain && url.scheme() == scheme && url.port().is_none()
}

/// Whether a URL is one of the service's response URLs.
pub(super) fn is_hook(api_url: &Url, url: &Url) -> bool {
    let hooks = url.host_str().and_then(|host| host.strip_prefix("hooks.")) == Some(domain(api_url));
    hooks && url.scheme() == "https" && url.port().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_service_has_its_own_domain() {
        let url = |text: &str| Url::parse(text).unwrap();
        let (slack, gov) = (url("https://slack.com/api"), url("https://slack-gov.com/api"));
        for (host, commercial, government) in [
            ("slack.com", true, false),
            ("files.slack.com", true, false),
            ("wss-primary.slack.com", true, false),
            ("slack-gov.com", false, true),
            ("files.slack-gov.com", false, true),
            ("evil-slack.com", false, false),
            ("slack.com.evil.example", false, false),
            ("evil-slack-gov.com", false, false),
            ("slack.com:8443", false, false),
            ("169.254.169.254", false, false),
        ] {
            for scheme in ["https", "wss"] {
                let there = url(&format!("{scheme}://{host}/x"));
                assert_eq!(is_slack(&slack, &there, scheme), commercial, "{there}");
                assert_eq!(is_slack(&gov, &there, scheme), government, "{there}");
            }
        }
        assert!(!is_slack(&slack, &url("http://files.slack.com/x"), "https"));
        assert!(is_hook(&slack, &url("https://hooks.slack.com/commands/x")));
        assert!(is_hook(&gov, &url("https://hooks.slack-gov.com/commands/x")));
        assert!(!is_hook(&slack, &url("https://hooks.slack-gov.com/commands/x")));
        assert!(!is_hook(&gov, &url("https://hooks.slack.com/commands/x")));
        assert!(!is_hook(&gov, &url("https://slack-gov.com/commands/x")));
    }
}
