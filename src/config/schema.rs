//! Which sections and keys there are. Everything else is an error that names the nearest one, so that a typing
//! error is never taken for a default.

/// What a key holds: needed to read an override, which is always text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text.
    Text,
    /// A whole number.
    Count,
    /// A whole number, or `never`.
    Approvers,
    /// A list of texts.
    List,
    /// `{ users = […], usergroups = […] }`.
    Grant,
}

/// One key of the file.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) section: &'static str,
    pub(super) name: &'static str,
    pub(super) kind: Kind,
}

const fn key(section: &'static str, name: &'static str, kind: Kind) -> Key {
    Key { section, name, kind }
}

/// All keys of the file.
pub(super) const KEYS: &[Key] = &[
    key("server", "listen", Kind::Text),
    key("server", "replicas", Kind::Count),
    key("slack", "transport", Kind::Text),
    key("slack", "api_url", Kind::Text),
    key("slack", "channel", Kind::Text),
    key("slack", "docs_url", Kind::Text),
    key("store", "url", Kind::Text),
    key("store", "forget_after", Kind::Text),
    key("atlassian", "api_url", Kind::Text),
    key("atlassian", "org_id", Kind::Text),
    key("atlassian", "parking_domain", Kind::Text),
    key("atlassian", "directories", Kind::List),
    key("entra", "login_url", Kind::Text),
    key("entra", "graph_url", Kind::Text),
    key("entra", "tenant_id", Kind::Text),
    key("entra", "client_id", Kind::Text),
    key("entra", "service_principal_id", Kind::Text),
    key("access", "protected", Kind::List),
    key("access", "viewer", Kind::Grant),
    key("access", "operator", Kind::Grant),
    key("access", "approver", Kind::Grant),
    key("approvals", "reversible", Kind::Approvers),
    key("approvals", "disruptive", Kind::Approvers),
    key("approvals", "destructive", Kind::Approvers),
    key("approvals", "expire_after", Kind::Text),
    key("approvals", "start_within", Kind::Text),
    key("limits", "risky_steps_per_day", Kind::Count),
    key("limits", "confirm_within", Kind::Text),
    key("sweep", "every", Kind::Text),
];

/// The keys inside a [`Kind::Grant`].
pub(super) const GRANT: [&str; 2] = ["users", "usergroups"];

/// The names of the sections.
pub(super) fn sections() -> Vec<&'static str> {
    let mut names: Vec<_> = KEYS.iter().map(|k| k.section).collect();
    names.dedup();
    names
}

/// The names of the keys of one section.
pub(super) fn keys_of(section: &str) -> Vec<&'static str> {
    KEYS.iter().filter(|k| k.section == section).map(|k| k.name).collect()
}

/// The key of that name.
pub(super) fn find(section: &str, name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|k| k.section == section && k.name == name)
}

/// The candidate that is least unlike `name`.
pub(super) fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|c| (c, strsim::jaro_winkler(&name.to_lowercase(), c)))
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .map(|(c, _)| c)
}
