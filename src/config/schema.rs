//! All sections and keys, with their kinds and defaults. Any other key is an error that names the nearest key, so
//! that a typing error never silently selects a default. docs/reference/configuration.md is generated from this
//! table; keys must not be described in a second place.

const DAY_SECONDS: u64 = 24 * 60 * 60;

/// The kind of value that a key holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text; the reader of the key checks its form.
    Text,
    /// A base URL, whose path is kept.
    Url,
    /// A whole number, from the first to the second.
    Count(u32, u32),
    /// `true` or `false`.
    Flag,
    /// A duration, from the first to the second, in seconds.
    Time(u64, u64),
    /// A whole number that is not smaller than this, or `never`.
    Approvers(u32),
    /// A day of the calendar.
    Date,
    Dates,
    List,
    /// `{ users = […], usergroups = […] }`.
    Grant,
}

impl Kind {
    /// Describes the allowed values, for people.
    fn describe(self) -> String {
        match self {
            Kind::Text => "text".to_owned(),
            Kind::Url => "URL".to_owned(),
            Kind::Count(least, most) => format!("number, {least} to {most}"),
            Kind::Flag => "`true` or `false`".to_owned(),
            Kind::Time(least, most) => format!("time, {} to {}", length(least), length(most)),
            Kind::Approvers(least) => format!("number, {least} to {MAX_APPROVERS}, or `\"never\"`"),
            Kind::Date => "date".to_owned(),
            Kind::Dates => "list of dates".to_owned(),
            Kind::List => "list of texts".to_owned(),
            Kind::Grant => "`{ users = [], usergroups = [] }`".to_owned(),
        }
    }
}

/// An upper bound that no organization needs to exceed.
pub(super) const MAX_APPROVERS: u32 = 10;

/// Formats seconds in the largest unit that divides them exactly.
pub(super) fn length(seconds: u64) -> String {
    let units = [(DAY_SECONDS, "d"), (3600, "h"), (60, "m")];
    let unit = units.iter().find(|(unit, _)| seconds >= *unit && seconds.is_multiple_of(*unit));
    unit.map_or_else(|| format!("{seconds}s"), |(unit, name)| format!("{}{name}", seconds / unit))
}

/// One key of the file.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) section: &'static str,
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// The default as it would be written in the file; `None` if there is none.
    pub(super) default: Option<&'static str>,
    /// What the key is for, for people.
    pub(super) says: &'static str,
}

const fn key(
    section: &'static str,
    name: &'static str,
    kind: Kind,
    default: Option<&'static str>,
    says: &'static str,
) -> Key {
    Key { section, name, kind, default, says }
}

#[rustfmt::skip]
pub(super) const KEYS: &[Key] = &[
    key("server", "listen", Kind::Text, Some("127.0.0.1:3000"),
        "Host and port of `/slack/events`, `/livez`, `/readyz` and `/metrics`."),
    key("server", "replicas", Kind::Count(1, 100), Some("1"),
        "How many processes use these credentials at once: each keeps to its part of the published limits."),
    key("slack", "transport", Kind::Text, Some("http"),
        "`http`: Slack calls us, signed. `socket`: we call Slack and need no public address."),
    key("slack", "api_url", Kind::Url, Some("https://slack.com/api"), "Slack's Web API."),
    key("slack", "channel", Kind::Text, None,
        "Id of the channel where approvals are asked and sweeps are posted; not shared with another company. \
         `serve` needs it."),
    key("slack", "docs_url", Kind::Url, None,
        "Where your people can read `docs/causes`: findings link to their pages there."),
    key("store", "url", Kind::Text, Some("sqlite:reinstate.db"),
        "`sqlite:FILE` for one process, `postgres://USER:PASSWORD@HOST/DATABASE` for more. May come from a file, as \
         secrets do: `REINSTATE_STORE__URL_FILE`."),
    key("store", "forget_after", Kind::Time(DAY_SECONDS, 3650 * DAY_SECONDS), Some("400d"),
        "How long after the end of a run its personal data is kept."),
    key("atlassian", "api_url", Kind::Url, Some("https://api.atlassian.com"),
        "Atlassian's organization and SCIM interfaces."),
    key("atlassian", "org_id", Kind::Text, None, "The organization's id. Needed."),
    key("atlassian", "parking_domain", Kind::Text, None,
        "A verified domain for placeholder addresses; without it, moving an address aside is advice."),
    key("atlassian", "directories", Kind::List, Some("[]"),
        "Ids of the SCIM directories, in the order of their keys."),
    key("entra", "login_url", Kind::Url, Some("https://login.microsoftonline.com"),
        "Where tokens are issued; differs in national clouds."),
    key("entra", "graph_url", Kind::Url, Some("https://graph.microsoft.com"),
        "Microsoft Graph; differs in national clouds."),
    key("entra", "tenant_id", Kind::Text, None, "The tenant's id or domain. Needed."),
    key("entra", "client_id", Kind::Text, None, "Application id of Reinstate's app registration. Needed."),
    key("entra", "service_principal_id", Kind::Text, None,
        "Object id of the Atlassian enterprise application that provisions. Needed."),
    key("entra", "directory", Kind::Text, None,
        "Id of the SCIM directory that the job writes to, one of `atlassian.directories`. Used where Graph does not show \
         the job's base address."),
    key("entra", "sync_all", Kind::Flag, None,
        "Whether the job provisions everybody (`true`) or only people who are assigned (`false`). Used where Graph does \
         not show it. Without both, Reinstate needs the log to say that a person is not assigned."),
    key("access", "protected", Kind::List, Some("[]"),
        "Addresses, account ids or Entra object ids that are never written to, besides organization admins."),
    key("access", "viewer", Kind::Grant, Some("nobody"), "Slack users and user groups that may diagnose."),
    key("access", "operator", Kind::Grant, Some("nobody"), "Who may also repair."),
    key("access", "approver", Kind::Grant, Some("nobody"), "Who may approve what somebody else asked for."),
    key("approvals", "reversible", Kind::Approvers(0), Some("0"),
        "Approvers for a step whose inverse restores the state exactly."),
    key("approvals", "disruptive", Kind::Approvers(1), Some("1"),
        "Approvers for a step that interrupts access, is restored by provisioning, or touches the whole tenant."),
    key("approvals", "destructive", Kind::Approvers(1), Some("1"),
        "Approvers for a step that changes who bears an address, or disables or ends an account."),
    key("approvals", "expire_after", Kind::Time(1, 7 * DAY_SECONDS), Some("60m"), "How long an approval may be given."),
    key("approvals", "start_within", Kind::Time(1, DAY_SECONDS), Some("15m"),
        "How soon after its approval a step must begin; later it is a new plan with a new approval."),
    key("limits", "risky_steps_per_day", Kind::Count(0, 10_000), Some("20"),
        "How many steps of rungs 4 to 10 may begin in 24 hours; 0 allows none."),
    key("limits", "confirm_within", Kind::Time(1, DAY_SECONDS), Some("10m"),
        "How long a step may take to show at Atlassian before a person is asked."),
    key("limits", "group_members", Kind::Count(1, 10_000_000), Some("35000"),
        "How many members of a group the synchronization to Atlassian takes."),
    key("expiry", "org_key", Kind::Date, None,
        "The day on which the organization key ends, such as `2027-01-31`. No interface tells it. With it, `slack.channel` is \
         warned 30, 7 and 1 days before."),
    key("expiry", "scim_keys", Kind::Dates, Some("[]"),
        "The same of the SCIM keys, in the order of `atlassian.directories`; `\"unknown\"` for a date that you do not know."),
    key("sweep", "every", Kind::Time(3600, 31 * DAY_SECONDS), Some("off"),
        "Look at everybody without being asked, this often, or `off`."),
    key("watch", "every", Kind::Time(10, DAY_SECONDS), Some("off"),
        "Read what changed, this often, and tell `slack.channel` who lost access; or `off`."),
    key("watch", "tell_people", Kind::Flag, Some("false"),
        "Whether the watch also tells the people themselves, once for each loss, in their direct messages. Each of them can turn it off."),
];

/// The keys inside a [`Kind::Grant`].
pub(super) const GRANT: [&str; 2] = ["users", "usergroups"];

pub(super) fn sections() -> Vec<&'static str> {
    let mut names: Vec<_> = KEYS.iter().map(|k| k.section).collect();
    names.dedup();
    names
}

pub(super) fn keys_of(section: &str) -> Vec<&'static str> {
    KEYS.iter().filter(|k| k.section == section).map(|k| k.name).collect()
}

pub(super) fn find(section: &str, name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|k| k.section == section && k.name == name)
}

/// The candidate that is most similar to `name`.
pub(super) fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|c| (c, strsim::jaro_winkler(&name.to_lowercase(), c)))
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .map(|(c, _)| c)
}

/// The table of all keys in Markdown, for the reference page.
#[must_use]
pub fn reference() -> String {
    let mut lines = vec![
        "| key | variable | value | default | what it is for |".to_owned(),
        "|---|---|---|---|---|".to_owned(),
    ];
    lines.extend(KEYS.iter().map(|key| {
        let variable = format!("REINSTATE_{}__{}", key.section.to_uppercase(), key.name.to_uppercase());
        let default = key.default.map_or_else(|| "none".to_owned(), |default| format!("`{default}`"));
        let (section, name, kind, says) = (key.section, key.name, key.kind.describe(), key.says);
        format!("| `{section}.{name}` | `{variable}` | {kind} | {default} | {says} |")
    }));
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_is_said_in_its_largest_whole_unit() {
        assert_eq!(
            [1, 90, 3600, DAY_SECONDS, 3650 * DAY_SECONDS].map(length),
            ["1s", "90s", "1h", "1d", "3650d"]
        );
    }
}
