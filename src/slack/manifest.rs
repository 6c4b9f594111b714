//! The Slack app manifest: what Reinstate requests from a workspace. One source renders the files in `manifests/` and
//! the output of `reinstate manifest`. `manifests/README.md` says which call needs which scope. The manifest must never
//! request a scope that no call needs.

use url::Url;

use super::action::ShortcutCallback;

/// How Slack reaches the bot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Over HTTP, at this base URL.
    Http(Url),
    /// Over a socket that the bot opens.
    Socket,
}

/// The path that receives commands, interactions and events.
pub const EVENTS_PATH: &str = "/slack/events";

/// The bot's scopes, in the order of the manifest.
pub const SCOPES: [&str; 9] = [
    "channels:read",
    "chat:write",
    "commands",
    "files:write",
    "groups:read",
    "im:write",
    "usergroups:read",
    "users:read",
    "users:read.email",
];

/// The manifest as YAML.
#[must_use]
pub fn render(delivery: &Delivery) -> String {
    let (url, socket) = match delivery {
        Delivery::Http(base) => (Some(request_url(base)), false),
        Delivery::Socket => (None, true),
    };
    // A URL written by the crate `url` contains no quote and no backslash, so double quotes around it are safe.
    let line = |indent: &str, key: &str| {
        url.as_ref().map(|url| format!("{indent}{key}: \"{url}\"\n")).unwrap_or_default()
    };
    let command_url = line("      ", "url");
    let request_url = line("    ", "request_url");
    let scopes: String = SCOPES.iter().map(|scope| format!("      - {scope}\n")).collect();
    let check_message = ShortcutCallback::CheckMessage.id();
    let check_person = ShortcutCallback::CheckPerson.id();
    format!(
        r##"_metadata:
  major_version: 1
display_information:
  name: Reinstate
  description: Finds out why an Atlassian account has no access, and repairs it
  background_color: "#1d3a5f"
features:
  app_home:
    home_tab_enabled: true
    messages_tab_enabled: true
    messages_tab_read_only_enabled: true
  bot_user:
    display_name: Reinstate
    always_online: true
  shortcuts:
    - name: Check this person's Atlassian access
      type: message
      callback_id: {check_message}
      description: Find out why the author of a message has no access
    - name: Check Atlassian access
      type: global
      callback_id: {check_person}
      description: Pick a person and find out why they have no access
  slash_commands:
    - command: /reinstate
{command_url}      description: Check and repair Atlassian access
      usage_hint: "check WHO | repair WHO | status | me | help"
      should_escape: true
oauth_config:
  scopes:
    bot:
{scopes}settings:
  event_subscriptions:
{request_url}    bot_events:
      - app_home_opened
  interactivity:
    is_enabled: true
{request_url}  org_deploy_enabled: false
  socket_mode_enabled: {socket}
  token_rotation_enabled: false
"##
    )
}

fn request_url(base: &Url) -> Url {
    let mut url = base.clone();
    // Only a URL without a host has no path segments, and `config::base_url` refuses such a base.
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(EVENTS_PATH.split('/').filter(|s| !s.is_empty()));
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    fn http(base: &str) -> String {
        render(&Delivery::Http(base.parse().unwrap()))
    }

    #[test]
    fn files_are_what_the_command_prints() {
        assert_eq!(include_str!("../../manifests/slack.yaml"), http("https://reinstate.example"));
        assert_eq!(include_str!("../../manifests/slack.socket.yaml"), render(&Delivery::Socket));
    }

    #[test]
    fn the_base_url_keeps_its_path() {
        for base in ["https://a.example/bots/r", "https://a.example/bots/r/"] {
            let wanted = "url: \"https://a.example/bots/r/slack/events\"";
            assert_eq!(http(base).matches(wanted).count(), 3, "{base}");
        }
    }

    #[test]
    fn a_hostile_url_stays_inside_its_quotes() {
        let text = http("https://a.example/\"\n  x: y\\z");
        assert!(text.contains("url: \"https://a.example/%22"), "{text}");
        assert_eq!(text.lines().count(), http("https://a.example").lines().count());
    }

    #[test]
    fn the_socket_needs_no_url() {
        let text = render(&Delivery::Socket);
        assert!(!text.contains("url:"), "{text}");
        assert!(text.contains("socket_mode_enabled: true"));
    }

    #[test]
    fn every_scope_is_explained() {
        let readme = include_str!("../../manifests/README.md");
        let rows: Vec<_> = readme.lines().filter_map(|l| l.strip_prefix("| `")?.split('`').next()).collect();
        assert_eq!(rows, SCOPES);
    }
}
